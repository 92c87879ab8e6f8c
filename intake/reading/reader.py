"""From a message to readings, and from readings to the log's entries. Pure, and it never raises.

The live path, the drain and a recount call the same two functions with the same roster, so that the log
is a function of the raw messages (law L4).
"""

from datetime import UTC, datetime, timedelta
from types import MappingProxyType
from typing import Any, Protocol

import structlog

from election.domain.checkin import COUNTED, STAFF, Channel, CheckIn, Kind, Message, Reading
from election.domain.day import Watcher
from election.domain.ids import PrecinctId, check_in_id
from election.domain.roster import Roster
from election.wire.intake import Decision, FormPhoto
from intake.photos.named import photo_urls
from intake.reading import corrections
from intake.reading.grammar import read
from intake.reading.grammar.danger import danger_words, pairs_apart, starting_words, urgent_words
from intake.reading.grammar.inquiries import inquiry_phrases
from intake.reading.grammar.plain import numbers_that_say_more, words_for_votes
from intake.reading.grammar.quoted import machine_words, misdialed_words, our_words
from intake.reading.grammar.spelled import spelled_numbers
from intake.reading.grammar.whole import near_stop, retractions
from intake.reading.grammar.words import vocabulary
from intake.reading.incidents import fixed_matter, incident_matter, incident_phrases, matter_phrases
from intake.reading.photos import with_photos
from intake.reading.text_parts import PART, part_of

log = structlog.get_logger()

CLOCK_SLACK = timedelta(minutes=2)  # a phone's clock may run ahead by as much without a question
_FORM = "form:"
PART_OF_A_TEXT = MappingProxyType({"part": True})  # read with the others of its text, not by itself
_WATCHERS_OWN = frozenset({Channel.SMS, Channel.FORM})  # elsewhere an operator vouches for the report
# What the form's free text means beside its kind: the command that says the same in a text message.
_COMMANDS = {
    Kind.VOTERS: "V",
    Kind.LINE: "LINE",
    Kind.INCIDENT: "!",
    Kind.FIX: "FIX",
    Kind.FINAL: "FINAL",
}


class SentText(Protocol):
    """What of a message is read: a `Message`, or one on its way into the journal. Times are UTC."""

    @property
    def provider(self) -> str: ...
    @property
    def provider_message_id(self) -> str: ...
    @property
    def raw(self) -> bytes: ...
    @property
    def channel(self) -> Channel: ...
    @property
    def sender(self) -> str: ...
    @property
    def body(self) -> str: ...
    @property
    def sent_at(self) -> datetime: ...
    @property
    def rehearsal(self) -> bool: ...


def prepare() -> None:
    """Builds the tables of words, a tenth of a second's work that the first texts would else wait for."""
    tables = (
        vocabulary,
        spelled_numbers,
        danger_words,
        urgent_words,
        pairs_apart,
        starting_words,
        retractions,
        machine_words,
        misdialed_words,
        our_words,
        incident_phrases,
        matter_phrases,
        inquiry_phrases,
        near_stop,
        numbers_that_say_more,
        words_for_votes,
    )
    for table in tables:
        table()


def watcher_of(message: SentText, roster: Roster) -> Watcher | None:
    """Who sent it: by the form's link, else by phone. None where the roster knows nobody."""
    if message.sender.startswith(_FORM):
        return roster.watchers.get(message.sender.removeprefix(_FORM))
    return roster.watcher(message.sender)


def readings_of(message: SentText, roster: Roster) -> list[Reading]:
    """What a message says: one reading or more; what cannot be read is `unread`."""
    try:
        if message.channel == Channel.SMS:
            its_id = message.provider_message_id
            if its_id.startswith(PART) and part_of(its_id):
                return [Reading(Kind.NOTED, detail=PART_OF_A_TEXT)]
            watcher = roster.watcher(message.sender)
            found = read(message.body, message.sent_at, roster, watcher, at_any_hour=message.rehearsal)
            urls = photo_urls(message.provider, message.raw)
            return with_photos(found, len(urls), watcher) if urls else found
        if message.channel == Channel.STAFF:
            return [_decision(message)]
        return _report(message, roster)
    except ValueError:  # not the JSON it should be
        return [_unread(message, roster)]
    except Exception:
        # A message that breaks the reader must reach a person, not stop those behind it.
        log.exception("reader_failed", provider_message_id=message.provider_message_id)
        return [_unread(message, roster)]


def _unread(message: SentText, roster: Roster) -> Reading:
    own = message.channel in _WATCHERS_OWN
    return Reading(Kind.UNREAD, unknown_sender=own and watcher_of(message, roster) is None)


def _decision(message: SentText) -> Reading:
    decision = Decision.model_validate_json(message.body)
    if decision.kind not in STAFF:
        return Reading(Kind.UNREAD)
    if decision.kind is Kind.REREAD:
        corrections.checked(decision.detail)
    precinct_id = PrecinctId(decision.precinct_id) if decision.precinct_id else None
    return Reading(decision.kind, precinct_id, detail=decision.detail)


def _report(message: SentText, roster: Roster) -> list[Reading]:
    report = FormPhoto.model_validate_json(message.body)
    watcher = watcher_of(message, roster)
    precinct = roster.place(report.precinct_id)
    unknown = watcher is None and message.channel in _WATCHERS_OWN
    if report.kind in STAFF:
        return [_unread(message, roster)]
    if precinct is None:
        return [Reading(Kind.QUESTION, question="unknown_precinct", unknown_sender=unknown)]
    precinct_id = precinct.precinct_id
    off_roster = watcher is not None and not roster.is_own(precinct_id, watcher.precinct_ids)
    observed_at = report.observed_at
    if observed_at is not None:
        if observed_at.tzinfo is None:
            observed_at = observed_at.replace(tzinfo=precinct.zone(roster.day))
        if observed_at > message.sent_at + CLOCK_SLACK:
            return [Reading(Kind.QUESTION, question="time", unknown_sender=unknown)]
    if report.photo:
        return [_form_photo(report, precinct_id, off_roster=off_roster, unknown=unknown)]
    text = (report.text or "").strip()

    def placed(reading: Reading) -> Reading:
        mine = off_roster if reading.precinct_id == precinct_id else reading.off_roster
        return reading._replace(
            off_roster=mine,
            unknown_sender=unknown,
            observed_at=reading.observed_at or observed_at,
        )

    def from_text(words: str) -> list[Reading]:
        return [
            placed(r)
            for r in read(words, message.sent_at, roster, watcher, here=precinct_id, at_any_hour=True)
        ]

    if report.kind is Kind.VOTERS and (report.struck or report.unstruck):
        if precinct_id in roster.sites:  # each precinct numbers its own roll
            return [Reading(Kind.QUESTION, question="which_precinct", unknown_sender=unknown)]
        return [placed(_strikes(precinct_id, report.struck or [], report.unstruck or []))]
    if report.kind in COUNTED and report.votes is not None:
        first = Reading(
            report.kind,
            precinct_id,
            report.votes,
            text=text or None,
            held=precinct.why_held(report.votes) if report.kind != Kind.FIX else None,
        )
        return [placed(first)]
    if text and report.kind is Kind.INCIDENT:  # whatever it says: a problem box opts nobody out
        found = from_text(f"! {text}")
        if all(r.kind is Kind.INCIDENT for r in found):
            return found
        where = roster.filed_under(Kind.INCIDENT, precinct_id)
        return [placed(Reading(Kind.INCIDENT, p, text=text)) for p in where]
    if text:
        if report.kind in _COMMANDS:
            found = from_text(f"{_COMMANDS[report.kind]} {text}")
            if found[0].kind == report.kind or found[0].question == "which_precinct":
                return found
        return from_text(text)
    if report.kind in (Kind.HERE, Kind.AWAY, Kind.UNDO, Kind.READY, Kind.HELP, Kind.START, Kind.STOP):
        return [placed(Reading(report.kind, p)) for p in roster.filed_under(report.kind, precinct_id)]
    if report.votes is not None and report.kind == Kind.LINE:
        where = roster.filed_under(Kind.LINE, precinct_id)
        return [placed(Reading(Kind.LINE, p, minutes=report.votes)) for p in where]
    return [_unread(message, roster)]


def _strikes(where: PrecinctId, struck: list[str], unstruck: list[str]) -> Reading:
    """A batch of the roll: what a text of `V` says, and what no text can, that a strike-off was a slip."""
    numbers, back = [_roll_number(n) for n in struck], [_roll_number(n) for n in unstruck]
    detail: dict[str, Any] = {}
    if texts := [n for n in numbers if isinstance(n, str)]:
        detail["roll_texts"] = texts
    if back:
        detail["unstruck"] = back
    return Reading(
        Kind.VOTERS, where, roll_numbers=tuple(n for n in numbers if isinstance(n, int)), detail=detail
    )


def _roll_number(text: str) -> int | str:
    """As it would be texted, or `18/1`."""
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 10 else text


def _form_photo(report: FormPhoto, where: PrecinctId, *, off_roster: bool, unknown: bool) -> Reading:
    """A photo of the form's: kept, and shown with the report that it belongs to."""
    detail: dict[str, Any] = {"photos": 1, "sha256": report.photo}
    if report.of:
        detail["of"] = str(report.of)
    return Reading(Kind.NOTED, where, off_roster=off_roster, unknown_sender=unknown, detail=detail)


_SAID = ("minutes", "people", "text", "held", "question", "guess")
_NOTHING = (None,) * len(_SAID)


def _detail(reading: Reading, message: Message) -> dict[str, Any]:
    detail: dict[str, Any] = dict(reading.detail)
    if reading.roll_numbers:
        detail["roll_numbers"] = list(reading.roll_numbers)
    said = (reading.minutes, reading.people, reading.text, reading.held, reading.question, reading.guess)
    if said != _NOTHING:
        detail |= {key: value for key, value in zip(_SAID, said, strict=True) if value is not None}
    if reading.off_roster:
        detail["off_roster"] = True
    if reading.unknown_sender:
        detail["unknown_sender"] = True
    if reading.kind is Kind.INCIDENT:
        detail["incident"] = message.journal_seq
        if matter := incident_matter(reading.text or ""):
            detail["matter"] = matter
    elif reading.kind is Kind.RESOLVED and (matter := fixed_matter(reading.text or "")):
        detail["matter"] = matter
    return detail


def check_ins_of(message: Message, readings: list[Reading], roster: Roster) -> list[CheckIn]:
    """The log's entries of a message, in the order of its readings. Times in UTC."""
    if readings and readings[0].kind is Kind.REREAD:
        return corrections.entries_of(message, readings[0])
    watcher = None if message.channel == Channel.STAFF else watcher_of(message, roster)
    return [
        CheckIn(
            check_in_id=check_in_id(message.message_id, part),
            message_id=message.message_id,
            part=part,
            kind=reading.kind,
            channel=message.channel,
            precinct_id=reading.precinct_id,
            watcher_id=watcher.watcher_id if watcher else None,
            sender=message.sender,
            observed_at=_utc(reading.observed_at or message.sent_at),
            sent_at=message.sent_at,
            received_at=message.received_at,
            votes=reading.votes,
            detail=_detail(reading, message),
            rehearsal=message.rehearsal,
        )
        for part, reading in enumerate(readings)
    ]


def _utc(at: datetime) -> datetime:
    return at.astimezone(UTC)
