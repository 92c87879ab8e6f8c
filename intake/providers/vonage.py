"""Vonage: signed parameters (SMS API) or a signed JWT (Messages API); an empty 200 out.

Signed parameters: `sig` over every other parameter in order of names, each as `&name=value` with `&` and `=`
in values replaced by `_`; an HMAC in hexadecimal, or the plain MD5 of that text followed by the secret. So
that a signed text is cut in one way only, names hold neither mark, and an id none of the three.
JWT: `Authorization: Bearer`, HS256 under the signature secret; its `payload_hash` is the SHA-256 of the body
and its `iat` the time of signing. It says nothing of the URL, so what the query holds is not read then.
"""

import base64
import binascii
import hashlib
import hmac
import re
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

import orjson

from intake.providers.form import fields_of, json_of, require_form, sender_of
from intake.providers.freshness import require_fresh
from intake.providers.protocol import Incoming, IngestResult, MalformedError, Webhook, WebhookRefusedError
from intake.reading.text_parts import part
from intake.settings import IntakeSettings

_ID = re.compile(r"[0-9A-Za-z-]{1,64}")  # 16 or 17 hexadecimal digits, or a UUID
_SEND = "send Vonage's messageId and msisdn, or message_uuid and from"
PLAIN_MD5 = "md5hash"


class Vonage:
    name = "vonage"

    def __init__(self, secret: str, method: str) -> None:
        """`method` is the one chosen in Vonage's dashboard: md5hash, md5, sha1, sha256 or sha512."""
        self._secret = secret.encode()
        self._method = method

    def receive(self, webhook: Webhook) -> Sequence[Incoming]:
        scheme, _, token = (webhook.headers.get("Authorization") or "").partition(" ")
        if scheme.lower() == "bearer":
            self._verify_token(token.strip(), webhook)
            return _incoming(_values(webhook, signed_parameters=False))
        values = _values(webhook, signed_parameters=True)
        if any("&" in name or "=" in name for name in values):
            raise WebhookRefusedError("ambiguous_signature")
        signature = values.pop("sig", "")
        if not signature:
            raise WebhookRefusedError("unsigned")
        if not hmac.compare_digest(self._signature(values), signature.lower().encode("utf-8", "replace")):
            raise WebhookRefusedError("bad_signature")
        timestamp = values.get("timestamp", "")
        if not (timestamp.isascii() and timestamp.isdigit()):
            raise WebhookRefusedError("stale_signature")
        require_fresh(self.name, int(timestamp), webhook.at)
        return _incoming(values)

    def _signature(self, values: dict[str, str]) -> bytes:
        text = "".join(
            f"&{name}={value.replace('&', '_').replace('=', '_')}" for name, value in sorted(values.items())
        ).encode()
        if self._method == PLAIN_MD5:
            return hashlib.md5(text + self._secret).hexdigest().encode()  # noqa: S324 (theirs to choose)
        return hmac.new(self._secret, text, self._method).hexdigest().encode()

    def _verify_token(self, token: str, webhook: Webhook) -> None:
        head, claims, given = _parts(token)
        # The algorithm is ours to say, not the token's: "none" and others are refused.
        if head.get("alg") != "HS256":
            raise WebhookRefusedError("bad_signature")
        signed = token.rpartition(".")[0].encode("utf-8", "replace")
        if not hmac.compare_digest(hmac.new(self._secret, signed, "sha256").digest(), given):
            raise WebhookRefusedError("bad_signature")
        body_hash = str(claims.get("payload_hash", "")).lower().encode("utf-8", "replace")
        if not hmac.compare_digest(hashlib.sha256(webhook.body).hexdigest().encode(), body_hash):
            raise WebhookRefusedError("bad_signature")
        signed_at = claims.get("iat")
        if not isinstance(signed_at, int | float) or isinstance(signed_at, bool):
            raise WebhookRefusedError("stale_signature")
        require_fresh(self.name, signed_at, webhook.at)

    def answer(self, outcomes: Sequence[IngestResult]) -> tuple[str, bytes]:
        return "text/plain", b""


def _parts(token: str) -> tuple[dict[str, Any], dict[str, Any], bytes]:
    try:
        head, claims, signature = (
            base64.b64decode(part + "=" * (-len(part) % 4), altchars=b"-_", validate=True)
            for part in token.split(".")
        )
        read = orjson.loads(head), orjson.loads(claims)
    except (ValueError, binascii.Error):
        raise WebhookRefusedError("bad_signature") from None
    if not all(isinstance(part, dict) for part in read):
        raise WebhookRefusedError("bad_signature")
    return *read, signature


def _values(webhook: Webhook, *, signed_parameters: bool) -> dict[str, str]:
    """The parameters: of the query (where it is what is signed), a form, or JSON."""
    if not webhook.body and signed_parameters:
        return _once(fields_of(urlsplit(webhook.url).query.encode()))
    if webhook.body.lstrip()[:1] != b"{":
        return _once(fields_of(webhook.body))
    data = json_of(webhook.body)
    if not isinstance(data, dict):
        raise MalformedError("send Vonage's JSON object")
    if signed_parameters:
        return {name: value if isinstance(value, str) else str(value) for name, value in data.items()}
    return {name: value for name, value in data.items() if isinstance(value, str)}


def _once(fields: list[tuple[str, str]]) -> dict[str, str]:
    values = dict(fields)
    if len(values) != len(fields):
        raise MalformedError("send every parameter once")
    return values


def _incoming(values: dict[str, str]) -> Sequence[Incoming]:
    if "status" in values and "text" not in values:
        return ()  # a receipt of something we sent
    its_id = values.get("messageId") or values.get("message_uuid") or ""
    sender = values.get("msisdn") or values.get("from") or ""
    its_id = require_form(its_id, _ID, _SEND)
    sender = sender_of(sender, its_id, bare=True)
    found = None
    if values.get("concat", "").lower() == "true":
        names = ("concat-ref", "concat-part", "concat-total")
        found = part(*(values.get(name, "") for name in names))
    return (Incoming(its_id, sender, values.get("text", ""), _time(values), found),)


def _time(values: dict[str, str]) -> datetime | None:
    stamp = values.get("message-timestamp") or values.get("timestamp") or ""
    try:
        at = datetime.fromisoformat(stamp)
    except ValueError:
        return None
    return at if at.tzinfo else at.replace(tzinfo=UTC)


def provider(settings: IntakeSettings) -> Vonage | None:
    """Vonage as configured; None without its signature secret."""
    secret = settings.vonage_signature_secret.get_secret_value()
    return Vonage(secret, settings.vonage_signature_method) if secret else None
