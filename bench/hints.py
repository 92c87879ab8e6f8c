"""What a state's standings cost intake, which reads them between answers: all fields, and its own alone.

`python -m bench.hints [--precincts 18858]`. Both snapshots are of the same edition, in one process. Prints
bytes, milliseconds of processor time to take in a snapshot, and of that the longest stretch for which no text
is answered (best of five).
"""

import argparse
import time
from collections.abc import Iterator

import numpy as np

from election.wire.feed import PrecinctState, Standing
from intake.receive.plausibility import intake_view
from tally.board.edition import Edition, ViewScope
from tally.packed.columns import Texts
from tally.standing.rounding import columns_of_standings

CLOCK = {"now": 0.0, "speed": 1.0}
SENTENCE = "{} counted by 13:00, 4 % behind its peers; its watcher was last heard 40 minutes ago"


def an_edition(precincts: int) -> Edition:
    """Precincts that have all reported."""
    names = [f"{i // 100:03}-{i % 100:02}" for i in range(precincts)]
    infos = {
        "precinct_id": names,
        "name": Texts(f"Town hall {name}" for name in names),
        "county": Texts(f"county {i % 67}" for i in range(precincts)),
        "group": Texts(f"group {i % 400}" for i in range(precincts)),
        "registered": np.full(precincts, 1_500),
        "opens_at": np.zeros(precincts, dtype=np.int64),
        "closes_at": np.ones(precincts, dtype=np.int64),
    }
    standings = [
        Standing(
            precinct_id=name, state=PrecinctState.ON_PACE, last_votes=400 + i % 300, expected_now=420.5,
            last_observed_at=1_000 + i, last_received_at=1_001 + i, reason=SENTENCE.format(400 + i % 300),
        )
        for i, name in enumerate(names)
    ]  # fmt: skip
    return Edition(infos, columns_of_standings(standings))


def taken_in(message: bytes) -> tuple[float, float]:
    """Seconds of processor time in all, and of the longest stretch."""
    steps: Iterator[bool] = intake_view().applying(message)
    stretches = []
    while True:
        begun = time.process_time()
        more = next(steps, None)
        stretches.append(time.process_time() - begun)
        if more is None:
            return sum(stretches), max(stretches)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--precincts", type=int, default=18_858)
    edition = an_edition(parser.parse_args().precincts)
    figures = {}
    for name, fields in (("all fields", ()), ("intake's own", intake_view().fields)):
        message = edition.snapshot_bytes(CLOCK, ViewScope(desks=False, fields=fields))
        runs = [taken_in(message) for _ in range(5)]
        figures[name] = (len(message), min(r[0] for r in runs) * 1e3, min(r[1] for r in runs) * 1e3)
        print("{:<14} {:>11,} bytes  {:7.1f} ms in all  {:6.1f} ms at once".format(name, *figures[name]))
    whole, own = figures.values()
    print("ratio          " + "  ".join(f"{b / a:.2f}" for a, b in zip(whole, own, strict=True)))


if __name__ == "__main__":
    main()
