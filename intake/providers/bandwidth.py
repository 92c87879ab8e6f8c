"""Bandwidth: a JSON list of events under basic authentication in, an empty 200 out.

Its callbacks are not signed: the login is all that tells them from a forgery, so the connection must be TLS.
"""

import base64
import hmac
import re
from collections.abc import Sequence
from datetime import datetime

from intake.providers.form import json_of, require_form, sender_of, text_at
from intake.providers.protocol import Incoming, IngestResult, MalformedError, Webhook, WebhookRefusedError
from intake.settings import IntakeSettings

_ID = re.compile(r"[0-9A-Za-z-]{1,64}")  # 29 small letters and digits today
_SEND = "send Bandwidth's message.id and message.from"


class Bandwidth:
    name = "bandwidth"

    def __init__(self, login: str) -> None:
        """`login` is USER:PASSWORD. Raises `ValueError` without a colon."""
        if ":" not in login:
            raise ValueError("BELUGA_BANDWIDTH_LOGIN: write it as USER:PASSWORD")
        self._expected = b"Basic " + base64.b64encode(login.encode())

    def receive(self, webhook: Webhook) -> Sequence[Incoming]:
        given = webhook.headers.get("Authorization")
        if not given:
            raise WebhookRefusedError("unsigned")
        scheme, _, login = given.partition(" ")
        right = hmac.compare_digest(self._expected, b"Basic " + login.strip().encode("utf-8", "replace"))
        if not right or scheme.lower() != "basic":
            raise WebhookRefusedError("bad_signature")
        events = json_of(webhook.body)
        if not isinstance(events, list):
            raise MalformedError("send Bandwidth's list of events")
        return [_incoming(event) for event in events if text_at(event, "type") == "message-received"]

    def answer(self, outcomes: Sequence[IngestResult]) -> tuple[str, bytes]:
        return "application/json", b"{}"


def _incoming(event: object) -> Incoming:
    its_id, sender = text_at(event, "message", "id"), text_at(event, "message", "from")
    its_id = require_form(its_id, _ID, _SEND)
    sender = sender_of(sender, its_id)
    return Incoming(
        its_id, sender, text_at(event, "message", "text"), _time(text_at(event, "message", "time"))
    )


def _time(value: str) -> datetime | None:
    try:
        at = datetime.fromisoformat(value)
    except ValueError:
        return None
    return at if at.tzinfo else None


def provider(settings: IntakeSettings) -> Bandwidth | None:
    """Bandwidth as configured; None without a login."""
    login = settings.bandwidth_login.get_secret_value()
    return Bandwidth(login) if login else None
