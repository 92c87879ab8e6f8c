"""Open-loop load through intake's real doors (`chaos.load.routes`), recorded attempt by attempt.

Text n is due at n / rate whatever became of the ones before, and its latency counts from then (a stalled
stack cannot slow its own examiner). What is not acknowledged is sent again under the same id, as a provider
does. The load is bounded in number and in time.
"""

import asyncio
import random
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp

from chaos.judge.history import EventHistory, Op
from chaos.load.routes import DeliveryRoute, Planned

MOST_TEXTS = 60_000
MOST_RATE = 2_000.0  # texts a second
MOST_SECONDS = 1_800.0
MOST_UNDER_WAY = 4_000
HOLD_SECONDS = 0.1  # between looks whether a silent provider speaks again
REQUEST_SECONDS = 15.0  # what Twilio waits for an answer
PAUSES = (0.1, 1.0)  # s before a text is sent again: the first pause, and the longest
POISON = "12\u0000\u0007\ufffe \u202e" + "x" * 1_500  # what no database likes


@dataclass(frozen=True, slots=True)
class LoadWatcher:
    """Who texts about which precinct."""

    phone: str
    precinct: str
    watcher_id: str = ""


@dataclass(frozen=True, slots=True)
class Mix:
    """What the load is made of. Shares are 0..1 of the texts; `late_hours` puts sending times back."""

    duplicated: float = 0.0  # delivered again, at the same time or later
    shuffled: bool = False
    late_hours: float = 0.0
    forged: float = 0.0  # a wrong signature: must be refused
    replayed: float = 0.0  # a right signature of an hour ago: must be refused
    poison: float = 0.0  # words that no database likes: must be kept and hold up nobody
    counts: bool = False  # counts alone, as the form sends them


@dataclass(slots=True)
class Load:
    """What is sent, at which rate. `plan()` is the same for the same seed."""

    rate: float
    seconds: float
    watchers: Sequence[LoadWatcher]
    seed: int = 1
    mix: Mix = field(default_factory=Mix)
    run: str = "surge"  # keeps the ids of runs apart
    began: float = 0.0  # stack time, epoch seconds
    speed: float = 1.0  # stack seconds a second

    def __post_init__(self) -> None:
        if not (0 < self.rate <= MOST_RATE and 0 < self.seconds <= MOST_SECONDS):
            raise ValueError(f"choose a rate up to {MOST_RATE:g}/s and up to {MOST_SECONDS:g} s")
        if self.rate * self.seconds > MOST_TEXTS:
            raise ValueError(f"that is more than {MOST_TEXTS} texts")
        if not self.watchers:
            raise ValueError("nobody is there to text: the election has no watchers")

    def plan(self) -> list[Planned]:
        """All deliveries in the order in which they are due."""
        chance = random.Random(f"{self.run} {self.seed}")
        votes: dict[str, int] = {}
        made: list[Planned] = []
        for n in range(max(1, int(self.rate * self.seconds))):
            watcher = self.watchers[n % len(self.watchers)]
            due = n / self.rate
            kind = self._kind(chance)
            sent = self.began + due * self.speed - self.mix.late_hours * 3600 * chance.random()
            words = POISON if kind == "poison" else _words(watcher, votes, chance, self.mix.counts)
            key = f"{self.run}-{self.seed}-{n}"
            planned = Planned(due, key, watcher.phone, words, sent, kind, watcher.watcher_id)
            made.append(planned)
            if kind in ("text", "poison") and chance.random() < self.mix.duplicated:
                again = due + chance.choice((0.0, 0.002, chance.uniform(0.0, self.seconds - due)))
                made.append(planned._replace(due=again))
        if self.mix.shuffled:
            dues = sorted(p.due for p in made)
            chance.shuffle(made)
            made = [p._replace(due=due) for due, p in zip(dues, made, strict=True)]
        return sorted(made, key=lambda p: p.due)

    def _kind(self, chance: random.Random) -> str:
        drawn = chance.random()
        for kind, share in (
            ("forged", self.mix.forged),
            ("replayed", self.mix.replayed),
            ("poison", self.mix.poison),
        ):
            if drawn < share:
                return kind
            drawn -= share
        return "text"


def _words(watcher: LoadWatcher, votes: dict[str, int], chance: random.Random, counts: bool = False) -> str:
    """A day's texts in small: mostly growing counts, with corrections, lines, strike-offs and noise."""
    drawn, place = 1.0 if counts else chance.random(), watcher.precinct
    if drawn < 0.03:
        return f"FIX {place} {max(1, votes.get(place, 10) - 1)}"
    if drawn < 0.05:
        return "UNDO"
    if drawn < 0.08:
        return f"LINE {place} {chance.randrange(5, 90)}"
    if drawn < 0.11:
        return "V " + " ".join(str(chance.randrange(1, 400)) for _ in range(3))
    if drawn < 0.12:
        return "good morning from the gym"
    votes[place] = votes.get(place, 20) + chance.randrange(0, 3)
    return f"{place} {votes[place]}"


class RunningLoad:
    """A load under way in a thread of its own: `start()`, then `wait()` or `stop()`."""

    def __init__(
        self,
        load: Load,
        route: DeliveryRoute,
        history: EventHistory,
        patience: float = 60.0,
        hold: Path | None = None,
    ) -> None:
        """`patience`: how long, in seconds, a text is tried again. While `hold` exists, none is delivered."""
        self._load, self._route, self._hold = load, route, hold
        self._history, self._patience = history, patience
        self._stop = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._run()), daemon=True, name="surge")
        self.given_up = 0
        self.latest_start = 0.0  # how late the generator itself was at worst, s

    def start(self) -> "RunningLoad":
        self._thread.start()
        return self

    def wait(self) -> None:
        """Until everything is acknowledged, refused or given up."""
        self._thread.join(self._load.seconds + self._patience + REQUEST_SECONDS + 30)

    def end(self) -> None:
        """No new texts from now on; those under way are seen through. Returns at once."""
        self._stop.set()

    def stop(self) -> None:
        """No new texts; returns when those under way have been seen through."""
        self.end()
        self.wait()

    async def _run(self) -> None:
        plan = self._load.plan()
        began = time.monotonic()
        offset = self._history.now()
        room = asyncio.Semaphore(MOST_UNDER_WAY)
        # Through TLS each delivery makes a connection of its own, so that each looks at the certificate.
        tls = self._route.tls
        connector = aiohttp.TCPConnector(limit=256, force_close=tls is not None, ssl=tls or True)
        async with (
            aiohttp.ClientSession(
                connector=connector,
                timeout=aiohttp.ClientTimeout(total=REQUEST_SECONDS),
                cookie_jar=aiohttp.DummyCookieJar(),
            ) as session,
            asyncio.TaskGroup() as group,
        ):
            for planned in plan:
                pause = began + planned.due - time.monotonic()
                if pause > 0:
                    await asyncio.sleep(pause)
                if self._stop.is_set():
                    break
                await room.acquire()
                self.latest_start = max(self.latest_start, time.monotonic() - began - planned.due)
                task = group.create_task(self._deliver(session, planned, offset + planned.due))
                task.add_done_callback(lambda _: room.release())

    async def _deliver(self, session: aiohttp.ClientSession, planned: Planned, due: float) -> None:
        give_up = time.monotonic() + self._patience
        pause = PAUSES[0]
        key = self._route.key(planned.key)
        for attempt in range(1, 10_000):
            self._history.record(Op.SEND, key, due=round(due, 4), attempt=attempt)
            while self._held():  # noqa: ASYNC110 (with the provider, who will deliver it)
                await asyncio.sleep(HOLD_SECONDS)
            if await self._attempt(session, planned, key):
                return
            if time.monotonic() + pause > give_up:
                self.given_up += 1
                return
            await asyncio.sleep(pause)
            pause = min(pause * 2, PAUSES[1])

    def _held(self) -> bool:
        """Whether a text must wait; the file that holds it back is told that one does."""
        if self._hold is None or self._stop.is_set():
            return False
        try:
            if not self._hold.stat().st_size:
                with self._hold.open("r+") as file:  # which makes none, where it has gone meanwhile
                    file.write("a text waits\n")
        except FileNotFoundError:
            return False
        return True

    async def _attempt(self, session: aiohttp.ClientSession, planned: Planned, key: str) -> bool:
        """Whether there is nothing left to do about it."""
        method, url, body, headers = self._route.request(planned)
        record = self._history.record
        try:
            async with session.request(method, url, data=body, headers=headers) as answer:
                content = await answer.read()
                status = answer.status
        except (aiohttp.ClientError, OSError, TimeoutError) as error:
            record(Op.TIMEOUT, key, error=type(error).__name__)
            return False
        if status == 200:
            record(Op.ACK, key, duplicate=b'"duplicate":true' in content.replace(b" ", b""))
            return True
        if self._route.tries_again(status):
            record(Op.FAIL, key, status=status)
            return False
        record(Op.REFUSE, key, status=status)
        return True


def read_watchers(lines: Iterator[str]) -> list[LoadWatcher]:
    """From an election folder's watchers.csv (docs/election-folder.md)."""
    import csv

    found = []
    for row in csv.DictReader(lines):
        precincts = [p for p in (row.get("precinct_ids") or "").split(";") if p]
        if row.get("phone") and precincts:
            found.append(LoadWatcher(row["phone"], precincts[0], row.get("watcher_id") or ""))
    return found
