"""What intake asks of a count because of what the tally said just then: an entry of its own, taken as stored.

The question hangs on what was known at that moment, which no recount can know again. So it is journaled as a
message that carries it whole: the count's message, its number and place, and why (laws L3 and L4).
"""

from election.domain.checkin import Channel, Kind, Message, Reading
from election.domain.ids import CheckInId, check_in_id
from election.wire.intake import Decision
from intake.journal.file import Draft

PROVIDER, ACCOUNT = "intake", "intake"


def asked_draft(message: Message, readings: list[Reading], part: int, doubt: str, sender: str) -> Draft:
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
    return Draft(
        PROVIDER, f"asked:{message.message_id}", Channel.STAFF, f"staff:{ACCOUNT}", body, body.encode(),
        message.received_at, message.sent_at, message.roster_version, message.rehearsal,
    )  # fmt: skip
