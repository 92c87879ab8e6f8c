"""Signatures: what the providers sign is taken, anything else is refused before it is read."""

import time
from datetime import UTC, datetime
from urllib.parse import quote_plus, urlencode

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from multidict import CIMultiDict
from twilio.request_validator import RequestValidator

from election.domain.checkin import Channel
from intake.journal.draft import MessageDraft
from intake.providers import IngestResult, MalformedError, Webhook, WebhookRefusedError
from intake.providers.generic import SKEW_SECONDS, Generic, sign
from intake.providers.twilio import Twilio

TOKEN = "a token of Twilio's"
SECRET = "a shared secret"
AT = datetime(2026, 11, 3, 15, 5, tzinfo=UTC)
SID = "SM" + "1" * 32
URL = "https://beluga.example/sms/twilio"

words = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
params = st.dictionaries(words.filter(bool), words, max_size=12)


def a_twilio_webhook(fields: dict[str, str], url: str = URL, signed_url: str = "") -> Webhook:
    signature = RequestValidator(TOKEN).compute_signature(signed_url or url, fields)
    headers = CIMultiDict({"x-twilio-signature": signature})
    return Webhook(url, headers, urlencode(fields).encode(), time.time())


def an_outcome(reply: str) -> IngestResult:
    draft = MessageDraft("twilio", SID, Channel.SMS, "+12155550101", "412", b"", AT, AT)
    return IngestResult(draft.message("j", 1), False, reply)


@given(params, st.sampled_from(["", "?a=1", "?a=%20b&c="]))
def test_twilio_agrees_with_its_own_package(fields: dict[str, str], query: str) -> None:
    fields = fields | {"MessageSid": SID, "From": "+12155550101"}
    fields.pop("MessageStatus", None)
    fields.pop("SmsStatus", None)
    (text,) = Twilio(TOKEN).receive(a_twilio_webhook(fields, URL + query))
    assert (text.provider_message_id, text.sender) == (SID, "+12155550101")
    assert text.text == fields.get("Body", "")


@given(params, words.filter(bool), words)
def test_twilio_refuses_a_changed_parameter(fields: dict[str, str], name: str, value: str) -> None:
    fields = fields | {"MessageSid": SID, "From": "+12155550101"}
    webhook = a_twilio_webhook(fields)
    changed = fields | {name: fields.get(name, "") + value + "x"}
    forged = Webhook(webhook.url, webhook.headers, urlencode(changed).encode(), webhook.at)
    with pytest.raises(WebhookRefusedError):
        Twilio(TOKEN).receive(forged)


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        ("https://beluga.example/sms/twilio", "https://beluga.example:443/sms/twilio"),
        ("https://beluga.example:8443/sms/twilio?x=1", "https://beluga.example/sms/twilio?x=1"),
        ("http://beluga.example/sms/twilio", "http://beluga.example:80/sms/twilio"),
    ],
)
def test_twilio_is_believed_with_and_without_the_port(ours: str, theirs: str) -> None:
    fields = {"MessageSid": SID, "From": "+12155550101", "Body": "412"}
    assert Twilio(TOKEN).receive(a_twilio_webhook(fields, ours, theirs))[0].text == "412"


def test_twilio_signs_a_repeated_name_with_its_distinct_values_in_order() -> None:
    fields = CIMultiDict(
        [("MessageSid", SID), ("From", "+12155550101"), ("To", "b"), ("To", "a"), ("To", "b")]
    )
    signature = RequestValidator(TOKEN).compute_signature(URL, fields)
    body = urlencode(list(fields.items())).encode()
    assert Twilio(TOKEN).receive(Webhook(URL, {"X-Twilio-Signature": signature}, body, 0))


@pytest.mark.parametrize("signature", [None, "", "AAAA", "é", "x" * 5000])
def test_twilio_refuses_what_is_not_signed(signature: str | None) -> None:
    headers = {} if signature is None else {"X-Twilio-Signature": signature}
    with pytest.raises(WebhookRefusedError):
        Twilio(TOKEN).receive(Webhook(URL, headers, f"MessageSid={SID}&From=%2B1&Body=412".encode(), 0))


@pytest.mark.parametrize("body", [b"\xff\xfe", b"Body=%ff", b"&".join([b"a=1"] * 1000)])
def test_twilio_says_what_is_wrong_with_a_body_that_is_not_a_form(body: bytes) -> None:
    with pytest.raises(MalformedError):
        Twilio(TOKEN).receive(Webhook(URL, {"X-Twilio-Signature": "x"}, body, 0))


def test_a_status_callback_is_nobodys_words() -> None:
    fields = {"MessageSid": SID, "MessageStatus": "delivered", "From": "+1", "SmsStatus": "delivered"}
    provider = Twilio(TOKEN)
    assert provider.receive(a_twilio_webhook(fields)) == ()
    assert provider.answer([]) == ("text/xml", b'<?xml version="1.0" encoding="UTF-8"?><Response/>')


def test_twiml_escapes_the_words_and_leaves_out_what_xml_cannot_hold() -> None:
    kind, body = Twilio(TOKEN).answer([an_outcome("a < b & c\x00\x08 ñ")])
    assert kind == "text/xml"
    assert "<Response><Message>a &lt; b &amp; c   ñ</Message></Response>" in body.decode()


def a_generic_webhook(body: bytes, at: int = 1_000_000, now: float = 1_000_000) -> Webhook:
    return Webhook("https://beluga.example/sms/generic", CIMultiDict(sign(SECRET, body, at)), body, now)


@given(words.filter(bool), words, st.sampled_from(["+12155550101", "72345", "ELECTIONS"]))
def test_generic_takes_what_is_signed(its_id: str, text: str, sender: str) -> None:
    body = orjson.dumps({"id": its_id, "text": text, "from": sender, "more": [1]})
    (incoming,) = Generic(SECRET).receive(a_generic_webhook(body))
    assert (incoming.provider_message_id, incoming.sender, incoming.text) == (its_id, sender, text)
    with pytest.raises(WebhookRefusedError):
        Generic("another secret").receive(a_generic_webhook(body))


@pytest.mark.parametrize("skew", [-SKEW_SECONDS, 0, SKEW_SECONDS])
def test_generic_tolerates_a_clock_that_is_off(skew: int) -> None:
    body = b'{"id": "1", "from": "+12155550101", "text": "412"}'
    assert Generic(SECRET).receive(a_generic_webhook(body, 1_000_000 + skew))


@pytest.mark.parametrize("skew", [-SKEW_SECONDS - 1, SKEW_SECONDS + 1])
def test_generic_refuses_a_recording(skew: int) -> None:
    body = b'{"id": "1", "from": "+12155550101", "text": "412"}'
    with pytest.raises(WebhookRefusedError) as refused:
        Generic(SECRET).receive(a_generic_webhook(body, 1_000_000 + skew))
    assert refused.value.reason == "stale_signature"


@pytest.mark.parametrize(
    "body",
    [
        b"", b"{", b"[]", b"\xff", b'{"id": "1"}', b'{"id": "", "from": "+1", "text": ""}',
        b'{"id": "1", "from": "+1", "text": 5}', b'{"id": "1", "from": "+1", "text": "\\ud800"}',
        b'{"id": "1", "from": "+1", "text": "x", "sent_at": "noon"}',
        b'{"id": "1", "from": "+1", "text": "x", "sent_at": "2026-11-03T10:00:00"}',
        b'{"id": "1", "from": "+1", "text": "x", "sent_at": 5}',
    ],
)  # fmt: skip
def test_generic_says_what_is_wrong_with_a_body(body: bytes) -> None:
    with pytest.raises(MalformedError):
        Generic(SECRET).receive(a_generic_webhook(body))


def test_plus_and_percent_arrive_as_meant() -> None:
    body = f"MessageSid={SID}&From={quote_plus('+12155550101')}&Body=4+1%2B2".encode()
    signature = RequestValidator(TOKEN).compute_signature(
        URL, {"MessageSid": SID, "From": "+12155550101", "Body": "4 1+2"}
    )
    (text,) = Twilio(TOKEN).receive(Webhook(URL, {"X-Twilio-Signature": signature}, body, 0))
    assert text.text == "4 1+2"
