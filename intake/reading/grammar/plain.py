"""The short way of a count and nothing else: `412`, `412 votes`, `12-01 412`; most of what is texted.

It says what the long way would say, or nothing: every step of that way has been gone through for texts of
these forms, and tests/intake/reading/test_grammar_properties.py compares the two.
"""

import re
from datetime import datetime
from functools import cache

from election.domain.checkin import Kind, Reading
from election.domain.ids import PrecinctId
from election.domain.roster import Roster
from intake.reading.grammar.clause import EMERGENCY_NUMBERS, Clause
from intake.reading.grammar.danger import danger_words
from intake.reading.grammar.places import PlaceVocabulary, places_of
from intake.reading.grammar.quoted import machine_words, without_phones
from intake.reading.grammar.sender import TextSource
from intake.reading.grammar.words import Code, vocabulary

_COUNT = re.compile(r"(?:([0-9]{1,6}-[0-9]{1,6}) )?([0-9]{1,6})(?: ([A-Za-z]+))?")


def digits_alone(
    text: str, own: tuple[PrecinctId, ...], sent_at: datetime, roster: Roster, at_any_hour: bool
) -> Reading | None:
    """The count that digits are, where they can be nothing else: at the only precinct of their sender, while
    its polls are open. No precinct is called so, and nothing is odd about them.
    """
    if not (text.isdigit() and len(own) == 1 and text.isascii() and len(text) <= 6):
        return None
    if is_emergency(text) or text in places_of(roster).ids:
        return None
    precinct = roster.place(own[0])
    if precinct is None or (not at_any_hour and sent_at < precinct.opens_at(roster.day)):
        return None
    votes = int(text)
    return Reading(Kind.COUNT, own[0], votes, held=precinct.why_held(votes))


def count_alone(text: str, sender: TextSource, places: PlaceVocabulary) -> list[Reading] | None:
    """The count of a text that holds a number, before it an id at most and behind it a word for votes."""
    found = _COUNT.fullmatch(text)
    if found is None:
        return None
    place, number, word = found.groups()
    if number in places.ids or number in numbers_that_say_more() or number in places.lengths:
        return None
    ids: tuple[PrecinctId, ...] = ()
    if place:
        ids = places.named_by_id(place)
        if len(ids) != 1 or place in numbers_that_say_more() or place in places.lengths:
            return None
        if without_phones(text) != text:  # 215-555 1234
            return None
    if word and ((word := word.lower()) not in words_for_votes() or word in places.lengths):
        return None
    plain = counted(Clause(Kind.COUNT, 0, ids, int(number)), sender)
    return sender.judged([plain]) if plain else None


@cache
def numbers_that_say_more() -> frozenset[str]:
    """Numbers that are, or begin, what somebody reads as more than a number: 911, 24/7."""
    firsts = {*vocabulary().lengths, *danger_words().lengths, *machine_words().lengths}
    return frozenset(map(str, EMERGENCY_NUMBERS)) | {word for word in firsts if word[0].isdigit()}


@cache
def words_for_votes() -> frozenset[str]:
    """Single words that say that the number before them is of votes, and nothing else."""
    words = {word for word, code in vocabulary().plain.items() if code == Code.VOTES}
    return frozenset(words - danger_words().plain.keys() - machine_words().plain.keys())


def is_emergency(text: str) -> bool:
    """Whether it is an emergency number and nothing else."""
    return len(text) == 3 and text.isdigit() and int(text) in EMERGENCY_NUMBERS


def counted(clause: Clause, sender: TextSource) -> Reading | None:
    """What a count and nothing else says, of one place or of the sender's only one; None: ask the rest."""
    roster, own = sender.roster, sender.own
    where = clause.ids or own
    if len(where) != 1 or clause.votes is None:
        return None
    precinct = roster.place(where[0])
    held = precinct.why_held(clause.votes) if precinct else None
    off_roster = sender.watcher is not None and not roster.is_own(where[0], own)
    return Reading(
        Kind.COUNT, where[0], clause.votes, held=held, off_roster=off_roster, unknown_sender=sender.unknown
    )
