"""The outbox on a real database: one reason one text, one leader, silence after STOP, never twice."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg
import pytest
import pytest_asyncio
from prometheus_client import CollectorRegistry

from election.domain.checkin import Channel, CheckIn, Kind, Message
from election.domain.ids import check_in_id, message_id
from election.log import check_in_log as election_log
from election.postgres.database import connect
from election.postgres.leadership import Candidate, DeposedError, Term
from election.runtime.clock import FixedClock
from intake.outbound_settings import OurNumber
from intake.outbox import store
from intake.outbox.metrics import OutboxTelemetry
from intake.outbox.sender import Outbox
from intake.replies.purposes import Purpose, Text, Window
from intake.senders import Delivery, Order, ProviderUnavailableError, TextRefusedError, UncertainError

NOW = datetime(2026, 11, 3, 15, 0, tzinfo=UTC)


def a_text(key: str, purpose: Purpose = Purpose.REPLY, phone: str = "+12155550001", **more: Any) -> Text:
    return Text(key, purpose, phone, f"text {key}", NOW, Window(NOW, NOW + timedelta(minutes=15)), **more)


class Recorder:
    """A provider in memory: answers as told, and remembers what it was handed."""

    idempotent = False

    def __init__(self, name: str = "twilio", answer: Any = None) -> None:
        self.name = name
        self.answer = answer
        self.orders: list[Order] = []

    async def send(self, order: Order) -> str:
        self.orders.append(order)
        if isinstance(self.answer, Exception):
            raise self.answer
        if self.answer is not None:
            await self.answer(order)
        return f"{self.name}-{len(self.orders)}"

    async def close(self) -> None: ...

    @property
    def keys(self) -> list[str]:
        return [order.key for order in self.orders]


@pytest_asyncio.fixture
async def connection(database_url: str) -> AsyncIterator[asyncpg.Connection]:
    connection = await connect(database_url)
    yield connection
    connection.terminate()


@pytest_asyncio.fixture
async def term(database_url: str) -> AsyncIterator[Term]:
    candidate = Candidate(database_url, "outbox")
    found = await candidate.step()
    assert found
    yield found
    await candidate.resign()


def an_outbox(
    url: str, *senders: Recorder, clock: FixedClock | None = None, rehearsal: bool = False
) -> Outbox:
    numbers = [
        OurNumber(number=f"+1800555000{n}", provider=s.name, preset="file") for n, s in enumerate(senders)
    ]
    return Outbox(
        url, numbers, {s.name: s for s in senders}, clock or FixedClock(NOW),
        OutboxTelemetry(CollectorRegistry()), rehearsal=rehearsal,
    )  # fmt: skip


async def states(connection: asyncpg.Connection) -> dict[str, str]:
    return {r["key"]: r["state"] for r in await connection.fetch("select key, state from outbox")}


async def say(
    connection: asyncpg.Connection, kind: Kind, sender: str, at: datetime, **detail: object
) -> CheckIn:
    its_id = message_id("test", f"{kind}{sender}{at}")
    message = Message(its_id, "test", str(its_id), Channel.SMS, sender, kind, b"", at, at, "")
    entry = CheckIn(
        check_in_id(its_id, 0), its_id, 0, kind, Channel.SMS, None, None, sender, at, at, at, detail=detail
    )
    await election_log.append(connection, [message], [entry])
    return entry


async def test_one_key_is_one_text_however_often_it_is_asked_for(
    database_url: str, connection: asyncpg.Connection, term: Term
) -> None:
    assert await store.enqueue(connection, [a_text("a"), a_text("b")]) == {"a", "b"}
    assert await store.enqueue(connection, [a_text("a"), a_text("c")]) == {"c"}
    sender = Recorder()
    outbox = an_outbox(database_url, sender)
    assert await outbox.step(connection, term) == 3
    assert await store.enqueue(connection, [a_text("a")]) == set()
    assert await outbox.step(connection, term) == 0
    assert sorted(sender.keys) == ["a", "b", "c"]
    assert set((await states(connection)).values()) == {"sent"}


async def test_the_urgent_go_first(database_url: str, connection: asyncpg.Connection, term: Term) -> None:
    await store.enqueue(
        connection,
        [a_text(p.value, p) for p in (Purpose.THANKS, Purpose.ROLL_CALL, Purpose.REMINDER, Purpose.QUESTION)],
    )
    order = []
    while texts := await store.claim(connection, term, NOW, 1, "+1", "twilio"):
        order += [t.key for t in texts]
    assert order == ["question", "reminder", "roll_call", "thanks"]


async def test_what_is_too_late_is_never_sent(
    database_url: str, connection: asyncpg.Connection, term: Term
) -> None:
    await store.enqueue(connection, [a_text("a")])
    later = FixedClock(NOW + timedelta(minutes=15))
    sender = Recorder()
    assert await an_outbox(database_url, sender, clock=later).step(connection, term) == 0
    assert await store.retire(connection, term, later.now()) == {"expired": 1, "silenced": 0}
    assert await states(connection) == {"a": "expired"}
    assert not sender.orders


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0), (1, 2, 0)])
async def test_stop_silences_whatever_the_order_of_arrival(
    database_url: str, connection: asyncpg.Connection, term: Term, order: tuple[int, ...]
) -> None:
    words = [
        (Kind.STOP, NOW - timedelta(hours=3)),
        (Kind.START, NOW - timedelta(hours=2)),
        (Kind.STOP, NOW - timedelta(hours=1)),
    ]
    for place in order:
        await say(connection, words[place][0], "+12155550001", words[place][1])
    await say(connection, Kind.STOP, "+12155550002", NOW - timedelta(hours=2))
    await say(connection, Kind.START, "+12155550002", NOW - timedelta(hours=1))
    await store.enqueue(
        connection,
        [
            a_text("no"),
            a_text("yes", phone="+12155550002"),
            a_text("confirmation", Purpose.OPT_OUT),
        ],
    )
    sender = Recorder()
    await an_outbox(database_url, sender).step(connection, term)
    assert sorted(sender.keys) == ["confirmation", "yes"]
    assert (await store.retire(connection, term, NOW))["silenced"] == 1
    assert await store.opted_out(connection, ["+12155550001", "+12155550002"]) == {"+12155550001"}


@pytest.mark.parametrize("look", ["its item", "the phone's item", "a tie"])
async def test_a_stranger_is_texted_nothing_but_answers_until_staff_have_looked(
    database_url: str, connection: asyncpg.Connection, term: Term, look: str
) -> None:
    phone, before = "+12155550001", NOW - timedelta(hours=2)
    first = await say(connection, Kind.UNREAD, phone, before, unknown_sender=True)
    known = {} if look == "its item" else {"unknown_sender": True}
    asked = await say(connection, Kind.UNREAD, phone, before + timedelta(hours=1), stranger=True, **known)
    await store.enqueue(
        connection,
        [a_text("reminder", Purpose.REMINDER), a_text("reply"), a_text("other", phone="+12155550002")],
    )
    sender = Recorder()
    await an_outbox(database_url, sender).step(connection, term)
    assert sorted(sender.keys) == ["other", "reply"]
    assert (await states(connection))["reminder"] == "waiting"
    match look:
        case "its item":
            await say(connection, Kind.RESOLVE, "staff:ann", NOW, item=str(asked.check_in_id))
        case "the phone's item":
            await say(connection, Kind.RESOLVE, "staff:ann", NOW, item=str(first.check_in_id))
        case _:
            await say(connection, Kind.TIE, "staff:ann", NOW, phone=phone)
    await an_outbox(database_url, sender).step(connection, term)
    assert sorted(sender.keys) == ["other", "reminder", "reply"]


@pytest.mark.parametrize(("minutes", "texted"), [(5, ["reminder"]), (45, [])])
async def test_an_answer_that_the_number_is_wrong_holds_no_texts(
    database_url: str, connection: asyncpg.Connection, term: Term, minutes: int, texted: list[str]
) -> None:
    phone, said = "+12155550001", NOW - timedelta(hours=1)
    await say(connection, Kind.QUESTION, phone, said - timedelta(minutes=minutes))
    await say(connection, Kind.UNREAD, phone, said, stranger=True, denies=True)
    await store.enqueue(connection, [a_text("reminder", Purpose.REMINDER)])
    sender = Recorder()
    await an_outbox(database_url, sender).step(connection, term)
    assert sender.keys == texted


async def test_a_leader_lost_between_claim_and_answer_leaves_the_text_unknown_for_ever(
    database_url: str, connection: asyncpg.Connection
) -> None:
    await store.enqueue(connection, [a_text("a")])
    first = Candidate(database_url, "outbox")
    old = await first.step()
    assert old
    assert len(await store.claim(connection, old, NOW, 10, "+1", "twilio")) == 1
    await first.resign()
    second = Candidate(database_url, "outbox")
    new = await second.step()
    assert new
    assert new.epoch > old.epoch
    assert await store.inherit(connection, new, [], NOW) == {"unknown": 1}
    assert await store.claim(connection, new, NOW, 10, "+1", "twilio") == []
    with pytest.raises(DeposedError):
        await store.claim(connection, old, NOW, 10, "+1", "twilio")
    # The old leader was only slow: what the provider told it is still the truth.
    await store.settle(connection, old.epoch, NOW, [("a", "sent", "SM1", "")])
    assert await states(connection) == {"a": "sent"}
    await second.resign()


async def test_an_idempotent_provider_is_asked_again(
    database_url: str, connection: asyncpg.Connection
) -> None:
    await store.enqueue(connection, [a_text("a")])
    first = Candidate(database_url, "outbox")
    old = await first.step()
    assert old
    await store.claim(connection, old, NOW, 10, "+1", "file")
    await first.resign()
    second = Candidate(database_url, "outbox")
    new = await second.step()
    assert new
    assert await store.inherit(connection, new, ["file"], NOW) == {"waiting": 1}
    assert [t.key for t in await store.claim(connection, new, NOW, 10, "+1", "file")] == ["a"]
    await second.resign()


@pytest.mark.parametrize(
    ("answer", "state"),
    [
        (UncertainError("timeout"), "unknown"),
        (TextRefusedError("wrong_number"), "failed"),
        (ProviderUnavailableError("429"), "waiting"),
        (TextRefusedError("account"), "waiting"),
    ],
)
async def test_what_a_provider_answers_decides_what_becomes_of_a_text(
    database_url: str, connection: asyncpg.Connection, term: Term, answer: Exception, state: str
) -> None:
    await store.enqueue(connection, [a_text("a")])
    await an_outbox(database_url, Recorder(answer=answer)).step(connection, term)
    assert await states(connection) == {"a": state}


async def test_a_second_number_takes_over_after_three_failures(
    database_url: str, connection: asyncpg.Connection, term: Term
) -> None:
    await store.enqueue(connection, [a_text("a")])
    first, second = Recorder("twilio", ProviderUnavailableError("503")), Recorder("telnyx")
    outbox = an_outbox(database_url, first, second)
    for _ in range(4):
        await outbox.step(connection, term)
    assert len(first.orders) == 3
    assert second.keys == ["a"]
    assert await states(connection) == {"a": "sent"}


async def test_a_rehearsals_texts_wait_for_a_rehearsal(
    database_url: str, connection: asyncpg.Connection, term: Term
) -> None:
    await store.enqueue(connection, [a_text("drill", rehearsal=True), a_text("day")])
    sender = Recorder()
    await an_outbox(database_url, sender).step(connection, term)
    assert sender.keys == ["day"]
    await an_outbox(database_url, sender, rehearsal=True).step(connection, term)
    assert sender.keys == ["day", "drill"]


async def test_delivery_reports_arrive_in_any_order(
    database_url: str, connection: asyncpg.Connection, term: Term
) -> None:
    await store.enqueue(connection, [a_text("a")])
    await an_outbox(database_url, Recorder()).step(connection, term)
    told = Delivery("twilio-1", "undelivered", "wrong_number")
    assert await store.deliver(connection, "twilio", told, NOW) == "reply"
    assert await store.deliver(connection, "twilio", Delivery("twilio-1", "sent"), NOW) is None
    assert await states(connection) == {"a": "undelivered"}
    assert await store.deliver(connection, "telnyx", told, NOW) is None, "another provider's"


async def test_two_outboxes_on_one_database_send_each_text_once(
    database_url: str, connection: asyncpg.Connection
) -> None:
    async def slowly(_: Order) -> None:
        await asyncio.sleep(0.001)

    senders = [Recorder(answer=slowly), Recorder(answer=slowly)]
    outboxes = [an_outbox(database_url, sender) for sender in senders]
    running = [asyncio.create_task(outbox.run()) for outbox in outboxes]
    keys = [f"k{n}" for n in range(150)]
    for n, key in enumerate(keys):
        outboxes[n % 2].offer(a_text(key))
    async with asyncio.timeout(30):
        while len(senders[0].orders) + len(senders[1].orders) < 75:
            await asyncio.sleep(0.02)
        leader = 0 if outboxes[0].leads else 1
        running[leader].cancel()  # the other takes over
        await asyncio.gather(running[leader], return_exceptions=True)
        for key in keys:
            outboxes[1 - leader].offer(a_text(key))
        while (
            set((await states(connection)).values()) - {"sent", "unknown"}
            or len(await states(connection)) < 150
        ):
            await asyncio.sleep(0.05)
    running[1 - leader].cancel()
    await asyncio.gather(*running, return_exceptions=True)
    handed = senders[0].keys + senders[1].keys
    assert len(handed) == len(set(handed)), "a text was sent twice"
    assert set(handed) <= set(keys)


async def test_what_is_offered_while_its_connection_is_away_is_stored_and_none_is_held_for_nothing(
    database_url: str, connection: asyncpg.Connection, monkeypatch
) -> None:
    monkeypatch.setattr("intake.outbox.sender.OFFERED_REST_SECONDS", 0.05)
    others = (
        "select count(*) from pg_stat_activity where pid <> pg_backend_pid() and query ~ 'insert into outbox'"
    )
    outbox = an_outbox(database_url)
    running = asyncio.create_task(outbox.run())
    async with asyncio.timeout(30):
        for n in range(3):
            outbox.offer(a_text(f"t{n}"))
            while len(await states(connection)) <= n:
                await asyncio.sleep(0.01)
            while await connection.fetchval(others):
                await asyncio.sleep(0.01)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
