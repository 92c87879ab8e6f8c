"""Carries out what `dispatch` decides: opens and closes precincts in the database, and spreads callers.

Any number of services may run one each. Only the leader (`election.postgres.leadership`) decides by itself,
and proves in each transaction that it still leads; every service serves callers and takes staff's orders.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from datetime import datetime
from typing import Any, cast
from uuid import uuid4

import asyncpg

from callers.dispatch.allocation import ANYWHERE, CallerPool, Need
from callers.dispatch.decisions import End, Hold, Open, Seen, Start, decide, proposals
from callers.dispatch.feed import CallersView
from callers.dispatch.placement import ON_DUTY, CallerPlacement
from callers.dispatch.places import Place, Places
from callers.dispatch.reachable_voters import ReachableVoters
from callers.dispatch.views import Live, proposals_of, view_of
from callers.errors import CallersError
from callers.queries.statements import statements
from callers.rules.limits import Limits
from election.access.audit import record
from election.postgres.leadership import Candidate, DeposedError, Term
from election.wire.callers import DispatchLimits, DispatchList, DispatchOrder, DispatchView, Proposal
from election.wire.feed import PrecinctState

_SQL, _LEASES = statements("dispatches"), statements("leases")
_ITSELF = "callers"  # who starts and ends what nobody ordered
_BEHIND = (PrecinctState.LAGGING, PrecinctState.WATCH)
_WHEREABOUTS_SECONDS = 5.0  # real; where other services' callers work
_TELL_SECONDS = 2.0  # real; between writes of what the board shows beside a dispatch
_LIMITS_SECONDS = 2.0  # real; limits that staff set hold within
_PROPOSALS = 50  # shown at most
_PROPOSED = ("precinct_id", "callers", "missing", "reachable", "sentence")


class UnknownPrecinctError(CallersError):
    """There is no such precinct in this election."""


class PollsClosedError(CallersError):
    """The polls there have closed."""


class Dispatcher:
    """The live dispatches, and which caller works where."""

    def __init__(
        self,
        pool: asyncpg.Pool,
        feed: CallersView,
        places: Places,
        limits: Limits,
        *,
        stale_seconds: float,
        leader: Candidate | None = None,
    ) -> None:
        self._pool = pool
        self._feed = feed
        self._places = places
        self._settings = limits
        self.limits = limits
        self.limits_by = ""  # who set them, where staff did
        self._stale_seconds = stale_seconds
        self._leader = leader
        self._told_at = -1e9
        self._proposed: list[tuple[object, ...]] | None = None
        self.live: dict[str, Live] = {}
        self._callers = CallerPlacement(places.county)
        self._reachable_voters = ReachableVoters(pool)
        self._elsewhere_at = -1e9
        self._limits_at = -1e9
        self._stopped: frozenset[str] = frozenset()

    async def tick(self, now: datetime) -> list[Start | End | Hold]:
        """Looks once at everything and does what is to be done. Returns what it changed.

        Each look takes up to 30 ms with 10,000 precincts; between two of them callers have their turn.
        """
        await self._refresh(now)
        changed: list[Start | End | Hold] = []
        term = self._leader.term if self._leader else None
        if term:
            with suppress(DeposedError):  # the other leads now, and decides
                changed = await self._decide(term, now)
        await asyncio.sleep(0)
        self._share(now)
        await asyncio.sleep(0)
        if term:
            with suppress(DeposedError):
                await self._tell(term, now)
        return changed

    async def _decide(self, term: Term, now: datetime) -> list[Start | End | Hold]:
        seen = self._seen()
        opens = [d.open for d in self.live.values()]
        changed = [
            decision
            for decision in decide(opens, seen, now, self.limits)
            if await self._carry_out(term, decision, now)
        ]
        await self._note(opens, seen)
        if changed:
            await self._read_live()
        return changed

    async def _tell(self, term: Term, now: datetime) -> None:
        """Writes what changed by itself where others read it: staffing of live rows, proposals."""
        clock = time.monotonic()
        if clock - self._told_at < _TELL_SECONDS:
            return
        self._told_at = clock
        counts, shares = self._callers.counts, self._callers.shares
        rows = [(p, counts[p], shares.get(p, 0), self._reachable_voters.now(p)) for p in sorted(self.live)]
        offers = sorted(self._offers(now), key=lambda o: o.precinct_id)
        proposed: list[tuple[object, ...]] = [
            (o.precinct_id, o.callers, o.missing, o.reachable, o.sentence) for o in offers
        ]
        async with self._transaction() as connection:
            await term.fence(connection)
            if rows:
                await connection.execute(_SQL["staffing"], *map(list, zip(*rows, strict=True)))
            if proposed != self._proposed:
                await connection.execute(_SQL["forget_proposals"])
                if proposed:
                    columns = map(list, zip(*((*p, now) for p in proposed), strict=True))
                    await connection.execute(_SQL["propose"], *columns)
        self._proposed = proposed

    async def _refresh(self, now: datetime) -> None:
        await self._read_live()
        clock = time.monotonic()
        if clock - self._limits_at > _LIMITS_SECONDS:
            await self._read_limits()
        if clock - self._elsewhere_at > _WHEREABOUTS_SECONDS:
            rows = await self._pool.fetch(_LEASES["whereabouts"], now - ON_DUTY)
            self._callers.hear(
                (r["caller_id"], r["precinct_id"], CallerPool(frozenset(r["counties"]), r["elsewhere"]))
                for r in rows
            )
            self._elsewhere_at = clock
        if self._leader is None or self._leader.term is None:
            written = {p: d.row["reachable"] for p, d in self.live.items()}
            self._reachable_voters.adopt({p: n for p, n in written.items() if n is not None})
            return
        rows = await self._pool.fetch(_SQL["stopped_by_staff"])
        self._stopped = frozenset(row["precinct_id"] for row in rows)
        lagging: list[str] = []
        if self._feed.fresh(self._stale_seconds):
            lagging = [p for p, s in self._feed.standings.items() if s.state is PrecinctState.LAGGING]
        await self._reachable_voters.count(self.live, lagging, now)

    async def _read_limits(self) -> None:
        row = await self._pool.fetchrow(_SQL["limits"])
        self.limits, self.limits_by = self._settings, ""
        if row:
            names = DispatchLimits.model_fields.keys()
            self.limits = replace(self._settings, **{name: row[name] for name in names})
            self.limits_by = row["set_by"]
        self._limits_at = time.monotonic()

    async def set_limits(self, limits: DispatchLimits, account: str, now: datetime) -> None:
        """Staff say what may start by itself, and how much."""
        values = limits.model_dump(include=set(DispatchLimits.model_fields))
        async with self._transaction() as connection:
            await connection.execute(_SQL["set_limits"], *values.values(), account, now)
            await record(connection, now, account, "dispatch.limits", "", values)
        await self._read_limits()

    def reachable(self) -> dict[str, int]:
        """Voters who may be called now in each precinct that is open and does not rest."""
        return {p: self._reachable_voters.now(p) or 0 for p, d in self.live.items() if not d.row["hold"]}

    @asynccontextmanager
    async def _transaction(self) -> AsyncIterator[asyncpg.Connection]:
        async with self._pool.acquire() as connection, connection.transaction():
            yield cast(asyncpg.Connection, connection)

    async def _read_live(self) -> None:
        self.live = {row["precinct_id"]: Live(row) for row in await self._pool.fetch(_SQL["live"])}

    def _seen(self) -> Seen:
        return Seen(
            self._feed.standings,
            self._feed.precincts,
            self._feed.fresh(self._stale_seconds),
            self._reachable_voters.remaining(),
            self._stopped,
        )

    async def _carry_out(self, term: Term, decision: Start | End | Hold, now: datetime) -> bool:
        precinct, reason = decision.precinct_id, decision.reason
        async with self._transaction() as connection:
            await term.fence(connection)
            match decision:
                case Start():
                    place = self._places.get(precinct)
                    if place is None:
                        return False
                    done = await self._start(connection, place, now, by=_ITSELF, reason=reason)
                    action = "dispatch.start"
                case End(by=by):
                    done = await connection.fetchval(_SQL["end"], precinct, now, by, reason)
                    action = "dispatch.end"
                case Hold():
                    done = await connection.fetchval(_SQL["hold"], precinct, reason)
                    action = "dispatch.hold" if reason else "dispatch.resume"
            if done:
                await record(connection, now, _ITSELF, action, f"precinct:{precinct}", {"reason": reason})
        return bool(done)

    async def _start(
        self,
        connection: asyncpg.Connection,
        place: Place,
        now: datetime,
        *,
        by: str,
        reason: str,
        callers_wanted: int | None = None,
    ) -> Any:
        automatic = by == _ITSELF
        standing = self._feed.standings.get(place.precinct_id)
        behind = standing is not None and standing.state in _BEHIND
        return await connection.fetchval(
            _SQL["start"], uuid4(), place.precinct_id, automatic, callers_wanted, now, by, reason,
            standing.shortfall if standing else 0.0, place.closes_at, behind,
            self._reachable_voters.now(place.precinct_id),
        )  # fmt: skip

    async def _note(self, opens: list[Open], seen: Seen) -> None:
        """Keeps closing times and "has been behind" on the live rows up to date."""
        if not seen.fresh:
            return
        for dispatch in opens:
            place = self._places.get(dispatch.precinct_id)
            standing = seen.standings.get(dispatch.precinct_id)
            behind = standing is not None and standing.state in _BEHIND
            if place and (place.closes_at != dispatch.closes_at or (behind and not dispatch.seen_behind)):
                await self._pool.execute(_SQL["note"], dispatch.precinct_id, place.closes_at, behind)

    def _share(self, now: datetime) -> None:
        needs = [self._need(d.open) for d in self.live.values() if not d.open.hold]
        self._callers.share(needs, self.limits, now)

    def _need(self, dispatch: Open) -> Need:
        standing = self._feed.standings.get(dispatch.precinct_id)
        return Need(
            dispatch.precinct_id,
            standing.p_lagging if standing else 0.0,
            standing.shortfall if standing else 0.0,
            1 if (reachable := self._reachable_voters.now(dispatch.precinct_id)) is None else reachable,
            dispatch.callers_wanted,
            self._places.county(dispatch.precinct_id),
        )

    def first_choices(self, caller_id: str, caller_pool: CallerPool, now: datetime) -> list[str]:
        """Precincts to try first for a caller, at most two."""
        return self._callers.first_choices(caller_id, caller_pool, lambda p: self._runs(p, now))

    def all_choices(self, caller_id: str, caller_pool: CallerPool, now: datetime) -> list[str]:
        """Every precinct to try for a caller, best first."""
        return self._callers.all_choices(caller_id, caller_pool, self.live, lambda p: self._runs(p, now))

    def _runs(self, precinct_id: str, now: datetime) -> bool:
        live = self.live.get(precinct_id)
        return live is not None and not live.row["hold"] and live.row["closes_at"] > now

    def works(self, caller_id: str, caller_pool: CallerPool, precinct_id: str, now: datetime) -> None:
        """A caller was given a voter there."""
        self._callers.works(caller_id, caller_pool, precinct_id, now)

    def leaves(self, caller_id: str) -> None:
        """A caller has stopped."""
        self._callers.leaves(caller_id)

    async def order(self, order: DispatchOrder, account: str, now: datetime) -> DispatchView:
        """Staff send callers. Raises `UnknownPrecinctError`, `PollsClosedError`."""
        place = self._places.get(order.precinct_id)
        if place is None:
            raise UnknownPrecinctError
        if place.closes_at <= now:
            raise PollsClosedError
        count = f"{order.callers_wanted} callers" if order.callers_wanted else "callers"
        reason = f"{account} sent {count}"
        async with self._transaction() as connection:
            started = await self._start(
                connection, place, now, by=account, reason=reason, callers_wanted=order.callers_wanted
            )
            if not started:
                await connection.execute(
                    _SQL["take_over"], order.precinct_id, order.callers_wanted, account, reason
                )
            await record(
                connection, now, account, "dispatch.order", f"precinct:{order.precinct_id}",
                {"callers_wanted": order.callers_wanted},
            )  # fmt: skip
        await self._read_live()
        self._share(now)
        return self.view(self.live[order.precinct_id])

    async def stop(self, precinct_id: str, account: str, now: datetime) -> bool:
        """Staff stop calling there; whether it was open. It does not start itself again."""
        async with self._transaction() as connection:
            ended = await connection.fetchval(_SQL["end"], precinct_id, now, account, f"{account} stopped it")
            if ended:
                await record(connection, now, account, "dispatch.stop", f"precinct:{precinct_id}")
        await self._read_live()
        self._share(now)
        return bool(ended)

    def missing_now(self, precinct_id: str) -> int | None:
        """Votes missing by the last standings; None where they are too old to say."""
        standing = self._feed.standings.get(precinct_id)
        return round(standing.shortfall) if standing and self._feed.fresh(self._stale_seconds) else None

    def view(self, live: Live, calls: int = 0) -> DispatchView:
        """As staff are shown it."""
        precinct = live.row["precinct_id"]
        return view_of(
            live,
            self._name(precinct),
            callers=self._callers.counts[precinct],
            allocated=self._callers.shares.get(precinct, 0),
            missing=self.missing_now(precinct),
            reachable=self._reachable_voters.now(precinct),
            calls=calls,
        )

    async def list(self) -> DispatchList:
        """All live dispatches, and what the leading service would do if staff agreed."""
        calls = {r["precinct_id"]: r["calls"] for r in await self._pool.fetch(_SQL["calls"])}
        views = sorted(
            (self.view(d, calls.get(p, 0)) for p, d in self.live.items()), key=lambda v: v.started_at
        )
        rows = await self._pool.fetch(_SQL["proposals"])
        offers = [
            Proposal(**{name: row[name] for name in _PROPOSED}, precinct=self._name(row["precinct_id"]))
            for row in rows
            if row["precinct_id"] not in self.live
        ]
        return DispatchList(dispatches=views, proposals=offers, feed_age_seconds=self._feed.age())

    def _name(self, precinct_id: str) -> str:
        place = self._places.get(precinct_id)
        return place.name if place else precinct_id

    def _offers(self, now: datetime) -> Sequence[Proposal]:
        opens = [d.open for d in self.live.values()]
        callers = self._callers.callers() or {ANYWHERE: 1}
        found = proposals(self._seen(), opens, callers, now, self.limits)
        return proposals_of(found[:_PROPOSALS], self._name)
