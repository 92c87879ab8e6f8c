"""A service that is forked from one that has loaded it is a process as any other."""

import os
import signal
import subprocess
from collections.abc import Iterator
from contextlib import nullcontext
from pathlib import Path

import pytest

from tests.preloaded import Forked, Process, begun, started

SAYS = "import os, sys; print(os.environ['SAID'], os.getcwd(), 'callers.app' in sys.modules); sys.exit(7)"


@pytest.fixture(scope="module", autouse=True)
def forking() -> Iterator[None]:
    with nullcontext() if "TESTS_PRELOADED" in os.environ else begun():
        yield


def callers(folder: Path, script: str, **more: str) -> Process:
    with (folder / "log").open("ab") as log:
        return started("callers", os.environ | more, log, script=script, cwd=folder)


def test_it_has_its_own_environment_folder_log_and_exit_status(tmp_path: Path) -> None:
    for word in ("one", "two"):
        process = callers(tmp_path, SAYS, SAID=word)
        assert isinstance(process, Forked)
        assert process.wait(60) == process.poll() == 7
        assert process.pid != os.getpid()
    assert (tmp_path / "log").read_text() == f"one {tmp_path} True\ntwo {tmp_path} True\n"


def test_it_is_waited_for_and_ends_by_a_signal(tmp_path: Path) -> None:
    process = callers(tmp_path, "import signal; signal.pause()")
    with pytest.raises(subprocess.TimeoutExpired):
        process.wait(0.05)
    assert process.poll() is None
    process.terminate()
    assert process.wait(60) == -signal.SIGTERM
    process.kill()  # nobody any more


def test_what_counts_when_modules_are_loaded_needs_a_start_anew(tmp_path: Path) -> None:
    process = callers(tmp_path, "pass", PYTHONHASHSEED="17")
    assert isinstance(process, subprocess.Popen)
    assert process.wait(60) == 0
