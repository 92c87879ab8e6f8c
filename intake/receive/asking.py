"""What intake adds to a conversation of its own accord: an entry of its own, taken as stored.

A count that the tally makes doubtful is asked about; after the second question in a row a person takes over.

Both hang on what was known at that moment, which no recount can know again. So it is journaled as a
message that carries it whole: the count's message, its number and place, and why (laws L3 and L4).
"""

from collections import OrderedDict
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple

from election.domain.checkin import Channel, Kind, Message, Reading
from election.domain.ids import CheckInId, MessageId, PrecinctId, check_in_id
from election.domain.roster import Roster
from election.wire.intake import Decision
from intake.journal.draft import MessageDraft
from intake.reading.reader import watcher_of
from intake.replies.wording import Hints, doubt_about, refused_above

PROVIDER, ACCOUNT = "intake", "intake"
HANDED_OVER = "handed_over"  # `question` of an entry that gives a watcher's text to the desk
ALARM = "! 911 HELP"
IN_A_ROW = timedelta(minutes=30)  # as long as a question is open
MOST_PHONES = 10_000  # whose last question is remembered; the oldest are forgotten


def asked_about(
    message: Message, readings: list[Reading], roster: Roster, hints: Hints
) -> MessageDraft | None:
    """The question about the first count of a watcher's message that `hints` make doubtful, if any."""
    if message.channel not in (Channel.SMS, Channel.FORM):
        return None
    for part, reading in enumerate(readings):
        doubt = doubt_about(reading, hints)
        if doubt and not reading.held and refused_above(reading, roster) is None:
            watcher = watcher_of(message, roster)
            return asked_draft(
                message, readings, part, doubt, watcher.watcher_id if watcher else message.sender
            )
    return None


def asked_draft(
    message: Message, readings: list[Reading], part: int, doubt: str, sender: str
) -> MessageDraft:
    """The question about the count in `readings[part]`. `sender`: the watcher where known, else the phone."""
    reading = readings[part]
    about: CheckInId = check_in_id(message.message_id, part)
    decision = Decision(
        kind=Kind.ASKED,
        account=ACCOUNT,
        precinct_id=reading.precinct_id,
        detail={
            "of": str(about),
            "sender": sender,
            "question": doubt,
            "votes": reading.votes,
            "precinct_id": reading.precinct_id,
        },
    )
    return _draft(message, f"asked:{message.message_id}", decision)


def handed_over(message: Message, part: int, sender: str) -> MessageDraft:
    """The word that a person takes over the question in `part`: it waits on the unread desk from then on."""
    about = check_in_id(message.message_id, part)
    detail = {"of": str(about), "sender": sender, "question": HANDED_OVER}
    decision = Decision(kind=Kind.ASKED, account=ACCOUNT, precinct_id=None, detail=detail)
    return _draft(message, f"handed:{message.message_id}", decision)


def alarm(message: Message) -> MessageDraft:
    """A text in its sender's name, for HELP in answer to *do you need help?*: so it is an incident."""
    return MessageDraft(
        PROVIDER, f"alarm:{message.message_id}", Channel.SMS, message.sender, ALARM, ALARM.encode(),
        message.received_at, message.sent_at, message.roster_version, message.rehearsal,
    )  # fmt: skip


def _draft(message: Message, key: str, decision: Decision) -> MessageDraft:
    body = decision.model_dump_json()
    return MessageDraft(
        PROVIDER, key, Channel.STAFF, f"staff:{ACCOUNT}", body, body.encode(),
        message.received_at, message.sent_at, message.roster_version, message.rehearsal,
    )  # fmt: skip


class DialogueTurn(NamedTuple):
    """What a phone's text comes to beside the one before. `said`: what to answer; `part`: handed over.

    `alarm`: it answers *do you need help?* with HELP.
    """

    said: list[Reading]
    part: int | None = None
    alarm: bool = False


@dataclass(frozen=True, slots=True)
class _Last:
    """A phone's last text that was asked about. `asked`: None where it answered the question before."""

    message_id: MessageId
    sent_at: datetime
    turn: DialogueTurn
    asked: Reading | None


class PhoneDialogues:
    """Each phone's last question, in this process's memory: best effort, like the hints of the tally."""

    def __init__(self) -> None:
        self._last: OrderedDict[str, _Last] = OrderedDict()

    def turn(self, message: Message, readings: list[Reading]) -> DialogueTurn:
        """What to answer a text whose sender may have been asked something; the same for a redelivery."""
        last = self._last.get(message.sender)
        asked = None
        if last is not None:
            if last.message_id == message.message_id:
                return last.turn
            asked = last.asked if abs(message.sent_at - last.sent_at) <= IN_A_ROW else None
        if asked and asked.question == "emergency" and [r.kind for r in readings] == [Kind.HELP]:
            return self._keep(message, DialogueTurn(readings, alarm=True), None)
        part = None
        for number, reading in enumerate(readings):
            if _is_question(reading):
                part = number
                break
        if part is None:
            if last is not None and not all(r.kind is Kind.NOTED for r in readings):
                del self._last[message.sender]
            return DialogueTurn(readings)
        if asked is None:
            return self._keep(message, DialogueTurn(readings), readings[part])
        if counts := _counted(asked, readings[part]):
            return self._keep(message, DialogueTurn(counts), None)
        return self._keep(message, DialogueTurn(readings, part), readings[part])

    def _keep(self, message: Message, turn: DialogueTurn, asked: Reading | None) -> DialogueTurn:
        self._last[message.sender] = _Last(message.message_id, message.sent_at, turn, asked)
        self._last.move_to_end(message.sender)
        while len(self._last) > MOST_PHONES:
            self._last.popitem(last=False)
        return turn


def _is_question(reading: Reading) -> bool:
    return reading.kind is Kind.QUESTION and reading.question != "not_open"


def _counted(before: Reading, now: Reading) -> list[Reading]:
    """The counts that "which precinct?" and the precinct, or the other way round, come to."""
    number, place = (now, before) if now.question == "which_precinct" else (before, now)
    if number.question != "which_precinct" or place.question != "place_only" or not place.precinct_id:
        return []
    return [
        Reading(Kind.COUNT, PrecinctId(place.precinct_id), votes=offer["votes"])
        for offer in number.detail.get("offers", ())
        if offer.get("kind") == Kind.COUNT and isinstance(offer.get("votes"), int)
    ]
