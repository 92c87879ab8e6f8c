"""`early_curve.csv`: how early days in person went, learnt from their own watchers, for the early days after.

An early day has no rush before or after work, and nobody publishes its course. What the stack of an early day
estimates at twelve steps of its hours is that day's; the next day's curve is made of it, by part of the day,
since hours differ from day to day. Before the first one it is a straight line.
"""

import csv
from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import date, time
from pathlib import Path

from election.domain.day import CurvePoint

FILE = "early_curve.csv"
HEADINGS = ("date", "part", "share")
STEPS = 12  # of a day's hours
FEWEST_COUNTS = 12  # of a whole day tell its course: less is the line it was drawn along

Courses = Mapping[str, Mapping[float, float]]  # date -> part of the day -> share of its votes

NO_COURSES: Courses = {}


def course_of(estimates: Sequence[float], counts: int) -> list[float] | None:
    """Shares by the end of each step, from votes estimated then; None where too few counted."""
    if counts < FEWEST_COUNTS or not estimates or estimates[-1] <= 0:
        return None
    shares, most = [], 0.0
    for votes in estimates:
        most = max(most, min(votes / estimates[-1], 1.0))
        shares.append(round(most, 4))
    return shares


def read_courses(folder: Path) -> Courses:
    """Every early day's course so far; a line that says none is left out."""
    found: dict[str, dict[float, float]] = defaultdict(dict)
    if not (folder / FILE).exists():
        return found
    with (folder / FILE).open(encoding="utf-8-sig", newline="") as lines:
        for row in csv.DictReader(lines):
            try:
                day, part, share = (row.get(name) or "" for name in HEADINGS)
                date.fromisoformat(day)
                at, done = float(part), float(share)
            except ValueError:
                continue
            if 0.0 <= at <= 1.0 and 0.0 <= done <= 1.0:
                found[day][at] = done
    return found


def write_course(folder: Path, day: date, shares: Sequence[float]) -> None:
    """Keep one day's course beside the others'; the same day again takes its place."""
    kept = {name: dict(course) for name, course in read_courses(folder).items()}
    kept[day.isoformat()] = {round((n + 1) / len(shares), 4): share for n, share in enumerate(shares)}
    with (folder / FILE).open("w", encoding="utf-8", newline="") as out:
        rows = csv.writer(out, lineterminator="\n")
        rows.writerow(HEADINGS)
        rows.writerows((name, at, kept[name][at]) for name in sorted(kept) for at in sorted(kept[name]))


def curve_of(courses: Courses, day: date, opens: time, closes: time) -> tuple[CurvePoint, ...]:
    """The curve of an early day: those of the early days before it in its own hours, else a straight line."""
    before = {name: course for name, course in courses.items() if name < day.isoformat()}
    if not before:
        before = {"": {n / STEPS: n / STEPS for n in range(STEPS + 1)}}
    first, last = (t.hour * 60 + t.minute for t in (opens, closes))
    found = []
    for name in sorted(before):
        for part, share in sorted(before[name].items()):
            minute = first + int((last - first) * part)
            if minute < 24 * 60:
                found.append(CurvePoint("all", time(minute // 60, minute % 60), share, name))
    return tuple(found)
