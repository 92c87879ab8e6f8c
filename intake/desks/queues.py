"""The desks' queues: how many items wait, and which."""

from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg
from aiohttp import web

from election.wire.desks import Desk, DeskCounts, DeskItem, DeskPage, OutboxNow, WaysNow
from intake.desks import store, undelivered
from intake.desks.access import DeskAccess, DeskRefusedError, desk_of
from intake.desks.items import DeskItems
from intake.desks.views import (
    BadCursorError,
    DeskAccount,
    cursor_of,
    item_of,
    page_of,
    read_cursor,
    silent_items,
)
from intake.outbox import store as outbox_store
from intake.outbox.phone_check import attendance, unproven_items
from intake.outbox.reminders import made_since
from intake.replies.send_rate import WHATSAPP

LARGEST_PAGE = 200
MOST_COUNTED = 1_000  # "1000" at a desk means "at least"
QUEUES = (Desk.UNREAD, Desk.UNKNOWN, Desk.HELD)


class DeskQueues:
    """What waits at each desk, counted and by the page."""

    def __init__(self, desk: DeskAccess, items: DeskItems) -> None:
        self._desk = desk
        self._items = items

    async def counts(self, _: web.Request, viewer: DeskAccount, connection: asyncpg.Connection) -> DeskCounts:
        """Answers how many items wait at each desk."""
        waiting = {}
        for desk in QUEUES:
            rows = await self._rows(connection, desk, viewer, store.BEGINNING, MOST_COUNTED)
            waiting[desk] = len(rows)
        waiting[Desk.INCIDENTS] = len(await self._items.incidents(connection, viewer))
        waiting[Desk.SILENT] = len(await self._silent(connection, viewer))
        waiting[Desk.OUTBOX] = len(await self._lost(connection, viewer))
        return DeskCounts(rehearsal=self._desk.rehearsal, waiting=waiting)

    async def page(
        self, request: web.Request, viewer: DeskAccount, connection: asyncpg.Connection
    ) -> DeskPage:
        """Answers a page of one desk."""
        desk, after = desk_of(request), request.query.get("after", "")
        limit = _limit(request)
        page = DeskPage(desk=desk, rehearsal=self._desk.rehearsal)
        if desk in QUEUES:
            try:
                rows = await self._rows(connection, desk, viewer, read_cursor(after), limit + 1)
            except BadCursorError as error:
                raise DeskRefusedError(422, str(error)) from None
            roster, now = self._desk.roster, datetime.now(UTC)
            page.items = [item_of(dict(row), desk, viewer, roster, now) for row in rows[:limit]]
            for item in page.items:
                item.photos = await self._desk.with_states(item.photos)
            page.next = cursor_of(dict(rows[limit - 1])) if len(rows) > limit else None
            return page
        if desk is Desk.INCIDENTS:
            items = await self._items.incidents(connection, viewer)
        elif desk is Desk.OUTBOX:
            items = await self._outbox_items(connection, viewer)
            if viewer.counties is None:
                page.outbox = await self._outbox_now(connection)
        elif desk is Desk.ROLL_CALL:
            items = await self._unproven(connection, viewer)
        else:
            items = await self._silent(connection, viewer)
            page.feed_age_seconds = self._desk.feed.age()
        page.items, page.next = page_of(items, after, limit, numeric=desk is Desk.INCIDENTS)
        held = await store.taken(connection, desk, [item.id for item in page.items])
        for item in page.items:
            if item.id in held:
                item.taken_by, item.taken_until = held[item.id]
        return page

    async def _rows(
        self, connection: asyncpg.Connection, desk: Desk, viewer: DeskAccount, after: store.Cursor, limit: int
    ) -> list[asyncpg.Record]:
        scope = viewer.scope(self._desk.roster)
        rehearsal = self._desk.rehearsal
        return await store.queue(connection, desk, rehearsal, after, min(limit, MOST_COUNTED), scope)

    async def _unproven(self, connection: asyncpg.Connection, viewer: DeskAccount) -> list[DeskItem]:
        roster = self._desk.roster
        if roster is None:
            return []
        people = await attendance(connection, roster, rehearsal=self._desk.rehearsal)
        return unproven_items(people, viewer.counties)

    async def _lost(self, connection: asyncpg.Connection, viewer: DeskAccount) -> list[dict[str, Any]]:
        scope, now = viewer.scope(self._desk.roster), self._desk.now()
        return await undelivered.rows(connection, now, self._desk.rehearsal, scope, MOST_COUNTED)

    async def _outbox_items(self, connection: asyncpg.Connection, viewer: DeskAccount) -> list[DeskItem]:
        found = await self._lost(connection, viewer)
        return undelivered.items(found, viewer, self._desk.roster, datetime.now(UTC))

    async def _outbox_now(self, connection: asyncpg.Connection) -> OutboxNow:
        now, numbers = self._desk.now(), len(self._desk.settings.outbound_numbers)
        found = await undelivered.outbox_now(connection, now, self._desk.rehearsal, numbers)
        found.whatsapp = await self._whatsapp_now(connection)
        return found

    async def _whatsapp_now(self, connection: asyncpg.Connection) -> WaysNow | None:
        settings = self._desk.settings
        by_it = [n for n in settings.outbound_numbers if n.number.startswith(WHATSAPP)]
        if not by_it:
            return None
        templates = [purpose.value for purpose in settings.whatsapp_templates]
        now, rehearsal = self._desk.now(), self._desk.rehearsal
        waiting = await outbox_store.waiting_by_way(connection, now, rehearsal, templates)
        sms = len(by_it) < len(settings.outbound_numbers)
        return WaysNow(numbers=len(by_it), templates=templates, waiting=waiting, sms=sms)

    async def _silent(self, connection: asyncpg.Connection, viewer: DeskAccount) -> list[DeskItem]:
        roster = self._desk.roster
        if roster is None:
            return []
        since = self._desk.now() - timedelta(days=1)
        made = await made_since(connection, since, rehearsal=self._desk.rehearsal)
        settings = self._desk.settings
        interval, region = settings.reminder_interval, settings.phone_region
        return silent_items(self._desk.feed.standings, made, viewer, roster, interval, region)


def _limit(request: web.Request) -> int:
    try:
        limit = int(request.query.get("limit", "50"))
    except ValueError:
        limit = 0
    if not 1 <= limit <= LARGEST_PAGE:
        raise DeskRefusedError(422, f"limit: between 1 and {LARGEST_PAGE}.")
    return limit
