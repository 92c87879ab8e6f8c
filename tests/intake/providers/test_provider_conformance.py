"""What every provider must hold to: signed texts are taken as sent, everything else is refused before it is
read. A new provider adds one `Vector` here.
"""

import base64
import hashlib
import hmac
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode
from uuid import NAMESPACE_URL, uuid5

import orjson
import pytest
import structlog
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from multidict import CIMultiDict
from twilio.request_validator import HMAC_SHA256, RequestValidator

from intake.providers import PROVIDERS, MalformedError, Webhook, WebhookRefusedError, freshness
from intake.providers.generic import sign as sign_generic
from intake.reading.text_parts import TextPart
from intake.receive.pipeline import normal_phone
from intake.settings import IntakeSettings
from intake.webhook.fast_path import Headers

# A key as each provider writes ids; a plain one where its ids may be anything.
IDS: dict[str, Callable[[str], str]] = {
    "twilio": lambda key: f"SM{hashlib.md5(key.encode()).hexdigest()}",
    "plivo": lambda key: str(uuid5(NAMESPACE_URL, key)),
}
HOST = "https://beluga.example"
SENDER = "+12155550101"
SECRET = "one secret for all"
WRONG = "some other secret"
NOW = 1_793_714_700.0
TELNYX_KEYS = {
    secret: Ed25519PrivateKey.from_private_bytes(hashlib.sha256(secret.encode()).digest())
    for secret in (SECRET, WRONG)
}
# (url, key, text, secret, signed at, more fields) -> headers, body
Signed = Callable[[str, str, str, str, int, dict[str, str]], tuple[dict[str, str], bytes]]


def _twilio(url: str, key: str, text: str, secret: str, at: int, more: dict[str, str]) -> Any:
    form = {"MessageSid": key, "From": SENDER, "To": "+12155559999", "Body": text} | more
    signature = RequestValidator(secret).compute_signature(url, form)
    return {"X-Twilio-Signature": signature}, urlencode(form).encode()


def _twilio_sha256(url: str, key: str, text: str, secret: str, at: int, more: dict[str, str]) -> Any:
    form = {"MessageSid": key, "From": SENDER, "Body": text} | more
    signature = RequestValidator(secret).compute_signature(url, form, HMAC_SHA256)
    settings = "key=webhooks_sharedkey_1,algorithm=HMAC_SHA256"
    headers = {"X-Twilio-Signature": signature, "X-Twilio-Webhooks-Signature-Settings": settings}
    return headers, urlencode(form).encode()


def _telnyx(url: str, key: str, text: str, secret: str, at: int, more: dict[str, str]) -> Any:
    payload = {"id": key, "from": {"phone_number": SENDER}, "text": text} | more
    body = orjson.dumps({"data": {"event_type": "message.received", "payload": payload}})
    signature = TELNYX_KEYS[secret].sign(f"{at}|".encode() + body)
    encoded = base64.b64encode(signature).decode()
    return {"telnyx-signature-ed25519": encoded, "telnyx-timestamp": f"{at}"}, body


def _vonage_signed(method: str) -> Signed:
    def signed(url: str, key: str, text: str, secret: str, at: int, more: dict[str, str]) -> Any:
        values = {"messageId": key, "msisdn": SENDER[1:], "text": text, "timestamp": f"{at}"} | more
        covered = "".join(
            f"&{k}={v.replace('&', '_').replace('=', '_')}" for k, v in sorted(values.items())
        ).encode()
        if method == "md5hash":
            sig = hashlib.md5(covered + secret.encode()).hexdigest()
        else:
            sig = hmac.new(secret.encode(), covered, method).hexdigest().upper()
        return {}, urlencode(values | {"sig": sig}).encode()

    return signed


def _segment(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def jwt(claims: dict[str, Any], secret: str, algorithm: str = "HS256") -> str:
    text = f"{_segment(orjson.dumps({'alg': algorithm, 'typ': 'JWT'}))}.{_segment(orjson.dumps(claims))}"
    return f"{text}.{_segment(hmac.new(secret.encode(), text.encode(), 'sha256').digest())}"


def _vonage_token(url: str, key: str, text: str, secret: str, at: int, more: dict[str, str]) -> Any:
    body = orjson.dumps({"message_uuid": key, "from": SENDER[1:], "text": text} | more)
    claims = {"iat": at, "payload_hash": hashlib.sha256(body).hexdigest()}
    return {"Authorization": f"Bearer {jwt(claims, secret)}"}, body


def _plivo(url: str, key: str, text: str, secret: str, at: int, more: dict[str, str]) -> Any:
    form = {"MessageUUID": key, "From": SENDER[1:], "To": "12155559999", "Text": text} | more
    base, _, query = url.partition("?")
    covered = base + "?" + "&".join(sorted(query.split("&"))) + ("." if query else "")
    covered += "".join(name + form[name] for name in sorted(form)) + ".nonce"
    mac = hmac.new(secret.encode(), covered.encode(), "sha256").digest()
    signature = f"AAAA,{base64.b64encode(mac).decode()}"
    return {"X-Plivo-Signature-V3": signature, "X-Plivo-Signature-V3-Nonce": "nonce"}, urlencode(
        form
    ).encode()


def _bandwidth(url: str, key: str, text: str, secret: str, at: int, more: dict[str, str]) -> Any:
    message = {"id": key, "from": SENDER, "text": text, "time": "2026-11-03T15:05:00.123Z"} | more
    body = orjson.dumps([{"type": "message-received", "message": message, "to": "+12155559999"}])
    return {"Authorization": "Basic " + base64.b64encode(f"beluga:{secret}".encode()).decode()}, body


def _generic(url: str, key: str, text: str, secret: str, at: int, more: dict[str, str]) -> Any:
    body = orjson.dumps({"id": key, "from": SENDER, "text": text} | more)
    return sign_generic(secret, body, at), body


@dataclass(frozen=True)
class Vector:
    """One way of one provider to sign."""

    provider: str
    signed: Signed
    settings: dict[str, Any]
    covers_body: bool = True
    covers_url: bool = False
    window: bool = True
    any_text: bool = True

    def id_of(self, key: str) -> str:
        """The id of a message, as this provider would write it."""
        return IDS.get(self.provider, str)(key)

    @property
    def taker(self) -> Any:
        configured = PROVIDERS[self.provider](IntakeSettings(**self.settings))
        assert configured is not None
        return configured

    def webhook(
        self,
        key: str = "m1",
        text: str = "412",
        secret: str = SECRET,
        at: float = NOW,
        url: str = "",
        more: dict[str, str] | None = None,
    ) -> Webhook:
        url = url or f"{HOST}/sms/{self.provider}"
        key = self.id_of(key) if key else key
        headers, body = self.signed(url, key, text, secret, int(at), more or {})
        return Webhook(url, CIMultiDict(headers), body, NOW)


_public = TELNYX_KEYS[SECRET].public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
VECTORS = {
    "twilio": Vector("twilio", _twilio, {"twilio_auth_token": SECRET}, covers_url=True, window=False),
    "twilio-sha256": Vector(
        "twilio", _twilio_sha256, {"twilio_auth_token": WRONG + "!", "twilio_shared_key": SECRET},
        covers_url=True, window=False,
    ),
    "telnyx": Vector("telnyx", _telnyx, {"telnyx_public_key": base64.b64encode(_public).decode()}),
    **{
        f"vonage-{method}": Vector(
            "vonage", _vonage_signed(method),
            {"vonage_signature_secret": SECRET, "vonage_signature_method": method},
        )
        for method in ("md5hash", "md5", "sha1", "sha256", "sha512")
    },
    "vonage-jwt": Vector("vonage", _vonage_token, {"vonage_signature_secret": SECRET}),
    "plivo": Vector("plivo", _plivo, {"plivo_auth_token": SECRET}, covers_url=True, window=False),
    "bandwidth": Vector(
        "bandwidth", _bandwidth, {"bandwidth_login": f"beluga:{SECRET}"}, covers_body=False, window=False
    ),
    "generic": Vector("generic", _generic, {"generic_secret": SECRET}),
}  # fmt: skip
every = pytest.mark.parametrize("vector", VECTORS.values(), ids=VECTORS.keys())


def taken(vector: Vector, webhook: Webhook) -> Sequence[Any]:
    return list(vector.taker.receive(webhook))


def test_every_provider_has_a_vector() -> None:
    assert {vector.provider for vector in VECTORS.values()} == set(PROVIDERS)


@every
def test_without_a_secret_it_takes_nothing(vector: Vector) -> None:
    assert PROVIDERS[vector.provider](IntakeSettings()) is None


@every
@given(text=st.text(st.characters(exclude_categories=["Cs"]), max_size=80))
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_a_signed_text_is_taken_as_sent(vector: Vector, text: str) -> None:
    (incoming,) = taken(vector, vector.webhook("key-1", text))
    assert incoming[:3] == (vector.id_of("key-1"), SENDER, text)


@every
def test_unknown_fields_are_let_be(vector: Vector) -> None:
    (incoming,) = taken(vector, vector.webhook(more={"NewThing": "1", "another": "ñ = & 2"}))
    assert incoming.text == "412"


@every
def test_header_names_in_any_case(vector: Vector) -> None:
    """Both kinds of headers: aiohttp's, and those of the short way."""
    webhook = vector.webhook()
    lines = "".join(f"\r\n{name.lower()}: {value}" for name, value in webhook.headers.items())
    lower = Headers(f"{lines}\r\n".encode())
    assert taken(vector, webhook._replace(headers=lower)) == taken(vector, webhook)


@every
def test_a_redelivery_has_the_same_key(vector: Vector) -> None:
    first, again = (taken(vector, vector.webhook("m7", at=at)) for at in (NOW, NOW + 120))
    assert first[0].provider_message_id == again[0].provider_message_id


@every
def test_another_secret_is_refused(vector: Vector) -> None:
    with pytest.raises(WebhookRefusedError):
        taken(vector, vector.webhook(secret=WRONG))


@every
def test_missing_or_mangled_headers_are_refused(vector: Vector) -> None:
    webhook = vector.webhook()
    if not webhook.headers:  # signed among its fields
        bare = webhook._replace(body=webhook.body.rpartition(b"&sig=")[0])
        with pytest.raises(WebhookRefusedError):
            taken(vector, bare)
    for name in webhook.headers:
        if name == "X-Twilio-Webhooks-Signature-Settings":
            continue  # without it the signature is the older kind, and wrong
        for value in ("", "x", "ñ", "\x00", "0", "9" * 5000, webhook.headers[name][:-3]):
            headers = webhook.headers.copy()
            headers[name] = value
            with pytest.raises(WebhookRefusedError):
                taken(vector, webhook._replace(headers=headers))
        headers = webhook.headers.copy()
        del headers[name]
        with pytest.raises(WebhookRefusedError):
            taken(vector, webhook._replace(headers=headers))


@every
def test_a_changed_body_is_refused(vector: Vector) -> None:
    webhook = vector.webhook()
    changed = webhook._replace(body=webhook.body.replace(b"412", b"999"))
    assert changed.body != webhook.body
    if vector.covers_body:
        with pytest.raises(WebhookRefusedError):
            taken(vector, changed)


@every
def test_a_changed_url_is_refused_where_it_is_signed(vector: Vector) -> None:
    webhook = vector.webhook(url=f"{HOST}/sms/{vector.provider}?b=2&a=1")
    assert taken(vector, webhook)
    if vector.covers_url:
        with pytest.raises(WebhookRefusedError):
            taken(vector, webhook._replace(url=webhook.url.replace("a=1", "a=2")))
        with pytest.raises(WebhookRefusedError):
            taken(vector, webhook._replace(url=webhook.url.replace("beluga", "other")))


@every
@pytest.mark.parametrize("off", [-301, 301, -86_400, 10**9])
def test_a_recorded_request_is_refused_later(vector: Vector, off: int) -> None:
    if vector.window:
        with pytest.raises(WebhookRefusedError, match="stale"):
            taken(vector, vector.webhook(at=NOW + off))


@every
@pytest.mark.parametrize("off", [-290, -40, 40, 290])
def test_a_clock_that_is_off_is_tolerated_and_told(vector: Vector, off: int) -> None:
    freshness.forget()
    with structlog.testing.capture_logs() as logs:
        assert taken(vector, vector.webhook(at=NOW + off))
        assert taken(vector, vector.webhook(at=NOW + off))  # and once only, not with every text
    told = [line for line in logs if line["event"] == "clock_skew"]
    assert [line["seconds_ahead"] for line in told] == ([off] if vector.window else [])


@every
@given(
    body=st.one_of(
        st.binary(max_size=60),
        st.sampled_from(
            [
                b"",
                b"[]",
                b"{}",
                b"null",
                b"[1]",
                b'[{"type":"message-received"}]',
                b"%ff=%ff&a",
                b'{"data":[]}',
            ]
        ),
    )
)
@settings(max_examples=60, deadline=None)
def test_whatever_comes_is_refused_or_malformed_or_nothing(vector: Vector, body: bytes) -> None:
    """With the headers of a good request; Bandwidth's login stays good for any body."""
    webhook = vector.webhook()._replace(body=body)
    with suppress(WebhookRefusedError, MalformedError):
        assert taken(vector, webhook) == []


@every
def test_an_empty_id_is_malformed(vector: Vector) -> None:
    with pytest.raises(MalformedError):
        taken(vector, vector.webhook(key=""))


SENDERS_FIELD = {
    "twilio": "From",
    "plivo": "From",
    "vonage": "msisdn",
    "generic": "from",
    "bandwidth": "from",
}


def _from(vector: Vector, sender: str) -> Any:
    field = SENDERS_FIELD.get(vector.provider, "from")
    given: Any = {"phone_number": sender} if vector.provider == "telnyx" else sender
    more = {field: given}
    if vector is VECTORS["vonage-jwt"]:
        more = {"from": sender}
    (incoming,) = taken(vector, vector.webhook("from-1", more=more))
    return incoming.sender


@every
@pytest.mark.parametrize(
    ("written", "phone"),
    [
        ("+12155550101", "+12155550101"),
        ("0012155550101", "+12155550101"),
        ("whatsapp:+12155550101", "+12155550101"),
        ("WhatsApp: +1 (215) 555-0101", "+12155550101"),
        (" +1 215 555 0101 ", "+12155550101"),
        ("+5215555550101", "+525555550101"),
        ("005215555550101", "+525555550101"),
        ("72345", "72345"),
        ("ELECTIONS", "ELECTIONS"),
    ],
)
def test_a_sender_is_known_however_the_gateway_writes_it(vector: Vector, written: str, phone: str) -> None:
    assert _from(vector, written) == phone


@every
def test_a_text_without_a_sender_is_kept_and_is_nobodys(vector: Vector) -> None:
    """Each has a sender of its own, so that no two of them count as one person's."""
    sender = _from(vector, "")
    assert sender.startswith("no sender ")
    assert normal_phone(sender, "US") == sender, "nothing in it is taken for a phone"
    other = vector.webhook("from-2", more={})
    assert taken(vector, other)[0].sender != sender


def test_vonage_by_get() -> None:
    vector = VECTORS["vonage-sha256"]
    webhook = vector.webhook("m9")
    by_get = webhook._replace(url=f"{webhook.url}?{webhook.body.decode()}", body=b"")
    assert taken(vector, by_get) == taken(vector, webhook)
    with pytest.raises(WebhookRefusedError):
        taken(vector, by_get._replace(url=by_get.url.replace("412", "999")))


def test_vonage_says_which_part_of_a_long_text_it_is() -> None:
    vector = VECTORS["vonage-sha256"]
    concat = {"concat": "true", "concat-ref": "98", "concat-total": "2", "concat-part": "1"}
    (text,) = taken(vector, vector.webhook("m9", more=concat))
    assert text.part == TextPart("98", 1, 2)
    (text,) = taken(vector, vector.webhook("m9", more=concat | {"concat": "false"}))
    assert text.part is None


def test_a_token_may_not_choose_its_algorithm() -> None:
    vector = VECTORS["vonage-jwt"]
    webhook = vector.webhook()
    claims = {"iat": int(NOW), "payload_hash": hashlib.sha256(webhook.body).hexdigest()}
    for algorithm in ("none", "RS256", "HS512"):
        headers = CIMultiDict({"Authorization": f"Bearer {jwt(claims, SECRET, algorithm)}"})
        with pytest.raises(WebhookRefusedError):
            taken(vector, webhook._replace(headers=headers))


def test_several_texts_of_one_webhook() -> None:
    vector = VECTORS["bandwidth"]
    webhook = vector.webhook()
    event = {"type": "message-received", "message": {"id": "2", "from": SENDER, "text": "V 1"}}
    body = orjson.dumps([*orjson.loads(webhook.body), {"type": "message-delivered"}, event])
    assert [t.provider_message_id for t in taken(vector, webhook._replace(body=body))] == ["m1", "2"]
