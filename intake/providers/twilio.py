"""Twilio: a signed form in, TwiML out.

`X-Twilio-Signature` is base64 of HMAC-SHA1, under the account's auth token, over the public URL followed by
every parameter's name and value in order of names (a repeated name: its distinct values in order).
"""

import base64
import hmac
import re
from collections.abc import Sequence
from hashlib import sha1
from urllib.parse import parse_qsl, urlsplit
from xml.sax.saxutils import escape

from intake.providers.protocol import Incoming, MalformedError, Outcome, RefusedError, Webhook
from intake.settings import IntakeSettings

MOST_FIELDS = 300  # Twilio sends some twenty, and three more a picture
_NOT_IN_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_SILENCE = b'<?xml version="1.0" encoding="UTF-8"?><Response/>'


class Twilio:
    name = "twilio"

    def __init__(self, auth_token: str) -> None:
        self._key = hmac.new(auth_token.encode(), digestmod=sha1)

    def receive(self, webhook: Webhook) -> Sequence[Incoming]:
        signature = webhook.headers.get("X-Twilio-Signature")
        if not signature:
            raise RefusedError("unsigned")
        try:
            text = webhook.body.decode("ascii") if webhook.body.isascii() else webhook.body.decode()
            fields = parse_qsl(
                text, keep_blank_values=True, encoding="utf-8", errors="strict", max_num_fields=MOST_FIELDS
            )
        except UnicodeDecodeError:
            raise MalformedError("send the form as UTF-8") from None
        except ValueError as error:
            raise MalformedError(f"send an urlencoded form: {error}") from None
        if not self._signed(webhook.url, fields, signature):
            raise RefusedError("bad_signature")
        values = dict(fields)
        if "MessageStatus" in values or values.get("SmsStatus") in _STATUS_OF_OURS:
            return ()
        its_id = values.get("MessageSid") or values.get("SmsMessageSid") or values.get("SmsSid")
        sender = values.get("From")
        if not its_id or not sender:
            raise MalformedError("send Twilio's MessageSid, From and Body")
        return (Incoming(its_id, sender.removeprefix("whatsapp:"), values.get("Body", "")),)

    def _signed(self, url: str, fields: list[tuple[str, str]], signature: str) -> bool:
        words = "".join([name + value for name, value in sorted(set(fields))])
        given = signature.encode("utf-8", "replace")
        # Twilio signs with the port for some URLs and without it for others: both are the configured address.
        return any(hmac.compare_digest(self._signature(form + words), given) for form in _forms(url))

    def _signature(self, words: str) -> bytes:
        mac = self._key.copy()
        mac.update(words.encode())
        return base64.b64encode(mac.digest())

    def answer(self, outcomes: Sequence[Outcome]) -> tuple[str, bytes]:
        replies = [outcome.reply for outcome in outcomes if outcome.reply]
        if not replies:
            return "text/xml", _SILENCE
        words = "".join(f"<Message>{escape(_NOT_IN_XML.sub(' ', reply))}</Message>" for reply in replies)
        return "text/xml", f'<?xml version="1.0" encoding="UTF-8"?><Response>{words}</Response>'.encode()


# Status callbacks of what we sent may be pointed at the same URL; they are nobody's words.
_STATUS_OF_OURS = frozenset({"queued", "sending", "sent", "delivered", "undelivered", "failed"})


def _forms(url: str) -> list[str]:
    """The URL as configured, then with its port taken away or its scheme's own added."""
    parts = urlsplit(url)
    host = parts.netloc.rpartition("@")[2]
    if parts.port:
        other = parts.netloc.rpartition(":")[0]
    else:
        other = f"{host}:{443 if parts.scheme == 'https' else 80}"
    return [url, url.replace(parts.netloc, other, 1)]


def provider(settings: IntakeSettings) -> Twilio | None:
    """Twilio as configured; None without an auth token."""
    token = settings.twilio_auth_token.get_secret_value()
    return Twilio(token) if token else None
