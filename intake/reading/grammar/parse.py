"""Items become clauses: commands claim the numbers that belong to them, what is left are counts."""

import re
from dataclasses import replace

from election.domain.checkin import COUNTED, Kind
from election.domain.ids import PrecinctId
from intake.reading.grammar.clause import Ask, Clause
from intake.reading.grammar.items import Item, codes_of
from intake.reading.grammar.words import Code

LONGEST_RANGE = 300  # roll numbers in one range: a page or two of the list, not a slip of the thumb
MOST_ROLLS = 500  # roll numbers in one text (1,600 characters hold no more)
NUMBERS = (Code.NUMBER, Code.GROUPED)
NUMERIC = frozenset({Code.NUMBER, Code.GROUPED, Code.ODD, Code.RANGE})

_COMMANDS = frozenset(
    {Code.FIX, Code.FINAL, Code.VOTERS, Code.VOTED, Code.LINE, Code.QUEUE, Code.EMPTY, Code.HERE, Code.AWAY,
     Code.UNDO}
)  # fmt: skip
_IN_COUNTS = str.maketrans({Code.GROUPED: Code.NUMBER, Code.VOTES: None, Code.AND: None, Code.TO: None})
_UNITS = frozenset({Code.MINUTES, Code.HOURS, Code.OCLOCK})
_ONE_COUNT = re.compile(r"T?P?T?NT?P?T?")
_SEVERAL = re.compile(r"T?(?:PN)+|(?:PNT)+|(?:PTN)+")


class Parse:
    """One text on its way from items to clauses."""

    def __init__(self, items: list[Item], own: tuple[PrecinctId, ...]) -> None:
        self.items = items
        self.own = own
        self.claimed = [False] * len(items)
        self.closing = False
        self.out: list[Clause] = []
        self._places_before: list[int | None] = []

    def clauses(self) -> list[Clause]:
        """The clauses in the order of the text. Raises `Ask`."""
        if _COMMANDS.isdisjoint(codes_of(self.items)):
            self._counts()
            return self.out
        self._places_before = _places_before(self.items)
        for at, item in enumerate(self.items):
            match item.code:
                case Code.FIX | Code.FINAL:
                    self._corrected(at, Kind.FIX if item.code == Code.FIX else Kind.FINAL)
                case Code.VOTERS | Code.VOTED:
                    self._voters(at)
                case Code.EMPTY:
                    self._claim(at, at + 1)
                    self.out.append(Clause(Kind.LINE, item.start, self._place_before(at), minutes=0))
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
        if counted:  # "412 here": who counts is there; "412 leaving": whether he leaves is another text's
            self.out = [clause for clause in self.out if clause.kind not in (Kind.HERE, Kind.AWAY)]
        return _once(sorted(self.out, key=lambda clause: clause.start))

    def _code(self, at: int) -> str | None:
        return self.items[at].code if 0 <= at < len(self.items) and not self.claimed[at] else None

    def _claim(self, start: int, end: int) -> None:
        for at in range(start, end):
            self.claimed[at] = True

    def _place_before(self, at: int) -> tuple[PrecinctId, ...]:
        """The place last named before a command; its own unless a number follows it (then shared)."""
        earlier = self._places_before[at]
        if earlier is None:
            return ()
        if self.items[earlier + 1].code not in NUMBERS:
            self.claimed[earlier] = True
        return self.items[earlier].ids

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
        if self._code(after) not in NUMBERS:
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
            elif code == Code.PLACE and not place and not led and self._code(after + 1) not in NUMBERS:
                place = self.items[after].ids
            elif code not in (Code.VOTES,):
                break
            after += 1
        if self._code(after) in (*NUMERIC, Code.TO):
            raise Ask("numbers", None)
        self._claim(at, after)
        self.out.append(Clause(kind, item.start, place or self._place_before(at), value, clock))
        while (
            self._code(after) == Code.PLACE and self._code(after + 1) in NUMBERS
        ):  # FINAL 12-03 600, 12-04 500
            number = self.items[after + 1]
            self.out.append(Clause(kind, number.start, self.items[after].ids, number.value))
            self._claim(after, after + 2)
            after += 2

    def _presence(self, at: int, code: str) -> None:
        kind = {Code.HERE: Kind.HERE, Code.AWAY: Kind.AWAY, Code.UNDO: Kind.UNDO}[code]
        after = at + 1
        found: list[tuple[PrecinctId, ...]] = []
        while self._code(after) in (Code.PLACE, Code.AND) and self._code(after + 1) not in NUMBERS:
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
                if ours and after == at + 1 and self._code(after + 1) in (*NUMBERS, Code.RANGE):
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
        said = self.items[at].code == Code.VOTED
        counted = said and self._code(after - 1) in (Code.VOTES, Code.PEOPLE)
        if not rolls or (counted and len(rolls) == 1):
            self.items[at] = replace(self.items[at], code=Code.VOTES)
            return
        rolls = list(dict.fromkeys(rolls))
        if len(rolls) > MOST_ROLLS or min(rolls) < 1:
            raise Ask("voters")
        if said and len(rolls) == 1:  # "voted 412" is a count as often as a voter
            raise Ask("voted", str(rolls[0]), choice=rolls[0])
        self._claim(at, after)
        start = self.items[at].start
        self.out.append(Clause(Kind.VOTERS, start, place or self._place_before(at), rolls=tuple(rolls)))

    def _amount(self, at: int) -> tuple[int | None, int | None, bool, int] | None:
        """At `at`: minutes, people, whether a unit says so, and how many items; None where no amount."""
        code = self._code(at)
        value = self.items[at].value if code in NUMBERS else None
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
        if self._code(first) == Code.PLACE and self._code(first + 1) in NUMBERS:
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
            number = self.items[at - 1].value if self._code(at - 1) in NUMBERS else None
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
        if ahead and not ahead[2] and self._code(end) in NUMERIC and self._adjacent(end):
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
            numbers = [item.value for item in left if item.code in NUMERIC]
            grouped = self._grouped_by_points(left)
            if grouped is not None:
                self.out.append(grouped)
                return
            dotted = [i for i in left if i.code == Code.ODD and "." in i.text]  # 2.870; never 27%, +24
            guess = str(numbers[0]) if len(numbers) == len(dotted) == 1 and numbers[0] is not None else None
            if Code.RANGE in codes and "N" in shape:
                near = [item.ids for item in left if item.code == Code.RANGE]
                counts = [item.value for item in left if item.code in NUMBERS]
                sure = len(near) == len(counts) == 1 and len(near[0]) == 1
                raise Ask("unknown_precinct", f"{near[0][0]} {counts[0]}" if sure else None)
            raise Ask("number", guess)
        if not _UNITS.isdisjoint(codes):
            raise Ask("number")
        numbers = [item.value for item in left if item.code in NUMBERS]
        if Code.PEOPLE in codes and numbers and Code.VOTES not in codes:
            raise Ask("people", str(numbers[0]) if len(numbers) == 1 else None)
        parts = [item for item in left if item.code in (*NUMBERS, Code.PLACE, Code.CLOCK)]
        if "N" not in shape:
            self._loose_ends(parts)
        elif _SEVERAL.fullmatch(shape) and not self.closing:
            self._several(parts, shape)
        else:
            guess = str(numbers[0]) if len(set(numbers)) == 1 else None
            raise Ask("numbers", guess)

    def _grouped_by_points(self, left: list[Item]) -> Clause | None:
        """`1.204 votos`: thousands as Spanish and Vietnamese write them, beside a word for votes."""
        odd = [item for item in left if item.code == Code.ODD and item.value is not None]
        rest = {item.code for item in left} - {Code.ODD, Code.VOTES, Code.PLACE, Code.CLOCK}
        if len(odd) != 1 or rest or Code.VOTES not in codes_of(left) or "." not in odd[0].text:
            return None
        parts = [replace(item, code=Code.NUMBER) if item is odd[0] else item for item in left]
        return count_of(parts, Kind.FINAL if self.closing else Kind.COUNT)

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
                named = places[0].ids if len(places) == 1 else ()
                raise Ask("place_only" if places else "number", ids=named)
            return
        if len(places) > 1 or len(clocks) > 1:
            raise Ask("numbers")
        for clause in self.out:
            if places and not clause.ids:
                clause.ids = places[0].ids
            if clocks and not clause.clock:
                clause.clock = clocks[0].clock


def _once(clauses: list[Clause]) -> list[Clause]:
    """Without a wait that is told twice: "no line, no wait"."""
    told: list[Clause] = []
    for clause in clauses:
        again = clause.kind is Kind.LINE and any(replace(one, start=clause.start) == clause for one in told)
        if not again:
            told.append(clause)
    return told


def _places_before(items: list[Item]) -> list[int | None]:
    """For each item where the last place before it stands: once for all, as a text may be all commands."""
    found: list[int | None] = []
    last = None
    for at, item in enumerate(items):
        found.append(last)
        if item.code == Code.PLACE:
            last = at
    return found


def count_of(parts: list[Item], kind: Kind) -> Clause:
    """One count, with the place and the time that stand beside it."""
    clause = Clause(kind, parts[0].start)
    for item in parts:
        if item.code == Code.PLACE:
            clause.ids = item.ids
        elif item.code == Code.CLOCK:
            clause.clock = item.clock
        elif item.code in NUMBERS:
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
