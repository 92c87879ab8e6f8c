"""The phone bank's floor: gives a caller the next voter and takes what came of it, over queue and dispatcher.

The page and the JSON API are two faces of these functions.
"""

import asyncio
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

import asyncpg

from callers.dispatch.allocation import CallerPool
from callers.dispatch.dispatcher import Dispatcher
from callers.dispatch.feed import CallersView
from callers.dispatch.places import Places
from callers.dispatch.views import Live
from callers.lists.dialer_lists import Lists
from callers.people.people import People
from callers.queue.leases import CallerOnDuty, Check, Granted, NoVoter, Queue, Unreported, calling_url
from callers.rules.budgets import Origin
from callers.rules.policy import NEVER_AGAIN, local_time_today
from callers.scripts import wording as scripts
from callers.scripts.ab_tests import Trials
from callers.service.database_clock import DatabaseClock
from callers.service.long_poll import LongPoll
from callers.service.metrics import Metrics
from callers.settings import CallersSettings
from election.postgres.database import open_pool
from election.postgres.leadership import Candidate
from election.wire.callers import (
    CallUnreported,
    LeaseAnswer,
    OutcomeReceipt,
    OutcomeReport,
    StillYours,
    VoterOnLease,
)

_CALLER_SECONDS = 10.0  # real; how long a barred caller may go on
_WARMED_A_TICK = 20  # precincts whose candidates are read ahead; a tick has more to do
_DRY_SECONDS = 5.0  # real; a precinct without a voter for these languages is not asked again so long
_LOOKED_AT_ALONE = 10  # precincts, before callers wait for each other
_LONGEST_LOOK = 2.0  # real seconds through precincts where there is nobody
_CONNECTIONS_SECONDS = 2.0  # real; between looks at how many the database has left
_CONNECTIONS_FREE = """
select current_setting('max_connections')::integer - coalesce(sum(numbackends), 0) from pg_stat_database
"""
_KNOWN_SECONDS = 60.0  # real; between counts of the callers known by name
_DIAL_AGAIN_SECONDS = 10.0  # stack time; a budget has room again by then
_ASK_AGAIN = {"no_dispatch": 30.0, "hours": 600.0, "language": 120.0, "empty": 60.0, "resting": 60.0}


@dataclass
class _TokenBucket:
    left: float
    at: datetime


@dataclass
class _Search:
    """One caller's look through every precinct, for all who are alike."""

    over: asyncio.Event = field(default_factory=asyncio.Event)
    found: Granted | NoVoter | None = None


class CallingService:
    """Application service for callers; built after the pool is open. `now` is the database's clock."""

    def __init__(
        self,
        pool: asyncpg.Pool,
        settings: CallersSettings,
        *,
        at: DatabaseClock,
        feed: CallersView,
        places: Places,
        metrics: Metrics,
        leader: Candidate | None = None,
    ) -> None:
        self.pool = pool
        self.settings = settings
        self.time = at
        self.feed = feed
        self.places = places
        self.metrics = metrics
        encryption = settings.encryption
        self.queue = Queue(
            pool,
            settings.rules,
            self._zone_of,
            lease=timedelta(seconds=settings.lease_seconds),
            weights=(settings.turnout_weight, settings.support_weight),
            encryption=encryption,
            budgets=settings.budgets,
        )
        stale = settings.feed_stale_seconds
        self.dispatcher = Dispatcher(pool, feed, places, settings.limits, stale_seconds=stale, leader=leader)
        self.long_poll = LongPoll()
        self.people = People(pool, settings.address_callers)
        self.trials = Trials(pool)
        self.lists = Lists(pool, self.queue, encryption, settings.listed_per_hour)
        self._known = (0, -1e9)  # callers known by name, counted at
        self._unreported: dict[str, int] = {}  # by caller, at most; where it matters the database is asked
        self._reachable: dict[str, tuple[UUID, int]] = {}  # by precinct: its dispatch, voters
        self._leader = leader
        self._counted_at = -1e9
        self._callers: dict[str, tuple[CallerOnDuty | None, float]] = {}
        self._buckets: dict[str, _TokenBucket] = {}
        self._dry: dict[tuple[str, tuple[str, ...]], tuple[float, NoVoter]] = {}
        self._looks: dict[tuple[tuple[str, ...], CallerPool], _Search] = {}
        self._nobody: dict[tuple[tuple[str, ...], CallerPool], tuple[Mapping[str, Live], NoVoter]] = {}

    def _zone_of(self, precinct_id: str) -> str:
        place = self.places.get(precinct_id)
        return place.zone if place else ""  # no zone: never a time to call

    async def caller(self, caller_id: str) -> CallerOnDuty | None:
        """Who holds a link; None where staff took it away or never gave it."""
        known = self._callers.get(caller_id)
        if known is None or time.monotonic() - known[1] > _CALLER_SECONDS:
            known = (await self.queue.caller(caller_id, self.time.now()), time.monotonic())
            self._callers[caller_id] = known
        return known[0]

    async def speak(self, caller: CallerOnDuty, languages: Sequence[str]) -> None:
        """A caller says what they speak; the first is their page's. Raises `ValueError` for none."""
        await self.people.speak(caller.caller_id, languages)
        self._callers.pop(caller.caller_id, None)

    async def bar(self, caller_id: str, account: str, *, barred: bool) -> bool:
        """Takes a caller's link away, or gives it back; whether there is such a caller."""
        self._callers.pop(caller_id, None)
        return await self.people.bar(caller_id, account, self.time.now(), barred=barred)

    async def current(self, caller: CallerOnDuty) -> VoterOnLease | None:
        granted = await self.queue.current(caller.caller_id, self.time.now())
        return self._show(caller, granted) if granted else None

    async def next_voter(self, caller: CallerOnDuty) -> LeaseAnswer:
        """The voter a caller holds, else the next one, else why there is none."""
        started = time.perf_counter()
        answer = await self._next_voter(caller)
        self.metrics.leases.labels(answer.reason or "granted").inc()
        if answer.voter:
            self.metrics.lease_seconds.observe(time.perf_counter() - started)
        return answer

    async def _next_voter(self, caller: CallerOnDuty) -> LeaseAnswer:
        now = self.time.now()
        if caller.caller_id not in self._buckets:
            seen = await self.people.seen_lately(caller.caller_id, now - timedelta(hours=1))
            self._unreported[caller.caller_id] = self.settings.shown_unreported
            left = min(self.settings.leases_burst, self.settings.leases_per_hour - seen)
            self._buckets[caller.caller_id] = _TokenBucket(float(left), now)
        if due := await self.unreported(caller):
            held = await self.queue.current(caller.caller_id, now)
            if held is None or not held.shown:
                return self._none(caller, NoVoter("unreported"), 0.0, due)
        wait = self._wait(caller.caller_id, now)
        if wait > 0:
            held = await self.queue.current(caller.caller_id, now)
            if held:
                return LeaseAnswer(voter=self._show(caller, held))
            return self._none(caller, NoVoter("too_fast"), wait)
        found = await self._from_anywhere(caller, now)
        if isinstance(found, Granted):
            self.dispatcher.works(caller.caller_id, caller.caller_pool, found.precinct_id, now)
            self._buckets[caller.caller_id].left -= not found.held
            return LeaseAnswer(voter=self._show(caller, found))
        held = await self.queue.current(caller.caller_id, now)  # where there was nobody to try for
        return LeaseAnswer(voter=self._show(caller, held)) if held else self._none(caller, found)

    async def _from_anywhere(self, caller: CallerOnDuty, now: datetime) -> Granted | NoVoter:
        """A voter of any precinct that runs.

        In the evening thousands of callers find nobody where they are. When one of those who are alike
        (languages and crew) has looked at many precincts in vain, the others wait for what that one finds:
        voters there, or nobody until the dispatches are read again, each second.
        """
        live, alike = self.dispatcher.live, (caller.languages, caller.caller_pool)
        known = self._nobody.get(alike)
        if known and known[0] is live:
            return known[1]
        for precinct in self.dispatcher.first_choices(caller.caller_id, caller.caller_pool, now):
            found = await self._from_precinct(caller, precinct, now)
            if isinstance(found, Granted):
                return found
        look = _Search()
        try:
            look.found = await self._look_everywhere(caller, now, look)
        finally:
            if self._looks.get(alike) is look:
                del self._looks[alike]
            look.over.set()
        return look.found

    async def _look_everywhere(self, caller: CallerOnDuty, now: datetime, look: _Search) -> Granted | NoVoter:
        live, nobody, began = self.dispatcher.live, self._nobody, time.monotonic()
        alike = caller.languages, caller.caller_pool
        why = NoVoter("no_dispatch")
        for n, precinct in enumerate(self.dispatcher.all_choices(caller.caller_id, caller.caller_pool, now)):
            while n >= _LOOKED_AT_ALONE and (other := self._looks.setdefault(alike, look)) is not look:
                await other.over.wait()
                if isinstance(other.found, NoVoter):
                    return other.found
                if other.found:
                    found = await self._from_precinct(caller, other.found.precinct_id, now)
                    if isinstance(found, Granted):
                        return found
            found = await self._from_precinct(caller, precinct, now)
            if isinstance(found, Granted):
                return found
            why = _more_hopeful(why, found)
            if time.monotonic() - began > _LONGEST_LOOK:
                break  # what was found dry is passed over by the next who looks
        else:
            nobody[alike] = live, why  # unless more may be called meanwhile
        return why

    async def _from_precinct(self, caller: CallerOnDuty, precinct: str, now: datetime) -> Granted | NoVoter:
        key = (precinct, caller.languages)
        dry = self._dry.get(key)
        if dry and time.monotonic() < dry[0]:
            return dry[1]
        found = await self.queue.grant(caller, precinct, now)
        if isinstance(found, NoVoter):
            self._dry[key] = (time.monotonic() + _DRY_SECONDS, found)
        return found

    def _wait(self, caller_id: str, now: datetime) -> float:
        """Stack seconds until this caller may see another voter (a bucket that refills)."""
        rate, burst = self.settings.leases_per_hour / 3600, float(self.settings.leases_burst)
        bucket = self._buckets[caller_id]
        passed = max(0.0, (now - bucket.at).total_seconds())
        bucket.left, bucket.at = min(burst, bucket.left + passed * rate), now
        return 0.0 if bucket.left >= 1 else (1 - bucket.left) / rate

    async def unreported(self, caller: CallerOnDuty) -> list[CallUnreported]:
        """Calls whose outcome a caller has to tell before another voter is shown; none while there are few.

        What this service has seen of the caller says when to ask the database, which all services share.
        """
        if self._unreported.get(caller.caller_id, 0) < self.settings.shown_unreported:
            return []
        found = await self.queue.unreported(caller.caller_id)
        self._unreported[caller.caller_id] = len(found)
        return [self._call(one) for one in found] if len(found) >= self.settings.shown_unreported else []

    def _call(self, one: Unreported) -> CallUnreported:
        place = self.places.get(one.precinct_id)
        return CallUnreported(
            lease_id=one.lease_id, name=one.name, precinct=place.name if place else one.precinct_id,
            timezone=place.zone if place else "UTC", dialled_at=one.dialled_at,
        )  # fmt: skip

    def _none(
        self,
        caller: CallerOnDuty,
        why: NoVoter,
        wait: float | None = None,
        due: Sequence[CallUnreported] = (),
    ) -> LeaseAnswer:
        seconds = _ASK_AGAIN.get(why.reason, 30.0) if wait is None else wait
        until = ""
        if why.until:
            seconds = min(600.0, max(5.0, (why.until - self.time.now()).total_seconds()))
            zone = next((self._zone_of(p) for p in self.dispatcher.live), "") or "UTC"
            until = scripts.local(why.until, zone)
        words = scripts.reason(_spoken(caller), why.reason, until)
        return LeaseAnswer(reason=why.reason, message=words, ask_again_seconds=seconds, unreported=list(due))

    def _show(self, caller: CallerOnDuty, granted: Granted) -> VoterOnLease:
        """A lease as its caller may see it: whose voter it is only once they are dialled."""
        place = self.places.get(granted.precinct_id)
        zone = place.zone if place else "UTC"
        closes_at = place.closes_at if place else granted.expires_at
        name = place.name if place else granted.precinct_id
        language = granted.language or _spoken(caller)
        live = self.dispatcher.live.get(granted.precinct_id)
        found = VoterOnLease(
            lease_id=granted.lease_id,
            language=granted.language,
            precinct_id=granted.precinct_id,
            precinct=name,
            polling_place=name,
            closes_at=closes_at,
            timezone=zone,
            expires_at=granted.expires_at,
            missing_at_start=round(live.row["missing_at_start"]) if live else 0,
            missing_now=self.dispatcher.missing_now(granted.precinct_id),
        )
        if not granted.shown:
            return found
        closes = scripts.local(closes_at, zone)
        lines = self.trials.lines(granted.variant, language)
        return found.model_copy(
            update={
                "voter_id": granted.voter_id,
                "name": granted.name,
                "phone": granted.phone,
                "script": scripts.script(language, granted.name, caller.name, name, closes, lines),
                "shown": True,
            }
        )

    async def dial(self, caller: CallerOnDuty, lease_id: UUID, address: str) -> StillYours:
        """Consent right before dialling; where it still stands and the budgets allow, the voter."""
        origin = Origin(caller.bank, address, await self._known_callers())
        found = await self.queue.dial(caller.caller_id, lease_id, self.time.now(), origin)
        still = self._still(caller, found)
        if found.budget:
            self.metrics.held_back.labels(found.budget).inc()
        elif found.reason:
            self.metrics.refused.labels(found.reason).inc()
        if found.reason == "unreported":
            self._unreported[caller.caller_id] = self.settings.shown_unreported
        if found.reason == "too_fast":
            return still.model_copy(update={"ask_again_seconds": _DIAL_AGAIN_SECONDS})
        if found.reason or found.granted is None:
            return still
        if found.first:
            self.metrics.shown.inc()
            self._owes(caller, 1)
        return still.model_copy(update={"phone": found.phone, "voter": self._show(caller, found.granted)})

    def _owes(self, caller: CallerOnDuty, more: int) -> None:
        self._unreported[caller.caller_id] = max(0, self._unreported.get(caller.caller_id, 0) + more)

    async def _known_callers(self) -> int:
        """Callers known by name: who works in one office of theirs may share its address."""
        if time.monotonic() - self._known[1] > _KNOWN_SECONDS:
            self._known = (await self.people.known(), time.monotonic())
        return self._known[0]

    async def heartbeat(self, caller: CallerOnDuty, lease_id: UUID) -> StillYours:
        return self._still(caller, await self.queue.heartbeat(caller.caller_id, lease_id, self.time.now()))

    def _still(self, caller: CallerOnDuty, found: Check) -> StillYours:
        if not found.reason:
            return StillYours(live=True, expires_at=found.expires_at)
        key = "hours_now" if found.reason == "hours" else found.reason
        words = scripts.reason(_spoken(caller), key)
        return StillYours(live=False, reason=found.reason, message=words)

    async def record(self, caller: CallerOnDuty, lease_id: UUID, report: OutcomeReport) -> OutcomeReceipt:
        now = self.time.now()
        if report.call_back_local:
            zone = self._zone_of(await self.queue.precinct_of(caller.caller_id, lease_id)) or "UTC"
            at = local_time_today(now, report.call_back_local, zone)
            report = report.model_copy(update={"call_back_at": at})
        done = await self.queue.record(caller.caller_id, lease_id, report, now)
        if not done.duplicate:
            self.metrics.outcomes.labels(done.outcome.value).inc()
            self._owes(caller, -1)
        return OutcomeReceipt(
            lease_id=lease_id,
            outcome=done.outcome,
            duplicate=done.duplicate,
            undo_until=done.at + self._undo_window,
        )

    @property
    def _undo_window(self) -> timedelta:
        # Ten of the caller's own seconds, whatever the rehearsal's speed.
        return timedelta(seconds=self.settings.undo_seconds * max(1.0, self.time.speed))

    async def undo(self, caller: CallerOnDuty, lease_id: UUID) -> VoterOnLease | None:
        """Withdraws an outcome; the voter, where the caller has them again. Raises `TooLateError`."""
        granted = await self.queue.undo(caller.caller_id, lease_id, self.time.now(), self._undo_window)
        self.metrics.undone.inc()
        self._owes(caller, 1)
        return self._show(caller, granted) if granted else None

    async def release(self, caller: CallerOnDuty, lease_id: UUID) -> bool:
        self.dispatcher.leaves(caller.caller_id)
        return await self.queue.release(caller.caller_id, lease_id, self.time.now())

    async def tick(self) -> None:
        """What is done every second: time, expiry, dispatches."""
        await self.time.measure(self.pool)
        now = self.time.now()
        self.metrics.expired.inc(await self.queue.sweep(now))
        for change in await self.dispatcher.tick(now):
            self.metrics.changes.labels(type(change).__name__.lower()).inc()
        self.metrics.dispatches.set(len(self.dispatcher.live))
        self.metrics.waiting.set(len(self.long_poll))
        await self._count_connections()
        self.long_poll.wake(self._more_to_call())
        await self.read_scripts()
        cold = [precinct for precinct in self._reachable if self.queue.cold(precinct)]
        for precinct in cold[:_WARMED_A_TICK]:
            await self.queue.warm(precinct, now)

    async def _count_connections(self) -> None:
        if time.monotonic() - self._counted_at > _CONNECTIONS_SECONDS:
            self._counted_at = time.monotonic()
            self.metrics.connections_free.set(await self.pool.fetchval(_CONNECTIONS_FREE))

    async def read_scripts(self) -> None:
        """The variants that voters hear from now on; the leader ends a trial that has been decided."""
        term = self._leader.term if self._leader else None
        self.queue.variants = await self.trials.tick(self.time.now(), term)

    def _more_to_call(self) -> int:
        """How many voters have come to be callable since the last look; all, where a dispatch is new."""
        before, live = self._reachable, self.dispatcher.live
        self._reachable = {p: (live[p].row["dispatch_id"], n) for p, n in self.dispatcher.reachable().items()}
        more: dict[str, int] = {}
        for precinct, (dispatch, n) in self._reachable.items():
            was, so_many = before.get(precinct, (dispatch, 0))
            more[precinct] = n - so_many if was == dispatch else n
        more = {precinct: n for precinct, n in more.items() if n > 0}
        if more:  # what was found dry there is no longer known to be
            self._dry = {key: found for key, found in self._dry.items() if key[0] not in more}
            self._nobody = {}
            self.queue.grew(more)
        return sum(more.values())


async def open_calling(settings: CallersSettings) -> asyncpg.Pool:
    """Connections for a floor. Raises one of `election.postgres.database.UNREACHABLE`."""
    url = calling_url(settings.database_url, rehearsal=settings.rehearsal)
    return await open_pool(url, settings.pool_size, stateless=True)


def _spoken(caller: CallerOnDuty) -> str:
    return caller.languages[0] if caller.languages else "en"


_HOPE = ("no_dispatch", "empty", "language", "hours", "resting")


def _more_hopeful(one: NoVoter, other: NoVoter) -> NoVoter:
    """Of several precincts' reasons the one to tell: the soonest chance of work."""
    if one.reason == other.reason and one.until and other.until:
        return min(one, other, key=lambda why: why.until or NEVER_AGAIN)
    return max(one, other, key=lambda why: _HOPE.index(why.reason) if why.reason in _HOPE else -1)
