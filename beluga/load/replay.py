"""Replays a file of reports through the real webhook of a running stack, on the stack's rehearsal clock.

At full speed the clock stands still at a whole minute while every report received up to that minute is
sent, and moves on only when all of them are acknowledged. So, as of any whole minute, what the stack has
received is exactly what the file had received, and standings can be compared with `beluga project` on the
same file.
"""

import asyncio
import os
import shutil
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby
from pathlib import Path

from beluga.county.county import fictional_phones, write_watchers
from beluga.load.sender import CONNECTIONS, TextSender, WatcherText
from beluga.stack.local_stack import probe
from beluga.stack.stack import RunFile
from election.domain.checkin import Kind
from election.domain.day import Election, Watcher
from election.domain.ids import PrecinctId, WatcherId
from election.domain.roster import roster_of
from election.folder import ReportRow
from election.runtime.clock import FileClock

MINUTE = timedelta(minutes=1)
MADE_UP = "replay-"  # how the ids of made-up watchers begin
PACE_SECONDS = 0.02  # how finely a paced replay looks at the clock
COMMAND = {
    Kind.COUNT: "{precinct} {votes}",
    Kind.FIX: "FIX {precinct} {votes}",
    Kind.FINAL: "FINAL {precinct} {votes}",
}


@dataclass(frozen=True, slots=True)
class Cast:
    """Who sends: a watcher for each precinct that reports. `made_up` of them were not in the folder."""

    phone_of: dict[PrecinctId, str]
    watchers: tuple[Watcher, ...]
    made_up: int


def cast_of(election: Election, reports: Sequence[ReportRow]) -> Cast:
    """The folder's watchers, and made-up ones (always the same) where a precinct that reports has none."""
    phone_of: dict[PrecinctId, str] = {}
    for watcher in election.watchers:
        for precinct in watcher.precinct_ids:
            phone_of.setdefault(precinct, watcher.phone)
    bare = sorted({r.precinct_id for r in reports} - phone_of.keys())
    taken = {phone for w in election.watchers for phone in (w.phone, w.backup_phone)}
    phones = [phone for phone in fictional_phones() if phone not in taken][: len(bare)]
    # With more precincts than phones, some watchers have several; their texts name the precinct anyway.
    shares: list[list[PrecinctId]] = [[] for _ in phones]
    for number, precinct in enumerate(bare):
        shares[number % len(phones)].append(precinct)
        phone_of[precinct] = phones[number % len(phones)]
    made_up = [
        Watcher(
            WatcherId(f"{MADE_UP}{n:05d}"),
            f"Made-up watcher {n}",
            phone,
            election.day.languages[0],
            tuple(own),
        )
        for n, (phone, own) in enumerate(zip(phones, shares, strict=True), start=1)
    ]
    return Cast(phone_of, (*election.watchers, *made_up), len(made_up))


def texts_of(election: Election, reports: Sequence[ReportRow], cast: Cast, run: str) -> list[WatcherText]:
    """The texts of a report file in order of receipt. `run` keeps their ids apart from other replays'."""
    zones = {p.precinct_id: p.zone(election.day) for p in election.precincts}
    texts = []
    for report in sorted(reports, key=lambda r: (r.received_at, r.line)):
        local = report.observed_at.astimezone(zones[report.precinct_id])
        words = COMMAND[report.kind].format(precinct=report.precinct_id, votes=report.votes)
        texts.append(
            WatcherText(
                key=f"{run}-{report.line}",
                at=report.received_at,
                phone=cast.phone_of[report.precinct_id],
                body=f"{words} at {local:%H:%M:%S}",
                sent_at=report.received_at,
            )
        )
    return texts


async def import_cast(folder: Path, cast: Cast, scratch: Path, database_url: str, name: str) -> int:
    """Imports the folder anew with the made-up watchers added; returns the importer's exit status.

    `name`: the election's; another one in the database is not replaced, but watchers made up before may go.
    """
    if scratch.exists():
        shutil.rmtree(scratch)
    shutil.copytree(folder, scratch)
    write_watchers(scratch / "watchers.csv", cast.watchers)
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "beluga", "import", str(scratch), "--confirm", name,
        env=dict(os.environ) | {"BELUGA_DATABASE_URL": database_url},
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.DEVNULL,
    )  # fmt: skip
    return await process.wait()


def minute_of(at: datetime) -> datetime:
    """The first whole minute (UTC) at or after `at`."""
    whole = at.replace(second=0, microsecond=0)
    return whole if whole == at else whole + MINUTE


async def at_full_speed(
    texts: Sequence[WatcherText], sender: TextSender, clock: FileClock, on_progress: Callable[[int], None]
) -> float:
    """Minute by minute, as fast as the stack acknowledges. Returns the seconds it took."""
    limit = asyncio.Semaphore(CONNECTIONS)

    async def send(text: WatcherText) -> None:
        async with limit:
            await sender.send(text)
        on_progress(1)

    began = time.monotonic()
    for minute, batch in groupby(texts, key=lambda t: minute_of(t.at)):
        clock.set(minute, 0.0)
        await asyncio.gather(*(send(text) for text in batch))
    return time.monotonic() - began


async def paced(
    texts: Sequence[WatcherText],
    sender: TextSender,
    clock: FileClock,
    speed: float,
    on_progress: Callable[[int], None],
) -> float:
    """On the clock, `speed` stack seconds a second. Returns the seconds it took."""
    began = time.monotonic()
    if texts:
        clock.set(texts[0].at - MINUTE, speed)
    await as_the_clock_runs(texts, sender, clock, on_progress)
    return time.monotonic() - began


async def as_the_clock_runs(
    texts: Sequence[WatcherText],
    sender: TextSender,
    clock: FileClock,
    on_progress: Callable[[int], None] = lambda _: None,
    *,
    as_sent: Callable[[WatcherText], WatcherText] = lambda text: text,
) -> None:
    """Sends each text when the stack's clock reaches it; returns when all are done with.

    `as_sent`: what it has become by then.
    """
    limit = asyncio.Semaphore(CONNECTIONS)

    async def send(text: WatcherText) -> None:
        async with limit:
            await sender.send(text)
        on_progress(1)

    async with asyncio.TaskGroup() as group:
        for text in texts:
            while clock.now() < text.at:  # noqa: ASYNC110 (a clock in a file wakes nobody)
                await asyncio.sleep(PACE_SECONDS)
            group.create_task(send(as_sent(text)))


async def roster_in_force(state: Path, run: RunFile, election: Election, patience: float = 30.0) -> bool:
    """Waits until intake reads with the roster of `election`; False when that takes over `patience` s."""
    version = roster_of(election).version
    current = state / "intake" / "current"  # intake writes it as it takes a roster into use
    deadline = time.monotonic() + patience
    while time.monotonic() < deadline:
        if current.exists() and current.read_text().strip() == version:
            # Answering this, its event loop has passed the point where it was told of the file.
            return (await asyncio.to_thread(probe, f"{run.urls['intake']}/healthz"))[0] == 200
        await asyncio.sleep(0.1)
    return False
