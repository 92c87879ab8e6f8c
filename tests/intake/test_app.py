"""The webhooks as a provider sees them, against a real process."""

import asyncio
import json
import signal
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4
from xml.etree import ElementTree

import aiohttp
import pytest

from election.access.tokens import Tokens
from election.domain.ids import message_id
from election.postgres.database import connect
from election.runtime.clock import FileClock
from intake.providers.generic import sign
from tests.intake.running import (
    GENERIC_SECRET,
    SECRET,
    IntakeProcess,
    a_text,
    a_twilio_text,
    an_election,
    import_election,
    metric,
    phone,
    sid,
    stored_keys,
    until_drained,
)

Make = Callable[..., IntakeProcess]
NOON = datetime(2026, 11, 3, 17, 0, tzinfo=UTC)


@asynccontextmanager
async def session() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=20)) as made:
        yield made


async def post(
    client: aiohttp.ClientSession, url: str, body: object, headers: dict[str, str]
) -> tuple[int, str]:
    async with client.post(url, data=body, headers=headers) as response:
        return response.status, await response.text()


async def test_a_text_is_acknowledged_answered_and_stored_once(
    intake_at: Make, database_url: str, tmp_path: Path
) -> None:
    await import_election(database_url, an_election())
    clock = FileClock(tmp_path / "clock")
    clock.set(NOON, 1.0)
    intake = await intake_at(database_url, more={"BELUGA_CLOCK_FILE": str(tmp_path / "clock")}).running()
    async with session() as client, asyncio.timeout(20):
        await intake.until_roster()
        sent_at = (NOON - timedelta(hours=1)).isoformat()
        body, headers = a_text("m1", "412", sent_at=sent_at, more={"let": "be"})
        status, answer = await post(client, f"{intake.url}/sms/generic", body, headers)
        assert status == 200
        first = json.loads(answer)
        assert first["id"] == str(message_id("generic", "m1"))
        assert not first["duplicate"]
        assert "412" in first["reply"]
        status, answer = await post(client, f"{intake.url}/sms/generic", body, headers)
        assert json.loads(answer) == first | {"duplicate": True}
        form, headers = a_twilio_text("second", "430", phone(2))
        status, answer = await post(client, f"{intake.url}/sms/twilio", form, headers)
        assert status == 200
        (message,) = ElementTree.fromstring(answer)
        assert message.tag == "Message"
        assert "430" in (message.text or "")
        await until_drained(intake.url)
        assert await metric(client, intake.url, "beluga_intake_duplicates_total") == 1
        assert await metric(client, intake.url, "beluga_intake_acknowledged_total") == 3
    assert sorted(await stored_keys(database_url)) == [sid("second"), "m1"]
    connection = await connect(database_url)
    rows = await connection.fetch(
        "select precinct_id, watcher_id, votes, sent_at from check_ins order by seq"
    )
    await connection.close()
    assert [(r[0], r[1], r[2]) for r in rows] == [("12-01", "w1", 412), ("12-02", "w2", 430)]
    assert rows[0]["sent_at"] == NOON - timedelta(hours=1)


async def test_an_incredible_sending_time_gives_way_to_the_time_of_receipt(
    intake_at: Make, database_url: str
) -> None:
    await import_election(database_url, an_election())
    intake = await intake_at(database_url).running()
    async with session() as client:
        for n, off in enumerate((timedelta(hours=-27), timedelta(minutes=6), timedelta(hours=-25))):
            sent_at = (datetime.now(UTC) + off).isoformat()
            await post(client, f"{intake.url}/sms/generic", *a_text(f"{n}", "412", sent_at=sent_at))
        await until_drained(intake.url)
        assert await metric(client, intake.url, "beluga_intake_incredible_times_total") == 2
        assert await metric(client, intake.url, "beluga_intake_late_texts_total") == 1
    connection = await connect(database_url)
    rows = await connection.fetch("select sent_at = received_at from messages order by provider_message_id")
    await connection.close()
    assert [r[0] for r in rows] == [True, True, False]


@pytest.mark.parametrize("provider", ["generic", "twilio"])
async def test_bad_requests_get_a_clear_answer_and_spoil_nothing(
    intake_at: Make, database_url: str, provider: str
) -> None:
    await import_election(database_url, an_election())
    intake = await intake_at(database_url).running()
    url = f"{intake.url}/sms/{provider}"
    big = b'{"id": "big", "from": "+12155550001", "text": "' + b"4" * 1_000_000 + b'"}'
    now = int(time.time())
    async with session() as client:
        good, headers = a_text("good", "412")
        assert await post(client, url, good, {}) == (403, await _forbidden(client, url))
        wrong = headers | {"X-Beluga-Signature": "sha256=" + "0" * 64, "X-Twilio-Signature": "AAAA"}
        assert (await post(client, url, good, wrong))[0] == 403
        assert (await post(client, url, big, sign(GENERIC_SECRET, big, now)))[0] == 413
        if provider == "generic":
            for body in (b"\xff\xfe", b"{", b"[1]", b'{"id": 1}'):
                status, answer = await post(client, url, body, sign(GENERIC_SECRET, body, now))
                assert status == 400, body
                assert "send" in answer or "must" in answer
            old = sign(GENERIC_SECRET, good, now - 3600)
            assert (await post(client, url, good, old))[0] == 403
            long = a_text("k" * 300, "412")
            assert (await post(client, url, *long))[0] == 400
        else:
            assert (await post(client, url, b"Body=%ff", {"X-Twilio-Signature": "AAAA"}))[0] == 400
        async with client.get(url) as response:
            assert response.status == 405
        assert (await post(client, f"{intake.url}/sms/generic", good, headers))[0] == 200
        await until_drained(intake.url)
        assert await metric(client, intake.url, "beluga_intake_refused_total") >= 4
        assert await metric(client, intake.url, "beluga_intake_acknowledged_total") == 1
    assert await stored_keys(database_url) == ["good"]
    assert phone(1) not in intake.log


async def _forbidden(client: aiohttp.ClientSession, url: str) -> str:
    return (await post(client, url, b"{}", {}))[1]


async def test_without_a_secret_nothing_is_taken(intake_at: Make) -> None:
    more = {"BELUGA_GENERIC_SECRET": "", "BELUGA_TWILIO_AUTH_TOKEN": ""}
    intake = await intake_at(more=more).running()
    async with session() as client:
        body = b'{"id": "1", "from": "+12155550001", "text": "412"}'
        headers = sign("", body, int(time.time())) | {"X-Twilio-Signature": "x"}
        for provider in ("generic", "twilio"):
            assert (await post(client, f"{intake.url}/sms/{provider}", body, headers))[0] == 403


async def test_it_starts_and_reads_with_the_database_away(intake_at: Make, database_url: str) -> None:
    await import_election(database_url, an_election())
    intake = intake_at(database_url)
    await intake.running()
    await intake.until_roster()
    intake.end()
    intake.database_url = "postgresql://nobody@127.0.0.1:1/nothing"
    await intake.running()
    async with session() as client:
        _, answer = await post(client, f"{intake.url}/sms/generic", *a_text("m1", "12-01 412"))
        assert "412" in json.loads(answer)["reply"]
        assert await metric(client, intake.url, "beluga_intake_local_only") == 1
        async with client.get(f"{intake.url}/readyz") as response:
            assert response.status == 200
    assert intake.end() == 0
    intake.database_url = database_url
    await intake.running()
    await until_drained(intake.url)
    assert await stored_keys(database_url) == ["m1"]


async def test_texts_before_the_first_roster_are_kept_and_read_against_it(
    intake_at: Make, database_url: str
) -> None:
    intake = await intake_at(database_url).running()
    async with session() as client:
        status, answer = await post(client, f"{intake.url}/sms/generic", *a_text("early", "412"))
        assert status == 200
        assert "Got it" in json.loads(answer)["reply"]
        assert await metric(client, intake.url, "beluga_intake_journal_depth") == 1
        await import_election(database_url, an_election())
        await until_drained(intake.url)
    connection = await connect(database_url)
    row = await connection.fetchrow(
        "select votes, precinct_id, roster_version from check_ins join messages using (message_id)"
    )
    version = await connection.fetchval("select roster_version from election")
    await connection.close()
    assert row is not None
    assert tuple(row) == (412, "12-01", version)


async def test_a_stop_finishes_what_it_acknowledged(intake_at: Make, database_url: str) -> None:
    await import_election(database_url, an_election())
    intake = await intake_at(database_url).running()
    acknowledged = []

    async def send(n: int) -> None:
        async with session() as client:
            for i in range(200):
                key = f"{n}-{i}"
                try:
                    status, _ = await post(client, f"{intake.url}/sms/generic", *a_text(key, "412"))
                except aiohttp.ClientError:
                    return
                assert status == 200
                acknowledged.append(key)

    sending = [asyncio.create_task(send(n)) for n in range(8)]
    async with asyncio.timeout(20):
        while len(acknowledged) < 100:
            await asyncio.sleep(0.01)
    assert await asyncio.to_thread(intake.end, signal.SIGTERM) == 0
    await asyncio.gather(*sending)
    await intake.running()
    await until_drained(intake.url)
    stored = await stored_keys(database_url)
    assert len(stored) == len(set(stored))
    assert set(acknowledged) <= set(stored)


async def test_a_decision_goes_the_same_way(intake_at: Make, database_url: str) -> None:
    await import_election(database_url, an_election())
    intake = await intake_at(database_url).running()
    tokens = Tokens(SECRET)
    staff = {"Authorization": f"Bearer {tokens.sign('service', {'account': 'ann', 'role': 'staff'})}"}
    caller = {"Authorization": f"Bearer {tokens.sign('service', {'account': 'ann', 'role': 'caller'})}"}
    decision = {
        "kind": "note",
        "account": "ann",
        "precinct_id": "12-01",
        "detail": {"text": "late\0 opening"},
    }
    url = f"{intake.url}/decisions/{uuid4()}"
    async with session() as client:
        async with client.put(url, json=decision, headers=staff) as response:
            assert response.status == 200
            first = await response.json()
        async with client.put(url, json=decision, headers=staff) as response:
            assert await response.json() == first | {"duplicate": True}
        other = decision | {"detail": {"text": "something else"}}
        for headers, body, status in [
            (staff, other, 409),
            ({}, decision, 401),
            (caller, decision, 403),
            (staff, decision | {"account": "bob"}, 403),
            (staff, decision | {"kind": "count"}, 422),
            (staff, decision | {"surprise": 1}, 422),
        ]:
            async with client.put(url, json=body, headers=headers) as response:
                assert response.status == status
                assert (await response.json())["error"]
        async with client.put(f"{intake.url}/decisions/nonsense", json=decision, headers=staff) as response:
            assert response.status == 404
        await until_drained(intake.url)
    connection = await connect(database_url)
    rows = await connection.fetch("select kind, channel, sender, precinct_id, detail from check_ins")
    await connection.close()
    assert [tuple(r)[:4] for r in rows] == [("note", "staff", "staff:ann", "12-01")]
    assert rows[0]["detail"]["text"] == "late\ufffd opening"
