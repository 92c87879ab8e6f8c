"""`early_sites.csv`: where people vote in person before the day, on which days, and who watches there.

A day of early voting is an election of its own kind: sites in the place of precincts, their hours, their
watchers, their counts, in a folder and a stack of that day. So its counts never mix with another day's. When
it is over they come back as votes cast already, parted among the precincts that vote at the site; where the
county's own file has reached that date, its numbers hold and these do not count.
"""

from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, time
from pathlib import Path

from beluga.adopt.early_course import NO_COURSES, Courses, curve_of
from beluga.adopt.taking.clock import clock
from beluga.adopt.taking.early_record import EarlyRecord
from election.domain.day import Election, Precinct, Watcher
from election.domain.ids import PrecinctId
from election.folder.cells import split_list
from election.folder.findings import Findings
from election.folder.headings import Column, folded
from election.folder.table import TableReader

FILE = "early_sites.csv"
COLUMNS = (
    Column("date", ("Day",), required=True),
    Column("site_id", ("Site", "Early Site"), required=True),
    Column("name", ("Site Name", "Location")),
    Column("opens", ("Polls Open", "Opens At")),
    Column("closes", ("Polls Close", "Closes At")),
    Column("precinct_ids", ("Precincts", "Precinct")),
    Column("expected_votes", ("Expected",)),
    Column("watcher_ids", ("Watchers", "Watcher")),
)


@dataclass(frozen=True, slots=True)
class EarlySite:
    """One site on one day. Without `precinct_ids` everybody may vote there."""

    day: date
    site_id: str
    name: str
    opens: time | None = None
    closes: time | None = None
    precinct_ids: tuple[str, ...] = ()
    expected_votes: float | None = None
    watcher_ids: tuple[str, ...] = ()

    def precincts(self, election: Election) -> list[Precinct]:
        """Those that vote here."""
        wanted = set(self.precinct_ids)
        return [p for p in election.precincts if not wanted or p.precinct_id in wanted]


def read_sites(folder: Path, election: Election, findings: Findings) -> list[EarlySite]:
    """Every good line; `findings` says what is wrong with the others. Nothing where there is no file."""
    if not (folder / FILE).exists():
        return []
    known = {str(p.precinct_id) for p in election.precincts}
    watchers = {str(w.watcher_id) for w in election.watchers}
    found: dict[tuple[date, str], EarlySite] = {}
    standing: dict[tuple[date, str], str] = {}  # who watches where, once a day
    spoken = {folded(str(n)) for p in election.precincts for n in (p.precinct_id, *p.aliases)}
    for line, row in TableReader(folder / FILE, COLUMNS, findings):
        before = findings.total
        one = _site(row, line, findings)
        if one is None:
            continue
        if one.day >= election.day.date:
            _say(findings, line, "date", f"{one.day} is not before {election.day.date}", "write a day before")
        if folded(one.site_id) in spoken:
            _say(findings, line, "site_id", f"'{one.site_id}' is a precinct, too", "give it an id of its own")
        if (one.day, one.site_id) in found:
            _say(
                findings,
                line,
                "site_id",
                f"'{one.site_id}' is there twice on {one.day}",
                "write it once a day",
            )
        _refer(one.precinct_ids, known, "precinct_ids", line, findings)
        _refer(one.watcher_ids, watchers, "watcher_ids", line, findings)
        for who in one.watcher_ids:
            if standing.setdefault((one.day, who), one.site_id) != one.site_id:
                _say(findings, line, "watcher_ids", f"'{who}' is at two sites on {one.day}", "choose one")
        if findings.total == before:
            found[one.day, one.site_id] = one
    return sorted(found.values(), key=lambda s: (s.day, s.site_id))


def _say(findings: Findings, line: int, column: str, what: str, remedy: str) -> None:
    findings.problem(FILE, line, column, what, remedy)


def _refer(ids: Iterable[str], known: Container[str], column: str, line: int, findings: Findings) -> None:
    for each in ids:
        if each not in known:
            where = "precincts.csv" if column == "precinct_ids" else "watchers.csv"
            _say(findings, line, column, f"'{each}' is not in {where}", "correct it, or add it there")


def _site(row: tuple[str, ...], line: int, findings: Findings) -> EarlySite | None:
    cells = dict(zip((c.name for c in COLUMNS), row, strict=True))
    try:
        day = date.fromisoformat(cells["date"])
    except ValueError:
        _say(findings, line, "date", f"'{cells['date'][:40]}' is no date", "write it as 2026-10-24")
        return None
    if not cells["site_id"]:
        _say(findings, line, "site_id", "is empty", "give the site an id that can be texted")
        return None
    hours: dict[str, time | None] = {}
    for name in ("opens", "closes"):
        hours[name] = clock(cells[name]) if cells[name] else None
        if cells[name] and hours[name] is None:
            _say(
                findings, line, name, f"'{cells[name][:40]}' is no time of day", "write HH:MM, such as 09:00"
            )
    opens, closes = hours["opens"], hours["closes"]
    if opens is not None and closes is not None and closes <= opens:
        _say(findings, line, "closes", "is not after it opens", "correct one of the two")
    expected = None
    if text := cells["expected_votes"].replace(",", ""):
        if text.isdecimal() and len(text) < 8:
            expected = float(text)
        else:
            _say(findings, line, "expected_votes", f"'{text[:40]}' is no number of votes", "write digits")
    return EarlySite(
        day, cells["site_id"], cells["name"] or cells["site_id"], opens, closes,
        split_list(cells["precinct_ids"]), expected, split_list(cells["watcher_ids"]),
    )  # fmt: skip


def day_election(
    election: Election, sites: Iterable[EarlySite], record: EarlyRecord, courses: Courses = NO_COURSES
) -> Election:
    """The election of one early day: sites as precincts, their watchers, the course of the days before.

    On the roll of a site are the voters of its precincts who have not voted yet. Where no figure is given, as
    many are expected as came to it on the early days before, on average.
    """
    sites = list(sites)
    opens = min((s.opens or election.day.opens for s in sites), default=election.day.opens)
    closes = max((s.closes or election.day.closes for s in sites), default=election.day.closes)
    day = replace(
        election.day, name=f"{election.day.name}, early voting {sites[0].day}", date=sites[0].day,
        opens=opens, closes=closes,
    )  # fmt: skip
    places, watchers = [], []
    by_id = {str(w.watcher_id): w for w in election.watchers}
    for site in sites:
        own = site.precincts(election)
        counties = {p.county for p in own}
        places.append(
            Precinct(
                PrecinctId(site.site_id), site.name, max(1, sum(p.registered - p.already_voted for p in own)),
                county=counties.pop() if len(counties) == 1 else "",
                expected_votes=site.expected_votes or _usual(site, record),
                opens=site.opens, closes=site.closes,
            )
        )  # fmt: skip
        watchers += [_posted(by_id[w], site) for w in site.watcher_ids]
    curve = curve_of(courses, day.date, opens, closes)
    return Election(day, tuple(places), (), curve, tuple(watchers))


def _posted(watcher: Watcher, site: EarlySite) -> Watcher:
    return replace(watcher, precinct_ids=(PrecinctId(site.site_id),), shift_start=None, shift_end=None)


def _usual(site: EarlySite, record: EarlyRecord) -> float | None:
    days: dict[str, int] = {}
    for (source, _, day), votes in record.sites.items():
        if source == site.site_id and day < site.day.isoformat():
            days[day] = days.get(day, 0) + votes
    return round(sum(days.values()) / len(days), 1) if days else None


def parted(votes: int, precincts: Iterable[Precinct]) -> dict[str, int]:
    """A site's votes among its precincts, by voters on the roll; whole numbers that add up."""
    left = {str(p.precinct_id): p.registered for p in precincts}
    total = sum(left.values())
    exact = {place: votes * many / total for place, many in left.items()}
    found = {place: int(share) for place, share in exact.items()}
    rest = votes - sum(found.values())
    for place in sorted(exact, key=lambda p: (found[p] - exact[p], p))[:rest]:
        found[place] += 1
    return found


def day_record(sites: Iterable[EarlySite], counts: Mapping[str, int], election: Election) -> EarlyRecord:
    """What the sites counted, by precinct, for `early.csv`."""
    record = EarlyRecord()
    for site in sites:
        for place, votes in parted(counts.get(site.site_id, 0), site.precincts(election)).items():
            record.sites[site.site_id, place, site.day.isoformat()] = votes
    return record
