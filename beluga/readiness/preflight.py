"""Preflight checks of what stands behind the public path: clocks, disk, database, backup, words and hours.

A check returns a `PreflightFinding`, which names the remedy, and never raises for what it was made to find.
Facts come in as values where they can; checks that need a network or a disk take its name, so that a test can
break it.
"""

import json
import shutil
import ssl
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from email.utils import parsedate_to_datetime
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from beluga.readiness.finding import PreflightFinding, bad, fine
from beluga.readiness.public_path import DIAGNOSTIC_PHONE, NETWORK_SECONDS
from election.domain.checkin import Channel, Kind, Message
from election.domain.day import Election
from election.domain.ids import message_id
from election.domain.roster import Roster
from intake.reading.reader import readings_of

SKEW_SECONDS = 5.0  # providers' signatures bear 300; past 5 somebody's clock is not kept
LEAST_FREE = 2 << 30  # bytes: a day of journal, log and write-ahead log, twice
REHEARSAL_AGE = timedelta(days=7)
BACKUP_HOURS = 26.0  # a nightly backup, and two hours' delay
STOPS = ("STOP", "stop", "Stop.", "STOPALL", "UNSUBSCRIBE", "CANCEL", "END", "QUIT")
TALKS = ("Stop by at 5?", "412")  # what must not opt anybody out


def clock(url: str, tls: ssl.SSLContext | None = None, database: float | None = None) -> PreflightFinding:
    """Whether our clock, the public server's and the database's (seconds before ours) agree."""
    parts = urlsplit(url)
    known = {} if database is None else {"the database's": database}
    try:
        from http.client import HTTPSConnection

        connection = (
            HTTPSConnection(parts.hostname or "", parts.port, timeout=NETWORK_SECONDS, context=tls)
            if parts.scheme == "https"
            else HTTPConnection(parts.hostname or "", parts.port, timeout=NETWORK_SECONDS)
        )
        connection.request("GET", "/w/preflight")
        date = connection.getresponse().getheader("Date")
        if date:
            known["the server's"] = (parsedate_to_datetime(date) - datetime.now(UTC)).total_seconds()
    except (OSError, HTTPException):
        pass  # the webhook's line says so
    off = {name: seconds for name, seconds in known.items() if abs(seconds) > SKEW_SECONDS}
    if off:
        said = ", ".join(f"{name} clock is {seconds:+.0f} s off ours" for name, seconds in off.items())
        return bad("clock", said, "keep the time by chrony or systemd-timesyncd on every machine")
    return fine("clock", f"{' and '.join(known) or 'no other'} clock agrees within {SKEW_SECONDS:.0f} s")


def disk(state: Path, least_free: int = LEAST_FREE, ballast_wanted: bool = True) -> PreflightFinding:
    """Whether the journal has room, and a ballast to throw overboard."""
    free = shutil.disk_usage(state).free
    if free < least_free:
        return bad(
            "disk",
            f"{free / 1e9:.1f} GB free below {state}",
            f"free {(least_free - free) / 1e9:.1f} GB, or move it",
        )
    ballast = sorted((state / "intake").rglob("ballast")) if (state / "intake").exists() else []
    if ballast_wanted and not any(b.stat().st_blocks for b in ballast):
        return bad(
            "disk",
            f"no ballast beside the journal below {state}",
            "set BELUGA_JOURNAL_BALLAST_MIB=64 and restart intake",
        )
    return fine("disk", f"{free / 1e9:.1f} GB free, ballast in place")


@dataclass(frozen=True, slots=True)
class DatabaseState:
    """What the database says of itself; `synchronous` counts standbys that every commit waits for."""

    hosts: int
    pending: Sequence[str]
    fsync: bool
    synchronous_commit: str
    synchronous: int
    archive_failing: bool = False
    sees_standbys: bool = True  # whether our role may look


def database(state: DatabaseState | None, why: str = "") -> PreflightFinding:
    """Whether an acknowledged commit survives one machine."""
    if state is None:
        return bad("database", f"cannot be reached: {why}", "beluga status; deploy/cluster status; its log")
    if state.pending:
        return bad("database", f"lacks {', '.join(state.pending)}", "beluga migrate")
    if not state.fsync or state.synchronous_commit in ("off", "local"):
        return bad(
            "database",
            f"fsync is {state.fsync}, synchronous_commit {state.synchronous_commit}: commits can be lost",
            "alter system reset fsync; alter system reset synchronous_commit; select pg_reload_conf()",
        )
    if state.hosts > 1 and not state.sees_standbys:
        return bad(
            "database", "our role may not see whether a standby is synchronous",
            "as the database's superuser: grant pg_monitor to beluga",
        )  # fmt: skip
    if state.hosts > 1 and state.synchronous < 1:
        return bad(
            "database", "no synchronous standby: one disk holds what is acknowledged",
            "deploy/cluster status; start the databases that are down",
        )  # fmt: skip
    if state.archive_failing:
        return bad("database", "archiving fails: the backup falls behind", "look at its log for archive-push")
    kept = (
        f"{state.synchronous} synchronous standby" if state.hosts > 1 else "one machine, synced to its disk"
    )
    return fine("database", f"reachable, migrated, {kept}")


def backup(age_hours: float | None, proven: bool | None = None) -> PreflightFinding:
    """Whether a backup is young (`age_hours` None: there is none) and `proven` (None: not recorded)."""
    if age_hours is None:
        return bad(
            "backup", "there is none", "beluga backup now (one machine), deploy/cluster backup (cluster)"
        )
    if age_hours > BACKUP_HOURS:
        return bad("backup", f"the newest is {age_hours:.0f} h old", "make one every night, and one now")
    if proven is False:
        return bad(
            "backup", "none has been restored and recounted in a week",
            "beluga backup verify (one machine), deploy/cluster verify-backup (cluster)",
        )  # fmt: skip
    return fine("backup", f"the newest is {age_hours:.1f} h old" + (", one was restored" if proven else ""))


def opt_out(roster: Roster, version: str = "preflight") -> PreflightFinding:
    """Whether every word that opts out is read so, and nothing else."""
    phone = next((watcher.phone for watcher in roster.watchers.values()), DIAGNOSTIC_PHONE)

    def kind(body: str) -> Kind:
        at = datetime.now(UTC)
        message = Message(
            message_id("preflight", body),
            "preflight",
            body,
            Channel.SMS,
            phone,
            body,
            body.encode(),
            at,
            at,
            version,
        )
        return readings_of(message, roster)[0].kind

    unheard = [word for word in STOPS if kind(word) is not Kind.STOP]
    misheard = [word for word in TALKS if kind(word) is Kind.STOP]
    if unheard or misheard:
        said = "; ".join(
            [*(f"{w!r} does not opt out" for w in unheard), *(f"{w!r} opts out" for w in misheard)]
        )
        return bad("opt-out", said, "do not text anybody with this version; report it")
    return fine("opt-out", f"{len(STOPS)} words opt out, conversation does not")


def hours(
    election: Election | None, call_from: str, call_until: str, now: datetime | None = None
) -> PreflightFinding:
    """Whether the day lies ahead, places have true time zones, and calling hours end by the close."""
    if election is None:
        return bad("hours", "no election is imported", "beluga import FOLDER")
    now = now or datetime.now(UTC)
    day = election.day
    zones: dict[str, tzinfo] = {}
    for precinct in election.precincts:
        name = precinct.timezone or day.timezone
        zones.setdefault(name, ZoneInfo(name))
        if precinct.closes_at(day) <= precinct.opens_at(day):
            return bad(
                "hours", f"{precinct.precinct_id} closes before it opens", "mend precincts.csv; import again"
            )
    last = max(p.closes_at(day) for p in election.precincts)
    if last < now:
        return bad("hours", f"{day.name} was over on {last:%Y-%m-%d %H:%M} UTC", "import the next election")
    opens = min(p.opens_at(day) for p in election.precincts)
    noon = opens.astimezone(ZoneInfo(day.timezone)).replace(hour=12)
    before, after = (
        (noon + timedelta(days=d)).astimezone(ZoneInfo(day.timezone)).utcoffset() for d in (-2, 2)
    )
    shift = "" if before == after else "; clocks change within two days of it: tell the watchers"
    if call_from >= call_until:
        return bad("hours", f"calls from {call_from} until {call_until}", "set BELUGA_CALL_FROM and _UNTIL")
    said = f"{day.name} {day.date}, {day.opens:%H:%M}–{day.closes:%H:%M} {', '.join(sorted(zones))}"
    return fine("hours", f"{said}; calls {call_from}–{call_until}{shift}")


def rehearsed(folder: Path, now: datetime | None = None) -> PreflightFinding:
    """Whether a rehearsal whose report lies below `folder` passed within the last days."""
    now = now or datetime.now(UTC)
    remedy = "beluga rehearse, where its report is kept: --rehearsals FOLDER"
    runs = sorted(folder.glob("*/run.json"), key=lambda path: path.stat().st_mtime)
    if not runs:
        return bad("rehearsal", f"none is known below {folder}", remedy)
    age = now - datetime.fromtimestamp(runs[-1].stat().st_mtime, UTC)
    try:
        results = [each["result"] for each in json.loads(runs[-1].read_bytes())["experiments"]]
    except (ValueError, KeyError, TypeError):
        return bad("rehearsal", f"{runs[-1]} cannot be read", remedy)
    said = (
        f"{results.count('pass')} of {len(results)} experiments passed {age.total_seconds() / 3600:.0f} h ago"
    )
    if not results or set(results) - {"pass", "skipped"} or "pass" not in results:
        return bad("rehearsal", f"{said} ({runs[-1].parent})", "mend what failed; beluga rehearse")
    if age > REHEARSAL_AGE:
        return bad("rehearsal", said, "beluga rehearse")
    return fine("rehearsal", said)
