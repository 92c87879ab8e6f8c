"""What a table is, from its headings, its first rows and, where those leave it open, its name."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from beluga.adopt.mapping.composed import composed
from beluga.adopt.mapping.dates import YEAR, date_in
from beluga.adopt.mapping.vocabulary import (
    ALREADY,
    COUNTY,
    EARLY,
    GROUP,
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
)
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
KINDS = (
    "registration",
    "polling places",
    "turnout",
    "results, long",
    "results, wide",
    "history",
    "voters",
    "early ballots",
    "early totals",
    "early record",
    "watchers",
    "callers",
    "shapes",
    "curve",
    "reports",
    "election",
)
PARTIES = frozenset(
    [
        "dem",
        "rep",
        "ind",
        "lib",
        "grn",
        "oth",
        "una",
        "npa",
        "nop",
        "democrat",
        "democratic",
        "republican",
        "libertarian",
        "green",
        "other",
        "independent",
        "unaffiliated",
        "nonpartisan",
        "noparty",
        "unenrolled",
        "nopartyaffiliation",
        "democrats",
        "republicans",
    ]
)
_OF_NO_PARTY = frozenset(
    {"npa", "una", "nop", "npp", "noparty", "unaffiliated", "nonpartisan", "unenrolled", "nopartyaffiliation"}
)
_COUNTED = ("turnout", "results, wide", "results, long", "early totals")
_COUNT_WORDS = frozenset({*TOTAL_VOTES, *IN_PERSON, *EARLY, *MAIL, *PROVISIONAL, *ALREADY, *REGISTERED})
# Who is active is not all who are registered, where another column says how many are in all.
_PART_OF_ALL = frozenset({"active", "activevoters", "activeregistered", "activeregisteredvoters", "eligible"})
_ANY_VOTERS = frozenset(
    {"voters", "votercount", "numberofvoters", "totalvoters", "votertotal", "totalcount", "people"}
)
_VOTED_EARLY = re.compile(r"early|absentee|\bmail|vbm|\bev\b|advance|postal", re.I)
# What a ballot's status says, in a column that may be called anything.
_STATUS = re.compile(
    r"accept|reject|counted|challeng|spoil|void|cured?\b|pending|received|returned|issued|cancel|not returned"
    r"|tabulated|undeliver|duplicate",
    re.I,
)
# How the heading of somebody's id ends, and what else ends so.
_HAS_VOTED = frozenset({"ballotreturned", "ballotreceived", "returned", "votedat"})
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
_ALL_IN_ALL = frozenset(
    {"total", "grandtotal", "allvoters", "allages", "alltotal", "totalall", "overalltotal"}
)
_ENROLLED = re.compile(r"registration|registered|enroll?ment|electorate", re.I)
_SPAN = re.compile(
    r"\b(daily|running|cumulative|to date|so far|today'?s?|new|cast|counted|number of|no\. of|total)\b|#",
    re.I,
)
# Headings that may count anything.
_VAGUE = frozenset({"count", "total", "votes", "ballots", "voted", "received", "returned", "accepted"})
_WATCHING = re.compile(
    r"watcher|observer|volunteer|shift|captain|coordinator|assign|pollwatch|inspector|challenger|scrutineer"
    r"|poll.?agent|teller|observa|beobacht|osservat|interventor|rappresentant|reprezentant",
    re.I,
)
_OF_A_ROLL = re.compile(r"voter|regist|elector", re.I)
_CALLING = re.compile(r"caller|phone.?bank|canvass|telefonist|anrufer|llamad|dialer", re.I)
_REGISTERS = re.compile(
    r"(?:^|[^a-z])reg(?:istr|istered|\b|[^a-z])|enrol|voter.?(?:count|roll|list|stat)|voters.?by|electorate",
    re.I,
)  # in a file's name or title
UNNAMED = re.compile(r"column [A-Z]{1,3}")  # a column that has no heading, by its letter
_NUMERIC = re.compile(r"[\d,]+(\.0)?|[1-9]\d{0,2}(\.\d{3})+(,0+)?")
_SHARE = re.compile(r"0?\.\d+|\d{1,2}[.,]\d?[1-9]")
_TURNOUT_WORDS = re.compile(r"%|percent|pct of|\brates?\b")


@dataclass(frozen=True, slots=True)
class Recognised:
    """`columns`: field to place. `reason` for people. `unsure`: what must be answered first, else empty."""

    kind: str
    columns: dict[str, int] = field(default_factory=dict)
    reason: str = ""
    unsure: str = ""


def recognise(headings: Sequence[str], sample: Sequence[Sequence[str]], name: str) -> Recognised:
    """The likeliest kind. Kind is empty where there is none."""
    kind, reason, unsure = _kind(headings, sample, name)
    if not kind:
        return Recognised("", reason=reason)
    if kind == "early record":
        return Recognised(kind, {}, reason)
    if kind in ("history", "curve", "reports"):
        columns = columns_of(
            headings, {c.name: (folded(c.name), *map(folded, c.synonyms)) for c in FILES[f"{kind}.csv"]}
        )
        return Recognised(kind, columns, reason, unsure)
    columns = mapped(kind, headings, sample)
    place = columns.get("precinct_id")
    if not unsure and place is not None and UNNAMED.fullmatch(headings[place]) and "registered" in columns:
        unsure = "the column of precincts has no heading: are these precincts?"
    return Recognised(kind, columns, reason, unsure)


def mapped(kind: str, headings: Sequence[str], sample: Sequence[Sequence[str]]) -> dict[str, int]:
    """Field to place for a table of this kind."""
    columns = _columns(kind, headings, sample)
    named = "precinct_name" in columns and kind != "watchers"
    if named and not {"precinct_id", "precinct_ids"} & columns.keys():
        columns["precinct_id"] = columns.pop("precinct_name")
    if "precinct_id" not in columns and kind in (*_COUNTED, "registration"):
        district = [n for n, h in enumerate(headings) if known_key(h) == "district"]
        if district and {"group", "ward"} & _columns("registration", headings, sample).keys():
            columns["precinct_id"] = district[0]  # the smallest part of a town's ward
    if "precinct_id" not in columns and kind in (*_COUNTED, "registration"):
        smallest = next((n for n in ("ward", "group") if n in columns), "")
        columns |= {"precinct_id": columns.pop(smallest)} if smallest else {}
    if "precinct_id" not in columns and kind in (*_COUNTED, "registration"):
        place = _unnamed(headings, sample)
        above = [n for n in range(place or 0) if UNNAMED.fullmatch(headings[n])]
        columns |= {"precinct_id": place} if place is not None else {}
        columns |= {"county": above[0]} if above and "county" not in columns else {}
    if kind == "voters" and "precinct_id" not in columns and "roll_prefix" in columns:
        columns["precinct_id"] = columns.pop("roll_prefix")  # a register writes its polling district so
    if kind == "early ballots" and "ballot_status" not in columns:
        columns |= _status_by_content(headings, sample, columns)
    if kind in ("voters", "early ballots") and not {"voter_id", "roll_number"} & columns.keys():
        columns |= _id_by_content(headings, sample, columns)
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
        totals = [n for n, h in enumerate(headings) if known_key(h) in {*_ALL_IN_ALL, "totalvoters"}]
        columns |= {"registered": totals[0]} if totals else {}
    return columns


def _status_by_content(
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


def _id_by_content(
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


def _towns(headings: Sequence[str], sample: Sequence[Sequence[str]]) -> bool:
    """Whether each row is a town of its own: where nothing smaller is named, that is where people vote."""
    place = columns_of(headings, {"group": GROUP}).get("group")
    towns = [r[place] for r in sample if place is not None and place < len(r) and r[place]]
    return len(towns) > 1 and len(set(towns)) == len(towns)


def _unnamed(headings: Sequence[str], sample: Sequence[Sequence[str]]) -> int | None:
    """A column without a heading that may name precincts: words or codes, hardly one of them twice."""
    for place, heading in enumerate(headings[:4]):
        cells = [r[place] for r in sample if place < len(r) and r[place]]
        if not UNNAMED.fullmatch(heading) or len(cells) < 2 or _any_number(cells):
            continue
        if len(cells) * 5 >= len(sample) * 3 and len(set(cells)) * 10 >= len(cells) * 9:
            return place
    return None


def _columns(kind: str, headings: Sequence[str], sample: Sequence[Sequence[str]]) -> dict[str, int]:
    """A column of rates is no column of votes, and a count's column holds numbers."""
    usable = []
    for place, heading in enumerate(headings):
        cells = [r[place] for r in sample if place < len(r) and r[place]]
        words = known_key(heading) in _COUNT_WORDS and kind in _COUNTED and cells and not _any_number(cells)
        rates = _TURNOUT_WORDS.search(heading.casefold()) or _is_rate(cells)
        if kind in _COUNTED and known_key(heading) not in KNOWN:
            plain = _SPAN.sub(" ", heading).strip()
            heading = plain if folded(plain) in _COUNT_WORDS else heading
        if kind in _COUNTED and cells and _any_number(cells):
            heading = _as_counted(heading, kind, others=headings)
        usable.append("" if words or (rates and kind in (*_COUNTED, "registration")) else heading)
    return columns_of(usable, WORDS_OF[kind])


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


def _kind(headings: Sequence[str], sample: Sequence[Sequence[str]], name: str) -> tuple[str, str, str]:
    keys = {folded(h) for h in headings if h} | {known_key(h) for h in headings if h}

    def has(kind: str, *fields: str) -> bool:
        if kind not in fitted:
            fitted[kind] = _columns(kind, headings, sample)
        found = fitted[kind]
        return all(f in found for f in fields)

    fitted: dict[str, dict[str, int]] = {}
    for file, columns in FILES.items():
        own = {folded(c.name) for c in columns}
        needed = {folded(c.name) for c in columns if c.required}
        if needed <= keys <= own and file != "precincts.csv":
            return OURS[file], f"its headings are those of {file}", ""
    if keys == {"kind", "key", "precinctid", "date", "votes", "source"}:
        return "early record", "its headings are those of early.csv", ""
    if {"scope", "time", "share"} <= keys:
        return "curve", "it has scope, time and share", ""
    if "observedat" in keys:
        return "reports", "it has the headings of reports.csv", ""
    place = (
        bool(keys & set(PRECINCT)) or has("registration", "precinct_id") or has("turnout", "precinct_name")
    )
    place = place or ("district" in keys and bool(keys & {"ward", "municipality", "town", "township"}))
    place = place or _unnamed(headings, sample) is not None
    counts = has("registration", "registered") or _total(headings) or has("turnout", "in_person")
    place = place or (counts and (has("registration", "ward") or _towns(headings, sample)))
    person = has("voters", "last_name") or has("voters", "voter_id") or has("voters", "name")
    person = person or has("watchers", "name") or has("callers", "name")
    joined = " ".join(headings)
    phone = has("voters", "phone")
    if (
        has("results, long", "candidate")
        and not phone
        and (has("results, long", "votes") or has("results, long", "in_person"))
    ):
        return "results, long", "one row a candidate: it has candidates and their votes", ""
    ballots = [
        f for f in ("ballot_status", "ballot_date", "ballot_type", "ballot_asked") if has("early ballots", f)
    ]
    named = (
        has("early ballots", "voter_id") or has("early ballots", "last_name") or has("early ballots", "name")
    )
    if (
        ballots == ["ballot_date"]
        and phone
        and known_key(headings[fitted["early ballots"]["ballot_date"]]) in _HAS_VOTED
    ):
        ballots = []  # voters to be called, with a column that says who has voted
    if ballots and (named or (len(ballots) > 1 and place)) and not ({"voted", "rollnumber"} <= keys):
        return (
            "early ballots",
            f"one row a ballot: it has {headings[fitted['early ballots'][ballots[0]]]}",
            "",
        )
    if person and (phone or "emailorphone" in keys or has("callers", "email_or_phone")):
        voter = any(
            has("voters", f)
            for f in (
                "roll_number",
                "status",
                "age",
                "birth_year",
                "birth_date",
                "address",
                "turnout",
                "support",
            )
        )
        watching = "watcherid" in keys or bool(_WATCHING.search(joined)) or bool(_WATCHING.search(name))
        calling = "callerid" in keys or bool(_CALLING.search(joined)) or bool(_CALLING.search(name))
        rolled = has("voters", "voter_id") and _OF_A_ROLL.search(headings[fitted["voters"]["voter_id"]])
        if watching and not calling and not rolled and not has("voters", "roll_number", "voter_id"):
            return "watchers", "people with phones and what they watch", ""
        if calling and not (place and voter):
            return "callers", "people with a phone or an e-mail address, who call", ""
        if not voter and not has("voters", "voter_id"):
            if not place:
                return (
                    "callers",
                    "people with a phone or an e-mail address and no precinct",
                    "are these callers?",
                )
            return "watchers", "people with phones and precincts", "are these watchers or voters?"
    counted = has("turnout", "precinct_id") or has("turnout", "precinct_name")
    if (
        person
        and not has("turnout", "in_person")
        and (place or has("voters", "roll_number"))
        and (has("voters", "last_name") or has("voters", "name") or (has("voters", "voter_id") and phone))
        and (
            has("voters", "voter_id") or has("voters", "roll_number") or has("voters", "first_name") or phone
        )
    ):
        return "voters", "one row a voter", ""
    if not place and not counted:
        return "", "no column names a precinct, and nothing says what it is", ""
    if sum(method_in(h) != "" for h in headings) >= 2:
        return "results, wide", "one column a candidate and a way of voting", ""
    all_in_all = any(folded(h) in _ALL_IN_ALL for h in headings)
    counts_votes = has("turnout", "in_person") or has("registration", "registered") or _total(headings)
    if (
        all_in_all
        and not counts_votes
        and _REGISTERS.search(name)
        and (_ENROLLED.search(name) or not YEAR.search(name))
    ):
        return "registration", "its name says registration, and it has a total by precinct", ""
    total = _total(headings)
    by_year = [h for h in headings if YEAR.search(h)]
    if total or has("turnout", "in_person"):
        if total and not has("turnout", "in_person") and _coming(headings, name):
            return "early totals", "votes cast before the day, by precinct", ""
        return "turnout", "ballots cast by precinct", ""
    if by_year and any(_total([YEAR.sub("", h)]) for h in by_year):
        return "turnout", "ballots cast by precinct, by year", ""
    numbers = [n for n, h in enumerate(headings) if h and known_key(h) not in KNOWN and _numeric(sample, n)]
    by_date = [n for n in numbers if date_in(headings[n]) or YEAR.fullmatch(headings[n].strip())]
    if (
        by_date == numbers
        and len(by_date) > 1
        and not _VOTED_EARLY.search(name)
        and not _REGISTERS.search(name)
    ):
        told = re.search(r"turnout|ballot|vote|voting|cast|result|participation|history", name, re.I)
        unsure = "" if told else "are these the ballots cast in several elections?"
        return "turnout", "a column an election, by its date or year", unsure
    registered = has("registration", "registered")
    if registered and not by_year and _VOTED_EARLY.search(name) and not _REGISTERS.search(name):
        vague = known_key(headings[fitted["registration"]["registered"]]) in _ANY_VOTERS
        if vague and len(fitted["registration"]) <= 5:
            return "early totals", "its name says votes cast before the day, by precinct", ""
    counted_early = _columns("early totals", headings, sample)
    votes = [counted_early[f] for f in ("early", "mail", "already") if f in counted_early]
    said = any(folded(headings[n]) not in _VAGUE for n in votes)
    dated = "date" in counted_early or bool(re.search("early|absentee|mail|vbm", name, re.I))
    if votes and (said or dated) and not ("registered" in keys and "alreadyvoted" in keys):
        return "early totals", "early and mail votes by precinct", ""
    others = [n for n, h in enumerate(headings) if h and known_key(h) not in KNOWN and _numeric(sample, n)]
    parties = [n for n in range(len(headings)) if folded(headings[n]) in PARTIES]
    if (
        len([n for n in others if folded(headings[n]) not in PARTIES]) >= 2
        and (
            not registered
            or any(
                re.search(r"write|\b(dem|rep|lib|grn|ind)\b|over ?votes|under ?votes", headings[n], re.I)
                for n in others
            )
        )
        and not all(YEAR.search(headings[n]) for n in others)
    ):
        return "results, wide", "one column a candidate", ""
    if registered:
        return "registration", f"it has {headings[fitted['registration']['registered']]} by precinct", ""
    if len(parties) >= 2 and any(folded(h) in ("total", "grandtotal") for h in headings):
        sure = bool(
            _REGISTERS.search(name) or _OF_NO_PARTY & keys
        )  # nobody is elected as a voter of no party
        return "registration", "voters by party", "" if sure else "are these registered voters, or votes?"
    if len(parties) >= 2:
        return "registration", "registered voters by party", "no column says how many are registered in all"
    if (
        has("polling places", "name")
        or has("polling places", "lat")
        or has("polling places", "address")
        or has("polling places", "opens")
    ):
        return "polling places", "places by precinct", ""
    if has("early totals", "already") or has("early totals", "early") or has("early totals", "mail"):
        return "early totals", "votes by precinct", "are these early and mail votes of this election?"
    if keys & set(COUNTY) or place:
        return "", "it names precincts, but neither voters, votes nor places", ""
    return "", "nothing says what it is", ""


def _total(headings: Sequence[str]) -> bool:
    words = {
        "ballotscast",
        "totalballotscast",
        "ballotscasttotal",
        "totalballots",
        "ballotscounted",
        "votescast",
        "totalvotescast",
        "totalvotes",
        "votersvoted",
        "cardscast",
        "totalturnout",
        "totalcardscast",
        "votes",
        "votersvoting",
        "totalballotscounted",
        "numbervoted",
        "ballots",
        "totalcast",
        "voterturnout",
        "turnout",
        "voted",
        "totalvoted",
        "turnouttotal",
        "publiccount",
        "timescast",
        "totvote",
        "totvoting",
        "totalvoting",
        "cast",
        "timescounted",
        "cardscounted",
        "ballotstallied",
        "ballotstabulated",
        "numbervoting",
        "totalnumbervoting",
        "personsvoting",
        "peoplevoted",
        "voterswhovoted",
        "numberofvoterswhovoted",
        "voterscheckedin",
        "checkedin",
        "votescounted",
        "totalvotescounted",
        "totalvotersvoting",
        "ballotsread",
        "totalballotsread",
        "totalnumberofballotscast",
        "votersparticipating",
        "numberofvotersvoting",
        "ballotpapersissued",
        "votespolled",
    }
    return any(known_key(h) in words and not _TURNOUT_WORDS.search(h.casefold()) for h in headings)


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
    return bool(cells) and sum(_NUMERIC.fullmatch(c) is not None for c in cells) > len(cells) * 0.8
