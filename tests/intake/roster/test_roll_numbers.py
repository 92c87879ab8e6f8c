"""A number struck off by text is checked against the roll there; what is not known whole corrects nobody."""

import asyncpg
import pytest
from hypothesis import given
from hypothesis import strategies as st

from election.domain.ids import PrecinctId
from election.postgres.database import connect
from intake.reading.reader import readings_of
from intake.receive.plausibility import Plausibility, intake_view
from intake.replies.wording import reply_to
from intake.roster.roll_numbers import RollNumbers, _read
from tests.intake.sample import ONE, sample_roster, sms

ROSTER = sample_roster()
HERE = PrecinctId("31-07")


def of(*runs: tuple[str, int, int]) -> RollNumbers:
    known = RollNumbers()
    known.take(runs)
    return known


@given(on=st.sets(st.integers(0, 60), max_size=30), asked=st.lists(st.integers(0, 60), max_size=10))
def test_a_number_is_missing_exactly_where_no_run_holds_it(on: set[int], asked: list[int]) -> None:
    runs = [("31-07", n, n) for n in sorted(on)]
    assert of(*runs).missing(HERE, asked, 1) == ([n for n in asked if n not in on] if on else [])


def test_a_roll_that_is_not_whole_or_not_known_corrects_nobody() -> None:
    known = of(("31-07", 1, 89))
    assert known.missing(HERE, [90], 98) == [90]
    assert known.missing(HERE, [90], 100) == [], "a campaign's own list of some of the registered"
    assert known.missing(PrecinctId("31-09"), [90], 0) == []
    assert known.missing(None, [90], 0) == []


@pytest.mark.parametrize(
    ("text", "said"),
    [("V 17 2203", "2203: not on our roll of 31-07"), ("V 17 23", "2 struck off at 31-07: 17, 23")],
)
def test_a_watcher_is_told_of_the_numbers_that_are_not_on_the_roll(text: str, said: str) -> None:
    known, message = of(("31-07", 1, 1600)), sms(text, ONE)
    plausibility = Plausibility(
        intake_view(), not_on_roll=lambda place, numbers: known.missing(place, numbers, 1500)
    )
    readings = readings_of(message, ROSTER)
    answer = reply_to(readings, message, ROSTER, None, plausibility.place_now)
    assert answer.startswith(said)
    assert readings == readings_of(message, ROSTER), "what was sent is kept as it was read"


async def test_the_runs_are_read_from_the_roll(database_url: str) -> None:
    connection: asyncpg.Connection = await connect(database_url)
    await connection.executemany(
        "insert into voters (voter_id, precinct_id, roll_number, name) values ($1, $2, $3, 'Voter')",
        [(f"{p}/{n}", p, n) for p, numbers in (("a", "1 2 3 7 18/1"), ("b", "10")) for n in numbers.split()],
    )
    rolls = await _read(connection)
    await connection.close()
    runs = [(p, *run) for p, roll in rolls.items() for run in zip(roll.firsts, roll.lasts, strict=True)]
    assert runs == [("a", 1, 3), ("a", 7, 7), ("b", 10, 10)]
    assert [roll.size for roll in rolls.values()] == [4, 1]
