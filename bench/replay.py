"""The end-to-end figures of the whole stack, beside a no-op webhook under the same load.

`python -m bench.replay [--precincts 1000] [--reports 12000]`. Starts a stack of its own, replays reports at
full speed minute by minute, and follows the feed meanwhile. Prints acknowledged reports a second, the
webhook's p50 and p99, check-in to feed p50 and p99, the same load on a bare aiohttp handler, the stack's
memory when idle (PSS) and the seconds until it was ready. Targets: 500/s, p99 250 ms, feed p99 1 s, 600 MB.
"""

import argparse
import asyncio
import contextlib
import re
import shutil
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterable
from datetime import timedelta
from pathlib import Path
from typing import Any

import orjson
from aiohttp import web
from websockets.asyncio.client import connect

from beluga.county.county import write_county
from beluga.county.ground_truth import ground_truth
from beluga.load.replay import at_full_speed
from beluga.load.sender import TextSender, WatcherText
from beluga.proof.laws import Witnesses, check_laws
from beluga.stack.ports import free_port_base
from beluga.stack.process import StackProcess
from beluga.stack.stack import RunFile, secrets_of
from election.access.identity import machine
from election.access.tokens import Tokens
from election.runtime.clock import FileClock

PER_MINUTE = 60  # reports received in one minute of the day, about what 18,858 precincts at 30 % watched send


def texts(county, day, count: int) -> list[WatcherText]:
    """Reports of the watched precincts in turn, `PER_MINUTE` a minute."""
    index = {p.precinct_id: i for i, p in enumerate(county.election.precincts)}
    posts = [(w.phone, w.precinct_ids[0]) for w in county.election.watchers]
    found = []
    for n in range(count):
        at = day.opens + timedelta(minutes=10 + n // PER_MINUTE, seconds=n % PER_MINUTE * 60 / PER_MINUTE)
        phone, precinct = posts[n % len(posts)]
        found.append(
            WatcherText(f"bench-{n}", at, phone, f"{precinct} {day.votes(index[precinct], at)}", sent_at=at)
        )
    return found


async def follow(
    run: RunFile, secret: str, sent: dict[str, list[tuple[float, float]]], seconds: list[float]
) -> None:
    """Notes when the feed first shows a precinct's word of at least the minute in which it was sent."""
    token = Tokens(secret).sign("feed", machine("bench", "staff").claims())
    async with connect(f"{run.urls['feed']}/?token={token}", max_size=None) as feed:
        async for content in feed:
            now = time.monotonic()
            for precinct, received in _words(orjson.loads(content)):
                waiting = sent[precinct]
                while waiting and received and received >= waiting[0][0] - 0.5:
                    seconds.append(now - waiting.pop(0)[1])


def _words(message: dict[str, Any]) -> Iterable[tuple[str, float | None]]:
    """(precinct, when its last word came) of all that a message shows, in a delta or in a whole snapshot."""
    if message["type"] == "delta":
        return ((row["precinct_id"], row["last_received_at"]) for row in message["standings"])
    if message["type"] == "snapshot":
        columns = message["standings"]
        return zip(columns["precinct_id"], columns["last_received_at"], strict=True)
    return ()


class Timed(TextSender):
    """Notes when each acknowledged text was sent off, for the feed's reader to compare with."""

    sent: dict[str, list[tuple[float, float]]]
    clock: FileClock

    async def send(self, text: WatcherText) -> str | None:
        self.sent[text.body.split()[0]].append((self.clock.now().timestamp(), time.monotonic()))
        return await super().send(text)


async def no_op(secrets: dict[str, str], load: list[WatcherText], clock: FileClock) -> TextSender:
    """The same load on a handler that reads the body and answers, in a process of its own."""
    import sys

    port = free_port_base()
    process = await asyncio.create_subprocess_exec(sys.executable, "-m", "bench.replay", "--serve", str(port))
    try:
        async with TextSender(f"http://127.0.0.1:{port}", f"http://127.0.0.1:{port}", secrets) as sender:
            await sender.send(load[0])
            sender.record.seconds.clear()
            began = time.monotonic()
            await at_full_speed(load, sender, clock, lambda _: None)
            sender.took = time.monotonic() - began
            return sender
    finally:
        process.terminate()
        await process.wait()


def serve(port: int) -> None:
    async def answer(request: web.Request) -> web.Response:
        await request.read()
        return web.json_response({"reply": ""})

    app = web.Application()
    app.router.add_post("/sms/generic", answer)
    web.run_app(app, host="127.0.0.1", port=port, print=None, access_log=None)


def memory_mb(run: RunFile) -> dict[str, float]:
    """Proportional set size of every process of the stack, PostgreSQL's children included."""
    found: dict[str, float] = {}
    for name, pid in {"supervisor": run.pid, **run.pids}.items():
        pids = [pid]
        for one in pids:
            for children in Path(f"/proc/{one}/task").glob("*/children"):
                pids += [int(c) for c in children.read_text().split() if name != "supervisor"]
        total = 0
        for one in pids:
            with contextlib.suppress(OSError):
                rollup = Path(f"/proc/{one}/smaps_rollup").read_text()
                total += int(re.search(r"^Pss:\s+(\d+)", rollup, re.M)[1])
        found[name] = total / 1024
    return found


async def main(precincts: int, reports: int) -> None:
    folder = Path(tempfile.mkdtemp(prefix="beluga-bench-"))
    folder.chmod(0o711)
    county = write_county(folder / "election", 1, precincts)
    day = ground_truth(county, 1)
    load = texts(county, day, reports)
    options = ["--election", str(folder / "election"), "--clock", day.opens.isoformat(), "--speed", "0"]
    base = free_port_base()
    await _once(StackProcess(folder / "state", base, *options))
    stack = StackProcess(folder / "state", base, "--clock", day.opens.isoformat(), "--speed", "0")
    try:
        began = time.monotonic()
        run = await stack.start()
        ready = time.monotonic() - began
        await asyncio.sleep(3)
        memory = memory_mb(run)
        secrets = secrets_of(stack.state)
        clock = FileClock(Path(run.clock_file))
        sent, seconds = defaultdict(list), []
        reader = asyncio.create_task(follow(run, secrets["secret"], sent, seconds))
        async with Timed(run.urls["intake"], run.urls["intake"], secrets) as sender:
            sender.sent, sender.clock = sent, clock
            took = await at_full_speed(load, sender, clock, lambda _: None)
            witnesses = Witnesses(run.database_url, run.urls["tally"], secrets["secret"])
            verdict = await check_laws(sender.record.acknowledged, {t.message_id for t in load}, witnesses)
        await asyncio.sleep(1)
        reader.cancel()
        bare = await no_op(secrets, load[: reports // 3], clock)
    finally:
        await stack.stop()
    shutil.rmtree(folder)
    seconds.sort()
    rate, base_rate = len(load) / took, len(load) // 3 / bare.took
    record = sender.record
    print(f"{precincts} precincts, {reports} reports, {PER_MINUTE} a minute of the day")
    for name, its, speed in (("whole stack", record, rate), ("no-op webhook", bare.record, base_rate)):
        p50, p99 = its.percentile(0.5), its.percentile(0.99)
        print(f"{name:14} {speed:7.0f}/s   p50 {p50:5.0f} ms   p99 {p99:5.0f} ms")
    print(f"of the no-op: {rate / base_rate:.2f}")
    p50, p99 = seconds[len(seconds) // 2], seconds[int(len(seconds) * 0.99)]
    print(f"check-in to feed: p50 {p50:.2f} s   p99 {p99:.2f} s   ({len(seconds)} of {reports} seen)")
    parts = ", ".join(f"{name} {mb:.0f}" for name, mb in memory.items())
    print(f"idle memory {sum(memory.values()):.0f} MB PSS ({parts}); ready in {ready:.1f} s")
    print(verdict.line())


async def _once(stack: StackProcess) -> None:
    await stack.start()
    await stack.stop()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--precincts", type=int, default=1000)
    parser.add_argument("--reports", type=int, default=12_000)
    parser.add_argument("--serve", type=int, help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.serve:
        serve(chosen.serve)
    else:
        asyncio.run(main(chosen.precincts, chosen.reports))
