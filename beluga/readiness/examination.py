"""The whole examination: the public path as a watcher finds it, and what stands behind it."""

import asyncio
import os
import ssl
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit

import asyncpg

from beluga.backup.backup import backups, proven_lately
from beluga.load.sender import TextSender
from beluga.numbers.accounts import ASKED, listed
from beluga.numbers.provider import ProviderRefusedError
from beluga.readiness import people, public_path
from beluga.readiness import preflight as checks
from beluga.readiness.capacity import need
from beluga.readiness.finding import PreflightFinding, bad, fine
from beluga.readiness.preflight import DatabaseState
from beluga.stack.remembered import remembered
from beluga.stack.stack import (
    NoStackError,
    database_url,
    given_secret,
    read_run_file,
    secrets_of,
)
from callers.settings import CallersSettings
from election.domain.day import Election
from election.domain.roster import roster_of
from election.postgres.database import UNREACHABLE, connect
from election.postgres.election_store import load_election
from election.postgres.migrate import pending
from intake.outbound_settings import OutboundSettings
from intake.outbox.phone_check import Attendance, attendance
from intake.replies.send_rate import WHATSAPP
from intake.settings import IntakeSettings

EXPECTED: tuple[type[BaseException], ...] = (NoStackError, *UNREACHABLE, asyncpg.PostgresError)
_STATE = """
select current_setting('fsync') = 'on' as fsync, current_setting('synchronous_commit') as synchronous_commit,
       (select count(*) from pg_stat_replication where sync_state in ('sync', 'quorum')) as synchronous,
       (select coalesce(last_failed_time > last_archived_time, last_failed_time is not null)
        from pg_stat_archiver) as archive_failing,
       pg_has_role('pg_read_all_stats', 'usage') as sees_standbys
"""
_BASE_BACKUPS = """
select extract(epoch from now() - max(finished_at)) / 3600 as hours,
       coalesce(max(verified_at) > now() - interval '7 days', false) as proven
from base_backups
"""


@dataclass(frozen=True, slots=True)
class Behind:
    """What stands behind the public path."""

    database: DatabaseState | None
    why: str = ""
    election: Election | None = None
    attendance: list[Attendance] | None = None  # of the watchers whose phones were to reach us
    ahead: float | None = None  # seconds of the database's clock before ours
    backup_hours: float | None = None  # age of the cluster's newest base backup
    proven: bool = False  # one of them was restored and recounted this week


async def examine(
    url: str | None,
    state: Path,
    ca: Path | None,
    http_port: int,
    local: bool,
    *,
    rehearsals: Path = Path("rehearsals"),
) -> list[PreflightFinding]:
    """All findings in the order in which to mend them."""
    try:
        run = read_run_file(state)
        intake, secrets = run.urls["intake"], secrets_of(state)
    except NoStackError:
        run, intake = None, ""
        secrets = {name: given_secret(name) for name in ("generic_secret", "twilio_auth_token")}
    public = (url or remembered(state).public_url or intake).rstrip("/")
    tls = ssl.create_default_context(cafile=str(ca)) if ca else None
    behind = await look_behind(state)
    last = behind.election and max(p.closes_at(behind.election.day) for p in behind.election.precincts)
    findings: list[PreflightFinding] = []
    if not local:
        until = last or datetime.now(UTC)
        findings.append(await asyncio.to_thread(public_path.dns, public))
        findings.append(await asyncio.to_thread(public_path.certificate, public, until, tls))
        findings.append(await asyncio.to_thread(public_path.redirect, public, http_port, tls))
        findings.append(await asyncio.to_thread(public_path.private_paths, public, tls))
    if not all(secrets.get(name) for name in ("generic_secret", "twilio_auth_token")):
        findings.append(
            bad("webhook", "no secret to sign with", "set BELUGA_GENERIC_SECRET and _TWILIO_AUTH_TOKEN")
        )
    else:
        async with TextSender(
            public, public, secrets, patience=public_path.NETWORK_SECONDS, tls=tls
        ) as sender:
            findings.append(await public_path.webhook(sender, public, tls))
    findings.append(await asyncio.to_thread(checks.clock, public, tls, behind.ahead))
    if state.exists():
        findings.append(checks.disk(state))
    findings.append(checks.database(behind.database, behind.why))
    findings.append(backup(state, behind))
    findings += about(behind.election, state)
    if behind.election is not None:
        findings.append(people.watched(behind.election))
        findings.append(people.phones(behind.attendance or []))
        peak = need(len(behind.election.watchers), len(behind.election.precincts), 0, 0).texts_a_second
        findings.append(people.numbers(OutboundSettings().outbound_numbers, peak * 60))
        findings += await registration(IntakeSettings(), public)
    findings.append(checks.rehearsed(rehearsals))
    return findings


async def registration(settings: IntakeSettings, public_url: str) -> list[PreflightFinding]:
    """What the providers say of our numbers; nothing where none is at a provider that can be asked."""
    asked = [
        n for n in settings.outbound_numbers if n.provider in ASKED and not n.number.startswith(WHATSAPP)
    ]
    if not asked:
        return []
    try:
        return [people.registered(asked, await listed(settings), public_url)]
    except ProviderRefusedError as error:
        return [bad("registration", str(error), "look at the account; beluga numbers list")]


def backup(state: Path, behind: Behind) -> PreflightFinding:
    """This stack's newest base backup, or the cluster's."""
    if behind.database is not None and behind.database.hosts > 1:
        return checks.backup(behind.backup_hours, behind.proven)
    newest = next((b.age() / 3600 for b in backups(state / "backups")), None)
    return checks.backup(newest, proven_lately(state / "backups"))


def about(election: Election | None, state: Path) -> Iterator[PreflightFinding]:
    """What follows from the election alone."""
    if election is not None:
        yield capacity(election, state)
        yield checks.opt_out(roster_of(election))
    settings = CallersSettings()
    yield checks.hours(election, f"{settings.call_from:%H:%M}", f"{settings.call_until:%H:%M}")


def capacity(election: Election, state: Path, cores: int | None = None) -> PreflightFinding:
    """Whether this machine bears this election's watchers, by measured constants."""
    found = need(len(election.watchers), len(election.precincts), 0, 0)
    cores = cores or os.cpu_count() or 1
    said = f"{len(election.watchers)} watchers: {found.texts_a_second:.1f} texts/s at the peak"
    if found.intake_cores > cores * 2:
        return bad(
            "capacity",
            f"{said} need {found.intake_cores} cores, here are {cores}",
            "beluga capacity; a cluster",
        )
    if state.exists() and checks.disk(state, found.disk_bytes, ballast_wanted=False).passed is False:
        return bad(
            "capacity", f"{said} need {found.disk_bytes / 1e9:.1f} GB of disk", "free some, or move the stack"
        )
    return fine("capacity", f"{said}, {found.disk_bytes / 1e6:.0f} MB of disk")


async def look_behind(state: Path) -> Behind:
    """The database and the election in it, as far as they can be reached."""
    try:
        where = database_url(state)
        connection = await connect(where)
    except EXPECTED as error:
        return Behind(None, str(error)[:200])
    try:
        ahead = await connection.fetchval("select clock_timestamp() - $1", datetime.now(UTC))
        row = await connection.fetchrow(_STATE)
        waiting = await pending(connection)
        election = None if waiting else await load_election(connection)
        people_known = None if election is None else await attendance(connection, roster_of(election))
        made = None if waiting else await connection.fetchrow(_BASE_BACKUPS)
    except EXPECTED as error:
        return Behind(None, str(error)[:200])
    finally:
        await connection.close()
    assert row is not None
    hosts = urlsplit(where).netloc.rpartition("@")[2].count(",") + 1
    return Behind(
        DatabaseState(
            hosts,
            waiting,
            row["fsync"],
            row["synchronous_commit"],
            row["synchronous"],
            row["archive_failing"],
            row["sees_standbys"],
        ),
        election=election,
        attendance=people_known,
        ahead=ahead.total_seconds(),
        backup_hours=float(made["hours"]) if made and made["hours"] is not None else None,
        proven=bool(made and made["proven"]),
    )
