"""Carries out what `decisions` decides: opens and closes precincts in the database, and spreads callers.

Any number of services may run one each. Only the leader (`election.postgres.leadership`) decides by itself,
and proves in each transaction that it still leads; every service serves callers and takes staff's orders.
"""

import asyncio
import time
from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime

from callers.dispatch.allocation import ANYWHERE, CallerPool
from callers.dispatch.decisions import BEHIND, End, FeedEvidence, Open, Pause, Start, decide, offers
from callers.dispatch.live_dispatches import ITSELF, LiveDispatches
from callers.dispatch.placement import ON_DUTY
from callers.dispatch.views import proposals_of
from callers.queries.statements import statements
from election.access.audit import record
from election.postgres.leadership import Candidate, DeposedError, Term
from election.wire.callers import Proposal
from election.wire.feed import PrecinctState

_SQL, _LEASES = statements("dispatches"), statements("leases")
_WHEREABOUTS_SECONDS = 5.0  # real; where other services' callers work
_TELL_SECONDS = 2.0  # real; between writes of what the board shows beside a dispatch
_LIMITS_SECONDS = 2.0  # real; limits that staff set hold within
_PROPOSALS = 100  # shown at most


class Dispatcher:
    """What is done each second, without staff."""

    def __init__(self, dispatches: LiveDispatches, leader: Candidate | None = None) -> None:
        self._dispatches = dispatches
        self._leader = leader
        self._told_at = self._elsewhere_at = self._limits_at = -1e9
        self._proposed: list[tuple[object, ...]] | None = None

    async def tick(self, now: datetime) -> list[Start | End | Pause]:
        """Looks once at everything and does what is to be done. Returns what it changed.

        Each look takes up to 30 ms with 10,000 precincts; between two of them callers have their turn.
        """
        await self._refresh(now)
        changed: list[Start | End | Pause] = []
        term = self._leader.term if self._leader else None
        if term:
            with suppress(DeposedError):  # the other leads now, and decides
                changed = await self._decide(term, now)
        await asyncio.sleep(0)
        self._dispatches.share(now)
        await asyncio.sleep(0)
        if term:
            with suppress(DeposedError):
                await self._tell(term, now)
        return changed

    async def _decide(self, term: Term, now: datetime) -> list[Start | End | Pause]:
        seen = self._dispatches.seen()
        opens = [d.open for d in self._dispatches.live.values()]
        changed = [
            decision
            for decision in decide(opens, seen, now, self._dispatches.limits)
            if await self._carry_out(term, decision, now)
        ]
        await self._note(opens, seen)
        if changed:
            await self._dispatches.read_live()
        return changed

    async def _tell(self, term: Term, now: datetime) -> None:
        """Writes what changed by itself where others read it: staffing of live rows, proposals."""
        clock = time.monotonic()
        if clock - self._told_at < _TELL_SECONDS:
            return
        self._told_at = clock
        counts, shares = self._dispatches.callers.counts, self._dispatches.callers.shares
        reachable = self._dispatches.reachable_voters
        rows = [(p, counts[p], shares.get(p, 0), reachable.now(p)) for p in sorted(self._dispatches.live)]
        proposed: list[tuple[object, ...]] = [
            (o.precinct_id, o.callers, o.missing, o.reachable, o.sentence, o.votes, o.urgent)
            for o in sorted(self._offers(now), key=lambda o: o.precinct_id)
        ]
        async with self._dispatches.transaction() as connection:
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
        await self._dispatches.read_live()
        clock = time.monotonic()
        if clock - self._limits_at > _LIMITS_SECONDS:
            await self._dispatches.read_limits()
            self._limits_at = clock
        if clock - self._elsewhere_at > _WHEREABOUTS_SECONDS:
            rows = await self._dispatches.pool.fetch(_LEASES["whereabouts"], now - ON_DUTY)
            self._dispatches.callers.take_in(
                (r["caller_id"], r["precinct_id"], CallerPool(frozenset(r["counties"]), r["elsewhere"]))
                for r in rows
            )
            self._elsewhere_at = clock
        if self._leader is None or self._leader.term is None:
            written = {p: d.row["reachable"] for p, d in self._dispatches.live.items()}
            self._dispatches.reachable_voters.adopt({p: n for p, n in written.items() if n is not None})
            return
        rows = await self._dispatches.pool.fetch(_SQL["stopped_by_staff"])
        self._dispatches.stopped = frozenset(row["precinct_id"] for row in rows)
        lagging: list[str] = []
        if self._dispatches.fresh:
            standings = self._dispatches.feed.standings
            behind = [
                (s.state is not PrecinctState.LAGGING, p) for p, s in standings.items() if s.state in BEHIND
            ]
            lagging = [p for _, p in sorted(behind)]
        await self._dispatches.reachable_voters.count(self._dispatches.live, lagging, now)

    async def _carry_out(self, term: Term, decision: Start | End | Pause, now: datetime) -> bool:
        precinct, reason = decision.precinct_id, decision.reason
        async with self._dispatches.transaction() as connection:
            await term.fence(connection)
            match decision:
                case Start():
                    place = self._dispatches.places.get(precinct)
                    if place is None:
                        return False
                    done = await self._dispatches.start(connection, place, now, by=ITSELF, reason=reason)
                    action = "dispatch.start"
                case End(by=by):
                    done = await connection.fetchval(_SQL["end"], precinct, now, by, reason)
                    action = "dispatch.end"
                case Pause():
                    done = await connection.fetchval(_SQL["hold"], precinct, reason)
                    action = "dispatch.hold" if reason else "dispatch.resume"
            if done:
                await record(connection, now, ITSELF, action, f"precinct:{precinct}", {"reason": reason})
        return bool(done)

    async def _note(self, opens: list[Open], seen: FeedEvidence) -> None:
        """Keeps closing times and "has been behind" on the live rows up to date."""
        if not seen.fresh:
            return
        for dispatch in opens:
            place = self._dispatches.places.get(dispatch.precinct_id)
            standing = seen.standings.get(dispatch.precinct_id)
            behind = standing is not None and standing.state in BEHIND
            if place and (place.closes_at != dispatch.closes_at or (behind and not dispatch.seen_behind)):
                await self._dispatches.pool.execute(
                    _SQL["note"], dispatch.precinct_id, place.closes_at, behind
                )

    def _offers(self, now: datetime) -> Sequence[Proposal]:
        opens = [d.open for d in self._dispatches.live.values()]
        callers = self._dispatches.callers.callers() or {ANYWHERE: 1}
        found = offers(
            self._dispatches.seen(), opens, callers, now, self._dispatches.limits,
            lambda zone: self._dispatches.dials(now, zone),
        )  # fmt: skip
        return proposals_of(found[:_PROPOSALS], self._dispatches.places.name)
