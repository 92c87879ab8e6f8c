"""Reading rides, their drivers and what both texted, out of the database: nothing here changes any."""

from datetime import datetime, timedelta
from uuid import UUID

import asyncpg

from callers.dispatch.allocation import CallerPool
from callers.errors import CallersError
from callers.queries.statements import statements
from callers.rides.ride import Ride
from callers.rides.ride_row import DriverOnDuty, PlaceTimes, RideRow, reads
from callers.rides.urgency import Unclaimed
from callers.voters.encryption import Encryption, Person
from election.wire.rides import RideState

_SQL = statements("rides")
_DAY = timedelta(hours=20)
_HOUR = timedelta(hours=1)


class UnknownRideError(CallersError):
    """There is no such ride."""


def named(words: str, name: str) -> bool:
    """Whether each of some words begins a word of a name, whatever their case."""
    asked, known = words.casefold().split(), name.casefold().replace("-", " ").split()
    return bool(asked) and all(any(k.startswith(w) for k in known) for w in asked)


class RideRows:
    """Rides and drivers as they are, voters opened."""

    def __init__(self, pool: asyncpg.Pool, places: PlaceTimes, encryption: Encryption) -> None:
        self._pool = pool
        self._places = places
        self._encryption = encryption

    async def one(self, connection: asyncpg.Connection, ride_id: UUID) -> RideRow:
        """A ride as this transaction sees it. Raises `UnknownRideError`."""
        row = await connection.fetchrow(_SQL["shown"], [ride_id])
        if row is None:
            raise UnknownRideError
        return self._opened(row)

    def _opened(self, row: asyncpg.Record) -> RideRow:
        person = Person("", "")
        if not row["gone"]:
            person = self._encryption.person(
                row["voter_id"], row["name"] or "", row["phone"], row["sealed"], row["address"] or ""
            )
        if row["pickup"]:
            person = Person(person.name, person.phone, self._open_pickup(row))
        ride = Ride(RideState(row["state"]), row["driver_id"], row["at_polls"], row["return_trip"])
        return RideRow(row["ride_id"], row["voter_id"], ride, person, row)

    def close_pickup(self, voter_id: str, pickup: str) -> bytes | None:
        """An address as it is stored: sealed where the roll is."""
        words = " ".join(pickup.split())
        if not words:
            return None
        return self._encryption.close(f"pickup {voter_id}", Person("", "", words)) or words.encode()

    def _open_pickup(self, row: asyncpg.Record) -> str:
        if not self._encryption:
            return bytes(row["pickup"]).decode()
        return self._encryption.person(f"pickup {row['voter_id']}", "", "", row["pickup"]).address

    async def live(self) -> list[RideRow]:
        """Rides that are not over."""
        return [self._opened(row) for row in await self._pool.fetch(_SQL["shown"], None)]

    async def of_rider(self, words: str, now: datetime) -> list[RideRow]:
        """The day's rides, over or not, of riders whose name has a word that begins with each of these words,
        or whose id it is. Names may be sealed: each is opened to be looked at.
        """
        ids = [row["ride_id"] for row in await self._pool.fetch(_SQL["of_today"], now - _DAY)]
        found = [self._opened(row) for row in await self._pool.fetch(_SQL["shown"], ids)]
        return [one for one in found if named(words, one.person.name) or one.voter_id == words.strip()]

    async def at_work(self, now: datetime) -> list[asyncpg.Record]:
        """The same as `drivers`, with where their ride is and when they did something last."""
        return list(await self._pool.fetch(_SQL["at_work"], now - _DAY))

    async def drivers(self, now: datetime) -> list[asyncpg.Record]:
        """Drivers with a good link, and what they do."""
        return list(await self._pool.fetch(_SQL["drivers"], now - _DAY))

    async def said(self, phones: list[str], now: datetime) -> dict[str, str]:
        """What riders and drivers texted last, by phone: it counts nowhere, and staff read it here."""
        rows = await self._pool.fetch(_SQL["said"], [p for p in phones if p.startswith("+")], now - _DAY)
        return {row["sender"]: row["body"] for row in rows}

    async def counts(self, now: datetime) -> list[asyncpg.Record]:
        """The day's rides by state and precinct."""
        return list(await self._pool.fetch(_SQL["counts"], now - _DAY))

    def unclaimed(self, row: asyncpg.Record) -> Unclaimed:
        """What of a ride says how long it may still wait."""
        waits_since = row["since"] if row["at_polls"] else row["wanted_at"]
        return Unclaimed(waits_since, self._places.due(row), row["at_polls"])

    async def precinct_of(self, voter_id: str) -> str | None:
        """Where a voter of the roll votes; None where the roll has none of this id."""
        row = await self._pool.fetchrow(_SQL["voter"], voter_id)
        return str(row["precinct_id"]) if row else None

    async def driver(self, driver_id: str) -> DriverOnDuty | None:
        """A driver and their car; None where nobody knows a car of theirs."""
        row = await self._pool.fetchrow(_SQL["driver"], driver_id)
        if row is None:
            return None
        pool = CallerPool(frozenset(row["counties"]), row["elsewhere"])
        return DriverOnDuty(driver_id, row["name"], reads(row), row["seats"], row["wheelchair"], pool)

    async def taken_lately(self, driver_id: str, now: datetime) -> int:
        """How many addresses a driver was shown within the hour."""
        return int(await self._pool.fetchval(_SQL["taken_lately"], driver_id, now - _HOUR))
