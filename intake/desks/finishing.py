"""An item taken and finished: its outcome becomes a staff decision in the log."""

from typing import Any
from uuid import UUID

import asyncpg
from aiohttp import web
from pydantic import ValidationError

from election.access.telemetry import say_refused
from election.domain.checkin import Channel, Kind
from election.log.check_in_log import Position, read_after
from election.wire.desks import CATEGORIES, ClaimedItem, Desk, Finish
from election.wire.intake import Decision
from intake.desks import store
from intake.desks.access import PROVIDER, DeskAccess, DeskRefusedError, desk_of
from intake.desks.decisions import MAY_CORRECT
from intake.desks.items import DeskItems
from intake.desks.threads import OPTED_OUT, may_be_answered_now
from intake.desks.undelivered import Lost
from intake.desks.views import (
    DeskAccount,
)
from intake.outbox import store as outbox_store
from intake.reading.corrections import key_of
from intake.reading.incidents import OPEN, Thread
from intake.reading.rereading import read_as, standing_entries, with_ties
from intake.receive.http_answers import body_of, canonical, kept, receipt, what_is_wrong

LONGEST_ANSWER = 480  # characters: three segments, in any language that GSM-7 carries


class DeskWork:
    """Takes, releases and finishes items."""

    def __init__(self, desk: DeskAccess, items: DeskItems) -> None:
        self._desk = desk
        self._items = items

    async def take(
        self, request: web.Request, viewer: DeskAccount, connection: asyncpg.Connection
    ) -> ClaimedItem | web.Response:
        """Reserves an item for the viewer for a while."""
        desk, item = desk_of(request), request.match_info["item"][:64]
        await self._items.to_work_on(connection, desk, item, viewer)
        mine, by, until = await store.take(
            connection, desk, item, viewer.account, self._desk.settings.desk_take_seconds
        )
        if not mine or until is None:
            words = f"{by} is working on this one." if by else "This one is done already."
            raise DeskRefusedError(409, words)
        return ClaimedItem(desk=desk, id=item, taken_by=by, taken_until=until)

    async def release(
        self, request: web.Request, viewer: DeskAccount, connection: asyncpg.Connection
    ) -> web.Response:
        """Gives a reserved item back."""
        desk, item = desk_of(request), request.match_info["item"][:64]
        if viewer.counties is not None:
            await self._items.to_work_on(connection, desk, item, viewer)
        await store.release(connection, desk, item, viewer.account)
        return web.Response(status=204)

    async def finish(
        self, request: web.Request, viewer: DeskAccount, connection: asyncpg.Connection
    ) -> web.Response:
        """Keeps the viewer's outcome as a staff decision, durably and once."""
        desk, item = desk_of(request), request.match_info["item"][:64]
        raw = await body_of(request, self._desk.pipeline, PROVIDER)
        if isinstance(raw, web.Response):
            return raw
        try:
            wanted = Finish.model_validate_json(raw)
        except ValidationError as error:
            raise DeskRefusedError(422, what_is_wrong(error)) from None
        found = await self._items.to_work_on(connection, desk, item, viewer)
        other = await store.holder(connection, desk, item)
        if other and other != viewer.account:
            raise DeskRefusedError(409, f"{other} is working on this one.")
        decision, key = await self._decision(connection, desk, item, found, wanted, viewer)
        if no := await self._desk.door.decision(viewer.identity, decision, connection):
            raise DeskRefusedError(no.status, no.words)
        if isinstance(found, Lost) and wanted.outcome == "again":
            await self._send_again(connection, found, wanted)
        body = canonical(decision.model_dump(mode="json"))
        sender = f"staff:{viewer.account}"
        outcome = await kept(
            self._desk.pipeline, PROVIDER, str(key), Channel.STAFF, sender=sender, body=body, raw=raw
        )
        if isinstance(outcome, web.Response):
            return outcome
        answer = receipt(self._desk.pipeline, PROVIDER, outcome, body)
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
        viewer: DeskAccount,
    ) -> tuple[Decision, UUID]:
        """The staff decision that this outcome is, and the key under which it is kept once."""
        about: dict[str, Any] = {"desk": desk.value, "item": item} | (
            {"note": wanted.note} if wanted.note else {}
        )
        if isinstance(found, Thread):
            if wanted.outcome not in ("status", "dismiss"):
                raise DeskRefusedError(422, "An incident is given a status.")
            if wanted.category not in ("", *CATEGORIES):
                known = ", ".join(CATEGORIES)
                raise DeskRefusedError(422, f"There is no such category; there are {known}.")
            detail = about | {"incident": found.number, "status": wanted.status or "resolved"}
            if wanted.category:
                detail["category"] = wanted.category
            return self._made(Kind.RESOLVE, viewer, found.first.precinct_id, detail), wanted.key
        if isinstance(found, Lost):
            if wanted.outcome not in ("dismiss", "again"):
                raise DeskRefusedError(422, "A text that did not arrive is sent again or noted.")
            done = {"purpose": found.purpose.value, "again": wanted.outcome == "again"}
            return self._made(Kind.RESOLVE, viewer, found.precinct_id, about | done), wanted.key
        if found is None:
            if wanted.outcome != "dismiss":
                raise DeskRefusedError(422, "A silent precinct or a watcher can only be noted.")
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
        if wanted.outcome == "answer" and desk is Desk.UNREAD and wanted.text.strip():
            return await self._answer(connection, found, wanted, viewer, about), wanted.key
        if wanted.outcome == "read_as" and desk is Desk.UNREAD and wanted.text.strip():
            return await self._read_as(connection, found, wanted, viewer)
        raise DeskRefusedError(422, f"{wanted.outcome} is not something to do at the {desk.value} desk.")

    async def _answer(
        self,
        connection: asyncpg.Connection,
        found: store.Subject,
        wanted: Finish,
        viewer: DeskAccount,
        about: dict[str, Any],
    ) -> Decision:
        """The decision that makes the outbox's leader text the answer: kept once, so texted once."""
        roster, words = self._desk.roster_at_hand(), wanted.text.strip()
        watcher = roster.watchers.get(found.watcher_id or "")
        wrote = found.message.sender
        phone = wrote if wrote.startswith("+") else watcher.phone if watcher else ""
        if not phone:
            raise DeskRefusedError(422, "There is no phone to text. Call instead.")
        if len(words) > LONGEST_ANSWER:
            raise DeskRefusedError(422, f"An answer has at most {LONGEST_ANSWER} characters.")
        if phone in await outbox_store.opted_out(connection, [phone]):
            raise DeskRefusedError(422, OPTED_OUT)
        if not may_be_answered_now(self._desk, watcher, roster, found.message):
            raise DeskRefusedError(
                422, "In quiet hours we text nobody who did not just write. Call them instead."
            )
        detail = about | {"answer": words, "phone": phone}
        if watcher:
            detail["watcher_id"] = str(watcher.watcher_id)
        return self._made(Kind.RESOLVE, viewer, found.precinct_id, detail)

    async def _send_again(self, connection: asyncpg.Connection, found: Lost, wanted: Finish) -> None:
        roster = self._desk.roster_at_hand()
        now, quiet = self._desk.now(), self._desk.settings.quiet
        text = found.again(str(wanted.key), now, roster, quiet, rehearsal=self._desk.rehearsal)
        if text.window.opens > now:
            raise DeskRefusedError(
                422, "In quiet hours we text nobody who did not just write. Call them instead."
            )
        await outbox_store.enqueue(connection, [text])

    def _tie(
        self, found: store.Subject, wanted: Finish, viewer: DeskAccount, about: dict[str, Any]
    ) -> Decision:
        roster = self._desk.roster
        watcher = roster.watchers.get(wanted.watcher_id) if roster else None
        seen = watcher is not None and any(viewer.sees(p, roster) for p in watcher.precinct_ids)
        if viewer.counties is not None and not seen:
            say_refused(viewer.account, "desks", "county")
            raise DeskRefusedError(403, "There is no such watcher in your counties.")
        if watcher is None:
            raise DeskRefusedError(422, "There is no such watcher on the roster.")
        detail = about | {
            "phone": found.message.sender,
            "watcher_id": watcher.watcher_id,
            "precinct_ids": list(watcher.precinct_ids),
        }
        return self._made(Kind.TIE, viewer, None, detail)

    async def _read_as(
        self, connection: asyncpg.Connection, found: store.Subject, wanted: Finish, viewer: DeskAccount
    ) -> tuple[Decision, UUID]:
        if viewer.role not in MAY_CORRECT:
            say_refused(viewer.account, "desks", "role")
            raise DeskRefusedError(403, "Only staff and admins correct a reading.")
        roster = self._desk.roster
        if roster is None:
            raise DeskRefusedError(503, "The list of precincts is not here yet.")
        ties, _ = await read_after(connection, Position(), kinds=[Kind.TIE])
        standing = standing_entries(await store.entries_about(connection, found))
        entries = standing.get(found.message.message_id, [])
        said = read_as(found.message, wanted.text, entries, with_ties(roster, ties))
        if not said.now or any(e.kind in (Kind.UNREAD, Kind.QUESTION) for e in said.now):
            raise DeskRefusedError(422, "These words cannot be read either. Write it like: 12-03 412")
        if not said.reversible:
            raise DeskRefusedError(422, "What it was read as cannot be taken back; correct it with a FIX.")
        rereading = said.decision(wanted.note or f"read as {wanted.text.strip()}"[:500])
        detail = rereading.model_dump(mode="json", exclude_none=True)
        return self._made(Kind.REREAD, viewer, None, detail), key_of(rereading)

    @staticmethod
    def _made(kind: Kind, viewer: DeskAccount, precinct_id: str | None, detail: dict[str, Any]) -> Decision:
        return Decision(kind=kind, account=viewer.account, precinct_id=precinct_id, detail=detail)
