"""Texts about rides and promised votes, put down for the outbox in the transaction that is their reason.

Only to who agreed (`texts`): a voter on the call in which they asked, a driver when they signed up. The
outbox looks once more, as a text goes out, whether its phone said STOP meanwhile (law L8).
"""

from datetime import datetime, timedelta
from uuid import UUID

import asyncpg

from callers.queries.statements import statements
from callers.rides.ride_row import PlaceTimes, RideRow, reads
from callers.rides.texts import DRIVER, RIDER
from callers.rides.wording import text
from callers.scripts.wording import local
from callers.voters.encryption import Encryption

_SQL = statements("rides")
REMINDED_AFTER = timedelta(hours=1)  # the time that a voter named
_REMINDED_WITHIN = timedelta(hours=2)  # later it confuses


class RideTexts:
    """What rides and promises have voters and drivers texted."""

    def __init__(
        self, pool: asyncpg.Pool, places: PlaceTimes, encryption: Encryption, *, rehearsal: bool
    ) -> None:
        self._pool = pool
        self._places = places
        self._encryption = encryption
        self._rehearsal = rehearsal

    async def tell(
        self,
        connection: asyncpg.Connection,
        found: RideRow,
        what: tuple[str, str],
        deed: tuple[UUID, datetime],
        former_driver: str = "",
    ) -> None:
        """Puts down a text (`what`: whom, which words) that follows from an act (`deed`: its id, when)."""
        (whom, key), (act_id, now), row = what, deed, found.row
        if whom == RIDER:
            phone, language = (found.person.phone if row["texts"] else ""), row["language"] or "en"
        else:
            driver_id = found.ride.driver if whom == DRIVER else former_driver
            driver = await connection.fetchrow(_SQL["driver"], driver_id)
            if driver is None or not driver["texts"]:
                return
            phone, language = driver["phone"], reads(driver)
        zone = self._places.zone(found.precinct_id) or "UTC"
        body = text(
            language, key, rehearsal=self._rehearsal, place=self._places.name(found.precinct_id),
            driver=(row["driver"] or "").split(" ")[0], time=local(self._places.due(row), zone),
        )  # fmt: skip
        its_key = f"ride:{act_id}:{whom}:{key}"
        await self._put(connection, its_key, (phone, body), (found.precinct_id, zone), now)

    async def remind(self, now: datetime) -> int:
        """Texts voters who named a time, an hour after it, where they asked for that; how many."""
        until = now - REMINDED_AFTER
        rows = await self._pool.fetch(_SQL["reminders"], until, until - _REMINDED_WITHIN, self._rehearsal)
        done = 0
        for row in rows:
            precinct_id = row["precinct_id"]
            closes_at, zone = self._places.closes_at(precinct_id), self._places.zone(precinct_id)
            phone = self._encryption.person(row["voter_id"], row["name"], row["phone"], row["sealed"]).phone
            if closes_at is None or now >= closes_at or not zone:
                continue
            body = text(
                row["language"] or "en", "promise", rehearsal=self._rehearsal,
                place=self._places.name(precinct_id), time=local(closes_at, zone),
            )  # fmt: skip
            key = f"promise:{row['outcome_id']}"
            done += await self._put(self._pool, key, (phone, body), (precinct_id, zone), now)
        return done

    async def _put(
        self,
        connection: asyncpg.Connection | asyncpg.Pool,
        key: str,
        text_to: tuple[str, str],
        place: tuple[str, str],
        now: datetime,
    ) -> bool:
        phone, body = text_to
        if not phone.startswith("+"):
            return False
        key = f"rehearsal:{key}" if self._rehearsal else key
        await connection.execute(_SQL["text"], key, phone, body, *place, self._rehearsal, now)
        return True
