"""What a provider of texts must be able to do. One file a provider; see intake/providers/__init__.py.

A provider is pure: it is handed what arrived and the time, and does no I/O. It verifies before it reads.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import NamedTuple, Protocol

from election.domain.checkin import Message
from intake.errors import IntakeError
from intake.reading.text_parts import TextPart


class Webhook(NamedTuple):
    """One request as it arrived. `url` is public, with the query; `at` is real time, epoch seconds."""

    url: str
    headers: Mapping[str, str]  # case-insensitive
    body: bytes
    at: float


class Incoming(NamedTuple):
    """One text of a webhook. `sent_at` (aware) where the provider gives it; nobody has judged it yet.

    `part`: which part of a long text it is, where the provider does not join them.
    """

    provider_message_id: str
    sender: str
    text: str
    sent_at: datetime | None = None
    part: TextPart | None = None


class IngestResult(NamedTuple):
    """What became of one text: the message, whether it had been here before, and the reply ("": none)."""

    message: Message
    duplicate: bool
    reply: str


class WebhookRefusedError(IntakeError):
    """The signature is missing, wrong or too old: 403. `reason` is a short word for logs and metrics."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class MalformedError(IntakeError):
    """Signed, but not what this provider sends: 400. The message says what to do about it."""


class Provider(Protocol):
    """`name` is the last part of the webhook's path and part of every message's key."""

    name: str

    def receive(self, webhook: Webhook) -> Sequence[Incoming]:
        """The texts of a webhook, after verifying it; none for a status callback.

        Raises `WebhookRefusedError` or `MalformedError`.
        """
        ...

    def answer(self, outcomes: Sequence[IngestResult]) -> tuple[str, bytes]:
        """Content type and body of the answer to a webhook that was taken."""
        ...
