"""Which column of a table says what, once it is known what the table is."""

import re
from collections.abc import Sequence

from beluga.adopt.mapping import by_content
from beluga.adopt.mapping.by_hour import last_dated, last_of_day
from beluga.adopt.mapping.composed import composed
from beluga.adopt.mapping.of_people import people_in
from beluga.adopt.mapping.vocabulary import (
    ALREADY,
    EARLY,
    IN_PERSON,
    KNOWN,
    MAIL,
    PRECINCT,
    PROVISIONAL,
    REGISTERED,
    TOTAL_VOTES,
    WORDS_OF,
    columns_of,
    known_key,
)  # fmt: skip
from election.folder.headings import folded

_COUNTED = ("turnout", "results, wide", "results, long", "early totals")
_COUNT_WORDS = frozenset({*TOTAL_VOTES, *IN_PERSON, *EARLY, *MAIL, *PROVISIONAL, *ALREADY, *REGISTERED})
# Who is active is not all who are registered, where another column says how many are in all.
_PART_OF_ALL = frozenset({"active", "activevoters", "activeregistered", "activeregisteredvoters", "eligible"})
ALL_IN_ALL = frozenset(
    {"total", "grandtotal", "allvoters", "allages", "alltotal", "totalall", "overalltotal", "currenttotal"}
)
_SPAN = re.compile(
    r"\b(daily|running|cumulative|to date|so far|today'?s?|new|cast|counted|number of|no\. of|total)\b|#",
    re.I,
)
UNNAMED = re.compile(r"column [A-Z]{1,3}")  # a column that has no heading, by its letter
_SHARE = re.compile(r"0?\.\d+|\d{1,2}[.,]\d?[1-9]")
RATE_WORDS = re.compile(r"%|percent|pct of|\brates?\b")


def mapped(kind: str, headings: Sequence[str], sample: Sequence[Sequence[str]]) -> dict[str, int]:
    """Field to place for a table of this kind."""
    columns = columns_as(kind, headings, sample)
    named = "precinct_name" in columns and kind != "watchers"
    if named and not {"precinct_id", "precinct_ids"} & columns.keys():
        columns["precinct_id"] = columns.pop("precinct_name")
    if "precinct_id" not in columns and kind in (*_COUNTED, "registration", "voters", "early ballots"):
        district = [n for n, h in enumerate(headings) if known_key(h) == "district"]
        towns = {*columns, *columns_as("registration", headings, sample)}
        if district and {"group", "ward"} & towns:
            columns["precinct_id"] = district[0]  # the smallest part of a town's ward
    if "precinct_id" not in columns and kind in (*_COUNTED, "registration"):
        smallest = next((n for n in ("ward", "group") if n in columns), "")
        columns |= {"precinct_id": columns.pop(smallest)} if smallest else {}
    if "precinct_id" not in columns and kind in (*_COUNTED, "registration"):
        place = unnamed(headings, sample)
        above = [n for n in range(place or 0) if UNNAMED.fullmatch(headings[n])]
        columns |= {"precinct_id": place} if place is not None else {}
        columns |= {"county": above[0]} if above and "county" not in columns else {}
    if kind in _COUNTED and "election" in columns:
        columns |= by_content.dated(headings, sample, columns)
    if kind in (*_COUNTED, "registration"):
        columns |= _levels(headings, columns)
    if kind == "voters" and not {"precinct_id", "roll_prefix"} & columns.keys() and "ward" in columns:
        columns["precinct_id"] = columns.pop("ward")  # as in Wisconsin
    if kind == "voters" and "precinct_id" not in columns and "roll_prefix" in columns:
        columns["precinct_id"] = columns.pop("roll_prefix")  # a register writes its polling district so
    if kind == "early ballots" and "ballot_status" not in columns:
        columns |= by_content.ballot_status(headings, sample, columns)
    if kind in ("voters", "early ballots") and not {"voter_id", "roll_number"} & columns.keys():
        columns |= by_content.somebodys_id(headings, sample, columns)
    if kind == "voters":
        columns |= by_content.register_suffix(headings, sample, columns)
    if kind in ("voters", "watchers") and "phone" not in columns:
        columns |= by_content.phone(headings, sample, columns)
    if kind in ("polling places", "registration") and not {"lat", "lon"} <= columns.keys():
        columns |= by_content.point(headings, sample)
    if kind == "voters" and "area_code" not in columns:
        areas = [n for n, h in enumerate(headings) if folded(h).endswith("areacode")]
        columns |= {"area_code": areas[0]} if areas else {}
    if "last_name" in columns and "first_name" not in columns and "name" in columns:
        columns["first_name"] = columns.pop("name")  # beside a surname, a name is the first one
    if (
        kind == "early totals"
        and not {"already", "early", "mail"} & columns.keys()
        and "registered" in columns
    ):
        columns["already"] = columns.pop("registered")
    some = columns.get("registered")
    if kind == "registration" and (some is None or known_key(headings[some]) in _PART_OF_ALL):
        totals = [n for n, h in enumerate(headings) if known_key(h) in {*ALL_IN_ALL, "totalvoters"}]
        columns |= {"registered": totals[0]} if totals else {}
    return columns


def _levels(headings: Sequence[str], columns: dict[str, int]) -> dict[str, int]:
    """District, section and table, as in Spain: the last is where people vote, those before it part it."""
    small = [n for n, h in enumerate(headings) if known_key(h) == "precinct"]
    if len(small) != 2 or len({folded(headings[n]) for n in small}) < 2 or {"group", "ward"} & columns.keys():
        return {}
    large = [n for n, h in enumerate(headings) if known_key(h) == "district" and n < small[0]]
    return {"ward": small[0], "precinct_id": small[1], **({"group": large[0]} if large else {})}


def unnamed(headings: Sequence[str], sample: Sequence[Sequence[str]]) -> int | None:
    """A column without a heading that may name precincts: words or codes, hardly one of them twice."""
    for place, heading in enumerate(headings[:4]):
        cells = [r[place] for r in sample if place < len(r) and r[place]]
        if not UNNAMED.fullmatch(heading) or len(cells) < 2 or _any_number(cells):
            continue
        if len(cells) * 5 >= len(sample) * 3 and len(set(cells)) * 10 >= len(cells) * 9:
            return place
    return None


def columns_as(kind: str, headings: Sequence[str], sample: Sequence[Sequence[str]]) -> dict[str, int]:
    """A column of rates is no column of votes, and a count's column holds numbers."""
    usable = []
    for place, heading in enumerate(headings):
        cells = [r[place] for r in sample if place < len(r) and r[place]]
        words = known_key(heading) in _COUNT_WORDS and kind in _COUNTED and cells and not _any_number(cells)
        rates = RATE_WORDS.search(heading.casefold()) or _is_rate(cells)
        if kind in _COUNTED and known_key(heading) not in KNOWN:
            plain = _SPAN.sub(" ", heading).strip()
            heading = plain if folded(plain) in _COUNT_WORDS else heading
        if kind in _COUNTED and cells and _any_number(cells):
            heading = _as_counted(heading, kind, others=headings)
        usable.append("" if words or (rates and kind in (*_COUNTED, "registration")) else heading)
    usable = last_dated(usable) if kind == "registration" else last_of_day(usable)
    found = _filled_first(usable, kind, sample)
    if kind == "results, long":
        found |= by_content.candidates(headings, sample, found)
    if kind == "watchers" and (several := people_in(headings)):
        found |= {"name": several[0][0], "phone": several[0][1]}
    return found


def _filled_first(headings: Sequence[str], kind: str, sample: Sequence[Sequence[str]]) -> dict[str, int]:
    """Field to place; of two columns for one field that which holds anything, whatever it is called."""
    filled = [any(n < len(r) and r[n] for r in sample) or not sample for n in range(len(headings))]
    found = columns_of([h if some else "" for h, some in zip(headings, filled, strict=True)], WORDS_OF[kind])
    if all(filled):
        return found
    left = ["" if n in found.values() else h for n, h in enumerate(headings)]
    return {**{f: n for f, n in columns_of(left, WORDS_OF[kind]).items() if f not in found}, **found}


def _as_counted(heading: str, kind: str, *, others: Sequence[str]) -> str:
    """A heading over numbers: `Vote Center` is where they voted; beside precincts, `ED` is the day."""
    if folded(heading) == "ed" and any(known_key(h) in PRECINCT for h in others if h != heading):
        return "election day"
    key = known_key(heading)
    if key in KNOWN and not any(key in words for words in WORDS_OF[kind].values()):
        return composed(heading) or heading
    return heading


_ENDS = {
    word: name
    for name, words in (("in_person", IN_PERSON), ("early", EARLY), ("mail", MAIL))
    for word in words
    if len(word) > 5
}


_NO_VOTES = re.compile(r"elector|regist|turnout|station|place|address|issued|\bname\b|\bid\b", re.I)


def method_in(heading: str) -> str:
    """The way of voting in a candidate's heading, as `Jane Doe Election Day`, or before it; else empty."""
    if _NO_VOTES.search(heading):
        return ""
    parts = heading.split()
    places = range(1, len(parts))
    ends = (*(parts[n:] for n in places), *(parts[:n] for n in reversed(places)))
    keys = (folded(" ".join(end)) for end in ends)
    return next((_ENDS[key] for key in keys if key in _ENDS), "") if known_key(heading) not in KNOWN else ""


def _any_number(cells: Sequence[str]) -> bool:
    return sum(c[:1].isdigit() and c.replace(",", "").replace(".", "").isdecimal() for c in cells) * 3 >= len(
        cells
    )


def _is_rate(cells: Sequence[str]) -> bool:
    filled = [c for c in cells if c]
    return (
        bool(filled)
        and sum(c.endswith("%") or _SHARE.fullmatch(c) is not None for c in filled) > len(filled) / 2
    )
