"""The whole folder: every file is checked before anything is used."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from election.domain.day import Caller, Election, Precinct
from election.folder.day_file import DEFAULT_REGION, read_day
from election.folder.findings import Findings
from election.folder.official_file import read_official
from election.folder.people import read_callers, read_watchers, stream_voters
from election.folder.places import Precincts, read_curve, read_history, read_precincts
from election.folder.reports import examine_reports
from election.folder.shapes import FILE as SHAPES
from election.folder.shapes import read_shapes
from election.folder.table import uncollected


@dataclass(frozen=True, slots=True)
class Examined:
    """What a folder says, all but the voters. Only to be used where its findings hold no problem."""

    election: Election
    callers: tuple[Caller, ...]
    known: Precincts  # what voters may refer to
    region: str = DEFAULT_REGION


def examine(folder: Path, findings: Findings, *, shapes: bool = True) -> Examined:
    """Reads every file but `voters.csv` and `reports.csv`; never raises, `findings` says what is wrong."""
    if not folder.is_dir():
        findings.problem(str(folder), None, "", "there is no such folder", "name the election's folder")
    with uncollected():
        opened = read_day(folder, findings)
        day, region = opened.day, opened.region
        precincts = read_precincts(folder / "precincts.csv", day, findings)
        # Where the precincts themselves are wrong, references to them would only repeat it.
        sound = not any(p.file == "precincts.csv" for p in findings.problems)
        known = precincts if sound else _Anything(precincts)

        def there(name: str) -> bool:
            return (folder / name).exists()

        election = Election(
            day=day,
            precincts=tuple(precincts.values()),
            history=read_history(folder / "history.csv", known, findings) if there("history.csv") else (),
            curve=read_curve(folder / "curve.csv", known, findings) if there("curve.csv") else (),
            watchers=read_watchers(folder / "watchers.csv", day, region, known, findings)
            if there("watchers.csv")
            else (),
            geometry=read_shapes(folder / SHAPES, known, findings) if shapes and there(SHAPES) else {},
            official=read_official(folder, findings),
        )
        counties = {p.county for p in precincts.values()} if sound else None
        callers = read_callers(folder / "callers.csv", findings, counties) if there("callers.csv") else ()
    return Examined(election, callers, known, region)


def read_election(folder: Path, *, shapes: bool = True) -> Election:
    """The election in a folder (without voters and callers). Raises `FolderError` with every problem.

    `shapes=False` leaves `precincts.geojson` unread, for commands that draw nothing.
    """
    findings = Findings()
    examined = examine(folder, findings, shapes=shapes)
    findings.raise_if_any()
    return examined.election


@dataclass(frozen=True, slots=True)
class Checked:
    """A folder with every file looked at. None: there is no such file."""

    examined: Examined
    voters: int | None
    reports: int | None


def check_all(folder: Path, findings: Findings, progress: Callable[[int], None] | None = None) -> Checked:
    """Checks every file, voters and reports too; never raises. `progress` as in `stream_voters`."""
    examined = examine(folder, findings)
    voters = check_voters(folder, examined, findings, progress)
    reports = None
    if (folder / "reports.csv").exists():
        election = replace(examined.election, precincts=tuple(examined.known.values()))
        reports = len(examine_reports(folder / "reports.csv", election, findings))
    return Checked(examined, voters, reports)


def check_voters(
    folder: Path, examined: Examined, findings: Findings, progress: Callable[[int], None] | None = None
) -> int | None:
    """How many good voters there are; None where there is no `voters.csv`."""
    path = folder / "voters.csv"
    if not path.exists():
        return None
    return sum(1 for _ in stream_voters(path, examined.region, examined.known, findings, progress))


class _Anything(dict[str, Precinct]):
    """Precincts of a file that has problems: every id counts as known."""

    def __contains__(self, key: object) -> bool:
        return True
