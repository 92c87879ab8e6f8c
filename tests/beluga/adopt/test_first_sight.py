"""Files as people bring them, many to a kind: what must come of each was said before it was first read."""

from pathlib import Path

import pytest

from beluga.adopt.looking import look_around
from election.folder import Findings
from tests.beluga.adopt.brought import Brought, bring, misses
from tests.beluga.adopt.brought_again import AGAIN
from tests.beluga.adopt.brought_early import EARLY
from tests.beluga.adopt.brought_fifth_counts import COUNTS as FIFTH_COUNTS
from tests.beluga.adopt.brought_fifth_lists import LISTS as FIFTH_LISTS
from tests.beluga.adopt.brought_fourth_counts import COUNTS
from tests.beluga.adopt.brought_fourth_lists import LISTS
from tests.beluga.adopt.brought_fourth_rolls import ROLLS
from tests.beluga.adopt.brought_people import MAPS, PEOPLE
from tests.beluga.adopt.brought_registration import NONE_OF_OURS, REGISTRATION
from tests.beluga.adopt.brought_results import RESULTS
from tests.beluga.adopt.brought_seventh import SEVENTH
from tests.beluga.adopt.brought_sixth import SIXTH
from tests.beluga.adopt.brought_third import THIRD
from tests.beluga.adopt.brought_voters import VOTERS
from tests.beluga.adopt.test_adopting import Desk, words

KINDS = {
    "registration": REGISTRATION,
    "none of ours": NONE_OF_OURS,
    "results": RESULTS,
    "voters": VOTERS,
    "early": EARLY,
    "people": PEOPLE,
    "maps": MAPS,
    "again": AGAIN,
    "third": THIRD,
    "fourth, counts": COUNTS,
    "fourth, rolls": ROLLS,
    "fourth, lists": LISTS,
    "fifth, counts": FIFTH_COUNTS,
    "fifth, lists": FIFTH_LISTS,
    "sixth": SIXTH,
    "seventh": SEVENTH,
}


@pytest.mark.parametrize(
    "case",
    [pytest.param(case, id=f"{kind}: {case.kind}") for kind, cases in KINDS.items() for case in cases],
)
def test_what_was_said_comes_out(tmp_path: Path, case: Brought) -> None:
    desk = Desk(tmp_path)
    outcome = bring(desk, case)
    assert misses(desk, case, outcome) == [], words(outcome)


@pytest.mark.parametrize(
    ("file", "headings", "said"),
    [
        ("precincts.csv", "Precint,Registerd Voters", "'Precint' seems to be precinct_id"),
        ("precincts.csv", "Wahlbezirk,Wahlberechtigte", "'Wahlberechtigte' seems to be registered"),
        ("voters.csv", "VTR_ID,Voter,Pct Cd,Best Cell", "'VTR_ID' seems to be voter_id"),
    ],
)
def test_check_sees_what_headings_mean(tmp_path: Path, file: str, headings: str, said: str) -> None:
    (tmp_path / file).write_text(f"{headings}\n0101,1200,0101,7175550101\n".replace(",,", ","))
    findings = Findings()
    look_around(tmp_path, findings)
    assert any(said in str(notice) for notice in findings.notices), findings.notices
