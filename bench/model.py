"""Speed of the model: a full robust refit, one report, the gate. `python -m bench.model [PRECINCTS …]`

Made-up precincts, watchers reporting about every two hours. The baseline of each figure is numpy's own
least squares on the same rows, in the same run. Seconds are the process's own (the machine may be shared).
"""

import gc
import os
import sys
import time
from datetime import UTC, date, datetime, timedelta
from datetime import time as day_time

from tally.ledger import columns_view

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # as `tally` sets it: before numpy is there

import numpy as np

from election.domain.checkin import Channel, CheckIn, Kind
from election.domain.day import Election, ElectionDay, Precinct
from election.domain.ids import PrecinctId, check_in_id, message_id
from tally.board.board_json import board_bytes
from tally.model.fit.day_fit import design
from tally.model.fit.fit import fit
from tally.projection.projection import Tally

OPENS = datetime(2026, 11, 3, 7, tzinfo=UTC)
REPORTS_EACH = 1.75


def county(n: int) -> Election:
    precincts = tuple(
        Precinct(PrecinctId(f"P{i}"), f"P{i}", 1500, f"C{i // 6 % 40}", f"G{i // 6}", expected_votes=600.0)
        for i in range(n)
    )
    return Election(ElectionDay("Bench", date(2026, 11, 3), "UTC", day_time(7), day_time(20)), precincts)


def reports(tally: Tally, n: int, seed: int = 1) -> list[CheckIn]:
    rng = np.random.default_rng(seed)
    at = rng.integers(0, n, int(n * REPORTS_EACH))
    hours = rng.uniform(1, 8, len(at))
    share = tally.inputs.curves.shares(at, hours / 13)
    final = 600 * np.exp(rng.normal(0.05, 0.2, n))
    votes = rng.poisson(final[at] * share)
    found = []
    for i in range(len(at)):
        key = message_id("bench", str(i))
        seen = OPENS + timedelta(hours=float(hours[i]))
        found.append(
            CheckIn(
                check_in_id(key, 0),
                key,
                0,
                Kind.COUNT,
                Channel.SMS,
                PrecinctId(f"P{at[i]}"),
                None,
                f"s{at[i]}",
                seen,
                seen,
                seen,
                int(votes[i]),
            )
        )
    return found


def best(times: int, run: object) -> float:
    took = []
    for _ in range(times):
        began = time.process_time()
        run()  # type: ignore[operator]
        took.append(time.process_time() - began)
    return min(took)


def figures(n: int) -> None:
    tally = Tally(county(n))
    log = reports(tally, n)
    filing = best(1, lambda: tally.add(log))
    gc.collect()
    gc.freeze()  # as the follower does when it has read the log
    minute = (OPENS + timedelta(hours=9)).timestamp()
    projection, state = tally.start(minute)
    look = columns_view.all_precincts(tally.ledger, minute)
    rows = tally.gating.rows(look, tally.gating.measure(look, state.guess_sd), state)
    x = design(tally.inputs, rows.at, rows.part, rows.share)
    refit = best(5, lambda: fit(tally.inputs, rows, tally.constants))
    baseline = best(5, lambda: np.linalg.lstsq(x, rows.residual, rcond=None))
    judge = best(2, lambda: tally.gating.judge(look, state))
    whole = best(3, lambda: tally.start(minute))
    past = best(2, lambda: board_bytes(tally, minute - 3 * 3600))
    heard = np.flatnonzero(projection.columns["reports"] > 0)[:200].tolist()
    one = best(20, lambda: [tally.update(projection, state, [p], minute) for p in heard]) / len(heard)
    hundred = best(10, lambda: tally.update(projection, state, range(100), minute)) / 100
    sums = best(5, lambda: tally.aggregates(projection, state))
    print(f"precincts {n:,}, reports {len(log):,}")
    print(f"filing              {1e6 * filing / len(log):8.1f} us a check-in")
    print(f"robust refit        {1e3 * refit:8.1f} ms   ({refit / baseline:.1f} x one plain least squares)")
    print(f"gate, all           {1e3 * judge:8.1f} ms   ({1e6 * judge / len(log):.1f} us a report, "
          f"{50_000 * judge / len(log):.2f} s for 50,000)")  # fmt: skip
    print(f"minute, everything  {1e3 * whole:8.1f} ms   (gate three times, three fits, all standings)")
    print(f"as known 3 h ago    {1e3 * past:8.1f} ms   (from check-ins to the sheet's bytes)")
    print(f"one report          {1e6 * one:8.1f} us   (mean of {len(heard)} precincts that have counts; "
          f"{1e6 * hundred:.1f} us each of 100 in one step)")  # fmt: skip
    print(f"all aggregates      {1e3 * sums:8.1f} ms\n", flush=True)


def main() -> None:
    for n in map(int, sys.argv[1:] or ("10000", "180000")):
        figures(n)


if __name__ == "__main__":
    main()
