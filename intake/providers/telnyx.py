"""Telnyx: signed JSON in, an empty 200 out (replies go out through its API).

`telnyx-signature-ed25519` is base64 of the Ed25519 signature over `TIMESTAMP|BODY`, `telnyx-timestamp` the
seconds since the epoch. Only `message.received` holds a watcher's words.
"""

import base64
import binascii
import re
from collections.abc import Sequence
from datetime import datetime

from intake.providers.form import json_of, require_form, sender_of, text_at
from intake.providers.freshness import require_fresh
from intake.providers.protocol import Incoming, IngestResult, MalformedError, Webhook, WebhookRefusedError
from intake.settings import IntakeSettings

_ID = re.compile(r"[0-9A-Za-z-]{1,64}")  # a UUID
_SEND = "send Telnyx's payload.id and payload.from.phone_number"


class Telnyx:
    name = "telnyx"

    def __init__(self, public_key: str) -> None:
        """Raises `ValueError` where it is not a base64 Ed25519 key."""
        # Only here: it takes 10 MB and a moment, which other providers can do without.
        from cryptography.exceptions import InvalidSignature
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

        self._key = Ed25519PublicKey.from_public_bytes(base64.b64decode(public_key, validate=True))
        self._invalid = InvalidSignature

    def receive(self, webhook: Webhook) -> Sequence[Incoming]:
        signature = webhook.headers.get("telnyx-signature-ed25519")
        timestamp = webhook.headers.get("telnyx-timestamp")
        if not signature or not timestamp:
            raise WebhookRefusedError("unsigned")
        try:
            self._key.verify(
                base64.b64decode(signature, validate=True),
                timestamp.encode("utf-8", "replace") + b"|" + webhook.body,
            )
        except (self._invalid, binascii.Error, ValueError):
            raise WebhookRefusedError("bad_signature") from None
        if not (timestamp.isascii() and timestamp.isdigit()):
            raise WebhookRefusedError("stale_signature")
        require_fresh(self.name, int(timestamp), webhook.at)
        data = json_of(webhook.body)
        event = data.get("data") if isinstance(data, dict) else None
        if not isinstance(event, dict):
            raise MalformedError("send Telnyx's event under `data`")
        if text_at(event, "event_type") != "message.received":
            return ()
        its_id, sender = text_at(event, "payload", "id"), text_at(event, "payload", "from", "phone_number")
        sent_at = _time(text_at(event, "payload", "sent_at") or text_at(event, "payload", "received_at"))
        its_id = require_form(its_id, _ID, _SEND)
        return (Incoming(its_id, sender_of(sender, its_id), text_at(event, "payload", "text"), sent_at),)

    def answer(self, outcomes: Sequence[IngestResult]) -> tuple[str, bytes]:
        return "application/json", b"{}"


def _time(value: str) -> datetime | None:
    try:
        at = datetime.fromisoformat(value)
    except ValueError:
        return None
    return at if at.tzinfo else None


def provider(settings: IntakeSettings) -> Telnyx | None:
    """Telnyx as configured; None without its public key."""
    key = settings.telnyx_public_key.get_secret_value()
    return Telnyx(key) if key else None
