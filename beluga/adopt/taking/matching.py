"""Finds the precinct that a file means: by id, with or without leading zeros, by name, by county and number.

Nothing is guessed: what could be two precincts is neither.
"""

import re
from collections.abc import Iterable, Mapping
from typing import TypeVar

from election.domain.day import Precinct
from election.folder.headings import folded

K = TypeVar("K", str, tuple[str, str])

_SHORTEST_COUNTY = 3  # letters of a name, as Bee or Lee; fewer are a code
_NUMBER = re.compile(r"\d+")
_LEAD = re.compile(r"(#?[\w./-]+)(?:\s+[-–—:]\s*|\s*[:–—]\s+|,\s+|\s+)(\S.*)")
_TAIL = re.compile(r"(.*\S)\s*\((#?[\w./-]+)\)")
_ORDINAL = re.compile(r"\d+(st|nd|rd|th)", re.IGNORECASE)
_FILLER = re.compile(
    r"^(precinct|pct|prec|vtd|district|voting district|polling district|division)\W*(no\b|number\b|#)?\W*",
    re.I,
)

# What a town is, and what is numbered in it: `City of Easton, Precinct 1` is `Easton-1`.
_SPOKEN = re.compile(
    r"\b(?:(?:city|town|township|twp|village|borough|boro|charter)(?: of)?"
    r"|precinct|pct|ward|district|no)\b\.?",
    re.I,
)

_PART = re.compile(r"\b(?:precinct|pct|wards?|district|no)\b\.?", re.I)
_PARTS = ("precinct", "pct", "ward", "district", "division", "ed")

_KIND_AFTER = re.compile(
    r"(?<!\s)\s+(?:(?:voting|polling|election)\s+(?:district|precinct|division)|precinct|vtd|pct)$", re.I
)


def bare(text: str) -> str:
    """An id without case, punctuation and leading zeros of its numbers: `W-07 P-01` is `w7p1`."""
    return _NUMBER.sub(lambda n: n[0].lstrip("0") or "0", folded_apart(text))


def spoken(text: str) -> str:
    """An id without the words for a town and its parts; empty where it has none of them."""
    plain = _SPOKEN.sub(" ", text)
    return bare(" ".join(plain.split())) if plain != text else ""


def numbered(text: str) -> str:
    """An id without the words for a part of a town: `TOWN OF EASTON Ward 3` is `TOWN OF EASTON 3`."""
    return bare(" ".join(_PART.sub(" ", text).split()))


def folded_apart(text: str) -> str:
    """As `folded`, with a dash where two numbers would run into one: 1-23 and 12-3 stay apart."""
    parts = [p for p in re.split(r"[^0-9a-z]+", text.casefold()) if p] if text.isascii() else [folded(text)]
    out = ""
    for part in parts:
        out += f"-{part}" if out and out[-1].isdigit() and part[0].isdigit() else part
    return out


def parted(text: str) -> tuple[str, str]:
    """Code and name within `0101 Fire House`, `0101 - Fire House` or `Fire House (0101)`; else empty."""
    if (found := _TAIL.fullmatch(text)) and _NUMBER.search(found[2]):
        return found[2].lstrip("#"), found[1]
    found = _LEAD.fullmatch(text)
    if not found or not _NUMBER.search(found[1]) or _ORDINAL.fullmatch(found[1]):
        return "", ""
    return found[1].lstrip("#").rstrip("-"), found[2].strip()


class Matcher:
    """Precincts by what people call them."""

    def __init__(self, precincts: Iterable[Precinct]) -> None:
        self.exact: dict[str, str] = {}
        self._folded: dict[str, str | None] = {}
        self._bare: dict[str, str | None] = {}
        self._names: dict[str, str | None] = {}
        self._bare_names: dict[str, str | None] = {}
        self._numbered: dict[str, str | None] = {}
        self._local: dict[tuple[str, str], str | None] = {}  # county, number within it
        self._prefix = ""
        self._homes: dict[str, str] = {}  # precinct, its county
        self.strict = False  # what is said of a county is believed: another county's 0101 is not ours
        for p in precincts:
            self._add(p)

    def __len__(self) -> int:
        return len(self.exact)

    def _add(self, p: Precinct) -> None:
        identity = str(p.precinct_id)
        self.exact[identity] = identity
        _once(self._folded, folded(identity), identity)
        _once(self._bare, bare(identity), identity)
        _once(self._numbered, numbered(identity), identity)
        for name in (p.name, *p.aliases):
            _once(self._names, folded(name), identity)
            _once(self._bare_names, bare(name), identity)
            _once(self._numbered, numbered(name), identity)
        county = folded(p.county)
        local = folded(identity)
        if county:
            self._homes[identity] = county.removesuffix("county")
            _once(self._local, (county, bare(identity)), identity)
            if local.startswith(county) and len(local) > len(county):
                _once(self._local, (county, bare(identity[_length(identity, county) :])), identity)
        for name in (p.name, *p.aliases):
            _once(self._local, (county, folded(name)), identity)

    def find(self, code: str, county: str = "", name: str = "", group: str = "") -> str | None:
        """The precinct, or None where there is none or it could be several. `group`: its town and ward."""
        if not code and not name:
            return None
        if group and code and (found := self._within(group, code)):
            return found
        if county and (home := folded(county).removesuffix("county")):
            for key in (bare(code), folded(name), folded(code)):
                if key and (found := self._local.get((home, key)) or self._local.get((folded(county), key))):
                    return found
        found = self._anywhere(code, name)
        return None if found and self.strict and self._elsewhere(found, county) else found

    def _within(self, group: str, code: str) -> str | None:
        """A precinct that is called by its town or ward and its number: `Easton-3`, `Easton Ward 2 Pct 3`."""
        town, _, ward = group.rpartition("-")
        wholes = [f"{group}-{code}", *(f"{group} {word} {code}" for word in _PARTS)]
        if town:
            wholes += [f"{town} ward {ward} {word} {code}" for word in _PARTS]
            wholes += [f"{town} w {ward} {word} {code}" for word in ("p", "d")]
        for whole in wholes:
            if found := self._bare.get(bare(whole)) or self._bare_names.get(bare(whole)):
                return found
        return None

    def of_another_county(self, county: str) -> bool:
        """Whether a county is named that is none of those here; False where that cannot be told."""
        home = folded(county).removesuffix("county")
        homes = set(self._homes.values())
        return self.strict and bool(homes) and all(_parted(home, h) for h in homes)

    def _elsewhere(self, identity: str, county: str) -> bool:
        home, own = folded(county).removesuffix("county"), self._homes.get(identity, "")
        return _parted(home, own)

    def _anywhere(self, code: str, name: str) -> str | None:
        return (
            self.exact.get(code)
            or self._folded.get(folded(code))
            or self._bare.get(bare(code))
            or self._names.get(folded(code))
            or self._in_words(code)
            or (self._names.get(folded(name)) if name else None)
            or self._after_prefix(code)
            or self._by_town(code)
        )

    def _by_town(self, code: str) -> str | None:
        """A precinct that has a town's name in it, by that and its number."""
        for index, key in ((self._numbered, numbered(code)), (self._bare, spoken(code))):
            if sum(c.isalpha() for c in key) > 2 and _NUMBER.search(key) and (found := index.get(key)):
                return found
        return None

    def _in_words(self, code: str) -> str | None:
        if (short := _KIND_AFTER.sub("", code)) != code:
            return self._bare.get(bare(short)) or self._names.get(folded(short))
        plain = _FILLER.sub("", code)
        if plain != code and (found := self._bare.get(bare(plain)) if plain else None):
            return found
        number, name = parted(code)
        if not number or sum(c.isalpha() for c in name) < 3:
            return None
        by_number, by_name = self._bare.get(bare(number)), self._names.get(folded(name))
        return by_number if by_number and by_name in (None, by_number) else by_name if not by_number else None

    def _after_prefix(self, code: str) -> str | None:
        if self._prefix and code.startswith(self._prefix):
            return self._bare.get(bare(code[len(self._prefix) :]))
        return None

    def learn_prefix(self, codes: Iterable[str]) -> str:
        """What every code begins with and no id does (a state's and county's number), if it explains them."""
        some = [c for c in dict.fromkeys(codes) if c]
        if len(some) < 2 or sum(self.find(c) is not None for c in some) > len(some) / 2:
            return ""
        common = _common_start(some)
        for size in range(min(len(common), min(map(len, some)) - 1), 1, -1):
            found = {self._bare.get(bare(c[size:])) for c in some}
            known = found - {None}
            if len(known) > max(1, 0.8 * len(some)) and len(known) + (None in found) == len(found):
                self._prefix = common[:size]
                return self._prefix
        return ""


def _common_start(some: list[str]) -> str:
    first, last = min(some), max(some)
    same = (n for n, (a, b) in enumerate(zip(first, last, strict=False)) if a != b)
    return first[: next(same, min(len(first), len(last)))]


def _parted(one: str, other: str) -> bool:
    """Whether two counties are surely two: names, not numbers or codes, and not `adams` and `adamspa`."""
    names = min(len(one), len(other)) >= _SHORTEST_COUNTY and one.isalpha() and other.isalpha()
    return names and not one.startswith(other) and not other.startswith(one)


def _once(into: dict[K, str | None], key: K, identity: str) -> None:
    """Two precincts that answer to one key answer to it no longer."""
    if key and into.setdefault(key, identity) != identity:
        into[key] = None


def _length(identity: str, county: str) -> int:
    """How many characters of `identity` spell the folded county."""
    left = len(county)
    for place, character in enumerate(identity):
        if left == 0:
            return place
        left -= len(folded(character))
    return len(identity)


def known_share(codes: Iterable[str], matcher: Matcher) -> tuple[int, int]:
    """(how many of the different codes are precincts, how many there are)."""
    some = {c for c in codes if c}
    return sum(matcher.find(c) is not None for c in some), len(some)


def by_county(precincts: Mapping[str, Precinct]) -> set[str]:
    """Counties that there are, folded."""
    return {folded(p.county) for p in precincts.values() if p.county}
