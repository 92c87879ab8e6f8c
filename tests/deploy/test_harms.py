"""The cluster's tests cannot pass over a harm that did not happen (they run only beside a Docker Engine)."""

import ast
from pathlib import Path

import pytest

from tests.cluster.measuring import Row, UnknownError, happened, was_away

FILES = sorted((Path(__file__).parents[1] / "cluster").glob("test_*.py"))
TRACES = {"happened", "was_away"}
HARMS = {"kill", "destroy_disk", "SIGSTOP"}  # and docker's kill and pause
UNHURT = {
    "test_preflight_fails_once_no_standby_is_synchronous",  # waits until preflight itself sees it
}


def test_a_harm_without_its_trace_is_no_pass() -> None:
    happened("another primary", True)
    with pytest.raises(UnknownError, match="unknown: another primary was not seen"):
        happened("another primary", False)
    was_away(Row("frozen", database_away=0.1))
    with pytest.raises(UnknownError):
        was_away(Row("a standby was frozen instead"))


@pytest.mark.parametrize("file", FILES, ids=lambda f: f.stem)
def test_every_test_that_hurts_looks_for_its_trace(file: Path) -> None:
    for test in ast.walk(ast.parse(file.read_text())):
        if isinstance(test, ast.FunctionDef | ast.AsyncFunctionDef) and test.name.startswith("test_"):
            words = {n.attr if isinstance(n, ast.Attribute) else n.id for n in ast.walk(test)
                     if isinstance(n, ast.Attribute | ast.Name)}  # fmt: skip
            said = {n.value for n in ast.walk(test) if isinstance(n, ast.Constant)}
            hurts = words & HARMS or ("docker" in words and said & {"kill", "pause"}) or "switchover" in said
            assert not hurts or words & TRACES or test.name in UNHURT, f"{file.name}: {test.name}"
