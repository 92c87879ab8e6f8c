"""Whether each precinct can be texted: by its id, or else by another name; and which ids look alike."""

from collections import defaultdict
from datetime import UTC, datetime, timedelta

from election.domain.checkin import Kind
from election.domain.day import Election, Precinct
from election.domain.roster import Roster, roster_of
from election.folder import Findings
from intake.reading.grammar import read
from intake.reading.grammar.fold import fold
from intake.reading.grammar.places import compact

FILE = "precincts.csv"
SHOWN = 20  # notices of one kind; the rest are counted


def look_at_ids(election: Election, findings: Findings) -> None:
    """Adds a notice for each precinct that a watcher of several could not text, and for ids that collide."""
    roster = roster_of(election)
    at = datetime.combine(election.day.date, election.day.opens, UTC) + timedelta(hours=12)
    unread = [p for p in roster.precincts.values() if not _is_read(p.precinct_id, p, roster, at)]
    for precinct in unread[:SHOWN]:
        other = next((n for n in (*precinct.aliases, precinct.name) if _is_read(n, precinct, roster, at)), "")
        remedy = f"watchers text it as {other}" if other else "give it a name in the column aliases, like W1"
        findings.notice(FILE, None, "precinct_id", f"{precinct.precinct_id} cannot be texted", remedy)
    _more(len(unread), "ids that cannot be texted", findings)
    alike: dict[str, list[str]] = defaultdict(list)
    for precinct_id in roster.precincts:
        alike[compact(fold(precinct_id))].append(precinct_id)
    same = [(key, ids) for key, ids in alike.items() if len(ids) > 1]
    for key, ids in same[:SHOWN]:
        taken = f"{key} is {key}" if key in ids else f"{key} alone is asked about"
        findings.notice(
            FILE, None, "precinct_id", f"{', '.join(ids)} differ by their marks only",
            f"watchers must type them as they are written ({taken}), or by a name in the column aliases",
        )  # fmt: skip
    _more(len(same), "groups of ids that differ by their marks only", findings)


def _is_read(name: str, precinct: Precinct, roster: Roster, at: datetime) -> bool:
    """Whether `NAME 412` is a count there, whoever texts it."""
    found = read(f"{name} 412", at, roster, None, at_any_hour=True)
    return len(found) == 1 and (found[0].kind, found[0].precinct_id, found[0].votes) == (
        Kind.COUNT,
        precinct.precinct_id,
        412,
    )


def _more(number: int, what: str, findings: Findings) -> None:
    if number > SHOWN:
        findings.notice(FILE, None, "precinct_id", f"and {number - SHOWN:,} more {what}")
