"""The shape of a text: its items become clauses, each one report, or it has to be asked about.

What has no business beside a report is judged here, and numbers that stand where a precinct must become one;
the rest is `parse`'s. Anything that fits two shapes raises `Ask`.
"""

import re
from dataclasses import replace

from election.domain.checkin import COUNTED, Kind
from election.domain.ids import PrecinctId
from intake.reading.grammar.clause import Ask, Clause, wordings
from intake.reading.grammar.items import Item, codes_of
from intake.reading.grammar.parse import NUMBERS, NUMERIC, Parse, count_of
from intake.reading.grammar.words import Code

PLAIN = re.compile(r"P?[NG]v?")  # 412, 412 votes, 12-03 412: most of what is texted all day

_DROPPED = (Code.FILLER, Code.POLITE)
# Words that have no business beside a report: unknown ones, and commands that only stand alone.
_STRAY = frozenset(
    {Code.UNKNOWN, Code.STOP, Code.START, Code.HELP, Code.READY, Code.TEXTING, Code.NONE, Code.INCIDENT}
)


def clauses_of(items: list[Item], own: tuple[PrecinctId, ...], known: bool, doubt: bool) -> list[Clause]:
    """The clauses of a text; none where it cannot be read. Raises `Ask`.

    `own`: the sender's precincts; `known`: whether the roster knows the sender; `doubt`: a question mark.
    """
    items = _without_fillers(items)
    shape = codes_of(items)
    if not doubt and PLAIN.fullmatch(shape):
        return [count_of(items, Kind.COUNT)]
    numeric = not NUMERIC.isdisjoint(shape)
    if not _STRAY.isdisjoint(shape):
        codes = set(shape)
        if Code.NONE in codes and codes <= {Code.NONE, Code.LINE, Code.QUEUE} and len(codes) > 1:
            raise Ask("line", "LINE 0")
        if not numeric:
            return []
        rest = [item for item in items if item.code not in _STRAY]
        raise Ask("words", _guess(rest, own, known))
    about = Code.ABOUT in shape
    if about or Code.SAME in shape:
        if Code.SAME in shape and not numeric:
            raise Ask("same")
        items = [item for item in items if item.code not in (Code.ABOUT, Code.SAME)]
    if len(items) > 1:
        items = _with_places(items, own, known)
    clauses = Parse(items, own).clauses()
    if about and any(clause.kind in COUNTED for clause in clauses):
        raise Ask("about", wordings(clauses))
    if doubt and clauses:
        raise Ask("doubt", wordings(clauses))
    return clauses


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
        if item.code == Code.VOTERS:
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
        if item.code == Code.VOTERS:
            in_rolls = True
        elif item.code not in (*NUMBERS, Code.RANGE, Code.PLACE, Code.AND, Code.TO, Code.PRECINCT):
            in_rolls = False
        if item.code == Code.PRECINCT:
            unknown = following is not None and following.code in NUMBERS and not following.ids
            if following and (unknown or following.code == Code.RANGE):
                number = following.value if following.code in NUMBERS else None
                raise Ask("unknown_precinct", None if number is None else str(number))
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
