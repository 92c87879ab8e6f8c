"""From a check-in in the engine's hands to the delta that tells of it, while the day is refitted around it.

`python -m bench.engine [--precincts 10000] [--rate 500] [--seconds 30]`. A clock six times as fast brings a
refit every ten seconds. The baseline is the conflation window: changes within it go out as one delta, so
half of it is spent waiting on the average. Prints milliseconds and this process's CPU.
"""

import argparse
import asyncio
import os
import statistics
import time
from datetime import datetime, timedelta

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # as `tally` sets it: before numpy is there

import uvloop

from bench.model import OPENS, county, reports
from election.checkin import Channel, CheckIn, Kind
from election.ids import PrecinctId, check_in_id, message_id
from tally.edition import Change
from tally.engine import Engine
from tally.projection import Tally

SPEED = 6.0
CONFLATE = 0.2  # seconds, the setting's default


class Fast:
    """A clock six times as fast, from nine hours into the day."""

    speed = SPEED

    def __init__(self) -> None:
        self._began = time.monotonic()

    def now(self) -> datetime:
        return OPENS + timedelta(hours=9, seconds=SPEED * (time.monotonic() - self._began))


def a_count(number: int, precinct: int, votes: int, now: datetime) -> CheckIn:
    key = message_id("bench-live", str(number))
    place = PrecinctId(f"P{precinct}")
    return CheckIn(
        check_in_id(key, 0),
        key,
        0,
        Kind.COUNT,
        Channel.SMS,
        place,
        None,
        f"s{precinct}",
        now,
        now,
        now,
        votes,
    )


async def main(precincts: int, rate: int, seconds: int) -> None:
    election = county(precincts)
    before = reports(Tally(election), precincts)
    engine = Engine(Fast(), conflate_seconds=CONFLATE)
    sent: dict[str, float] = {}
    took: list[float] = []
    refits: set[float] = set()

    def told(change: Change) -> None:
        now = time.monotonic()
        if change.whole:  # viewers get a snapshot: it tells of all
            took.extend(now - began for began in sent.values())
            sent.clear()
        for row in change.standings:
            began = sent.pop(row["precinct_id"], None)
            if began is not None:
                took.append(now - began)

    engine.on_change = told
    engine.begin(election)
    running = asyncio.create_task(engine.run())
    await engine.take(before)
    engine.caught_up()
    while engine.edition is None:  # noqa: ASYNC110
        await asyncio.sleep(0.05)
    began, cpu, number = time.monotonic(), time.process_time(), 0
    while (now := time.monotonic()) < began + seconds:
        batch = []
        while number < rate * (now - began):
            precinct = number * 7919 % precincts
            batch.append(a_count(number, precinct, 420 + number // precincts, engine.clock.now()))
            sent.setdefault(f"P{precinct}", time.monotonic())
            number += 1
        if batch:
            await engine.take(batch)
        projection = await engine.ask(lambda _, projection, __: projection.minute)
        refits.add(projection or 0.0)
        await asyncio.sleep(0.01)
    spent = time.process_time() - cpu
    await asyncio.sleep(2)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    cuts = statistics.quantiles(took, n=100)
    print(f"{precincts:,} precincts, {number:,} check-ins at {rate}/s, {len(refits)} refits, "
          f"{len(took):,} told, {len(sent)} not told")  # fmt: skip
    p50, p99, most = 1e3 * cuts[49], 1e3 * cuts[98], 1e3 * max(took)
    print(f"check-in to delta: p50 {p50:.0f} ms, p99 {p99:.0f} ms, most {most:.0f} ms "
          f"(conflation alone: p50 {500 * CONFLATE:.0f}, most {1e3 * CONFLATE:.0f})")  # fmt: skip
    print(f"{1e6 * spent / number:.0f} µs CPU a check-in, refits and aggregates included")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--precincts", type=int, default=10_000)
    parser.add_argument("--rate", type=int, default=500)
    parser.add_argument("--seconds", type=int, default=30)
    arguments = parser.parse_args()
    uvloop.run(main(arguments.precincts, arguments.rate, arguments.seconds))
