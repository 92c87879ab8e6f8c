"""Headings that are made of the words for voters, ballots and ways of voting, in whatever order.

`Voters on List` counts who is registered, `Walk-in Ballots` who votes at the polls on the day, `Persons
Voting` everybody who votes. Read only where every word is one of these, so that a name stays a name.
"""

import re
from collections.abc import Iterable

from beluga.adopt.mapping.spellings import CHANGES

_WORDS = re.compile(r"[^\s_/()\[\].,:;?*-]+")
_BRACKETS = re.compile(r"\([^()]*\)")
_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])|(?<=[A-Za-z])(?=(?:19|20)\d\d\b)")
_MOST = 9  # words
_NUMBERS = frozenset({"no", "number", "num", "nbr"})

# Each way of voting by the words that say it; the longer first.
_SAID = {
    "mail": (
        "absentee by mail, vote by mail, voted by mail, ballots by mail, ballot by mail, by mail, "
        "mail in, mailed in, mailed, mail, vbm, bbm, abm, postal, absentee, abs, absentees, drop box, "
        "dropbox, correspondence"
    ),
    "early": (
        "in person absentee, absentee in person, in person early, early in person, early walk in, one "
        "stop, onestop, advance in person, advanced, advance, early, ev, eip, evip, ippv, pre poll, "
        "prepoll"
    ),
    "in_person": (
        "election day, electionday, e day, eday, polling place, polling places, polling station, at "
        "the polls, at polls, at poll, in the polls, precinct voting, vote center, vote centers, walk "
        "in, walkin, day of, same day, polls, poll, machine, machines, in person, inperson, ed, "
        "precincts"
    ),
    "provisional": ("provisional, provisionals, prov, affidavit, affidavits, conditional, challenged"),
}
_WAYS = {name: tuple(phrases.split(", ")) for name, phrases in _SAID.items()}
_REGISTERED = frozenset(
    {
        "registered", "registration", "registrations", "registrants", "reg", "regd", "enrolled",
        "enrollment", "enrolment", "eligible", "electors", "elector", "electorate", "rolls", "roll",
        "list", "active", "entitled", "enrollees",
    }
)  # fmt: skip
_VOTED = frozenset(
    {
        "ballots", "ballot", "votes", "vote", "voted", "voting", "cast", "turnout", "participation",
        "participating", "polled", "counted", "tallied", "tabulated", "scanned", "returned", "received",
        "accepted", "verified", "checked", "participated", "turned",
    }
)  # fmt: skip
_FILLING = frozenset(
    {
        "total", "totals", "tot", "grand", "number", "num", "no", "nbr", "of", "count", "counts", "the",
        "in", "at", "on", "by", "to", "voters", "voter", "vtrs", "persons", "people", "citizens", "who",
        "all", "overall", "official", "unofficial", "final", "and", "out", "papers", "close", "opening",
        "polls", "for", "were", "sum", "cards", "public", "counter", "actual", "valid", "election", "or",
        "with", "issued", "day", "person", "that",
    }
)  # fmt: skip
# Who may vote by post has not voted: `Postal Voters` are on a list.
ON_A_LIST = re.compile(r"\b(?:postal|proxy|permanent)\b[^,;]*\b(?:voters?|electors?|list)\b", re.I)
_KEYS = {
    "mail": "mailballots",
    "early": "earlyballots",
    "in_person": "electiondayballots",
    "provisional": "provisionalballots",
}


def words_of(heading: str) -> list[str]:
    """A heading's words without marks and remarks in brackets; `CountOfVoters` has three."""
    plain = _BRACKETS.sub(" ", heading.replace("#", " # "))
    return [w.casefold() for w in _WORDS.findall(_CAMEL.sub(" ", plain))]


def composed(heading: str) -> str:
    """The plain heading that it means, folded; empty where a word of it says something else."""
    if "%" in heading or CHANGES.search(heading):
        return ""
    words = [w for w in words_of(heading) if not w.isdigit() and w != "#"]
    if not words or len(words) > _MOST:
        return ""
    text = " " + " ".join(words) + " "
    if _REGISTERED & set(words) and not _VOTED & set(words):
        if not _only(words, _REGISTERED | _FILLING):
            return ""
        return "activevoters" if "active" in words else "registeredvoters"
    way = ""
    for name, phrases in _WAYS.items():
        for phrase in phrases:
            if f" {phrase} " in text:
                text = text.replace(f" {phrase} ", " ")
                if way and way != name:
                    return ""  # both in one column
                way = name
                break
    left = text.split()
    if not _only(left, _VOTED | _FILLING):
        return ""
    if way:
        if left and words[-1] in _NUMBERS and set(left) <= _NUMBERS:
            return ""  # `Poll No` is somebody's, and counts nobody
        return _KEYS[way] if way == "in_person" or not {"issued"} & set(left) else ""
    if {"voters", "voter", "persons", "people"} & set(left) and not _VOTED & set(left):
        return "" if "who" in left else "totalvoters" if "total" in left else "voters"
    said = _VOTED & set(left)
    return "ballotscast" if said and not {"issued", "returned", "received", "accepted"} & set(left) else ""


def _only(words: Iterable[str], known: frozenset[str]) -> bool:
    return all(word in known for word in words)
