"""What intake asks of a count because of what the tally said just then: an entry of its own, taken as stored.

The question hangs on what was known at that moment, which no recount can know again. So it is journaled as a
message that carries it whole: the count's message, its number and place, and why (laws L3 and L4).
"""

from election.domain.checkin import Channel, Kind, Message, Reading
from election.domain.ids import CheckInId, check_in_id
from election.domain.roster import Roster
from election.wire.intake import Decision
from intake.journal.draft import MessageDraft
from intake.reading.reader import watcher_of
from intake.replies.wording import Hints, doubt_about

PROVIDER, ACCOUNT = "intake", "intake"


def asked_about(
    message: Message, readings: list[Reading], roster: Roster, hints: Hints
) -> MessageDraft | None:
    """The question about the first count of a watcher's message that `hints` make doubtful, if any."""
    if message.channel not in (Channel.SMS, Channel.FORM):
        return None
    for part, reading in enumerate(readings):
        doubt = doubt_about(reading, hints)
        if doubt and not reading.held:
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
    body = decision.model_dump_json()
    return MessageDraft(
        PROVIDER, f"asked:{message.message_id}", Channel.STAFF, f"staff:{ACCOUNT}", body, body.encode(),
        message.received_at, message.sent_at, message.roster_version, message.rehearsal,
    )  # fmt: skip
