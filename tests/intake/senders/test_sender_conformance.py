"""One suite over every sender, against a server on loopback that speaks the provider's documented API."""

import asyncio
import base64
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import orjson
import pytest
import pytest_asyncio
from aiohttp import web

from beluga.stack.ports import free_port
from intake.senders import (
    SENDERS,
    Delivery,
    Order,
    ProviderUnavailableError,
    Sender,
    TextRefusedError,
    UncertainError,
)
from intake.senders.bandwidth import BandwidthSender
from intake.senders.bandwidth import delivery_of as bandwidth_delivery
from intake.senders.file import FileSender
from intake.senders.plivo import PlivoSender
from intake.senders.plivo import delivery_of as plivo_delivery
from intake.senders.telnyx import TelnyxSender
from intake.senders.telnyx import delivery_of as telnyx_delivery
from intake.senders.twilio import TwilioSender
from intake.senders.twilio import delivery_of as twilio_delivery
from intake.senders.vonage import VonageSender
from intake.senders.vonage import delivery_of as vonage_delivery

ORDER = Order("key-1", "+18005550000", "+12155550001", "Got it: 412 at 12-01.", 900.0)
ACCOUNT, TOKEN, API_KEY = "AC0123", "a token", "KEY0123"


@dataclass
class FakeProvider:
    """Answers like Twilio and Telnyx; `status` and `code` make it fail."""

    status: int = 0
    code: str = ""
    hang: bool = False
    garbage: bool = False
    taken: list[dict[str, Any]] = field(default_factory=list)
    port: int = 0

    async def twilio(self, request: web.Request) -> web.StreamResponse:
        login = base64.b64encode(f"{ACCOUNT}:{TOKEN}".encode()).decode()
        if request.headers.get("Authorization") != f"Basic {login}":
            return web.json_response({"code": 20003, "message": "Authenticate", "status": 401}, status=401)
        self.taken.append(dict(await request.post()))
        if found := await self._failure(request, lambda code: {"code": int(code), "message": "no"}):
            return found
        return web.json_response({"sid": f"SM{len(self.taken)}", "status": "queued"}, status=201)

    async def telnyx(self, request: web.Request) -> web.StreamResponse:
        if request.headers.get("Authorization") != f"Bearer {API_KEY}":
            return web.json_response({"errors": [{"code": "10009"}]}, status=401)
        self.taken.append(await request.json())
        if found := await self._failure(request, lambda code: {"errors": [{"code": code, "title": "no"}]}):
            return found
        return web.json_response({"data": {"id": f"uuid-{len(self.taken)}", "record_type": "message"}})

    async def vonage(self, request: web.Request) -> web.StreamResponse:
        form = dict(await request.post())
        if (form.pop("api_key"), form.pop("api_secret")) != (ACCOUNT, TOKEN):
            return web.json_response({"message-count": "1", "messages": [{"status": "4"}]})
        self.taken.append(form)
        if self.code:  # every answer is a 200
            failed = {"status": self.code, "error-text": "no"}
            return web.json_response({"message-count": "1", "messages": [failed]})
        if found := await self._failure(request, lambda code: {}):
            return found
        taken = {"to": form["to"], "message-id": f"0C{len(self.taken)}", "status": "0"}
        return web.json_response({"message-count": "1", "messages": [taken]})

    async def plivo(self, request: web.Request) -> web.StreamResponse:
        if request.headers.get("Authorization") != f"Basic {_login(TOKEN)}":
            return web.Response(status=401, text="Could not verify your access level for that URL.")
        self.taken.append(await request.json())
        if found := await self._failure(request, lambda code: {"api_id": "1", "error": code}):
            return found
        queued = {"message": "message(s) queued", "message_uuid": [f"db3c-{len(self.taken)}"], "api_id": "1"}
        return web.json_response(queued, status=202)

    async def bandwidth(self, request: web.Request) -> web.StreamResponse:
        if request.headers.get("Authorization") != f"Basic {_login(TOKEN)}":
            return web.json_response({"type": "unauthorized", "description": "no"}, status=401)
        self.taken.append(await request.json())

        def body(code: str) -> dict[str, Any]:
            wrong = [{"fieldName": code, "description": "no"}]
            return {"type": "request-validation", "description": "no", "fieldErrors": wrong}

        if found := await self._failure(request, body):
            return found
        return web.json_response({"id": f"1476-{len(self.taken)}", "owner": ORDER.number}, status=202)

    async def _failure(self, request: web.Request, body: Any) -> web.StreamResponse | None:
        if self.hang:  # takes the text, and breaks off in the middle of the answer
            assert request.transport
            request.transport.close()
            await asyncio.sleep(0.1)
            return web.Response()
        if self.garbage:
            return web.Response(text="<html>welcome</html>")
        if self.status:
            return web.json_response(body(self.code or "0"), status=self.status)
        return None


def _login(token: str) -> str:
    return base64.b64encode(f"{ACCOUNT}:{token}".encode()).decode()


def made_for(name: str, url: str, token: str = TOKEN) -> Sender:
    """A sender of this provider, with its account here."""
    status_url = f"https://beluga.example/sms/{name}/status"
    if name == "twilio":
        return TwilioSender(ACCOUNT, token, url, status_url)
    if name == "telnyx":
        return TelnyxSender(API_KEY if token == TOKEN else token, url, status_url)
    if name == "vonage":
        return VonageSender(ACCOUNT, token, url, status_url)
    if name == "plivo":
        return PlivoSender(ACCOUNT, token, url, status_url)
    return BandwidthSender("55", f"{ACCOUNT}:{token}", "app-1", url)


NAMES = ["twilio", "telnyx", "vonage", "plivo", "bandwidth"]


def test_every_sender_is_held_to_this() -> None:
    assert {*NAMES, "file"} == set(SENDERS)


@pytest_asyncio.fixture
async def provider() -> AsyncIterator[FakeProvider]:
    fake = FakeProvider(port=free_port())
    app = web.Application()
    app.router.add_post(f"/2010-04-01/Accounts/{ACCOUNT}/Messages.json", fake.twilio)
    app.router.add_post("/v2/messages", fake.telnyx)
    app.router.add_post("/sms/json", fake.vonage)
    app.router.add_post(f"/v1/Account/{ACCOUNT}/Message/", fake.plivo)
    app.router.add_post("/api/v2/users/55/messages", fake.bandwidth)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", fake.port).start()
    yield fake
    await runner.cleanup()


@pytest_asyncio.fixture(params=NAMES)
async def sender(request: pytest.FixtureRequest, provider: FakeProvider) -> AsyncIterator[Sender]:
    url = f"http://127.0.0.1:{provider.port}"
    made = made_for(request.param, url)
    yield made
    await made.close()


async def test_a_text_goes_out_with_all_that_the_provider_needs(
    sender: Sender, provider: FakeProvider
) -> None:
    its_id = await sender.send(ORDER)
    assert its_id in ("SM1", "uuid-1", "0C1", "db3c-1", "1476-1")
    (taken,) = provider.taken
    said = {k.lower(): v for k, v in taken.items()}
    to, number = said.get("to") or said.get("dst"), said.get("from") or said.get("src")
    assert (to[0] if isinstance(to, list) else f"+{to.lstrip('+')}") == ORDER.phone
    assert f"+{number.lstrip('+')}" == ORDER.number
    assert ORDER.body in (said.get("body"), said.get("text"))
    if sender.name == "twilio":
        assert said["validityperiod"] == "900", "a late text must not arrive the next morning"
        assert said["statuscallback"].endswith("/sms/twilio/status")
    elif sender.name == "telnyx":
        assert said["webhook_url"].endswith("/sms/telnyx/status")
    elif sender.name == "vonage":
        assert (said["ttl"], said["type"]) == ("900000", "text")
        assert said["callback"].endswith("/sms/vonage/status")
    elif sender.name == "plivo":
        assert said["url"].endswith("/sms/plivo/status")
    else:
        assert said["applicationid"] == "app-1"
        assert said["expiration"].endswith("Z")


@pytest.mark.parametrize("status", [429, 503])
async def test_a_provider_that_says_not_now_has_not_taken_it(
    sender: Sender, provider: FakeProvider, status: int
) -> None:
    provider.status = status
    with pytest.raises(ProviderUnavailableError):
        await sender.send(ORDER)


async def test_nobody_listening_means_not_taken(sender: Sender, provider: FakeProvider) -> None:
    unheard = f"http://127.0.0.1:{free_port()}"
    made = made_for(sender.name, unheard)
    with pytest.raises(ProviderUnavailableError):
        await made.send(ORDER)
    await made.close()


@pytest.mark.parametrize("status", [500, 502, 504])
async def test_a_broken_provider_may_have_taken_it(
    sender: Sender, provider: FakeProvider, status: int
) -> None:
    provider.status = status
    with pytest.raises(UncertainError):
        await sender.send(ORDER)


async def test_a_connection_lost_before_the_answer_is_never_certain(
    sender: Sender, provider: FakeProvider
) -> None:
    provider.hang = True
    with pytest.raises(UncertainError):
        await sender.send(ORDER)
    assert len(provider.taken) == 1, "and it was not tried again"


async def test_an_answer_that_makes_no_sense_is_never_certain(sender: Sender, provider: FakeProvider) -> None:
    provider.garbage = True
    with pytest.raises(UncertainError):
        await sender.send(ORDER)


@pytest.mark.parametrize(
    ("code_of", "reason"),
    [
        (
            {
                "twilio": "21211",
                "telnyx": "40310",
                "vonage": "6",
                "plivo": "dst is invalid",
                "bandwidth": "to[0]",
            },
            "wrong_number",
        ),
        # Plivo and Bandwidth say it in the report
        ({"twilio": "21610", "telnyx": "40300", "vonage": "7"}, "opted_out"),
        (
            {
                "twilio": "30007",
                "telnyx": "40002",
                "vonage": "12",
                "plivo": "text is too long",
                "bandwidth": "text",
            },
            "refused",
        ),
        ({"twilio": "21606", "vonage": "15", "plivo": "src is not yours", "bandwidth": "from"}, "account"),
    ],
)
async def test_refusals_say_whether_the_phone_is_wrong_or_has_opted_out(
    sender: Sender, provider: FakeProvider, code_of: dict[str, str], reason: str
) -> None:
    if sender.name not in code_of:
        pytest.skip("this provider does not say so here")
    provider.status, provider.code = 400, code_of[sender.name]
    with pytest.raises(TextRefusedError) as refused:
        await sender.send(ORDER)
    assert refused.value.reason == reason


async def test_wrong_credentials_are_the_accounts_fault(provider: FakeProvider) -> None:
    url = f"http://127.0.0.1:{provider.port}"
    for name in NAMES:
        made = made_for(name, url, token="wrong")
        with pytest.raises(TextRefusedError) as refused:
            await made.send(ORDER)
        assert refused.value.reason == "account"
        await made.close()


async def test_the_file_holds_each_key_once_also_after_a_restart(tmp_path: Path) -> None:
    path = tmp_path / "out" / "sent.jsonl"
    first = FileSender(path)
    await first.send(ORDER)
    await first.send(ORDER)
    with path.open("ab") as file:
        file.write(b'{"key": "torn')
        file.write(b"\n")
    await FileSender(path).send(ORDER)
    lines = [line for line in path.read_bytes().splitlines() if b"torn" not in line]
    assert [orjson.loads(line)["to"] for line in lines] == [ORDER.phone]
    assert path.stat().st_mode & 0o077 == 0, "it names phones"


async def test_a_full_disk_means_not_taken(tmp_path: Path) -> None:
    (tmp_path / "out").write_text("a file where the folder should be")
    with pytest.raises(ProviderUnavailableError):
        await FileSender(tmp_path / "out" / "sent.jsonl").send(ORDER)


def test_delivery_reports_of_twilio() -> None:
    assert twilio_delivery({"MessageSid": "SM1", "MessageStatus": "delivered"}) == Delivery(
        "SM1", "delivered"
    )
    failed = {"MessageSid": "SM1", "MessageStatus": "undelivered", "ErrorCode": "30005"}
    assert twilio_delivery(failed) == Delivery("SM1", "undelivered", "wrong_number")
    assert twilio_delivery({"MessageSid": "SM1", "MessageStatus": "queued"}) is None
    assert twilio_delivery({}) is None


def test_delivery_reports_of_telnyx() -> None:
    def event(status: str, errors: Any = (), kind: str = "message.finalized") -> dict[str, Any]:
        payload = {"id": "u1", "to": [{"phone_number": "+1", "status": status}], "errors": list(errors)}
        return {"data": {"event_type": kind, "payload": payload}}

    assert telnyx_delivery(event("delivered")) == Delivery("u1", "delivered")
    assert telnyx_delivery(event("delivery_failed", [{"code": "40001"}])) == Delivery(
        "u1", "undelivered", "wrong_number"
    )
    assert telnyx_delivery(event("delivered", kind="message.received")) is None
    for broken in ({}, {"data": None}, {"data": {"event_type": "message.sent", "payload": []}}):
        assert telnyx_delivery(broken) is None


async def test_vonage_says_in_a_200_that_it_has_not_taken_it(provider: FakeProvider) -> None:
    made = made_for("vonage", f"http://127.0.0.1:{provider.port}")
    provider.code = "1"
    with pytest.raises(ProviderUnavailableError):
        await made.send(ORDER)
    provider.code = "5"  # broke while it was at it
    with pytest.raises(UncertainError):
        await made.send(ORDER)
    await made.close()


def test_delivery_reports_of_vonage() -> None:
    receipt = {"messageId": "0C1", "msisdn": "12155550101", "err-code": "0"}
    assert vonage_delivery(receipt | {"status": "delivered"}) == Delivery("0C1", "delivered")
    failed = receipt | {"status": "failed", "err-code": "9"}
    assert vonage_delivery(failed) == Delivery("0C1", "undelivered", "wrong_number")
    assert vonage_delivery(receipt | {"status": "buffered"}) == Delivery("0C1", "sent")
    assert vonage_delivery(receipt) is None


def test_delivery_reports_of_plivo() -> None:
    report = {"MessageUUID": "db3c", "From": "1", "To": "1"}
    assert plivo_delivery(report | {"Status": "delivered", "ErrorCode": "000"}) == Delivery(
        "db3c", "delivered"
    )
    stopped = report | {"Status": "undelivered", "ErrorCode": "200"}
    assert plivo_delivery(stopped) == Delivery("db3c", "undelivered", "opted_out")
    assert plivo_delivery(report | {"Status": "queued"}) is None


def test_delivery_reports_of_bandwidth() -> None:
    event = {"type": "message-delivered", "message": {"id": "1476"}}
    assert bandwidth_delivery(event) == Delivery("1476", "delivered")
    failed = event | {"type": "message-failed", "errorCode": 4720}
    assert bandwidth_delivery(failed) == Delivery("1476", "undelivered", "wrong_number")
    for broken in ({}, [], {"type": "message-failed"}, {"type": "message-received", "message": {"id": "1"}}):
        assert bandwidth_delivery(broken) is None


async def test_whatsapp_goes_by_the_same_api_with_a_template_after_its_day(provider: FakeProvider) -> None:
    sender = TwilioSender(ACCOUNT, TOKEN, f"http://127.0.0.1:{provider.port}", "https://b.example/status")
    number, template = "whatsapp:+14155550100", "HX" + "0" * 32
    try:
        await sender.send(replace(ORDER, number=number))
        await sender.send(replace(ORDER, number=number, template=template, body="Two\nlines"))
        free, by_template = provider.taken
        assert (free["To"], free["From"], free["Body"]) == (f"whatsapp:{ORDER.phone}", number, ORDER.body)
        assert "ValidityPeriod" not in free
        assert (by_template["ContentSid"], by_template["ContentVariables"]) == (template, '{"1":"Two lines"}')
        assert "Body" not in by_template
        provider.status, provider.code = 400, "63016"
        with pytest.raises(TextRefusedError, match="outside_window"):
            await sender.send(replace(ORDER, number=number))
    finally:
        await sender.close()
    assert twilio_delivery({"MessageSid": "SM1", "MessageStatus": "read"}) == Delivery("SM1", "delivered")
