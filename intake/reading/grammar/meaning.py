"""From a text to readings: whole-message commands, incidents, then clauses with their precincts and times."""

import re
from dataclasses import dataclass, replace
from datetime import datetime

from election.domain.checkin import Kind, Reading
from election.domain.day import Watcher
from election.domain.ids import PrecinctId
from election.domain.roster import Roster
from intake.reading.grammar.clause import Ask, Clause, wording
from intake.reading.grammar.clauses import PLAIN, clauses_of
from intake.reading.grammar.fold import fold, origin
from intake.reading.grammar.items import Item, codes_of, items_of
from intake.reading.grammar.parse import count_of
from intake.reading.grammar.places import places_of
from intake.reading.grammar.times import moment
from intake.reading.grammar.tokens import plain_words
from intake.reading.grammar.words import Code, vocabulary

LONGEST = 1_600  # characters; providers join no more parts than that into one text

_ALONE = {Code.STOP: Kind.STOP, Code.START: Kind.START, Code.HELP: Kind.HELP, Code.READY: Kind.READY}
_COMMANDS_ALONE = frozenset(_ALONE)
_BESIDE = frozenset({Code.POLITE, Code.FILLER, Code.TEXTING})
_EVERYWHERE = frozenset({Kind.HERE, Kind.AWAY})  # said of all the sender's precincts where none is named
_EDGE = " \t\r\n:;,.-–—!¡：，。！、"
_BANG = re.compile(r"(?<!\S)!+")
_NOT_BEFORE_INCIDENT = frozenset({Code.UNKNOWN, Code.NONE, Code.SAME, Code.TEXTING})


def read(
    text: str, sent_at: datetime, roster: Roster, watcher: Watcher | None, here: PrecinctId | None = None
) -> list[Reading]:
    """What `text` says, sent at `sent_at` (UTC) by `watcher` (None: an unknown phone). One reading or more.

    `here`: the precinct where the channel itself names one (the form); it stands for the sender's own.
    """
    own = (here,) if here else watcher.precinct_ids if watcher else ()
    if text.isdigit() and len(own) == 1 and _plain_count(text, roster):  # what most watchers text all day
        return [_count(int(text), own[0], roster)]
    sender = _Sender(roster, watcher, own, watcher is None and here is None, sent_at)
    if len(text) > LONGEST:
        return [sender.reading(Kind.UNREAD)]
    places = places_of(roster)
    clauses: list[Clause] | None = places.clauses_before.get(text)
    if clauses is not None:
        return sender.all_readings(clauses)
    folded = fold(text)
    items = found = items_of(folded, vocabulary(), places)
    codes = codes_of(items)
    if watcher and Code.UNKNOWN in codes:
        items = _without_signature(items, watcher)
        codes = codes_of(items)
    if PLAIN.fullmatch(codes) and "!" not in folded and "?" not in folded:
        plain = _plain(count_of(items, Kind.COUNT), sender)
        if plain:
            return [plain]
    alone = _alone(folded, codes)
    if alone:
        return [sender.reading(alone)]
    keyword = _incident_keyword(folded, items) if Code.INCIDENT in codes or "!" in folded else None
    end = keyword[0] if keyword else len(folded)
    before = [item for item in items if item.start < end] if keyword else items
    incident = _incident(text, items, keyword, sender) if keyword else []
    if incident and all(item.code in (Code.PLACE, *_BESIDE) for item in before):
        named = [item.ids for item in before if item.code == Code.PLACE]
        if len(named) == 1 and incident[0].kind == Kind.INCIDENT:
            return sender.placed(incident[0], named[0])
        return incident
    try:
        clauses = clauses_of(before, own, watcher is not None, "?" in folded[:end])
    except Ask as ask:
        return [sender.asked(ask), *incident]
    if clauses and keyword is None and items is found and not any(item.ids for item in items):
        places.clauses_before.keep(text, clauses)  # no precinct is named: they are anybody's
    return sender.all_readings(clauses) + incident or [sender.reading(Kind.UNREAD)]


def _plain_count(text: str, roster: Roster) -> bool:
    """Whether digits can be nothing but a count: no precinct is called so, and nothing is odd about them."""
    return text.isascii() and len(text) <= 6 and text not in places_of(roster).ids


def _count(
    votes: int, precinct_id: PrecinctId, roster: Roster, *, off_roster: bool = False, unknown: bool = False
) -> Reading:
    """A count of now, at the sender's own precinct unless said otherwise."""
    precinct = roster.place(precinct_id)
    held = precinct.why_held(votes) if precinct else None
    return Reading(Kind.COUNT, precinct_id, votes, held=held, off_roster=off_roster, unknown_sender=unknown)


def _plain(clause: Clause, sender: "_Sender") -> Reading | None:
    """What a count and nothing else says, of one place or of the sender's only one; None: ask the rest."""
    roster, own = sender.roster, sender.own
    where = clause.ids or own
    if len(where) != 1 or clause.votes is None:
        return None
    off_roster = sender.watcher is not None and not roster.is_own(where[0], own)
    return _count(clause.votes, where[0], roster, off_roster=off_roster, unknown=sender.unknown)


def _without_signature(items: list[Item], watcher: Watcher) -> list[Item]:
    """Without the sender's own name: "412 - Maria Lopez"."""
    name = set(plain_words(fold(watcher.name)))
    return [item for item in items if item.code != Code.UNKNOWN or item.text not in name]


def _alone(folded: str, shape: str) -> Kind | None:
    """The command that the whole message means, with politeness around it at most."""
    if not shape:
        return Kind.HELP if folded.strip(" \n?!.") == "" and "?" in folded else None
    if _COMMANDS_ALONE.isdisjoint(shape):
        return None
    codes = set(shape) - _BESIDE
    if len(codes) != 1:
        return None
    (code,) = codes
    kind = _ALONE.get(code)
    if kind == Kind.STOP and Code.FILLER in shape:
        return None  # "cancel that" is not an opt-out
    return None if kind == Kind.READY and "?" in folded else kind


def _incident_keyword(folded: str, items: list[Item]) -> tuple[int, int] | None:
    """Where an incident's keyword or `!` stands: first in the text, or after what reads by itself."""
    found = [(item.start, item.end) for item in items if item.code == Code.INCIDENT][:1]
    for bang in _BANG.finditer(folded):
        # "412 ! thanks" only shouts: further on, a `!` needs words of its own
        words = [i for i in items if i.start >= bang.end() and i.code not in (Code.POLITE, Code.FILLER)]
        if not folded[: bang.start()].strip() or len(words) > 1:
            found.append((bang.start(), bang.end()))
            break
    if not found:
        return None
    start, end = min(found)
    if any(item.start < start and item.code in _NOT_BEFORE_INCIDENT for item in items):
        return None
    return start, end


def _incident(text: str, items: list[Item], keyword: tuple[int, int], sender: "_Sender") -> list[Reading]:
    """The incident whose words follow the keyword, verbatim; a question where no words follow."""
    after = [item for item in items if item.start >= keyword[1]]
    start = keyword[1]
    first = after[0] if after else None
    if first and first.code == Code.PLACE and any(map(str.isdigit, first.text)):
        start = first.end  # `! 12-03 machine down`
    words = text[origin(text, start) :].strip().lstrip(_EDGE)
    if not any(map(str.isalpha, words)):
        numbers = [item.value for item in after if item.code == Code.NUMBER]
        guess = str(numbers[0]) if len(numbers) == 1 else None
        return [sender.reading(Kind.QUESTION, question="incident", guess=guess)]
    places = {item.ids for item in after if item.code == Code.PLACE}
    incident = sender.reading(Kind.INCIDENT, text=words)
    return sender.placed(incident, places.pop() if len(places) == 1 else ())


@dataclass(slots=True)
class _Sender:
    """Who texted, from where and when: what turns a clause into readings."""

    roster: Roster
    watcher: Watcher | None
    own: tuple[PrecinctId, ...]
    unknown: bool
    sent_at: datetime

    def reading(
        self, kind: Kind, text: str | None = None, question: str | None = None, guess: str | None = None
    ) -> Reading:
        return Reading(kind, text=text, question=question, guess=guess, unknown_sender=self.unknown)

    def asked(self, ask: Ask) -> Reading:
        return self.reading(Kind.QUESTION, question=ask.question, guess=ask.guess)

    def all_readings(self, clauses: list[Clause]) -> list[Reading]:
        """The readings of a text's clauses; a question alone, where one of them has to be asked about."""
        try:
            return [reading for clause in clauses for reading in self.readings(clause)]
        except Ask as ask:
            return [self.asked(ask)]

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
            where = tuple(p for place in ids for p in self.roster.filed_under(clause.kind, place))
            if clause.kind == Kind.VOTERS and len(where) > 1:  # each precinct numbers its own roll
                raise Ask("which_precinct", wording(replace(clause, ids=where[:1])))
            return where
        raise Ask("which_precinct", wording(replace(clause, ids=self.own[:1])) if self.own else None)

    def readings(self, clause: Clause) -> list[Reading]:
        """The readings of a clause: one, or one a precinct. Raises `Ask`."""
        return [self._reading(clause, precinct_id) for precinct_id in self._precincts(clause)]

    def _reading(self, clause: Clause, precinct_id: PrecinctId | None) -> Reading:
        precinct = self.roster.place(precinct_id)
        observed_at = None
        if clause.clock:
            early = clause.kind in (Kind.HERE, Kind.AWAY)
            observed_at = moment(clause.clock, self.sent_at, self.roster.day, precinct, early)
            if observed_at is None:
                bare = wording(replace(clause, clock=None))
                raise Ask("time", bare)
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
        )
