"""How old a signed request may be, and how far a provider's clock may be off."""

from time import monotonic

import structlog

from intake.providers.protocol import WebhookRefusedError

WINDOW_SECONDS = 300  # what a sender's clock may be off, and how long a recorded request could be sent again
TOLD_SECONDS = 30  # a clock this far off is said in the log, before it costs anything

SAY_AGAIN_SECONDS = 60.0  # real; a provider whose clock is off signs every text with it

_say_again: dict[str, float] = {}  # by provider
log = structlog.get_logger()


def require_fresh(provider: str, signed_at: float, now: float) -> None:
    """Raises `WebhookRefusedError` outside the window; logs a clock that is well off. Epoch seconds."""
    ahead = signed_at - now
    if not abs(ahead) <= WINDOW_SECONDS:
        raise WebhookRefusedError("stale_signature")
    if abs(ahead) > TOLD_SECONDS and monotonic() >= _say_again.get(provider, 0.0):
        _say_again[provider] = monotonic() + SAY_AGAIN_SECONDS
        log.warning("clock_skew", provider=provider, seconds_ahead=round(ahead))


def forget() -> None:
    """Says at once again what it has said lately."""
    _say_again.clear()
