"""From files to a proposal: what each is, how its columns are read, and what must be answered first.

`propose` opens and recognises, `answer` settles a question, `drafting.draft_of` makes the folder in memory
and each file's report. A page or a command asks what the reports' questions say, answers, and drafts again;
nothing is written before `beluga.adopt.writing`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, time
from pathlib import Path

from beluga.adopt.mapping.fields import mapped
from beluga.adopt.mapping.kinds import KINDS
from beluga.adopt.mapping.mapping_file import RememberedMapping, read_mappings
from beluga.adopt.mapping.zones import zone_row
from beluga.adopt.recognising import RecognisedSheet, joined, recognised, set_aside, tables_of, tell_twins
from beluga.adopt.sources.sheets import open_all
from election.domain.day import ElectionDay
from election.folder import Findings
from election.folder.cells import known_zone, time_of
from election.folder.day_file import DEFAULT_REGION, read_day
from election.folder.headings import folded


@dataclass(frozen=True, slots=True)
class DayGiven:
    """What was said about the election beside its files; None: not said."""

    name: str | None = None
    day: date | None = None
    timezone: str | None = None
    opens: str | None = None
    closes: str | None = None


@dataclass
class AdoptPlan:
    """Everything that was given, recognised. `day` is None where nothing says which election it is."""

    into: Path
    files: list[RecognisedSheet]
    day: ElectionDay | None
    region: str
    day_problems: list[str]
    remembered: list[RememberedMapping]
    new_day: bool  # election.toml has to be written


def propose(paths: Sequence[Path], into: Path, scratch: Path, given: DayGiven | None = None) -> AdoptPlan:
    """Opens files and recognises each. Raises `MappingFileError` where mapping.toml cannot be read."""
    sheets = open_all(paths, scratch)
    remembered = read_mappings(into)
    found: list[RecognisedSheet] = []
    days = [into]
    for sheet in sheets:
        if sheet.form == "toml":
            if sheet.path.name == "mapping.toml":
                remembered += read_mappings(sheet.path.parent) if sheet.path.parent != into else []
                found.append(
                    RecognisedSheet(sheet, "", aside="what was decided before about files of these shapes")
                )
                continue
            days.append(sheet.path.parent)
            found.append(RecognisedSheet(sheet, "election", reason="the day itself"))
        else:
            found += [recognised(part, remembered) for part in tables_of(sheet)]
    found = joined(found, remembered)
    tell_twins(found)
    set_aside(found)
    day, region, problems, new_day = _day(days, given or DayGiven())
    return AdoptPlan(into, found, day, region, problems, remembered, new_day)


def answer(proposal: AdoptPlan, file: str, key: str, value: str) -> None:
    """Settles one question of one file (by its report's `name`). `kind`: a kind; `column:field`: a heading.

    Raises `ValueError` where there is no such file, kind or heading.
    """
    found = next((f for f in proposal.files if f.sheet.name == file), None)
    if found is None:
        raise ValueError(f"no such file: {file}")
    if key == "kind":
        if value not in KINDS:
            raise ValueError(f"no such kind: {value}; one of {', '.join(KINDS)}")
        found.kind, found.unsure, found.reason = value, "", "you said so"
        if found.headings is not None and value not in ("shapes", "curve", "reports"):
            found.columns = mapped(
                "turnout" if value == "history" else value, found.headings.names, found.sample
            )
    elif key.startswith("column:"):
        if found.headings is None:
            raise ValueError(f"{file} has no columns")
        places = {folded(h): n for n, h in enumerate(found.headings.names)}
        if folded(value) not in places:
            raise ValueError(f"{file} has no column {value}")
        found.columns[key.removeprefix("column:")] = places[folded(value)]
    else:
        found.answers[key] = value
        found.unsure = ""


def _day(folders: Sequence[Path], given: DayGiven) -> tuple[ElectionDay | None, str, list[str], bool]:
    """The day from the first folder that has an election.toml, with what was given over it."""
    base, region, problems = None, DEFAULT_REGION, []
    new = False
    for place, folder in enumerate(folders):
        if (folder / "election.toml").exists():
            findings = Findings()
            opened = read_day(folder, findings)
            if findings.total:
                problems += [str(p) for p in findings.problems]
                continue
            base, region, new = opened.day, opened.region, place > 0
            break
    values = {
        "name": given.name,
        "date": given.day,
        "timezone": given.timezone,
        "opens": given.opens,
        "closes": given.closes,
    }
    said = {k: v for k, v in values.items() if v is not None}
    if base is not None and not said:
        return base, region, problems, new
    for key in ("opens", "closes"):
        if key in said:
            at = time_of(str(said[key]))
            if at is None:
                problems.append(f"--{key} {said[key]!r} is no time of day: write 07:00")
                return base, region, problems, new
            said[key] = at  # type: ignore[assignment]
    if "timezone" in said and not known_zone(str(said["timezone"])):
        problems.append(f"there is no time zone {said['timezone']!r}: write America/New_York or its like")
        return base, region, problems, new
    if base is None:
        missing = [k for k in values if k not in said]
        if missing:
            problems.append(
                f"no election.toml says which election it is: give {', '.join('--' + m for m in missing)}"
            )
            return None, region, problems, False
        row = zone_row(str(said["timezone"]))
        region = row[0].split(",")[0] if row else DEFAULT_REGION
        base = ElectionDay("", date(2000, 1, 1), "UTC", time(0), time(23))
    day = ElectionDay(**{**{f: getattr(base, f) for f in ElectionDay.__slots__}, **said})
    if day.closes <= day.opens:
        problems.append("the polls close before they open: correct --opens and --closes")
        return None, region, problems, False
    return day, region, problems, True
