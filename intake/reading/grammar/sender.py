"""Who texted, from where and when: what turns a text's clauses into readings, judged by the polling hours."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Any
from zoneinfo import ZoneInfo

from election.domain.checkin import COUNTED, Kind, Reading
from election.domain.day import Watcher
from election.domain.ids import PrecinctId
from election.domain.roster import Roster
from intake.reading.grammar.clause import EMERGENCY_NUMBERS, Ask, Clause, wording
from intake.reading.grammar.times import moment

BEFORE_CLOSE = timedelta(minutes=30)  # a final count may be texted as the last voters leave
LONGEST_WAIT = 300  # minutes; a longer one is a slip, or a count
MOST_WAITING = 3_000  # people in one line
_EVERYWHERE = frozenset({Kind.HERE, Kind.AWAY})  # said of all the sender's precincts where none is named
_OF_THE_DAY = COUNTED | {Kind.LINE, Kind.VOTERS}  # what can be true only once the polls are open

_NOTHING: MappingProxyType[str, Any] = MappingProxyType({})


def offer_of(reading: Reading) -> dict[str, Any]:
    """A reading as a question carries it: what a *yes* makes of it."""
    offer: dict[str, Any] = {"kind": reading.kind.value}
    for name in ("precinct_id", "votes", "minutes", "people"):
        if (value := getattr(reading, name)) is not None:
            offer[name] = value
    if reading.roll_numbers:
        offer["roll_numbers"] = list(reading.roll_numbers)
    if reading.observed_at:
        offer["observed_at"] = reading.observed_at.isoformat()
    return offer


def opens_at(precinct_id: PrecinctId | None, roster: Roster) -> datetime:
    """When the polls open there, or by the election's own hours."""
    precinct, day = roster.place(precinct_id), roster.day
    return (
        precinct.opens_at(day) if precinct else datetime.combine(day.date, day.opens, ZoneInfo(day.timezone))
    )


def closes_at(precinct_id: PrecinctId | None, roster: Roster) -> datetime:
    """When the polls close there, or by the election's own hours."""
    precinct, day = roster.place(precinct_id), roster.day
    if precinct:
        return precinct.closes_at(day)
    return datetime.combine(day.date, day.closes, ZoneInfo(day.timezone))


@dataclass(slots=True)
class TextSource:
    """Who texted, from where and when. `at_any_hour`: a rehearsal, where no polls are open."""

    roster: Roster
    watcher: Watcher | None
    own: tuple[PrecinctId, ...]
    unknown: bool
    sent_at: datetime
    at_any_hour: bool = False
    offers: "Callable[[str, TextSource], list[Clause]] | None" = field(
        default=None, repr=False
    )  # reads a guess

    def reading(
        self, kind: Kind, text: str | None = None, question: str | None = None, guess: str | None = None
    ) -> Reading:
        return Reading(kind, text=text, question=question, guess=guess, unknown_sender=self.unknown)

    def asked(self, ask: Ask) -> Reading:
        """The question, with what a *yes* would count and, where a place alone was named, which."""
        detail: dict[str, Any] = {}
        if ask.guess and self.offers:
            try:
                offered = [r for clause in self.offers(ask.guess, self) for r in self.readings(clause)]
            except Ask:
                offered = []
            offered = [r for r in offered if r.kind in _OF_THE_DAY or r.kind is Kind.UNDO]
            if offered and not self._too_early(offered):
                detail["offers"] = [offer_of(reading) for reading in offered]
        if ask.choice is not None:
            detail["roll"] = ask.choice
        places = self._known(ask.ids)
        return Reading(
            Kind.QUESTION,
            precinct_id=places[0] if len(places) == 1 else None,
            question=ask.question,
            guess=ask.guess,
            unknown_sender=self.unknown,
            detail=detail,
        )

    def _known(self, ids: tuple[PrecinctId, ...]) -> tuple[PrecinctId, ...]:
        mine = tuple(p for p in ids if p in self.own)
        return mine if len(mine) == 1 else ids

    def all_readings(self, clauses: list[Clause]) -> list[Reading]:
        """The readings of a text's clauses; a question alone, where one of them has to be asked about."""
        try:
            found: list[Reading] = []
            for clause in clauses:
                found += self.readings(clause)
            return self.judged(found)
        except Ask as ask:
            return [self.asked(ask)]

    def judged(self, readings: list[Reading]) -> list[Reading]:
        """The readings, or a question where the polling hours forbid one of them."""
        if self.at_any_hour:
            return readings
        if self._too_early(readings):
            return [self.reading(Kind.QUESTION, question="not_open")]
        for reading in readings:
            if reading.kind is Kind.FINAL and self._long_before_close(reading.precinct_id):
                return self._so_far(readings)
        return readings

    def _so_far(self, readings: list[Reading]) -> list[Reading]:
        """Asks whether a final count, long before the polls close, is one so far."""
        so_far = [r._replace(kind=Kind.COUNT) if r.kind is Kind.FINAL else r for r in readings]
        counts = [r for r in so_far if r.kind is Kind.COUNT]
        return [
            Reading(
                Kind.QUESTION,
                question="so_far",
                guess=str(counts[0].votes) if len(counts) == 1 else None,
                unknown_sender=self.unknown,
                detail={"offers": [offer_of(r) for r in so_far if r.kind in _OF_THE_DAY]},
            )
        ]

    def _too_early(self, readings: list[Reading]) -> bool:
        if self.at_any_hour:
            return False
        for reading in readings:
            if reading.kind in _OF_THE_DAY and self.sent_at < opens_at(reading.precinct_id, self.roster):
                return True
        return False

    def _long_before_close(self, precinct_id: PrecinctId | None) -> bool:
        return self.sent_at < closes_at(precinct_id, self.roster) - BEFORE_CLOSE

    def placed(self, incident: Reading, ids: tuple[PrecinctId, ...]) -> list[Reading]:
        """An incident is never asked back: it is taken where it is known to be, or without a place."""
        mine = [precinct_id for precinct_id in ids if precinct_id in self.own]
        found = ids if len(ids) == 1 else tuple(mine) if len(mine) == 1 else ()
        if not found and len(self.own) == 1:
            found = self.own
        if found:
            return [
                incident._replace(precinct_id=precinct_id, off_roster=self._off_roster(precinct_id))
                for precinct_id in self.roster.filed_under(incident.kind, found[0])
            ]
        here = [self.roster.precincts[p] for p in self.own if p in self.roster.precincts]
        sites = {precinct.site_id for precinct in here}
        if len(sites) == 1 and "" not in sites:  # one polling place: the incident is at each of its precincts
            return [incident._replace(precinct_id=precinct_id) for precinct_id in self.own]
        return [incident]

    def _off_roster(self, precinct_id: PrecinctId | None) -> bool:
        if self.watcher is None or precinct_id is None:
            return False
        return not self.roster.is_own(precinct_id, self.own)

    def _precincts(self, clause: Clause) -> tuple[PrecinctId | None, ...]:
        ids = clause.ids
        if len(ids) > 1:
            mine = tuple(precinct_id for precinct_id in ids if precinct_id in self.own)
            ids = mine or ids
            if len(ids) > 1:
                raise Ask("which_precinct", wording(replace(clause, ids=ids[:1])))
        if not ids and self.unknown:
            return (None,)
        if not ids and (len(self.own) == 1 or clause.kind in _EVERYWHERE):
            ids = self.own
        if ids:
            filed_under = self.roster.filed_under
            where = (
                filed_under(clause.kind, ids[0])
                if len(ids) == 1
                else tuple(p for place in ids for p in filed_under(clause.kind, place))
            )
            if clause.kind == Kind.VOTERS and len(where) > 1:  # each precinct numbers its own roll
                raise Ask("which_precinct", wording(replace(clause, ids=where[:1])))
            return where
        raise Ask("which_precinct", wording(replace(clause, ids=self.own[:1])) if self.own else None)

    def readings(self, clause: Clause) -> list[Reading]:
        """The readings of a clause: one, or one a precinct. Raises `Ask`."""
        where = self._precincts(clause)
        if len(where) == 1:
            return [self._reading(clause, where[0])]
        return [self._reading(clause, precinct_id) for precinct_id in where]

    def _reading(self, clause: Clause, precinct_id: PrecinctId | None) -> Reading:
        precinct = self.roster.place(precinct_id)
        observed_at = None
        if clause.clock:
            early = clause.kind in (Kind.HERE, Kind.AWAY)
            observed_at = moment(clause.clock, self.sent_at, self.roster.day, precinct, early)
            if observed_at is None:
                bare = wording(replace(clause, clock=None))
                raise Ask("time", bare)
        self._check(clause)
        held = None
        # A correction is itself the confirmation of an unlikely number.
        if clause.kind in (Kind.COUNT, Kind.FINAL) and precinct and clause.votes is not None:
            held = precinct.why_held(clause.votes)
        return Reading(
            clause.kind,
            precinct_id,
            votes=clause.votes,
            observed_at=observed_at,
            roll_numbers=clause.rolls,
            minutes=clause.minutes,
            people=clause.people,
            held=held,
            off_roster=self._off_roster(precinct_id),
            unknown_sender=self.unknown,
            detail={"corrects": True} if clause.corrects else _NOTHING,
        )

    def _check(self, clause: Clause) -> None:
        """Asks about amounts that are more likely slips, or something else altogether."""
        if clause.kind is Kind.LINE:
            if (clause.minutes or 0) > LONGEST_WAIT or (clause.people or 0) > MOST_WAITING:
                raise Ask("long_wait")
        elif (
            clause.votes in EMERGENCY_NUMBERS and clause.kind is Kind.COUNT and clause.bare and not clause.ids
        ):
            raise Ask("emergency", f"{clause.votes} votes")
