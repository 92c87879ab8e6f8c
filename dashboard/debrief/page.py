"""`/debrief`: the day on one page, to print or keep as a file; before the close it is the day so far."""

import asyncio
from collections import Counter
from collections.abc import Awaitable
from datetime import UTC, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

import flask
import orjson

from dashboard.accounts.sign_in import WarRoomUser, needs_role, person
from dashboard.alerts.alerts import AWAY
from dashboard.bridge.async_bridge import AsyncBridge
from dashboard.clients.feed import WarRoomView
from dashboard.clients.service_clients import PAST_SECONDS, ServiceClientError, ServiceClients
from dashboard.debrief.figures import PastProjection, Row, debrief_of, moment_of, with_totals
from dashboard.languages import retold, tr
from dashboard.map.places import Gazetteer
from dashboard.settings import DashboardSettings
from election.access.accounts import WAR_ROOM
from election.runtime.clock import Clock

HOURS = (time(12), time(15), time(18))  # whose projections are held against the finals
LISTED = 60  # lines of each list on the page; the number of all stands above
_LAGGED = """
select precinct_id, coalesce(raised_reason, reason) as said, raised_at, acknowledged_by from alerts
where rehearsal = $1 and kind = 'lagging' order by raised_at
"""


_SILENT: tuple[type[BaseException], ...] = (ServiceClientError, TimeoutError, *AWAY)


class DebriefPage:
    """Gathers what every service knows of the day. Who does not answer is named on the page."""

    def __init__(  # noqa: PLR0917
        self,
        settings: DashboardSettings,
        bridge: AsyncBridge,
        feed: WarRoomView,
        service_clients: ServiceClients,
        gazetteer: Gazetteer,
        clock: Clock,
    ) -> None:
        self._settings = settings
        self._bridge = bridge
        self._feed = feed
        self._services = service_clients
        self._gazetteer = gazetteer
        self._clock = clock

    def add_to(self, server: flask.Flask) -> None:
        """Adds the route."""
        server.get("/debrief")(needs_role(*WAR_ROOM)(self.page))

    def page(self) -> Any:
        """The page, in the viewer's counties; `?download=1`: as a file."""
        who, here = person(), self._gazetteer.places
        assert who is not None
        if here is None or not self._feed.at:
            return tr("The feed has not been heard yet; try again in a moment."), 503
        standings = [s for s in self._feed.standings.values() if self._mine(who, s)]
        day, zone = here.day, ZoneInfo(here.day.timezone)
        now = self._clock.now()
        hours = [datetime.combine(day.date, hour, zone) for hour in HOURS]
        asked = self._gather(who, [at for at in hours if at < now])
        alerts, dispatches, past = self._bridge.run(asked, PAST_SECONDS + 2)
        found = debrief_of(standings, alerts or (), dispatches or ())
        away = [
            name
            for name, got in ((tr("the database"), alerts), (tr("the call desk"), dispatches))
            if got is None
        ]
        moments = [moment_of(at, snapshot, standings) for at, snapshot in past if snapshot is not None]
        names = self._feed.precincts
        missing = Counter(str((names.get(e.precinct_id) or {}).get("county") or "") for e in found.missing)
        totals = [
            a for scope, a in sorted(self._feed.aggregates.items())
            if scope != "all" and who.may_see(scope.removeprefix("county:"))
        ]  # fmt: skip
        whole = (
            [self._feed.aggregates["all"]]
            if who.counties is None and "all" in self._feed.aggregates
            else totals
        )
        found = with_totals(found, whole)
        html = flask.render_template(
            "debrief.html", retold=retold, day=day, now=now.astimezone(zone),
            rehearsal=self._settings.rehearsal, counties=who.counties, d=found, moments=moments,
            totals=totals, missing=missing, away=away, listed=LISTED,
            name=lambda p: (names.get(p) or {}).get("name") or p,
            people=lambda p: here.watchers_of.get(p, [])[:2],
            local=lambda at: _local(at, zone),
        )  # fmt: skip
        response = flask.make_response(html)
        response.headers["Cache-Control"] = "no-store"  # it names phones
        if flask.request.args.get("download"):
            name = f"debrief-{now:%Y-%m-%dT%H%M}Z.html"
            response.headers["Content-Disposition"] = f"attachment; filename={name}"
        return response

    def finals(self, who: WarRoomUser) -> int:
        """How many finals are in."""
        return sum(bool(s.get("final_in")) for s in self._feed.standings.values() if self._mine(who, s))

    def moments(self, who: WarRoomUser) -> tuple[list[PastProjection], ZoneInfo] | None:
        """Projections of earlier hours against the finals that are in; None before the feed was heard."""
        here = self._gazetteer.places
        if here is None or not self._feed.at:
            return None
        zone, now = ZoneInfo(here.day.timezone), self._clock.now()
        hours = [datetime.combine(here.day.date, hour, zone) for hour in HOURS]
        standings = [s for s in self._feed.standings.values() if self._mine(who, s)]
        past = self._bridge.run(self._boards(who, [at for at in hours if at < now]), PAST_SECONDS + 2)
        return [moment_of(at, board, standings) for at, board in past if board is not None], zone

    def _mine(self, who: WarRoomUser, row: Row) -> bool:
        return who.may_see(str((self._feed.precincts.get(row["precinct_id"]) or {}).get("county") or ""))

    async def _gather(
        self, who: WarRoomUser, hours: list[datetime]
    ) -> tuple[list[Row] | None, list[Row] | None, list[tuple[datetime, Row | None]]]:
        """Alerts, dispatches and boards of the past; None where nobody answers."""
        alerts, dispatches, boards = await asyncio.gather(
            _or_none(self._alerts()),
            _or_none(self._services.call_desk.dispatch_history(who)),
            self._boards(who, hours),
        )
        return alerts, dispatches, boards

    async def _boards(self, who: WarRoomUser, hours: list[datetime]) -> list[tuple[datetime, Row | None]]:
        """Boards of the past; None where the tally does not answer."""
        asked = (_or_none(self._services.tally.past(who, at.astimezone(UTC).isoformat())) for at in hours)
        found = await asyncio.gather(*asked)
        boards = [None if content is None else orjson.loads(content) for content in found]
        return list(zip(hours, boards, strict=True))

    async def _alerts(self) -> list[Row]:
        async with self._bridge.connection() as connection:
            rows = await connection.fetch(_LAGGED, self._settings.rehearsal)
        return [dict(row) for row in rows]


async def _or_none(work: Awaitable[Any]) -> Any:
    try:
        return await work
    except _SILENT:
        return None


def _local(at: datetime | float | str | None, zone: ZoneInfo) -> str:
    if at is None:
        return "–"
    if isinstance(at, str):
        at = datetime.fromisoformat(at)
    moment = at if isinstance(at, datetime) else datetime.fromtimestamp(at, UTC)
    return f"{moment.astimezone(zone):%H:%M}"
