"""How fast each of our numbers may send, and which number sends next. Pure: the time is handed in.

A number's budget is a token bucket in segments, for carriers count segments. A number that fails `TRIES`
times in a row rests while the next one sends; after the rest one text tries it again.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

# Segments a second and the burst a carrier forgives. 10DLC is the lowest tier's 75 a minute: a registered
# campaign may have up to 4,500 (say so as `rate`).
PRESETS = {
    "10dlc": (75 / 60, 10.0),
    "toll_free": (25.0, 25.0),
    "short_code": (100.0, 100.0),
    "whatsapp": (50.0, 50.0),  # Twilio passes on 80 a second
    "file": (1e4, 1e4),
}
TRIES = 3  # failures in a row before a number rests: one may be the carrier's, three are the number's
REST_SECONDS = 60.0  # real
WHATSAPP = "whatsapp:"  # before a number that sends by WhatsApp


@dataclass(slots=True)
class TokenBucket:
    """`rate` tokens a second, at most `burst` saved up. Starts full."""

    rate: float
    burst: float
    tokens: float = field(init=False)
    at: float = field(default=0.0, init=False)

    def __post_init__(self) -> None:
        self.tokens = self.burst

    def refill(self, now: float) -> float:
        """Tokens to spend at `now` (monotonic seconds)."""
        if self.at:
            self.tokens = min(self.burst, self.tokens + max(0.0, now - self.at) * self.rate)
        self.at = now
        return self.tokens

    def spend(self, cost: float) -> None:
        """A text longer than the burst is paid for by waiting afterwards."""
        self.tokens -= cost

    def wait(self, cost: float = 1.0) -> float:
        """Seconds until `cost` tokens are there."""
        return max(0.0, (min(cost, self.burst) - self.tokens) / self.rate)


@dataclass(slots=True)
class Number:
    """One number of ours at one provider."""

    number: str
    provider: str
    bucket: TokenBucket
    failures: int = 0
    rests_until: float = 0.0

    @property
    def by_whatsapp(self) -> bool:
        return self.number.startswith(WHATSAPP)

    def rests(self, now: float) -> bool:
        return now < self.rests_until

    def succeeded(self) -> None:
        self.failures = 0

    def failed(self, now: float) -> bool:
        """Notes a failure; True where the number rests from now on."""
        self.failures += 1
        if self.failures >= TRIES:
            self.rests_until = now + REST_SECONDS
            self.failures = TRIES - 1  # after the rest a single failure is enough
            return True
        return False


def first_awake(numbers: Sequence[Number], now: float) -> Number | None:
    """The number that sends now: the first, in the order configured, that does not rest."""
    return next((n for n in numbers if not n.rests(now)), None)
