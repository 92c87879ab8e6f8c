"""Drives texts at a fixed rate through the public path, and says how long each waited for its answer.

Open loop: text n is due at n / rate, whatever became of the ones before, and its latency counts from then. A
text that is refused is sent again with the same id, as a provider does; its latency goes on counting.
"""

import asyncio
import itertools
import secrets
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

from beluga.load.latency import Latencies
from beluga.load.sender import TextSender, WatcherText
from election.domain.ids import MessageId
from election.runtime.clock import SystemClock

MOST_RATE = 5_000.0  # texts a second; one process here drives no more
MOST_SECONDS = 600.0
UNDER_WAY = 4_000  # texts at once; beyond, the generator is late and says so


@dataclass(slots=True)
class SurgeResult:
    """What a surge found. Times are seconds of the monotonic clock."""

    rate: float
    began: float
    due: int = 0
    latencies: Latencies = field(default_factory=Latencies)  # since due
    service: Latencies = field(default_factory=Latencies)  # since really sent, for comparison
    acknowledged_at: list[float] = field(default_factory=list)
    acknowledged: set[MessageId] = field(default_factory=set)
    refusals: dict[str, int] = field(default_factory=dict)
    given_up: int = 0
    latest_start: float = 0.0  # how late the generator itself was at worst

    @property
    def gap(self) -> tuple[float, float]:
        """The longest time without an acknowledgement, and how long after the start it began."""
        moments = [self.began, *sorted(self.acknowledged_at)]
        if len(moments) == 1:
            return float("inf"), 0.0
        return max((b - a, a - self.began) for a, b in itertools.pairwise(moments))

    @property
    def seconds(self) -> float:
        return max(self.acknowledged_at, default=self.began) - self.began

    def report(self) -> str:
        """A few lines for people."""
        gap, at = self.gap
        lines = [
            f"due {self.due} at {self.rate:g}/s; acknowledged {len(self.acknowledged)} "
            f"({len(self.acknowledged) / max(self.seconds, 1e-9):.0f}/s), given up {self.given_up}",
            f"since due   {self.latencies.line()}",
            f"since sent  {self.service.line()}",
            f"longest time without an answer {gap:.2f} s, {at:.1f} s after the start",
        ]
        if self.refusals:
            lines.append(
                "refused, then sent again: " + ", ".join(f"{n} × {k}" for k, n in self.refusals.items())
            )
        if self.latest_start > 0.1:
            lines.append(f"the generator itself was up to {self.latest_start * 1000:.0f} ms late")
        return "\n".join(lines)


def ready_texts(phones: Iterable[str], run: str | None = None) -> Iterator[WatcherText]:
    """READY from each phone in turn, for ever: stored and answered like any text, and no vote."""
    run = run or secrets.token_hex(6)
    clock = SystemClock()
    for n, phone in enumerate(itertools.cycle(list(phones))):
        yield WatcherText(key=f"surge-{run}-{n}", at=clock.now(), phone=phone, body="READY")


async def surge(
    sender: TextSender,
    texts: Iterator[WatcherText],
    rate: float,
    seconds: float,
    stopped: Callable[[], bool] = lambda: False,
) -> SurgeResult:
    """Sends for `seconds` (or until `stopped`), then waits for what is under way. Raises `ValueError`
    beyond the bounds above.
    """
    if not 0 < rate <= MOST_RATE or not 0 < seconds <= MOST_SECONDS:
        raise ValueError(f"choose a rate up to {MOST_RATE:g}/s and up to {MOST_SECONDS:g} s")
    began = time.monotonic()
    found = SurgeResult(rate, began)
    room = asyncio.Semaphore(UNDER_WAY)

    async def one(text: WatcherText, due: float) -> None:
        started = time.monotonic()
        answer = await sender.send(text)
        now = time.monotonic()
        room.release()
        if answer is None:
            found.given_up += 1
            return
        found.latencies.record(now - due)
        found.service.record(now - started)
        found.acknowledged_at.append(now)
        found.acknowledged.add(text.message_id)

    async with asyncio.TaskGroup() as group:
        while not stopped():
            due = began + found.due / rate
            if due - began >= seconds:
                break
            pause = due - time.monotonic()
            if pause > 0:
                await asyncio.sleep(pause)
            await room.acquire()
            found.latest_start = max(found.latest_start, time.monotonic() - due)
            group.create_task(one(next(texts), due))
            found.due += 1
    found.refusals = dict(sender.record.refusals)
    return found
