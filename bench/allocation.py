"""How long dispatch takes to spread callers and to decide: 10,000 precincts, 2,000 callers, limit 50 ms.

    python -m bench.allocation [--precincts 10000] [--callers 2000] [--counties 67]

Baseline in the same run: looking through all precincts for the best one, once for each caller.
"""

import argparse
import random
import time
from collections import Counter
from collections.abc import Mapping
from datetime import UTC, datetime

from callers.dispatch.allocation import CallerPool, Need, allocate
from callers.dispatch.decisions import FeedEvidence, Open, decide, proposals
from callers.rules.limits import Limits
from election.wire.feed import PrecinctInfo, PrecinctState, Standing

NOON = datetime(2026, 11, 3, 17, tzinfo=UTC)
LIMIT_MS = 50.0


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--precincts", type=int, default=10_000)
    parser.add_argument("--callers", type=int, default=2_000)
    parser.add_argument("--counties", type=int, default=67)
    options = parser.parse_args()
    chance = random.Random(1)
    names = [f"p{n}" for n in range(options.precincts)]
    standings = {
        p: Standing(
            precinct_id=p,
            state=chance.choice([PrecinctState.LAGGING, PrecinctState.ON_PACE, PrecinctState.WATCH]),
                       p_lagging=chance.random(), shortfall=chance.uniform(0, 200),
        )
        for p in names
    }  # fmt: skip
    infos = {
        p: PrecinctInfo(
            precinct_id=p, name=p, registered=800, opens_at=0, closes_at=2**32, timezone="UTC",
            county=f"C{n % options.counties}",
        )
        for n, p in enumerate(names)
    }  # fmt: skip
    seen = FeedEvidence(standings, infos, True, {p: chance.randrange(400) for p in names})
    closes = datetime(2026, 11, 4, 1, tzinfo=UTC)
    live = [Open(p, True, closes, seen_behind=True) for p in names[:500]]
    county = {p: f"C{n % options.counties}" for n, p in enumerate(names)}
    needs = [
        Need(p, s.p_lagging, s.shortfall, seen.remaining[p], county=county[p]) for p, s in standings.items()
    ]
    # A third of the callers call in their own county alone, a third there rather, a third anywhere.
    third = options.callers // 3
    caller_pools = Counter(
        CallerPool(frozenset([f"C{n % options.counties}"]), elsewhere=False) for n in range(third)
    )
    caller_pools += Counter(CallerPool(frozenset([f"C{n % options.counties}"])) for n in range(third))
    caller_pools[CallerPool()] = options.callers - caller_pools.total()
    limits = Limits()
    given: Mapping[str, int] = {}
    times: list[float] = []
    looks: list[float] = []
    for _ in range(40):
        started = time.perf_counter()
        given = allocate(needs, caller_pools, limits).precincts
        times.append((time.perf_counter() - started) * 1000)
        started = time.perf_counter()
        decide(live, seen, NOON, limits)
        proposals(seen, live, caller_pools, NOON, limits)
        looks.append((time.perf_counter() - started) * 1000)
    middle, look = (sorted(each)[len(each) // 2] for each in (times, looks))
    started = time.perf_counter()
    counts = dict.fromkeys(names, 0)
    worths = [(need.precinct_id, need.worth(limits)) for need in needs]
    for _ in range(20):  # of so many callers; the rest would take as long each
        best = max(worths, key=lambda pair: pair[1] / (1 + counts[pair[0]]))[0]
        counts[best] += 1
    naive = (time.perf_counter() - started) * 1000 * options.callers / 20
    print(f"{options.precincts:,} precincts, {sum(given.values()):,} of {options.callers:,} callers placed: "
          f"median {middle:.0f} ms, longest {max(times):.0f} ms (limit {LIMIT_MS:.0f})")  # fmt: skip
    print(f"what to start, end, hold and propose: median {look:.0f} ms")
    print(f"baseline, the best precinct sought anew for each caller: {naive:.0f} ms")
    raise SystemExit(middle > LIMIT_MS)


if __name__ == "__main__":
    main()
