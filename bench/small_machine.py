"""The whole stack on one core and 1 GiB, everybody at once, the load on another core.

    python -m bench.small_machine [--seconds 600] [--rate 1000] [--precincts 1000] [--boards 20] ...

A made-up county is imported, its war room's boards follow, callers call, and its watchers text rising counts
at a steady rate, signed, each due whatever became of the ones before. Prints, beside its goal:

    idle             proportional memory (PSS) of all processes, some time after the start, nobody there yet
    peak             the same, at most, while everybody is there
    refused          texts and calls that were not taken
    webhook p99      from when a text was due to its acknowledgement
    board p99        from when a new count was due until a board has it
    lost             acknowledged, and not in the database at the end

Held by a control group where one can be made (else memory is only measured, which it says), and to one core
by the affinity of processes. Exit status 1 if a goal is missed; 2 where the load itself came late (a busy
machine).
"""

import argparse
import asyncio
import contextlib
import os
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

import asyncpg
import uvloop
from websockets.asyncio.client import connect

from beluga.county.county import DAY, LANGUAGES, County, make_county, write_folder
from beluga.load.demo_callers import DemoCallers
from beluga.load.latency import Latencies
from beluga.load.sender import TextSender, WatcherText
from beluga.load.surge import SurgeResult, surge
from beluga.stack.ports import free_port_base
from beluga.stack.process import StackProcess
from beluga.stack.stack import RunFile, secrets_of
from bench._cell import Cell, cell, pss_mib
from bench._ground import work_folder
from election.access.identity import machine
from election.access.tokens import Tokens
from election.domain.day import Caller
from election.domain.ids import CallerId
from election.feed_client.connection import follow_feed
from election.feed_client.view import FeedView, RowReader
from election.runtime.clock import SystemClock

MEMORY_MIB = 1_024
NOON = datetime.combine(DAY.date, DAY.opens).replace(hour=12)
LATE = 0.25  # seconds of the generator's own, beyond which nothing is judged
EACH_COUNT = 12  # texts of a watcher with the same number, before the next
LONGEST_DRAIN = 120.0  # seconds for the database to hold what was acknowledged
GOALS = {"idle": 260.0, "peak": 700.0, "webhook p99": 0.250, "board p99": 1.0, "refused": 0, "lost": 0}


@dataclass
class Counts:
    """What watchers text, and which new counts a board has not shown yet."""

    county: County
    began: float = 0.0  # monotonic
    rate: float = 0.0
    shown: Latencies = field(default_factory=Latencies)
    waiting: dict[str, tuple[int, float]] = field(default_factory=dict)

    def texts(self) -> Iterator[WatcherText]:
        """Rising counts, each watcher in turn."""
        clock = SystemClock()
        single = [w for w in self.county.election.watchers if len(w.precinct_ids) == 1]
        for n in range(sys.maxsize):
            turn, at = divmod(n, len(single))
            watcher, votes = single[at], 10 + (turn + at) // EACH_COUNT
            due = self.began + n / self.rate
            if turn and (turn + at) % EACH_COUNT == 0:
                self.waiting.setdefault(watcher.precinct_ids[0], (votes, due))
            yield WatcherText(f"small-{n}", clock.now(), watcher.phone, str(votes))

    async def look(self, view: FeedView[Any, Any]) -> None:
        """Notes when the board has what was sent."""
        while True:
            await view.changed.wait()
            view.changed.clear()
            now = time.monotonic()
            for place, (votes, due) in list(self.waiting.items()):
                if (view.standings.get(place, {}).get("last_votes") or 0) >= votes:
                    self.shown.record(now - due)
                    del self.waiting[place]


def a_county(precincts: int, callers: int) -> County:
    """A made-up county with so many callers."""
    people = [
        Caller(CallerId(f"bench-{n}"), f"Caller {n}", f"caller{n}@example.org", LANGUAGES)
        for n in range(callers)
    ]
    return replace(make_county(1, precincts), callers=tuple(people))


async def read_all(url: str, tokens: Tokens) -> None:
    """A board that takes every message and does nothing with it."""
    token = tokens.sign("feed", machine("bench", "staff").claims())
    async with connect(f"{url}?token={token}", max_size=None) as socket:
        async for _ in socket:
            pass


async def watch_memory(pid: int, peak: dict[str, float]) -> None:
    """Keeps the largest sum, by process."""
    while True:
        now = await asyncio.to_thread(pss_mib, pid)
        if sum(now.values()) > sum(peak.values()):
            peak.clear()
            peak.update(now)
        await asyncio.sleep(2.0)


@dataclass
class Outcome:
    """What came of it."""

    result: SurgeResult
    counts: Counts
    callers: DemoCallers
    idle: dict[str, float]
    peak: dict[str, float]
    stored: int
    counted_mib: float | None

    def figures(self) -> dict[str, float]:
        refused = sum(self.result.refusals.values()) + self.result.given_up
        return {
            "idle": sum(self.idle.values()),
            "peak": sum(self.peak.values()),
            "webhook p99": self.result.latencies.within(0.99),
            "board p99": self.counts.shown.within(0.99),
            "refused": refused + sum(self.callers.errors.values()),
            "lost": len(self.result.acknowledged) - self.stored,
        }

    def report(self) -> bool:
        """Prints it all; whether every goal was reached."""
        print(self.result.report())
        print(f"new counts on a board: {self.counts.shown.count}, {self.counts.shown.line()}; "
              f"never shown {len(self.counts.waiting)}")  # fmt: skip
        print(f"calls {sum(self.callers.done.values())}, failed {dict(self.callers.errors)}")
        for name, found in (("idle", self.idle), ("peak", self.peak)):
            print(f"{name}: " + ", ".join(f"{what} {mib:.0f}" for what, mib in sorted(found.items())))
        if self.counted_mib is not None:
            print(f"the control group counted {self.counted_mib:.0f} MiB at most, files in memory included")
        reached = True
        for name, value in self.figures().items():
            kept = value <= GOALS[name]
            reached = reached and kept
            unit = "MiB" if name in {"idle", "peak"} else "s" if "p99" in name else ""
            words = f"{value:.3f}" if unit == "s" else f"{value:.0f}"
            print(f"{name:<12} {words:>9} {unit:<4} goal {GOALS[name]:g}  {'kept' if kept else 'MISSED'}")
        return reached


async def load(run: RunFile, options: argparse.Namespace, counts: Counts, secrets: dict[str, str]) -> Outcome:
    """Everybody at once, on the stack that `run` names."""
    await asyncio.sleep(options.idle)
    idle = pss_mib(run.pid)
    tokens, peak = Tokens(secrets["secret"]), dict[str, float]()
    board: FeedView[Any, Any] = FeedView(RowReader(lambda row: row), RowReader(lambda _: None))
    callers = DemoCallers(run.urls["callers"], secrets["secret"], SystemClock(), seed=1)
    work = [
        follow_feed(board, run.urls["feed"] + "/feed", tokens, "bench", role="staff"), counts.look(board),
        callers.work([str(c.caller_id) for c in counts.county.callers]), watch_memory(run.pid, peak),
        *(read_all(run.urls["feed"] + "/feed", tokens) for _ in range(options.boards - 1)),
    ]  # fmt: skip
    tasks = [asyncio.create_task(each) for each in work]
    async with TextSender(run.urls["intake"], run.urls["intake"], secrets) as sender:
        counts.rate, counts.began = options.rate, time.monotonic()
        result = await surge(sender, counts.texts(), options.rate, options.seconds)
    stored = await until_stored(run.database_url, len(result.acknowledged))
    for task in tasks:
        if task.done() and not task.cancelled() and (error := task.exception()):
            print(f"a task of the load ended early: {error!r}", file=sys.stderr)
    running = set(tasks)
    while running:  # again and again: a library may swallow a cancellation
        for task in running:
            task.cancel()
        _, running = await asyncio.wait(running, timeout=1.0)
    return Outcome(result, counts, callers, idle, peak, stored, None)


async def until_stored(url: str, wanted: int) -> int:
    """How many texts the database holds, once it holds so many or the time is up."""
    connection = await asyncpg.connect(url)
    deadline, began = time.monotonic() + LONGEST_DRAIN, time.monotonic()
    try:
        while True:
            found: int = await connection.fetchval("select count(*) from messages where provider = 'generic'")
            if found >= wanted or time.monotonic() > deadline:
                print(f"stored {found}, {time.monotonic() - began:.1f} s after the last acknowledgement")
                return found
            await asyncio.sleep(1.0)
    finally:
        await connection.close()


async def main(options: argparse.Namespace) -> int:
    cores = sorted(os.sched_getaffinity(0))
    with work_folder() as folder, cell(MEMORY_MIB) as held:
        county = a_county(options.precincts, options.callers)
        write_folder(folder / "county", county)
        print(
            f"{held.words}; the stack on core {cores[0]} of {len(cores)}, the load on {cores[-1]}", flush=True
        )
        stack = StackProcess(
            folder / "stack", free_port_base(), "--election", str(folder / "county"),
            "--clock", NOON.isoformat(), env={"BELUGA_PHONE_TEXTS_PER_MINUTE": "0"},
        )  # fmt: skip
        async with contextlib.AsyncExitStack() as closing:
            closing.push_async_callback(stack.stop)
            run = await start(stack, held, cores)
            outcome = await load(run, options, Counts(county), secrets_of(folder / "stack"))
            outcome.counted_mib = held.peak_mib()
        reached = outcome.report()
    if not reached and outcome.result.latest_start > LATE:
        print(f"not judged: the load itself was up to {outcome.result.latest_start:.2f} s late")
        return 2
    return int(not reached)


async def start(stack: StackProcess, held: Cell, cores: list[int]) -> RunFile:
    """Starts it within its cell; this process goes to the other core."""
    os.sched_setaffinity(0, {cores[0]})
    held.enter()
    try:
        return await stack.start()
    finally:
        held.leave()
        os.sched_setaffinity(0, {cores[-1]})


if __name__ == "__main__":
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seconds", type=float, default=600.0)
    parser.add_argument("--rate", type=float, default=1_000.0)
    parser.add_argument("--precincts", type=int, default=1_000)
    parser.add_argument("--boards", type=int, default=20)
    parser.add_argument("--callers", type=int, default=50)
    parser.add_argument("--idle", type=float, default=90.0, help="seconds from the start to the idle figure")
    sys.exit(uvloop.run(main(parser.parse_args())))
