"""A watcher's thread from the log and the outbox. Values in, values out.

What we answered in a provider's own request is stored nowhere: it is worded again from the message, its
roster and what was asked about it, as the log has them. Answers that hung on the tally of that moment (hours,
the last count) are said to have been given, not repeated.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from pydantic import ValidationError

from election.domain.checkin import Channel, CheckIn, Kind, Message, Reading
from election.domain.ids import check_in_id
from election.domain.roster import Roster
from election.wire.intake import FormReport
from election.wire.threads import Photo, ThreadTurn, Way
from intake.desks.thread_store import OutboxText
from intake.reading.grammar.inquiries import HOURS, LAST
from intake.reading.reader import readings_of, watcher_of
from intake.replies.wording import catalogue_for, reply_to

ANSWERED_IN_REQUEST = frozenset({"twilio", "generic", "form"})
LONGEST_TEXT = 1_600
_LINK = re.compile(r"https?://\S+/w/\S+")  # a watcher's personal link is theirs alone
_ASKED_OF_TALLY = frozenset({HOURS, LAST})
_OWN = frozenset({Channel.SMS, Channel.FORM, Channel.HOTLINE, Channel.CSV})


@dataclass(frozen=True, slots=True)
class ThreadParts:
    """What a thread is made of. `numbers`: an incident's number by its entry's id."""

    messages: Sequence[Message]
    entries: Sequence[CheckIn]
    staff: Sequence[CheckIn]
    texts: Sequence[OutboxText]
    photos: Mapping[str, Sequence[Photo]]  # by message id
    numbers: Mapping[str, int]


def turns_of(parts: ThreadParts, roster_of: Callable[[str], Roster | None]) -> list[ThreadTurn]:
    """All turns, oldest first. `roster_of`: the roster of a version, or the nearest at hand."""
    by_message: dict[str, list[CheckIn]] = {}
    for entry in parts.entries:
        by_message.setdefault(str(entry.message_id), []).append(entry)
    asked = {str(e.detail.get("of")): e for e in parts.staff if e.kind is Kind.ASKED}
    through_outbox = {text.key for text in parts.texts}
    turns: list[ThreadTurn] = []
    for message in parts.messages:
        if message.channel not in _OWN:
            continue
        entries = by_message.get(str(message.message_id), [])
        turns.append(_said(message, entries, parts.photos.get(str(message.message_id), ())))
        key = f"reply:{message.message_id}"
        if message.provider in ANSWERED_IN_REQUEST and key not in through_outbox:
            reply = _reply(message, asked, roster_of(message.roster_version), parts.numbers)
            if reply:
                turns.append(reply)
    turns += [_texted(text) for text in parts.texts]
    turns += [_noted(entry, through_outbox) for entry in parts.staff if entry.kind is not Kind.ASKED]
    return sorted(turns, key=lambda turn: turn.at)  # stable: an answer stands behind its question


def _said(message: Message, entries: Sequence[CheckIn], photos: Sequence[Photo]) -> ThreadTurn:
    return ThreadTurn(
        id=str(message.message_id),
        at=message.received_at,
        way=Way.IN,
        channel=message.channel.value,
        text=words_of(message)[:LONGEST_TEXT],
        kinds=list(dict.fromkeys(e.kind.value for e in entries)),
        precinct_ids=list(dict.fromkeys(str(e.precinct_id) for e in entries if e.precinct_id)),
        votes=[e.votes for e in entries if e.votes is not None],
        why=next((str(e.detail["held"]) for e in entries if "held" in e.detail), ""),
        photos=list(photos),
    )


def words_of(message: Message) -> str:
    """What a message says in words: of the form's JSON its text, else its number."""
    if message.channel is Channel.SMS:
        return message.body
    try:
        report = FormReport.model_validate_json(message.body)
    except ValidationError:
        return message.body
    if report.text:
        return report.text
    return str(report.votes) if report.votes is not None else ""


def _reply(
    message: Message, asked: Mapping[str, CheckIn], roster: Roster | None, numbers: Mapping[str, int]
) -> ThreadTurn | None:
    if roster is None or message.channel not in (Channel.SMS, Channel.FORM):
        return None
    ids = [str(check_in_id(message.message_id, part)) for part in range(len(asked) + 1)]
    question = next((asked[i] for i in ids if i in asked), None)
    readings = [
        r._replace(detail={**r.detail, "incident": numbers[its_id]})
        if r.kind is Kind.INCIDENT
        and (its_id := str(check_in_id(message.message_id, part))) in numbers
        else r
        for part, r in enumerate(readings_of(message, roster))
    ]  # fmt: skip
    text, why = (_doubt(question, message, roster), "") if question else _worded(readings, message, roster)
    if not text and not why:
        return None
    return ThreadTurn(
        id=f"reply:{message.message_id}", at=message.received_at, way=Way.OUT, channel="answer", text=text,
        purpose="reply", state="answered", why=why,
    )  # fmt: skip


def _worded(readings: list[Reading], message: Message, roster: Roster) -> tuple[str, str]:
    """(the answer, or why it cannot be told again)."""
    if any(r.kind is Kind.HELP and r.detail.get("about") in _ASKED_OF_TALLY for r in readings):
        return "", "answered with what the tally said then"
    return reply_to(readings, message, roster), ""


def _doubt(question: CheckIn, message: Message, roster: Roster) -> str:
    detail = question.detail
    replies = catalogue_for(watcher_of(message, roster), roster).replies
    template = replies.get(str(detail.get("question")), "")
    return template.format(
        votes=detail.get("votes", ""), precinct=detail.get("precinct_id") or "", last="…"
    )  # fmt: skip


def _texted(text: OutboxText) -> ThreadTurn:
    return ThreadTurn(
        id=text.key,
        at=text.at,
        way=Way.OUT,
        channel="outbox",
        text=_LINK.sub("[personal link]", text.body),
        precinct_ids=[text.precinct_id] if text.precinct_id else [],
        purpose=text.purpose,
        state=text.state,
        why=text.reason,
    )


def _noted(entry: CheckIn, through_outbox: set[str]) -> ThreadTurn:
    detail = entry.detail
    told = any(key.endswith(f"notice:{entry.check_in_id}") for key in through_outbox)  # the text stands there
    names = ("status", "note", "why") if told else ("status", "note", "answer", "why")
    words = [str(detail[name]) for name in names if detail.get(name)]
    return ThreadTurn(
        id=str(entry.check_in_id),
        at=entry.received_at,
        way=Way.STAFF,
        by=entry.sender.removeprefix("staff:"),
        text=" · ".join(words)[:LONGEST_TEXT],
        kinds=[entry.kind.value],
        precinct_ids=[str(entry.precinct_id)] if entry.precinct_id else [],
    )
