"""What an election is: its day, precincts, history, curves and people. Values only; nothing here does I/O."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time
from enum import StrEnum
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from election.domain.ids import CallerId, PrecinctId, VoterId, WatcherId
from election.domain.official import OfficialSource

ROLL_ERROR, ROLL_SLACK = 1.1, 20  # a count above the roll by more is refused


@dataclass(frozen=True, slots=True)
class ElectionDay:
    """One day of voting. `opens` and `closes` are local times of day in `timezone` (an IANA name)."""

    name: str
    date: date
    timezone: str
    opens: time
    closes: time
    languages: tuple[str, ...] = ("en",)
    kind: str = ""  # general, primary, municipal, …; empty: the name says it


@dataclass(frozen=True, slots=True)
class Precinct:
    """The counting unit. Votes are in-person votes unless a field says otherwise.

    `registered`: voters on the roll; `expected_votes`: in-person votes expected by close where the
    campaign gives its own figure; `already_voted`: early and mail votes, not counted by watchers.
    `opens`, `closes` and `timezone` override the day's.
    """

    precinct_id: PrecinctId
    name: str
    registered: int
    county: str = ""
    group: str = ""
    site_id: str = ""
    aliases: tuple[str, ...] = ()
    expected_votes: float | None = None
    already_voted: int = 0
    opens: time | None = None
    closes: time | None = None
    timezone: str | None = None
    lat: float | None = None
    lon: float | None = None

    def most_votes(self) -> int | None:
        """In-person votes beyond which a count is refused; None where the roll is not known.

        One rule for the phone's answer, the form and the tally's gate (`tally/model/counts/gate.py`).
        """
        return _most_votes(self.registered, self.already_voted) if self.registered > 0 else None

    def why_held(self, votes: int) -> str | None:
        """Why this count waits for a confirmation (`above_registered`), or None. A `FIX` needs none."""
        return "above_registered" if votes > self.registered > 0 else None

    def zone(self, day: ElectionDay) -> ZoneInfo:
        return ZoneInfo(self.timezone or day.timezone)

    def opens_at(self, day: ElectionDay) -> datetime:
        """Opening of the polls here, UTC."""
        return _moment(day.date, self.opens or day.opens, self.timezone or day.timezone)

    def closes_at(self, day: ElectionDay) -> datetime:
        """Scheduled close of the polls here, UTC (staff may extend it during the day)."""
        return _moment(day.date, self.closes or day.closes, self.timezone or day.timezone)


@lru_cache(maxsize=8_192)
def _most_votes(registered: int, already_voted: int) -> int:
    return int(most_of(max(registered - already_voted, 1)))


@lru_cache(maxsize=1_024)
def _moment(day: date, clock: time, timezone: str) -> datetime:
    """A local time of the day, UTC. Asked for with each text, and the same for most precincts."""
    return datetime.combine(day, clock, ZoneInfo(timezone)).astimezone(UTC)


def most_of(voters: float) -> float:
    """Most votes that so many voters may cast: rolls have errors, and people register at the polls."""
    return ROLL_ERROR * voters + ROLL_SLACK


class Method(StrEnum):
    """How past votes were cast."""

    TOTAL = "total"
    IN_PERSON = "in_person"
    EARLY = "early"
    MAIL = "mail"


@dataclass(frozen=True, slots=True)
class PastVotes:
    """Votes cast at a precinct in an earlier election, by method. Not whole where a precinct was divided.

    `kind` of that election (general, primary, …) where the file says it; else its name is read.
    """

    precinct_id: PrecinctId
    election: str
    votes: float
    method: Method = Method.TOTAL
    registered: int | None = None
    kind: str = ""


@dataclass(frozen=True, slots=True)
class CurvePoint:
    """Cumulative share (0..1) of a day's in-person votes cast by a local time of day.

    `scope` is `all`, `county:X`, `group:X` or `precinct:X`; `election` names the past day it was seen on.
    """

    scope: str
    time: time
    share: float
    election: str = ""


@dataclass(frozen=True, slots=True)
class Watcher:
    """A poll watcher. Phones are E.164."""

    watcher_id: WatcherId
    name: str
    phone: str
    language: str
    precinct_ids: tuple[PrecinctId, ...]
    backup_phone: str | None = None
    coordinator: str | None = None
    shift_start: time | None = None
    shift_end: time | None = None


@dataclass(frozen=True, slots=True)
class Voter:
    """A line of the voter roll. `support` and `turnout` (likelihood to vote) 0..100.

    `voted` means early or by mail already; an empty `phone` means that none is known. `roll_number` is text
    as the roll has it (`17`, `18/1`), unique within a precinct; empty where the roll numbers nobody.
    `birth_year` stays in the folder, for `beluga early` to find voters by; it is never loaded.
    """

    voter_id: VoterId
    precinct_id: PrecinctId
    roll_number: str
    name: str
    phone: str
    language: str = ""
    support: int | None = None
    voted: bool = False
    do_not_call: bool = False
    timezone: str | None = None
    address: str = ""
    turnout: int | None = None
    birth_year: int | None = None


@dataclass(frozen=True, slots=True)
class Caller:
    """A get-out-the-vote caller."""

    caller_id: CallerId
    name: str
    email_or_phone: str
    languages: tuple[str, ...] = ("en",)
    counties: tuple[str, ...] = ()  # their own, called first; none: any
    elsewhere: bool = True  # whether they may call others, too


@dataclass(frozen=True, slots=True)
class Site:
    """A polling place that several precincts share. `place`: all of it, as a precinct of all their voters."""

    place: Precinct
    members: tuple[PrecinctId, ...]


@dataclass(frozen=True, slots=True)
class Election:
    """An election as the services know it: everything but the (large) voter roll and the callers."""

    day: ElectionDay
    precincts: tuple[Precinct, ...]
    history: tuple[PastVotes, ...] = ()
    curve: tuple[CurvePoint, ...] = ()
    watchers: tuple[Watcher, ...] = ()
    # precinct_id -> GeoJSON geometry object, WGS 84, at most 5 decimals
    geometry: dict[PrecinctId, dict[str, Any]] = field(default_factory=dict)
    official: OfficialSource | None = None  # a second source of counts

    def places(self) -> dict[str, Precinct]:
        """Precincts by id, and polling sites that several share: each as a precinct of all their voters."""
        found: dict[str, Precinct] = {p.precinct_id: p for p in self.precincts}
        return found | {name: site.place for name, site in shared_sites(found).items()}


def shared_sites(precincts: Mapping[str, Precinct]) -> dict[str, Site]:
    """The polling sites that several precincts share, by id; a site called as a precinct is none."""
    members: dict[str, list[Precinct]] = {}
    for p in precincts.values():
        if p.site_id and p.site_id not in precincts:
            members.setdefault(p.site_id, []).append(p)
    return {
        name: Site(
            replace(
                shared[0],
                precinct_id=PrecinctId(name),
                name=f"{name} ({', '.join(p.precinct_id for p in shared)})",
                registered=sum(p.registered for p in shared),
                aliases=(),
            ),
            tuple(p.precinct_id for p in shared),
        )
        for name, shared in members.items()
        if len(shared) > 1
    }
