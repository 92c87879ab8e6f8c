"""Writes an adopted folder: beside what stands there first, checked whole, then put in its place.

Where the folder was good and would no longer be, nothing is changed. Files that were not touched stay as they
are, byte by byte.
"""

import shutil
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from typing import Any

from beluga.adopt.drafting import decisions
from beluga.adopt.mapping.mapping_file import FILE as MAPPING
from beluga.adopt.mapping.mapping_file import merged, write_mappings
from beluga.adopt.proposing import AdoptPlan
from beluga.adopt.taking import strike
from beluga.adopt.taking.draft import Draft
from beluga.adopt.taking.early_record import write_early
from beluga.adopt.taking.report import FileReport
from beluga.adopt.taking.voters import stream
from election.domain.day import Election, Voter
from election.folder import Findings, VoterFile, check_all, examine, write_callers, write_day, write_tables
from election.folder.people import stream_voters
from election.folder.table import uncollected

Progress = Callable[[str, int, int], None]  # what is being done, bytes of it done, bytes in all

_TABLES = frozenset({"precincts.csv", "history.csv", "curve.csv", "watchers.csv", "precincts.geojson"})


@dataclass
class AdoptResult:
    """What was made. `valid`: `beluga check` finds nothing in the folder. `written`: files that changed."""

    folder: Path
    valid: bool
    written: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    reports: Sequence[FileReport] = ()

    @property
    def open_questions(self) -> int:
        return sum(len(r.questions) for r in self.reports) + sum(r.counts["refused"] for r in self.reports)

    def json(self) -> dict[str, Any]:
        return {
            "folder": self.folder.name,
            "valid": self.valid,
            "written": self.written,
            "problems": self.problems,
            "notes": self.notes,
            "files": [r.json() for r in self.reports],
        }


def write(
    proposal: AdoptPlan,
    draft: Draft,
    reports: Sequence[FileReport],
    *,
    dry_run: bool = False,
    progress: Progress | None = None,
) -> AdoptResult:
    """Writes what is certain. A folder that was good stays good, or stays as it was."""
    into = proposal.into
    outcome = AdoptResult(into, valid=False, reports=reports)
    outcome.problems += proposal.day_problems
    if broken := sorted(draft.broken.keys() & draft.touched):
        outcome.problems += [p for f in broken for p in draft.broken[f]]
        outcome.notes.append(
            f"nothing was changed: {', '.join(broken)} in the folder has faults; mend them first"
        )
        return outcome
    into.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".adopting-", dir=into) as name, uncollected():
        beside = Path(name)
        made = _made(proposal, draft, beside, outcome, progress)
        write_mappings(beside / MAPPING, merged(proposal.remembered, decisions(proposal, reports)))
        findings = Findings()
        _stand_in(into, beside, made)
        check_all(beside, findings, _of_voters(progress, beside / "voters.csv"))
        outcome.valid = not findings.total and not proposal.day_problems
        outcome.problems += [str(p) for p in findings.problems]
        if findings.total and _was_good(into):
            outcome.notes.append("nothing was changed: the folder would no longer be good")
            return outcome
        if dry_run:
            outcome.notes.append("nothing was changed: this was a trial")
            return outcome
        for each in [*made, MAPPING]:
            if not _same(beside / each, into / each):
                (beside / each).replace(into / each)
                outcome.written.append(each)
        _take_away(draft, into, made, outcome)
    return outcome


def _made(
    proposal: AdoptPlan, draft: Draft, beside: Path, outcome: AdoptResult, progress: Progress | None
) -> list[str]:
    """Writes every touched file into `beside`; their names."""
    made: list[str] = []
    if proposal.new_day and proposal.day is not None:
        write_day(beside, proposal.day, proposal.region if proposal.region != "US" else "")
        made.append("election.toml")
    if "voters.csv" in draft.touched or draft.ballot_tables:
        made += _write_voters(proposal.into, draft, beside, outcome, progress)
    if "early.csv" in draft.touched:
        _apply_early(draft, outcome)
        write_early(beside / "early.csv", draft.early)
        made.append("early.csv")
    election = Election(
        draft.day,
        tuple(draft.precincts.values()),
        tuple(draft.history[k] for k in sorted(draft.history) if k[0] in draft.precincts),
        draft.curve,
        tuple(draft.watchers[k] for k in sorted(draft.watchers)),
        draft.geometry,
    )
    if not draft.precincts:
        draft.touched.discard("precincts.csv")
    made += [f for f in write_tables(beside, election, draft.touched & _TABLES) if f not in made]
    if "callers.csv" in draft.touched:
        write_callers(beside, [draft.callers[k] for k in sorted(draft.callers)])
        made.append("callers.csv")
    for file, path in draft.copied.items():
        shutil.copyfile(path, beside / file)
        made.append(file)
    return made


def _write_voters(
    into: Path, draft: Draft, beside: Path, outcome: AdoptResult, progress: Progress | None
) -> list[str]:
    """`voters.csv` with those of the files, those that stay, and whom the early record strikes off."""
    today = draft.day.date if draft.day.date.year < 9000 else date(2100, 1, 1)
    old = into / "voters.csv"
    if not draft.voters and not old.exists():
        return []
    striking = strike.Striking(draft, into)
    with VoterFile(beside, births=True) as file:
        for voter in _all_voters(draft, old, today, outcome, progress):
            striking.look(voter)
            if voter.voter_id in draft.early.taken_back:
                voter = replace(voter, voted=False)
            file.add(voter)
    struck = striking.settle()
    strike.finish(beside / "voters.csv", struck, births=striking.births)
    if struck:
        outcome.notes.append(f"{len(struck):,} voters have voted early or by mail, and are struck off")
    made = ["voters.csv"]
    if striking.doubtful:
        strike.write_review(beside / strike.REVIEW, striking.doubtful, striking.decided)
        made.append(strike.REVIEW)
        outcome.notes.append(
            f"{len(striking.doubtful):,} ballots may be a voter's: look at {strike.REVIEW}, write yes or "
            "no under strike, and give the file again"
        )
    return made


def _all_voters(
    draft: Draft, old: Path, today: date, outcome: AdoptResult, progress: Progress | None
) -> Iterator[Voter]:
    """Voters of the files first; of the old roll those of other precincts. No id comes twice."""
    several = len(draft.voters) > 1 or (old.exists() and draft.voters)
    seen: set[str] = set()
    places: set[str] = set()
    quiet: set[str] = set()
    ignored = Findings()
    if old.exists() and draft.voters:
        quiet = {
            v.voter_id for v in stream_voters(old, draft.region, draft.precincts, ignored) if v.do_not_call
        }
    for table in draft.voters:
        if progress:
            words, size = f"voters of {table.report.name}", table.sheet.path.stat().st_size
            table.progress = lambda n, words=words, size=size: progress(words, n, size)
        for voter in _of(table, draft, today):
            if several:
                if voter.voter_id in seen:
                    table.report.drop(None, voter.voter_id, "this voter is in another file already")
                    continue
                seen.add(voter.voter_id)
                places.add(voter.precinct_id)
            if voter.voter_id in quiet and not voter.do_not_call:
                voter = replace(voter, do_not_call=True)
            yield voter
    if not old.exists():
        return
    stay = 0
    for voter in stream_voters(old, draft.region, draft.precincts, ignored):
        if voter.precinct_id not in places and voter.voter_id not in seen:
            stay += 1
            yield voter
    if draft.voters and stay:
        outcome.notes.append(f"{stay:,} voters of precincts that the new files do not name stay as they were")


def _of(table: Any, draft: Draft, today: date) -> Iterator[Voter]:
    if not table.as_is:
        yield from stream(draft, table, today)
        return
    count = 0
    for voter in stream_voters(table.sheet.path, draft.region, draft.precincts, Findings(), table.progress):
        count += 1
        yield voter
    table.report.take("voters", count)
    table.report.note("is a voters.csv of ours, and taken as it is")


def _apply_early(draft: Draft, outcome: AdoptResult) -> None:
    """`already_voted` from the record; more than are registered is said, and not taken."""
    for identity, votes in draft.early.totals().items():
        precinct = draft.precincts.get(identity)
        if precinct is None:
            continue
        if votes > precinct.registered:
            outcome.problems.append(
                f"{identity}: {votes:,} early and mail votes are more than the {precinct.registered:,} "
                "registered; already_voted stays as it was"
            )
        else:
            draft.precincts[identity] = replace(precinct, already_voted=votes)


def _stand_in(into: Path, beside: Path, made: Sequence[str]) -> None:
    """Lets the check see the files that stay, without a copy."""
    for file in (
        "election.toml",
        "precincts.csv",
        "history.csv",
        "curve.csv",
        "watchers.csv",
        "callers.csv",
        "voters.csv",
        "reports.csv",
        "precincts.geojson",
    ):
        if file not in made and (into / file).exists():
            (beside / file).symlink_to((into / file).resolve())


def _of_voters(progress: Progress | None, path: Path) -> Callable[[int], None] | None:
    if progress is None or not path.exists():
        return None
    size = path.stat().st_size
    return lambda done: progress("checking", done, size)


def _was_good(into: Path) -> bool:
    """Whether the folder, voters left out, was good before."""
    if not (into / "precincts.csv").exists():
        return False
    findings = Findings()
    examine(into, findings)
    return not findings.total


def _same(one: Path, other: Path) -> bool:
    """Whether a file is there with the same bytes, so that it keeps its time."""
    if not other.exists() or one.stat().st_size != other.stat().st_size:
        return False
    with one.open("rb") as a, other.open("rb") as b:
        while chunk := a.read(1 << 20):
            if chunk != b.read(1 << 20):
                return False
    return True


def _take_away(draft: Draft, into: Path, made: Sequence[str], outcome: AdoptResult) -> None:
    """Removes a table that has nothing to say any longer."""
    for file in draft.touched & _TABLES - {"precincts.csv"}:
        if file not in made and (into / file).exists():
            (into / file).unlink()
            outcome.written.append(file)
