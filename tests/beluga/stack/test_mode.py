"""Commands rehearse where the services do: one reading of the settings for both."""

import os
from pathlib import Path

import pytest

from beluga.stack.mode import mode_of
from beluga.stack.stack import RunFile, write_run_file
from election.runtime.settings import SharedSettings


@pytest.mark.parametrize("word", ["true", "1", "yes", "on", "T", "false", "0", "no", "off"])
def test_a_command_takes_a_word_as_the_services_do(
    word: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`on` was a rehearsal for intake and the day itself for `beluga rollcall`."""
    monkeypatch.setenv("BELUGA_REHEARSAL", word)
    assert (
        mode_of(tmp_path).rehearsal == SharedSettings().rehearsal == (word in ["true", "1", "yes", "on", "T"])
    )


def test_a_stack_that_runs_there_knows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BELUGA_REHEARSAL", "true")
    monkeypatch.setenv("BELUGA_CLOCK_FILE", str(tmp_path / "another"))
    run = RunFile(os.getpid(), "", {}, {}, "", clock_file=None, rehearsal=False)
    write_run_file(tmp_path, run)
    assert (mode_of(tmp_path).rehearsal, mode_of(tmp_path).clock_file) == (False, None)
