"""Incidents: what they are about, and which texts belong together. Pure.

A category is read from the words whenever it is shown, never stored: a better list of words sorts yesterday's
incidents too, and the log stays as it was. Staff who know better say so, and that stands. Threads are a
function of the set of entries.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import cache

from election.domain.checkin import CheckIn, Kind
from election.wire.desks import ANY_MATTER, CATEGORIES, MATTERS, OTHER, IncidentNote
from intake.languages.catalogues import Catalogue, load_catalogues
from intake.reading.grammar.danger import dangers_in
from intake.reading.grammar.fold import fold
from intake.reading.grammar.tokens import FoldedText, folded_text, plain_words

OPEN = frozenset({"open", "acknowledged", "assigned"})
_WITHOUT_SPACES = frozenset({"zh"})  # languages whose words are found anywhere in the text


@dataclass(frozen=True, slots=True)
class Thread:
    """An incident: its first text and those that followed it. `number` is the first one's."""

    number: int
    first: CheckIn
    followed_by: tuple[CheckIn, ...] = ()
    status: str = "open"
    course: tuple[CheckIn, ...] = ()  # the RESOLVE entries that gave it a status, oldest first
    window: timedelta = timedelta()  # within which its next text follows its last

    @property
    def text(self) -> str:
        return " / ".join(str(e.detail.get("text") or "") for e in (self.first, *self.followed_by))

    @property
    def last_at(self) -> datetime:
        return (self.followed_by[-1] if self.followed_by else self.first).sent_at

    @property
    def category(self) -> str:
        """What it is about: as staff said last, else as its words say."""
        said = [known for e in self.course if (known := _category_given(e))]
        return said[-1] if said else category_of(self.text)


def category_of(text: str) -> str:
    """What an incident is about: one of `CATEGORIES`. Words of every language count."""
    return _first_named(folded_text(text), incident_phrases())


def incident_matter(text: str) -> str | None:
    """What of an incident a repair can end: one of `MATTERS`; None where people are in danger or kept out."""
    folded = folded_text(text)
    if any(_matter_named(folded_text(phrase)) not in _ALARMS_OF_THINGS for phrase in dangers_in(folded)[0]):
        return None
    named = _matter_named(folded)
    return named if named in MATTERS else None


def fixed_matter(text: str) -> str | None:
    """Of what a text says that it is fixed: one of `MATTERS`, `ANY_MATTER`, or None for what ends nothing."""
    folded = folded_text(text)
    alarms, things = dangers_in(folded)
    if any(_matter_named(folded_text(phrase)) not in _ALARMS_OF_THINGS for phrase in alarms):
        return None
    named = _matter_named(folded)
    if named == OTHER:
        return None if things else ANY_MATTER
    return named if named in MATTERS else None


_ALARMS_OF_THINGS = frozenset({"machine", "late_opening"})  # "power outage", "not open yet": nobody is hurt


def _matter_named(text: FoldedText) -> str:
    named = _first_named(text, incident_phrases())
    return named if named != OTHER else _first_named(text, matter_phrases())


def _first_named(text: FoldedText, known: "Phrases") -> str:
    joined = text.bare.folded
    sentence = f" {' '.join(text.bare.plain_words)} "
    for category, phrases, parts in known:
        if any(phrase in sentence for phrase in phrases) or any(part in joined for part in parts):
            return category
    return OTHER


Phrases = list[tuple[str, tuple[str, ...], tuple[str, ...]]]


@cache
def incident_phrases() -> Phrases:
    """(category, phrases padded with spaces, phrases found anywhere)."""
    return _phrases_of(lambda catalogue: catalogue.incidents)


@cache
def matter_phrases() -> Phrases:
    """Phrases that name what is fixed, as `incident_phrases`."""
    return _phrases_of(lambda catalogue: catalogue.matters)


def _phrases_of(words_of: Callable[[Catalogue], dict[str, tuple[str, ...]]]) -> Phrases:
    found = []
    for category in CATEGORIES:
        phrases: list[str] = []
        parts: list[str] = []
        for language, catalogue in load_catalogues().items():
            for term in words_of(catalogue).get(category, ()):
                if language in _WITHOUT_SPACES:
                    parts.append(fold(term))
                else:
                    phrases.append(f" {' '.join(plain_words(fold(term)))} ")
        found.append((category, tuple(phrases), tuple(parts)))
    return found


def number_of(entry: CheckIn) -> int:
    """The number intake told the watcher for this text."""
    try:
        return int(entry.detail["incident"])
    except (KeyError, TypeError, ValueError):
        return int.from_bytes(entry.check_in_id.bytes[:4], "big") | 1 << 32


def courses(entries: Iterable[CheckIn]) -> dict[int, list[CheckIn]]:
    """The entries that gave each incident's number a status, oldest first."""
    found: dict[int, list[CheckIn]] = defaultdict(list)
    for entry in sorted((e for e in entries if e.kind is Kind.RESOLVE), key=lambda e: e.sort_key):
        try:
            number = int(entry.detail["incident"])
        except (KeyError, TypeError, ValueError):
            continue
        found[number].append(entry)
    return dict(found)


def status_of(entry: CheckIn) -> str:
    """The status that a RESOLVE entry gives."""
    return str(entry.detail.get("status") or "resolved")


def _category_given(entry: CheckIn) -> str:
    given = str(entry.detail.get("category") or "")
    return given if given in CATEGORIES else ""


def history_of(thread: Thread) -> list[IncidentNote]:
    """Everything said of an incident: its texts, and what staff made of it."""
    texts = [
        IncidentNote(at=e.received_at, text=str(e.detail.get("text") or ""))
        for e in (thread.first, *thread.followed_by)
    ]
    steps = [
        IncidentNote(
            at=e.received_at,
            by=e.sender.removeprefix("staff:"),
            status=status_of(e),
            category=_category_given(e),
            text=str(e.detail.get("note") or ""),
        )
        for e in thread.course
    ]
    return sorted(texts + steps, key=lambda said: said.at)


def threads(entries: Iterable[CheckIn], window: timedelta) -> list[Thread]:
    """Incidents by number: a sender's texts at one precinct, each within `window` of the one before.

    A text after the incident was resolved begins another one. Only INCIDENT, RESOLVE and RESOLVED entries
    matter: the last are a sender's own word that something is fixed, which ends what the tally ends by it
    (`tally/ledger/incidents.py`).
    """
    known = list(entries)
    resolved: dict[int, datetime] = {}
    for entry in sorted((e for e in known if e.kind is Kind.RESOLVE), key=lambda e: e.sort_key):
        number = entry.detail.get("incident")
        if isinstance(number, int) and status_of(entry) not in OPEN:
            resolved.setdefault(number, entry.received_at)
    by_place: dict[tuple[str, str], list[CheckIn]] = defaultdict(list)
    for entry in known:
        if entry.kind is Kind.INCIDENT:
            by_place[_sender(entry), entry.precinct_id or ""].append(entry)
    course = courses(known)
    found = []
    for texts in by_place.values():
        texts.sort(key=lambda e: (e.sent_at, e.check_in_id.bytes))
        group: list[CheckIn] = []
        for entry in texts:
            if group and _belongs(entry, group, window, resolved):
                group.append(entry)
                continue
            if group:
                found.append(_thread(group, course, window))
            group = [entry]
        found.append(_thread(group, course, window))
    # A text that names two precincts is one incident, as the tally has it: of the first entry of its number.
    first: dict[int, Thread] = {}
    for thread in sorted(found, key=lambda t: t.first.sort_key):
        first.setdefault(thread.number, thread)
    found = list(first.values())
    ends = [e for e in known if e.kind is Kind.RESOLVED]
    if ends:
        found = [replace(t, status="resolved") if _fixed(t, found, ends) else t for t in found]
    return sorted(found, key=lambda t: t.number)


def _fixed(thread: Thread, known: Sequence[Thread], ends: Iterable[CheckIn]) -> bool:
    """Whether its sender said after its last text that it is fixed, and meant no other in between."""
    if thread.course and thread.status != "open":
        return False  # staff's word stands
    first = thread.first
    for end in ends:
        same = _sender(end) == _sender(first) and end.precinct_id in (first.precinct_id, None)
        if not same or end.sent_at <= thread.last_at or not _meant(thread, end):
            continue
        unsaid = end.detail.get("matter") == ANY_MATTER
        between = (
            t for t in known
            if _sender(t.first) == _sender(first) and t.first.precinct_id == first.precinct_id
            and first.sent_at < t.first.sent_at < end.sent_at
            and t.first.detail.get("text") != first.detail.get("text")
        )  # fmt: skip
        if not any(unsaid or _meant(t, end) for t in between):
            return True
    return False


def _meant(thread: Thread, end: CheckIn) -> bool:
    said = [known for e in thread.course if (known := _category_given(e))]
    matter = said[-1] if said else thread.first.detail.get("matter")
    return matter in MATTERS and end.detail.get("matter") in (matter, ANY_MATTER)


def _sender(entry: CheckIn) -> str:
    return entry.watcher_id or entry.sender


def _belongs(
    entry: CheckIn, group: Sequence[CheckIn], window: timedelta, resolved: dict[int, datetime]
) -> bool:
    over = resolved.get(number_of(group[0]))
    return entry.sent_at - group[-1].sent_at <= window and (over is None or entry.sent_at <= over)


def _thread(group: Sequence[CheckIn], courses: dict[int, list[CheckIn]], window: timedelta) -> Thread:
    number = number_of(group[0])
    course = courses.get(number, [])
    status = status_of(course[-1]) if course else "open"
    return Thread(number, group[0], tuple(group[1:]), status, tuple(course), window)
