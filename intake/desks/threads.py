"""`GET /threads/{watcher}` and `GET /desks/{desk}/{item}/thread`: everything said with one watcher."""

from collections.abc import Mapping, Sequence
from datetime import timedelta

import asyncpg
from aiohttp import web

from election.domain.checkin import CheckIn, Kind, Message
from election.domain.day import Watcher
from election.domain.roster import Roster
from election.wire.desks import Desk
from election.wire.threads import CannedAnswer, Photo, ThreadTurn, WatcherThread
from intake.desks import store, thread_store
from intake.desks.access import DeskAccess, DeskRefusedError, desk_of
from intake.desks.items import DeskItems
from intake.desks.photos import photos_of_entry
from intake.desks.thread_views import ThreadParts, turns_of
from intake.desks.undelivered import Lost
from intake.desks.views import DeskAccount
from intake.outbox import store as outbox_store
from intake.reading.incidents import Thread, number_of, threads
from intake.replies.purposes import zone_of
from intake.replies.wording import catalogue_for

LONGEST_THREAD = 200  # messages and texts each; a watcher of a long day sends some fifty
# A text that answers one younger than this may go out in quiet hours: its sender is awake, and waits.
JUST_WROTE = timedelta(hours=1)
_FORM = "form:"


class WatcherThreads:
    """Reads threads for people of the war room, each lead those of own counties."""

    def __init__(self, desk: DeskAccess, items: DeskItems) -> None:
        self._desk = desk
        self._items = items

    async def of_watcher(
        self, request: web.Request, viewer: DeskAccount, connection: asyncpg.Connection
    ) -> WatcherThread:
        """Answers a watcher's thread."""
        roster = self._desk.roster_at_hand()
        watcher = roster.watchers.get(request.match_info["watcher"])
        if watcher is None or not any(viewer.sees(p, roster) for p in watcher.precinct_ids):
            raise DeskRefusedError(404, "There is no such watcher in your counties.")
        return await self._thread(connection, watcher, "", viewer)

    async def of_item(
        self, request: web.Request, viewer: DeskAccount, connection: asyncpg.Connection
    ) -> WatcherThread:
        """Answers the thread of whoever an item of a desk is about."""
        desk, item = desk_of(request), request.match_info["item"][:64]
        found = await self._items.to_see(connection, desk, item, viewer)
        watcher, phone = self._whose(found, desk, item)
        if watcher is None and not phone:
            raise DeskRefusedError(404, "Nobody is known here whom one could text.")
        return await self._thread(connection, watcher, phone, viewer)

    def _whose(
        self, found: store.Subject | Thread | Lost | None, desk: Desk, item: str
    ) -> tuple[Watcher | None, str]:
        """The watcher an item is about, or the phone that nobody knows."""
        roster = self._desk.roster_at_hand()
        if isinstance(found, Lost):
            return roster.watcher(found.phone), found.phone
        if isinstance(found, Thread):
            return roster.watchers.get(found.first.watcher_id or ""), found.first.sender
        if found is not None:
            return roster.watchers.get(found.watcher_id or ""), found.message.sender
        if desk is Desk.ROLL_CALL:
            return roster.watchers.get(item), ""
        here = [w for _, w in sorted(roster.watchers.items()) if item in w.precinct_ids]
        return (here[0] if here else None), ""

    async def _thread(
        self, connection: asyncpg.Connection, watcher: Watcher | None, phone: str, viewer: DeskAccount
    ) -> WatcherThread:
        roster, rehearsal = self._desk.roster_at_hand(), self._desk.rehearsal
        tied = await thread_store.ties(connection, rehearsal)
        senders = senders_of(watcher, roster, tied) if watcher else [phone]
        phones = [sender for sender in senders if sender.startswith("+")]
        limit = LONGEST_THREAD
        async with connection.transaction(isolation="repeatable_read", readonly=True):
            messages = await thread_store.messages_from(connection, senders, rehearsal, limit)
            entries = await thread_store.entries_of(connection, [m.message_id for m in messages])
            items = [str(e.check_in_id) for e in entries]
            names = [str(watcher.watcher_id)] if watcher else [phone]
            reported = [number_of(e) for e in entries if e.kind is Kind.INCIDENT]
            staff = await thread_store.staff_entries(connection, items + names, names, reported)
            texts = await thread_store.texts_to(connection, phones, rehearsal, limit)
            silent = await outbox_store.opted_out(connection, phones[:1])
        photos = await self._desk.with_states([p for e in entries for p in photos_of_entry(e)])
        by_message: dict[str, list[Photo]] = {}
        for photo in photos:
            by_message.setdefault(photo.message_id, []).append(photo)
        parts = ThreadParts(messages, entries, staff, texts, by_message, self._numbers(entries, staff))
        turns = turns_of(parts, self._desk.pipeline.rosters.at_hand)
        if watcher is None:
            turns = [turn for turn in turns if _shown(turn, viewer, roster)]
        return WatcherThread(
            watcher_id=watcher.watcher_id if watcher else None,
            language=watcher.language if watcher else "",
            rehearsal=rehearsal,
            turns=turns[-LONGEST_THREAD:],
            more=len(turns) > LONGEST_THREAD or len(messages) == limit,
            answers=canned_answers(watcher, roster),
            unanswerable=self._unanswerable(phones[:1], silent),
        )

    def _numbers(self, entries: Sequence[CheckIn], staff: Sequence[CheckIn]) -> Mapping[str, int]:
        """The number by which each incident was told: a follow-up has its first one's."""
        found = threads([*entries, *staff], self._desk.settings.incident_window)
        return {str(e.check_in_id): t.number for t in found for e in (t.first, *t.followed_by)}

    def _unanswerable(self, phones: Sequence[str], silent: set[str]) -> str:
        if not phones:
            return "There is no phone that could be texted."
        if silent:
            return OPTED_OUT
        return "" if self._desk.settings.outbound_numbers else "There is no number to send from."


OPTED_OUT = "This phone has texted STOP: nothing may be sent to it. Call instead."


def senders_of(watcher: Watcher, roster: Roster, tied: Mapping[str, str]) -> list[str]:
    """The names under which a watcher's reports come: their phones, the form, phones tied to them."""
    phones = [watcher.phone, watcher.backup_phone or ""]
    phones += [p for p, whose in tied.items() if whose == watcher.watcher_id and roster.watcher(p) is None]
    own = [p for p in phones if p and (roster.watcher(p) in (watcher, None))]
    return [*dict.fromkeys(own), f"{_FORM}{watcher.watcher_id}"]


def canned_answers(watcher: Watcher | None, roster: Roster) -> list[CannedAnswer]:
    """What staff answer often, in the watcher's language."""
    spoken, english = catalogue_for(watcher, roster).answers, catalogue_for(None, roster).answers
    return [CannedAnswer(key=key, label=english.get(key, text), text=text) for key, text in spoken.items()]


def may_be_answered_now(desk: DeskAccess, watcher: Watcher | None, roster: Roster, wrote: Message) -> bool:
    """Whether an answer may go out now: not in quiet hours, unless its watcher has just written."""
    now = desk.now()
    if watcher is None or now - wrote.received_at <= JUST_WROTE:
        return True
    return not desk.settings.quiet.holds(now, zone_of(watcher, roster))


def _shown(turn: ThreadTurn, viewer: DeskAccount, roster: Roster) -> bool:
    """Whether a turn with an unknown phone is this viewer's to see: a lead sees own counties' alone."""
    return viewer.counties is None or any(viewer.sees(p, roster) for p in turn.precinct_ids)
