"""What a program's start does without: a look for garbage among what it loads, and colours for structlog."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
STARTS = [
    "beluga/commands.py",
    *(f"{room}/__main__.py" for room in ("callers", "dashboard", "intake", "tally")),
]

SEEN = """
import gc, sys
from election.runtime.loading import loading
with loading():
    from election.runtime import telemetry
    assert not gc.isenabled()
assert gc.isenabled()
assert not [name for name in sys.modules if name.partition(".")[0] == "rich"]
import rich.console
telemetry.configure_logs("test", telemetry.SharedSettings(log_format="text"))
try:
    raise ValueError("said once")
except ValueError:
    telemetry.structlog.get_logger().exception("it_failed")
"""


def test_nothing_is_loaded_that_only_colours_and_a_failure_is_told_in_full() -> None:
    done = subprocess.run([sys.executable, "-c", SEEN], capture_output=True, text=True, check=True, cwd=ROOT)
    assert "it_failed" in done.stderr and done.stderr.count("ValueError: said once") == 1, done.stderr


@pytest.mark.parametrize("start", STARTS)
def test_every_program_loads_its_modules_so(start: str) -> None:
    """Of ours only `loading` comes before."""
    rooms = ("election", "intake", "tally", "callers", "dashboard", "beluga")
    tree = ast.parse((ROOT / start).read_text(encoding="utf-8"))
    ours = [
        node.module
        for node in tree.body
        if isinstance(node, ast.ImportFrom) and str(node.module).partition(".")[0] in rooms
    ]
    assert ours == ["election.runtime.loading"]
    assert [ast.unparse(node.items[0]) for node in tree.body if isinstance(node, ast.With)] == ["loading()"]
