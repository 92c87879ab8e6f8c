"""The shape of a text: its items become clauses, each one report, or it has to be asked about.

What has no business beside a report is judged here, and numbers that stand where a precinct must become one;
the rest is `parse`'s. Anything that fits two shapes raises `Ask`.
"""

import re
from dataclasses import replace

from election.domain.checkin import COUNTED, Kind
from election.domain.ids import PrecinctId
from intake.reading.grammar.clause import EMERGENCY_NUMBERS, Ask, Clause, wordings
from intake.reading.grammar.items import Item, codes_of
from intake.reading.grammar.parse import NUMBERS, NUMERIC, Parse, count_of
from intake.reading.grammar.spelled import has_number_words, with_numbers
from intake.reading.grammar.words import Code

# 412, 412 votes, 12-03 412: most of what is texted all day
PLAIN = frozenset(f"{place}{number}{votes}" for place in ("", "P") for number in "NG" for votes in ("", "v"))

_DROPPED = (
    Code.FILLER,
    Code.POLITE,
    Code.OTHERS,
    Code.YES,
    Code.OKAY,
    Code.THANKS,
    Code.BUT,
)  # said beside a number
# Words that have no business beside a report: unknown ones, and commands that only stand alone.
_STRAY = frozenset(
    {Code.UNKNOWN, Code.STOP, Code.START, Code.HELP, Code.READY, Code.TEXTING, Code.NONE, Code.INCIDENT,
     Code.NO, Code.WAIT, Code.GONE, Code.DEPARTED, Code.REFUSE, Code.MORE, Code.MEASURE, Code.ASKING}
)  # fmt: skip
# Words that go, or mean something else beside others, before a text's shape is looked at.
_UNSETTLED = frozenset({*_DROPPED, Code.VOTERS, Code.VOTED, Code.WAIT})
_NOT_BEFORE_NUMBER = str.maketrans({Code.PLACE: None, Code.CLOCK: None, Code.PRECINCT: None})
_LEAVING = frozenset({Code.AWAY, Code.PLACE, Code.CLOCK, Code.HERE, Code.AND, Code.PRECINCT, Code.FINAL})
_OF_LINES = frozenset({Code.LINE, Code.QUEUE})
_OBJECTIONS = (Code.NO, Code.NONE)
_NO_GUESS = frozenset({Code.STOP, Code.REFUSE, Code.MORE, Code.START, Code.AWAY, Code.DEPARTED, Code.MEASURE})
_PUT_RIGHT = re.compile(r"(P?)[NG]v?(F[NG]v?)")  # "412 should be 421"
_INTERRUPTS = frozenset({Code.WAIT, Code.NO, Code.NONE})
_FILLER_NUMBER = Code.FILLER + Code.NUMBER
_HEARD_AS_DIGITS = frozenset({"for", "fore"})
_SECOND_HALF = 100  # what follows a hundred that was heard as a word: "for 12"
MOST_STRANGE = 6  # words nobody knows beside a number, beyond which no guess is worth a word
LONGEST_BARE_WAIT = 90  # minutes: "wait 45" is a line; "wait 421" corrects itself


def clauses_of(items: list[Item], own: tuple[PrecinctId, ...], known: bool, doubt: bool) -> list[Clause]:
    """The clauses of a text; none where it cannot be read. Raises `Ask`.

    `own`: the sender's precincts; `known`: whether the roster knows the sender; `doubt`: a question mark.
    """
    whole, shape = items, codes_of(items)
    if not doubt and shape in PLAIN:
        clause = count_of(items, Kind.COUNT)
        clause.bare = len(items) == 1
        return [clause]
    if not _UNSETTLED.isdisjoint(shape):
        if _FILLER_NUMBER in shape and _misheard(items):
            raise Ask("number")
        others = Code.OTHERS in shape
        items = _with_waits(_without_fillers(items))
        if others:  # "they are leaving": what is said of others is not said of the sender
            items = [replace(i, code=Code.DEPARTED) if i.code == Code.AWAY else i for i in items]
        shape = codes_of(items)
    if Code.FIX in shape and (right := _PUT_RIGHT.fullmatch(shape)):
        items = [*items[: len(right[1])], *items[right.start(2) :]]
        shape = codes_of(items)
    if not doubt and shape in PLAIN:
        clause = count_of(items, Kind.COUNT)
        clause.bare = len(items) == 1
        return [clause]
    numeric = not NUMERIC.isdisjoint(shape)
    if not numeric and Code.UNKNOWN in shape and has_number_words(items):
        spelled = with_numbers(items)
        if spelled is not None:
            if _misheard(with_numbers(whole) or []):  # "for twelve"
                raise Ask("number")
            said = clauses_of(spelled, own, known, doubt)
            if any(clause.votes in EMERGENCY_NUMBERS for clause in said):  # "nine eleven"
                raise Ask("emergency", f"{said[0].votes} votes")
            raise Ask("spelled", wordings(said))
    if shape[:1] in _OBJECTIONS and shape.lstrip("".join(_OBJECTIONS))[:1] == Code.FIX:
        items = [item for item in items if item.code not in _OBJECTIONS]  # "sorry, meant 421"
        shape = codes_of(items)
    if shape[:1] in _OBJECTIONS and shape.lstrip("".join(_OBJECTIONS)) in PLAIN:
        clause = count_of([item for item in items if item.code not in _OBJECTIONS], Kind.FIX)
        clause.corrects = True
        return [clause]
    if Code.AWAY in shape and not _LEAVING.issuperset(shape):
        if not numeric:  # "the voters have left": not the sender
            return []
        items = [item for item in items if item.code != Code.AWAY]
        shape = codes_of(items)
    if not _STRAY.isdisjoint(shape):
        codes = set(shape)
        if Code.NONE in codes and codes <= {Code.NONE, Code.LINE, Code.QUEUE} and len(codes) > 1:
            raise Ask("line", "LINE 0")
        if not numeric:
            return _wait_without_number(codes)
        if Code.MORE in codes:
            raise Ask("more")
        rest = [item for item in items if item.code not in _STRAY]
        raise Ask("words", _guess(rest, own, known) if _worth_a_guess(items) else None)
    about = Code.ABOUT in shape
    if about or Code.SAME in shape:
        if Code.SAME in shape and not numeric:
            raise Ask("same")
        items = [item for item in items if item.code not in (Code.ABOUT, Code.SAME)]
    if len(items) > 1:
        items = _with_places(items, own, known)
    clauses = Parse(list(items), own).clauses()
    if about and any(clause.kind in COUNTED for clause in clauses):
        raise Ask("about", wordings(clauses))
    if doubt and clauses:
        raise Ask("doubt", wordings(clauses))
    return clauses


def _misheard(items: list[Item]) -> bool:
    """Whether a phone that was spoken to may have written "four twelve" as "for 12"."""
    return any(
        item.text in _HEARD_AS_DIGITS
        and (after := items[at + 1 : at + 2])
        and after[0].code == Code.NUMBER
        and (after[0].value or 0) < _SECOND_HALF
        and not any(i.code in NUMERIC or i.code == Code.PLACE for i in (*items[:at], *items[at + 2 :]))
        for at, item in enumerate(items)
    )


def _wait_without_number(codes: set[str]) -> list[Clause]:
    """Nothing, unless a wait is told in words alone: "an hour and a half wait"."""
    if not codes.isdisjoint({*_OF_LINES, Code.WAIT}) and not codes.isdisjoint({Code.HOURS, Code.MINUTES}):
        raise Ask("line")
    return []


def _worth_a_guess(items: list[Item]) -> bool:
    """Whether strange words are about the one number: "412 crazy in here", not "be there in 10"."""
    shape = codes_of(items)
    if not _NO_GUESS.isdisjoint(shape) or shape.count(Code.UNKNOWN) > MOST_STRANGE:
        return False
    numbers = [at for at, code in enumerate(shape) if code in NUMERIC]
    if len(numbers) != 1 or shape[numbers[0]] not in NUMBERS:
        return False
    before = shape[: numbers[0]].translate(_NOT_BEFORE_NUMBER)
    if before and set(before) <= _INTERRUPTS and _close(items, numbers[0]):
        before = ""  # "wait 421", "wait no 421"
    after = shape[numbers[0] + 1 : numbers[0] + 3]
    if Code.GONE in shape[max(0, numbers[0] - 2) : numbers[0]]:
        return False
    beyond = shape[numbers[0] + 1 : numbers[0] + 4]
    if Code.GONE in beyond and _OF_LINES.isdisjoint(beyond[: beyond.index(Code.GONE)]):
        return False  # "50 ballots left", not "412 so far, line out the door"
    if after[:1] in (Code.MINUTES, Code.HOURS):
        return False
    beside = shape[max(0, numbers[0] - 1) : numbers[0] + 2]
    return not before or Code.VOTES in beside


def _close(items: list[Item], at: int) -> bool:
    """Whether at most a comma stands before the item."""
    return items[at].start - items[at - 1].end <= 2


def _with_waits(items: list[Item]) -> list[Item]:
    """ "Wait" as a line where an amount says so, else as what interrupts the sender."""
    out: list[Item] = []
    for at, item in enumerate(items):
        if item.code == Code.WAIT and _is_line(items, at):
            item = replace(item, code=Code.LINE)
        out.append(item)
    return out


def _is_line(items: list[Item], at: int) -> bool:
    after = items[at + 1] if at + 1 < len(items) else None
    unit = items[at + 2].code if at + 2 < len(items) else None
    before = items[at - 1].code if at else None
    if before in (Code.MINUTES, Code.HOURS, Code.PEOPLE):
        return True
    if after is None or after.code not in NUMBERS or after.value is None:
        return False
    close = after.start - items[at].end <= 1
    return unit in (Code.MINUTES, Code.HOURS, Code.PEOPLE) or (
        close and at == 0 and after.value <= LONGEST_BARE_WAIT and not before
    )


def _guess(items: list[Item], own: tuple[PrecinctId, ...], known: bool) -> str | None:
    try:
        return wordings(clauses_of(items, own, known, False))
    except Ask as ask:
        numbers = [item.value for item in items if item.code in NUMBERS]
        return ask.guess or (str(numbers[0]) if len(numbers) == 1 else None)


def _without_fillers(items: list[Item]) -> list[Item]:
    """The items that say something. "voted so far 412", "people voted: 412": there it is a noun."""
    out: list[Item] = []
    for index, item in enumerate(items):
        if item.code in _DROPPED:
            continue
        if item.code in (Code.VOTERS, Code.VOTED):
            before = items[index - 1].code if index else None
            after = items[index + 1].code if index + 1 < len(items) else None
            if before in (Code.VOTES, Code.PEOPLE, Code.FILLER) or after == Code.FILLER:
                item = replace(item, code=Code.VOTES)
        out.append(item)
    return out


def _with_places(items: list[Item], own: tuple[PrecinctId, ...], known: bool) -> list[Item]:
    """Numbers that stand where a precinct must become places: after "precinct", or before another number."""
    out: list[Item] = []
    in_rolls = False
    for index, item in enumerate(items):
        following = items[index + 1] if index + 1 < len(items) else None
        if item.code in (Code.VOTERS, Code.VOTED):
            in_rolls = True
        elif item.code not in (*NUMBERS, Code.RANGE, Code.PLACE, Code.AND, Code.TO, Code.PRECINCT):
            in_rolls = False
        if item.code == Code.PRECINCT:
            if in_rolls and item.text == "#":
                continue
            unknown = following is not None and following.code in NUMBERS and not following.ids
            if following and (unknown or following.code == Code.RANGE):
                number = following.value if following.code in NUMBERS else None
                silent = number is None or item.text == "#"
                raise Ask("unknown_precinct", None if silent else str(number))
            continue
        if item.code == Code.NUMBER and item.ids:
            after_word = index > 0 and items[index - 1].code == Code.PRECINCT
            before_number = following is not None and following.code in NUMBERS
            first = not out or out[-1].code != Code.PLACE
            # An id of digits alone reads like a count: only the sender's own is taken without its `P`.
            plain = any(precinct_id.isdigit() for precinct_id in item.ids)
            ours = not known or not plain or any(precinct_id in own for precinct_id in item.ids)
            if after_word or (before_number and first and ours and not in_rolls):
                item = replace(item, code=Code.PLACE)
        out.append(item)
    return out
