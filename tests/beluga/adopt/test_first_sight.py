"""Files as people bring them, many to a kind: what must come of each was said before it was first read."""

from pathlib import Path

import pytest

from tests.beluga.adopt.brought import Brought, bring, misses
from tests.beluga.adopt.brought_again import AGAIN
from tests.beluga.adopt.brought_early import EARLY
from tests.beluga.adopt.brought_people import MAPS, PEOPLE
from tests.beluga.adopt.brought_registration import NONE_OF_OURS, REGISTRATION
from tests.beluga.adopt.brought_results import RESULTS
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
}


@pytest.mark.parametrize(
    "case",
    [pytest.param(case, id=f"{kind}: {case.kind}") for kind, cases in KINDS.items() for case in cases],
)
def test_what_was_said_comes_out(tmp_path: Path, case: Brought) -> None:
    desk = Desk(tmp_path)
    outcome = bring(desk, case)
    assert misses(desk, case, outcome) == [], words(outcome)
