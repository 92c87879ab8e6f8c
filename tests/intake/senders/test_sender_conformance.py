"""One suite over every sender, against a server on loopback that speaks the provider's documented API."""

import asyncio
import base64
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import orjson
import pytest
import pytest_asyncio
from aiohttp import web

from beluga.stack.postgres import free_port
from intake.senders import Delivery, NotTakenError, Order, Sender, TextRefusedError, UncertainError
from intake.senders.file import FileSender
from intake.senders.telnyx import TelnyxSender
from intake.senders.telnyx import delivery_of as telnyx_delivery
from intake.senders.twilio import TwilioSender
from intake.senders.twilio import delivery_of as twilio_delivery

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


@pytest_asyncio.fixture
async def provider() -> AsyncIterator[FakeProvider]:
    fake = FakeProvider(port=free_port())
    app = web.Application()
    app.router.add_post(f"/2010-04-01/Accounts/{ACCOUNT}/Messages.json", fake.twilio)
    app.router.add_post("/v2/messages", fake.telnyx)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", fake.port).start()
    yield fake
    await runner.cleanup()


@pytest_asyncio.fixture(params=["twilio", "telnyx"])
async def sender(request: pytest.FixtureRequest, provider: FakeProvider) -> AsyncIterator[Sender]:
    url = f"http://127.0.0.1:{provider.port}"
    made: Sender
    if request.param == "twilio":
        made = TwilioSender(ACCOUNT, TOKEN, url, "https://beluga.example/sms/twilio/status")
    else:
        made = TelnyxSender(API_KEY, url, "https://beluga.example/sms/telnyx/status")
    yield made
    await made.close()


async def test_a_text_goes_out_with_all_that_the_provider_needs(
    sender: Sender, provider: FakeProvider
) -> None:
    its_id = await sender.send(ORDER)
    assert its_id in ("SM1", "uuid-1")
    (taken,) = provider.taken
    said = {k.lower(): v for k, v in taken.items()}
    assert said["to"] == ORDER.phone
    assert said["from"] == ORDER.number
    assert ORDER.body in (said.get("body"), said.get("text"))
    if sender.name == "twilio":
        assert said["validityperiod"] == "900", "a late text must not arrive the next morning"
        assert said["statuscallback"].endswith("/sms/twilio/status")
    else:
        assert said["webhook_url"].endswith("/sms/telnyx/status")


@pytest.mark.parametrize("status", [429, 503])
async def test_a_provider_that_says_not_now_has_not_taken_it(
    sender: Sender, provider: FakeProvider, status: int
) -> None:
    provider.status = status
    with pytest.raises(NotTakenError):
        await sender.send(ORDER)


async def test_nobody_listening_means_not_taken(sender: Sender, provider: FakeProvider) -> None:
    unheard = f"http://127.0.0.1:{free_port()}"
    made = (
        TwilioSender(ACCOUNT, TOKEN, unheard, "x")
        if sender.name == "twilio"
        else TelnyxSender("k", unheard, "x")
    )
    with pytest.raises(NotTakenError):
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
        ({"twilio": "21211", "telnyx": "40310"}, "wrong_number"),
        ({"twilio": "21610", "telnyx": "40300"}, "opted_out"),
        ({"twilio": "30007", "telnyx": "40002"}, "refused"),
    ],
)
async def test_refusals_say_whether_the_phone_is_wrong_or_has_opted_out(
    sender: Sender, provider: FakeProvider, code_of: dict[str, str], reason: str
) -> None:
    provider.status, provider.code = 400, code_of[sender.name]
    with pytest.raises(TextRefusedError) as refused:
        await sender.send(ORDER)
    assert refused.value.reason == reason


async def test_wrong_credentials_are_the_accounts_fault(provider: FakeProvider) -> None:
    url = f"http://127.0.0.1:{provider.port}"
    for made in (TwilioSender(ACCOUNT, "wrong", url, "x"), TelnyxSender("wrong", url, "x")):
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
    with pytest.raises(NotTakenError):
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
