"""Who last wrote by WhatsApp is texted by it: in free words for a day, then by template; the rest is SMS."""

# ruff: noqa: F401, F811 (fixtures)

from datetime import timedelta

import asyncpg
import pytest
from prometheus_client import CollectorRegistry
from pydantic import ValidationError

from election.domain.checkin import Channel, CheckIn, Kind, Message
from election.domain.ids import check_in_id, message_id
from election.log import check_in_log as election_log
from election.postgres.leadership import Term
from election.runtime.clock import FixedClock
from intake.outbound_settings import OurNumber
from intake.outbox import store
from intake.outbox.metrics import OutboxTelemetry
from intake.outbox.sender import Outbox
from intake.replies.purposes import Purpose
from intake.senders import ProviderUnavailableError
from tests.intake.outbox.test_sender import NOW, Recorder, a_text, connection, states, term

FRESH, OLD, TEXTED, NEVER = (f"+1215555000{n}" for n in range(1, 5))
DAY = timedelta(hours=24)
SMS, WHATSAPP = "+18005550000", "whatsapp:+14155550100"
TEMPLATE = "HX" + "0" * 32


async def wrote(connection: asyncpg.Connection, phone: str, ago: timedelta, *, by: str) -> None:
    its_id, at = message_id("twilio", f"{phone}{ago}"), NOW - ago
    raw = f"Body=From%3Dwhatsapp%3A&From={by}%2B{phone[1:]}".encode()  # its words are nobody's address
    message = Message(its_id, "twilio", str(its_id), Channel.SMS, phone, "412", raw, at, at, "")
    entry = CheckIn(
        check_in_id(its_id, 0), its_id, 0, Kind.UNREAD, Channel.SMS, None, None, phone, at, at, at
    )
    await election_log.append(connection, [message], [entry])


def outbox(url: str, senders: dict[str, Recorder], *numbers: str, **templates: str) -> Outbox:
    provider = {SMS: "file", WHATSAPP: "twilio"}
    return Outbox(
        url, [OurNumber(number=n, provider=provider[n], preset="file") for n in numbers],
        dict(senders), FixedClock(NOW),
        OutboxTelemetry(CollectorRegistry()),
        templates={Purpose(name): its_id for name, its_id in templates.items()},
    )  # fmt: skip


async def waiting(connection: asyncpg.Connection) -> None:
    await wrote(connection, FRESH, timedelta(hours=30), by="")
    await wrote(connection, FRESH, DAY - timedelta(minutes=1), by="whatsapp%3A")
    await wrote(connection, OLD, DAY + timedelta(minutes=1), by="whatsapp%3A")
    await wrote(connection, TEXTED, timedelta(hours=2), by="whatsapp%3A")
    await wrote(connection, TEXTED, timedelta(hours=1), by="")  # by SMS since
    for phone in (FRESH, OLD, TEXTED, NEVER):
        await store.enqueue(connection, [a_text(f"reminder {phone}", Purpose.REMINDER, phone)])
        await store.enqueue(connection, [a_text(f"reply {phone}", Purpose.REPLY, phone)])


async def test_each_text_goes_the_way_that_it_may(
    database_url: str,
    connection: asyncpg.Connection,
    term: Term,
) -> None:
    await waiting(connection)
    templates = ["reminder"]
    ways = await store.waiting_by_way(connection, NOW, False, templates)
    assert ways == {"free": 2, "template": 1, "sms": 5}
    sms, whatsapp = Recorder("file"), Recorder("twilio")
    box = outbox(database_url, {"file": sms, "twilio": whatsapp}, SMS, WHATSAPP, reminder=TEMPLATE)
    assert await box.step(connection, term) == 8
    assert {o.key: o.template for o in whatsapp.orders} == {
        f"reply {FRESH}": "", f"reminder {FRESH}": "", f"reminder {OLD}": TEMPLATE,
    }  # fmt: skip
    assert {o.number for o in whatsapp.orders} == {WHATSAPP}
    assert f"reply {OLD}" in sms.keys, "the day is over, and a reply has no template"
    assert set((await states(connection)).values()) == {"sent"}


async def test_where_whatsapp_fails_sms_will_do(
    database_url: str,
    connection: asyncpg.Connection,
    term: Term,
) -> None:
    await wrote(connection, FRESH, timedelta(hours=1), by="whatsapp%3A")
    sms, whatsapp = Recorder("file"), Recorder("twilio", ProviderUnavailableError("503"))
    box = outbox(database_url, {"file": sms, "twilio": whatsapp}, WHATSAPP, SMS)
    await store.enqueue(connection, [a_text("a", Purpose.REPLY, FRESH)])
    for _ in range(4):  # three failures rest the number
        await box.step(connection, term)
    assert sms.keys == ["a"]


async def test_without_a_number_for_sms_nothing_goes_where_it_may_not(
    database_url: str,
    connection: asyncpg.Connection,
    term: Term,
) -> None:
    await waiting(connection)
    whatsapp = Recorder("twilio")
    assert await outbox(database_url, {"twilio": whatsapp}, WHATSAPP).step(connection, term) == 2
    assert {o.phone for o in whatsapp.orders} == {FRESH}


def test_whatsapp_goes_through_twilio_alone() -> None:
    with pytest.raises(ValidationError, match="Twilio"):
        OurNumber(number=WHATSAPP, provider="telnyx")
