"""Folder to database and back: all of it is checked, then loaded in one transaction, or nothing is."""

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import asyncpg

from beluga.adopt.import_plan import ImportPlan
from beluga.adopt.texted_ids import look_at_ids
from beluga.errors import BelugaError
from callers.settings import CallersSettings
from callers.voters import voter_file as roll
from election.domain.day import Election, Voter
from election.folder import (
    Examined,
    Findings,
    VoterFile,
    check_all,
    check_voters,
    examine,
    stream_voters,
    write_callers,
    write_election,
)
from election.postgres.election_store import load_election, save_election
from election.postgres.migrate import pending

Progress = Callable[[int], None]  # hears how many bytes of voters.csv have been read
# Is shown what would be done over an election that is there; whatever it raises leaves all as it was.
Agree = Callable[[ImportPlan], None]

TODAY = timedelta(hours=24)  # a day's counting passes midnight
_LOCK = 0x62656C03  # one import at a time: each is compared with what the one before has left
_REPORTING = """
select distinct precinct_id from check_ins
where precinct_id = any($1::text[]) and received_at > $2 and rehearsal = $3 order by precinct_id
"""


class UnpreparedDatabaseError(BelugaError):
    """The database has not had all migrations; run `beluga migrate`, or start the stack with `beluga up`."""

    def __init__(self) -> None:
        super().__init__(self.__doc__)


class NothingImportedError(BelugaError):
    """The database holds no election yet; run `beluga import FOLDER` first."""

    def __init__(self) -> None:
        super().__init__(self.__doc__)


class _NotForGoodError(BelugaError):
    """Rolls a dry run back."""


@dataclass(frozen=True, slots=True)
class ImportedCounts:
    """What a folder holds, or what was loaded. None: no such file, and the database keeps what it has."""

    precincts: int
    history: int
    curve: int
    watchers: int
    callers: int | None
    voters: int | None
    shapes: int
    reports: int | None = None
    roster_version: str = ""

    def __str__(self) -> str:
        named = (
            ("precincts", self.precincts), ("shapes", self.shapes), ("past results", self.history),
            ("curve points", self.curve), ("watchers", self.watchers), ("callers", self.callers),
            ("voters", self.voters), ("reports", self.reports),
        )  # fmt: skip
        return ", ".join(f"{count:,} {name}" for name, count in named if count or name == "precincts")


def state_folder() -> Path:
    """The stack's folder where none is named: `BELUGA_STATE`, else `.beluga`."""
    return Path(os.environ.get("BELUGA_STATE") or ".beluga")


def check_folder(folder: Path, findings: Findings, progress: Progress | None = None) -> ImportedCounts:
    """Checks every file of a folder, voters and reports too; `findings` says what is wrong."""
    checked = check_all(folder, findings, progress)
    if not findings.total:
        look_at_ids(checked.examined.election, findings)
    return _counts(folder, checked.examined, checked.voters, checked.reports)


@dataclass(frozen=True, slots=True)
class Today:
    """When it is by the stack's clock, and whether check-ins of a rehearsal are the ones that count."""

    now: datetime
    rehearsal: bool = False


async def import_folder(
    connection: asyncpg.Connection,
    folder: Path,
    findings: Findings,
    progress: Progress | None = None,
    *,
    agree: Agree | None = None,
    today: Today | None = None,
    dry_run: bool = False,
) -> ImportedCounts:
    """Makes the database hold what the folder says.

    Raises `FolderError` with every problem, or `UnpreparedDatabaseError`; nothing has changed then. Voters
    and callers stay as they are where the folder has no such file; calls, leases and check-ins always do.
    `agree` is shown the plan within the same transaction that carries it out; `dry_run` takes all back.
    """
    if await pending(connection):
        raise UnpreparedDatabaseError
    examined = examine(folder, findings)
    if findings.total:  # look at the voters too, so that one look at the messages mends the whole folder
        check_voters(folder, examined, findings, progress)
        raise findings.error()
    today = today or Today(datetime.now(UTC))
    voters: roll.RollChange | None = None
    version = ""
    try:
        async with connection.transaction():
            await connection.execute("select pg_advisory_xact_lock($1)", _LOCK)
            if _has_voters(folder):
                # Voters are checked as they stream in; what they turn out to lack rolls everything back.
                voters = await roll.save_voters(
                    connection, _voters(folder, examined, findings, progress), CallersSettings().encryption
                )
                findings.raise_if_any()
            with_callers = (folder / "callers.csv").exists()
            if agree is not None and (before := await load_election(connection)) is not None:
                agree(await _plan(connection, before, examined, voters, today, with_callers=with_callers))
            if dry_run:
                raise _NotForGoodError
            version = await save_election(connection, examined.election)
            if with_callers:
                await roll.save_callers(connection, examined.callers)
    except _NotForGoodError:
        pass
    except asyncpg.UniqueViolationError:
        # The database met a repeated voter before our own check came to the file's end: name the lines.
        again = Findings(findings.limit)
        check_voters(folder, examined, again, progress)
        again.raise_if_any()
        raise
    return _counts(folder, examined, voters.voters if voters is not None else None, None, version)


async def _plan(
    connection: asyncpg.Connection,
    before: Election,
    examined: Examined,
    voters: roll.RollChange | None,
    today: Today,
    *,
    with_callers: bool,
) -> ImportPlan:
    after = examined.election
    plan = ImportPlan(
        before,
        after,
        await roll.read_callers(connection),
        examined.callers if with_callers else None,
        voters,
    )
    rows = await connection.fetch(
        _REPORTING, list(plan.precincts.removed), today.now - TODAY, today.rehearsal
    )
    return replace(plan, reporting=tuple(row["precinct_id"] for row in rows))


async def export_folder(connection: asyncpg.Connection, folder: Path) -> list[str]:
    """Writes the database's election as a folder and returns the names of its files.

    The folder says the same as the database afterwards: a file of an election's with nothing to say goes.
    Raises `NothingImportedError` where there is no election.
    """
    async with connection.transaction(isolation="repeatable_read", readonly=True):
        election = await load_election(connection)
        if election is None:
            raise NothingImportedError
        written = write_election(folder, election)
        callers = await roll.read_callers(connection)
        if callers:
            write_callers(folder, callers)
            written.append("callers.csv")
        else:
            (folder / "callers.csv").unlink(missing_ok=True)
        if await roll.count_voters(connection):
            with VoterFile(folder) as file:
                async for voter in roll.read_voters(connection, CallersSettings().encryption):
                    file.add(voter)
            written.append("voters.csv")
        else:
            (folder / "voters.csv").unlink(missing_ok=True)
    return written


def _has_voters(folder: Path) -> bool:
    return (folder / "voters.csv").exists()


def _voters(
    folder: Path, examined: Examined, findings: Findings, progress: Progress | None
) -> Iterator[Voter]:
    return stream_voters(folder / "voters.csv", examined.region, examined.known, findings, progress)


def _counts(
    folder: Path, examined: Examined, voters: int | None, reports: int | None, version: str = ""
) -> ImportedCounts:
    election = examined.election
    return ImportedCounts(
        precincts=len(election.precincts),
        history=len(election.history),
        curve=len(election.curve),
        watchers=len(election.watchers),
        callers=len(examined.callers) if (folder / "callers.csv").exists() else None,
        voters=voters,
        shapes=len(election.geometry),
        reports=reports,
        roster_version=version,
    )
