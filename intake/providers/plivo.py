"""Plivo: a signed form in, an empty XML response out (replies go out through its API).

Only V3 signatures are taken, because V2 does not cover the body. `X-Plivo-Signature-V3` is base64 of
HMAC-SHA256, under the auth token, over `URL?QUERY.PARAMETERS.NONCE`: the URL's own query in order of names,
then every parameter's name and value in order, then `X-Plivo-Signature-V3-Nonce`. Several signatures may
come, separated by commas: one must be right. Nothing stands between a name and a value, so the ids are held
to their form (`require_one_id`).
"""

import base64
import hmac
import re
from collections import OrderedDict
from collections.abc import Sequence
from hashlib import sha256
from urllib.parse import parse_qsl, urlsplit

from intake.providers.form import fields_of, require_form, require_one_id, sender_of
from intake.providers.protocol import Incoming, IngestResult, MalformedError, Webhook, WebhookRefusedError
from intake.settings import IntakeSettings

_UUID = re.compile(r"[0-9A-Fa-f-]{36}")
_NAMED_UUID = re.compile(rf"MessageUUID({_UUID.pattern})")
_SEND = "send Plivo's MessageUUID (36 characters, once), From and Text"
_SILENCE = b'<?xml version="1.0" encoding="UTF-8"?><Response/>'


class Plivo:
    name = "plivo"

    def __init__(self, auth_token: str) -> None:
        self._key = hmac.new(auth_token.encode(), digestmod=sha256)

    def receive(self, webhook: Webhook) -> Sequence[Incoming]:
        given = webhook.headers.get("X-Plivo-Signature-V3")
        nonce = webhook.headers.get("X-Plivo-Signature-V3-Nonce")
        if not given or not nonce:
            raise WebhookRefusedError("unsigned")
        fields = fields_of(webhook.body)
        signed = f"{signed_text(webhook.url, fields)}.{nonce}"
        mac = self._key.copy()
        mac.update(signed.encode("utf-8", "replace"))
        right = base64.b64encode(mac.digest())
        signatures = [one.strip().encode("utf-8", "replace") for one in given.split(",")[:10]]
        if not any(hmac.compare_digest(right, one) for one in signatures):
            raise WebhookRefusedError("bad_signature")
        require_one_id(signed, _NAMED_UUID)
        values = dict(fields)
        if "Status" in values and "Text" not in values:
            return ()  # a receipt of something we sent
        its_id, sender = values.get("MessageUUID", ""), values.get("From", "")
        # Of a name that comes twice only the first value stands behind it in the signed text.
        if [name for name, _ in fields].count("MessageUUID") != 1:
            raise MalformedError(_SEND)
        its_id = require_form(its_id, _UUID, _SEND)
        return (Incoming(its_id, sender_of(sender, its_id, bare=True), values.get("Text", "")),)

    def answer(self, outcomes: Sequence[IngestResult]) -> tuple[str, bytes]:
        return "text/xml", _SILENCE


def signed_text(url: str, fields: Sequence[tuple[str, str]]) -> str:
    """What a POST's signature covers before the nonce."""
    parts = urlsplit(url)
    base = f"{parts.scheme}://{parts.netloc}{parts.path}"
    query = sorted(parse_qsl(parts.query, keep_blank_values=True))
    text = base
    if query or fields:
        text += "?" + "&".join(f"{name}={value}" for name, value in query)
    if query and fields:
        text += "."
    by_name: OrderedDict[str, list[str]] = OrderedDict()
    for name, value in sorted(fields):
        by_name.setdefault(name, []).append(value)
    return text + "".join(name + "".join(values) for name, values in by_name.items())


def provider(settings: IntakeSettings) -> Plivo | None:
    """Plivo as configured; None without an auth token."""
    token = settings.plivo_auth_token.get_secret_value()
    return Plivo(token) if token else None
