"""What a sender of texts must be able to do. One file a provider; see intake/senders/__init__.py.

The four outcomes matter more than anything else here. Only `ProviderUnavailableError` (the provider certainly
has not taken the text) may be tried again; after `UncertainError` nobody knows, and a second try could text a
person twice, so there is none.
"""

from dataclasses import dataclass
from typing import Protocol

from intake.errors import IntakeError


@dataclass(frozen=True, slots=True)
class Order:
    """One text for one phone. `key` is ours; `valid_seconds`: later than that it must not arrive."""

    key: str
    number: str
    phone: str
    body: str
    valid_seconds: float
    template: str = ""  # WhatsApp's, outside its 24 hours; empty: free words


@dataclass(frozen=True, slots=True)
class Delivery:
    """What a provider tells later of a text it took. `state`: sent, delivered, undelivered or failed."""

    provider_message_id: str
    state: str
    reason: str = ""


class ProviderUnavailableError(IntakeError):
    """The provider has not taken the text (no connection, 429, 503): another try may do no harm."""


class UncertainError(IntakeError):
    """The text went to the provider, whose answer did not come back or made no sense: never repeat it."""


class TextRefusedError(IntakeError):
    """The provider will not send this text. `reason`: wrong_number, opted_out, account, outside_window or
    refused.
    """

    def __init__(self, reason: str, code: str = "") -> None:
        super().__init__(f"{reason} {code}".strip())
        self.reason = reason
        self.code = code


@dataclass(frozen=True, slots=True)
class RefusalCodes:
    """A provider's codes by the reason they stand for; any other is `refused`."""

    wrong_number: frozenset[str]
    opted_out: frozenset[str]
    account: frozenset[str] = frozenset()
    window: frozenset[str] = frozenset()  # WhatsApp's 24 hours were over

    def reason(self, code: str) -> str:
        if code in self.wrong_number:
            return "wrong_number"
        if code in self.opted_out:
            return "opted_out"
        if code in self.window:
            return "outside_window"
        return "account" if code in self.account else "refused"


class Sender(Protocol):
    """One provider's API. `idempotent`: a repeated order with the same key is one text there."""

    name: str
    idempotent: bool

    async def send(self, order: Order) -> str:
        """Hands the text over and returns the provider's id of it.

        Raises `ProviderUnavailableError`, `UncertainError` or `TextRefusedError`.
        """
        ...

    async def close(self) -> None: ...
