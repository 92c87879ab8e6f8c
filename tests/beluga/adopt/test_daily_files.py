"""The next day's file: of another shape, with fewer votes, or with a ballot that counts no longer."""

from pathlib import Path

import pytest

from tests.beluga.adopt.brought import ROLL
from tests.beluga.adopt.test_adopting import Desk, words

BALLOTS = "voter_reg_num,precinct,ballot_rtn_dt,ballot_rtn_status\n"
VOTERS = "Voter ID,Name,Precinct\n1,Ana Example,0101\n2,Bo Sample,0102\n"


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    desk = Desk(tmp_path)
    desk.adopt(desk.file("roll.csv", ROLL), desk.file("voters.csv", VOTERS))
    return desk


@pytest.mark.parametrize(
    "tomorrow",
    [
        "County,Precinct,Cumulative Ballots\nAdams,0101,60\nAdams,0102,45\n",
        "Report of the day,\n\nCumulative Ballots,Precinct\n60,0101\n45,0102\nTotal 105,\n",
        "Precinct,EV to date\n0101,60\n0102,45\n",
    ],
)
def test_tomorrows_file_of_a_slightly_other_shape(desk: Desk, tomorrow: str) -> None:
    desk.adopt(desk.file("day1.csv", "Precinct,Cumulative Ballots\n0101,40\n0102,30\n"))
    outcome = desk.adopt(desk.file("day2.csv", tomorrow))
    assert desk.voted() == {"0101": "60", "0102": "45"}, words(outcome)
    assert not outcome.open_questions


def test_a_running_total_that_falls_is_said(desk: Desk) -> None:
    desk.adopt(desk.file("day1.csv", "Precinct,Cumulative Ballots\n0101,40\n0102,30\n"))
    outcome = desk.adopt(desk.file("day2.csv", "Precinct,Cumulative Ballots\n0101,4\n0102,35\n"))
    assert "fewer than a file before said: 0101 from 40 to 4" in words(outcome)


def test_totals_that_fall_where_nothing_says_that_they_run_are_asked_about(desk: Desk) -> None:
    desk.adopt(desk.file("day1.csv", "Precinct,Early Votes\n0101,40\n0102,30\n"))
    outcome = desk.adopt(desk.file("other.csv", "Pct,Early Votes\n0101,14\n0102,35\n"))
    assert [q.key for r in outcome.reports for q in r.questions] == ["counts"], words(outcome)
    assert desk.voted() == {"0101": "40", "0102": "30"}


def test_a_ballot_that_is_rejected_later_is_taken_back(desk: Desk) -> None:
    both = "1,0101,10/20/2026,ACCEPTED\n2,0102,10/20/2026,ACCEPTED\n"
    desk.adopt(desk.file("day1.csv", BALLOTS + both))
    assert [v["voted"] for v in desk.rows("voters.csv")] == ["yes", "yes"]
    outcome = desk.adopt(desk.file("day2.csv", BALLOTS + "1,0101,10/20/2026,REJECTED\n"))
    assert [v["voted"] for v in desk.rows("voters.csv")] == ["", "yes"], words(outcome)
    assert {p: v or "0" for p, v in desk.voted().items()} == {"0101": "0", "0102": "1"}
    assert "taken back" in words(outcome)


def test_a_first_ballot_that_was_spoiled_takes_nothing_from_the_second(desk: Desk) -> None:
    lines = "1,0101,10/19/2026,SPOILED\n1,0101,10/20/2026,ACCEPTED\n"
    desk.adopt(desk.file("day1.csv", BALLOTS + lines))
    outcome = desk.adopt(desk.file("day2.csv", BALLOTS + "1,0101,10/19/2026,SPOILED\n"))
    assert desk.voted()["0101"] == "1", words(outcome)


def test_a_ballot_dated_long_after_the_day_does_not_count(desk: Desk) -> None:
    outcome = desk.adopt(desk.file("day1.csv", BALLOTS + "1,0101,10/20/2036,ACCEPTED\n"))
    assert desk.voted()["0101"] in ("", "0")
    assert "is dated long after" in words(outcome)


def test_a_list_of_changes_replaces_no_register(desk: Desk) -> None:
    change = "Change Type,Voter ID,Name,Precinct\nA,3,Cy Specimen,0101\nD,1,Ana Example,0101\n"
    outcome = desk.adopt(desk.file("changes.csv", change))
    assert [v["voter_id"] for v in desk.rows("voters.csv")] == ["1", "2"], words(outcome)
    assert "give the whole register" in words(outcome)
