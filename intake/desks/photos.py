"""`GET /photos/{message}/{number}`, `…/small`, `/precincts/{precinct}/photos`: what watchers photographed.

Pictures alone go out, by their first bytes; each as what it is, under a policy that lets it do nothing.
"""

import asyncio
from collections.abc import Iterable
from uuid import UUID

import asyncpg
from aiohttp import web

from election.domain.checkin import CheckIn, Kind
from election.domain.pictures import picture_type
from election.wire.threads import Photo, PrecinctPhotos
from intake.desks import photo_store
from intake.desks.access import DeskAccess, DeskRefusedError
from intake.desks.views import DeskAccount
from intake.reading.incidents import Thread

MOST_SHOWN = 60  # of a precinct
HEADERS = {
    "Cache-Control": "no-store",
    "Content-Disposition": "inline",
    "Content-Security-Policy": "default-src 'none'; sandbox",
    "X-Content-Type-Options": "nosniff",
}


class PhotoDesk:
    """Shows photos to people of the war room, each lead those of own counties."""

    def __init__(self, desk: DeskAccess) -> None:
        self._desk = desk

    async def of_precinct(
        self, request: web.Request, viewer: DeskAccount, connection: asyncpg.Connection
    ) -> PrecinctPhotos:
        """Answers which photos came from a precinct."""
        precinct_id, roster = request.match_info["precinct"], self._desk.roster_at_hand()
        if precinct_id not in roster.precincts or not viewer.sees(precinct_id, roster):
            raise DeskRefusedError(404, "There is no such precinct in your counties.")
        rehearsal = self._desk.rehearsal
        entries = await photo_store.of_precinct(connection, precinct_id, rehearsal, MOST_SHOWN)
        photos = [photo for entry in entries for photo in photos_of_entry(entry)]
        return PrecinctPhotos(rehearsal=rehearsal, photos=await self._desk.with_states(photos[:MOST_SHOWN]))

    async def show(
        self, request: web.Request, viewer: DeskAccount, connection: asyncpg.Connection
    ) -> web.Response:
        """Answers a photo as it was sent."""
        return await self._show(request, viewer, connection, small=False)

    async def show_small(
        self, request: web.Request, viewer: DeskAccount, connection: asyncpg.Connection
    ) -> web.Response:
        """Answers its thumbnail."""
        return await self._show(request, viewer, connection, small=True)

    async def _show(
        self, request: web.Request, viewer: DeskAccount, connection: asyncpg.Connection, *, small: bool
    ) -> web.Response:
        try:
            message_id, number = UUID(request.match_info["message"]), int(request.match_info["number"])
        except ValueError:
            raise DeskRefusedError(404, "There is no such photo.") from None
        scope = viewer.scope(self._desk.roster)
        found = await photo_store.whose(connection, message_id, self._desk.rehearsal)
        seen = scope is None or any(place in scope[0] or person in scope[1] for place, person in found)
        if not found or not seen:
            raise DeskRefusedError(404, "There is no such photo at your desk.")
        shelf = self._desk.shelf
        content = await asyncio.to_thread(shelf.content, str(message_id), number, small=small)
        kind = picture_type(content) if content else None
        if content is None or kind is None:
            raise DeskRefusedError(404, "The photo is not here (yet).")
        return web.Response(body=content, content_type=kind, headers=HEADERS)


def photos_of_entry(entry: CheckIn) -> list[Photo]:
    """The photos that came with an entry."""
    count = entry.detail.get("photos")
    return [
        Photo(message_id=str(entry.message_id), number=number)
        for number in range(count if isinstance(count, int) and 0 < count <= 10 else 0)
    ]


def incident_photos(thread: Thread, entries: Iterable[CheckIn]) -> list[Photo]:
    """Photos of an incident: of its own texts, those the form sent with them, and those that its sender sent
    from there, without another report, until the incident's last text and as long after it as a follow-up may
    come. `entries`: recent ones with photos.
    """
    said = (thread.first, *thread.followed_by)
    messages = {str(e.message_id) for e in said}
    found: list[tuple[CheckIn, Photo]] = []
    for entry in entries:
        alone = entry.kind in (Kind.UNREAD, Kind.NOTED) and "of" not in entry.detail
        who = (entry.watcher_id or entry.sender, entry.precinct_id)
        same = who == (thread.first.watcher_id or thread.first.sender, thread.first.precinct_id)
        since = entry.sent_at - thread.last_at
        followed = alone and same and entry.sent_at >= thread.first.sent_at and since <= thread.window
        if str(entry.message_id) in messages or str(entry.detail.get("of", "")) in messages or followed:
            found += [(entry, photo) for photo in photos_of_entry(entry)]
    return [photo for _, photo in sorted(found, key=lambda pair: pair[0].received_at)]
