"""What a provider of telephone numbers does for us, and in which words. No I/O here."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from beluga.errors import BelugaError

NumberKind = Literal["local", "toll_free"]
RegistrationState = Literal["ready", "waiting", "refused", "missing", "unknown"]
UNREGISTERED = "US carriers block texts of unregistered numbers"
US_TOLL_FREE = ("800", "833", "844", "855", "866", "877", "888")


class ProviderRefusedError(BelugaError):
    """A provider did not do what was asked, or cannot be reached. The message gives its own words."""


@dataclass(frozen=True, slots=True)
class HeldNumber:
    """A number that the account holds. `key` is the provider's own id of it; `answers_at` is where its
    texts are sent to ("": nowhere), `fallback` where they go when that fails.
    """

    number: str
    key: str
    answers_at: str = ""
    fallback: str = ""
    texts: bool = True

    @property
    def kind(self) -> NumberKind:
        """By the number itself: toll-free prefixes of the North American plan."""
        return "toll_free" if self.number[:2] == "+1" and self.number[2:5] in US_TOLL_FREE else "local"


@dataclass(frozen=True, slots=True)
class OfferedNumber:
    """A number that may be bought. Prices are in `currency`; None where the provider does not say."""

    number: str
    place: str
    monthly: str | None
    upfront: str | None
    currency: str

    def price(self) -> str:
        if self.monthly is None:
            return "price unknown: see the provider's list"
        first = f", {self.upfront} once" if self.upfront and float(self.upfront) else ""
        return f"{self.monthly} {self.currency} a month{first}"


@dataclass(frozen=True, slots=True)
class Registration:
    """Whether carriers let the number's texts through: 10DLC campaign, or toll-free verification."""

    state: RegistrationState
    said: str  # what the provider says, in words
    remedy: str = ""

    def line(self) -> str:
        return f"{self.said}; {self.remedy}" if self.remedy else self.said


@dataclass(frozen=True, slots=True)
class NumberSearch:
    """What to look for: `country` is two letters, `area` a national area code ("": any)."""

    country: str = "US"
    area: str = ""
    kind: NumberKind = "local"
    limit: int = 10


class NumbersProvider(ABC):
    """A provider's account. Every method raises `ProviderRefusedError`."""

    name: str

    @abstractmethod
    async def held(self) -> Sequence[HeldNumber]:
        """Numbers of the account."""

    @abstractmethod
    async def offers(self, search: NumberSearch) -> Sequence[OfferedNumber]:
        """Numbers that can send texts and may be bought."""

    @abstractmethod
    async def buy(self, number: str, hook: str, fallback: str) -> HeldNumber:
        """Buys a number, at a cost, with its texts pointed at `hook`."""

    @abstractmethod
    async def point(self, number: HeldNumber, hook: str, fallback: str) -> HeldNumber:
        """Has a number's texts sent to `hook`, and to `fallback` when that fails."""

    async def registration(self, number: HeldNumber) -> Registration:
        """How far carriers know the number."""
        if not number.number.startswith("+1"):
            who = self.name.capitalize()
            return Registration(
                "unknown", f"outside the North American plan: ask {who} what the country wants"
            )
        return await (self._verification(number) if number.kind == "toll_free" else self._campaign(number))

    @abstractmethod
    async def _verification(self, number: HeldNumber) -> Registration:
        """Of a toll-free number."""

    @abstractmethod
    async def _campaign(self, number: HeldNumber) -> Registration:
        """Of a local number of the North American plan."""

    @abstractmethod
    async def send(self, sender: str, to: str, body: str) -> str:
        """Sends one text; the provider's id of it."""

    @abstractmethod
    async def close(self) -> None:
        """Ends the connections."""
