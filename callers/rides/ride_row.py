"""A ride as it lies in the database, a driver, and what rides ask of a precinct."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

import asyncpg

from callers.dispatch.allocation import CallerPool
from callers.rides.ride import Ride
from callers.voters.encryption import Person


@dataclass(frozen=True, slots=True)
class DriverOnDuty:
    """A driver whose link is good, with their car."""

    driver_id: str
    name: str
    language: str
    seats: int
    wheelchair: bool
    pool: CallerPool


@dataclass(frozen=True, slots=True)
class RideRow:
    """A live or ended ride, its voter opened."""

    ride_id: UUID
    voter_id: str
    ride: Ride
    person: Person = field(repr=False)
    row: asyncpg.Record = field(repr=False)

    @property
    def precinct_id(self) -> str:
        return str(self.row["precinct_id"])


@dataclass(frozen=True, slots=True)
class PlaceTimes:
    """What rides ask of a precinct: its name, zone, close and county."""

    name: Callable[[str], str]
    zone: Callable[[str], str]
    closes_at: Callable[[str], datetime | None]
    county: Callable[[str], str]

    def due(self, row: asyncpg.Record) -> datetime:
        """When a ride's voter must be at the polls: the time they named, else the close."""
        wanted_at: datetime = row["wanted_at"]
        known = [at for at in (row["by_when"], self.closes_at(row["precinct_id"])) if at is not None]
        return min(known) if known else wanted_at + timedelta(hours=2)


def reads(row: asyncpg.Record) -> str:
    """The language of a volunteer's page."""
    languages = row["languages"] or ["en"]
    return str(row["page_language"] or languages[0])
