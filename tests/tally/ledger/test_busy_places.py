"""A place with hundreds of counts is read as one with few, and without walking through them all again."""

from random import Random

import numpy as np

from election.domain.checkin import CheckIn
from tally.ledger import columns_view
from tally.ledger.busy_places import FEW
from tally.ledger.entry_store import EntryStore
from tally.ledger.ledger import Ledger
from tests.tally.elections import at, entry, small_election


def _a_day(random: Random, n: int) -> list[CheckIn]:
    """Counts of two places, some seen at the same moment, in the order in which they came."""
    log = []
    for k in range(n):
        hours = 1.0 + random.randrange(n // 2) / n * 8
        one = entry(k + 1, 10 + k, hours, precinct=random.choice(("P0", "P0", "P2")), late=random.random())
        log.append(one)
    return sorted(log, key=lambda c: c.received_at)


def test_busy_places_are_read_as_others_are_whatever_came_late() -> None:
    random = Random(5)
    log = _a_day(random, 4 * FEW)
    ledger, alone = Ledger(small_election()), 0
    while alone < len(log):
        some = random.randrange(1, 40)
        ledger.add(log[alone : alone + some])
        alone += some
        for as_of in (ledger.newest, log[len(log) // 3].received_at.timestamp(), at(1.5).timestamp()):
            whole = columns_view.all_precincts(ledger, as_of)
            again = columns_view.subset(ledger, range(12), as_of)
            for name in whole.__dataclass_fields__:
                assert np.array_equal(getattr(whole, name), getattr(again, name)), name
            for place in (0, 2):
                words = [c.received_at.timestamp() for c in log[:alone] if c.precinct_id == f"P{place}"]
                latest = max((word for word in words if word <= as_of), default=-1.0)
                assert ledger.last_word(place, as_of, -1.0) == latest
    assert isinstance(ledger.busy.rows(0, ledger.newest), np.ndarray)


def test_a_step_walks_through_what_is_new_alone() -> None:
    walked = 0

    class Counted(EntryStore):
        def rows_at(self, place: int):  # type: ignore[no-untyped-def]
            nonlocal walked
            for row in super().rows_at(place):
                walked += 1
                yield row

    ledger = Ledger(small_election(), Counted)
    ledger.add([entry(k, k, 1.0 + k / 600) for k in range(1, 600)])
    columns_view.subset(ledger, [1], ledger.newest)
    walked = 0

    ledger.add([entry(601, 600, 2.5), entry(600, 601, 1.5)])
    table = columns_view.subset(ledger, [1], ledger.newest)
    assert ledger.last_word(1, ledger.newest, 0.0) == ledger.newest
    assert len(table.votes) == 601 and walked < 10
