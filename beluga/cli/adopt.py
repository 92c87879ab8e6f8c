"""`beluga adopt` and `beluga early`: a county's own files into an election folder."""

import json
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from beluga.adopt.drafting import draft_of, size_of
from beluga.adopt.mapping.mapping_file import MappingFileError
from beluga.adopt.proposing import AdoptPlan, DayGiven, answer, propose
from beluga.adopt.taking.report import FileReport
from beluga.adopt.writing import AdoptResult, Progress, write
from election.runtime.atomic_file import replace_file

Files = Annotated[list[Path], typer.Argument(help="Files as the county has them, or a folder of them.")]
Into = Annotated[Path, typer.Option("--into", help="The election's folder; made where there is none.")]
Yes = Annotated[bool, typer.Option("--yes", help="Ask nothing: take what is certain, refuse the rest.")]
ReportFile = Annotated[Path | None, typer.Option("--report", help="Write what became of each file, as JSON.")]
Answers = Annotated[
    Path | None,
    typer.Option(help='Answers to questions, as JSON: [{"file": …, "key": …, "value": …}], by the report.'),
]
ProgressFile = Annotated[
    Path | None, typer.Option("--progress", help="Keep what is being done, and its share, in this file.")
]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Say what would come of it, and change nothing.")]

LINES = 12  # of one file's refusals and drops that are printed; the report has them all


def adopt(
    files: Files,
    into: Into,
    report: ReportFile = None,
    *,
    yes: Yes = False,
    dry_run: DryRun = False,
    name: Annotated[
        str | None, typer.Option(help="The election's name, where there is no election.toml.")
    ] = None,
    day: Annotated[datetime | None, typer.Option("--date", formats=["%Y-%m-%d"], help="Its day.")] = None,
    timezone: Annotated[str | None, typer.Option(help="Its time zone, such as America/New_York.")] = None,
    opens: Annotated[str | None, typer.Option(help="When the polls open, such as 07:00.")] = None,
    closes: Annotated[str | None, typer.Option(help="When they close.")] = None,
    answers: Answers = None,
    progress: ProgressFile = None,
) -> None:
    """Make an election folder of a county's own files, or bring one up to date with the next day's.

    Says what each file is and how its columns are read, asks only where that is not certain, and remembers
    the answers in the folder's mapping.toml. Leaves with 0 when the folder is good, 1 when something must be
    answered first; what is certain is written all the same.
    """
    given = DayGiven(name, day.date() if day else None, timezone, opens, closes)
    said = _answers(answers)
    _run(files, into, report, given, yes=yes, dry_run=dry_run, answers=said, progress_file=progress)


def early(
    files: Files, into: Into, report: ReportFile = None, *, yes: Yes = False, dry_run: DryRun = False
) -> None:
    """Take a day's early and mail votes into an election folder: again each day, daily files or running ones.

    Updates already_voted, and strikes voters off by id, or by name and birth year; what is doubtful goes to
    early-review.csv. Then: beluga import FOLDER.
    """
    _run(
        files,
        into,
        report,
        DayGiven(),
        yes=yes,
        dry_run=dry_run,
        only=("early ballots", "early totals", "early record"),
    )


def take_early(files: Sequence[Path], into: Path) -> None:
    """Takes early.csv files of ours into a folder, as `beluga early` does, and asks nothing."""
    _run(files, into, None, DayGiven(), yes=True, dry_run=False, only=("early record",))


def _run(
    files: Sequence[Path],
    into: Path,
    report: Path | None,
    given: DayGiven,
    *,
    yes: bool,
    dry_run: bool,
    only: tuple[str, ...] = (),
    answers: Sequence[tuple[str, str, str]] = (),
    progress_file: Path | None = None,
) -> None:
    shown = _told_in(progress_file) if progress_file is not None else _bar()
    with tempfile.TemporaryDirectory(prefix="beluga-adopt-") as scratch, shown as progress:
        try:
            proposal = propose(files, into, Path(scratch), given)
        except MappingFileError as error:
            typer.echo(f"beluga: {error}", err=True)
            raise typer.Exit(1) from None
        if only:
            _keep_only(proposal, only)
        _settle(proposal, answers)
        size = size_of(proposal)
        draft, reports = draft_of(proposal, (lambda n: progress("reading", n, size)))
        while not yes and sys.stdin.isatty() and _ask(proposal, reports):
            draft, reports = draft_of(proposal, (lambda n: progress("reading", n, size)))
        outcome = write(proposal, draft, reports, dry_run=dry_run, progress=progress)
    for each in reports:
        _tell(each)
    _close(outcome, report)


def _answers(path: Path | None) -> list[tuple[str, str, str]]:
    """(file, key, value) each. Exits where the file says something else."""
    if path is None:
        return []
    try:
        said = json.loads(path.read_text(encoding="utf-8"))
        return [(str(each["file"]), str(each["key"]), str(each["value"])) for each in said]
    except (ValueError, TypeError, KeyError):
        typer.echo(f'beluga: {path}: write it as [{{"file": …, "key": …, "value": …}}]', err=True)
        raise typer.Exit(1) from None


def _settle(proposal: AdoptPlan, answers: Sequence[tuple[str, str, str]]) -> None:
    """Gives the answers about files that were given; kinds first, since the columns follow from them."""
    given = {found.sheet.name for found in proposal.files}
    for file, key, value in sorted(answers, key=lambda one: one[1] != "kind"):
        if file not in given:
            continue
        try:
            answer(proposal, file, key, value)
        except ValueError as error:
            typer.echo(f"beluga: {error}", err=True)
            raise typer.Exit(1) from None


def _keep_only(proposal: AdoptPlan, kinds: tuple[str, ...]) -> None:
    for found in proposal.files:
        if found.kind and found.kind not in kinds:
            found.reason = f"looks like {found.kind}, and no file of early or mail votes: see beluga adopt"
            found.kind = ""


def _ask(proposal: AdoptPlan, reports: Sequence[FileReport]) -> bool:
    """Asks what is open; false where nothing was answered."""
    answered = False
    for each in reports:
        for question in each.questions:
            typer.echo(f"{each.name}: {question.words}", err=True)
            for row in each.preview[:11]:
                typer.echo("  " + " | ".join(row), err=True)
            choices = f" ({' / '.join(question.choices)})" if question.choices else ""
            said = typer.prompt(
                f"{question.key}{choices}, or Enter to leave it open", "", show_default=False, err=True
            )
            if not said:
                continue
            try:
                answer(proposal, each.name, question.key, said)
                answered = True
            except ValueError as error:
                typer.echo(str(error), err=True)
    return answered


def _tell(each: FileReport) -> None:
    took = ", ".join(f"{count:,} {what}" for what, count in each.took.items()) or "nothing taken"
    typer.echo(f"{each.name}: {each.kind or 'not recognised'} ({each.reason}): {took}")
    if each.mapping:
        pairs = (f"{field} = {heading}" for field, heading in each.mapping.items() if heading)
        typer.echo(f"  columns: {', '.join(pairs)}")
    for words in [*each.reasons.values(), *each.notes]:
        typer.echo(f"  {words}")
    for kind, entries in (("refused", each.refused), ("left out", each.dropped)):
        for one in entries[:LINES]:
            place = f"line {one['line']}: " if one["line"] else ""
            column = f"{one['column']}: " if one.get("column") else ""
            remedy = f"; {one['remedy']}" if one.get("remedy") else ""
            typer.echo(f"  {kind}: {place}{column}{one['value']} {one['why']}{remedy}")
        count = each.counts["refused" if kind == "refused" else "dropped"]
        if count > LINES:
            typer.echo(f"  {kind}: and {count - min(LINES, len(entries)):,} more")
    for question in each.questions:
        choices = f" ({' / '.join(question.choices)})" if question.choices else ""
        typer.echo(f"  must be answered: {question.key}{choices}: {question.words}")


def _close(outcome: AdoptResult, report: Path | None) -> None:
    if report is not None:
        report.write_text(json.dumps(outcome.json(), ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    for words in outcome.notes:
        typer.echo(words)
    for words in outcome.problems[:100]:
        typer.echo(words)
    if outcome.written:
        typer.echo(f"wrote {', '.join(outcome.written)} into {outcome.folder}")
    if outcome.valid and not outcome.open_questions:
        typer.echo(f"{outcome.folder} is good; next: beluga import {outcome.folder}")
        return
    why = "is good, and something must be answered first" if outcome.valid else "is not complete yet"
    typer.echo(f"{outcome.folder} {why} (answers go into {outcome.folder / 'mapping.toml'})", err=True)
    raise typer.Exit(1)


@contextmanager
def _told_in(path: Path) -> Iterator[Progress]:
    """Writes what is being done, and its share, for somebody who looks on."""

    def show(words: str, done: int, in_all: int) -> None:
        replace_file(path, json.dumps({"doing": words, "share": min(done / max(in_all, 1), 1.0)}).encode())

    yield show


@contextmanager
def _bar() -> Iterator[Progress]:
    """A progress bar on a terminal; nothing elsewhere."""
    from rich.console import Console

    console = Console(stderr=True)
    if not console.is_terminal:
        yield lambda _words, _done, _all: None
        return
    from rich import progress as shown

    columns = (
        shown.TextColumn("{task.description}"),
        shown.BarColumn(),
        shown.TaskProgressColumn(),
        shown.TimeRemainingColumn(),
    )
    with shown.Progress(*columns, console=console, transient=True) as bar:
        tasks: dict[str, shown.TaskID] = {}

        def show(words: str, done: int, in_all: int) -> None:
            if words not in tasks:
                tasks[words] = bar.add_task(words, total=in_all)
            bar.update(tasks[words], completed=min(done, in_all))

        yield show
