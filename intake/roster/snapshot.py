"""The rosters that texts are read against: in memory, on disk beside the journal, and in PostgreSQL.

Intake starts from disk and follows the database when it is there. A roster is on disk before the first
message names its version, so that any message can be read again as it was first read (law L4).
"""

import asyncio
from pathlib import Path

import asyncpg
import structlog

from election.domain.roster import Roster, load_roster
from election.postgres import election_store as store
from election.postgres.pg_watch import watch
from election.runtime.atomic_file import replace_file

WAKE_CHANNEL = "beluga_election"  # notified after an import
MOST_IN_MEMORY = 8  # versions; a day has few, and a roster of 20,000 precincts takes some 30 MB

log = structlog.get_logger()


class Rosters:
    """The roster in force (`current`, None before the first import) and earlier versions by name."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._by_version: dict[str, Roster] = {}
        self.current: Roster | None = None
        self.known = asyncio.Event()  # set once there is a current roster

    @property
    def version(self) -> str:
        """The version in force; "" where none is known yet."""
        return self.current.version if self.current else ""

    def load(self) -> None:
        """Takes the last roster from disk; a torn or missing file is told in the log and stops nobody."""
        try:
            version = (self._folder / "current").read_text().strip()
            self._install(load_roster(self._path(version).read_bytes()))
        except FileNotFoundError:
            log.info("roster_unknown", reason="nothing on disk yet")
        except (OSError, ValueError) as error:
            log.error("roster_torn", error=str(error), remedy="it is fetched again from the database")

    def at_hand(self, version: str) -> Roster | None:
        """The roster of this version where it is in memory, else the current one."""
        return self._by_version.get(version) or self.current

    def in_memory(self, version: str) -> Roster | None:
        """The roster of exactly this version where it is in memory."""
        return self._by_version.get(version)

    async def of(self, version: str, connection: asyncpg.Connection) -> Roster | None:
        """The roster of this version from memory, disk or database; None where nobody has it."""
        found = self._by_version.get(version)
        if found is None:
            content = await asyncio.to_thread(self._read, version)
            content = content or await store.roster(connection, version)
            if content is None:
                return None
            found = await asyncio.to_thread(load_roster, content)
            self._remember(found)
        return found

    async def adopt(self, content: bytes) -> None:
        """Puts a roster in force, once it is safely on disk. Raises `ValueError` where it is none."""
        roster = await asyncio.to_thread(load_roster, content)
        if roster.version != self.version:
            await asyncio.to_thread(self._save, roster.version, content)
            self._install(roster)

    async def follow(self, url: str) -> None:
        """Keeps up with the database for ever; being without one is no error."""

        async def adopt(content: bytes | None) -> None:
            if content is not None:
                await self.adopt(content)

        await watch(url, WAKE_CHANNEL, store.current_roster, adopt, "roster")

    def _install(self, roster: Roster) -> None:
        self._remember(roster)
        self.current = roster
        self.known.set()
        log.info(
            "roster_in_force",
            roster=roster.version,
            precincts=len(roster.precincts),
            watchers=len(roster.watchers),
        )

    def _remember(self, roster: Roster) -> None:
        self._by_version[roster.version] = roster
        for version in list(self._by_version)[:-MOST_IN_MEMORY]:
            if version != self.version:
                del self._by_version[version]

    def _path(self, version: str) -> Path:
        return self._folder / f"roster-{Path(version).name}.json"

    def _read(self, version: str) -> bytes | None:
        try:
            content = self._path(version).read_bytes()
            return content if load_roster(content).version == version else None
        except (OSError, ValueError):
            return None

    def _save(self, version: str, content: bytes) -> None:
        replace_file(self._path(version), content)
        replace_file(self._folder / "current", version.encode())
