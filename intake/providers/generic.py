"""The generic webhook: signed JSON in, JSON out. For a GSM modem, a hotline tool, tests, a replay.

Body: `{"id": "...", "from": "+12155550101", "text": "412", "sent_at": "2026-11-03T10:05:00-05:00"}`;
`sent_at` may be left out; other fields are let be. A modem that does not join the parts of a long text says
`"part_ref": "a7", "part": 1, "parts": 3`: they are read as one.
Headers: `X-Beluga-Timestamp` (seconds since the epoch, real time)
and `X-Beluga-Signature: sha256=HEX`, HMAC-SHA256 under the shared secret over `TIMESTAMP.BODY`.
"""

import hmac
from collections.abc import Sequence
from datetime import datetime
from hashlib import sha256

import orjson

from intake.providers.form import sender_of
from intake.providers.freshness import WINDOW_SECONDS, require_fresh
from intake.providers.protocol import Incoming, IngestResult, MalformedError, Webhook, WebhookRefusedError
from intake.reading.text_parts import part
from intake.settings import IntakeSettings

SKEW_SECONDS = WINDOW_SECONDS


class Generic:
    name = "generic"

    def __init__(self, secret: str) -> None:
        self._key = hmac.new(secret.encode(), digestmod=sha256)

    def receive(self, webhook: Webhook) -> Sequence[Incoming]:
        timestamp = webhook.headers.get("X-Beluga-Timestamp")
        signature = webhook.headers.get("X-Beluga-Signature")
        if not timestamp or not signature:
            raise WebhookRefusedError("unsigned")
        mac = self._key.copy()
        mac.update(b"%b.%b" % (timestamp.encode("utf-8", "replace"), webhook.body))
        expected = "sha256=" + mac.hexdigest()
        if not hmac.compare_digest(expected.encode(), signature.encode("utf-8", "replace")):
            raise WebhookRefusedError("bad_signature")
        if not (timestamp.isascii() and timestamp.isdigit()):
            raise WebhookRefusedError("stale_signature")
        require_fresh(self.name, int(timestamp), webhook.at)
        return (_incoming(webhook.body),)

    def answer(self, outcomes: Sequence[IngestResult]) -> tuple[str, bytes]:
        (outcome,) = outcomes
        return "application/json", orjson.dumps(
            {"id": outcome.message.message_id, "duplicate": outcome.duplicate, "reply": outcome.reply}
        )


def sign(secret: str, body: bytes, timestamp: int) -> dict[str, str]:
    """The headers that make `body` acceptable at `timestamp` (seconds since the epoch, real time)."""
    digest = hmac.new(secret.encode(), f"{timestamp}.".encode() + body, sha256).hexdigest()
    return {"X-Beluga-Timestamp": str(timestamp), "X-Beluga-Signature": f"sha256={digest}"}


def _incoming(body: bytes) -> Incoming:
    try:
        data = orjson.loads(body)
    except ValueError as error:
        raise MalformedError(f"send JSON in UTF-8: {error}") from None
    if not isinstance(data, dict):
        raise MalformedError('send a JSON object like {"id": "...", "from": "+12155550101", "text": "412"}')
    its_id, sender, text = data.get("id"), data.get("from"), data.get("text")
    if isinstance(its_id, int) and not isinstance(its_id, bool):
        its_id = str(its_id)
    if not (isinstance(its_id, str) and its_id and isinstance(sender, str)):
        raise MalformedError('"id" and "from" must be texts, and "id" not empty')
    if not isinstance(text, str):
        raise MalformedError('"text" must be a text')
    names = ("part_ref", "part", "parts")
    found = part(*(str(data.get(name, "")) for name in names)) if "part" in data else None
    return Incoming(its_id, sender_of(sender, its_id), text, _time(data.get("sent_at")), found)


def _time(value: object) -> datetime | None:
    if value is None or value == "":
        return None
    try:
        at = datetime.fromisoformat(value)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        raise MalformedError('"sent_at" must be ISO 8601 with an offset, or left out') from None
    if at.tzinfo is None:
        raise MalformedError('"sent_at" needs an offset, such as -05:00 or Z')
    return at


def provider(settings: IntakeSettings) -> Generic | None:
    """The generic webhook as configured; None without a secret."""
    secret = settings.generic_secret.get_secret_value()
    return Generic(secret) if secret else None
