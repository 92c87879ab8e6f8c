"""The command line itself: its version, a misspelt name, completion by the shell, nothing loaded unasked."""

import subprocess
import sys
from importlib import metadata

import pytest
from typer.testing import CliRunner

from beluga.commands import COMMANDS, GROUPS, app
from tests.beluga.running import ROOT, environment


def test_it_says_its_version() -> None:
    found = CliRunner().invoke(app, ["--version"])
    assert (found.exit_code, found.output) == (0, f"beluga {metadata.version('beluga-turnout')}\n")


@pytest.mark.parametrize(
    ("typed", "meant"), [("chekc", "check"), ("rehears", "rehearse"), ("bakup", "backup")]
)
def test_a_misspelt_command_is_answered_with_the_likely_one(typed: str, meant: str) -> None:
    found = CliRunner().invoke(app, [typed])
    assert found.exit_code == 2
    assert f"Did you mean '{meant}'" in found.output


def test_a_word_like_no_command_gets_no_advice() -> None:
    found = CliRunner().invoke(app, ["xyzzy"])
    assert found.exit_code == 2
    assert "Did you mean" not in found.output


def test_the_shell_completes_commands_and_options() -> None:
    def completed(words: str, at: int) -> list[str]:
        asked = {"_BELUGA_COMPLETE": "complete_bash", "COMP_WORDS": words, "COMP_CWORD": str(at)}
        found = CliRunner().invoke(app, [], prog_name="beluga", env=asked)
        return found.output.split()

    assert completed("beluga ma", 1) == [] and completed("beluga pr", 1) == ["project", "preflight"]
    assert completed("beluga capacity --w", 2) == ["--watchers"]


def test_naming_every_command_loads_none() -> None:
    code = (
        "import sys; from beluga.commands import Commands; print(len(list(Commands())),"
        " *sorted(m for m in sys.modules if m.startswith(('beluga.cli', 'tally', 'numpy', 'dash'))))"
    )
    found = subprocess.run(
        [sys.executable, "-c", code], check=False, cwd=ROOT, env=environment(), capture_output=True, text=True
    )
    assert found.stdout.split() == [str(len(COMMANDS) + len(GROUPS))], found.stderr
