"""A message before the journal has it."""

from datetime import datetime
from typing import NamedTuple

from election.domain.checkin import Channel, Message
from election.domain.ids import message_id


class MessageDraft(NamedTuple):
    """A message about to be journalled. Times are UTC. `raw` is the request body, untouched."""

    provider: str
    provider_message_id: str
    channel: Channel
    sender: str
    body: str
    raw: bytes
    received_at: datetime
    sent_at: datetime
    roster_version: str = ""
    rehearsal: bool = False

    def message(self, label: str, seq: int) -> Message:
        """The message it became as row `seq` of the journal `label`."""
        return Message(
            message_id(self.provider, self.provider_message_id), self.provider, self.provider_message_id,
            self.channel, self.sender, self.body, self.raw, self.received_at, self.sent_at,
            self.roster_version, label, seq, self.rehearsal,
        )  # fmt: skip
