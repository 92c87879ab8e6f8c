"""The phone bank's operations: gives a caller the next voter and takes what came of it.

The page and the JSON API are two faces of these functions.
"""

import time
from datetime import datetime, timedelta
from uuid import UUID

import asyncpg

from callers.dispatch.dispatcher import Dispatcher
from callers.dispatch.feed import CallersView
from callers.dispatch.live_dispatches import LiveDispatches
from callers.dispatch.orders import DispatchOrders
from callers.dispatch.places import Places
from callers.doors.doors import Doors
from callers.effect.control_group import ControlGroup
from callers.effect.reached_households import ReachedHouseholds
from callers.lists.dialer_lists import Lists
from callers.lists.rolls import Rolls
from callers.people.people import People
from callers.people.phone_banks import VolunteerBanks
from callers.queue.call_hours import CallHours
from callers.queue.lease import CallerOnDuty, Granted, NoVoter
from callers.queue.leases import Queue, calling_url
from callers.queue.next_moves import NextMoves
from callers.rides.ride_row import PlaceTimes
from callers.rides.rides import Rides
from callers.rules.budgets import Origin
from callers.rules.policy import local_time_today
from callers.scripts.ab_tests import Trials
from callers.service.answers import Answers
from callers.service.caller_links import CallerLinks
from callers.service.database_clock import DatabaseClock
from callers.service.idle import IdleReasons
from callers.service.long_poll import LongPoll
from callers.service.metrics import Metrics
from callers.service.pacing import Pacing
from callers.service.voter_search import VoterSearch
from callers.settings import CallersSettings
from election.postgres.database import open_pool
from election.postgres.leadership import Candidate
from election.wire.callers import (
    CallUnreported,
    LeaseAnswer,
    LeaseStatus,
    OutcomeReceipt,
    OutcomeReport,
    VoterOnLease,
)

_MOVES_KEPT_SECONDS = 5.0  # real
_WARMED_A_TICK = 20  # precincts whose candidates are read ahead; a tick has more to do
_CONNECTIONS_SECONDS = 2.0  # real; between looks at how many the database has left
_CONNECTIONS_FREE = """
select current_setting('max_connections')::integer - coalesce(sum(numbackends), 0) from pg_stat_database
"""
_DIAL_AGAIN_SECONDS = 10.0  # stack time; a budget has room again by then


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
            places.zone,
            lease=timedelta(seconds=settings.lease_seconds),
            weights=(settings.turnout_weight, settings.support_weight),
            encryption=encryption,
            budgets=settings.budgets,
        )
        self.dispatches = LiveDispatches(
            pool, feed, places, settings.limits, settings.feed_stale_seconds, settings.rules
        )
        self.dispatcher = Dispatcher(self.dispatches, leader)
        self.orders = DispatchOrders(self.dispatches)
        self.long_poll = LongPoll()
        self.idle = IdleReasons()
        self.people = People(pool)
        self.banks = VolunteerBanks(pool, settings.address_callers)
        self.links = CallerLinks(self.queue, self.people, at)
        self.next_moves = NextMoves(pool, places.closes_at, _MOVES_KEPT_SECONDS)
        self.call_hours = CallHours(pool, _MOVES_KEPT_SECONDS)
        self.trials = Trials(pool)
        self.control = ControlGroup(pool, settings.control_share, settings.secret.get_secret_value())
        self.reached = ReachedHouseholds(pool)
        self.lists = Lists(pool, self.queue, encryption, settings.listed_per_hour)
        place_times = PlaceTimes(places.name, places.zone, places.closes_at, places.county)
        self.rides = Rides(pool, place_times, encryption, rehearsal=settings.rehearsal)
        self.doors = Doors(
            pool,
            self.queue.outcomes,
            settings.rules,
            places.zone,
            encryption=encryption,
            secret=settings.secret.get_secret_value(),
            budgets=settings.budgets,
        )
        self.rolls = Rolls(
            pool,
            encryption,
            at,
            places.get,
            settings.secret.get_secret_value(),
            names=settings.roll_names,
            downloads=settings.roll_downloads,
        )
        self._search = VoterSearch(self.queue, self.dispatches)
        self._pacing = Pacing(settings, self.people, self.queue.outcomes)
        self._answers = Answers(at, places, self.dispatches, self.trials)
        self._reachable: dict[str, tuple[UUID, int]] = {}  # by precinct: its dispatch, voters
        self._leader = leader
        self._counted_at = -1e9

    async def current(self, caller: CallerOnDuty) -> VoterOnLease | None:
        """Returns the voter a caller holds."""
        granted = await self.queue.current(caller.caller_id, self.time.now())
        if granted is None:
            return None
        before = await self.next_moves.last_word(granted.lease_id) if granted.shown else None
        return self._answers.show(caller, granted, before)

    async def next_voter(self, caller: CallerOnDuty) -> LeaseAnswer:
        """The voter a caller holds, else the next one, else why there is none."""
        started = time.perf_counter()
        answer = await self._next_voter(caller)
        self.metrics.leases.labels(answer.reason or "granted").inc()
        self.idle.note(caller.caller_id, answer)
        if answer.voter:
            self.metrics.lease_seconds.observe(time.perf_counter() - started)
        return answer

    async def _next_voter(self, caller: CallerOnDuty) -> LeaseAnswer:
        now = self.time.now()
        await self._pacing.begin(caller, now)
        if due := await self._pacing.unreported(caller):
            held = await self.queue.current(caller.caller_id, now)
            if held is None or not held.shown:
                return self._answers.none(caller, NoVoter("unreported"), 0.0, due)
        wait = self._pacing.wait(caller.caller_id, now)
        if wait > 0:
            held = await self.queue.current(caller.caller_id, now)
            if held:
                return LeaseAnswer(voter=self._answers.show(caller, held))
            return self._answers.none(caller, NoVoter("too_fast"), wait)
        found = await self._search.find(caller, now)
        if isinstance(found, Granted):
            self.dispatches.callers.works(caller.caller_id, caller.caller_pool, found.precinct_id, now)
            if not found.held:
                self._pacing.spend(caller)
            return LeaseAnswer(voter=self._answers.show(caller, found))
        held = await self.queue.current(caller.caller_id, now)  # where there was nobody to try for
        if held:
            return LeaseAnswer(voter=self._answers.show(caller, held))
        return self._answers.none(caller, found)

    async def unreported(self, caller: CallerOnDuty) -> list[CallUnreported]:
        """Returns the calls whose outcome a caller owes before the next voter is shown."""
        return [self._answers.unreported(one) for one in await self._pacing.unreported(caller)]

    async def dial(self, caller: CallerOnDuty, lease_id: UUID, address: str) -> LeaseStatus:
        """Consent right before dialling; where it still stands and the budgets allow, the voter."""
        origin = Origin(caller.bank, address, await self._pacing.known_callers())
        found = await self.queue.dial(caller.caller_id, lease_id, self.time.now(), origin)
        still = self._answers.still(caller, found)
        if found.budget:
            self.metrics.held_back.labels(found.budget).inc()
        elif found.reason:
            self.metrics.refused.labels(found.reason).inc()
        if found.reason == "unreported":
            self._pacing.must_report(caller)
        if found.reason == "too_fast":
            return still.model_copy(update={"ask_again_seconds": _DIAL_AGAIN_SECONDS})
        if found.reason or found.granted is None:
            return still
        if found.first:
            self.metrics.shown.inc()
            self._pacing.owes(caller, 1)
        before = await self.next_moves.last_word(lease_id)
        voter = self._answers.show(caller, found.granted, before)
        return still.model_copy(update={"phone": found.phone, "voter": voter})

    async def heartbeat(self, caller: CallerOnDuty, lease_id: UUID) -> LeaseStatus:
        """Extends the lease, where it still stands."""
        found = await self.queue.heartbeat(caller.caller_id, lease_id, self.time.now())
        return self._answers.still(caller, found)

    async def record(self, caller: CallerOnDuty, lease_id: UUID, report: OutcomeReport) -> OutcomeReceipt:
        """Records what came of the call. Raises as `Outcomes.record` does."""
        now = self.time.now()
        if report.call_back_local or report.said_local:
            precinct = await self.queue.outcomes.precinct_of(caller.caller_id, lease_id)
            report = timed(report, now, self.places.zone(precinct) or "UTC")
        done = await self.queue.outcomes.record(caller.caller_id, lease_id, report, now)
        if not done.duplicate:
            self.metrics.outcomes.labels(done.outcome.value).inc()
            self._pacing.owes(caller, -1)
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
        self._pacing.owes(caller, 1)
        return self._answers.show(caller, granted) if granted else None

    async def release(self, caller: CallerOnDuty, lease_id: UUID) -> bool:
        """Gives the voter back without an outcome; returns whether the lease was live."""
        self.dispatches.callers.leaves(caller.caller_id)
        return await self.queue.release(caller.caller_id, lease_id, self.time.now())

    async def tick(self) -> None:
        """Does what is done every second: time, expiry, dispatches."""
        await self.time.measure(self.pool)
        now = self.time.now()
        self.metrics.expired.inc(await self.queue.sweep(now))
        await self.doors.sweep(now)
        for change in await self.dispatcher.tick(now):
            self.metrics.changes.labels(type(change).__name__.lower()).inc()
        if (self._leader is None or self._leader.term) and not self.queue.sealed_off:
            self.metrics.ride_changes.inc(await self.rides.round(now, self._undo_window))
            await self.rides.texts.remind(now)
        self.metrics.dispatches.set(len(self.dispatches.live))
        self.metrics.waiting.set(len(self.long_poll))
        await self._count_connections()
        self.long_poll.wake(self._more_to_call())
        await self.read_scripts()
        cold = [precinct for precinct in self._reachable if self.queue.candidates.cold(precinct)]
        for precinct in cold[:_WARMED_A_TICK]:
            await self.queue.candidates.warm(precinct, now)

    async def _count_connections(self) -> None:
        if time.monotonic() - self._counted_at > _CONNECTIONS_SECONDS:
            self._counted_at = time.monotonic()
            self.metrics.connections_free.set(await self.pool.fetchval(_CONNECTIONS_FREE))

    async def read_scripts(self) -> None:
        """Reads the script's variants that are in use; the leader ends a trial that has been decided."""
        term = self._leader.term if self._leader else None
        self.queue.variants = await self.trials.tick(self.time.now(), term)

    def _more_to_call(self) -> int:
        """Returns how many more voters may be called than at the last tick; all, where a dispatch is new."""
        before, live = self._reachable, self.dispatches.live
        self._reachable = {p: (live[p].row["dispatch_id"], n) for p, n in self.dispatches.reachable().items()}
        more: dict[str, int] = {}
        for precinct, (dispatch, n) in self._reachable.items():
            was, n_before = before.get(precinct, (dispatch, 0))
            more[precinct] = n - n_before if was == dispatch else n
        more = {precinct: n for precinct, n in more.items() if n > 0}
        if more:  # what was found dry there is no longer known to be
            self._search.more_to_call(more)
            self.queue.candidates.grew(more)
        return sum(more.values())


def timed(report: OutcomeReport, now: datetime, zone: str) -> OutcomeReport:
    """The report with times of day at the precinct as moments of this day."""
    local = {"call_back_at": report.call_back_local, "said_at": report.said_local}
    times = {field: local_time_today(now, said, zone) for field, said in local.items() if said}
    return report.model_copy(update=times)


async def open_calling(settings: CallersSettings) -> asyncpg.Pool:
    """Returns connections for the calling service. Raises one of `election.postgres.database.UNREACHABLE`."""
    url = calling_url(settings.database_url, rehearsal=settings.rehearsal)
    return await open_pool(url, settings.pool_size, stateless=True)
