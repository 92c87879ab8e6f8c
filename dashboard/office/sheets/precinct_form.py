"""A precinct as a row of the sheet gives one, by the rules of `precincts.csv`; and what may not change now.

Who may change what, and when, is decided by what it would change: an id by nobody; a county and a new
precinct by admins (who sees what, what the whole election expects); hours until polls open there; registered
voters as long as no count of today would be refused by them; a polling place as long as no count is the
building's.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, time
from zoneinfo import ZoneInfo

from dashboard.errors import DashboardError
from dashboard.languages import noted, tr, trn
from dashboard.map.places import MapPlaces
from dashboard.office.sheets.sheet_rows import SheetRow
from election.domain.day import ElectionDay, Precinct
from election.domain.ids import PrecinctId
from election.folder.cells import MOST, known_zone, time_of
from election.folder.headings import folded

# Each column, with what people call it.
COLUMNS = (
    ("precinct_id", noted("Precinct id")),
    ("name", noted("Name")),
    ("site_id", noted("Polling place")),
    ("county", noted("County")),
    ("registered", noted("Registered voters")),
    ("opens", noted("Opens")),
    ("closes", noted("Closes")),
    ("timezone", noted("Time zone")),
)
FIELDS = tuple(name for name, _ in COLUMNS)
_TITLES = dict(COLUMNS)
_WHOLE = re.compile(r"[0-9]{1,8}|[0-9]{1,3}(,[0-9]{3}){1,2}")
LONGEST_ID = 64  # characters


class PrecinctFormError(DashboardError):
    """A row that makes no precinct, or changes what may not change now; the message says what to do."""


@dataclass(frozen=True, slots=True)
class CountsByPlace:
    """Votes of the counts that came today, by precinct or polling place; without those rejected."""

    votes: Mapping[str, tuple[int, ...]] = field(default_factory=dict)

    def of(self, place_id: str) -> tuple[int, ...]:
        return self.votes.get(place_id, ()) if place_id else ()


def cells_of(precinct: Precinct) -> dict[str, str]:
    """A precinct as the sheet has it; empty hours and zone are the day's."""
    return {
        "precinct_id": str(precinct.precinct_id),
        "name": precinct.name,
        "site_id": precinct.site_id,
        "county": precinct.county,
        "registered": str(precinct.registered),
        "opens": f"{precinct.opens:%H:%M}" if precinct.opens else "",
        "closes": f"{precinct.closes:%H:%M}" if precinct.closes else "",
        "timezone": precinct.timezone or "",
    }


def corrected(
    row: SheetRow, before: Precinct, here: MapPlaces, counties: tuple[str, ...] | None, *, admin: bool
) -> Precinct:
    """The precinct with what was changed in the row. `counties`: the asker's own, None for all.

    Raises `PrecinctFormError`.
    """
    if row.typed["precinct_id"] != before.precinct_id:
        raise _wrong(
            "precinct_id",
            tr(
                "{id} stays: check-ins, the roll and past results go by it. Correct {typed} in its own row.",
                id=before.precinct_id,
                typed=row.typed["precinct_id"] or "—",
            ),
        )
    said = {name: row.typed[name] for name in row.changed}
    if said.get("county", before.county) != before.county and not admin:
        raise _wrong("county", tr("who sees a precinct goes by it; ask an admin to change it."))
    site = said.get("site_id", "")
    if site and counties is not None and _elsewhere(site, here, counties):
        raise _wrong("site_id", tr("{site} is not of your counties alone; ask an admin.", site=site))
    return _read(cells_of(before) | said, before, here)


def _elsewhere(site: str, here: MapPlaces, counties: tuple[str, ...]) -> bool:
    """Whether a precinct outside of these counties is called so, or votes there."""
    return any(
        site in (p.site_id, p.precinct_id) and p.county not in counties for p in here.precincts.values()
    )


def spoken_names(here: MapPlaces) -> dict[str, str]:
    """What a text may name, without dashes and case, and the precinct that it means."""
    return {
        folded(name): str(p.precinct_id)
        for p in here.precincts.values()
        for name in (p.site_id, *p.aliases, p.precinct_id)
        if name
    }


def added(row: SheetRow, here: MapPlaces, spoken: Mapping[str, str], *, admin: bool) -> Precinct:
    """The new precinct of a row; `spoken`: see `spoken_names`. Raises `PrecinctFormError`."""
    precinct_id = row.typed["precinct_id"]
    if not admin:
        raise _wrong(
            "precinct_id", tr("only an admin adds a precinct: the whole election is expected otherwise.")
        )
    if not 0 < len(precinct_id) <= LONGEST_ID or ";" in precinct_id or not precinct_id.isprintable():
        raise _wrong(
            "precinct_id", tr("write what watchers will text, such as 12-03, 64 characters at most.")
        )
    if other := spoken.get(folded(precinct_id) or precinct_id):
        raise _wrong(
            "precinct_id", tr("{id} means {other} already; choose another.", id=precinct_id, other=other)
        )
    return _read(row.typed, Precinct(PrecinctId(precinct_id), "", 0), here)


def _read(cells: Mapping[str, str], before: Precinct, here: MapPlaces) -> Precinct:
    name = " ".join(cells["name"].split())
    if not name:
        raise _wrong("name", tr("it is empty; write what people call the place."))
    on_roll = cells["registered"].removesuffix(".0")
    registered = int(on_roll.replace(",", "")) if _WHOLE.fullmatch(on_roll) else 0
    if not 1 <= registered <= MOST:
        raise _wrong(
            "registered",
            tr("{text} is no number of voters; write digits alone, such as 1204.", text=on_roll or "—"),
        )
    if registered < before.already_voted:
        raise _wrong(
            "registered",
            tr(
                "{n} have voted early or by mail already; write at least as many.",
                n=f"{before.already_voted:,}",
            ),
        )
    opens, closes = (_hour(cells, column) for column in ("opens", "closes"))
    if (opens or closes) and (closes or here.day.closes) <= (opens or here.day.opens):
        raise _wrong("closes", tr("the polls close before they open; correct one of the two."))
    zone = cells["timezone"]
    if zone and not known_zone(zone):
        raise _wrong(
            "timezone", tr("{zone} is no time zone; write a name such as America/New_York.", zone=zone[:60])
        )
    county = " ".join(cells["county"].split())
    like = next((c for c in here.counties if folded(c) == folded(county)), county)
    if like != county:
        raise _wrong(
            "county", tr("{text} is written {known} elsewhere; write it so.", text=county, known=like)
        )
    site = cells["site_id"]
    if site in here.precincts and site != before.site_id:
        raise _wrong("site_id", tr("{id} is a precinct; give the building an id of its own.", id=site))
    return replace(
        before, name=name, registered=registered, county=county, site_id=site,
        opens=opens, closes=closes, timezone=zone or None,
    )  # fmt: skip


def _hour(cells: Mapping[str, str], column: str) -> time | None:
    text = cells[column]
    found = time_of(text) if text else None
    if text and found is None:
        raise _wrong(column, tr("{text} is no time of day; write HH:MM, such as 07:00.", text=text[:40]))
    return found


def refuse_late(
    before: Precinct, after: Precinct, day: ElectionDay, seen: CountsByPlace, now: datetime
) -> None:
    """Raises `PrecinctFormError` where this would undo what has happened today."""
    hours = ("opens", "closes", "timezone")
    moved = next((name for name in hours if getattr(before, name) != getattr(after, name)), None)
    if moved and now >= (opened := before.opens_at(day)):
        at = f"{opened.astimezone(ZoneInfo(before.timezone or day.timezone)):%H:%M}"
        raise _wrong(
            moved,
            tr(
                "polls opened there at {at}; extend them in its panel on the board, which tells people.",
                at=at,
            ),
        )
    lost = _refused_then(before, after, seen.of(before.precinct_id))
    if lost:
        raise _wrong(
            "registered",
            trn(
                "{n} count there today would be refused; write {most} or more, or reject it first.",
                "{n} counts there today would be refused; write {most} or more, or reject them first.",
                len(lost),
                most=f"{max(lost):,}",
            ),
        )
    if before.site_id != after.site_id:
        for site in (before.site_id, after.site_id):
            if seen.of(site):
                raise _wrong(
                    "site_id",
                    tr("the whole building {site} was counted today, for all its precincts.", site=site),
                )


def _refused_then(before: Precinct, after: Precinct, votes: tuple[int, ...]) -> list[int]:
    """Counts that the old roll takes and the new one would hold or refuse."""
    most, fewer = before.most_votes(), after.most_votes()
    return [
        v
        for v in votes
        if (v <= before.registered and v > after.registered)
        or (most is not None and fewer is not None and fewer < v <= most)
    ]


def _wrong(column: str, words: str) -> PrecinctFormError:
    return PrecinctFormError(f"{tr(_TITLES[column])}: {words}")
