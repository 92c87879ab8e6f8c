"""Alerts kept, sent and acknowledged: `conditions` decides what deserves one, PostgreSQL holds each once.

Every war room process looks; the unique index of open alerts lets one of them raise. Telling outside (a
webhook, a text to the coordinator) happens at least once, by whichever process finds an alert untold.
"""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, timedelta
from time import monotonic
from typing import Any
from urllib.parse import quote, urlsplit
from uuid import UUID, uuid5

import aiohttp
import asyncpg
import flask
import structlog

from dashboard.accounts.audit_log import AuditLog
from dashboard.accounts.sign_in import WarRoomUser, csrf_checked, needs_role, person
from dashboard.alerts.conditions import Condition, Watch, conditions
from dashboard.bridge.async_bridge import AsyncBridge
from dashboard.clients.feed import FRESH_SECONDS, WarRoomView
from dashboard.clients.service_clients import ServiceClientError, ServiceClients
from dashboard.errors import DashboardError
from dashboard.languages import retold, tr
from dashboard.settings import DashboardSettings
from election.access.accounts import WAR_ROOM, Role
from election.domain.checkin import Kind
from election.postgres.database import UNREACHABLE
from election.runtime.clock import Clock
from election.wire.intake import Decision

_LOG = structlog.get_logger()

LOOK_SECONDS = 1.0  # between two looks at a feed that moves
AGAIN_SECONDS = 5.0  # after a failure, and between looks at a feed that rests
SHOWN = timedelta(hours=2)  # acknowledged and cleared alerts stay listed so long
MOST_SHOWN = 500
# One reading serves all boards. Another process may have changed them meanwhile: boards ask later than this
# after the feed's word of a change (browser/alerts.js).
LISTED_SECONDS = 0.5
REWORD_SECONDS = 20.0  # real; between two wordings, however fast figures move: every board then asks once
LINES = 10  # of one message outside; the rest is a number
TELLABLE = timedelta(minutes=30)  # older news is no news
SERVICE = WarRoomUser("war room", Role.STAFF, None)

_OPEN = "select kind, subject, reason from alerts where rehearsal = $1 and cleared_at is null"
_RAISE = """
insert into alerts (rehearsal, kind, subject, precinct_id, county, reason, weight, raised_at)
select $1, *, $8::timestamptz
from unnest($2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::float8[])
on conflict (rehearsal, kind, subject) where cleared_at is null do nothing
"""
_CLEAR = """
update alerts set cleared_at = $4
where rehearsal = $1 and cleared_at is null
  and (kind, subject) in (select * from unnest($2::text[], $3::text[]))
"""
_REWORD = """
update alerts a set reason = n.reason, weight = n.weight, raised_reason = coalesce(a.raised_reason, a.reason)
from unnest($2::text[], $3::text[], $4::text[], $5::float8[]) as n (kind, subject, reason, weight)
where a.rehearsal = $1 and a.cleared_at is null and (a.kind, a.subject) = (n.kind, n.subject)
  and a.reason <> n.reason
"""
_COLUMNS = """
alert_id, kind, precinct_id, county, reason, weight, raised_at, cleared_at, acknowledged_by, acknowledged_at
"""
_LISTED = f"""
select {_COLUMNS} from alerts
where rehearsal = $1 and (raised_at > $2 or cleared_at is null)
order by (acknowledged_by is null and cleared_at is null) desc, weight desc, raised_at desc limit $3
"""  # noqa: S608 - a constant
_ACKNOWLEDGE = """
update alerts set acknowledged_by = $2, acknowledged_at = $3
where alert_id = any($1::uuid[]) and acknowledged_by is null and ($4::text[] is null or county = any($4))
returning alert_id, precinct_id, kind
"""
_BY_OTHERS = """
select distinct acknowledged_by from alerts
where alert_id = any($1::uuid[]) and acknowledged_by <> $2 and ($3::text[] is null or county = any($3))
"""
_DUE = f"""
select {_COLUMNS} from alerts where %s is null and rehearsal = $1 and raised_at > $2
order by weight desc, raised_at for update skip locked
"""  # noqa: S608 - a constant
_DONE = "update alerts set %s = $2 where alert_id = any($1::uuid[])"
# Each way out has a column of its own, so that one that is away makes no other tell twice.
WEBHOOK, COORDINATOR = "told_at", "texted_at"

AWAY: tuple[type[BaseException], ...] = (*UNREACHABLE, asyncpg.PostgresError)

Alert = dict[str, Any]


def slack_message(alerts: list[Alert], names: dict[str, str], board: str, rehearsal: bool) -> dict[str, Any]:
    """One message about all of them, as Slack's and Mattermost's incoming webhooks take it."""

    def plain(text: str) -> str:
        return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")

    lines = []
    for alert in alerts[:LINES]:
        place = alert["precinct_id"]
        path = f"precinct/{quote(place, safe='')}" if place else f"?county={quote(alert['county'])}"
        name = plain(names.get(place or "", place or alert["county"] or "the election")).replace("|", "/")
        lines.append(f"• <{board.rstrip('/')}/{path}|{name}>: {plain(alert['reason'])}")
    if len(alerts) > LINES:
        lines.append(f"• and {len(alerts) - LINES} more on the board")
    head = "REHEARSAL · " if rehearsal else ""
    return {"text": "\n".join([f"{head}Beluga: {len(alerts)} new", *lines])}


class NotSentError(DashboardError):
    """An alert could not be sent to a person outside; the message names the way and the cause."""


class Alerts:
    """Raises, clears, tells and lists. Inside the background loop."""

    def __init__(
        self,
        bridge: AsyncBridge,
        settings: DashboardSettings,
        feed: WarRoomView,
        service_clients: ServiceClients,
        clock: Clock,
    ) -> None:
        self._bridge = bridge
        self._settings = settings
        self._feed = feed
        self._service_clients = service_clients
        self._clock = clock
        self._watch = Watch()
        self._listed: list[Alert] = []
        self._reworded_at = float("-inf")  # monotonic
        self._read_at = float("-inf")  # monotonic; the list is read again when old, or at once when changed

    async def run(self) -> None:
        """Looks whenever the feed moved, until cancelled."""
        feed = self._feed
        while True:
            try:
                async with asyncio.timeout(AGAIN_SECONDS):
                    await feed.changed.wait()
            except TimeoutError:
                pass
            feed.changed.clear()
            try:
                if feed.fresh(FRESH_SECONDS):
                    await self.look()
                await self._tell()
            except AWAY as error:
                _LOG.warning("database_away", work="alerts", error=type(error).__name__)
                await asyncio.sleep(AGAIN_SECONDS)
            except Exception:
                _LOG.exception("alerts_failed")
                await asyncio.sleep(AGAIN_SECONDS)
            await asyncio.sleep(LOOK_SECONDS)

    async def look(self) -> None:
        """Compares the feed with the open alerts once."""
        heard, rehearsal = self._feed, self._settings.rehearsal
        holding = conditions(heard.precincts, heard.standings, heard.incidents, heard.calls)
        now = self._clock.now()
        async with self._bridge.connection() as connection:
            said = {(r["kind"], r["subject"]): r["reason"] for r in await connection.fetch(_OPEN, rehearsal)}
            turn = self._watch.look(holding, said, now, said)
            if turn.raised:
                await connection.execute(_RAISE, rehearsal, *_columns(turn.raised), now)
            if turn.over:
                kinds, subjects = zip(*turn.over, strict=True)
                await connection.execute(_CLEAR, rehearsal, list(kinds), list(subjects), now)
            reworded = turn.reworded if monotonic() - self._reworded_at > REWORD_SECONDS else ()
            if reworded:
                columns = [
                    [getattr(c, name) for c in reworded] for name in ("kind", "subject", "reason", "weight")
                ]
                await connection.execute(_REWORD, rehearsal, *columns)
                self._reworded_at = monotonic()
        if turn.raised or turn.over or reworded:
            self._read_at = float("-inf")

    async def listed(self) -> list[Alert]:
        """Open ones first, the heaviest first. Raises one of `UNREACHABLE`."""
        if monotonic() - self._read_at > LISTED_SECONDS:
            since, began = self._clock.now() - SHOWN, monotonic()
            async with self._bridge.connection() as connection:
                rows = await connection.fetch(_LISTED, self._settings.rehearsal, since, MOST_SHOWN)
            if began > self._read_at:  # else a younger reading has overtaken this one
                self._listed, self._read_at = [_shown(row) for row in rows], began
        return self._listed

    async def acknowledge(self, who: WarRoomUser, ids: list[UUID]) -> tuple[list[dict[str, Any]], list[str]]:
        """The alerts that `who` acknowledged just now, and who else had acknowledged some before."""
        counties = list(who.counties) if who.counties is not None else None
        async with self._bridge.connection() as connection, connection.transaction():
            done = await connection.fetch(_ACKNOWLEDGE, ids, who.login, self._clock.now(), counties)
            others = await connection.fetch(_BY_OTHERS, ids, who.login, counties)
        self._read_at = float("-inf")
        return [dict(row) for row in done], [row["acknowledged_by"] for row in others]

    async def _tell(self) -> None:
        if self._settings.alert_webhook.get_secret_value():
            await self._by(WEBHOOK, self._post)
        if self._settings.alert_texts:
            await self._by(COORDINATOR, self._text_coordinators)

    async def _by(self, way: str, tell: Callable[[list[Alert]], Awaitable[None]]) -> None:
        """Sends the alerts that this way has not sent; a failed one is tried again at the next turn."""
        now = self._clock.now()
        async with self._bridge.connection() as connection, connection.transaction():
            rows = await connection.fetch(_DUE % way, self._settings.rehearsal, now - TELLABLE)
            if not rows:
                return
            try:
                await tell([_shown(row) for row in rows])
            except NotSentError as error:
                _LOG.warning("alerts_not_sent", way=way, error=str(error))
                return
            await connection.execute(_DONE % way, [row["alert_id"] for row in rows], now)

    async def _post(self, alerts: list[Alert]) -> None:
        url = self._settings.alert_webhook.get_secret_value()
        if not url:
            return
        names = {p: str(row["name"]) for p, row in self._feed.precincts.items()}
        message = slack_message(alerts, names, self._settings.dashboard_url, self._settings.rehearsal)
        session = await self._bridge.session()
        try:
            async with session.post(url, json=message, allow_redirects=False) as answer:
                if answer.status >= 300:
                    raise NotSentError(f"the webhook answered {answer.status}")
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            where = urlsplit(url).hostname  # the path of such an address is a secret
            raise NotSentError(f"the webhook at {where} does not answer: {type(error).__name__}") from None

    async def _text_coordinators(self, alerts: list[Alert]) -> None:
        """A note in the log for each: intake texts it to the precinct's coordinators, once."""
        wanted = {kind.strip() for kind in self._settings.alert_texts.split(",")}
        for alert in alerts:
            if alert["kind"] in wanted and alert["precinct_id"]:
                key = uuid5(UUID(alert["id"]), "coordinator")
                detail = {"text": alert["reason"], "tell": "coordinator"}
                note = Decision(
                    kind=Kind.NOTE, account=SERVICE.login, precinct_id=alert["precinct_id"], detail=detail
                )
                try:
                    await self._service_clients.intake.decide(SERVICE, key, note)
                except ServiceClientError as error:
                    raise NotSentError(error.words) from None


def _columns(raised: tuple[Condition, ...]) -> list[list[Any]]:
    names = ("kind", "subject", "precinct_id", "county", "reason", "weight")
    return [[getattr(condition, name) for condition in raised] for name in names]


def _shown(row: asyncpg.Record) -> Alert:
    times = ("raised_at", "cleared_at", "acknowledged_at")
    alert = {name: value for name, value in row.items() if name != "alert_id"}
    alert |= {name: value.astimezone(UTC).isoformat() for name in times if (value := row[name])}
    return alert | {"id": str(row["alert_id"])}


def add_alerts(server: flask.Flask, bridge: AsyncBridge, alerts: Alerts, audit_log: AuditLog) -> None:
    """Adds `GET /alerts` and `POST /alerts/acknowledge`."""
    staff = needs_role(*WAR_ROOM)

    def seen_by(who: WarRoomUser) -> list[Alert]:
        seen = (
            a for a in bridge.run(alerts.listed(), 4) if who.counties is None or a["county"] in who.counties
        )
        return [a | {"reason": retold(a["reason"])} for a in seen]

    @server.get("/alerts")
    @staff
    def listed() -> Any:
        try:
            return flask.jsonify(alerts=seen_by(_who()))
        except AWAY:
            return _told(tr("The database does not answer; alerts are shown again when it is back."), 503)

    @server.post("/alerts/acknowledge")
    @staff
    @csrf_checked
    def acknowledge() -> Any:
        who, asked = _who(), flask.request.get_json(silent=True)
        try:
            ids = [UUID(str(i)) for i in (asked or {})["ids"]][:MOST_SHOWN]
        except (TypeError, KeyError, ValueError):
            return _told(tr("That request cannot be read."), 400)
        try:
            done, others = bridge.run(alerts.acknowledge(who, ids))
            now = seen_by(who)
        except AWAY:
            return _told(tr("The database does not answer. Nothing was changed; try again."), 503)
        for alert in done:
            subject = f"precinct:{alert['precinct_id']}" if alert["precinct_id"] else "alert"
            bridge.run(audit_log.record(who.login, "acknowledge", subject, {"alert": alert["kind"]}))
        return flask.jsonify(
            done=True,
            alerts=now,
            others=[tr("{name} had acknowledged it already.", name=name) for name in others],
        )


def _who() -> WarRoomUser:
    who = person()
    if who is None:
        flask.abort(401)
    return who


def _told(words: str, status: int) -> Any:
    return flask.jsonify(done=False, message=words), status
