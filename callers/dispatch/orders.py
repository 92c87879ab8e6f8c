"""What staff say of dispatches: send callers, stop, limits; and what they are shown."""

from datetime import datetime

from callers.dispatch.decisions import BEHIND, long_line, obstacles, paused
from callers.dispatch.live_dispatches import LiveDispatches
from callers.dispatch.views import Live, view_of
from callers.errors import CallersError
from callers.queries.statements import statements
from callers.rules.limits import Limits
from election.access.audit import record
from election.wire.callers import (
    DispatchEndView,
    DispatchLimits,
    DispatchList,
    DispatchOrder,
    DispatchView,
    ObstacleView,
    PastDispatch,
    Proposal,
)

_SQL = statements("dispatches")
_PROPOSED = ("precinct_id", "callers", "missing", "reachable", "sentence", "votes", "urgent")


class UnknownPrecinctError(CallersError):
    """There is no such precinct in this election."""


class PollsClosedError(CallersError):
    """The polls there have closed."""


class NobodyLeftError(CallersError):
    """Everybody on the list there has been reached or taken off it: callers would find nobody."""


class DispatchOrders:
    """Staff's orders, on record with who gave them."""

    def __init__(self, dispatches: LiveDispatches) -> None:
        self._dispatches = dispatches

    @property
    def limits(self) -> tuple[Limits, str]:
        """What may start by itself, and who set it (empty: the settings)."""
        return self._dispatches.limits, self._dispatches.limits_by

    async def set_limits(self, limits: DispatchLimits, account: str, now: datetime) -> None:
        """Staff say what may start by itself, and how much."""
        values = limits.model_dump(include=set(DispatchLimits.model_fields))
        async with self._dispatches.transaction() as connection:
            await connection.execute(_SQL["set_limits"], *values.values(), account, now)
            await record(connection, now, account, "dispatch.limits", "", values)
        await self._dispatches.read_limits()

    async def order(self, order: DispatchOrder, account: str, now: datetime) -> DispatchView:
        """Staff send callers. Raises `UnknownPrecinctError`, `PollsClosedError`, `NobodyLeftError`.

        Where the line is long it rests until it is shorter, as the answer says.
        """
        place = self._dispatches.places.get(order.precinct_id)
        if place is None:
            raise UnknownPrecinctError
        if place.closes_at <= now:
            raise PollsClosedError
        if await self._dispatches.reachable_voters.look(order.precinct_id, now) == 0:
            raise NobodyLeftError
        standing = self._dispatches.feed.standings.get(order.precinct_id) if self._dispatches.fresh else None
        hold = long_line(standing, self._dispatches.limits) if standing else ""
        wanted = order.callers_wanted
        count = "1 caller" if wanted == 1 else f"{wanted} callers" if wanted else "callers"
        reason = f"{account} sent {count}"
        async with self._dispatches.transaction() as connection:
            started = await self._dispatches.start(
                connection, place, now, by=account, reason=reason, callers_wanted=order.callers_wanted
            )
            if not started:
                await connection.execute(
                    _SQL["take_over"], order.precinct_id, order.callers_wanted, account, reason
                )
            if hold:
                await connection.execute(_SQL["hold"], order.precinct_id, hold)
            await record(
                connection, now, account, "dispatch.order", f"precinct:{order.precinct_id}",
                {"callers_wanted": order.callers_wanted},
            )  # fmt: skip
        await self._dispatches.read_live()
        self._dispatches.share(now)
        return self.view(self._dispatches.live[order.precinct_id])

    async def stop(self, precinct_id: str, account: str, now: datetime) -> bool:
        """Staff stop calling there; whether it was open. It does not start itself again."""
        async with self._dispatches.transaction() as connection:
            ended = await connection.fetchval(_SQL["end"], precinct_id, now, account, f"{account} stopped it")
            if ended:
                await record(connection, now, account, "dispatch.stop", f"precinct:{precinct_id}")
        await self._dispatches.read_live()
        self._dispatches.share(now)
        return bool(ended)

    async def pause(self, precinct_id: str, account: str, now: datetime, *, pause: bool) -> bool:
        """Staff let a dispatch rest, or go on; whether it is open. Calls that are under way are finished."""
        by = account if pause else ""
        async with self._dispatches.transaction() as connection:
            found = await connection.fetchval(_SQL["pause"], precinct_id, by, paused(by) if by else "")
            if found:
                action = "dispatch.pause" if pause else "dispatch.go_on"
                await record(connection, now, account, action, f"precinct:{precinct_id}")
        await self._dispatches.read_live()
        self._dispatches.share(now)
        return bool(found)

    def view(
        self, live: Live, calls: int = 0, promises: int = 0, calling: int = 0, why_idle: str = ""
    ) -> DispatchView:
        """As staff are shown it."""
        precinct = live.row["precinct_id"]
        return view_of(
            live,
            self._dispatches.places.name(precinct),
            callers=self._dispatches.callers.counts[precinct],
            allocated=self._dispatches.callers.shares.get(precinct, 0),
            missing=self._dispatches.missing_now(precinct),
            reachable=self._dispatches.reachable_voters.now(precinct),
            calls=calls,
            promises=promises,
            calling=calling,
            why_idle=why_idle,
            remaining=self._dispatches.reachable_voters.remaining().get(precinct),
        )

    async def history(self) -> list[PastDispatch]:
        """The day's dispatches, over or not."""
        return [PastDispatch(**row) for row in await self._dispatches.pool.fetch(_SQL["history"])]

    async def list(self, now: datetime) -> DispatchList:
        """All live dispatches, what came of others, and what the leading service would do if staff agreed."""
        dispatches, fetch = self._dispatches, self._dispatches.pool.fetch
        made = {r["precinct_id"]: (r["calls"], r["promises"]) for r in await fetch(_SQL["calls"])}
        calling = {r["precinct_id"]: r["calling"] for r in await fetch(_SQL["calling"], now)}
        live = dispatches.live
        views = []
        for precinct, dispatch in live.items():
            n = calling.get(precinct, 0)
            why = dispatches.why_idle(precinct, n, now)
            views.append(self.view(dispatch, *made.get(precinct, (0, 0)), n, why))
        rows = await fetch(_SQL["proposals"])
        offers = [
            Proposal(
                **{key: row[key] for key in _PROPOSED}, precinct=dispatches.places.name(row["precinct_id"])
            )
            for row in rows
            if row["precinct_id"] not in live
        ]
        opens = [dispatch.open for dispatch in live.values()]
        seen = dispatches.seen()
        hindered = obstacles(seen, opens, now, dispatches.limits, lambda zone: dispatches.dials(now, zone))
        behind = [p for p, s in seen.standings.items() if s.state in BEHIND and p not in live]
        ended = await fetch(_SQL["ended"], behind)
        return DispatchList(
            dispatches=sorted(views, key=lambda v: v.started_at),
            proposals=offers,
            ended=[DispatchEndView(**row) for row in ended],
            obstacles=[ObstacleView(precinct_id=p, reason=why) for p, why in sorted(hindered.items())],
            feed_age_seconds=dispatches.feed.age(),
        )
