"""From tokens to items: each word looked up, each number judged, each time put together."""

import re
from dataclasses import dataclass

from election.domain.ids import PrecinctId
from intake.reading.grammar.danger import NO_ALARM, Alarm, alarm_of, may_alarm
from intake.reading.grammar.fold import bare
from intake.reading.grammar.places import PlaceVocabulary, without_zeros
from intake.reading.grammar.tokens import FoldedText, Token
from intake.reading.grammar.words import Code, Vocabulary

MOST_DIGITS = 6  # a longer number is a phone's or a typing slip, never a precinct's count
_PIECES = re.compile(r"\d+|[^\W\d_]+")
_KEYWORD = 6  # letters of a word that announces an incident; "amber alert" does not
_SHORTEST_GLUED = 4  # letters
_CHUNK = re.compile(r"\S+")
_LETTERS = re.compile(r"[^\W\d_]+")
_DIGITS_DASH = re.compile(r"(\d{1,6})-(\d{1,6})")
_DOTTED_TIME = re.compile(r"(\d{1,2})[.](\d{2})")
_SIGNS_BEFORE = frozenset("+-$%^<>/*=~#.")
_SIGNS_AFTER = frozenset("+-$%^<>/*")


_TIME_WORDS = frozenset({Code.AT, Code.AM, Code.PM, Code.OCLOCK})


@dataclass(slots=True)
class Item:
    """A word or a number with its meaning. `start` and `end` are places in the folded text.

    `value`: the number. `ids`: the precincts it may name. `other`: the end of a range.
    `clock`: hour, minute, second and meridiem (`a`, `p` or nothing).
    """

    code: str
    start: int
    end: int
    text: str = ""
    value: int | None = None
    ids: tuple[PrecinctId, ...] = ()
    other: int | None = None
    clock: tuple[int, int, int, str] | None = None


def codes_of(items: list[Item]) -> str:
    """The items' codes as one string: a text's shape."""
    return "".join([item.code for item in items])


def items_of(text: FoldedText, vocabulary: Vocabulary, places: PlaceVocabulary) -> tuple[list[Item], Alarm]:
    """The items of a text (times joined, fillers and polite words among them), and its danger.

    Remembered with their roster: never change what comes back.
    """
    known: tuple[list[Item], Alarm] | None = places.items_before.get(text.folded)
    if known is None:
        known = _items_of(text, vocabulary, places)
        places.items_before.keep(text.folded, known)
    return known


def _items_of(text: FoldedText, vocabulary: Vocabulary, places: PlaceVocabulary) -> tuple[list[Item], Alarm]:
    folded = text.folded
    if folded.isdigit() and len(folded) <= MOST_DIGITS:  # the commonest text of all
        return [_number(folded, 0, len(folded), places)], NO_ALARM
    tokens, words = text.tokens, text.words
    if places.written:
        tokens = _with_ids_as_written(tokens, folded, places)
        words = [token.text for token in tokens]
    names = words if folded.isascii() else [bare(word) for word in words]
    marked = names is not words and names != words
    items: list[Item] = []
    index = 0
    firsts, first_names = vocabulary.lengths, places.lengths
    while index < len(tokens):
        token = tokens[index]
        known = named = None
        if marked or words[index] in firsts:
            known = vocabulary.find(words, index, marked)
        if names[index] in first_names:
            named = places.named(names, index)
        if named and (known is None or named[1] > known[1] or (named[1] == known[1] > 1)):
            end = tokens[index + named[1] - 1].end
            items.append(Item(Code.PLACE, token.start, end, token.text, ids=named[0]))
            index += named[1]
        elif known:
            end = tokens[index + known[1] - 1].end
            items.append(Item(known[0], token.start, end, token.text))
            index += known[1]
        else:
            items += _items_of_token(token, folded, vocabulary, places)
            index += 1
    codes = codes_of(items)
    if Code.ALERT in codes:
        _open_with_alert(items)
    alarm = NO_ALARM
    if may_alarm(text):
        names_at = [(item.start, item.end) for item in items if item.code == Code.PLACE]
        if len(items) > len(names_at):
            alarm = alarm_of(tokens, text, names_at)
    if alarm.calm:
        items = [_denied(item, alarm.calm) for item in items]
    return (items if _TIME_WORDS.isdisjoint(codes) else join_times(items)), alarm


def _denied(item: Item, calm: tuple[tuple[int, int], ...]) -> Item:
    """The item; a word of trouble that is denied (`no machine issues`) opens no incident."""
    if item.code == Code.INCIDENT and any(a < item.start and item.end <= b for a, b in calm):
        item.code = Code.UNKNOWN
    return item


def _open_with_alert(items: list[Item]) -> None:
    """Makes an incident of an alert that opens the text; elsewhere a phone had one."""
    opens = True
    for item in items:
        if item.code == Code.ALERT:
            item.code = Code.INCIDENT if opens and item.end - item.start <= _KEYWORD else Code.UNKNOWN
        opens = opens and item.code in (Code.PLACE, Code.POLITE, Code.INCIDENT)


def _with_ids_as_written(tokens: list[Token], folded: str, places: PlaceVocabulary) -> list[Token]:
    """The tokens, with ids that the tokeniser would part (`1--1`, `101.0`, `2/8`) as one each."""
    spans = []
    for chunk in _CHUNK.finditer(folded):
        word = chunk[0].rstrip(",:;.!")
        if bare(word) in places.written:
            spans.append(Token("id", word, chunk.start(), chunk.start() + len(word)))
    if not spans:
        return tokens
    kept = [t for t in tokens if not any(s.start < t.end and t.start < s.end for s in spans)]
    return sorted([*kept, *spans], key=lambda token: token.start)


def _items_of_token(token: Token, folded: str, vocabulary: Vocabulary, places: PlaceVocabulary) -> list[Item]:
    kind, text, start, end = token
    if kind == "id":
        return [Item(Code.PLACE, start, end, text, ids=places.written[bare(text)])]
    if kind == "run":
        if text.isdigit():
            return [_signed(_number(text, start, end, places), folded)]
        if text.isalpha():
            ids = places.ids.get(bare(text), ())
            return [Item(Code.PLACE if ids else Code.UNKNOWN, start, end, text, ids=ids)]
        return _mixed(token, folded, vocabulary, places)
    if kind == "grouped":
        value = int(text.replace(",", ""))
        code = Code.GROUPED if value < 10**MOST_DIGITS else Code.ODD
        return [_signed(Item(code, start, end, text, value), folded)]
    if kind == "clock":
        hour, minute, *second = map(int, text.split(":"))
        return [Item(Code.CLOCK, start, end, text, clock=(hour, minute, second[0] if second else 0, ""))]
    if kind == "odd":
        digits = re.sub(r"\D", "", text)
        thousands = re.fullmatch(r"\d{1,3}(?:[.']\d{3})+", text) and len(digits) <= MOST_DIGITS
        return [Item(Code.ODD, start, end, text, int(digits) if thousands else None)]
    if kind == "mark":
        return _mark(token, folded)
    return [Item(Code.UNKNOWN, start, end, text)]


def _mark(token: Token, folded: str) -> list[Item]:
    if token.text == "^":
        return [Item(Code.ODD, token.start, token.end, token.text)]
    codes = {"@": Code.AT, "~": Code.ABOUT, "#": Code.PRECINCT, "&": Code.AND, "-": Code.TO}
    if token.text in codes:
        return [Item(codes[token.text], token.start, token.end, token.text)]
    if token.text == "%" and folded[: token.start].rstrip()[-1:].isdigit():
        return [Item(Code.MEASURE, token.start, token.end, token.text)]
    beside = folded[max(0, token.start - 1) : token.end + 1]
    if any(map(str.isdigit, beside)):
        return []  # the number beside it has been judged by it
    return [Item(Code.UNKNOWN, token.start, token.end, token.text)]


def _number(digits: str, start: int, end: int, places: PlaceVocabulary) -> Item:
    if len(digits.lstrip("0")) > MOST_DIGITS or len(digits) > MOST_DIGITS + 3:
        ids = places.ids.get(digits, ())
        return Item(Code.PLACE if ids else Code.ODD, start, end, digits, ids=ids)
    return Item(Code.NUMBER, start, end, digits, int(digits), places.ids.get(digits, ()))


def _signed(item: Item, folded: str) -> Item:
    """The number, or an odd one where a sign touches it."""
    before = folded[item.start - 1] if item.start else " "
    after = folded[item.end] if item.end < len(folded) else " "
    if before == after == " ":
        if item.start > 1 and folded[item.start - 2] == "+":
            item.code = Code.ODD  # "+ 30"
        return item
    if (before in _SIGNS_BEFORE and _touches(before, folded, item.start - 1)) or (
        after in _SIGNS_AFTER and not (after in "*" and not folded[item.end + 1 : item.end + 2].isdigit())
    ):
        item.code = Code.ODD
    return item


def _touches(sign: str, folded: str, at: int) -> bool:
    """Whether the mark at `at` changes the number after it, rather than only parts it off."""
    earlier = folded[at - 1] if at else " "
    if sign in "#~=":  # `#` and `~` are items of their own; `=` parts
        return False
    if sign == ".":
        return not (earlier.isalnum() or earlier == "." or earlier in ")]\"'!?")
    if sign == "*":
        return earlier.isdigit()
    return True


def _mixed(token: Token, folded: str, vocabulary: Vocabulary, places: PlaceVocabulary) -> list[Item]:
    """Digits glued to letters or dashes: an id, a range, `412votes`, `1h30`, or something odd."""
    _, text, start, end = token
    ids = places.named_by_id(bare(text))
    span = _DIGITS_DASH.fullmatch(text)
    if ids or span:
        value, other = (int(span[1]), int(span[2])) if span else (None, None)
        code = Code.PLACE if ids else Code.RANGE
        ids = ids or places.loose.get(without_zeros(bare(text)), ())
        return [_signed(Item(code, start, end, text, value, ids, other), folded)]
    lead = _LETTERS.match(text)
    if lead and vocabulary.code(lead[0]) == Code.PRECINCT:
        rest = text[lead.end() :].lstrip("-")
        ids = places.named_by_id(bare(rest))
        if ids:
            return [Item(Code.PLACE, start, end, text, ids=ids)]
        if _DIGITS_DASH.fullmatch(rest):
            return [Item(Code.RANGE, start, end, rest)]
    if text.count("-") > 1 and not any(map(str.isalpha, text)):
        return [Item(Code.ODD, start, end, text)]  # a phone number, a date
    items: list[Item] = []
    for match in _PIECES.finditer(text):
        piece, at = match[0], start + match.start()
        if piece.isdigit():
            items.append(_number(piece, at, at + len(piece), places))
            continue
        known = vocabulary.code(piece)
        if known is None and "-" not in text:
            odd = len(piece) <= 2  # 4e2, 3rd, 5k; a longer tail is a word nobody knows
            glued = None if odd else _votes_in_front(piece, vocabulary)
            if glued and len(items) == 1:  # 412votessofar
                return [
                    *items,
                    Item(Code.VOTES, at, at + glued, piece[:glued]),
                    Item(Code.UNKNOWN, at + glued, end),
                ]
            return [Item(Code.ODD if odd else Code.UNKNOWN, start, end, text)]
        items.append(Item(known or Code.UNKNOWN, at, at + len(piece), piece))
    return items


def _votes_in_front(piece: str, vocabulary: Vocabulary) -> int | None:
    """How long the word for votes is that words glued together begin with."""
    ends = range(len(piece) - 1, _SHORTEST_GLUED - 1, -1)
    return next((end for end in ends if vocabulary.plain.get(piece[:end]) == Code.VOTES), None)


def join_times(items: list[Item]) -> list[Item]:
    """Times made of several items as one CLOCK each: `at 10`, `9.45 am`, `上午 9 点 45 分`, `a las 10`."""
    out: list[Item] = []
    index = 0
    while index < len(items):
        item = items[index]
        lead = item.code
        if lead in (Code.AT, Code.AM, Code.PM):
            first = index + 1
            while first < len(items) and items[first].code in (Code.AT, Code.AM, Code.PM):
                if items[first].code != Code.AT:
                    lead = items[first].code
                first += 1
            found = _clock(items, first, True)
            if found:
                (hour, minute, second, half), length = found
                half = half or {Code.AM: "a", Code.PM: "p"}.get(lead, "")
                last = items[first + length - 1]
                out.append(Item(Code.CLOCK, item.start, last.end, clock=(hour, minute, second, half)))
                index = first + length
                continue
            for word in items[index:first]:  # `at 12-03`, `at 412`: the word only leads to what follows
                word.code = Code.FILLER if word.code == Code.AT else Code.UNKNOWN
                out.append(word)
            index = first
            continue
        found = _clock(items, index, False)
        if found:
            out.append(Item(Code.CLOCK, item.start, items[index + found[1] - 1].end, clock=found[0]))
            index += found[1]
        else:
            out.append(item)
            index += 1
    return out


def _clock(items: list[Item], at: int, led: bool) -> tuple[tuple[int, int, int, str], int] | None:
    """A time that begins at `at`, and how many items it takes. `led`: "at" or am/pm stands before."""
    if at >= len(items):
        return None
    item = items[at]
    following = items[at + 1].code if at + 1 < len(items) else None
    half = {Code.AM: "a", Code.PM: "p"}.get(following, "") if following else ""
    if item.clock and item.code == Code.CLOCK:
        return (*item.clock[:3], half), 1 + bool(half)
    if item.code == Code.ODD and (led or half):
        dotted = _DOTTED_TIME.fullmatch(item.text)
        if dotted and int(dotted[1]) <= 24 and int(dotted[2]) < 60:
            return (int(dotted[1]), int(dotted[2]), 0, half), 1 + bool(half)
        return None
    if item.code != Code.NUMBER or item.value is None:
        return None
    hour, minute = item.value, 0
    if len(item.text) > 2:
        hour, minute = divmod(item.value, 100)
        if not half or len(item.text) > 4 or not 1 <= hour <= 12 or minute > 59:
            return None  # 945am is a time, 412 is not
        return (hour, minute, 0, half), 2
    if hour > 24:
        return None
    length = 1
    if following == Code.OCLOCK or (led and following == Code.HOURS):
        length = 2
        after = items[at + 2] if at + 2 < len(items) else None
        near = after is not None and after.code == Code.NUMBER and after.start - items[at + 1].end <= 2
        if after and near and after.value is not None and after.value < 60 and len(after.text) == 2:
            minute, length = after.value, 3
            if at + 3 < len(items) and items[at + 3].code == Code.MINUTES:
                length = 4
    elif half:
        return (hour, 0, 0, half), 2
    elif not led or following in (Code.VOTES, Code.PEOPLE, Code.MINUTES):
        return None
    if at + length < len(items) and not half:
        half = {Code.AM: "a", Code.PM: "p"}.get(items[at + length].code, "")
        length += bool(half)
    return (hour, minute, 0, half), length
