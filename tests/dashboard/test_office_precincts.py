"""Precincts on a sheet: what a row says, what may change when, and by whom."""

from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from typing import Any

import pytest

from dashboard.accounts.sign_in import WarRoomUser
from dashboard.map.places import MapPlaces
from dashboard.office.sheets.precinct_form import FIELDS, CountsByPlace, cells_of, spoken_names
from dashboard.office.sheets.precinct_sheet import decided
from dashboard.office.sheets.sheet_rows import SheetRow, rows_sent
from election.access.accounts import Role
from election.domain.day import Precinct
from tests.dashboard.running import make_election

ELECTION = make_election(4, counties=2, shapes=False)
HERE = MapPlaces(ELECTION.day, {p.precinct_id: p for p in ELECTION.precincts}, (), {})
FIRST, SECOND = ELECTION.precincts[:2]
OPENS = FIRST.opens_at(ELECTION.day)
BEFORE, DURING = OPENS - timedelta(minutes=1), OPENS + timedelta(hours=3)
ADMIN = WarRoomUser("ada", Role.ADMIN, None)
LEAD = WarRoomUser("lee", Role.LEAD, ("County A",))


def a_row(precinct: Precinct, **typed: str) -> SheetRow:
    known = cells_of(precinct)
    return SheetRow(str(precinct.precinct_id), known, known | typed)


def a_new(**typed: str) -> SheetRow:
    return SheetRow("", {}, dict.fromkeys(FIELDS, "") | typed)


def outcome(
    row: SheetRow, at: datetime = BEFORE, who: WarRoomUser = ADMIN, here: MapPlaces = HERE, **votes: Any
) -> Precinct | str:
    """The precinct that would be saved, or why not."""
    seen = CountsByPlace({place.replace("_", "-"): counts for place, counts in votes.items()})
    found = decided([row], here, who, seen, at)
    return found[0][1] if found else row.problem


def test_a_row_changes_what_was_typed_and_nothing_else() -> None:
    after = outcome(
        a_row(FIRST, name=" Old  Mill ", registered="1,204", opens="6:30 am", timezone="America/Chicago")
    )
    assert isinstance(after, Precinct)
    assert (after.name, after.registered, after.timezone) == ("Old Mill", 1204, "America/Chicago")
    assert (after.opens, after.closes, after.county) == (time(6, 30), None, FIRST.county)
    assert (after.lat, after.aliases, after.expected_votes) == (
        FIRST.lat,
        FIRST.aliases,
        FIRST.expected_votes,
    )


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ({"name": " "}, "Name: it is empty; write what people call the place."),
        ({"registered": "many"}, "Registered voters: many is no number of voters; write digits alone"),
        ({"registered": "0"}, "Registered voters: 0 is no number of voters"),
        ({"registered": "99999999"}, "Registered voters: 99999999 is no number of voters"),
        ({"opens": "7h"}, "Opens: 7h is no time of day; write HH:MM, such as 07:00."),
        ({"closes": "06:00"}, "Closes: the polls close before they open; correct one of the two."),
        ({"timezone": "Eastern"}, "Time zone: Eastern is no time zone; write a name such as"),
        ({"county": "county-b"}, "County: county-b is written County B elsewhere; write it so."),
        ({"site_id": str(SECOND.precinct_id)}, "is a precinct; give the building an id of its own."),
        ({"precinct_id": "9-9"}, "Correct 9-9 in its own row."),
    ],
)
def test_a_wrong_cell_is_named_with_what_to_do(typed: dict[str, str], said: str) -> None:
    words = outcome(a_row(FIRST, **typed))
    assert isinstance(words, str) and said in words


def test_hours_stay_once_polls_are_open_there() -> None:
    late = a_row(FIRST, closes="21:00")
    assert isinstance(outcome(late), Precinct)
    words = outcome(late, DURING)
    assert (
        words
        == "Closes: polls opened there at 07:00; extend them in its panel on the board, which tells people."
    )
    assert isinstance(outcome(a_row(FIRST, name="Renamed"), DURING), Precinct), (
        "what undoes nothing may change"
    )


def test_voters_stay_where_a_count_of_today_would_be_refused() -> None:
    votes = {str(FIRST.precinct_id): (412, 650, 5000)}
    fewer = a_row(FIRST, registered="600")
    assert isinstance(outcome(fewer, DURING), Precinct)
    assert outcome(fewer, DURING, **votes) == (
        "Registered voters: 1 count there today would be refused; write 650 or more, or reject it first."
    )
    assert isinstance(outcome(a_row(FIRST, registered="650"), DURING, **votes), Precinct)
    assert isinstance(outcome(a_row(FIRST, registered="6000"), DURING, **votes), Precinct)


def test_a_building_that_was_counted_whole_keeps_its_precincts() -> None:
    row = a_row(FIRST, site_id="S1")
    assert isinstance(outcome(row, DURING), Precinct)
    words = outcome(row, DURING, S1=(300,))
    assert isinstance(words, str) and "the whole building S1 was counted today" in words


def test_a_lead_corrects_in_own_counties_and_moves_no_precinct_out_of_them() -> None:
    other = ELECTION.precincts[-1]
    assert FIRST.county != other.county
    assert isinstance(outcome(a_row(FIRST, name="Renamed", registered="990"), who=LEAD), Precinct)
    assert outcome(a_row(other, name="Renamed"), who=LEAD) == "There is no such precinct any more."
    moved = outcome(a_row(FIRST, county=other.county), who=LEAD)
    assert isinstance(moved, str) and "ask an admin" in moved
    assert "ask an admin" in str(outcome(a_row(FIRST, county="county-b"), who=LEAD)), "no county is told"
    assert isinstance(outcome(a_row(FIRST, county=other.county)), Precinct)
    joined = a_row(FIRST, site_id="S9")
    shared = replace(other, site_id="S9")
    there = replace(HERE, precincts={**HERE.precincts, other.precinct_id: shared})
    assert "S9 is not of your counties alone" in str(outcome(joined, who=LEAD, here=there))
    assert isinstance(outcome(joined, here=there), Precinct)
    new = a_new(precinct_id="77", name="New", registered="500", county="County A")
    assert "only an admin adds a precinct" in str(outcome(new, who=LEAD))


def test_a_new_precinct_has_an_id_that_means_no_other() -> None:
    alike = str(FIRST.precinct_id).replace("-", "")
    assert f"means {FIRST.precinct_id} already" in str(
        outcome(a_new(precinct_id=alike, name="N", registered="5"))
    )
    assert "write what watchers will text" in str(outcome(a_new(name="N", registered="5")))
    new = outcome(a_new(precinct_id="77", name="New", registered="500", county="County B"))
    assert new == Precinct(FIRST.precinct_id.__class__("77"), "New", 500, county="County B")
    assert str(FIRST.precinct_id) in spoken_names(HERE).values()
    rows = [
        a_new(precinct_id="77", name="A", registered="5"),
        a_new(precinct_id="77", name="B", registered="5"),
    ]
    found = decided(rows, HERE, ADMIN, CountsByPlace(), BEFORE)
    assert [p.name for _, p in found] == ["A"] and "in another row too" in rows[1].problem


def test_rows_that_were_left_as_shown_are_not_sent_on() -> None:
    same, changed = a_row(FIRST), a_row(SECOND, name="Other")
    form = {
        f"{name}:{n}": value
        for n, row in enumerate((same, changed))
        for name, value in [*row.typed.items(), ("id", row.row_id), ("before", row.before)]
    }
    (row,) = rows_sent(form, FIELDS)
    assert (row.row_id, row.changed) == (SECOND.precinct_id, ["name"])


assert BEFORE < DURING and OPENS.tzinfo is UTC
