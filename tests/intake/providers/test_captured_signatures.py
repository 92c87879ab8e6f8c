"""Whoever has seen one signature has one message: however its signed text is cut anew, the id is the same.

Twilio, Plivo and Vonage sign names and values one behind the other. Each capture here is cut in thousands of
other ways that keep the signature; what a provider takes of them is always the message that was captured,
which is counted once.
"""

import base64
import hashlib
import hmac
import random
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from typing import Any
from urllib.parse import quote_plus, urlencode

import orjson
import pytest
from multidict import CIMultiDict
from twilio.request_validator import RequestValidator

from intake.providers import PROVIDERS, MalformedError, Webhook, WebhookRefusedError
from intake.settings import IntakeSettings
from tests.intake.providers.test_provider_conformance import HOST, NOW, SECRET, SENDER, jwt

Fields = list[tuple[str, str]]
SID, OTHER_SID = "SM" + "a1" * 16, "SM" + "b2" * 16
UUID, OTHER_UUID = "5b40a428-bfc7-4daf-9d06-726c558bf3b8", "00000000-bfc7-4daf-9d06-726c558bf3b8"
RECUTS = 4_000


@dataclass(frozen=True)
class Capture:
    """A webhook that somebody saw. `signed` is what its signature covers of fields and nonce."""

    provider: str
    settings: dict[str, str]
    fields: Fields
    signed: Callable[[Fields, str], str]
    signature: Callable[[str], str]
    id_names: tuple[str, ...]

    @cached_property
    def _taker(self) -> Any:
        taker = PROVIDERS[self.provider](IntakeSettings(**self.settings))  # type: ignore[arg-type]
        assert taker is not None
        return taker

    @cached_property
    def _captured(self) -> str:
        return self.signature(self.signed(self.fields, "nonce"))

    def taken(self, fields: Fields, nonce: str = "nonce", query: str = "") -> list[str]:
        """The ids of the messages taken from these fields under the signature that was captured."""
        taker, signature = self._taker, self._captured
        body = "&".join(f"{quote_plus(name)}={quote_plus(value)}" for name, value in fields)
        headers = CIMultiDict({
            "X-Twilio-Signature": signature, "X-Plivo-Signature-V3": signature,
            "X-Plivo-Signature-V3-Nonce": nonce,
        })  # fmt: skip
        if self.provider == "vonage":
            body += f"&sig={signature}"
        url = f"{HOST}/sms/{self.provider}{query}"
        with suppress(WebhookRefusedError, MalformedError):
            return [t.provider_message_id for t in taker.receive(Webhook(url, headers, body.encode(), NOW))]
        return []


def _twilio_signed(fields: Fields, _: str) -> str:
    return f"{HOST}/sms/twilio" + "".join(name + value for name, value in sorted(set(fields)))


def _plivo_signed(fields: Fields, nonce: str) -> str:
    return f"{HOST}/sms/plivo?" + "".join(name + value for name, value in sorted(fields)) + f".{nonce}"


def _vonage_signed(fields: Fields, _: str) -> str:
    return "".join(f"&{n}={v.replace('&', '_').replace('=', '_')}" for n, v in sorted(dict(fields).items()))


def _mac(digest: str) -> Callable[[str], str]:
    def signature(said: str) -> str:
        return base64.b64encode(hmac.new(SECRET.encode(), said.encode(), digest).digest()).decode()

    return signature


def _hex(said: str) -> str:
    return hmac.new(SECRET.encode(), said.encode(), "sha256").hexdigest()


def captures(words: str = "12-01 412 FINAL") -> dict[str, Capture]:
    number = SENDER.removeprefix("+")
    return {
        "twilio": Capture(
            "twilio", {"twilio_auth_token": SECRET},
            [("AccountSid", "AC" + "0" * 32), ("ApiVersion", "2010-04-01"), ("Body", words),
             ("From", SENDER), ("FromCity", "PHILADELPHIA"), ("FromZip", "19104"), ("MessageSid", SID),
             ("NumMedia", "0"), ("NumSegments", "1"), ("SmsMessageSid", SID), ("SmsSid", SID),
             ("SmsStatus", "received"), ("To", "+12155559999"), ("ToCity", "")],
            _twilio_signed, _mac("sha1"), ("MessageSid", "SmsMessageSid", "SmsSid"),
        ),
        "plivo": Capture(
            "plivo", {"plivo_auth_token": SECRET},
            [("From", number), ("MessageIntent", ""), ("MessageUUID", UUID), ("Text", words),
             ("To", "12155559999"), ("Type", "sms"), ("Units", "1")],
            _plivo_signed, _mac("sha256"), ("MessageUUID",),
        ),
        "vonage": Capture(
            "vonage", {"vonage_signature_secret": SECRET},
            [("keyword", "12-01"), ("message-timestamp", "2026-11-03 15:05:00"),
             ("messageId", "0A0000000123ABCD1"), ("msisdn", number), ("nonce", "aaaa-bbbb"), ("text", words),
             ("timestamp", f"{int(NOW)}"), ("to", "12155559999"), ("type", "text")],
            _vonage_signed, _hex, ("messageId", "message_uuid"),
        ),
    }  # fmt: skip


every = pytest.mark.parametrize("name", ["twilio", "plivo", "vonage"])


def id_of(capture: Capture) -> str:
    return next(value for name, value in capture.fields if name in capture.id_names)


def recut(capture: Capture, seed: int) -> Iterator[Fields]:
    """Fields with other boundaries and the same signed text: some merged, some split, ids lengthened."""
    chance = random.Random(seed)
    wanted = capture.signed(capture.fields, "nonce")
    for _ in range(20 * RECUTS):
        made = list(capture.fields)
        for _ in range(chance.randint(1, 4)):
            at = chance.randrange(len(made))
            name, value = made[at]
            if chance.random() < 0.5 and at + 1 < len(made):  # it swallows what follows
                glue = "".join(made[at + 1]) if capture.provider != "vonage" else f"&{'='.join(made[at + 1])}"
                made[at : at + 2] = [(name, value + glue)]
            elif chance.random() < 0.5 and value:  # it gives up its end, as a field of another name
                cut = chance.randrange(len(value))
                end = chance.randint(cut, len(value))
                made[at : at + 1] = [(name, value[:cut]), (value[cut:end], value[end:])]
            elif value:  # its name grows into its value, or is nobody's
                cut = chance.randint(0, len(name + value))
                made[at] = (name + value)[:cut], (name + value)[cut:]
            if capture.provider == "vonage" and chance.random() < 0.5:
                at = chance.randrange(len(made))
                name, value = made[at]
                made[at] = (name, value.replace("_", chance.choice("&=")))
        if chance.random() < 0.3:
            made.insert(chance.randrange(len(made)), chance.choice(made))
        if made != capture.fields and capture.signed(made, "nonce") == wanted:
            yield made


@every
def test_the_capture_itself_is_taken(name: str) -> None:
    capture = captures()[name]
    assert capture.taken(capture.fields) == [id_of(capture)]


@every
@pytest.mark.parametrize("words", ["12-01 412 FINAL", "a_b & c=d", f"x MessageUUID{UUID[:20]} SmsSidSM12"])
def test_no_other_cut_of_a_signed_text_is_another_message(name: str, words: str) -> None:
    capture = captures(words)[name]
    cuts = 0
    ids: set[str] = set()
    for cuts, fields in enumerate(recut(capture, seed=1), 1):
        ids.update(capture.taken(fields))
        if cuts == RECUTS:
            break
    assert cuts > 100
    assert ids <= {id_of(capture)}


@every
def test_an_id_that_swallows_what_follows_is_not_taken(name: str) -> None:
    capture = captures()[name]
    at = [name for name, _ in capture.fields].index(capture.id_names[0])
    for far in range(at + 2, len(capture.fields) + 1):
        swallowed = capture.fields[at + 1 : far]
        glue = "".join(n + v if name != "vonage" else f"&{n}={v}" for n, v in swallowed)
        longer = (capture.fields[at][0], capture.fields[at][1] + glue)
        assert set(capture.taken([*capture.fields[:at], longer, *capture.fields[far:]])) <= {id_of(capture)}


@pytest.mark.parametrize(
    ("name", "words", "planted"),
    [
        ("twilio", f"412SmsSid{OTHER_SID}", [("SmsSid", OTHER_SID)]),
        ("plivo", f"412MessageUUID{OTHER_UUID}", [("MessageUUID", OTHER_UUID)]),
    ],
)
def test_a_text_that_holds_a_named_id_opens_no_second_message(name: str, words: str, planted: Fields) -> None:
    """A watcher who writes an id into a text could otherwise have it read as the id."""
    capture = captures(words)[name]
    text = next(n for n, value in capture.fields if value == words)
    at = [n for n, _ in capture.fields].index(text)
    fields = [*capture.fields[:at], (text, "412"), *planted, *capture.fields[at + 1 :]]
    assert capture.taken(capture.fields) == capture.taken(fields) == []


def test_a_text_that_lay_in_front_of_the_nonce_is_no_part_of_it() -> None:
    capture = captures()["plivo"]
    head, tail = capture.fields[:-2], capture.fields[-2:]
    nonce = "".join(name + value for name, value in tail) + ".nonce"
    assert capture.taken(head, nonce) == []  # the dot between them is signed, too
    dotted = captures("412.5")["plivo"]
    assert dotted.taken([*dotted.fields[:3], ("Text", "412")], "5ToxxType") == []


@pytest.mark.parametrize("again", ["before", "behind"])
@every
def test_a_name_that_comes_twice_opens_no_second_message(name: str, again: str) -> None:
    """Whichever of the two a parser keeps."""
    capture = captures()[name]
    for id_name in capture.id_names:
        for other in (OTHER_SID, OTHER_UUID, "0B0000000123ABCD1", ""):
            extra = [(id_name, other)]
            fields = [*extra, *capture.fields] if again == "before" else [*capture.fields, *extra]
            assert set(capture.taken(fields)) <= {id_of(capture)}


@pytest.mark.parametrize("other", ["0a-0000", "0a_0000", "0a=0000", "0a&0000"])
def test_vonages_marks_are_no_part_of_an_id(other: str) -> None:
    """`&` and `=` in values are signed as `_`: three ids would share a signature."""
    capture = captures()["vonage"]
    fields = [(n, other if n == "messageId" else v) for n, v in capture.fields]
    found = Capture("vonage", capture.settings, fields, _vonage_signed, _hex, ("messageId",))
    assert found.taken(fields) == ([other] if "-" in other else [])


def test_vonages_names_hold_no_marks() -> None:
    capture = captures()["vonage"]
    fields = dict(capture.fields)
    text = fields.pop("text")
    merged = [*((n, v) for n, v in fields.items() if n != "nonce"), (f"nonce=aaaa-bbbb&text={text}&x", "")]
    assert capture.taken(merged) == []


@pytest.mark.parametrize("body", [b"", b"{}", b"a=b"])
def test_a_token_says_nothing_of_the_address_so_nothing_there_is_read(body: bytes) -> None:
    """Else one token for an empty body would be good for any words in the query."""
    taker = PROVIDERS["vonage"](IntakeSettings(vonage_signature_secret=SECRET))  # type: ignore[arg-type]
    assert taker is not None
    claims = {"iat": int(NOW), "payload_hash": hashlib.sha256(body).hexdigest()}
    headers = CIMultiDict({"Authorization": f"Bearer {jwt(claims, SECRET)}"})
    query = urlencode({"message_uuid": "m1", "from": SENDER[1:], "text": "412"})
    with pytest.raises(MalformedError):
        taker.receive(Webhook(f"{HOST}/sms/vonage?{query}", headers, body, NOW))


@pytest.mark.parametrize(
    "its_id",
    [
        "",
        "SM1",
        SID.upper(),
        SID + "0",
        SID[:-1],
        f" {SID}",
        f"{SID}\n",
        f"{SID}From",
        SID.replace("1", "１"),
    ],
)
def test_twilio_takes_ids_of_its_form_only(its_id: str) -> None:
    fields = {"MessageSid": its_id, "From": SENDER, "Body": "412"}
    signature = RequestValidator(SECRET).compute_signature(f"{HOST}/sms/twilio", fields)
    taker = PROVIDERS["twilio"](IntakeSettings(twilio_auth_token=SECRET))  # type: ignore[arg-type]
    assert taker is not None
    webhook = Webhook(
        f"{HOST}/sms/twilio", {"X-Twilio-Signature": signature}, urlencode(fields).encode(), NOW
    )
    with pytest.raises(MalformedError):
        taker.receive(webhook)


@pytest.mark.parametrize("kind", ["SM", "MM"])
def test_twilio_takes_texts_and_pictures(kind: str) -> None:
    fields = [("From", SENDER), ("MessageSid", f"{kind}{'0f' * 16}"), ("Body", "412")]
    capture = Capture("twilio", {"twilio_auth_token": SECRET}, fields, _twilio_signed, _mac("sha1"), ())
    assert capture.taken(fields) == [f"{kind}{'0f' * 16}"]


@pytest.mark.parametrize(
    ("provider", "its_id"),
    [("telnyx", "84cca175-9755-4859-b67f-4730d7f58aa3"), ("bandwidth", "14762070468292kw2fuqty55yp2b2"),
     ("vonage", "0A0000000123ABCD1"), ("vonage", "aaaaaaaa-bbbb-cccc-dddd-0123456789ab"),
     ("plivo", UUID), ("plivo", UUID.upper())],
)  # fmt: skip
def test_ids_as_the_providers_document_them_are_taken(provider: str, its_id: str) -> None:
    from tests.intake.providers.test_provider_conformance import VECTORS

    vector = next(v for v in VECTORS.values() if v.provider == provider)
    headers, body = vector.signed(f"{HOST}/sms/{provider}", its_id, "412", SECRET, int(NOW), {})
    webhook = Webhook(f"{HOST}/sms/{provider}", CIMultiDict(headers), body, NOW)
    texts: Sequence[object] = vector.taker.receive(webhook)
    assert [t.provider_message_id for t in texts] == [its_id]  # type: ignore[attr-defined]


@pytest.mark.parametrize("its_id", ["a b", "a\n", "x" * 65, "é", "a/../b"])
def test_ids_of_no_providers_form_are_refused(its_id: str) -> None:
    for body, provider in (
        ([{"type": "message-received", "message": {"id": its_id, "from": SENDER}}], "bandwidth"),
    ):
        login = base64.b64encode(f"beluga:{SECRET}".encode()).decode()
        taker = PROVIDERS[provider](IntakeSettings(bandwidth_login=f"beluga:{SECRET}"))  # type: ignore[arg-type]
        assert taker is not None
        headers = CIMultiDict({"Authorization": f"Basic {login}"})
        with pytest.raises(MalformedError):
            taker.receive(Webhook(f"{HOST}/sms/{provider}", headers, orjson.dumps(body), NOW))
