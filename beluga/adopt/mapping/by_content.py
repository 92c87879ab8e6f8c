"""Columns known by what stands in them, whatever they are called."""

import re
from collections.abc import Sequence

from beluga.adopt.mapping.dates import YEAR
from beluga.adopt.mapping.of_people import is_phone
from beluga.adopt.mapping.vocabulary import ELECTION, known_key
from election.folder.headings import folded

# What a ballot's status says, in a column that may be called anything.
_STATUS = re.compile(
    r"accept|reject|counted|challeng|spoil|void|cured?\b|pending|received|returned|issued|cancel|not returned"
    r"|tabulated|undeliver|duplicate",
    re.I,
)
# How the heading of somebody's id ends, and what else ends so.
_SOMEBODYS = (
    "id",
    "id#",
    "idno",
    "idnum",
    "idnumber",
    "regno",
    "regnum",
    "regnumber",
    "voterno",
    "voternumber",
)
_NOT_SOMEBODYS = (
    "precinct",
    "county",
    "district",
    "house",
    "address",
    "party",
    "place",
    "ballot",
    "location",
)
_PHONE = re.compile(r"(?:\+?1[ .-]?)?\(?\d{3}\)?[ .-]?\d{3}[ .-]?\d{4}(?:\.0)?")
_PLACE_IN_BRACKETS = re.compile(r"\((-?\d{1,3}\.\d+)[,;] ?(-?\d{1,3}\.\d+)\)$")
_PAIR = re.compile(r"(-?\d{1,3}\.\d+)[,;] ?(-?\d{1,3}\.\d+)")
_POINT_TEXT = re.compile(r"(?:SRID=4326;)?POINT ?\((-?\d{1,3}\.\d+) (-?\d{1,3}\.\d+)\)", re.I)


def dated(
    headings: Sequence[str], sample: Sequence[Sequence[str]], columns: dict[str, int]
) -> dict[str, int]:
    """The column that names elections, or that of their dates where the names say no year."""

    def says_when(place: int) -> bool:
        cells = [r[place] for r in sample if place < len(r) and r[place]]
        return bool(cells) and all(YEAR.search(c) for c in cells)

    others = [n for n, h in enumerate(headings) if known_key(h) in ELECTION and n not in columns.values()]
    if says_when(columns["election"]):
        return {}
    return next(({"election": n} for n in others if says_when(n)), {})


def ballot_status(
    headings: Sequence[str], sample: Sequence[Sequence[str]], columns: dict[str, int]
) -> dict[str, int]:
    """The column in which most cells say what became of a ballot."""
    for place, heading in enumerate(headings):
        cells = [r[place] for r in sample if place < len(r) and r[place]]
        said = sum(_STATUS.search(c) is not None for c in cells)
        if (
            place not in columns.values()
            and heading
            and said * 5 > len(cells) * 3
            and "applic" not in heading.lower()
        ):
            return {"ballot_status": place}
    return {}


def somebodys_id(
    headings: Sequence[str], sample: Sequence[Sequence[str]], columns: dict[str, int]
) -> dict[str, int]:
    """The column called somebody's id or number in which no value comes twice."""
    for place, heading in enumerate(headings):
        cells = [r[place] for r in sample if place < len(r) and r[place]]
        alone = len(cells) > 1 and len(cells) == len(sample) == len(set(cells))
        key = folded(heading)
        named = key.endswith(_SOMEBODYS) and not any(word in key for word in _NOT_SOMEBODYS)
        if place not in columns.values() and alone and named:
            return {"voter_id": place}
    return {}


def register_suffix(
    headings: Sequence[str], sample: Sequence[Sequence[str]], columns: dict[str, int]
) -> dict[str, int]:
    """A suffix of digits beside an elector's number is the number's, and no `Jr`."""
    place = columns.get("suffix")
    if place is None or "roll_number" not in columns or "roll_suffix" in columns:
        return {}
    cells = [r[place] for r in sample if place < len(r) and r[place]]
    if not cells or not all(c.isdigit() for c in cells):
        return {}
    del columns["suffix"]
    return {"roll_suffix": place}


def candidates(
    headings: Sequence[str], sample: Sequence[Sequence[str]], columns: dict[str, int]
) -> dict[str, int]:
    """Who is voted for and the votes, where neither is called so: `Candidate's Surname, OrdinaryVotes`."""
    found: dict[str, int] = {}
    named = [n for n, h in enumerate(headings) if "candidate" in h.casefold() and "vote" not in h.casefold()]
    counted = [
        n for n, h in enumerate(headings) if "vote" in h.casefold() and "%" not in h and _whole(sample, n)
    ]
    if "candidate" not in columns and named:
        found["candidate"] = next((n for n in named if not _whole(sample, n)), named[0])
    told = "candidate" in {*columns, *found}
    if told and len(counted) == 1 and not {"votes", "in_person"} & columns.keys():
        found["votes"] = counted[0]
    return found


def _whole(sample: Sequence[Sequence[str]], place: int) -> bool:
    cells = [r[place] for r in sample if place < len(r) and r[place]]
    return bool(cells) and all(c.replace(",", "").isdecimal() for c in cells)


def phone(
    headings: Sequence[str], sample: Sequence[Sequence[str]], columns: dict[str, int]
) -> dict[str, int]:
    """The column that a word for a telephone is in the heading of, and phones in its cells."""
    for place, heading in enumerate(headings):
        cells = [r[place] for r in sample if place < len(r) and r[place]]
        whole = sum(_PHONE.fullmatch(c) is not None for c in cells)
        if place not in columns.values() and whole and whole * 5 >= len(cells) * 3 and is_phone(heading):
            return {"phone": place}
    return {}


def point(headings: Sequence[str], sample: Sequence[Sequence[str]]) -> dict[str, int]:
    """The column whose cells are points: `(41.4, -75.6)` or `POINT (-75.6 41.4)`."""
    for place, _ in enumerate(headings):
        cells = [r[place] for r in sample if place < len(r) and r[place]]
        if cells and sum(point_in(c) is not None for c in cells) * 5 >= len(cells) * 4:
            return {"point": place}
    return {}


def point_in(cell: str) -> tuple[str, str] | None:
    """(latitude, longitude) as text, where a cell ends with a point: open data write it `(lat, lon)`."""
    if found := _PLACE_IN_BRACKETS.search(cell[-80:]) or _PAIR.fullmatch(cell.strip()):
        return found[1], found[2]
    if found := _POINT_TEXT.fullmatch(cell.strip()):
        return found[2], found[1]
    return None
