"""The shape of a text: its items become clauses, each one report, or it has to be asked about.

Commands claim the numbers that belong to them; what is left must be a plain count, or several counts
with their precincts. Anything that fits two shapes raises `Ask`.
"""

import re
from dataclasses import dataclass, replace

from election.checkin import COUNTED, Kind
from election.ids import PrecinctId
from intake.grammar.items import Item, codes_of
from intake.grammar.words import Code

LONGEST_RANGE = 300  # roll numbers in one range: a page or two of the list, not a slip of the thumb
MOST_ROLLS = 500  # roll numbers in one text (1,600 characters hold no more)

_DROPPED = (Code.FILLER, Code.POLITE)
_NUMBERS = (Code.NUMBER, Code.GROUPED)
_NUMERIC = frozenset({Code.NUMBER, Code.GROUPED, Code.ODD, Code.RANGE})
_COMMANDS = frozenset(
    {Code.FIX, Code.FINAL, Code.VOTERS, Code.LINE, Code.QUEUE, Code.HERE, Code.AWAY, Code.UNDO}
)
_IN_COUNTS = str.maketrans({Code.GROUPED: Code.NUMBER, Code.VOTES: None, Code.AND: None, Code.TO: None})
# Words that have no business beside a report: unknown ones, and commands that only stand alone.
_STRAY = frozenset(
    {Code.UNKNOWN, Code.STOP, Code.START, Code.HELP, Code.READY, Code.TEXTING, Code.NONE, Code.INCIDENT}
)
_UNITS = frozenset({Code.MINUTES, Code.HOURS, Code.OCLOCK})
_ONE_COUNT = re.compile(r"T?P?T?NT?P?T?")
PLAIN = re.compile(r"P?[NG]v?")  # 412, 412 votes, 12-03 412: most of what is texted all day
_SEVERAL = re.compile(r"T?(?:PN)+|(?:PNT)+|(?:PTN)+")


class Ask(Exception):  # noqa: N818 - a turn of the conversation, not an error
    """The text could be read two ways. `question` is a catalogue key; `guess` the text that would confirm."""

    def __init__(self, question: str, guess: str | None = None) -> None:
        super().__init__(question)
        self.question = question
        self.guess = guess


@dataclass(slots=True)
class Clause:
    """One report of a text. `ids`: the precincts its words may name; none: the sender's own."""

    kind: Kind
    start: int
    ids: tuple[PrecinctId, ...] = ()
    votes: int | None = None
    clock: tuple[int, int, int, str] | None = None
    rolls: tuple[int, ...] = ()
    minutes: int | None = None
    people: int | None = None
    text: str | None = None


def wording(clause: Clause) -> str:
    """The shortest text that says the same: what a question offers to confirm."""
    match clause.kind:
        case Kind.COUNT:
            words = str(clause.votes)
        case Kind.FIX | Kind.FINAL:
            words = f"{clause.kind.upper()} {clause.votes}"
        case Kind.LINE:
            amounts = [f"{clause.people} people"] if clause.people is not None else []
            amounts += [f"{clause.minutes} min"] if clause.minutes is not None else []
            words = f"LINE {' '.join(amounts)}"
        case Kind.VOTERS:
            words = "V " + " ".join(map(str, clause.rolls))
        case _:
            words = clause.kind.upper()
    if clause.clock and clause.votes is not None:
        hour, minute, _, half = clause.clock
        words += f" at {hour}:{minute:02d}{half and half + 'm'}"
    return f"{clause.ids[0]} {words}" if clause.ids else words


def wordings(clauses: list[Clause]) -> str | None:
    """The shortest text that says all of them; None where there are none."""
    return ", ".join(map(wording, clauses)) or None


def clauses_of(items: list[Item], own: tuple[PrecinctId, ...], known: bool, doubt: bool) -> list[Clause]:
    """The clauses of a text; none where it cannot be read. Raises `Ask`.

    `own`: the sender's precincts; `known`: whether the roster knows the sender; `doubt`: a question mark.
    """
    items = _without_fillers(items)
    shape = codes_of(items)
    if not doubt and PLAIN.fullmatch(shape):
        return [count_of(items, Kind.COUNT)]
    numeric = not _NUMERIC.isdisjoint(shape)
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
    clauses = _Parse(items, own).clauses()
    if about and any(clause.kind in COUNTED for clause in clauses):
        raise Ask("about", wordings(clauses))
    if doubt and clauses:
        raise Ask("doubt", wordings(clauses))
    return clauses


def _guess(items: list[Item], own: tuple[PrecinctId, ...], known: bool) -> str | None:
    try:
        return wordings(clauses_of(items, own, known, False))
    except Ask as ask:
        numbers = [item.value for item in items if item.code in _NUMBERS]
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
        elif item.code not in (*_NUMBERS, Code.RANGE, Code.PLACE, Code.AND, Code.TO, Code.PRECINCT):
            in_rolls = False
        if item.code == Code.PRECINCT:
            unknown = following is not None and following.code in _NUMBERS and not following.ids
            if following and (unknown or following.code == Code.RANGE):
                number = following.value if following.code in _NUMBERS else None
                raise Ask("unknown_precinct", None if number is None else str(number))
            continue
        if item.code == Code.NUMBER and item.ids:
            after_word = index > 0 and items[index - 1].code == Code.PRECINCT
            before_number = following is not None and following.code in _NUMBERS
            first = not out or out[-1].code != Code.PLACE
            # An id of digits alone reads like a count: only the sender's own is taken without its `P`.
            plain = any(precinct_id.isdigit() for precinct_id in item.ids)
            ours = not known or not plain or any(precinct_id in own for precinct_id in item.ids)
            if after_word or (before_number and first and ours and not in_rolls):
                item = replace(item, code=Code.PLACE)
        out.append(item)
    return out


class _Parse:
    """One text on its way from items to clauses."""

    def __init__(self, items: list[Item], own: tuple[PrecinctId, ...]) -> None:
        self.items = items
        self.own = own
        self.claimed = [False] * len(items)
        self.closing = False
        self.out: list[Clause] = []

    def clauses(self) -> list[Clause]:
        """The clauses in the order of the text. Raises `Ask`."""
        if _COMMANDS.isdisjoint(codes_of(self.items)):
            self._counts()
            return self.out
        for at, item in enumerate(self.items):
            match item.code:
                case Code.FIX | Code.FINAL:
                    self._corrected(at, Kind.FIX if item.code == Code.FIX else Kind.FINAL)
                case Code.VOTERS:
                    self._voters(at)
                case Code.LINE | Code.QUEUE:
                    self._line(at)
                case Code.HERE | Code.AWAY | Code.UNDO:
                    self._presence(at, item.code)
                case _:
                    pass
        self._counts()
        counted = any(clause.kind in COUNTED for clause in self.out)
        if counted and any(clause.kind == Kind.UNDO for clause in self.out):
            raise Ask("undo", "UNDO")
        if counted:  # "412 here": who counts is there
            self.out = [clause for clause in self.out if clause.kind != Kind.HERE]
        return sorted(self.out, key=lambda clause: clause.start)

    def _code(self, at: int) -> str | None:
        return self.items[at].code if 0 <= at < len(self.items) and not self.claimed[at] else None

    def _claim(self, start: int, end: int) -> None:
        for at in range(start, end):
            self.claimed[at] = True

    def _place_before(self, at: int) -> tuple[PrecinctId, ...]:
        """The place last named before a command; its own unless a number follows it (then shared)."""
        for earlier in range(at - 1, -1, -1):
            if self.items[earlier].code == Code.PLACE:
                if self.items[earlier + 1].code not in _NUMBERS:
                    self.claimed[earlier] = True
                return self.items[earlier].ids
        return ()

    def _corrected(self, at: int, kind: Kind) -> None:
        item = self.items[at]
        after = at + 1
        place: tuple[PrecinctId, ...] = ()
        led = self._code(at - 1) == Code.PLACE
        if self._code(after) in (Code.VOTES, Code.TO):
            after += 1
        if self._code(after) == Code.PLACE:
            place = self.items[after].ids
            after += 1
        while self._code(after) in (Code.VOTES, Code.TO):
            after += 1
        if self._code(after) not in _NUMBERS:
            if kind == Kind.FINAL and self._code(after) in (None, Code.VOTES, Code.CLOCK, Code.AWAY):
                self.closing = True
                self._claim(at, at + 1)
                return
            raise Ask(kind.value)
        value = self.items[after].value
        after += 1
        clock = None
        while (code := self._code(after)) is not None:
            if code == Code.CLOCK and clock is None:
                clock = self.items[after].clock
            elif code == Code.PLACE and not place and not led and self._code(after + 1) not in _NUMBERS:
                place = self.items[after].ids
            elif code not in (Code.VOTES,):
                break
            after += 1
        if self._code(after) in (*_NUMERIC, Code.TO):
            raise Ask("numbers", None)
        self._claim(at, after)
        self.out.append(Clause(kind, item.start, place or self._place_before(at), value, clock))
        while (
            self._code(after) == Code.PLACE and self._code(after + 1) in _NUMBERS
        ):  # FINAL 12-03 600, 12-04 500
            number = self.items[after + 1]
            self.out.append(Clause(kind, number.start, self.items[after].ids, number.value))
            self._claim(after, after + 2)
            after += 2

    def _presence(self, at: int, code: str) -> None:
        kind = {Code.HERE: Kind.HERE, Code.AWAY: Kind.AWAY, Code.UNDO: Kind.UNDO}[code]
        after = at + 1
        found: list[tuple[PrecinctId, ...]] = []
        while self._code(after) in (Code.PLACE, Code.AND) and self._code(after + 1) not in _NUMBERS:
            if self.items[after].ids:
                found.append(self.items[after].ids)
            after += 1
        self._claim(at, after)
        before = () if found else self._place_before(at)
        for ids in found or [before]:
            self.out.append(Clause(kind, self.items[at].start, ids))

    def _voters(self, at: int) -> None:
        rolls: list[int] = []
        place: tuple[PrecinctId, ...] = ()
        after = at + 1
        while (code := self._code(after)) is not None:
            item = self.items[after]
            if code == Code.NUMBER and item.value is not None:
                ours = any(precinct_id in self.own for precinct_id in item.ids)
                if ours and after == at + 1 and self._code(after + 1) in (*_NUMBERS, Code.RANGE):
                    raise Ask("voters")
                if self._code(after + 1) == Code.TO and self._code(after + 2) == Code.NUMBER:
                    rolls += _range(item.value, self.items[after + 2].value)
                    after += 2
                else:
                    rolls.append(item.value)
            elif code == Code.GROUPED:
                rolls += _ungrouped(item.text)
            elif code == Code.RANGE:
                rolls += _range(item.value, item.other)
            elif code == Code.PLACE:
                spans = item.value is not None and item.other is not None and item.value <= item.other
                if spans or place or rolls:
                    raise Ask("voters")
                place = item.ids
            elif code == Code.ODD:
                if not re.fullmatch(r"\d{3}(?:,\d{3})+", item.text):
                    raise Ask("voters")
                rolls += _ungrouped(item.text)
            elif code not in (Code.AND, Code.VOTES, Code.PEOPLE):
                break
            after += 1
        if not rolls:
            self.items[at] = replace(self.items[at], code=Code.VOTES)
            return
        rolls = list(dict.fromkeys(rolls))
        if len(rolls) > MOST_ROLLS or min(rolls) < 1:
            raise Ask("voters")
        self._claim(at, after)
        start = self.items[at].start
        self.out.append(Clause(Kind.VOTERS, start, place or self._place_before(at), rolls=tuple(rolls)))

    def _amount(self, at: int) -> tuple[int | None, int | None, bool, int] | None:
        """At `at`: minutes, people, whether a unit says so, and how many items; None where no amount."""
        code = self._code(at)
        value = self.items[at].value if code in _NUMBERS else None
        unit = self._code(at + 1)
        if value is None or unit == Code.VOTES:
            return None
        if unit == Code.PEOPLE:
            return None if self._code(at + 2) == Code.VOTES else (None, value, True, 2)
        if unit == Code.MINUTES:
            return value, None, True, 2
        if unit == Code.HOURS:
            extra = self.items[at + 2].value if self._code(at + 2) == Code.NUMBER else None
            if extra is None or extra >= 60 or self._code(at + 3) in (Code.VOTES, Code.PEOPLE):
                return value * 60, None, True, 2
            return value * 60 + extra, None, True, 3 + (self._code(at + 3) == Code.MINUTES)
        return value, None, False, 1

    def _line(self, at: int) -> None:
        item = self.items[at]
        first = at + 1
        place: tuple[PrecinctId, ...] = ()
        while self._code(first) in (Code.TO, Code.LINE, Code.QUEUE):
            first += 1
        if self._code(first) == Code.PLACE and self._code(first + 1) in _NUMBERS:
            place = self.items[first].ids
            first += 1
        ahead = self._amount(first)
        behind, behind_at = None, at
        for length in (4, 3, 2):
            found = self._amount(at - length) if at >= length else None
            if found and found[2] and found[3] == length:
                behind, behind_at = found, at - length
                break
        if behind is None and item.code == Code.QUEUE:
            number = self.items[at - 1].value if self._code(at - 1) in _NUMBERS else None
            if number is not None:
                behind, behind_at = (None, number, False, 1), at - 1
        if ahead and behind and not (ahead[2] and behind[2]):
            if item.code == Code.QUEUE and not ahead[2] and behind[2]:
                ahead = None  # "120 people in line, 412"
            else:
                raise Ask("line")
        if not ahead and not behind:
            raise Ask("line")
        end = first + ahead[3] if ahead else first
        if ahead and not ahead[2] and self._code(end) in _NUMERIC and self._adjacent(end):
            raise Ask("numbers")
        minutes = people = None
        for amount in (ahead, behind):
            if amount:
                minutes = amount[0] if amount[0] is not None else minutes
                people = amount[1] if amount[1] is not None else people
        self._claim(behind_at, at + 1)
        self._claim(at, end)
        place = place or self._place_before(behind_at)
        self.out.append(Clause(Kind.LINE, item.start, place, minutes=minutes, people=people))

    def _adjacent(self, at: int) -> bool:
        """Whether only a space stands before the item at `at`."""
        return self.items[at].start - self.items[at - 1].end <= 1

    def _counts(self) -> None:
        left = [item for at, item in enumerate(self.items) if not self.claimed[at]]
        if not left:
            if self.closing:
                raise Ask("final")
            return
        codes = codes_of(left)
        shape = codes.translate(_IN_COUNTS)
        if Code.PEOPLE in shape and Code.VOTES in codes:
            shape = shape.replace(Code.PEOPLE, "")
        if _ONE_COUNT.fullmatch(shape) and shape.count("P") <= 1 and shape.count("T") <= 1:
            self.out.append(count_of(left, Kind.FINAL if self.closing else Kind.COUNT))
            return
        if Code.ODD in codes or Code.RANGE in codes:
            numbers = [item.value for item in left if item.code in _NUMERIC]
            guess = str(numbers[0]) if len(numbers) == 1 and numbers[0] is not None else None
            if Code.RANGE in codes and "N" in shape:
                near = [item.ids for item in left if item.code == Code.RANGE]
                counts = [item.value for item in left if item.code in _NUMBERS]
                sure = len(near) == len(counts) == 1 and len(near[0]) == 1
                raise Ask("unknown_precinct", f"{near[0][0]} {counts[0]}" if sure else None)
            raise Ask("number", guess)
        if not _UNITS.isdisjoint(codes):
            raise Ask("number")
        numbers = [item.value for item in left if item.code in _NUMBERS]
        if Code.PEOPLE in codes and numbers and Code.VOTES not in codes:
            raise Ask("people", str(numbers[0]) if len(numbers) == 1 else None)
        parts = [item for item in left if item.code in (*_NUMBERS, Code.PLACE, Code.CLOCK)]
        if "N" not in shape:
            self._loose_ends(parts)
        elif _SEVERAL.fullmatch(shape) and not self.closing:
            self._several(parts, shape)
        else:
            guess = str(numbers[0]) if len(set(numbers)) == 1 else None
            raise Ask("numbers", guess)

    def _several(self, parts: list[Item], shape: str) -> None:
        shared = None
        if shape.startswith("TP"):
            shared, parts = parts[0].clock, parts[1:]
        size = 3 if not shared and "T" in shape else 2
        for at in range(0, len(parts), size):
            clause = count_of(parts[at : at + size], Kind.COUNT)
            clause.clock = clause.clock or shared
            self.out.append(clause)
        named = [clause.ids for clause in self.out if clause.kind == Kind.COUNT]
        if len(set(named)) < len(named):
            raise Ask("numbers")

    def _loose_ends(self, parts: list[Item]) -> None:
        """A place or a time without a number: it belongs to the commands, or asks for one."""
        if self.closing:
            raise Ask("final")
        places = [item for item in parts if item.code == Code.PLACE]
        clocks = [item for item in parts if item.code == Code.CLOCK]
        if not self.out:
            if parts:
                guess = None
                raise Ask("place_only" if places else "number", guess)
            return
        if len(places) > 1 or len(clocks) > 1:
            raise Ask("numbers")
        for clause in self.out:
            if places and not clause.ids:
                clause.ids = places[0].ids
            if clocks and not clause.clock:
                clause.clock = clocks[0].clock


def count_of(parts: list[Item], kind: Kind) -> Clause:
    """One count, with the place and the time that stand beside it."""
    clause = Clause(kind, parts[0].start)
    for item in parts:
        if item.code == Code.PLACE:
            clause.ids = item.ids
        elif item.code == Code.CLOCK:
            clause.clock = item.clock
        elif item.code in _NUMBERS:
            clause.votes = item.value
    return clause


def _range(first: int | None, last: int | None) -> list[int]:
    """Roll numbers from `first` to `last`; a reversed or endless range is asked about."""
    if first is None or last is None or last < first or last - first >= LONGEST_RANGE:
        raise Ask("voters")
    return list(range(first, last + 1))


def _ungrouped(text: str) -> list[int]:
    """`101,102,103` typed without spaces is a list; `1,204` could be one number or two."""
    groups = text.split(",")
    if len(groups) == 2 and len(groups[0]) < 3:
        raise Ask("voters")
    return [int(group) for group in groups]
