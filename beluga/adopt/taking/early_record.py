"""`early.csv`: every early or mailed ballot and every total that the daily files have told, each once.

A union, so that files that are daily and files that are running, given in whatever order and twice, come to
the same. Ballots are known by the voter's id (or their fingerprint where there is none), totals by precinct
and date.
"""

import csv
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

FILE = "early.csv"
HEADINGS = ("kind", "key", "precinct_id", "date", "votes", "source")


@dataclass
class EarlyRecord:
    """Ballots: key -> (precinct, date). Totals: (source, precinct, date) -> votes of that day or until it.

    `sites`: what watchers counted at early sites, by (site, precinct, date). It stands in for the county's
    numbers until a file has reached that date.
    """

    ballots: dict[str, tuple[str, str]] = field(default_factory=dict)
    daily: dict[tuple[str, str, str], int] = field(default_factory=dict)
    running: dict[tuple[str, str, str], int] = field(default_factory=dict)
    sites: dict[tuple[str, str, str], int] = field(default_factory=dict)
    taken_back: dict[str, str] = field(default_factory=dict)  # voter, precinct: their ballot does not count

    def totals(self) -> dict[str, int]:
        """Early and mail votes by precinct: the larger of counted ballots and of totals told."""
        ballots = Counter(place for place, _ in self.ballots.values() if place)
        told: defaultdict[str, int] = defaultdict(int)
        latest: dict[tuple[str, str], tuple[str, int]] = {}
        for (source, place, day), votes in self.running.items():
            latest[(source, place)] = max(latest.get((source, place), ("", 0)), (day, votes))
        for (_, place), (_, votes) in latest.items():
            told[place] = max(told[place], votes)
        by_day: Counter[str] = Counter()
        for (_, place, _), votes in self.daily.items():
            by_day[place] += votes
        for place, votes in by_day.items():
            told[place] = max(told[place], votes)
        reached, counted = self.reached(), Counter[str]()
        for (_, place, day), votes in self.sites.items():
            counted[place] += votes if day > reached else 0
        places = {*ballots, *told, *counted, *filter(None, self.taken_back.values())}
        return {p: max(ballots[p], told.get(p, 0)) + counted[p] for p in places}

    def take_back(self, key: str, day: str) -> bool:
        """Forgets a ballot of that day, and no other that the voter has cast since; whether there was one."""
        if key not in self.ballots or self.ballots[key][1] != day:
            return False
        self.taken_back[key] = self.ballots.pop(key)[0]
        return True

    def until(self, source: str) -> dict[str, tuple[str, int]]:
        """Precinct to the latest (date, votes until it) that a source has told."""
        latest: dict[str, tuple[str, int]] = {}
        for (said_by, place, day), votes in self.running.items():
            if said_by == source:
                latest[place] = max(latest.get(place, ("", 0)), (day, votes))
        return latest

    def reached(self) -> str:
        """The last date of which a file of the county's tells; empty where none does."""
        days = [day for _, day in self.ballots.values()]
        days += [day for _, _, day in (*self.daily, *self.running)]
        return max(days, default="")

    def __bool__(self) -> bool:
        return bool(self.ballots or self.daily or self.running or self.sites)


def read_early(path: Path) -> EarlyRecord:
    """What earlier files have told; nothing where there were none. A line that was spoiled is left out."""
    record = EarlyRecord()
    if not path.exists():
        return record
    with path.open(encoding="utf-8-sig", newline="") as file:
        for row in csv.DictReader(file):
            kind, key, place = row.get("kind"), row.get("key") or "", row.get("precinct_id") or ""
            day, votes = row.get("date") or "", row.get("votes") or ""
            if kind == "ballot" and key:
                record.ballots[key] = (place, day)
            elif kind in ("day", "running", "site") and votes.isdecimal():
                into = {"day": record.daily, "running": record.running, "site": record.sites}[kind]
                into[(row.get("source") or "", place, day)] = int(votes)
    return record


def write_early(path: Path, record: EarlyRecord) -> None:
    """The record in an order that a diff can be read in."""
    rows: list[Iterable[object]] = [
        ("ballot", key, place, day, "", "") for key, (place, day) in sorted(record.ballots.items())
    ]
    for kind, told in (("day", record.daily), ("running", record.running), ("site", record.sites)):
        rows += [
            (kind, "", place, day, votes, source) for (source, place, day), votes in sorted(told.items())
        ]
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(HEADINGS)
        writer.writerows(rows)
