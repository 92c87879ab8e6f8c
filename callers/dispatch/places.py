"""What a caller must know of a precinct: its name, where and until when to vote."""

from dataclasses import dataclass
from datetime import UTC, datetime

import asyncpg

from callers.dispatch.feed import CallersView
from election.postgres.election_store import load_election


@dataclass(frozen=True, slots=True)
class Place:
    precinct_id: str
    name: str
    zone: str  # IANA
    closes_at: datetime
    county: str = ""
    opens_at: datetime | None = None


class Places:
    """The election's precincts. The feed knows of moved closing times, the database of everything else."""

    def __init__(self, feed: CallersView) -> None:
        self._feed = feed
        self._stored: dict[str, Place] = {}

    async def load(self, connection: asyncpg.Connection) -> bool:
        """Reads the precincts; False where nothing has been imported yet."""
        election = await load_election(connection)
        if election is None:
            return False
        self._stored = {
            p.precinct_id: Place(
                p.precinct_id,
                p.name,
                p.timezone or election.day.timezone,
                p.closes_at(election.day),
                p.county,
                p.opens_at(election.day),
            )
            for p in election.precincts
        }
        return True

    def get(self, precinct_id: str) -> Place | None:
        """The place, or None where nobody knows it."""
        info = self._feed.precincts.get(precinct_id)
        if info is None:
            return self._stored.get(precinct_id)
        closes_at, opens_at = (datetime.fromtimestamp(t, UTC) for t in (info.closes_at, info.opens_at))
        return Place(precinct_id, info.name, info.timezone, closes_at, info.county, opens_at)

    def closes_at(self, precinct_id: str) -> datetime | None:
        """When its polls close; None where nobody knows."""
        place = self.get(precinct_id)
        return place.closes_at if place else None

    def zone(self, precinct_id: str) -> str:
        """Its IANA zone; "" where it is not known, which is never a time to call."""
        place = self.get(precinct_id)
        return place.zone if place else ""

    def county(self, precinct_id: str) -> str:
        """Its county; "" where it has none, or nobody knows the place."""
        known = self._feed.precincts.get(precinct_id) or self._stored.get(precinct_id)
        return known.county if known else ""

    def name(self, precinct_id: str) -> str:
        """As people call it; its id where nobody knows it."""
        place = self.get(precinct_id)
        return place.name if place else precinct_id
