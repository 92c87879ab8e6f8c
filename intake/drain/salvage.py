"""A journal file by itself: what it holds, whether it is whole, and carrying it over from a dead host.

The file is only read: it and its `-wal` stay as they are, whatever happens here.
"""

import asyncio
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from election.postgres.database import connect
from election.postgres.election_store import current_roster
from intake.drain.drain import Drain
from intake.journal.file import SUFFIX, JournalFile, TornJournalError
from intake.journal.writer import Undrained
from intake.metrics.intake import Telemetry
from intake.roster.snapshot import Rosters

BATCH = 2_000  # messages a transaction


@dataclass(frozen=True, slots=True)
class Contents:
    """One journal file. `undrained`: messages not marked as carried over; `torn`: why it cannot be read."""

    path: Path
    label: str = ""
    messages: int = 0
    undrained: int = 0
    first: datetime | None = None
    last: datetime | None = None
    torn: str = ""


def contents_of(folder: Path) -> list[Contents]:
    """Every journal file of a folder, oldest first. Marks may be in a later file than what they speak of."""
    marks: dict[str, int] = {}
    found: list[Contents] = []
    files: list[JournalFile | Contents] = []
    for path in sorted(folder.glob(f"*{SUFFIX}")):
        try:
            file = JournalFile(path, read_only=True)
            for label, seq in file.notes.marks().items():
                marks[label] = max(seq, marks.get(label, 0))
            if file.missing:
                files.append(Contents(path, torn=file.missing))
                file.close()
                continue
            files.append(file)
        except TornJournalError as error:
            files.append(Contents(path, torn=error.why))
    for entry in files:
        if isinstance(entry, Contents):
            found.append(entry)
            continue
        try:
            first, last = entry.messages.after(0, 1), entry.messages.after(entry.last_seq - 1, 1)
            found.append(
                Contents(
                    entry.path, entry.label, entry.messages.count(0, entry.last_seq),
                    entry.messages.count(marks.get(entry.label, 0), entry.last_seq),
                    first[0].received_at if first else None, last[0].received_at if last else None,
                )
            )  # fmt: skip
        finally:
            entry.close()
    return found


class _Salvage:
    """One file as a drain's source. Marks are kept in memory: the file is not ours to write."""

    def __init__(self, file: JournalFile) -> None:
        self._file = file
        self._mark = 0
        self.depth = file.messages.count(0, file.last_seq)
        self.arrived = asyncio.Event()
        self.quarantined: list[tuple[int, str]] = []

    async def undrained(self, limit: int, beyond: tuple[str, int] | None = None) -> Undrained | None:
        messages = self._file.messages.after(beyond[1] if beyond else self._mark, limit)
        return Undrained(self._file.label, messages) if messages else None

    async def mark(self, label: str, seq: int) -> None:
        self.depth -= self._file.messages.count(self._mark, seq)
        self._mark = seq

    async def quarantine(self, label: str, seq: int, reason: str) -> None:
        self.quarantined.append((seq, reason))

    async def settle(self, name: str, value: str) -> str:
        return self._file.notes.fact(name) or value


@dataclass(frozen=True, slots=True)
class Salvaged:
    """What became of a file's messages. `new`: PostgreSQL did not have them; `missing`: what is not there."""

    messages: int
    new: int
    quarantined: list[tuple[int, str]]
    missing: str = ""


async def salvage(path: Path, url: str, rosters_folder: Path) -> Salvaged:
    """Takes a whole journal file to PostgreSQL, every message of it; what is there already is left as it is.

    `rosters_folder` is where rosters are kept meanwhile. Raises `TornJournalError`, and what the database
    raises: then run it again.
    """
    file = JournalFile(path, read_only=True)
    try:
        source, rosters = _Salvage(file), Rosters(rosters_folder)
        messages = source.depth
        connection = await connect(url, patient=True)
        try:
            content = await current_roster(connection)
            if content is None:
                raise ValueError("import the election first: there is nothing to read the messages against")
            await rosters.adopt(content)
            before = await connection.fetchval("select count(*) from messages")
            drain = Drain(source, rosters, url, Telemetry(), batch=BATCH, linger=0)
            while await drain.step():
                pass
            await drain.finish(0)
            after = await connection.fetchval("select count(*) from messages")
        finally:
            await connection.close()
        return Salvaged(messages, after - before, source.quarantined, file.missing)
    finally:
        file.close()
