"""Live dispatches as this service knows them: rows, limits, voters in reach and where callers are."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import datetime
from typing import Any, cast
from uuid import uuid4

import asyncpg

from callers.dispatch.allocation import CallerPool, Need
from callers.dispatch.decisions import BEHIND, FeedEvidence, Open
from callers.dispatch.feed import CallersView
from callers.dispatch.placement import CallerPlacement
from callers.dispatch.places import Place, Places
from callers.dispatch.reachable_voters import ReachableVoters
from callers.dispatch.views import Live
from callers.queries.statements import statements
from callers.rules.limits import Limits
from callers.rules.policy import Rules, may_dial
from election.wire.callers import DispatchLimits

_SQL = statements("dispatches")
_RULES = Rules()
ITSELF = "callers"  # who starts and ends what nobody ordered


class LiveDispatches:
    """What the automatic decisions and staff's orders both act on."""

    def __init__(  # noqa: PLR0917
        self, pool: asyncpg.Pool, feed: CallersView, places: Places, limits: Limits, stale_seconds: float,
        rules: Rules = _RULES,
    ) -> None:  # fmt: skip
        self.pool = pool
        self.feed = feed
        self.places = places
        self._settings = limits
        self.limits = limits
        self.limits_by = ""  # who set them, where staff did
        self._stale_seconds = stale_seconds
        self._rules = rules
        self.live: dict[str, Live] = {}
        self.callers = CallerPlacement(places.county)
        self.reachable_voters = ReachableVoters(pool)
        self.stopped: frozenset[str] = frozenset()  # by staff; they do not start by themselves again

    @property
    def fresh(self) -> bool:
        """Whether the standings may be acted on."""
        return self.feed.fresh(self._stale_seconds)

    async def read_limits(self) -> None:
        """What staff have set, else the settings; and what a contact has been found to bring."""
        row = await self.pool.fetchrow(_SQL["limits"])
        self.limits, self.limits_by = self._settings, ""
        if row:
            names = DispatchLimits.model_fields.keys()
            self.limits = replace(self._settings, **{name: row[name] for name in names})
            self.limits_by = row["set_by"]
        if (votes := await self.pool.fetchval(_SQL["votes_a_contact"])) is not None:
            self.limits = replace(self.limits, votes_per_voter=votes)

    def reachable(self) -> dict[str, int]:
        """Voters who may be called now in each precinct that is open and does not rest."""
        return {p: self.reachable_voters.now(p) or 0 for p, d in self.live.items() if not d.row["hold"]}

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[asyncpg.Connection]:
        """A transaction of its own."""
        async with self.pool.acquire() as connection, connection.transaction():
            yield cast(asyncpg.Connection, connection)

    async def read_live(self) -> None:
        """The precincts that are open now."""
        self.live = {row["precinct_id"]: Live(row) for row in await self.pool.fetch(_SQL["live"])}

    def seen(self) -> FeedEvidence:
        """What decisions go by."""
        return FeedEvidence(
            self.feed.standings,
            self.feed.precincts,
            self.fresh,
            self.reachable_voters.remaining(),
            self.stopped,
            self.reachable_voters.unlisted,
            roll=self.reachable_voters.roll,
        )

    async def start(
        self,
        connection: asyncpg.Connection,
        place: Place,
        now: datetime,
        *,
        by: str,
        reason: str,
        callers_wanted: int | None = None,
    ) -> Any:
        """Opens a precinct; None where it is open already."""
        automatic = by == ITSELF
        standing = self.feed.standings.get(place.precinct_id)
        behind = standing is not None and standing.state in BEHIND
        return await connection.fetchval(
            _SQL["start"], uuid4(), place.precinct_id, automatic, callers_wanted, now, by, reason,
            standing.shortfall if standing else 0.0, place.closes_at, behind,
            self.reachable_voters.now(place.precinct_id),
        )  # fmt: skip

    def share(self, now: datetime) -> None:
        """Spreads the callers over what is open."""
        needs = [self._need(d.open) for d in self.live.values() if not d.open.hold]
        self.callers.share(needs, self.limits, now)

    def _need(self, dispatch: Open) -> Need:
        standing = self.feed.standings.get(dispatch.precinct_id)
        return Need(
            dispatch.precinct_id,
            standing.p_lagging if standing else 0.0,
            standing.shortfall if standing else 0.0,
            1 if (reachable := self.reachable_voters.now(dispatch.precinct_id)) is None else reachable,
            dispatch.callers_wanted,
            self.places.county(dispatch.precinct_id),
        )

    def runs(self, precinct_id: str, now: datetime) -> bool:
        """Whether callers may be sent there now."""
        live = self.live.get(precinct_id)
        return live is not None and not live.row["hold"] and live.row["closes_at"] > now

    def all_choices(self, caller_id: str, caller_pool: CallerPool, now: datetime) -> list[str]:
        """Every precinct to try for a caller, best first."""
        return self.callers.all_choices(caller_id, caller_pool, self.live, lambda p: self.runs(p, now))

    def dials(self, now: datetime, zone: str) -> bool:
        """Whether it is calling time there."""
        return may_dial(now, zone, self._rules)

    def why_idle(self, precinct_id: str, calling: int, now: datetime) -> str:
        """Why nobody holds a voter of a precinct that is open; empty where somebody does, or it rests."""
        dispatch = self.live[precinct_id]
        if calling or dispatch.row["hold"]:
            return ""
        place = self.places.get(precinct_id)
        if place and not self.dials(now, place.zone):
            return "outside calling hours"
        if self.reachable_voters.now(precinct_id) == 0:
            return "everybody left was called lately"
        if not self.callers.callers():  # none at work, or each asks in vain: the call floor says why
            return "no caller has had a call lately"
        if not self.callers.shares.get(precinct_id):
            return "callers bring more elsewhere"
        if here := self.callers.counts[precinct_id]:
            return f"{here} between two calls"
        return "callers are on their way"

    def missing_now(self, precinct_id: str) -> int | None:
        """Votes missing by the last standings; None where they are too old to say."""
        standing = self.feed.standings.get(precinct_id)
        return round(standing.shortfall) if standing and self.fresh else None
