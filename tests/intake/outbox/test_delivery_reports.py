"""What providers tell later of the texts we sent, over HTTP: signed, in any order."""

import base64
import time
from collections.abc import Callable
from typing import Any

import aiohttp
import orjson
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from twilio.request_validator import RequestValidator

from election.postgres.database import connect
from tests.intake.running import PUBLIC_URL, TWILIO_TOKEN, IntakeProcess, metric

Make = Callable[..., IntakeProcess]
KEY = Ed25519PrivateKey.generate()
PUBLIC = base64.b64encode(KEY.public_key().public_bytes_raw()).decode()

SENT = """
insert into outbox (key, purpose, priority, phone, body, segments, rehearsal, made_at, not_before, expires_at,
                    state, provider, provider_message_id, number)
values ($1, 'reminder', 5, '+12155550001', 'Please text your count.', 1, false, now(), now(),
        now() + interval '1 hour', 'sent', $2, $3, '+12155550100')
"""


def twilio(fields: dict[str, str], token: str = TWILIO_TOKEN) -> dict[str, Any]:
    url = f"{PUBLIC_URL}/sms/twilio/status"
    signature = RequestValidator(token).compute_signature(url, fields)
    return {"data": fields, "headers": {"X-Twilio-Signature": signature}}


def telnyx(kind: str, payload: dict[str, Any]) -> dict[str, Any]:
    body = orjson.dumps({"data": {"event_type": kind, "payload": payload}})
    at = f"{int(time.time())}"
    signature = base64.b64encode(KEY.sign(at.encode() + b"|" + body)).decode()
    headers = {"telnyx-signature-ed25519": signature, "telnyx-timestamp": at}
    return {"data": body, "headers": headers}


@pytest.fixture
async def intake(intake_at: Make, database_url: str) -> IntakeProcess:
    connection = await connect(database_url)
    await connection.execute(SENT, "reminder:a", "twilio", "SM1")
    await connection.execute(SENT, "reminder:b", "telnyx", "T1")
    await connection.close()
    return await intake_at(database_url, more={"BELUGA_TELNYX_PUBLIC_KEY": PUBLIC}).running()


async def states(database_url: str) -> dict[str, tuple[str, str]]:
    connection = await connect(database_url)
    rows = await connection.fetch("select provider, state, reason from outbox")
    await connection.close()
    return {row["provider"]: (row["state"], row["reason"]) for row in rows}


async def test_reports_settle_texts_whatever_their_order(intake: IntakeProcess, database_url: str) -> None:
    finalized = {"id": "T1", "to": [{"status": "delivered"}]}
    async with aiohttp.ClientSession(intake.url) as client:

        async def told(name: str, report: dict[str, Any]) -> int:
            async with client.post(f"/sms/{name}/status", **report) as response:
                return response.status

        failed = {"MessageSid": "SM1", "MessageStatus": "undelivered", "ErrorCode": "30005", "To": "+1"}
        assert await told("twilio", twilio(failed)) == 204
        assert await told("twilio", twilio({"MessageSid": "SM1", "MessageStatus": "sent"})) == 204  # late
        assert await told("twilio", twilio({"MessageSid": "SM999", "MessageStatus": "delivered"})) == 204
        assert await told("telnyx", telnyx("message.finalized", finalized)) == 204
        assert await told("telnyx", telnyx("message.finalized", finalized)) == 204  # again
        assert await states(database_url) == {
            "twilio": ("undelivered", "wrong_number"),
            "telnyx": ("delivered", ""),
        }
        assert await metric(client, intake.url, "beluga_intake_outbox_receipts_total") == 2


async def test_what_is_not_signed_or_no_report_changes_nothing(
    intake: IntakeProcess, database_url: str
) -> None:
    delivered = {"MessageSid": "SM1", "MessageStatus": "delivered"}
    text = {"MessageSid": "SM" + "5" * 32, "From": "+12155550001", "To": "+12155559999", "Body": "412"}
    async with aiohttp.ClientSession(intake.url) as client:
        for report, status in (
            (twilio(delivered, "another token"), 403),
            ({"data": delivered}, 403),
            (twilio(text), 400),  # a watcher's text at the wrong address: refused, so that it is seen
        ):
            async with client.post("/sms/twilio/status", **report) as response:
                assert response.status == status, await response.text()
        async with client.post("/sms/telnyx/status", data=b"{}") as response:
            assert response.status == 403
    assert {state for state, _ in (await states(database_url)).values()} == {"sent"}
