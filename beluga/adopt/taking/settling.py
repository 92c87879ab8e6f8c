"""Decides which precinct each row of a file belongs to, once for every different way that it is written."""

import re
from collections import Counter, defaultdict
from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import NamedTuple

from beluga.adopt.taking.damage import mended
from beluga.adopt.taking.matching import Matcher, bare, parted, spoken
from beluga.adopt.taking.report import FileReport
from election.folder.headings import folded

ENOUGH = 0.5  # of the ids known: a file with fewer is of somewhere else

_TOTALS = frozenset(
    [
        "total",
        "totals",
        "grandtotal",
        "grandtotals",
        "countytotal",
        "countytotals",
        "countywide",
        "statewide",
        "totalvotes",
        "subtotal",
        "subtotals",
        "overall",
        "sum",
        "alltotals",
        "countywidetotal",
        "reporttotal",
        "jurisdictionwide",
        "electiontotal",
        "statetotal",
        "citytotal",
        "cumulative",
        "cumulativetotals",
        "all",
        "allprecincts",
        "totalpeople",
        "totalallprecincts",
        "electionwide",
        "districttotal",
        "summe",
        "gesamt",
        "insgesamt",
        "totale",
        "totaux",
        "totali",
        "totales",
        "totalgeneral",
        "gesamtsumme",
        "gesamtergebnis",
        "zusammen",
        "ensemble",
        "suma",
        "razem",
        "ogółem",
        "totaal",
    ]
)
_CENTRAL = re.compile(
    r"(absentee|mail|provisional|early|advance|abs|central|one.?stop|military|uocava|overseas|limited|federal|"
    r"vote cent)"
    r"(?:.*(ballots?|votes?|voting|count|precinct|board|s)?)",
    re.IGNORECASE,
)


_TOT = re.compile(r"[A-Z]{2,8}TOT")  # as California writes them: SOVTOT, CNTYTOT


class Key(NamedTuple):
    """How one row names its precinct."""

    code: str
    county: str = ""
    group: str = ""
    name: str = ""


@dataclass(frozen=True, slots=True)
class Settled:
    """`identity`: the precinct. Empty: the row counts nowhere, and `refusal` or `dropped` says why."""

    identity: str = ""
    name: str = ""
    refusal: str = ""
    remedy: str = ""
    dropped: str = ""
    new: bool = False
    alias: str = ""


def is_total(text: str) -> bool:
    """Whether a row's first words say that it adds up others."""
    key = folded(text)
    return (
        key in _TOTALS
        or bool(_TOT.fullmatch(text))
        or bool(
            re.fullmatch(
                r"(grand|sub|county|report|overall)?total(?:e[sn]?|i|s)?[:\s].*|.*\S\s(grand |sub)?totals?:?",
                text,
                re.I,
            )
        )
    )


def is_central(text: str) -> bool:
    """Whether it names a counting place of mailed or early votes, where nobody votes on the day."""
    return bool(_CENTRAL.match(text.lstrip("#*- "))) and not re.search(r"\d", text)


def settle(
    keys: Mapping[Key, int],
    base: Matcher,
    report: FileReport,
    *,
    makes: bool,
    unknown: str = "refuse",
    taken: set[str] | None = None,
    shared: Container[str] = (),
) -> dict[Key, Settled] | None:
    """A precinct for every key (with the line it came first on). None: the file is of somewhere else.

    `makes`: the file may bring precincts that there were not. `unknown`: "drop" leaves out, without a
    refusal, what is no precinct here. `shared`: numbers that another county's file has too.
    """
    found: dict[Key, Settled] = {}
    open_keys: dict[Key, Key] = {}  # as read -> as mended
    for key in keys:
        if not key.code and not key.name:
            found[key] = Settled(dropped="a row that names no precinct")
        elif is_total(key.code or key.name):
            found[key] = Settled(dropped="a row of totals")
        else:
            good = mended(key.code) if key.code else None
            if good and good.refusal:
                found[key] = Settled(refusal=good.refusal, remedy=good.remedy)
            else:
                if good and good.restored:
                    report.note(f"{key.code} is read as {good.text}: {good.restored}")
                open_keys[key] = key._replace(code=good.text) if good else key
    if len(base):
        if not _known(open_keys, base, found, report, makes=makes, unknown=unknown, shared=shared):
            return None
    elif makes:
        found |= _made(open_keys, report, taken, shared)
    else:
        return None
    _tell(keys, found, report)
    return found


def _known(
    open_keys: Mapping[Key, Key],
    base: Matcher,
    found: dict[Key, Settled],
    report: FileReport,
    *,
    makes: bool,
    unknown: str,
    shared: Container[str] = (),
) -> bool:
    prefix = base.learn_prefix(k.code for k in open_keys.values())
    if prefix:
        report.note(f"every id begins with {prefix}, which is taken off")
    strange: dict[Key, Key] = {}
    ours = any(k.county and not base.of_another_county(k.county) for k in open_keys.values())
    central = 0
    for key, good in open_keys.items():
        if identity := base.find(good.code, good.county, good.name, good.group):
            found[key] = Settled(identity, good.name)
        elif not makes and ours and base.of_another_county(good.county):
            central += 1
            found[key] = Settled(dropped=f"is of another county: {good.county}")
        elif is_central(good.code):
            central += 1
            found[key] = Settled(dropped="a central count, where nobody votes on the day")
        else:
            strange[key] = good
    _one_each(open_keys, found, strange)
    known = len(open_keys) - len(strange) - central
    total = len(open_keys) - central
    if total:
        report.note(f"{known:,} of {total:,} precincts named are among the {len(base):,} here")
    if total and known < ENOUGH * total:
        return False
    if makes:
        made = _made(strange, report, {*base.exact}, shared)
        if made:
            report.note(
                f"{len(made):,} precincts are new: {', '.join(sorted(s.identity for s in made.values())[:9])}"
            )
        found |= {k: replace(s, new=True) for k, s in made.items()}
    elif unknown == "drop":
        found |= {k: Settled(dropped="no such precinct here") for k in strange}
    else:
        found |= {
            k: Settled(
                refusal="there is no such precinct here",
                remedy='add it to the registration, or leave these out: unknown = "drop" in mapping.toml',
            )
            for k in strange
        }
    return True


def _one_each(open_keys: Mapping[Key, Key], found: dict[Key, Settled], strange: dict[Key, Key]) -> None:
    """Takes back what two names of towns would share: the city's and the township's precinct 1 are two."""
    said: defaultdict[str, dict[str, list[Key]]] = defaultdict(dict)
    for key, good in open_keys.items():
        if key in found and found[key].identity and (town := spoken(good.code)):
            said[f"{found[key].identity} {town}"].setdefault(bare(good.code), []).append(key)
    for names in said.values():
        for key in [k for some in names.values() for k in some] if len(names) > 1 else ():
            del found[key]
            strange[key] = open_keys[key]


def _made(
    open_keys: Mapping[Key, Key],
    report: FileReport,
    taken: set[str] | None = None,
    shared: Container[str] = (),
) -> dict[Key, Settled]:
    """New precincts: code and name parted, and a county or town put before numbers that repeat."""
    goods = dict.fromkeys(open_keys.values())
    split = _split(goods)
    if split:
        some = next(iter(split))
        report.note(f"{some.code!r} is read as the id {split[some][0]} and the name {split[some][1]!r}")
    codes = {good: (split[good][0] if good in split else good.code or good.name) for good in goods}
    names = {good: (split[good][1] if good in split else good.name) for good in goods}
    before = _qualifier(goods, codes, report, shared)
    taken = taken or set()
    plain_counts = Counter(codes.values())
    made: dict[Key, Settled] = {}
    for key, good in open_keys.items():
        code = codes[good]
        identity = f"{before[good]}-{code}" if good in before else code
        if identity in taken and good.county:
            identity = f"{good.county}-{code}"
        alias = code if identity != code and plain_counts[code] == 1 and code not in taken else ""
        made[key] = Settled(identity, names[good] or identity, alias=alias)
    return made


def _split(goods: Iterable[Key]) -> dict[Key, tuple[str, str]]:
    """`0101 Fire House` parted, where nearly every code is written so and the numbers alone are unique."""
    all_of = [g for g in goods if g.code and (not g.name or g.name == g.code)]
    parts = {g: parted(g.code) for g in all_of}
    good = {g: p for g, p in parts.items() if p[0] and sum(c.isalpha() for c in p[1]) > 2}
    if not good or len(good) < len(all_of) or len({(g.county, p[0]) for g, p in good.items()}) < len(good):
        return {}
    return good


def _qualifier(
    goods: Iterable[Key], codes: Mapping[Key, str], report: FileReport, shared: Container[str] = ()
) -> dict[Key, str]:
    """What stands before a code: a county where two counties have the same number, else a ward or town."""
    counties: defaultdict[str, set[str]] = defaultdict(set)
    groups: defaultdict[str, set[str]] = defaultdict(set)
    goods = list(goods)
    for good in goods:
        counties[codes[good]].add(good.county)
        groups[codes[good]].add(good.group)
    several = sum(len(c) > 1 or (n in shared and c != {""}) for n, c in counties.items())
    if several:
        report.note(
            f"{several:,} precinct numbers are used in more than one county: ids are County-number here"
        )
        return {g: g.county for g in goods if g.county}
    several = sum(len(c) > 1 for c in groups.values())
    if several and all(g.group for g in goods):
        report.note(f"{several:,} precinct numbers repeat among wards or towns: ids are Town-number here")
        return {g: g.group for g in goods}
    return {}


def _tell(keys: Mapping[Key, int], found: Mapping[Key, Settled], report: FileReport) -> None:
    for key, line in keys.items():
        one = found[key]
        if one.refusal:
            report.refuse(
                line,
                report.mapping.get("precinct_id", "precinct"),
                key.code or key.name,
                one.refusal,
                one.remedy,
            )
        elif one.dropped:
            report.drop(line, key.code or key.name or "(empty)", one.dropped)
