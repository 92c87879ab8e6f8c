"""Which precinct a word, an id or a name means. Built once a roster; a shared name stays ambiguous."""

import re
from dataclasses import dataclass, field
from typing import Any, TypeVar

from election.domain.ids import PrecinctId
from election.domain.roster import Roster
from intake.reading.grammar.fold import fold
from intake.reading.grammar.tokens import plain_words
from intake.reading.grammar.words import lengths_by_first_word, vocabulary

Ids = tuple[PrecinctId, ...]
_KEPT = (
    8  # roster versions: the one in force, and those that messages waiting in the journal were read against
)
REMEMBERED = 2_048  # texts a roster, some 1 KB each
REMEMBERED_LENGTH = 24  # characters; longer texts are rarely said twice
T = TypeVar("T")
SHORTEST_SITE = 3  # letters of a site's id without a digit: "a 412" must not name the site A
_NOT_ALNUM = re.compile(r"[\W_]+")
_ONE_WORD = re.compile(r"[^\W_]+(?:-[^\W_]+)*")  # what the tokeniser takes as one
_ZEROS = re.compile(r"(?<!\d)0+(?=\d)")


class Remembered(dict[str, T]):
    """What short texts were found to mean: watchers word alike. Never change what is in here."""

    def keep(self, text: str, meaning: T) -> None:
        """Remembers it, unless the text is long."""
        if len(text) <= REMEMBERED_LENGTH:
            if len(self) >= REMEMBERED:
                self.clear()
            self[text] = meaning


@dataclass(frozen=True, slots=True)
class PlaceVocabulary:
    """`ids` by compact id or one-word name; `names` by phrase, with their `lengths` by first word.

    `items_before`: a folded text's items. `clauses_before`: a text's clauses, where they are anybody's.
    `exact` by id as it stands on the roster: it wins over one that only looks alike (11-1 is not 1-11).
    `written`: ids that the tokeniser would part.
    `loose` forgives leading zeros (`12-1` for `12-01`): good for a guess, never for a reading.
    """

    ids: dict[str, Ids]
    names: dict[str, Ids]
    lengths: dict[str, tuple[int, ...]]
    loose: dict[str, Ids]
    exact: dict[str, Ids] = field(default_factory=dict)
    written: dict[str, Ids] = field(default_factory=dict)
    items_before: Remembered[Any] = field(default_factory=Remembered, repr=False, compare=False)
    clauses_before: Remembered[Any] = field(default_factory=Remembered, repr=False, compare=False)

    def named_by_id(self, word: str) -> Ids:
        """The precincts whose id the word is, or, where none is written so, may be."""
        return self.exact.get(word) or self.ids.get(compact(word), ())

    def named(self, words: list[str], start: int) -> tuple[Ids, int] | None:
        """The longest name that begins at `start`, and how many words it takes."""
        for length in self.lengths.get(words[start], ()):
            if start + length <= len(words):
                ids = self.names.get(" ".join(words[start : start + length]))
                if ids is not None:
                    return ids, length
        return None


def compact(folded: str) -> str:
    """An id without dashes and dots."""
    return _NOT_ALNUM.sub("", folded)


def without_zeros(folded: str) -> str:
    """An id as somebody types it who leaves out leading zeros."""
    return _ZEROS.sub("", folded)


def _places_of(roster: Roster) -> PlaceVocabulary:
    ids: dict[str, list[PrecinctId]] = {}
    names: dict[str, list[PrecinctId]] = {}
    loose: dict[str, list[PrecinctId]] = {}
    exact: dict[str, Ids] = {}
    written: dict[str, Ids] = {}
    phrases: list[list[str]] = []

    def add(index: dict[str, list[PrecinctId]], key: str, precinct_id: PrecinctId) -> bool:
        known = index.setdefault(key, [])
        if precinct_id not in known:
            known.append(precinct_id)
        return len(known) == 1

    commands = vocabulary().plain
    for precinct in roster.precincts.values():
        precinct_id = precinct.precinct_id
        folded = fold(precinct_id)
        exact[folded] = (precinct_id,)
        if compact(folded) != folded and not _ONE_WORD.fullmatch(folded) and " " not in folded:
            written[folded] = (precinct_id,)
        add(ids, compact(folded), precinct_id)
        add(loose, without_zeros(folded), precinct_id)
        for name in (precinct_id, precinct.name, *precinct.aliases):
            words = plain_words(fold(name))
            phrase = " ".join(words)
            # A name that is only a number, or a word of the grammar, would turn counts into places.
            if not words or phrase in commands or all(word.isdigit() for word in words):
                continue
            if len(words) == 1 and any(map(str.isdigit, phrase)):
                add(ids, compact(phrase), precinct_id)
            elif add(names, phrase, precinct_id):
                phrases.append(words)
        id_words = _NOT_ALNUM.sub(" ", folded).split()
        if len(id_words) > 1 and not id_words[0].isdigit() and add(names, " ".join(id_words), precinct_id):
            phrases.append(id_words)
    for site in roster.sites:  # by its id alone, where no precinct is called so: a name means the precincts
        words = plain_words(fold(site))
        phrase = " ".join(words)
        short = len(phrase) < SHORTEST_SITE and not any(map(str.isdigit, phrase))
        if short or not words or phrase in commands or all(map(str.isdigit, words)) or phrase in names:
            continue
        if len(words) == 1 and any(map(str.isdigit, phrase)):
            if compact(phrase) not in ids:
                add(ids, compact(phrase), PrecinctId(site))
        elif add(names, phrase, PrecinctId(site)):
            phrases.append(words)
    by_id = {key: exact.get(key) or tuple(found) for key, found in ids.items()}  # `111` is 111, never 1-11
    return PlaceVocabulary(
        by_id,
        {key: tuple(found) for key, found in names.items()},
        lengths_by_first_word(phrases),
        {key: tuple(found) for key, found in loose.items()},
        exact,
        written,
    )


_cache: dict[str, PlaceVocabulary] = {}


def places_of(roster: Roster) -> PlaceVocabulary:
    """The index of a roster's precincts, kept for the last few roster versions."""
    places = _cache.get(roster.version)
    if places is None:
        places = _places_of(roster)
        while len(_cache) >= _KEPT:
            _cache.pop(next(iter(_cache)), None)
        _cache[roster.version] = places
    return places
