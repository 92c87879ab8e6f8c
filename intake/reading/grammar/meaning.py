"""From a text to readings, step by step: what its sender wrote, danger, whole-message words, then clauses.

The order is that of trouble: danger to people, then what would act wrongly, then what nobody understands.
"""

import re
from datetime import datetime
from functools import lru_cache

from election.domain.checkin import COUNTED, Kind, Reading
from election.domain.day import Watcher
from election.domain.ids import PrecinctId
from election.domain.roster import Roster
from intake.reading.grammar.clause import EMERGENCY_NUMBERS, Ask, Clause
from intake.reading.grammar.clauses import PLAIN, clauses_of
from intake.reading.grammar.danger import cries_for_help, starting_words
from intake.reading.grammar.fold import composed, fold, fold_marked, origin
from intake.reading.grammar.inquiries import inquiry_of
from intake.reading.grammar.items import Item, codes_of, items_of
from intake.reading.grammar.parse import NUMERIC, count_of
from intake.reading.grammar.places import places_of
from intake.reading.grammar.plain import count_alone, counted, digits_alone, is_emergency
from intake.reading.grammar.quoted import (
    AUTOMATIC,
    STRANGER,
    UNDELIVERED,
    is_either_number,
    is_misdialed,
    said_by_machine,
    sign_of,
    without_phones,
    written,
)
from intake.reading.grammar.sender import TextSource
from intake.reading.grammar.tokens import FoldedText, folded_text, plain_words
from intake.reading.grammar.whole import opts_out, opts_out_beside, takes_back, whole_message
from intake.reading.grammar.words import Code, vocabulary

LONGEST = 1_600  # characters; providers join no more parts than that into one text

_EDGE = " \t\r\n:;,.-–—!¡：，。！、"
_BESIDE = frozenset({Code.POLITE, Code.FILLER, Code.TEXTING, Code.THANKS, Code.OKAY, Code.YES})
_BANG = re.compile(r"(?<!\S)!+")
_NOT_BEFORE_INCIDENT = frozenset({Code.UNKNOWN, Code.NONE, Code.SAME, Code.TEXTING, Code.NO})
_MARKS = frozenset('“«「"‟„『〝\n\r>|')  # where a text may hold what its sender did not write
_KEPT_BESIDE_DANGER = COUNTED | {Kind.LINE}
_SEGMENT = re.compile(r"[.!?;,\n]+(?!\d)")
_NO_FEW = 100  # so many people are no "3 at 10:05 were turned away"
_SHORT = 4  # characters: no reaction, nothing of ours is as short


def read(
    text: str,
    sent_at: datetime,
    roster: Roster,
    watcher: Watcher | None,
    here: PrecinctId | None = None,
    *,
    at_any_hour: bool = False,
) -> list[Reading]:
    """What `text` says, sent at `sent_at` (UTC) by `watcher` (None: an unknown phone). One reading or more.

    `here`: the precinct where the channel itself names one (the form); it stands for the sender's own.
    `at_any_hour`: polling hours do not matter (a rehearsal).
    """
    own = (here,) if here else watcher.precinct_ids if watcher else ()
    if text.isdigit() and (count := digits_alone(text, own, sent_at, roster, at_any_hour)):
        return [count]
    sender = TextSource(roster, watcher, own, watcher is None and here is None, sent_at, at_any_hour)
    if len(text) > LONGEST:
        return [sender.reading(Kind.UNREAD)]
    places = places_of(roster)
    sender.offers = _offered
    clauses: list[Clause] | None = places.clauses_before.get(text)
    if clauses is not None:
        return sender.all_readings(clauses)
    if plain := count_alone(text, sender, places):
        return plain
    text = composed(text)
    sign = sign_of(text)
    if sign is not None:
        return [_of_sign(sign, text, sender)]
    folded = FoldedText(fold_marked(text))
    if len(text) > _SHORT or not _MARKS.isdisjoint(text):
        ours = written(text, folded)
        if ours and ours.noted:
            return [sender.reading(Kind.NOTED)]
        if ours and ours.text != text:
            text = ours.text
            folded = FoldedText(fold_marked(text))
    return _read_written(text, folded, sender)


def _offered(guess: str, sender: TextSource) -> list[Clause]:
    """What a *yes* to this guess would say."""
    items, _ = items_of(FoldedText(fold_marked(guess)), vocabulary(), places_of(sender.roster))
    return clauses_of(items, sender.own, sender.watcher is not None, False)


def _of_sign(sign: str, text: str, sender: TextSource) -> Reading:
    match sign:
        case "yes":
            return sender.reading(Kind.CONFIRM)
        case "no":
            return sender.reading(Kind.DENY)
        case "alarm":
            return sender.placed(sender.reading(Kind.INCIDENT, text=text.strip()), ())[0]
        case _:
            return sender.reading(Kind.NOTED)


def _read_written(text: str, said: FoldedText, sender: TextSource) -> list[Reading]:
    """The readings of what the sender wrote; `said`: the text, folded."""
    roster, watcher, own = sender.roster, sender.watcher, sender.own
    places = places_of(roster)
    numbered = without_phones(text)
    if numbered != text:
        said = FoldedText(fold_marked(numbered))
    folded = said.folded
    items, alarm = items_of(said, vocabulary(), places)
    found = items
    codes = codes_of(items)
    if cries_for_help(folded):
        return _alarm(text, items, sender)
    if watcher and Code.UNKNOWN in codes:
        items = _without_signature(items, watcher)
        codes = codes_of(items)
    if (
        codes in PLAIN
        and "!" not in folded
        and "?" not in folded
        and not alarm.spans
        and not is_emergency(folded.strip())
    ):
        plain = counted(count_of(items, Kind.COUNT), sender)
        if plain:
            return sender.judged([plain])
    whole = whole_message(folded, items)
    machine = said_by_machine(said) if len(items) > 1 and codes not in PLAIN else None
    if machine == AUTOMATIC or (machine == UNDELIVERED and not alarm.raised):
        return [sender.reading(Kind.NOTED)]
    if machine == STRANGER and not alarm.raised:
        if opts_out_beside(folded, items):
            return [sender.reading(Kind.STOP)]
        return [_by_machine(machine, items, sender)]
    if (
        not whole
        and not alarm.spans
        and NUMERIC.isdisjoint(codes)
        and not _REFUSING.isdisjoint(codes)
        and _opts_out_and_says_why(items, folded)
    ):
        return [sender.reading(Kind.STOP)]
    if whole and whole.kind is Kind.DENY and sender.unknown and is_misdialed(folded):
        return [_by_machine(STRANGER, items, sender)]
    if (
        not alarm.spans
        and NUMERIC.isdisjoint(codes)
        and (beside := _about_another(said, codes, whole, sender))
    ):
        return [beside]
    if whole and (not alarm.raised or whole.kind is Kind.STOP):
        return (
            [whole._replace(unknown_sender=sender.unknown)]
            if whole.kind not in _PLACED
            else (sender.all_readings([Clause(whole.kind, 0, ids) for ids in _named(items)]))
        )
    keyword = _incident_keyword(folded, items) if Code.INCIDENT in codes or "!" in folded else None
    if keyword and not (alarm.over and folded[keyword[0]] != "!"):
        incident = _incident(text, items, keyword, sender)
        if incident[0].kind is Kind.INCIDENT or not alarm.raised:
            return _with_keyword(keyword, incident, items, folded, sender)
    if alarm.spans:
        kept = _beside(items, alarm.spans, folded, sender)
        if alarm.raised:
            return [*kept, *_alarm(text, items, sender)]
        return [*kept, *sender.placed(sender.reading(Kind.RESOLVED, text=text.strip()), ())]
    if Code.INCIDENT in codes and any(i.code == Code.UNKNOWN for i in items):
        return [
            *_beside(items, _spans_of(items, Code.INCIDENT), folded, sender),
            *_alarm(text, items, sender),
        ]
    if inquiry := inquiry_of(said, items, sender):
        return [inquiry]
    if machine is not None and machine != UNDELIVERED:
        return [_by_machine(machine, items, sender)]
    if Code.AWAY in codes and (away := _leaves_and_says_why(items, folded)):
        return sender.all_readings([Clause(Kind.AWAY, 0, ids) for ids in _named(away)])
    try:
        clauses = clauses_of(items, own, watcher is not None, "?" in folded)
    except Ask as ask:
        return _first_sentence(items, folded, sender) or [sender.asked(ask)]
    if clauses and items is found and not any(item.ids for item in items):
        places.clauses_before.keep(text, clauses)  # no precinct is named: they are anybody's
    return sender.all_readings(clauses) or [sender.reading(Kind.UNREAD)]


def _about_another(said: FoldedText, codes: str, whole: Reading | None, sender: TextSource) -> Reading | None:
    """What a text says that is about an earlier one, or about a number: "incorrect number", "cancel that"."""
    if (whole is None or whole.kind is Kind.DENY) and is_either_number(said):
        return sender.reading(Kind.UNREAD)._replace(detail={"stranger": True, "denies": True})
    undone = Code.UNDO in codes and _BESIDE_UNDO.isdisjoint(codes)
    if undone or (whole and whole.kind is not Kind.STOP) or not takes_back(said):
        return None
    return sender.asked(Ask("undo", "UNDO"))


_WHY = frozenset({*NUMERIC, Code.NO, Code.NONE, Code.WAIT, Code.UNDO, Code.FIX})


def _leaves_and_says_why(items: list[Item], folded: str) -> list[Item]:
    """The first part of a text that says its sender leaves: "im heading out, kids are sick".

    Nothing where what follows may take it back, or counts.
    """
    parts = _segments(items, folded)
    first = [item for item in parts[0] if item.code not in _BESIDE]
    if len(parts) < 2 or "?" in folded or not {Code.AWAY} <= set(codes_of(first)) <= {Code.AWAY, Code.PLACE}:
        return []
    said = next(item for item in first if item.code == Code.AWAY)
    itself = (
        said.end - said.start > len(said.text) and vocabulary().code(said.text) == Code.FILLER
    )  # "im", "me"
    return first if itself and _WHY.isdisjoint(codes_of(items)) else []


_BESIDE_UNDO = frozenset({Code.UNKNOWN, Code.TEXTING})  # "undo" alone is plain; "ignore last text" is asked
_PLACED = frozenset({Kind.AWAY})  # whole-message commands that name a place


def _named(items: list[Item]) -> list[tuple[PrecinctId, ...]]:
    return [item.ids for item in items if item.code == Code.PLACE] or [()]


def _with_keyword(
    keyword: tuple[int, int], incident: list[Reading], items: list[Item], folded: str, sender: TextSource
) -> list[Reading]:
    """An incident that its keyword or a `!` announces, and what stands before it."""
    before = [item for item in items if item.start < keyword[0]]
    if all(item.code in (Code.PLACE, *_BESIDE) for item in before):
        named = [item.ids for item in before if item.code == Code.PLACE]
        if len(named) == 1 and incident[0].kind == Kind.INCIDENT:
            return sender.placed(incident[0], named[0])
        return incident
    try:
        clauses = clauses_of(before, sender.own, sender.watcher is not None, "?" in folded[: keyword[0]])
    except Ask as ask:
        return [sender.asked(ask), *incident]
    return sender.all_readings(clauses) + incident


def _alarm(text: str, items: list[Item], sender: TextSource) -> list[Reading]:
    """The incident that a sentence without a keyword reports: all of the text."""
    places = {item.ids for item in items if item.code == Code.PLACE}
    incident = sender.reading(Kind.INCIDENT, text=text.strip())
    return sender.placed(incident, places.pop() if len(places) == 1 else ())


def _spans_of(items: list[Item], code: str) -> list[tuple[int, int]]:
    return [(item.start, item.end) for item in items if item.code == code]


_JOINS = frozenset({Code.AND, Code.BUT})


def _segments(items: list[Item], folded: str, marks: re.Pattern[str] = _SEGMENT) -> list[list[Item]]:
    """The items between stops, commas, "and" and "but"."""
    breaks = [match.start() for match in marks.finditer(folded)]
    out: list[list[Item]] = [[]]
    at = 0
    for item in items:
        passed = False
        while at < len(breaks) and breaks[at] < item.start:
            at, passed = at + 1, True
        joins = marks is _SEGMENT and (item.code in _JOINS or (item.text == "y" and bool(out[-1])))
        if passed or joins:
            out.append([])
        if not joins:
            out[-1].append(item)
    return [segment for segment in out if segment]


def _beside(
    items: list[Item],
    spans: "list[tuple[int, int]] | tuple[tuple[int, int], ...]",
    folded: str,
    sender: TextSource,
) -> list[Reading]:
    """The counts and waits that stand in parts of their own beside an alarm."""
    kept: list[Reading] = []
    for segment in _segments(items, folded):
        said = segment[:-1] if codes_of(segment) in _COUNTS_VOTES else segment  # "412 ballots, one jammed"
        start, end = segment[0].start, said[-1].end
        if any(a < end and b > start for a, b in spans):
            continue
        try:
            clauses = clauses_of(segment, sender.own, sender.watcher is not None, False)
            readings = [r for clause in clauses for r in sender.readings(clause)]
        except Ask:
            continue
        kept += [r for r in sender.judged(readings) if r.kind in _KEPT_BESIDE_DANGER]
    return kept or _opening_count(items, spans, folded, sender)


_COUNTS_VOTES = frozenset(shape for shape in PLAIN if shape.endswith("v"))
_OPENING = re.compile("[NG](?:v|@?T)?")


def _opening_count(
    items: list[Item],
    spans: "list[tuple[int, int]] | tuple[tuple[int, int], ...]",
    folded: str,
    sender: TextSource,
) -> list[Reading]:
    """A count that opens a text about danger: "412 as of 10:05 police are here", "412 they wont let me in".

    With its time, or where a word follows that begins a sentence of its own; "412 turned away" counts none.
    """
    found = _OPENING.match(codes_of(items))
    votes = items[0].value or 0 if found else 0
    if not found or votes < _NO_FEW or votes in EMERGENCY_NUMBERS:
        return []
    last = items[found.end() - 1]
    if last.code != Code.CLOCK:
        behind = plain_words(folded[last.end :])
        if not behind or behind[0] not in starting_words():
            return []
    if any(a < (items[0] if last.code == Code.VOTES else last).end for a, _ in spans):
        return []
    try:
        clauses = clauses_of(items[: found.end()], sender.own, sender.watcher is not None, False)
        return sender.judged([r for clause in clauses for r in sender.readings(clause)])
    except Ask:
        return []


def _opts_out_and_says_why(items: list[Item], folded: str) -> bool:
    """Whether the first or last part is an opt-out in full: "I moved away, take me off your list"."""
    parts = _segments([item for item in items if item.code != Code.TO], folded, _PART)
    if len(parts) < 2:
        return False
    return any(_opts_out_in_full(folded, part) for part in (parts[0], parts[-1]))


def _opts_out_in_full(folded: str, part: list[Item]) -> bool:
    """Whether a part says who shall be left alone, too: "stop texting me", not "stop it"."""
    stops = [item for item in part if item.code == Code.STOP]
    long = any(len(folded[i.start : i.end].split()) >= _IN_FULL or len(i.text) > _KEYWORD for i in stops)
    return (long or Code.TEXTING in codes_of(part)) and opts_out(folded, part)


_PART = re.compile(r"[.!?;,:\n]+(?!\d)|\s[-\u2013\u2014]+\s")
_REFUSING = frozenset({Code.STOP, Code.REFUSE})
_IN_FULL = 3  # words
_KEYWORD = 8  # letters: "unsubscribe" says it in full, "stop" and "cancel" do not
_SENTENCE = re.compile(r"[.!?\n]+(?!\d)")
_TALK = frozenset(
    {Code.UNKNOWN, Code.FILLER, Code.POLITE, Code.VOTES, Code.PEOPLE, Code.OKAY, Code.THANKS, Code.YES,
     Code.AND, Code.BUT, Code.TO, Code.PLACE, Code.PRECINCT, Code.AT, Code.OTHERS, Code.ASKING, Code.ALERT}
)  # fmt: skip
_ACTS_APART = frozenset({Code.AWAY, Code.HERE, Code.FILLER, Code.POLITE, Code.THANKS, Code.OKAY})


def _first_sentence(items: list[Item], folded: str, sender: TextSource) -> list[Reading]:
    """A count in a sentence of its own, where all others only talk: "412. Slow right now"."""
    if "?" in folded:
        return []
    sentences = _segments(items, folded, _SENTENCE)
    if len(sentences) < 2:
        return []
    kept: list[Reading] = []
    for number, sentence in enumerate(sentences):
        codes = set(codes_of(sentence))
        if number == 0 or codes <= _ACTS_APART:
            try:
                clauses = clauses_of(sentence, sender.own, sender.watcher is not None, False)
                kept += [r for clause in clauses for r in sender.readings(clause)]
            except Ask:
                return []
            if number == 0 and not kept:
                return []
        elif not codes <= _TALK:
            return []
    return sender.judged(kept)


def _by_machine(machine: str, items: list[Item], sender: TextSource) -> Reading:
    numeric = any(item.code in (Code.NUMBER, Code.GROUPED) for item in items)
    if machine == STRANGER:
        unread = sender.reading(Kind.UNREAD)
        return unread._replace(detail={"stranger": True})
    return sender.reading(Kind.UNREAD if numeric else Kind.NOTED)


def _without_signature(items: list[Item], watcher: Watcher) -> list[Item]:
    """Without the sender's own name: "412 - Maria Lopez"."""
    name = _words_of_name(watcher.name)
    return [item for item in items if item.code != Code.UNKNOWN or item.text not in name]


@lru_cache(maxsize=4_096)
def _words_of_name(name: str) -> frozenset[str]:
    """With the marks of their letters, and without."""
    folded = folded_text(name)
    return frozenset((*folded.plain_words, *plain_words(fold(name))))


def _incident_keyword(folded: str, items: list[Item]) -> tuple[int, int] | None:
    """Where an incident's keyword or `!` stands: first in the text, or after what reads by itself."""
    found = [(item.start, item.end) for item in items if item.code == Code.INCIDENT][:1]
    for bang in _BANG.finditer(folded):
        # "412 ! thanks" only shouts: further on, a `!` needs words of its own
        words = [i for i in items if i.start >= bang.end() and i.code not in _BESIDE]
        if not folded[: bang.start()].strip() or len(words) > 1:
            found.append((bang.start(), bang.end()))
            break
    if not found:
        return None
    start, end = min(found)
    if any(item.start < start and item.code in _NOT_BEFORE_INCIDENT for item in items):
        return None
    return start, end


def _incident(text: str, items: list[Item], keyword: tuple[int, int], sender: TextSource) -> list[Reading]:
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
        return [sender.asked(Ask("incident", guess))]
    places = {item.ids for item in after if item.code == Code.PLACE}
    incident = sender.reading(Kind.INCIDENT, text=words)
    return sender.placed(incident, places.pop() if len(places) == 1 else ())
