"""Intake's back office put together: what it hears, what it sends of its own accord, what the desks show.

None of it stands in the way of an acknowledgement: without PostgreSQL, the tally or a provider it waits.
"""

import asyncio
from collections import OrderedDict
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from datetime import datetime
from time import time
from typing import Any
from urllib.parse import parse_qsl
from zoneinfo import ZoneInfo

import asyncpg
import orjson
import structlog
from aiohttp import web

from election.access.identity import Admission
from election.domain.checkin import Channel, Kind, Message, Reading
from election.domain.ids import PrecinctId
from election.feed_client.connection import follow_feed
from election.postgres.database import UNREACHABLE, open_pool
from election.runtime.clock import Clock
from intake.desks.endpoint import DeskApi
from intake.door.door import Door
from intake.metrics.intake import Telemetry
from intake.outbox import store as outbox_store
from intake.outbox.metrics import OutboxTelemetry
from intake.outbox.notifications import Notifications
from intake.outbox.reassignments import Reassignments
from intake.outbox.reminders import Reminders
from intake.outbox.sender import Outbox
from intake.providers import PROVIDERS, MalformedError, RefusedError, Webhook
from intake.reading.incidents import OPEN
from intake.reading.reader import readings_of, watcher_of
from intake.receive.pipeline import IngestPipeline
from intake.receive.plausibility import Plausibility, intake_view
from intake.replies.purposes import Purpose, Text, window, zone_of
from intake.roster.snapshot import Rosters
from intake.senders import SENDERS, Delivery
from intake.senders.telnyx import delivery_of as telnyx_delivery
from intake.senders.twilio import delivery_of as twilio_delivery
from intake.settings import IntakeSettings

# These providers' webhooks cannot carry a reply: it goes through the outbox.
REPLY_ELSEWHERE = frozenset({"telnyx", "vonage", "plivo", "bandwidth"})
POOL_SIZE = 4  # connections of the desks and delivery reports
MOST_INCIDENTS = 10_000  # remembered for their follow-ups; the oldest are forgotten

AWAY: tuple[type[BaseException], ...] = (*UNREACHABLE, asyncpg.PostgresError)

log = structlog.get_logger()


class IncidentNumbers:
    """Tells a sender's follow-up text the number of the incident it belongs to. Best effort, in memory.

    The desk works the same out from the log; after a restart the first follow-up may be told its own number.
    """

    def __init__(self, settings: IntakeSettings) -> None:
        self._window = settings.incident_window
        self._open: OrderedDict[tuple[str, str], tuple[int, datetime]] = OrderedDict()
        self._told: OrderedDict[bytes, int] = OrderedDict()  # a redelivery is told the same

    def numbered(self, message: Message, readings: list[Reading]) -> list[Reading]:
        """The readings with the number that the reply should name."""
        if message.channel is Channel.STAFF:
            for reading in readings:
                if reading.kind is Kind.RESOLVE and reading.detail.get("status") not in OPEN:
                    self._close(reading.detail.get("incident"))
            return readings
        for reading in readings:
            if reading.kind is Kind.INCIDENT:
                break
        else:
            return readings
        return [
            r._replace(detail={**r.detail, "incident": self._number(message, r)})
            if r.kind is Kind.INCIDENT
            else r
            for r in readings
        ]

    def _number(self, message: Message, reading: Reading) -> int:
        known = self._told.get(message.message_id.bytes)
        if known is not None:
            return known
        key = (message.sender, str(reading.precinct_id or ""))
        number, last = self._open.pop(key, (message.journal_seq, message.sent_at))
        if message.sent_at - last > self._window:
            number = message.journal_seq
        self._open[key] = (number, max(last, message.sent_at))
        self._told[message.message_id.bytes] = number
        while len(self._open) > MOST_INCIDENTS:
            self._open.popitem(last=False)
        while len(self._told) > MOST_INCIDENTS:
            self._told.popitem(last=False)
        return number

    def _close(self, number: object) -> None:
        for key in [k for k, (n, _) in self._open.items() if n == number]:
            del self._open[key]


class OutreachServices:
    """`hints` and `numbers` for the reception, `add_to` for the routes, `work` for the tasks."""

    def __init__(
        self,
        settings: IntakeSettings,
        clock: Clock,
        admission: Admission,
        telemetry: Telemetry,
        rosters: Rosters,
    ) -> None:
        self._settings = settings
        self._clock = clock
        self._admission = admission
        self._rosters = rosters
        self._pool: asyncpg.Pool | None = None
        self._opening = asyncio.Lock()
        self._telemetry = OutboxTelemetry(telemetry.registry)
        self._refuse = telemetry.refuse
        self.feed = intake_view()
        self.plausibility = Plausibility(self.feed, self._opened)
        self.numbers = IncidentNumbers(settings)
        made = {number.provider: SENDERS[number.provider](settings) for number in settings.outbound_numbers}
        for name, sender in made.items():
            if sender is None:
                log.error("sender_not_configured", provider=name, remedy="set its account and secret")
        self.outbox = Outbox(
            settings.database_url,
            settings.outbound_numbers,
            {name: sender for name, sender in made.items() if sender is not None},
            clock,
            self._telemetry,
            rehearsal=settings.rehearsal,
        )
        common: dict[str, Any] = {
            "quiet": settings.quiet, "region": settings.phone_region, "rehearsal": settings.rehearsal
        }  # fmt: skip
        self.outbox.chores += [
            Reassignments(rehearsal=settings.rehearsal),  # first, so that who is told to go is expected there
            Reminders(self.feed, rosters, clock, interval=settings.reminder_interval, **common),
            Notifications(rosters, clock, **common),
        ]

    def _opened(self, precinct_id: PrecinctId) -> float | None:
        """When the polls of a precinct open, epoch seconds, by the roster in force."""
        roster = self._rosters.current
        precinct = roster.place(precinct_id) if roster else None
        return precinct.opens_at(roster.day).timestamp() if roster and precinct else None

    def add_to(self, app: web.Application, pipeline: IngestPipeline, door: Door) -> None:
        """The desks' routes and those of delivery reports."""
        DeskApi(self._settings, self._admission, pipeline, self.feed, self.acquire, door).add_to(app)
        app.router.add_post("/sms/twilio/status", self._receipt("twilio"))
        app.router.add_post("/sms/telnyx/status", self._receipt("telnyx"))

    def work(self) -> list[tuple[str, Coroutine[Any, Any, None]]]:
        """What runs beside the service, by name."""
        running: list[tuple[str, Coroutine[Any, Any, None]]] = [
            ("feed", follow_feed(self.feed, self._settings.feed_url, self._admission.tokens, "intake"))
        ]
        if self._settings.database_url:
            running.append(("outbox", self.outbox.run()))
        return running

    async def close(self) -> None:
        if self._pool is not None:
            self._pool.terminate()

    def reply_elsewhere(self, message: Message, reply: str) -> None:
        """Sends a reply that its webhook's answer could not carry."""
        if message.provider not in REPLY_ELSEWHERE or not reply or not message.sender.startswith("+"):
            return
        roster = self._rosters.current
        watcher = watcher_of(message, roster) if roster else None
        now = self._clock.now()
        readings = readings_of(message, roster) if roster else []
        asks = any(r.kind is Kind.QUESTION or r.held for r in readings)
        stops = any(r.kind in (Kind.STOP, Kind.START) for r in readings)
        purpose = Purpose.OPT_OUT if stops else Purpose.QUESTION if asks else Purpose.REPLY
        zone = zone_of(watcher, roster) if watcher and roster else ZoneInfo("UTC")
        self.outbox.offer(
            Text(
                key=f"reply:{message.message_id}",
                purpose=purpose,
                phone=message.sender,
                body=reply,
                made_at=now,
                window=window(purpose, now, zone, self._settings.quiet),
                watcher_id=watcher.watcher_id if watcher else None,
                rehearsal=message.rehearsal,
            )
        )

    @asynccontextmanager
    async def acquire(self) -> AsyncIterator[asyncpg.Connection]:
        """Lends a connection. Raises one of `UNREACHABLE` while there is no database."""
        if not self._settings.database_url:
            raise ConnectionError("no database is configured")
        async with self._opening:
            if self._pool is None:
                self._pool = await open_pool(self._settings.database_url, POOL_SIZE)
        async with self._pool.acquire(timeout=5) as connection:
            yield connection  # type: ignore[misc]  # a proxy that does what a connection does

    def _receipt(self, name: str) -> Any:
        provider = PROVIDERS[name](self._settings) if name in PROVIDERS else None
        public_url = self._settings.public_url.rstrip("/")

        async def post(request: web.Request) -> web.Response:
            if provider is None:
                self._refuse(name, "not_configured")
                return web.Response(status=403, text=f"No secret is configured for {name}.\n")
            body = await request.read()
            try:
                if provider.receive(Webhook(public_url + request.raw_path, request.headers, body, time())):
                    raise MalformedError  # a watcher's text: taking it here would lose it
                delivery = _delivery(name, body)
            except RefusedError as error:
                self._refuse(name, error.reason)
                return web.Response(status=403, text="The signature is missing or wrong.\n")
            except (MalformedError, ValueError):
                self._refuse(name, "malformed")
                words = f"This is no delivery report; texts go to /sms/{name}.\n"
                return web.Response(status=400, text=words)
            if delivery is not None:
                try:
                    async with self.acquire() as connection:
                        known = await outbox_store.deliver(connection, name, delivery, self._clock.now())
                except AWAY:
                    return web.Response(status=503, text="Send it again.\n", headers={"Retry-After": "5"})
                if known:
                    self._telemetry.delivered.labels(name, delivery.state).inc()
            return web.Response(status=204)

        return post


def _delivery(name: str, body: bytes) -> Delivery | None:
    if name == "telnyx":
        event = orjson.loads(body)
        return telnyx_delivery(event) if isinstance(event, dict) else None
    return twilio_delivery(dict(parse_qsl(body.decode(), keep_blank_values=True, max_num_fields=300)))
