"""The war room's board in a real browser: first useful paint, repaint, long tasks, memory; and its viewers.

`python -m bench.board [--precincts 1700] [--counties 1] [--county NAME] [--election FOLDER] [--seconds 20]
[--deltas 0] [--viewers 0]`. A real dashboard process and the tally's real feed, one delta a second; Chromium
through Playwright. With `--election` the precincts of that folder, else jagged cells with made-up standings.
`--county "County 000"` opens one county's precincts, however many they are.

- first list, first map: milliseconds from the click on the address until rows and coloured shapes were drawn;
  then how much later Dash had taken the page over, and how much the layout moved within 100 ms of that
- repaint: every precinct changed at once, all tiles and the map, without the browser's own drawing
- long tasks: of the last `--seconds` at one delta a second, in milliseconds
- memory: of the page after garbage collection, before, halfway through and after `--deltas` deltas, sent as
  fast as the page takes them (50,400 at one a second are a 14-hour day)
- viewers: CPU of the dashboard and of the feed at 1 Hz, then seconds until all are back after the feed died
"""

import argparse
import asyncio
import math
import os
import random
import secrets
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, date, datetime
from datetime import time as wall
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import aiohttp
import asyncpg
import numpy as np
from playwright.async_api import Page, async_playwright
from prometheus_client import CollectorRegistry
from pydantic import SecretStr

from beluga.stack.ports import free_port
from beluga.stack.postgres import EmbeddedPostgres
from bench._ground import until_ready
from bench.viewers import crowd
from election.access import accounts
from election.access.accounts import Role
from election.access.identity import Admission
from election.access.tokens import Tokens
from election.domain.day import Election, ElectionDay, Precinct, Watcher
from election.domain.ids import PrecinctId, WatcherId
from election.folder import read_election
from election.postgres.database import connect
from election.postgres.election_store import save_election
from election.postgres.migrate import migrate
from election.wire.feed import Aggregate, PrecinctState, Standing
from tally.board.edition import Edition, PendingUpdate, aggregate_row
from tally.feed.server import Feed
from tally.packed.columns import Texts
from tally.settings import TallySettings
from tally.standing.rounding import Columns, Row, columns_of_standings

SECRET = "b" * 40
PASSWORD = "correct horse battery"
SIDE = 6  # points on each side of a made-up precinct's border
CHANGED = 20  # standings in a delta
LONG_TASKS = """(() => { window.longTasks = [];
new PerformanceObserver((list) => { for (const e of list.getEntries()) window.longTasks.push(e.duration); })
.observe({ type: "longtask", buffered: true });
window.shifts = [];
new PerformanceObserver((list) => {
  for (const e of list.getEntries()) window.shifts.push([e.startTime, e.value]);
})
.observe({ type: "layout-shift", buffered: true }); })()"""
TAKEN = """[beluga.taken, shifts.filter(([at]) => Math.abs(at - beluga.taken) < 100)
  .reduce((sum, [, by]) => sum + by, 0)]"""
REPAINT = """async () => {
  const board = beluga.board, times = [];
  for (let turn = 0; turn < 12; turn += 1) {
    for (const s of board.standings.values()) {
      s.gap = Math.sin(turn + s.shortfall); s.p_lagging = Math.abs(Math.cos(turn * s.shortfall));
      s.shortfall += 1; s.last_observed_at += 60;
    }
    const before = beluga.paints;
    board.everything();
    while (beluga.paints === before) await new Promise((done) => setTimeout(done, 20));
    times.push(beluga.paintMs);
  }
  return times;
}"""


def made_up(precincts: int, counties: int) -> Election:
    """Cells of a grid whose borders wander, shared by neighbours; every third one is watched."""
    columns = math.ceil(math.sqrt(precincts * 1.3))

    def corner(x: int, y: int) -> tuple[float, float]:
        r = random.Random(x * 100_003 + y)
        return -77 + 0.02 * (x + 0.3 * r.random()), 40 - 0.015 * (y + 0.3 * r.random())

    def side(a: tuple[int, int], b: tuple[int, int]) -> list[list[float]]:
        first, last = sorted((a, b))
        r = random.Random(f"{first}{last}")
        (x0, y0), (x1, y1) = corner(*first), corner(*last)
        points = [
            [round(x0 + (x1 - x0) * i / SIDE + 0.001 * r.random(), 5),
             round(y0 + (y1 - y0) * i / SIDE + 0.001 * r.random(), 5)]
            for i in range(1, SIDE)
        ]  # fmt: skip
        return [list(corner(*a)), *(points if first == a else points[::-1])]

    def cell(i: int) -> dict[str, Any]:
        x, y = i % columns, i // columns
        corners = [(x, y), (x + 1, y), (x + 1, y + 1), (x, y + 1)]
        ring = [
            point for a, b in zip(corners, [*corners[1:], corners[0]], strict=True) for point in side(a, b)
        ]
        return {"type": "Polygon", "coordinates": [[*ring, ring[0]]]}

    ids = [PrecinctId(f"{1 + i // 100:03d}-{i % 100:02d}") for i in range(precincts)]
    return Election(
        day=ElectionDay("Benchmark", date(2026, 11, 3), "America/New_York", wall(7), wall(20)),
        precincts=tuple(
            Precinct(p, f"Precinct {p}", 800 + i % 900, county=f"County {i * counties // precincts:03d}")
            for i, p in enumerate(ids)
        ),
        watchers=tuple(
            Watcher(WatcherId(f"w{i}"), f"Watcher {i}", f"+1215{i:07d}", "en", (p,))
            for i, p in enumerate(ids[::3])
        ),
        geometry={p: cell(i) for i, p in enumerate(ids)},
    )


class Day:
    """A source for the feed: made-up standings of an election's precincts, some of which change each turn."""

    engine_id = "bench"
    stored_behind = 0.0

    def __init__(self, election: Election) -> None:
        self._election = election
        self._random = random.Random(7)
        infos: Columns = {
            "precinct_id": [p.precinct_id for p in election.precincts],
            "name": [p.name for p in election.precincts],
            "county": Texts(p.county for p in election.precincts),
            "registered": [p.registered for p in election.precincts],
            "opens_at": [int(p.opens_at(election.day).timestamp()) for p in election.precincts],
            "closes_at": [int(p.closes_at(election.day).timestamp()) for p in election.precincts],
            "timezone": [p.timezone or election.day.timezone for p in election.precincts],
        }
        standings = [self._standing(p) for p in election.precincts]
        self.edition: Edition | None = Edition(infos, columns_of_standings(standings))
        self.edition.aggregates = {a["scope"]: a for a in self._aggregates()}

    def _standing(self, p: Precinct) -> Standing:
        r, now = self._random, time.time()
        state = r.choices(list(PrecinctState), (5, 10, 45, 35, 5, 0))[0]
        expected, gap = p.registered * 0.5, r.gauss(0, 0.12)
        final, silent = expected * math.exp(gap), state is PrecinctState.SILENT
        return Standing(
            precinct_id=p.precinct_id, state=state, reports=0 if silent else 3,
            last_votes=None if silent else int(final * 0.4),
            last_observed_at=None if silent else int(now - r.randrange(3600)),
            last_received_at=None if silent and r.random() < 0.5 else int(now - r.randrange(9000)),
            expected_now=expected * 0.4, expected_final=expected, projected_final=final, lo80=final * 0.9,
            hi80=final * 1.1, lo95=final * 0.85, hi95=final * 1.15, p_lagging=r.random(),
            shortfall=max(0.0, expected - final), gap=gap,
        )  # fmt: skip

    def _aggregates(self) -> list[Row]:
        groups: dict[str, list[Row]] = {}
        assert self.edition is not None
        for precinct, row in zip(self._election.precincts, self.edition.rows(), strict=True):
            for scope in ("all", f"county:{precinct.county}"):
                groups.setdefault(scope, []).append(row)
        return [aggregate_row(_sum(scope, rows)) for scope, rows in groups.items()]

    def clock_row(self) -> Row:
        return {"now": time.time(), "speed": 1.0}

    def hello(self) -> Row:
        return {"type": "hello", "v": 1, "engine": self.engine_id, "timezone": self._election.day.timezone,
                "election": "Benchmark", "date": "2026-11-03", "clock": self.clock_row()}  # fmt: skip

    def move(self) -> Any:
        """Some precincts change, and the totals with them."""
        assert self.edition is not None
        size = len(self.edition)
        chosen = np.array(self._random.sample(range(size), min(CHANGED, size)))
        fresh = [self._standing(self._election.precincts[i]) for i in chosen.tolist()]
        total = self.edition.aggregates["all"] | {"counted": self._random.randrange(10**6)}
        return self.edition.advance(PendingUpdate(time.time(), chosen, columns_of_standings(fresh), [total]))


def _sum(scope: str, rows: list[Row]) -> Aggregate:
    reporting = [r for r in rows if r["reports"]]
    final, expected = sum(r["projected_final"] for r in rows), sum(r["expected_final"] for r in rows)
    return Aggregate(
        scope=scope, precincts=len(rows), reporting=len(reporting),
        silent=sum(r["state"] == "silent" for r in rows), lagging=sum(r["state"] == "lagging" for r in rows),
        coverage=len(reporting) / len(rows), counted=sum(r["last_votes"] or 0 for r in rows),
        expected_final=expected, projected_final=final,
        lo80=final * 0.97, hi80=final * 1.03, lo95=final * 0.95, hi95=final * 1.05,
    )  # fmt: skip


@asynccontextmanager
async def room(election: Election, feed_port: int) -> AsyncIterator[tuple[str, int]]:
    """A dashboard of this election: its address and process id."""
    with tempfile.TemporaryDirectory() as scratch:
        state = Path(scratch)
        server = EmbeddedPostgres(state / "postgres", free_port(), secrets.token_hex(8))
        server.start()
        dashboard: subprocess.Popen[bytes] | None = None
        try:
            admin = await asyncpg.connect(server.url_of("postgres"))
            await admin.execute("create database beluga")
            await admin.close()
            connection = await connect(server.url_of("beluga"))
            await migrate(connection)
            async with connection.transaction():
                await save_election(connection, election)
            await accounts.add(connection, "sam", Role.STAFF, PASSWORD)
            await connection.close()
            port = free_port()
            environment = os.environ | {
                "BELUGA_DATABASE_URL": server.url_of("beluga"), "BELUGA_STATE": str(state),
                "BELUGA_SECRET": SECRET, "BELUGA_DASHBOARD_PORT": str(port), "BELUGA_LOG_LEVEL": "error",
                "BELUGA_FEED_PORT": str(feed_port), "BELUGA_FEED_URL": f"ws://127.0.0.1:{feed_port}",
            }  # fmt: skip
            command = [sys.executable, "-m", "dashboard"]
            dashboard = subprocess.Popen(command, env=environment)  # noqa: ASYNC220
            url = f"http://127.0.0.1:{port}"
            async with aiohttp.ClientSession() as session:
                await until_ready(session, url)
            yield url, dashboard.pid
        finally:
            if dashboard:
                dashboard.terminate()
                dashboard.wait(10)
            server.stop()


async def until(page: Page, truth: str, seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not await page.evaluate(f"Boolean({truth})"):
        if time.monotonic() > deadline:
            raise TimeoutError(truth)
        await asyncio.sleep(0.02)


async def heap(page: Page) -> float:
    """Megabytes of the page's JavaScript after collecting garbage."""
    devtools = await page.context.new_cdp_session(page)
    await devtools.send("HeapProfiler.collectGarbage")
    used = (await devtools.send("Runtime.getHeapUsage"))["usedSize"] / 1e6
    await devtools.detach()
    return float(used)


async def watch(url: str, feed: Feed, day: Day, asked: argparse.Namespace) -> None:
    """Everything about one board."""
    seconds, deltas, county = asked.seconds, asked.deltas, asked.county
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path="/usr/bin/chromium", args=["--no-sandbox", "--disable-gpu"]
        )
        context = await browser.new_context(viewport={"width": 1366, "height": 768})
        page = await context.new_page()
        await page.goto(f"{url}/login")
        await page.fill("#login", "sam")
        await page.fill("#password", PASSWORD)
        await page.click("button[type=submit]")
        cookies = await context.storage_state()
        await until(page, "window.beluga?.firstMap")
        await context.close()
        for name in ("cold cache", "again"):  # the server is warm, this browser is not; then it is
            if name == "cold cache":
                context = await browser.new_context(
                    viewport={"width": 1366, "height": 768}, storage_state=cookies
                )
                await context.add_init_script(LONG_TASKS)
                page = await context.new_page()
            await page.goto(f"{url}/?{urlencode({'county': county})}" if county else url)
            await until(page, "window.beluga?.firstMap && beluga.firstPaint")
            rows, shapes = await page.evaluate("[beluga.firstPaint, beluga.firstMap]")
            await until(page, "beluga.taken")
            taken, moved = await page.evaluate(TAKEN)
            print(f"first useful paint, {name}: list {rows:.0f} ms, map {shapes:.0f} ms")
            print(f"taken over by Dash {taken - rows:.0f} ms after the list; layout shift then {moved:.4f}")
        times = sorted(await page.evaluate(REPAINT))
        print(f"repaint of everything: p50 {times[len(times) // 2]:.0f} ms, slowest {times[-1]:.0f} ms")
        await asyncio.sleep(2)
        await page.evaluate("longTasks.length = 0")
        for _ in range(seconds):
            feed.publish(day.move())
            await asyncio.sleep(1)
        tasks = await page.evaluate("longTasks")
        longest = max(tasks, default=0)
        print(f"long tasks in {seconds} s at 1 Hz: {len(tasks)} over 50 ms, longest {longest:.0f} ms")
        if deltas:
            sizes = [await heap(page)]
            for n in range(deltas):
                if n == deltas // 2:
                    sizes.append(await heap(page))
                feed.publish(day.move())
                await asyncio.sleep(0.002)
                if n % 200 == 0:  # the page must keep up, or it is sent a snapshot instead
                    await until(page, f"beluga.seq >= {day.edition.seq if day.edition else 0} - 400")
            await asyncio.sleep(2)
            nodes = await page.evaluate("document.querySelectorAll('*').length")
            told = " → ".join(f"{size:.1f}" for size in [*sizes, await heap(page)])
            print(f"memory before, halfway through and after {deltas} deltas: {told} MB, {nodes} elements")
        await browser.close()


async def main(asked: argparse.Namespace) -> None:
    election = read_election(asked.election) if asked.election else made_up(asked.precincts, asked.counties)
    counties = len({p.county for p in election.precincts})
    print(f"{len(election.precincts):,} precincts in {counties} counties, {datetime.now(UTC):%H:%M} UTC, "
          f"load {os.getloadavg()[0]:.1f}")  # fmt: skip
    day = Day(election)
    settings = TallySettings(secret=SecretStr(SECRET), feed_port=free_port())
    tokens = Tokens(SECRET)
    feed = Feed(day, Admission(tokens), settings, CollectorRegistry())
    async with feed.serving() as port, room(election, port) as (url, pid):
        if asked.seconds:
            await watch(url, feed, day, asked)
        if asked.viewers:
            await crowd(
                asked.viewers, url, pid, port, lambda: feed.publish(day.move()), feed.restart, PASSWORD
            )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--precincts", type=int, default=1_700)
    parser.add_argument("--counties", type=int, default=1)
    parser.add_argument("--county", default="")
    parser.add_argument("--election", type=Path)
    parser.add_argument("--seconds", type=int, default=20)
    parser.add_argument("--deltas", type=int, default=0)
    parser.add_argument("--viewers", type=int, default=0)
    asyncio.run(main(parser.parse_args()))
