"""Many reports at once: lines of a file (`reports.csv`) or boxes of a paper sheet, each with its result."""

import asyncio
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from election.access.identity import Identity
from election.domain.checkin import Channel
from election.domain.day import Election
from election.domain.roster import Roster
from election.folder.findings import Findings
from election.folder.reports import ReportRow, examine_reports
from intake.door.door import Spoken, WriteDoor
from intake.journal.writer import JournalUnavailableError
from intake.providers import IngestResult
from intake.reading.reader import CLOCK_SLACK
from intake.receive.http_answers import canonical
from intake.receive.pipeline import IngestPipeline

PROVIDER = "csv"
LARGEST_FILE = 4 << 20  # bytes; 10,000 precincts reporting eight times are under 3 MiB
MOST_LINES = 100_000
MOST_VOTES = 1_000_000
_AT_ONCE = 256  # so that the journal commits them together


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a file (counted as an editor counts): a report, or what is wrong with it."""

    number: int
    report: ReportRow | None = None
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Result:
    """What became of a line: `taken`, `already`, `refused` (see `said`) or `not_stored` (send it again)."""

    line: Line
    outcome: str
    said: str = ""


def lines_of(content: bytes, roster: Roster) -> list[Line]:
    """The lines of a reports file in its order, those with problems included."""
    election = Election(roster.day, tuple(roster.precincts.values()))
    findings = Findings(limit=MOST_LINES)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "reports.csv"
        path.write_bytes(content)
        reports = examine_reports(path, election, findings, sites=True)
    lines = [Line(r.line, r) for r in reports]
    problems: dict[int, list[str]] = {}
    for found in findings.problems:
        place = f"{found.column}: " if found.column else ""
        remedy = f"; {found.remedy}" if found.remedy else ""
        problems.setdefault(found.line or 1, []).append(f"{place}{found.what}{remedy}")
    lines += [Line(number, problem=". ".join(words)) for number, words in problems.items()]
    return sorted(lines, key=lambda line: line.number)


async def take_lines(  # noqa: PLR0917
    lines: Sequence[Line],
    key_of: Callable[[Line], str],
    operator: Identity,
    pipeline: IngestPipeline,
    door: WriteDoor,
    provider: str = PROVIDER,
) -> list[Result]:
    """Makes the good lines durable that are the operator's to send, and says of each what became of it.

    A line whose key has been taken before counts nothing: the same file may be sent again.
    """
    results: list[Result] = []
    for start in range(0, len(lines), _AT_ONCE):
        part = lines[start : start + _AT_ONCE]
        results += await asyncio.gather(
            *(_take(line, key_of(line), operator, pipeline, door, provider) for line in part)
        )
    return results


async def _take(  # noqa: PLR0917
    line: Line, key: str, operator: Identity, pipeline: IngestPipeline, door: WriteDoor, provider: str
) -> Result:
    report = line.report
    if report is None:
        return Result(line, "refused", line.problem)
    if report.votes > MOST_VOTES:
        return Result(line, "refused", "votes: no precinct counts that many; mend the line")
    if report.observed_at > pipeline.clock.now() + CLOCK_SLACK:
        return Result(line, "refused", "observed_at: this time has not come yet; mend the line")
    roster = pipeline.rosters.current
    known = roster is not None and report.source in roster.watchers
    body = {
        "kind": report.kind,
        "precinct_id": report.precinct_id,
        "votes": report.votes,
        "observed_at": report.observed_at.isoformat(),
        "text": report.note[:1600] or None,
        "by": operator.account,
    }
    said = canonical({name: value for name, value in body.items() if value is not None})
    sender = f"form:{report.source}" if known else f"staff:{operator.account}"
    now = pipeline.clock.now()
    if no := door.report(operator, Spoken(key, Channel.CSV, sender, said, now)):
        return Result(line, "not_stored" if no.status == 503 else "refused", no.words)
    try:
        outcome: IngestResult = await pipeline.submit_and_wait(
            provider, key, Channel.CSV, sender, body=said, raw=said.encode(), sent_at=now
        )
    except JournalUnavailableError:
        return Result(line, "not_stored", "could not be stored just now; send the same file again")
    return Result(line, "already" if outcome.duplicate else "taken", _doubt(report, roster))


def _doubt(report: ReportRow, roster: Roster | None) -> str:
    precinct = roster.place(report.precinct_id) if roster else None
    if precinct and report.votes > precinct.registered > 0:
        return f"held: more than the {precinct.registered} registered; staff or the watcher must confirm it"
    return ""
