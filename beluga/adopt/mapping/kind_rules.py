"""By which signs a table is known for what it is: rules asked in order, the surest first."""

import re
from collections.abc import Callable, Sequence
from functools import cached_property

from beluga.adopt.mapping.dates import YEAR, date_in
from beluga.adopt.mapping.fields import ALL_IN_ALL, RATE_WORDS, columns_as, method_in, unnamed
from beluga.adopt.mapping.kind_words import (
    ANY_VOTERS,
    BEFORE,
    CALLING,
    ENROLLED,
    HAS_VOTED,
    NUMERIC,
    OF_A_ROLL,
    OF_AN_ELECTION,
    OF_CANDIDATES,
    OF_NO_PARTY,
    OF_TURNOUT,
    OTHER_THINGS,
    PARTIES,
    REGISTERS,
    TOTALS,
    VAGUE,
    VOTED_EARLY,
    WATCHING,
)
from beluga.adopt.mapping.vocabulary import COUNTY, GROUP, KNOWN, PRECINCT, columns_of, known_key
from election.folder.headings import FILES, folded

OURS = {
    "precincts.csv": "registration",
    "history.csv": "history",
    "curve.csv": "curve",
    "watchers.csv": "watchers",
    "voters.csv": "voters",
    "callers.csv": "callers",
    "reports.csv": "reports",
}
_FEW = 5  # columns


Found = tuple[str, str, str]  # kind, reason for people, what must be answered first


class _Seen:
    """A table as it is first seen: headings, first rows, name. What rules ask of it is worked out once."""

    def __init__(self, headings: Sequence[str], sample: Sequence[Sequence[str]], name: str) -> None:
        self.headings, self.sample, self.name = headings, sample, name
        self.keys = {folded(h) for h in headings if h} | {known_key(h) for h in headings if h}
        self.joined = " ".join(headings)
        self._fitted: dict[str, dict[str, int]] = {}

    def fitted(self, kind: str) -> dict[str, int]:
        """Field to place, were it a table of this kind."""
        if kind not in self._fitted:
            self._fitted[kind] = columns_as(kind, self.headings, self.sample)
        return self._fitted[kind]

    def has(self, kind: str, *fields: str) -> bool:
        """Whether one of these fields would be there, were it a table of this kind."""
        return any(field in self.fitted(kind) for field in fields)

    def heading(self, kind: str, field: str) -> str:
        return self.headings[self.fitted(kind)[field]]

    def says(self, words: re.Pattern[str]) -> bool:
        """Whether headings or name have one of these words, or most cells of a column, as those of a role."""
        if words.search(self.joined) or words.search(self.name):
            return True
        columns = ([r[n] for r in self.sample[:50] if n < len(r) and r[n]] for n in range(len(self.headings)))
        return any(
            len(c) > 1 and sum(words.search(t) is not None for t in c) * 5 >= len(c) * 4 for c in columns
        )

    @cached_property
    def place(self) -> bool:
        """Whether something names precincts."""
        named = bool(self.keys & set(PRECINCT)) or self.has("registration", "precinct_id")
        named = (
            named or self.has("turnout", "precinct_name") or unnamed(self.headings, self.sample) is not None
        )
        towns = self.keys & {"ward", "municipality", "town", "township", "townname"}
        named = named or ("district" in self.keys and bool(towns))
        counts = self.has("registration", "registered") or self.total or self.has("turnout", "in_person")
        named = named or ("ward" in self.keys and self.has("voters", "voter_id"))
        return named or (counts and (self.has("registration", "ward") or _towns(self.headings, self.sample)))

    @cached_property
    def person(self) -> bool:
        """Whether something names people."""
        voter = self.has("voters", "last_name", "voter_id", "name")
        return voter or self.has("watchers", "name") or self.has("callers", "name")

    @cached_property
    def total(self) -> bool:
        """Whether a column says how many have voted in all."""
        return _total(self.headings)

    @cached_property
    def registered(self) -> bool:
        return self.has("registration", "registered")

    @cached_property
    def numbers(self) -> list[int]:
        """Places of unknown headings over numbers."""
        return [
            n
            for n, h in enumerate(self.headings)
            if h and known_key(h) not in KNOWN and _numeric(self.sample, n)
        ]

    @cached_property
    def by_year(self) -> list[str]:
        """Headings with a year in them."""
        return [h for h in self.headings if YEAR.search(h)]


def kind_of(headings: Sequence[str], sample: Sequence[Sequence[str]], name: str) -> Found:
    """The kind, why, and what must be answered first; of no kind: empty, and why."""
    seen = _Seen(headings, sample, name)
    return next(found for rule in _RULES if (found := rule(seen)))


def _our_own(seen: _Seen) -> Found | None:
    for file, columns in FILES.items():
        own = {folded(c.name) for c in columns}
        needed = {folded(c.name) for c in columns if c.required}
        if needed <= seen.keys <= own and file != "precincts.csv":
            return OURS[file], f"its headings are those of {file}", ""
    if seen.keys == {"kind", "key", "precinctid", "date", "votes", "source"}:
        return "early record", "its headings are those of early.csv", ""
    if {"scope", "time", "share"} <= seen.keys:
        return "curve", "it has scope, time and share", ""
    return ("reports", "it has the headings of reports.csv", "") if "observedat" in seen.keys else None


def _results_by_candidate(seen: _Seen) -> Found | None:
    counted = seen.has("results, long", "votes", "in_person")
    if seen.has("results, long", "candidate") and not seen.has("voters", "phone") and counted:
        return "results, long", "one row a candidate: it has candidates and their votes", ""
    return None


def _ballots(seen: _Seen) -> Found | None:
    kind = "early ballots"
    fields = ("ballot_status", "ballot_date", "ballot_type", "ballot_asked")
    said = [field for field in fields if seen.has(kind, field)]
    to_call = said == ["ballot_date"] and seen.has("voters", "phone")
    if to_call and known_key(seen.heading(kind, "ballot_date")) in HAS_VOTED:
        return None  # voters to be called, with a column that says who has voted
    named = seen.has(kind, "voter_id", "last_name", "name") or (len(said) > 1 and seen.place)
    if said and named and not {"voted", "rollnumber"} <= seen.keys:
        return kind, f"one row a ballot: it has {seen.heading(kind, said[0])}", ""
    return None


_OF_VOTERS = ("roll_number", "status", "age", "birth_year", "birth_date", "address", "turnout", "support")


def _people_to_reach(seen: _Seen) -> Found | None:
    reached = seen.has("voters", "phone") or seen.has("watchers", "phone") or "emailorphone" in seen.keys
    if not seen.person or not (reached or seen.has("callers", "email_or_phone")):
        return None
    voter = seen.has("voters", *_OF_VOTERS)
    watching = "watcherid" in seen.keys or seen.says(WATCHING)
    calling = "callerid" in seen.keys or seen.says(CALLING)
    by_id = seen.has("voters", "voter_id")
    rolled = by_id and OF_A_ROLL.search(seen.heading("voters", "voter_id"))
    numbered = by_id and seen.has("voters", "roll_number")
    if watching and not calling and not rolled and not numbered:
        return "watchers", "people with phones and what they watch", ""
    if calling and not (seen.place and voter):
        return "callers", "people with a phone or an e-mail address, who call", ""
    if voter or by_id:
        return None
    if not seen.place:
        why = "people with a phone or an e-mail address and no precinct"
        return "callers", why, "are these callers?"
    return "watchers", "people with phones and precincts", "are these watchers or voters?"


def _voters(seen: _Seen) -> Found | None:
    if not seen.person or seen.has("turnout", "in_person") or _counted_place(seen):
        return None
    phone = seen.has("voters", "phone")
    somewhere = seen.place or seen.has("voters", "roll_number")
    named = seen.has("voters", "last_name", "name") or (seen.has("voters", "voter_id") and phone)
    one = seen.has("voters", "voter_id", "roll_number", "first_name") or phone
    return ("voters", "one row a voter", "") if somewhere and named and one else None


def _counted_place(seen: _Seen) -> bool:
    """Whether a row counts those who may vote and those who did: names beside them are the candidates'."""
    if not (seen.registered and seen.total) or seen.has("voters", "voter_id", "roll_number", "phone"):
        return False
    return _numeric(seen.sample, seen.fitted("registration")["registered"])


def _of_no_place(seen: _Seen) -> Found | None:
    if seen.place or seen.has("turnout", "precinct_id", "precinct_name"):
        return None
    return "", "no column names a precinct, and nothing says what it is", ""


def _results_by_method(seen: _Seen) -> Found | None:
    if sum(method_in(h) != "" for h in seen.headings) >= 2:
        return "results, wide", "one column a candidate and a way of voting", ""
    return None


def _registration_by_name(seen: _Seen) -> Found | None:
    counts = seen.has("turnout", "in_person") or seen.registered or seen.total
    if counts or not any(folded(h) in ALL_IN_ALL for h in seen.headings):
        return None
    enrolled = ENROLLED.search(seen.name) or not YEAR.search(seen.name)
    if REGISTERS.search(seen.name) and enrolled:
        return "registration", "its name says registration, and it has a total by precinct", ""
    return None


def _ballots_cast(seen: _Seen) -> Found | None:
    counted = seen.has("turnout", "in_person")
    if seen.total or counted:
        if seen.total and not counted and _coming(seen.headings, seen.name):
            return "early totals", "votes cast before the day, by precinct", ""
        return "turnout", "ballots cast by precinct", ""
    if any(_total([YEAR.sub("", h)]) for h in seen.by_year):
        return "turnout", "ballots cast by precinct, by year", ""
    return None


def _column_an_election(seen: _Seen) -> Found | None:
    headings = seen.headings
    dated = [n for n in seen.numbers if date_in(headings[n]) or YEAR.fullmatch(headings[n].strip())]
    if dated != seen.numbers or len(dated) < 2:
        return None
    if VOTED_EARLY.search(seen.name) or REGISTERS.search(seen.name):
        return None
    unsure = "" if OF_TURNOUT.search(seen.name) else "are these the ballots cast in several elections?"
    return "turnout", "a column an election, by its date or year", unsure


def _early_by_name(seen: _Seen) -> Found | None:
    if not seen.registered or seen.by_year:
        return None
    if not VOTED_EARLY.search(seen.name) or REGISTERS.search(seen.name):
        return None
    vague = known_key(seen.heading("registration", "registered")) in ANY_VOTERS
    if vague and len(seen.fitted("registration")) <= _FEW:
        return "early totals", "its name says votes cast before the day, by precinct", ""
    return None


def _early_by_words(seen: _Seen) -> Found | None:
    kind = "early totals"
    votes = [seen.heading(kind, field) for field in ("early", "mail", "already") if seen.has(kind, field)]
    said = any(folded(heading) not in VAGUE for heading in votes)
    said = said or seen.has(kind, "date") or bool(BEFORE.search(seen.name))
    if votes and said and not {"registered", "alreadyvoted"} <= seen.keys:
        return kind, "early and mail votes by precinct", ""
    return None


def _column_a_candidate(seen: _Seen) -> Found | None:
    named = [seen.headings[n] for n in seen.numbers]
    of_candidates = not seen.registered or any(OF_CANDIDATES.search(heading) for heading in named)
    several = sum(folded(heading) not in PARTIES for heading in named) >= 2
    if several and of_candidates and not all(YEAR.search(heading) for heading in named):
        others = [h for h in named if OTHER_THINGS.search(h)]
        if others or not (OF_AN_ELECTION.search(seen.name) or OF_CANDIDATES.search(seen.joined)):
            what = f"{others[0]!r} is no candidate" if others else "nothing says that it is of an election"
            return "results, wide", f"numbers by precinct; {what}", "are these candidates and their votes?"
        return "results, wide", "one column a candidate", ""
    return None


def _registration(seen: _Seen) -> Found | None:
    if seen.registered:
        return "registration", f"it has {seen.heading('registration', 'registered')} by precinct", ""
    if sum(folded(heading) in PARTIES for heading in seen.headings) < 2:
        return None
    if not any(folded(h) in ("total", "grandtotal") for h in seen.headings):
        return "registration", "registered voters by party", "no column says how many are registered in all"
    # Nobody is elected as a voter of no party.
    sure = bool(REGISTERS.search(seen.name) or OF_NO_PARTY & seen.keys)
    return "registration", "voters by party", "" if sure else "are these registered voters, or votes?"


def _places(seen: _Seen) -> Found | None:
    if seen.has("polling places", "name", "lat", "address", "opens"):
        return "polling places", "places by precinct", ""
    return None


def _early_perhaps(seen: _Seen) -> Found | None:
    if seen.has("early totals", "already", "early", "mail"):
        return "early totals", "votes by precinct", "are these early and mail votes of this election?"
    return None


def _nothing(seen: _Seen) -> Found:
    if seen.keys & set(COUNTY) or seen.place:
        return "", "it names precincts, but neither voters, votes nor places", ""
    return "", "nothing says what it is", ""


_RULES: tuple[Callable[[_Seen], Found | None], ...] = (
    _our_own, _results_by_candidate, _ballots, _people_to_reach, _voters, _of_no_place, _results_by_method,
    _registration_by_name, _ballots_cast, _column_an_election, _early_by_name, _early_by_words,
    _column_a_candidate, _registration, _places, _early_perhaps, _nothing,
)  # fmt: skip


def _towns(headings: Sequence[str], sample: Sequence[Sequence[str]]) -> bool:
    """Whether each row is a town of its own: where nothing smaller is named, that is where people vote."""
    place = columns_of(headings, {"group": GROUP}).get("group")
    towns = [r[place] for r in sample if place is not None and place < len(r) and r[place]]
    return len(towns) > 1 and len(set(towns)) == len(towns)


def _total(headings: Sequence[str]) -> bool:
    """Whether a column says how many have voted in all."""
    return any(known_key(h) in TOTALS and not RATE_WORDS.search(h.casefold()) for h in headings)


def _coming(headings: Sequence[str], name: str) -> bool:
    """Whether what is counted was cast before the day: the words say early, absentee, to date."""
    words = " ".join([*headings, name]).casefold()
    return bool(
        re.search(
            r"early|absentee|\bmail|to date|running|cumulative|advance|\bev\b|daily", words.replace("_", " ")
        )
    ) and not re.search(r"election.?day|registered.*ballots cast", words)


def _numeric(sample: Sequence[Sequence[str]], place: int) -> bool:
    cells = [r[place] for r in sample if place < len(r) and r[place]]
    return bool(cells) and sum(NUMERIC.fullmatch(c) is not None for c in cells) > len(cells) * 0.8
