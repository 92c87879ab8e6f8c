"""No regular expression that meets bytes from outside takes more than linear time."""

import re
from typing import Any

import pytest

from tests.fuzz.expressions import (
    DEFAULT_CAP,
    MADE,
    Expression,
    every_expression,
    found_in_source,
    repeats_nothing,
    superlinear,
    tree_of,
)

# As the front had it until an outside review: forty headers and an odd letter held a worker for hours.
OLD_HEAD = re.compile(
    rb"POST (/sms/[!-~]*) HTTP/1\.1\r\n((?:[!#$%&'*+.^_`|~0-9A-Za-z-]+:[ \t]*[ -~]*\r\n)+)\r\n"
)


@pytest.fixture(scope="module")
def everything() -> list[Expression]:
    return every_expression()


@pytest.mark.parametrize("room", ["intake", "election", "callers", "dashboard", "beluga"])
def test_every_expression_is_linear(room: str, everything: list[Expression]) -> None:
    ours = [e for e in everything if e.where.startswith(room)]
    assert ours
    assert [found for e in ours if (found := superlinear(e, e.cap))] == []


def test_no_room_is_left_out(everything: list[Expression]) -> None:
    """The rooms named above are all that have any; what they make at run time is known."""
    rooms = {"intake", "election", "callers", "dashboard", "beluga"}
    assert {e.where.split("/")[0] for e in everything} == rooms
    assert found_in_source()[1] == MADE.keys()
    assert len(everything) > 35
    where = {e.where.split(":")[0] for e in everything}
    assert {
        "intake/webhook/fast_path.py",
        "intake/reading/grammar/tokens.py",
        "election/wire/callers.py",
    } <= where


@pytest.mark.parametrize(
    ("pattern", "use"),
    [
        (OLD_HEAD, "match"),
        (re.compile(r"(a+)+$"), "search"),
        (re.compile(r"(\w+\s?)*!"), "match"),
        (re.compile(r"(?:x|y|xy)+z"), "fullmatch"),
        (re.compile(r"\s+$"), "sub"),
        (re.compile(r"\d+x"), "search"),
        (re.compile(r"(.*),(.*),(.*)!"), "fullmatch"),
    ],
    ids=lambda value: value if isinstance(value, str) else None,
)
def test_one_that_is_not_would_be_found(pattern: "re.Pattern[Any]", use: str) -> None:
    assert superlinear(Expression("here", pattern, (use,)), DEFAULT_CAP)


@pytest.mark.parametrize(
    ("pattern", "nothing"),
    [
        (r"\b(?:mail|post)(?:ed|s)?\b", True),
        (r"[0-9]{1,3}", True),
        (r"(?:a|b+)c", False),
        (r"(?<!x)(\d{4})", False),
    ],
)
def test_what_repeats_nothing_is_known(pattern: str, nothing: bool) -> None:
    assert repeats_nothing(tree_of(re.compile(pattern))) is nothing
