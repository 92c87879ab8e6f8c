"""Headings of lists of people and of ballots, made of known words in any order: `VTR_LAST_NM`, `Best Cell`.

Read only where every word is one that such headings are made of.
"""

from collections.abc import Sequence
from itertools import pairwise

from beluga.adopt.mapping.composed import words_of

_PERSON = frozenset(
    {
        "voter", "voters", "vtr", "elector", "electors", "registrant", "person", "contact",
        "registration", "reg", "registered", "record", "file", "van", "my", "campaign", "mycampaign",
        "sos", "state", "county", "unique", "cert", "certificate", "of", "the", "system", "internal",
        "vr", "watcher", "watchers", "observer", "observers", "volunteer", "volunteers", "inspector",
        "challenger", "worker", "agent", "teller", "scrutineer", "judge", "poll", "polling",
    }
)  # fmt: skip
_NUMBER = frozenset(
    {"id", "ids", "number", "no", "num", "nbr", "nu", "#", "identifier", "identification", "key"}
)
_PHONE = frozenset(
    {
        "phone", "phones", "telephone", "tel", "cell", "mobile", "landline", "cellphone", "text", "sms",
    }
)  # fmt: skip
_WHICH = frozenset(
    {
        "best", "res", "residential", "residence", "home", "primary", "preferred", "work", "daytime",
        "day", "evening", "main", "alt", "alternate", "other", "secondary", "1", "2", "3", "one", "two",
        "formatted", "full", "number",
    }
)  # fmt: skip
_SHIFTS = frozenset(
    {
        "am",
        "pm",
        "morning",
        "afternoon",
        "evening",
        "midday",
        "shift",
        "1",
        "2",
        "3",
        "4",
        "1st",
        "2nd",
        "3rd",
    }
)
_NAME = frozenset({"name", "nm", "names"})
_LAST = frozenset({"last", "surname", "family", "lst"})
_FIRST = frozenset({"first", "given", "forename", "forenames", "fst"})
_PRECINCT = frozenset({"precinct", "pct", "prec", "prct", "prcnct"})
_OF_PRECINCT = frozenset(
    {
        "voting", "home", "current", "assigned", "desc", "description", "code", "cd", "abbr", "abbrev",
        "assignment", "covering", "watching", "served", "ref", "reference", "letters", "letter", "s",
    }
)  # fmt: skip
_SITE = frozenset(
    {"place", "places", "location", "site", "center", "centre", "station", "venue", "facility", "building"}
)
_VOTES_AT = frozenset(
    {"polling", "poll", "voting", "vote", "election", "venue", "facility", "location", "site", "station"}
)
_ADDRESS = frozenset({"address", "addr", "street"})
_ASSIGNED = frozenset({"assigned", "assignment", "to"})
_BIRTH = frozenset({"birth", "dob", "yob", "born", "birthdate", "birthday", "birthyear"})
_BALLOT = frozenset(
    {
        "ballot", "ballots", "av", "abs", "absentee", "mail", "vbm", "vote", "voted", "voting", "ev",
        "early", "date", "dt", "time", "on", "at", "in", "check", "checkin", "checked", "of",
        "the", "day", "by", "person",
    }
)  # fmt: skip
_BACK = frozenset(
    {"returned", "return", "received", "rcvd", "recd", "rec", "rtn", "cast", "back", "accepted", "counted"}
)
_GONE_OUT = frozenset(
    {"sent", "mailed", "issued", "requested", "request", "application", "app", "applied", "out"}
)
_DATE = frozenset({"date", "dt", "time", "on", "day", "timestamp"})
_BECAME = frozenset({"status", "disposition", "outcome", "result", "stat"})


def is_phone(heading: str) -> bool:
    """Whether a word of it is one for a telephone, whatever else it says: `CellNeustar`."""
    return bool(_PHONE & set(words_of(heading)))


def people_in(headings: Sequence[str]) -> list[tuple[int, int]]:
    """(name, phone) of each person, where a row holds several: `AM Watcher, AM Phone, PM Watcher, PM Phone`.

    Empty where a row holds one, or where names and phones do not take turns.
    """
    told = [
        _SHIFTS & set(words_of(h)) and " ".join(w for w in words_of(h) if w not in _SHIFTS) for h in headings
    ]
    names = [
        n for n, h in enumerate(told) if h and set(h.split()) <= _PERSON | _NAME | {"full", "first", "last"}
    ]
    phones = [n for n, h in enumerate(told) if h and is_phone(h)]
    if len(names) < 2 or len(names) != len(phones):
        return []
    order = sorted([*names, *phones])
    turns = all((place in names) != (after in names) for place, after in pairwise(order))
    return list(zip(names, phones, strict=True)) if turns else []


def of_people(heading: str) -> str:
    """The plain heading that it means, folded; empty where a word of it says something else."""
    words = words_of(heading)
    told = set(words)
    if not words or len(words) > 7:
        return ""
    if told & _PHONE and told <= _PHONE | _WHICH | _PERSON | _NUMBER:
        second = told & {"2", "3", "two", "alt", "alternate", "other", "secondary"}
        return "phone2" if second else "cellphone" if told & {"cell", "mobile", "cellphone"} else "phone"
    if told & _LAST and told <= _LAST | _NAME | _PERSON:
        return "lastname"
    if told & _FIRST and told <= _FIRST | _NAME | _PERSON:
        return "firstname"
    if (
        told & _SITE
        and told & _VOTES_AT
        and told <= _SITE | _VOTES_AT | _NAME | _ADDRESS | _ASSIGNED | _NUMBER
    ):
        if told & _ASSIGNED:
            return "assignedpollingplace"
        return "pollingplaceaddress" if told & _ADDRESS else "" if told & _NUMBER else "pollingplace"
    if "district" in told and told & _VOTES_AT and told <= _OF_PRECINCT | _VOTES_AT | _NUMBER | {"district"}:
        return "pollingdistrict"
    if told & _PRECINCT and told <= _PRECINCT | _OF_PRECINCT | _NAME | _NUMBER | _PERSON:
        return "precinctname" if told & (_NAME | {"desc", "description"}) else "precinctcode"
    if told & _BIRTH and told <= _BIRTH | _PERSON | {"date", "year", "yr", "dt", "of"}:
        return "birthyear" if told & {"year", "yr", "yob", "birthyear"} else "birthdate"
    if told & _NAME and told <= _NAME | _PERSON | {"full", "complete", "whole"} and len(told) > 1:
        return "" if told & {"county", "state", "file", "campaign"} else "fullname"
    if told & _NUMBER and told & (_PERSON - {"of", "the", "county", "state"}) and told <= _NUMBER | _PERSON:
        return "id" if "key" in told else "voterid"  # a vendor's key is not the state's number
    return _of_ballots(told)


def _of_ballots(told: set[str]) -> str:
    if told & _BECAME and told & (_BALLOT | _BACK) and told <= _BECAME | _BALLOT | _BACK:
        return "ballotstatus"
    if told & _GONE_OUT and told <= _GONE_OUT | _BALLOT | _BACK and told & (_DATE | _BALLOT):
        return "ballotsentdate"
    if (
        told & (_BACK | {"voted", "vote", "checkin", "checked"})
        and told & _DATE
        and told <= _BACK | _BALLOT | _DATE
    ):
        return "ballotreturndate"
    return (
        "ballotreturned"
        if told & _BACK and told & {"ballot", "av", "vbm"} and told <= _BACK | _BALLOT
        else ""
    )
