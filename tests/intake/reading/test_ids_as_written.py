"""An id as it stands on the roster wins over any that only looks alike, and every id can be texted."""

from dataclasses import replace

import pytest

from election.domain.checkin import Kind
from election.domain.day import Election, Precinct
from election.domain.ids import PrecinctId
from election.domain.roster import roster_of
from intake.reading.reader import readings_of
from tests.intake.sample import NOBODY, sample_roster, sms

IDS = ("11-1", "1-11", "111", "1--1", "101.0", "2/8", "Archbald W-01 P-02", "Archbald W-01 P-03")
ROSTER = roster_of(
    Election(sample_roster().day, tuple(Precinct(PrecinctId(i), f"Hall {n}", 900) for n, i in enumerate(IDS)))
)


@pytest.mark.parametrize("precinct_id", IDS)
def test_an_id_can_be_texted_as_it_is_written(precinct_id) -> None:
    for text in (f"{precinct_id} 412", f"{precinct_id}: 412", f"{precinct_id.lower()} 412 votes"):
        (reading,) = readings_of(sms(text, NOBODY), ROSTER)
        assert (reading.kind, reading.precinct_id, reading.votes) == (Kind.COUNT, precinct_id, 412), text


def test_without_its_dash_an_id_is_read_where_no_other_is_written_so() -> None:
    few = replace(
        ROSTER,
        version="few",
        precincts={p: q for p, q in ROSTER.precincts.items() if p not in ("111", "1-11")},
    )
    (reading,) = readings_of(sms("P111 412", NOBODY), few)
    assert reading.precinct_id == "11-1"
