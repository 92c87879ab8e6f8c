"""An item of a desk: found, and the viewer's to see or to work on."""

from datetime import timedelta
from uuid import UUID

import asyncpg

from election.domain.checkin import CheckIn, Kind
from election.log.check_in_log import Position, read_after
from election.wire.desks import Desk, DeskItem
from intake.desks import photo_store, store, undelivered
from intake.desks.access import DeskAccess, DeskRefusedError
from intake.desks.photos import incident_photos
from intake.desks.undelivered import Lost
from intake.desks.views import (
    DeskAccount,
    incident_items,
)
from intake.door.permission import deals_with
from intake.reading.incidents import OPEN, Thread, history_of, threads

RECENT_PHOTOS = timedelta(days=1)
MOST_PHOTOS = 500


class DeskItems:
    """Items of the desks, one by one, and the incidents as threads."""

    def __init__(self, desk: DeskAccess) -> None:
        self._desk = desk

    async def all_threads(self, connection: asyncpg.Connection) -> list[Thread]:
        """Returns all incidents, open and closed, in order."""
        kinds = (Kind.INCIDENT, Kind.RESOLVE, Kind.RESOLVED)
        entries, position = list[CheckIn](), Position()
        while True:
            found, position = await read_after(connection, position, kinds=kinds)
            if not found:
                break
            entries += [e for e in found if e.rehearsal == self._desk.rehearsal]
        return threads(entries, self._desk.settings.incident_window)

    async def incidents(self, connection: asyncpg.Connection, viewer: DeskAccount) -> list[DeskItem]:
        """Returns the open incidents as items, with their histories."""
        open_ones = [t for t in await self.all_threads(connection) if t.status in OPEN]
        histories = {t.number: history_of(t) for t in open_ones}
        items = incident_items(open_ones, viewer, self._desk.roster)
        since = self._desk.now() - RECENT_PHOTOS
        pictured = await photo_store.with_photos(connection, since, self._desk.rehearsal, MOST_PHOTOS)
        photos = {t.number: incident_photos(t, pictured) for t in open_ones} if pictured else {}
        return [
            item.model_copy(
                update={
                    "history": histories[item.number or 0],
                    "photos": await self._desk.with_states(photos.get(item.number or 0, [])),
                }
            )
            for item in items
        ]

    async def to_work_on(
        self, connection: asyncpg.Connection, desk: Desk, item: str, viewer: DeskAccount
    ) -> store.Subject | Thread | Lost | None:
        """Returns the item, where it is the viewer's to work on: one of two counties' may only be seen.

        Raises `DeskRefusedError`.
        """
        found = await self.to_see(connection, desk, item, viewer)
        if found is not None and viewer.counties is not None:
            entry, roster = (
                found.first if isinstance(found, Thread) else found,
                self._desk.roster,
            )
            if not (roster and deals_with(viewer.identity, entry.precinct_id, entry.watcher_id, roster)):
                raise DeskRefusedError(404, "There is no such item at your desk.")
        return found

    async def to_see(
        self, connection: asyncpg.Connection, desk: Desk, item: str, viewer: DeskAccount
    ) -> store.Subject | Thread | Lost | None:
        """Returns the item, where it exists and the viewer may see it. Raises `DeskRefusedError`."""
        roster = self._desk.roster
        if desk is Desk.SILENT:
            if roster is None or item not in roster.precincts or not viewer.sees(item, roster):
                raise DeskRefusedError(404, "There is no such precinct at your desk.")
            return None
        if desk is Desk.ROLL_CALL:
            scope = viewer.scope(roster)
            if roster is None or item not in roster.watchers or (scope is not None and item not in scope[1]):
                raise DeskRefusedError(404, "There is no such watcher at your desk.")
            return None
        if desk is Desk.INCIDENTS:
            for thread in await self.all_threads(connection):
                if str(thread.number) == item and viewer.sees(thread.first.precinct_id, roster):
                    return thread
            raise DeskRefusedError(404, "There is no such incident at your desk.")
        if desk is Desk.OUTBOX:
            scope = viewer.scope(roster)
            if text := await undelivered.one(connection, item, self._desk.rehearsal, scope):
                return text
            raise DeskRefusedError(404, "There is no such text at your desk.")
        try:
            found = await store.subject(connection, UUID(item))
        except ValueError:
            found = None
        scope = viewer.scope(roster)
        if found is None or found.message.rehearsal != self._desk.rehearsal:
            raise DeskRefusedError(404, "There is no such item at this desk.")
        if scope is not None and found.precinct_id not in scope[0] and found.watcher_id not in scope[1]:
            raise DeskRefusedError(404, "There is no such item at your desk.")
        return found
