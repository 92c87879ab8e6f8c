"""What staff or watchers decide and others must hear of: follows the log, and makes texts of it.

ASSIGN: the watcher hears of the new post. TIE: the phone hears that it is known now. STOP: the watcher's
coordinator hears that somebody must call. NOTE with `tell`: the precinct's coordinator hears of an alert.
RESOLVE with `answer`: whoever wrote reads what staff answer.
Keys are functions of the entries, so that following the log again from the beginning makes nothing new; what
happened long ago makes nothing at all.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import asyncpg

from election.domain.checkin import CheckIn, Kind
from election.domain.day import Watcher
from election.domain.phones import normal_phone
from election.domain.roster import Roster
from election.log.check_in_log import Position, read_after
from election.postgres.leadership import Term
from election.runtime.clock import Clock
from intake.outbox import store
from intake.replies.purposes import Purpose, QuietHours, Text, keyed, window, worded, zone_of
from intake.replies.segments import plain
from intake.replies.wording import catalogue_for
from intake.roster.snapshot import Rosters

KINDS = (Kind.ASSIGN, Kind.TIE, Kind.STOP, Kind.NOTE, Kind.RESOLVE)
RECENT = timedelta(hours=2)  # older news is no news: nobody is texted about it
BATCH = 1_000


class Notifications:
    """A chore of the outbox's leader."""

    def __init__(
        self,
        rosters: Rosters,
        clock: Clock,
        *,
        quiet: QuietHours,
        region: str = "US",
        rehearsal: bool = False,
    ) -> None:
        self._rosters = rosters
        self._clock = clock
        self._quiet = quiet
        self._region = region
        self._rehearsal = rehearsal
        self._position = Position()

    async def __call__(self, connection: asyncpg.Connection, term: Term) -> None:
        """One round. Staying behind is no harm: the next round goes on."""
        roster = self._rosters.current
        if roster is None:
            return
        entries, position = await read_after(connection, self._position, BATCH, KINDS)
        texts = self.texts_for(entries, roster, self._clock.now())
        if texts:
            async with connection.transaction():
                await term.fence(connection)
                await store.enqueue(connection, texts)
        self._position = position

    def texts_for(self, entries: Sequence[CheckIn], roster: Roster, now: datetime) -> list[Text]:
        """The texts that these entries call for."""
        found = []
        for entry in entries:
            if entry.rehearsal == self._rehearsal and entry.received_at > now - RECENT:
                text = self._text_for(entry, roster, now)
                if text is not None:
                    found.append(text)
        return found

    def _text_for(self, entry: CheckIn, roster: Roster, now: datetime) -> Text | None:
        if entry.kind is Kind.RESOLVE:
            return self._answer_of(entry, roster, now)
        if entry.kind is Kind.NOTE:
            watcher = _reachable(entry, roster, self._region)
        else:
            whose = entry.watcher_id if entry.kind is Kind.STOP else entry.detail.get("watcher_id")
            watcher = roster.watchers.get(str(whose))
        if watcher is None:
            return None
        named = [entry.precinct_id] if entry.kind is Kind.NOTE else entry.detail.get("precinct_ids")
        precincts = (
            [str(p) for p in named] if isinstance(named, list) and named else list(watcher.precinct_ids)
        )
        if entry.kind is Kind.STOP:
            phone, template, purpose = normal_phone(watcher.coordinator or "", self._region), "opted_out", (
                Purpose.REASSIGNED
            )  # fmt: skip
        elif entry.kind is Kind.NOTE:
            phone, template, purpose = normal_phone(watcher.coordinator or "", self._region), "alert", (
                Purpose.REASSIGNED
            )  # fmt: skip
        elif entry.kind is Kind.TIE:
            phone, template, purpose = str(entry.detail.get("phone", "")), "tied", Purpose.REPLY
        else:
            phone, template, purpose = watcher.phone, "reassigned", Purpose.REASSIGNED
        if not phone.startswith("+"):
            return None
        zone = zone_of(watcher, roster)
        return Text(
            key=keyed("notice", entry.check_in_id, rehearsal=self._rehearsal),
            purpose=purpose,
            phone=phone,
            body=worded(
                template, watcher, roster, rehearsal=self._rehearsal,
                precinct=", ".join(precincts), watcher=watcher.name,
                reason=entry.detail.get("text", ""),
            ),
            made_at=now,
            window=window(purpose, now, zone, self._quiet),
            watcher_id=watcher.watcher_id,
            precinct_id=precincts[0] if precincts else None,
            rehearsal=self._rehearsal,
        )  # fmt: skip

    def _answer_of(self, entry: CheckIn, roster: Roster, now: datetime) -> Text | None:
        """What staff answer, as they wrote it; the desk has judged whether it may be sent."""
        words, phone = str(entry.detail.get("answer") or ""), str(entry.detail.get("phone") or "")
        if not words or not phone.startswith("+"):
            return None
        watcher = roster.watchers.get(str(entry.detail.get("watcher_id") or ""))
        zone = zone_of(watcher, roster) if watcher else ZoneInfo(roster.day.timezone)
        label = catalogue_for(watcher, roster).outbound["rehearsal"] if self._rehearsal else ""
        return Text(
            key=keyed("notice", entry.check_in_id, rehearsal=self._rehearsal),
            purpose=Purpose.ANSWER,
            phone=phone,
            body=plain(label + words),
            made_at=now,
            window=window(Purpose.ANSWER, now, zone, self._quiet),
            watcher_id=watcher.watcher_id if watcher else None,
            precinct_id=entry.precinct_id,
            rehearsal=self._rehearsal,
        )


def _reachable(entry: CheckIn, roster: Roster, region: str) -> Watcher | None:
    """The first watcher of a note's precinct whose coordinator can be texted, where it is to be told."""
    if entry.detail.get("tell") != "coordinator":
        return None
    for watcher in roster.watchers.values():
        if entry.precinct_id in watcher.precinct_ids and normal_phone(
            watcher.coordinator or "", region
        ).startswith("+"):
            return watcher
    return None
