"""Dispatches of the call desk, for the feed: asked of its API when the database says that it changed.

The callers' service tells of changes to its tables on a channel of PostgreSQL; we then ask it, at most twice
a second, and every few seconds in any case (a wake-up may be lost, and the call desk may go away). Nothing of
the tally waits for it: without an answer the last one stands, marked with since when it is old. Now and then
it is asked, too, what the people reached said: the tally makes estimates of silent precincts of it.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence

import aiohttp
import asyncpg
import structlog
from pydantic import ValidationError

from election.access.identity import Admission, machine
from election.postgres.pg_watch import watch
from election.runtime.clock import Clock
from election.wire.callers import DispatchList, ReachedPrecinct
from tally.settings import TallySettings
from tally.standing.rounding import Row

CHANNEL = "beluga_dispatches"  # told by triggers on the callers' tables
BETWEEN_SECONDS = 0.5  # real; between questions at least
SILENT_SECONDS = 10.0  # real; without an answer for so long, what is shown is old
TIMEOUT = aiohttp.ClientTimeout(total=3)
MOST_PROPOSALS = 100
REACHED_SECONDS = 10.0  # real; between questions about people reached

Estimate = Callable[[Sequence[ReachedPrecinct]], Awaitable[Row | None]]

log = structlog.get_logger().bind(part="calls")


class CallDesk:
    """Asks the call desk and calls `hear` with each answer. `estimate`: the feed's rows of people reached."""

    def __init__(
        self,
        settings: TallySettings,
        admission: Admission,
        clock: Clock,
        hear: Callable[[Row], None],
        estimate: Estimate | None = None,
    ) -> None:
        self._settings = settings
        self._admission = admission
        self._clock = clock
        self._hear = hear
        self._estimate = estimate
        self._reached: Row = {"reached": [], "reached_check": None}
        self._reached_at = -1e9
        self._wake = asyncio.Event()
        self._last: Row | None = None
        self._answered_at = time.monotonic()
        self._silent_since: int | None = None

    async def run(self) -> None:
        """Asks until cancelled."""
        listening = asyncio.create_task(
            watch(self._settings.database_url, CHANNEL, _nothing, self._woken, "call desk")
        )
        try:
            async with aiohttp.ClientSession(timeout=TIMEOUT) as session:
                while True:
                    self._wake.clear()
                    await self._ask(session)
                    await asyncio.sleep(BETWEEN_SECONDS)
                    try:
                        async with asyncio.timeout(self._settings.calls_seconds):
                            await self._wake.wait()
                    except TimeoutError:
                        pass
        finally:
            listening.cancel()
            await asyncio.gather(listening, return_exceptions=True)

    async def _woken(self, _: None) -> None:
        self._wake.set()

    async def _ask(self, session: aiohttp.ClientSession) -> None:
        token = self._admission.sign("service", machine("tally"))
        due = self._estimate is not None and time.monotonic() - self._reached_at >= REACHED_SECONDS
        try:
            async with session.get(
                f"{self._settings.callers_url}/dispatches",
                params={"reached": "1"} if due else None,
                headers={"Authorization": f"Bearer {token}"},
            ) as answer:
                answer.raise_for_status()
                said = DispatchList.model_validate_json(await answer.read())
        except (aiohttp.ClientError, TimeoutError, OSError, ValidationError) as error:
            self._unanswered(type(error).__name__)
            return
        self._answered_at, self._silent_since = time.monotonic(), None
        if due and self._estimate is not None:
            self._reached_at = time.monotonic()
            self._reached = await self._estimate(said.reached) or self._reached
        self._last = row_of(said) | self._reached
        self._hear(self._last)

    def _unanswered(self, why: str) -> None:
        if time.monotonic() - self._answered_at < SILENT_SECONDS or self._last is None:
            return
        if self._silent_since is None:
            age = (time.monotonic() - self._answered_at) * self._clock.speed
            self._silent_since = int(self._clock.now().timestamp() - age)
            log.warning("call_desk_away", reason=why)
        self._hear(self._last | {"silent_since": self._silent_since})


async def _nothing(_: asyncpg.Connection) -> None:
    """What the database has is asked of the call desk."""


def row_of(said: DispatchList) -> Row:
    """The call desk's answer as the feed's `Calls`."""
    return {
        "dispatches": [
            {
                "precinct_id": d.precinct_id,
                "automatic": d.automatic,
                "callers_wanted": d.callers_wanted,
                "callers_now": d.callers_now,
                "callers_allocated": d.callers_allocated,
                "started_at": int(d.started_at.timestamp()),
                "started_by": d.started_by,
                "reason": d.reason,
                "hold": d.hold,
                "missing_at_start": d.missing_at_start,
                "calls": d.calls,
                "calling": d.calling,
                "reachable": d.reachable,
                "promises": d.promises,
                "why_idle": d.why_idle,
                "remaining": d.remaining,
            }
            for d in said.dispatches
        ],
        "proposals": [
            {
                "precinct_id": p.precinct_id,
                "callers": p.callers,
                "missing": p.missing,
                "reachable": p.reachable,
                "sentence": p.sentence,
                "votes": round(p.votes, 1),
                "urgent": p.urgent,
            }
            for p in said.proposals[:MOST_PROPOSALS]
        ],
        "ended": [
            {
                "precinct_id": e.precinct_id,
                "ended_at": int(e.ended_at.timestamp()),
                "reason": e.reason,
                "calls": e.calls,
                "promises": e.promises,
            }
            for e in said.ended
        ],
        "obstacles": [{"precinct_id": o.precinct_id, "reason": o.reason} for o in said.obstacles],
        "rides": [
            {"precinct_id": r.precinct_id, "rides": r.rides, "sentence": r.sentence} for r in said.rides
        ],
        "silent_since": None,
    }
