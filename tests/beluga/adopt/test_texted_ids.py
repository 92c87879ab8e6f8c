"""`beluga check` names the ids that watchers could not text, and those that look alike, with the remedy."""

import pytest

from beluga.adopt.texted_ids import SHOWN, look_at_ids
from election.domain.day import Election, Precinct
from election.domain.ids import PrecinctId
from election.folder import Findings
from tests.intake.sample import sample_roster


def notices(*precincts: tuple[str, str, tuple[str, ...]]) -> list[str]:
    findings = Findings()
    found = tuple(Precinct(PrecinctId(i), name, 900, aliases=aliases) for i, name, aliases in precincts)
    look_at_ids(Election(sample_roster().day, found), findings)
    return [str(notice) for notice in findings.notices]


@pytest.mark.parametrize(
    "precinct_id", ["12-01", "1--1", "101.0", "2/8", "Archbald W-01 P-02", "AB-0007", "17"]
)
def test_an_id_that_is_read_as_written_is_not_named(precinct_id) -> None:
    assert notices((precinct_id, "Lincoln School", ())) == []


def test_an_id_that_cannot_be_texted_is_named_with_the_remedy() -> None:
    assert notices(("FINAL", "Lincoln School", ("north",)), ("UNDO", "help", ())) == [
        "precincts.csv: precinct_id: FINAL cannot be texted, watchers text it as north",
        "precincts.csv: precinct_id: UNDO cannot be texted, give it a name in the column aliases, like W1",
    ]


def test_ids_that_differ_by_their_marks_only_are_named_together() -> None:
    (notice,) = notices(("11-1", "Oak", ()), ("1-11", "Elm", ()), ("12-1", "Ash", ()))
    assert notice.startswith(
        "precincts.csv: precinct_id: 1-11, 11-1 differ by their marks only, watchers must"
    )
    assert "111 alone is asked about" in notice


def test_a_county_of_such_ids_is_counted() -> None:
    found = notices(*((f"{n} 01", "412", ()) for n in range(SHOWN + 5)))
    assert found[-1] == "precincts.csv: precinct_id: and 5 more ids that cannot be texted"
    assert len(found) == SHOWN + 1
