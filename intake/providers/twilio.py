"""Twilio: a signed form in, TwiML out.

`X-Twilio-Signature` is base64 of HMAC-SHA1, under the account's auth token, over the public URL followed by
every parameter's name and value in order of names (a repeated name: its distinct values in order).
Nothing stands between a name and a value, so the ids are held to their form (`require_one_id`).
With `X-Twilio-Webhooks-Signature-Settings: key=ID,algorithm=HMAC_SHA256` the same is signed under a shared
key of its own (`BELUGA_TWILIO_SHARED_KEY`), by that algorithm.
"""

import base64
import hmac
import re
from collections.abc import Sequence
from functools import lru_cache
from hashlib import sha1, sha256
from typing import Any
from urllib.parse import urlsplit
from xml.sax.saxutils import escape

from intake.providers.form import fields_of, require_form, require_one_id, sender_of
from intake.providers.protocol import Incoming, IngestResult, Webhook, WebhookRefusedError
from intake.settings import IntakeSettings

_ALGORITHMS = {"HMAC_SHA1": sha1, "HMAC_SHA256": sha256}
_SID = re.compile(r"[A-Z]{2}[0-9a-f]{32}")  # SM, MM; Twilio may add kinds
# MessageSid, SmsMessageSid and SmsSid; what comes first is found fastest
_NAMED_SID = re.compile(rf"Sid(?:(?<=MessageSid)|(?<=SmsSid))({_SID.pattern})")
_NOT_IN_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_SILENCE = b'<?xml version="1.0" encoding="UTF-8"?><Response/>'


class Twilio:
    name = "twilio"

    def __init__(self, auth_token: str, shared_key: str = "") -> None:
        self._key = hmac.new(auth_token.encode(), digestmod=sha1)
        self._shared = {
            name: hmac.new(shared_key.encode(), digestmod=digest) for name, digest in _ALGORITHMS.items()
        } if shared_key else {}  # fmt: skip

    def receive(self, webhook: Webhook) -> Sequence[Incoming]:
        signature = webhook.headers.get("X-Twilio-Signature")
        if not signature:
            raise WebhookRefusedError("unsigned")
        announced = webhook.headers.get("X-Twilio-Webhooks-Signature-Settings")
        algorithm = _algorithm(announced) if announced else ""
        key = self._shared.get(algorithm) if algorithm else self._key
        if key is None:
            raise WebhookRefusedError("unknown_algorithm")
        fields = fields_of(webhook.body)
        if not _signed(key, webhook.url, fields, signature):
            raise WebhookRefusedError("bad_signature")
        values = dict(fields)
        if "MessageStatus" in values or values.get("SmsStatus") in _STATUS_OF_OURS:
            return ()
        its_id = values.get("MessageSid") or values.get("SmsMessageSid") or values.get("SmsSid") or ""
        its_id = require_form(its_id, _SID, _SEND)
        return (Incoming(its_id, sender_of(values.get("From", ""), its_id), values.get("Body", "")),)

    def answer(self, outcomes: Sequence[IngestResult]) -> tuple[str, bytes]:
        replies = [outcome.reply for outcome in outcomes if outcome.reply]
        if not replies:
            return "text/xml", _SILENCE
        words = "".join(f"<Message>{escape(_NOT_IN_XML.sub(' ', reply))}</Message>" for reply in replies)
        return "text/xml", f'<?xml version="1.0" encoding="UTF-8"?><Response>{words}</Response>'.encode()


_SEND = "send Twilio's MessageSid (SM and 32 hexadecimal digits), From and Body"
# Status callbacks of what we sent may be pointed at the same URL; they are nobody's words.
_STATUS_OF_OURS = frozenset({"queued", "sending", "sent", "delivered", "undelivered", "failed"})


def _algorithm(announced: str) -> str:
    """The algorithm of `key=ID,algorithm=NAME`; "" without one."""
    pairs = dict(part.strip().partition("=")[::2] for part in announced.split(",")[:10])
    return pairs.get("algorithm", "").upper()


def _signed(key: Any, url: str, fields: list[tuple[str, str]], signature: str) -> bool:
    words = "".join([name + value for name, value in sorted(set(fields))])
    given = signature.encode("utf-8", "replace")
    # Twilio signs with the port for some URLs and without it for others: both are the configured address.
    for form in _forms(url):
        if hmac.compare_digest(_signature(key, form + words), given):
            require_one_id(form + words, _NAMED_SID)
            return True
    return False


def _signature(key: Any, words: str) -> bytes:
    mac = key.copy()
    mac.update(words.encode())
    return base64.b64encode(mac.digest())


@lru_cache(maxsize=64)
def _forms(url: str) -> tuple[str, ...]:
    """The URL as configured, then with its port taken away or its scheme's own added."""
    parts = urlsplit(url)
    host = parts.netloc.rpartition("@")[2]
    if parts.port:
        other = parts.netloc.rpartition(":")[0]
    else:
        other = f"{host}:{443 if parts.scheme == 'https' else 80}"
    return url, url.replace(parts.netloc, other, 1)


def provider(settings: IntakeSettings) -> Twilio | None:
    """Twilio as configured; None without an auth token."""
    token = settings.twilio_auth_token.get_secret_value()
    shared_key = settings.twilio_shared_key.get_secret_value()
    return Twilio(token, shared_key) if token else None
