"""The desks' JSON API (`election/wire/desks.py`): queues, taking, finishing, roll call.

What staff decide here becomes a staff decision through the same reception as `PUT /decisions`: the log holds
it and a recount reproduces it. The desks need PostgreSQL; while it is away they answer 503 and say so.
"""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import asyncpg
import orjson
import structlog
from aiohttp import web
from pydantic import BaseModel, ValidationError

from election.access.identity import Admission
from election.access.telemetry import say_refused
from election.access.tokens import BadTokenError
from election.domain.checkin import Channel, CheckIn, Kind
from election.log.check_in_log import Position, read_after
from election.postgres.database import UNREACHABLE
from election.wire.desks import CATEGORIES, Desk, DeskItem, DeskPage, Desks, Finish, OutboxNow, Taken
from election.wire.intake import Decision
from intake.desks import store, undelivered
from intake.desks.decisions import MAY_CORRECT, MAY_DECIDE, TOKEN_SECONDS
from intake.desks.undelivered import Lost
from intake.desks.views import (
    BadCursorError,
    Viewer,
    cursor_of,
    incident_items,
    item_of,
    page_of,
    read_cursor,
    silent_items,
)
from intake.door.door import Door
from intake.door.permission import deals_with
from intake.errors import IntakeError
from intake.outbox import store as outbox_store
from intake.outbox.phone_check import attendance, invitations, summary, unproven_items
from intake.outbox.reminders import made_since
from intake.reading.corrections import key_of
from intake.reading.incidents import OPEN, Thread, history_of, threads
from intake.reading.rereading import read_as, standing_entries, with_ties
from intake.receive.http_answers import bearer, body_of, canonical, kept, receipt, refuse, what_is_wrong
from intake.receive.pipeline import IngestPipeline
from intake.receive.plausibility import IntakeView
from intake.settings import IntakeSettings

PROVIDER = "staff"
LARGEST_PAGE = 200
MOST_COUNTED = 1_000  # "1000" at a desk means "at least"
QUEUES = (Desk.UNREAD, Desk.UNKNOWN, Desk.HELD)
AWAY: tuple[type[BaseException], ...] = (*UNREACHABLE, asyncpg.PostgresError)

log = structlog.get_logger()

Acquire = Callable[[], Any]  # an async context manager that yields a connection; raises UNREACHABLE


class _RefusedError(IntakeError):
    def __init__(self, status: int, words: str) -> None:
        super().__init__(words)
        self.status = status
        self.words = words


class DeskApi:
    """The routes. `acquire` lends a connection."""

    def __init__(  # noqa: PLR0917
        self,
        settings: IntakeSettings,
        admission: Admission,
        pipeline: IngestPipeline,
        feed: IntakeView,
        acquire: Acquire,
        door: Door,
    ) -> None:
        self._settings = settings
        self._admission = admission
        self._pipeline = pipeline
        self._feed = feed
        self._acquire = acquire
        self._door = door

    def add_to(self, app: web.Application) -> None:
        for method, path, work in (
            ("GET", "/desks", self._counts),
            ("GET", "/desks/{desk}", self._page),
            ("POST", "/desks/{desk}/{item}/take", self._take),
            ("POST", "/desks/{desk}/{item}/release", self._release),
            ("POST", "/desks/{desk}/{item}/finish", self._finish),
            ("GET", "/rollcall", self._roll_call),
            ("POST", "/rollcall/{what:invite|remind}", self._invite),
        ):
            app.router.add_route(method, path, self._guarded(work))

    def _guarded(
        self, work: Callable[[web.Request, Viewer, asyncpg.Connection], Awaitable[web.Response | BaseModel]]
    ) -> Callable[[web.Request], Awaitable[web.Response]]:
        async def handle(request: web.Request) -> web.Response:
            try:
                viewer = self._viewer(request)
                async with self._acquire() as connection:
                    answer = await work(request, viewer, connection)
            except _RefusedError as error:
                return refuse(self._pipeline, PROVIDER, error.status, "desk", error.words)
            except AWAY as error:
                log.warning("database_away", work="desk", error=type(error).__name__)
                words = "The database cannot be reached. Nothing was changed; try again in a moment."
                return refuse(self._pipeline, PROVIDER, 503, "no_database", words)
            if isinstance(answer, BaseModel):
                return web.Response(body=answer.model_dump_json().encode(), content_type="application/json")
            return answer

        return handle

    def _viewer(self, request: web.Request) -> Viewer:
        try:
            who = self._admission.read("service", bearer(request), TOKEN_SECONDS)
        except BadTokenError:
            raise _RefusedError(401, "Sign in again: the token is missing or too old.") from None
        if who.role not in MAY_DECIDE:
            say_refused(who.account, "desks", "role")
            raise _RefusedError(403, "Only leads, staff and admins work at the desks.")
        return Viewer(who.account, who.role, None if who.counties is None else tuple(sorted(who.counties)))

    # ------------------------------------------------------------------ looking

    async def _counts(self, _: web.Request, viewer: Viewer, connection: asyncpg.Connection) -> Desks:
        waiting = {}
        for desk in QUEUES:
            rows = await self._rows(connection, desk, viewer, store.BEGINNING, MOST_COUNTED)
            waiting[desk] = len(rows)
        waiting[Desk.INCIDENTS] = len(await self._incidents(connection, viewer))
        waiting[Desk.SILENT] = len(await self._silent(connection, viewer))
        waiting[Desk.OUTBOX] = len(await self._lost(connection, viewer))
        return Desks(rehearsal=self._settings.rehearsal, waiting=waiting)

    async def _page(self, request: web.Request, viewer: Viewer, connection: asyncpg.Connection) -> DeskPage:
        desk, after = _desk(request), request.query.get("after", "")
        limit = _limit(request)
        page = DeskPage(desk=desk, rehearsal=self._settings.rehearsal)
        if desk in QUEUES:
            try:
                rows = await self._rows(connection, desk, viewer, read_cursor(after), limit + 1)
            except BadCursorError as error:
                raise _RefusedError(422, str(error)) from None
            roster, now = self._pipeline.rosters.current, datetime.now(UTC)
            page.items = [item_of(dict(row), desk, viewer, roster, now) for row in rows[:limit]]
            page.next = cursor_of(dict(rows[limit - 1])) if len(rows) > limit else None
            return page
        if desk is Desk.INCIDENTS:
            items = await self._incidents(connection, viewer)
        elif desk is Desk.OUTBOX:
            items = await self._outbox_items(connection, viewer)
            if viewer.counties is None:
                page.outbox = await self._outbox_now(connection)
        elif desk is Desk.ROLL_CALL:
            items = await self._unproven(connection, viewer)
        else:
            items = await self._silent(connection, viewer)
            page.feed_age_seconds = self._feed.age()
        page.items, page.next = page_of(items, after, limit, numeric=desk is Desk.INCIDENTS)
        held = await store.taken(connection, desk, [item.id for item in page.items])
        for item in page.items:
            if item.id in held:
                item.taken_by, item.taken_until = held[item.id]
        return page

    async def _rows(
        self, connection: asyncpg.Connection, desk: Desk, viewer: Viewer, after: store.Cursor, limit: int
    ) -> list[asyncpg.Record]:
        scope = viewer.scope(self._pipeline.rosters.current)
        rehearsal = self._settings.rehearsal
        return await store.queue(connection, desk, rehearsal, after, min(limit, MOST_COUNTED), scope)

    async def _threads(self, connection: asyncpg.Connection) -> list[Thread]:
        kinds, entries, position = (Kind.INCIDENT, Kind.RESOLVE), list[CheckIn](), Position()
        while True:
            found, position = await read_after(connection, position, kinds=kinds)
            if not found:
                break
            entries += [e for e in found if e.rehearsal == self._settings.rehearsal]
        return threads(entries, self._settings.incident_window)

    async def _incidents(self, connection: asyncpg.Connection, viewer: Viewer) -> list[DeskItem]:
        open_ones = [t for t in await self._threads(connection) if t.status in OPEN]
        histories = {t.number: history_of(t) for t in open_ones}
        items = incident_items(open_ones, viewer, self._pipeline.rosters.current)
        return [item.model_copy(update={"history": histories[item.number or 0]}) for item in items]

    async def _unproven(self, connection: asyncpg.Connection, viewer: Viewer) -> list[DeskItem]:
        roster = self._pipeline.rosters.current
        if roster is None:
            return []
        people = await attendance(connection, roster, rehearsal=self._settings.rehearsal)
        return unproven_items(people, viewer.counties)

    async def _lost(self, connection: asyncpg.Connection, viewer: Viewer) -> list[dict[str, Any]]:
        scope, now = viewer.scope(self._pipeline.rosters.current), self._pipeline.clock.now()
        return await undelivered.rows(connection, now, self._settings.rehearsal, scope, MOST_COUNTED)

    async def _outbox_items(self, connection: asyncpg.Connection, viewer: Viewer) -> list[DeskItem]:
        found = await self._lost(connection, viewer)
        return undelivered.items(found, viewer, self._pipeline.rosters.current, datetime.now(UTC))

    async def _outbox_now(self, connection: asyncpg.Connection) -> OutboxNow:
        now, numbers = self._pipeline.clock.now(), len(self._settings.outbound_numbers)
        return await undelivered.outbox_now(connection, now, self._settings.rehearsal, numbers)

    async def _silent(self, connection: asyncpg.Connection, viewer: Viewer) -> list[DeskItem]:
        roster = self._pipeline.rosters.current
        if roster is None:
            return []
        since = self._pipeline.clock.now() - timedelta(days=1)
        made = await made_since(connection, since, rehearsal=self._settings.rehearsal)
        return silent_items(self._feed.standings, made, viewer, roster)

    # ------------------------------------------------------------------ taking

    async def _take(
        self, request: web.Request, viewer: Viewer, connection: asyncpg.Connection
    ) -> Taken | web.Response:
        desk, item = _desk(request), request.match_info["item"][:64]
        await self._to_work_on(connection, desk, item, viewer)
        mine, by, until = await store.take(
            connection, desk, item, viewer.account, self._settings.desk_take_seconds
        )
        if not mine or until is None:
            words = f"{by} is working on this one." if by else "This one is done already."
            raise _RefusedError(409, words)
        return Taken(desk=desk, id=item, taken_by=by, taken_until=until)

    async def _release(
        self, request: web.Request, viewer: Viewer, connection: asyncpg.Connection
    ) -> web.Response:
        desk, item = _desk(request), request.match_info["item"][:64]
        if viewer.counties is not None:
            await self._to_work_on(connection, desk, item, viewer)
        await store.release(connection, desk, item, viewer.account)
        return web.Response(status=204)

    async def _to_work_on(
        self, connection: asyncpg.Connection, desk: Desk, item: str, viewer: Viewer
    ) -> store.Subject | Thread | Lost | None:
        """The item, where it is the viewer's to work on: one of two counties' may only be seen.

        Raises `_RefusedError`.
        """
        found = await self._check_scope(connection, desk, item, viewer)
        if found is not None and viewer.counties is not None:
            entry, roster = (
                found.first if isinstance(found, Thread) else found,
                self._pipeline.rosters.current,
            )
            if not (roster and deals_with(viewer.identity, entry.precinct_id, entry.watcher_id, roster)):
                raise _RefusedError(404, "There is no such item at your desk.")
        return found

    async def _check_scope(
        self, connection: asyncpg.Connection, desk: Desk, item: str, viewer: Viewer
    ) -> store.Subject | Thread | Lost | None:
        """The item, where it exists and the viewer may see it. Raises `_RefusedError`."""
        roster = self._pipeline.rosters.current
        if desk is Desk.SILENT:
            if roster is None or item not in roster.precincts or not viewer.sees(item, roster):
                raise _RefusedError(404, "There is no such precinct at your desk.")
            return None
        if desk is Desk.ROLL_CALL:
            scope = viewer.scope(roster)
            if roster is None or item not in roster.watchers or (scope is not None and item not in scope[1]):
                raise _RefusedError(404, "There is no such watcher at your desk.")
            return None
        if desk is Desk.INCIDENTS:
            for thread in await self._threads(connection):
                if str(thread.number) == item and viewer.sees(thread.first.precinct_id, roster):
                    return thread
            raise _RefusedError(404, "There is no such incident at your desk.")
        if desk is Desk.OUTBOX:
            scope = viewer.scope(roster)
            if text := await undelivered.one(connection, item, self._settings.rehearsal, scope):
                return text
            raise _RefusedError(404, "There is no such text at your desk.")
        try:
            found = await store.subject(connection, UUID(item))
        except ValueError:
            found = None
        scope = viewer.scope(roster)
        if found is None or found.message.rehearsal != self._settings.rehearsal:
            raise _RefusedError(404, "There is no such item at this desk.")
        if scope is not None and found.precinct_id not in scope[0] and found.watcher_id not in scope[1]:
            raise _RefusedError(404, "There is no such item at your desk.")
        return found

    # ------------------------------------------------------------------ finishing

    async def _finish(
        self, request: web.Request, viewer: Viewer, connection: asyncpg.Connection
    ) -> web.Response:
        desk, item = _desk(request), request.match_info["item"][:64]
        raw = await body_of(request, self._pipeline, PROVIDER)
        if isinstance(raw, web.Response):
            return raw
        try:
            wanted = Finish.model_validate_json(raw)
        except ValidationError as error:
            raise _RefusedError(422, what_is_wrong(error)) from None
        found = await self._to_work_on(connection, desk, item, viewer)
        other = await store.holder(connection, desk, item)
        if other and other != viewer.account:
            raise _RefusedError(409, f"{other} is working on this one.")
        decision, key = await self._decision(connection, desk, item, found, wanted, viewer)
        if no := await self._door.decision(viewer.identity, decision, connection):
            raise _RefusedError(no.status, no.words)
        if isinstance(found, Lost) and wanted.outcome == "again":
            await self._send_again(connection, found, wanted)
        body = canonical(decision.model_dump(mode="json"))
        sender = f"staff:{viewer.account}"
        outcome = await kept(
            self._pipeline, PROVIDER, str(key), Channel.STAFF, sender=sender, body=body, raw=raw
        )
        if isinstance(outcome, web.Response):
            return outcome
        answer = receipt(self._pipeline, PROVIDER, outcome, body)
        if answer.status == 200 and desk is not Desk.SILENT:
            open_still = desk is Desk.INCIDENTS and wanted.status in OPEN
            gone = not open_still and desk is not Desk.ROLL_CALL  # who is proven leaves it by the log
            await store.finish(connection, desk, item, viewer.account, gone=gone)
        return answer

    async def _decision(  # noqa: PLR0917
        self,
        connection: asyncpg.Connection,
        desk: Desk,
        item: str,
        found: store.Subject | Thread | Lost | None,
        wanted: Finish,
        viewer: Viewer,
    ) -> tuple[Decision, UUID]:
        """The staff decision that this outcome is, and the key under which it is kept once."""
        about: dict[str, Any] = {"desk": desk.value, "item": item} | (
            {"note": wanted.note} if wanted.note else {}
        )
        if isinstance(found, Thread):
            if wanted.outcome not in ("status", "dismiss"):
                raise _RefusedError(422, "An incident is given a status.")
            if wanted.category not in ("", *CATEGORIES):
                known = ", ".join(CATEGORIES)
                raise _RefusedError(422, f"There is no such category; there are {known}.")
            detail = about | {"incident": found.number, "status": wanted.status or "resolved"}
            if wanted.category:
                detail["category"] = wanted.category
            return self._made(Kind.RESOLVE, viewer, found.first.precinct_id, detail), wanted.key
        if isinstance(found, Lost):
            if wanted.outcome not in ("dismiss", "again"):
                raise _RefusedError(422, "A text that did not arrive is sent again or noted.")
            done = {"purpose": found.purpose.value, "again": wanted.outcome == "again"}
            return self._made(Kind.RESOLVE, viewer, found.precinct_id, about | done), wanted.key
        if found is None:
            if wanted.outcome != "dismiss":
                raise _RefusedError(422, "A silent precinct or a watcher can only be noted.")
            if desk is Desk.ROLL_CALL:
                return self._made(Kind.RESOLVE, viewer, None, about), wanted.key
            return self._made(Kind.NOTE, viewer, item, about | {"text": wanted.note or "seen"}), wanted.key
        if wanted.outcome == "dismiss":
            return self._made(Kind.RESOLVE, viewer, found.precinct_id, about), wanted.key
        if wanted.outcome in ("accept", "reject") and desk is Desk.HELD:
            kind = Kind.ACCEPT if wanted.outcome == "accept" else Kind.REJECT
            return self._made(kind, viewer, found.precinct_id, about | {"target": item}), wanted.key
        if wanted.outcome == "tie" and desk is Desk.UNKNOWN:
            return self._tie(found, wanted, viewer, about), wanted.key
        if wanted.outcome == "read_as" and desk is Desk.UNREAD and wanted.text.strip():
            return await self._read_as(connection, found, wanted, viewer)
        raise _RefusedError(422, f"{wanted.outcome} is not something to do at the {desk.value} desk.")

    async def _send_again(self, connection: asyncpg.Connection, found: Lost, wanted: Finish) -> None:
        roster = self._pipeline.rosters.current
        if roster is None:
            raise _RefusedError(503, "The list of watchers is not here yet.")
        now, quiet = self._pipeline.clock.now(), self._settings.quiet
        text = found.again(str(wanted.key), now, roster, quiet, rehearsal=self._settings.rehearsal)
        if text.window.opens > now:
            raise _RefusedError(
                422, "In quiet hours we text nobody who did not just write. Call them instead."
            )
        await outbox_store.enqueue(connection, [text])

    def _tie(self, found: store.Subject, wanted: Finish, viewer: Viewer, about: dict[str, Any]) -> Decision:
        roster = self._pipeline.rosters.current
        watcher = roster.watchers.get(wanted.watcher_id) if roster else None
        seen = watcher is not None and any(viewer.sees(p, roster) for p in watcher.precinct_ids)
        if viewer.counties is not None and not seen:
            say_refused(viewer.account, "desks", "county")
            raise _RefusedError(403, "There is no such watcher in your counties.")
        if watcher is None:
            raise _RefusedError(422, "There is no such watcher on the roster.")
        detail = about | {
            "phone": found.message.sender,
            "watcher_id": watcher.watcher_id,
            "precinct_ids": list(watcher.precinct_ids),
        }
        return self._made(Kind.TIE, viewer, None, detail)

    async def _read_as(
        self, connection: asyncpg.Connection, found: store.Subject, wanted: Finish, viewer: Viewer
    ) -> tuple[Decision, UUID]:
        if viewer.role not in MAY_CORRECT:
            say_refused(viewer.account, "desks", "role")
            raise _RefusedError(403, "Only staff and admins correct a reading.")
        roster = self._pipeline.rosters.current
        if roster is None:
            raise _RefusedError(503, "The list of precincts is not here yet.")
        ties, _ = await read_after(connection, Position(), kinds=[Kind.TIE])
        standing = standing_entries(await store.entries_about(connection, found))
        entries = standing.get(found.message.message_id, [])
        said = read_as(found.message, wanted.text, entries, with_ties(roster, ties))
        if not said.now or any(e.kind in (Kind.UNREAD, Kind.QUESTION) for e in said.now):
            raise _RefusedError(422, "These words cannot be read either. Write it like: 12-03 412")
        if not said.reversible:
            raise _RefusedError(422, "What it was read as cannot be taken back; correct it with a FIX.")
        rereading = said.decision(wanted.note or f"read as {wanted.text.strip()}"[:500])
        detail = rereading.model_dump(mode="json", exclude_none=True)
        return self._made(Kind.REREAD, viewer, None, detail), key_of(rereading)

    @staticmethod
    def _made(kind: Kind, viewer: Viewer, precinct_id: str | None, detail: dict[str, Any]) -> Decision:
        return Decision(kind=kind, account=viewer.account, precinct_id=precinct_id, detail=detail)

    # ------------------------------------------------------------------ roll call

    async def _roll_call(
        self, _: web.Request, viewer: Viewer, connection: asyncpg.Connection
    ) -> BaseModel | web.Response:
        roster = self._pipeline.rosters.current
        if roster is None:
            raise _RefusedError(503, "The list of watchers is not here yet.")
        rehearsal = self._settings.rehearsal
        people = await attendance(connection, roster, rehearsal=rehearsal)
        return summary(people, rehearsal=rehearsal, counties=viewer.counties)

    async def _invite(
        self, request: web.Request, viewer: Viewer, connection: asyncpg.Connection
    ) -> web.Response:
        roster = self._pipeline.rosters.current
        if roster is None:
            raise _RefusedError(503, "The list of watchers is not here yet.")
        rehearsal = self._settings.rehearsal
        people = await attendance(connection, roster, rehearsal=rehearsal)
        texts = invitations(
            people, roster, self._pipeline.clock.now(), self._settings.quiet,
            again=request.match_info["what"] == "remind", rehearsal=rehearsal, counties=viewer.counties,
        )  # fmt: skip
        new = await outbox_store.enqueue(connection, texts)
        return web.Response(
            body=orjson.dumps({"made": len(new), "wanted": len(texts), "rehearsal": rehearsal}),
            content_type="application/json",
        )


def _desk(request: web.Request) -> Desk:
    try:
        return Desk(request.match_info["desk"])
    except ValueError:
        raise _RefusedError(404, f"The desks are: {', '.join(Desk)}.") from None


def _limit(request: web.Request) -> int:
    try:
        limit = int(request.query.get("limit", "50"))
    except ValueError:
        limit = 0
    if not 1 <= limit <= LARGEST_PAGE:
        raise _RefusedError(422, f"limit: between 1 and {LARGEST_PAGE}.")
    return limit
