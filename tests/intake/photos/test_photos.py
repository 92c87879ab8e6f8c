"""A photo's way through real services: texted or sent by the form, kept, shown at its incident, purged."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import uuid4

import aiohttp
import pytest_asyncio
from pydantic import SecretStr
from twilio.request_validator import RequestValidator

from beluga.proof.recount import recounted
from beluga.stack.ports import free_port
from election.access.tokens import Tokens
from election.access.watcher_links import token_of
from intake.app import Intake
from intake.settings import IntakeSettings
from tests.intake.desks.test_desks import Desk, Service, until
from tests.intake.photos.provider import ACCOUNT, TOKEN, FakeProvider, fake_provider, jpeg
from tests.intake.running import PUBLIC_URL, SECRET, an_election, import_election, phone, sid

KENT: dict[str, Any] = {"role": "lead", "counties": ["Kent"]}


class PhotoService(Service):
    def __init__(self, folder: Path, database_url: str, provider: FakeProvider) -> None:
        super().__init__(folder, database_url)
        self.provider = provider
        port = free_port()
        self.url = f"http://127.0.0.1:{port}"
        self.intake = Intake(
            IntakeSettings(
                database_url=database_url, state=folder, intake_port=port, secret=SecretStr(SECRET),
                twilio_auth_token=SecretStr(TOKEN), twilio_account_sid=ACCOUNT, twilio_api_url=provider.url,
                public_url=PUBLIC_URL, journal_ballast_mib=0, feed_url=f"ws://127.0.0.1:{free_port()}",
            )
        )  # fmt: skip

    async def text(self, session: aiohttp.ClientSession, key: str, words: str, *photos: str) -> str:
        form = {"MessageSid": sid(key), "From": phone(1), "To": "+12155559999", "Body": words,
                "NumMedia": str(len(photos))}  # fmt: skip
        form |= {f"MediaUrl{n}": url for n, url in enumerate(photos)}
        signed = RequestValidator(TOKEN).compute_signature(f"{PUBLIC_URL}/sms/twilio", form)
        headers = {"X-Twilio-Signature": signed}
        async with session.post(f"{self.url}/sms/twilio", data=form, headers=headers) as answer:
            assert answer.status == 200
            return await answer.text()


@pytest_asyncio.fixture
async def there(database_url: str, tmp_path: Path) -> AsyncIterator[tuple[Desk, PhotoService]]:
    election = an_election()
    places = tuple(
        replace(p, county="Kent" if p.precinct_id == "12-01" else "Sussex") for p in election.precincts
    )
    await import_election(database_url, replace(election, precincts=places))
    async with (
        fake_provider() as provider,
        PhotoService(tmp_path, database_url, provider) as process,
        aiohttp.ClientSession() as session,
    ):
        await process.intake.rosters.known.wait()
        yield Desk(process, database_url, session), process


async def picture(desk: Desk, path: str, **who: Any) -> tuple[int, bytes, dict[str, str]]:
    token = Tokens(SECRET).sign("service", {"account": "ann", "role": "staff"} | who)
    headers = {"Authorization": f"Bearer {token}"}
    async with desk.session.get(f"{desk.process.url}{path}", headers=headers) as answer:
        return answer.status, await answer.read(), dict(answer.headers)


async def test_a_photo_comes_to_its_incident_and_is_never_unreadable(
    there: tuple[Desk, PhotoService],
) -> None:
    desk, process = there
    provider = process.provider
    assert "Problem no." in await process.text(
        desk.session, "p1", "! machine 2 is down", provider.put("one", jpeg(colour="red"))
    )
    assert "Got your photo" in await process.text(desk.session, "p2", "", provider.put("two", jpeg()))
    reply = await process.text(desk.session, "p3", "412", "https://169.254.169.254/latest")
    assert "Got it: 412" in reply, "the caption is read"

    async def fetched() -> bool:
        (incident,) = await desk.items("incidents")
        return [p["state"] for p in incident["photos"]] == ["kept", "kept"]

    await until(fetched)
    (incident,) = await desk.items("incidents")
    (waiting,) = await desk.items("unread")
    assert waiting["photos"] == incident["photos"][1:], "somebody looks at it, there too"
    first = incident["photos"][0]
    path = f"/photos/{first['message_id']}/0"
    status, content, headers = await picture(desk, path)
    assert (status, content) == (200, jpeg(colour="red"))
    assert headers["Content-Type"] == "image/jpeg"
    assert (headers["X-Content-Type-Options"], headers["Cache-Control"]) == ("nosniff", "no-store")
    assert "default-src 'none'" in headers["Content-Security-Policy"]
    status, small, _ = await picture(desk, f"{path}/small", **KENT)
    assert status == 200 and small != content
    for nobody in ({"role": "lead", "counties": ["Surrey"]},):
        assert (await picture(desk, path, **nobody))[0] == 404
    assert (await picture(desk, path, role="caller"))[0] == 403
    assert (await picture(desk, f"/photos/{uuid4()}/0"))[0] == 404
    _, here = await desk.ask("GET", "/precincts/12-01/photos", **KENT)
    assert sorted(p["state"] for p in here["photos"]) == ["kept", "kept", "refused"]
    assert (await desk.ask("GET", "/precincts/12-02/photos", **KENT))[0] == 404
    assert provider.asked.count(("one", True)) == 1, "once is enough"
    assert await desk.counts() == [412]
    assert (await recounted(desk.database_url)).proven


async def test_a_photo_of_the_form_is_kept_once_and_shown_with_its_report(
    there: tuple[Desk, PhotoService],
) -> None:
    desk, process = there
    report, photo = uuid4(), uuid4()
    headers = {"Authorization": f"Bearer {token_of(Tokens(SECRET), 'w1', 0)}"}
    path = f"{process.url}/checkins/{report}/photos/{photo}?precinct=12-01"
    put = desk.session.put
    async with put(path, data=jpeg(), headers=headers) as answer:  # it may come before its report
        assert answer.status == 200, await answer.text()
    said = {"kind": "incident", "precinct_id": "12-01", "text": "scanner jammed"}
    async with put(f"{process.url}/checkins/{report}", json=said, headers=headers) as answer:
        assert answer.status == 200
    async with put(path, data=jpeg(), headers=headers) as answer:
        assert (await answer.json())["duplicate"] is True
    for wrong, status in ((b"<svg/>", 422), (b"x" * 1_000_001, 413)):
        async with put(path, data=wrong, headers=headers) as answer:
            assert answer.status == status
    async with put(path, data=jpeg(), headers={"Authorization": "Bearer x"}) as answer:
        assert answer.status == 401
    (incident,) = await desk.items("incidents")
    (shown,) = incident["photos"]
    assert shown["state"] == "kept"
    assert (await picture(desk, f"/photos/{shown['message_id']}/0"))[1] == jpeg()
    assert await desk.items("unread") == [], "and on no desk of its own"
    process.intake.outreach.shelf.purge(process.intake.clock.now())
    (incident,) = await desk.items("incidents")
    assert incident["photos"][0]["state"] == "purged"
    assert (await picture(desk, f"/photos/{shown['message_id']}/0"))[0] == 404
    assert (await asyncio.to_thread(lambda: list((process.state / "intake/photos").rglob("files/*")))) == []
