"""Intake's work beside acknowledging, put together: the feed, the outbox, the desks, delivery reports.

None of it stands in the way of an acknowledgement: without PostgreSQL, the tally or a provider it waits.
"""

import asyncio
from collections.abc import AsyncIterator, Coroutine, Iterable
from contextlib import asynccontextmanager
from datetime import datetime
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

import asyncpg
import structlog
from aiohttp import web

from election.access.identity import Admission
from election.domain.checkin import Kind, Message
from election.domain.ids import PrecinctId
from election.feed_client.connection import follow_feed
from election.postgres.database import open_pool
from election.postgres.service_settings import keep_told
from election.runtime.clock import Clock
from intake.desks.access import DeskAccess
from intake.desks.endpoint import add_desks
from intake.door.door import WriteDoor
from intake.metrics.intake import Telemetry
from intake.official.client import OfficialClient
from intake.official.following import OfficialFollower
from intake.outbox.agreed_texts import AgreedTexts
from intake.outbox.delivery_reports import DeliveryReports
from intake.outbox.metrics import OutboxTelemetry
from intake.outbox.notifications import Notifications
from intake.outbox.reassignments import Reassignments
from intake.outbox.reminders import Reminders
from intake.outbox.sender import Outbox
from intake.photos.fetching import PhotoClient
from intake.photos.following import PhotoFollower
from intake.photos.shelf import PhotoShelf
from intake.providers.photo_hosts import photo_hosts
from intake.reading.reader import readings_of, watcher_of
from intake.receive.decided_hours import DecidedHours
from intake.receive.incident_numbers import IncidentNumbers
from intake.receive.pipeline import IngestPipeline
from intake.receive.plausibility import Plausibility, intake_view
from intake.replies.purposes import Purpose, Text, window, zone_of
from intake.roster.agreed_phones import AgreedPhones
from intake.roster.roll_numbers import RollNumbers
from intake.roster.snapshot import WAKE_CHANNEL, Rosters
from intake.senders import SENDERS
from intake.settings import IntakeSettings

# These providers' webhooks cannot carry a reply: it goes through the outbox.
REPLY_ELSEWHERE = frozenset({"telnyx", "vonage", "plivo", "bandwidth"})
POOL_SIZE = 4  # connections of the desks and delivery reports

log = structlog.get_logger()


class OutreachServices:
    """`plausibility` and `numbers` for the pipeline, `add_to` for the routes, `work` for the tasks."""

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
        self.shelf = PhotoShelf(settings.photo_folder)
        self.hours = DecidedHours(self.acquire, rehearsal=settings.rehearsal)
        self.roll_numbers = RollNumbers()
        self.agreed_phones = AgreedPhones()
        self.plausibility = Plausibility(self.feed, self._opened, self._hours, self._not_on_roll)
        self.numbers = IncidentNumbers(settings.incident_window)
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
            templates=settings.whatsapp_templates,
        )
        common: dict[str, Any] = {
            "quiet": settings.quiet, "region": settings.phone_region, "rehearsal": settings.rehearsal
        }  # fmt: skip
        self.outbox.chores += [
            Reassignments(rehearsal=settings.rehearsal),  # first, so that who is told to go is expected there
            Reminders(self.feed, rosters, clock, interval=settings.reminder_interval, **common),
            Notifications(rosters, clock, **common),
            AgreedTexts(clock, quiet=settings.quiet, rehearsal=settings.rehearsal),
        ]

    def _opened(self, precinct_id: PrecinctId) -> float | None:
        """When the polls of a precinct open, epoch seconds, by the roster in force."""
        roster = self._rosters.current
        precinct = roster.place(precinct_id) if roster else None
        return precinct.opens_at(roster.day).timestamp() if roster and precinct else None

    def _hours(self, precinct_id: PrecinctId) -> tuple[datetime, datetime] | None:
        """When the polls of a precinct open and close, as staff last decided them."""
        roster = self._rosters.current
        precinct = roster.place(precinct_id) if roster else None
        return self.hours.of(precinct, roster.day) if roster and precinct else None

    def _not_on_roll(self, precinct_id: PrecinctId, numbers: Iterable[int]) -> list[int]:
        """Numbers struck off that the precinct's roll lacks, by the roster in force."""
        roster = self._rosters.current
        precinct = roster.place(precinct_id) if roster else None
        return self.roll_numbers.missing(precinct_id, numbers, precinct.registered) if precinct else []

    def add_to(self, app: web.Application, pipeline: IngestPipeline, door: WriteDoor) -> None:
        """The desks' routes and those of delivery reports."""
        settings = self._settings
        access = DeskAccess(settings, self._admission, pipeline, self.feed, self.acquire, door, self.shelf)
        add_desks(app, access)
        DeliveryReports(settings, self._clock, self._telemetry, self.acquire, self._refuse).add_to(app)

    def work(self, pipeline: IngestPipeline) -> list[tuple[str, Coroutine[Any, Any, None]]]:
        """What runs beside the service, by name."""
        running: list[tuple[str, Coroutine[Any, Any, None]]] = [
            ("feed", follow_feed(self.feed, self._settings.feed_url, self._admission.tokens, "intake"))
        ]
        if self._settings.database_url:
            running.append(("outbox", self.outbox.run()))
            if self._settings.intake_worker == 0:
                running.append(("settings", keep_told(self._settings.database_url, "intake", self._settings)))
            running.append(("hours", self.hours.run()))
            running.append(("agreed phones", self.agreed_phones.follow(self._settings.database_url)))
            running.append(("roll", self.roll_numbers.follow(self._settings.database_url, WAKE_CHANNEL)))
            if self._settings.intake_worker == 0:  # one of a host fetches
                fetcher = PhotoClient(photo_hosts(self._settings), self._settings.photo_most_bytes)
                follower = PhotoFollower(self.shelf, fetcher, self.acquire, self._clock.now)
                running.append(("photos", follower.run()))
                client = OfficialClient(loopback=self._settings.rehearsal)
                kept = self._settings.folder / "official.json"
                poller = OfficialFollower(pipeline, self.acquire, kept, client, Random())
                running.append(("official", poller.run()))
        return running

    async def close(self) -> None:
        """Ends the connections."""
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
