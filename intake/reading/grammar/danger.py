"""Danger: which sentences of a text report it, and which say that it is over. Before all else is read.

A sentence is an alarm where one of its words is one alone (`knife`, `turned away`), where it names a thing
that voting needs and what is wrong with it (`machine` and `broken`, `out of` and `ballots`), or where two
words near one another say so together (`sent` her `home`, `asking` people for a `passport`). Names of places
are taken out first, so that a fire house is no fire.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

from intake.languages.catalogues import Catalogue, load_catalogues
from intake.reading.grammar.clause import EMERGENCY_NUMBERS
from intake.reading.grammar.fold import bare, composed, fold, fold_marked
from intake.reading.grammar.tokens import FoldedText, Token, plain_words
from intake.reading.grammar.words import TONAL, Vocabulary, WordLists, vocabulary_of

_CALM, _ALONE, _SOLVED, _TROUBLE, _LACK, _THING = "calm", "alone", "solved", "trouble", "lack", "thing"
_SUPPOSED, _ENDED = "supposed", "ended"
_ALARMING = ("safety", "voter_turned_away", "late_opening")  # categories whose words are alarms by themselves
_ENDS = frozenset(".!?;\n")
_URGENT = "urgent"
_EMERGENCY_DIGITS = frozenset(map(str, EMERGENCY_NUMBERS))
_HOLDS_EMERGENCY = re.compile("|".join(sorted(_EMERGENCY_DIGITS)))
_APART = "apart"
_GAP = 5  # words at most between the two of `sent * home`
_STARTS = "starts"
_NEAR = 2  # words between what is lacking and the word that says so: "no more paper ballots"

Span = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Alarm:
    """`spans`: where in the folded text the words stand that say so. `over`: it was, and is no more.

    `calm`: where words stand that deny it, so that "no machine issues" names no issue.
    """

    raised: bool = False
    over: bool = False
    spans: tuple[Span, ...] = ()
    calm: tuple[Span, ...] = ()


NO_ALARM = Alarm()


@cache
def danger_words() -> Vocabulary:
    """Words that report danger, or its end."""

    def words_of(catalogue: Catalogue) -> WordLists:
        categories = [term for name in _ALARMING for term in catalogue.incidents.get(name, ())]
        alone = (*catalogue.danger.get(_ALONE, ()), *(t for t in categories if not t.isdigit()))
        return {**catalogue.danger, _ALONE: alone}

    return vocabulary_of(
        {name: name for name in (_CALM, _SUPPOSED, _ENDED, _ALONE, _SOLVED, _TROUBLE, _LACK, _THING)},
        words_of,
    )


Pair = tuple[tuple[str, ...], tuple[str, ...]]


@cache
def pairs_apart() -> dict[str, tuple[Pair, ...]]:
    """Words that report danger with others between them, by the first: `sent * home`.

    As they are written, and without accents where a language can be read so.
    """
    found: dict[str, dict[Pair, None]] = {}
    for language, catalogue in load_catalogues().items():
        for term in catalogue.danger.get(_APART, ()):
            written = [tuple(plain_words(fold_marked(composed(part)))) for part in term.split("*")]
            ways = [written]
            if language not in TONAL:
                ways.append([tuple(map(bare, part)) for part in written])
            for first, second in ways:
                found.setdefault(first[0], {})[first, second] = None
    return {word: tuple(pairs) for word, pairs in found.items()}


@cache
def starting_words() -> frozenset[str]:
    """Words that begin a sentence of its own behind a count: "412 they wont let me in"."""
    terms = (term for c in load_catalogues().values() for term in c.danger.get(_STARTS, ()))
    return frozenset(plain_words(fold_marked(composed(term)))[0] for term in terms)


def may_alarm(text: FoldedText) -> bool:
    """Whether any word of a text is one of danger; most texts have none."""
    return danger_words().may_be_in(text.words, text.marked) or not pairs_apart().keys().isdisjoint(
        text.words
    )


def _apart(words: list[str], at: int) -> int:
    """Where two words end that say danger together, from `at`; 0 where none do."""
    for first, second in pairs_apart().get(words[at], ()):
        behind = at + len(first)
        if tuple(words[at:behind]) != first:
            continue
        size = len(second)
        for start in range(behind, min(behind + _GAP + 1, len(words) - size + 1)):
            if tuple(words[start : start + size]) == second:
                return start + size
    return 0


def alarm_of(tokens: Sequence[Token], text: FoldedText, names: Sequence[Span]) -> Alarm:
    """What a text's tokens report. `names`: where names and ids of places stand."""
    folded, marked = text.folded, text.marked
    taken = iter(names)
    name = next(taken, None)
    kept: list[Token] = []
    for token in tokens:
        while name and name[1] <= token.start:
            name = next(taken, None)
        if not (name and name[0] <= token.start):
            kept.append(token)
    words = [token.text for token in kept]
    find, raised, over = danger_words().find, False, False
    spans: list[Span] = []
    calm: list[Span] = []
    said: list[tuple[str, int, int]] = []  # of this sentence: what, from which word, up to which
    at, n = 0, len(words)
    pairs = pairs_apart()
    while at < n:
        if words[at] in pairs and (end := _apart(words, at)) and not _ends_between(kept[at:end], folded):
            said.append((_ALONE, at, end))
        known = find(words, at, marked)
        length = known[1] if known else 1
        denied = bool(known and known[0] == _ALONE and said and said[-1][0] == _LACK and said[-1][2] == at)
        if known and known[0] in _CODES and not denied:  # "no guns"
            said.append((known[0], at, at + length))
            if known[0] == _CALM:
                calm.append((kept[at].start, kept[at + length - 1].end))
        at += length
        if said and (at == n or not _ENDS.isdisjoint(folded[kept[at - 1].end : kept[at].start])):
            calm += [(kept[a].start, kept[at - 1].end) for code, a, _ in said if code == _SUPPOSED]
            if said[-1][0] == _ENDED and said[-1][2] == at:
                said[-1] = (_SOLVED, *said[-1][1:])
            alarming, ended = _judged(said)
            raised, over = raised or alarming, over or ended
            if alarming or ended:
                spans += [(kept[a].start, kept[b - 1].end) for _, a, b in said]
            said = []
    if not raised and not over and not calm:
        return NO_ALARM
    return Alarm(raised, over and not raised, tuple(spans), tuple(calm))


def _ends_between(tokens: list[Token], folded: str) -> bool:
    return not _ENDS.isdisjoint(folded[tokens[0].end : tokens[-1].start])


@cache
def urgent_words() -> frozenset[str]:
    """Words that make an emergency number beside them a cry for help, without accents."""
    terms = (term for c in load_catalogues().values() for term in c.danger.get(_URGENT, ()))
    return frozenset(word for term in terms for word in plain_words(fold(term)))


def cries_for_help(text: str) -> bool:
    """Whether a text is an emergency number and words of urgency: "911 please", not "911 votes"."""
    if not _HOLDS_EMERGENCY.search(text):
        return False
    words = plain_words(fold(text))
    numbers = [word for word in words if not word.isalpha()]
    beside = [word for word in words if word.isalpha()]
    return (
        len(numbers) == 1
        and numbers[0] in _EMERGENCY_DIGITS
        and bool(beside)
        and urgent_words().issuperset(beside)
    )


def dangers_in(text: FoldedText) -> tuple[list[str], list[str]]:
    """The words of a text that are an alarm by themselves, and those of things; denials are none."""
    words, marked, find = text.plain_words, text.marked, danger_words().find
    found: dict[str, list[str]] = {_ALONE: [], _THING: []}
    at = 0
    while at < len(words):
        if words[at] in pairs_apart() and (end := _apart(words, at)):
            found[_ALONE].append(" ".join(words[at:end]))
        known = find(words, at, marked)
        length = known[1] if known else 1
        if known and known[0] in found:
            apart = "" if words[at] > "\u2e80" else " "
            found[known[0]].append(apart.join(words[at : at + length]))
        at += length
    return found[_ALONE], found[_THING]


_CODES = frozenset({_CALM, _SUPPOSED, _ENDED, _ALONE, _SOLVED, _TROUBLE, _LACK, _THING})


def _judged(said: list[tuple[str, int, int]]) -> tuple[bool, bool]:
    """Of one sentence: whether it raises an alarm, and whether it says that one is over."""
    supposed = min((a for code, a, _ in said if code == _SUPPOSED), default=None)
    if supposed is not None:  # "who do I call if the machine breaks"
        said = [one for one in said if one[1] < supposed]
    codes = {code for code, _, _ in said}
    trouble = max((a for code, a, _ in said if code == _TROUBLE), default=-1)
    solved = max((a for code, a, _ in said if code == _SOLVED), default=-1)
    things = [(a, b) for code, a, b in said if code == _THING]
    lacks = [(a, b) for code, a, b in said if code == _LACK]
    lacking = any(0 <= a - end <= _NEAR for _, end in lacks for a, _ in things)
    lacking = lacking or (bool(lacks) and any(b == lacks[-1][0] for _, b in things))
    failing = bool(things) and (trouble >= 0 or lacking)
    if solved >= 0 and solved > trouble and (failing or bool(things) or trouble >= 0 or _ALONE in codes):
        first = min((a for code, a, _ in said if code == _ALONE), default=solved + 1)
        return False, first > solved or _only_named(said, solved)
    return _ALONE in codes or failing, False


def _only_named(said: list[tuple[str, int, int]], solved: int) -> bool:
    """Whether every alarm stands before the words that say it is over: "fire alarm was a false alarm"."""
    return all(a < solved for code, a, _ in said if code == _ALONE)
