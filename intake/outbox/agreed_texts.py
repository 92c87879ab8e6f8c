"""Texts that voters and drivers agreed to: rides and promised votes, worded by the callers' service.

The callers' service puts them down in the transaction that is their reason; each key goes out once. Whether
the phone said STOP, and whether it is quiet hours there, is judged here and when the text is claimed (law
L8).
"""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import asyncpg

from election.postgres.leadership import Term
from election.runtime.clock import Clock
from intake.outbox import store
from intake.replies.purposes import Purpose, QuietHours, Text, window
from intake.replies.segments import plain

RECENT = timedelta(hours=1)  # what waited longer helps nobody
_BATCH = 500
_WAITING = """
select key, phone, body, precinct_id, zone, made_at from agreed_texts
where taken_at is null and rehearsal = $1 and made_at > $2 order by made_at, key limit $3
"""
_TAKEN = "update agreed_texts set taken_at = $2 where key = any($1::text[])"


class AgreedTexts:
    """A chore of the outbox's leader."""

    def __init__(self, clock: Clock, *, quiet: QuietHours, rehearsal: bool = False) -> None:
        self._clock = clock
        self._quiet = quiet
        self._rehearsal = rehearsal

    async def __call__(self, connection: asyncpg.Connection, term: Term) -> None:
        """One round."""
        now = self._clock.now()
        rows = await connection.fetch(_WAITING, self._rehearsal, now - RECENT, _BATCH)
        if not rows:
            return
        async with connection.transaction():
            await term.fence(connection)
            await store.enqueue(connection, [self._text(row, now) for row in rows])
            await connection.execute(_TAKEN, [row["key"] for row in rows], now)

    def _text(self, row: asyncpg.Record, now: datetime) -> Text:
        return Text(
            key=row["key"], purpose=Purpose.AGREED, phone=row["phone"], body=plain(row["body"]), made_at=now,
            window=window(Purpose.AGREED, now, ZoneInfo(row["zone"]), self._quiet),
            precinct_id=row["precinct_id"], rehearsal=self._rehearsal,
        )  # fmt: skip
