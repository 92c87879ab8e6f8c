"""Events to an operator's own program: with what they tell of, signed, in order, until they are taken."""

import asyncio
import socket
import ssl
import subprocess
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import orjson
import pytest
import pytest_asyncio
from aiohttp import web
from aiohttp.abc import AbstractResolver, ResolveResult
from aiohttp.resolver import ThreadedResolver

from dashboard.webhook.public_hosts import PublicHosts
from dashboard.webhook.telling import EVENTS, FIRST_PAUSE, LONGEST_PAUSE, WebhookSender, pause_after
from election.access import webhooks
from election.access.webhooks import WebhookError, secret_of, signature
from election.postgres.database import open_pool
from tests.callers.conftest import CLOSES, NOON, add_callers, add_voters

SECRET = "an operator's stack secret of 32 or more"
HOST = "hooks.example.org"


class Here(AbstractResolver):
    """Every name is this machine."""

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        return await ThreadedResolver().resolve("127.0.0.1", port, socket.AF_INET)

    async def close(self) -> None: ...


@dataclass
class Program:
    """An operator's program with a certificate of its own."""

    url: str = ""
    trust: ssl.SSLContext | None = None
    answers: list[int] = field(default_factory=list)  # the next ones; then 200
    got: list[tuple[dict[str, str], bytes]] = field(default_factory=list)

    async def take(self, request: web.Request) -> web.Response:
        self.got.append((dict(request.headers), await request.read()))
        status = self.answers.pop(0) if self.answers else 200
        return web.Response(
            status=status, headers={"Location": "https://example.org/"} if status == 302 else {}
        )

    @property
    def events(self) -> list[dict[str, Any]]:
        return [event for _, body in self.got for event in orjson.loads(body)["events"]]


@pytest_asyncio.fixture
async def pool(module_database_url: str) -> AsyncIterator[asyncpg.Pool]:
    made = await open_pool(module_database_url, 4)
    await made.execute(
        "truncate webhook_events, webhooks, calls, leases, strike_offs, voters, callers, rehearsal.calls,"
        " rehearsal.leases, rehearsal.strike_offs"
    )
    yield made
    await made.close()


@pytest_asyncio.fixture
async def connection(pool: asyncpg.Pool) -> AsyncIterator[asyncpg.Connection]:
    async with pool.acquire() as held:
        yield held


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A key, and a certificate of its own for the program's name."""
    folder = tmp_path_factory.mktemp("certificate")
    key, chain = folder / "key.pem", folder / "chain.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
         "-keyout", key, "-out", chain, "-days", "2", "-subj", f"/CN={HOST}",
         "-addext", f"subjectAltName=DNS:{HOST}"],
        check=True, capture_output=True,
    )  # fmt: skip
    return key, chain


@pytest_asyncio.fixture
async def program(certificate: tuple[Path, Path]) -> AsyncIterator[Program]:
    key, chain = certificate
    mine = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    mine.load_cert_chain(chain, key)
    made = Program(trust=ssl.create_default_context(cafile=str(chain)))
    app = web.Application()
    app.router.add_post("/in", made.take)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0, ssl_context=mine)
    await site.start()
    assert site._server is not None
    port = site._server.sockets[0].getsockname()[1]  # type: ignore[attr-defined]
    made.url = f"https://{HOST}:{port}/in"
    yield made
    await runner.cleanup()


@pytest_asyncio.fixture
async def sender(pool: asyncpg.Pool, program: Program) -> AsyncIterator[WebhookSender]:
    made = WebhookSender(
        pool.acquire, SECRET, resolver=Here(), trust=program.trust, now=lambda: 1_793_725_200.9
    )
    yield made
    await made.close()


async def hook(connection: asyncpg.Connection, url: str, *kinds: str) -> UUID:
    async with connection.transaction():
        return await webhooks.make(connection, url, kinds or ("outcome", "strike_off"), "ada")


async def call(connection: asyncpg.Connection, voter: str, outcome: str, schema: str = "public") -> UUID:
    """A call with its outcome, as the queue stores them."""
    lease = uuid4()
    await connection.execute(
        f"insert into {schema}.leases (lease_id, voter_id, phone, precinct_id, caller_id, granted_at,"
        " expires_at, ended_at, ended_by) values ($1, $2, '+12155550100', 'P', 'c0', $3, $4, $3, 'outcome')",
        lease, voter, NOON, CLOSES,
    )  # fmt: skip
    await connection.execute(
        f"insert into {schema}.calls (outcome_id, lease_id, voter_id, phone, precinct_id, caller_id, outcome,"
        " at, rest_until, whole_phone)"
        " values ($1, $1, $2, '+12155550100', 'P', 'c0', $3, $4, 'infinity', false)",
        lease, voter, outcome, NOON,
    )  # fmt: skip
    return lease


async def struck(connection: asyncpg.Connection, numbers: list[str]) -> None:
    await connection.execute(
        "insert into strike_offs (precinct_id, roll_number, check_in_id, received_at)"
        " select 'P', n, gen_random_uuid(), $2 from unnest($1::text[]) n on conflict do nothing",
        numbers, NOON,
    )  # fmt: skip


async def state(connection: asyncpg.Connection) -> webhooks.WebhookTarget:
    return (await webhooks.read_all(connection))[0]


async def test_each_outcome_and_strike_off_is_told_by_the_voters_id_alone(
    connection: asyncpg.Connection, program: Program, sender: WebhookSender
) -> None:
    await add_callers(connection, 1)
    await add_voters(connection, "P", 3)
    await call(connection, "P/0", "refused")  # before there was a webhook
    made = await hook(connection, program.url)
    first = await call(connection, "P/1", "will_vote")
    await struck(connection, ["2", "999"])
    await struck(connection, ["2"])
    await connection.execute("update calls set undone_at = $2 where outcome_id = $1", first, CLOSES)
    await connection.execute("update calls set undone_at = $2 where outcome_id = $1", first, CLOSES)
    assert await sender.look() == 4
    assert [(e["kind"], e["voter_id"]) for e in program.events] == [
        ("outcome", "P/1"), ("strike_off", "P/2"), ("strike_off", None), ("outcome_undone", "P/1"),
    ]  # fmt: skip
    outcome, strike, _, undone = program.events
    assert (outcome["outcome"], outcome["outcome_id"], undone["outcome_id"]) == (
        "will_vote", str(first), str(first),
    )  # fmt: skip
    assert outcome["at"] == "2026-11-03T17:00:00+00:00"
    assert (strike["precinct_id"], strike["roll_number"]) == ("P", "2")
    (headers, body), *more = program.got
    assert not more, "many events come in one request"
    assert b"Voter " not in body and b"+1215" not in body
    assert headers["Beluga-Signature"] == signature(secret_of(SECRET, made), 1_793_725_200, body)
    found = await state(connection)
    assert (found.delivered, found.waiting, found.problem, found.host) == (4, 0, "", HOST)
    assert await sender.look() == 0


async def test_a_rehearsal_tells_nobody_and_a_webhook_only_what_it_asked_for(
    connection: asyncpg.Connection, program: Program, sender: WebhookSender
) -> None:
    await add_voters(connection, "P", 3)
    await hook(connection, program.url, "strike_off")
    await call(connection, "P/0", "will_vote")
    await call(connection, "P/0", "will_vote", "rehearsal")
    await connection.execute(
        "insert into rehearsal.strike_offs values ('P', '1', gen_random_uuid(), now())",
    )
    assert await sender.look() == 0
    await struck(connection, ["1"])
    assert await sender.look() == 1


async def test_what_is_not_taken_waits_longer_each_time_and_keeps_its_order(
    connection: asyncpg.Connection, pool: asyncpg.Pool, program: Program, sender: WebhookSender
) -> None:
    await add_voters(connection, "P", EVENTS + 5)
    made = await hook(connection, program.url)
    await struck(connection, [str(n) for n in range(EVENTS + 5)])
    program.answers = [500, 302, 404, 200, 503]
    for failures, said in enumerate(("it answered 500", "it answered 302", "it answered 404"), 1):
        assert await sender.look() == 0
        found = await state(connection)
        assert (found.failures, found.problem, found.waiting) == (failures, said, EVENTS + 5)
        assert await sender.look() == 0, "its pause is not over"
        await connection.execute("update webhooks set due_at = now() where webhook_id = $1", made)
    assert await sender.look() == EVENTS
    assert (await state(connection)).failures == 1
    await connection.execute("update webhooks set due_at = now()")
    # Another process goes on where this one stopped.
    other = WebhookSender(pool.acquire, SECRET, resolver=Here(), trust=program.trust)
    assert await other.look() == 5
    await other.close()
    taken = [orjson.loads(program.got[n][1])["events"] for n in (3, 5)]
    ids = [e["event_id"] for some in taken for e in some]
    assert ids == sorted(ids) and len(set(ids)) == EVENTS + 5
    assert (await state(connection)).failures == 0


async def test_after_a_day_it_is_given_up_and_counted_and_the_end_forgets(
    connection: asyncpg.Connection, program: Program, sender: WebhookSender
) -> None:
    await add_voters(connection, "P", 3)
    made = await hook(connection, program.url)
    await struck(connection, ["0", "1"])
    await connection.execute(
        "update webhook_events set stored_at = now() - interval '25 hours'"
        " where event_id = (select min(event_id) from webhook_events)"
    )
    program.answers = [500]
    await sender.look()
    found = await state(connection)
    assert (found.given_up, found.waiting) == (1, 1)
    async with connection.transaction():
        assert await webhooks.end(connection, made, "ada") == HOST
    await struck(connection, ["2"])
    assert (await state(connection)).waiting == 0
    with pytest.raises(WebhookError):
        await webhooks.end(connection, made, "ada")
    with pytest.raises(WebhookError):
        await webhooks.send_test(connection, made)


async def test_a_name_that_leads_to_a_private_network_is_never_asked(
    connection: asyncpg.Connection, pool: asyncpg.Pool, program: Program
) -> None:
    made = await hook(connection, program.url)
    await webhooks.send_test(connection, made)
    guarded = WebhookSender(pool.acquire, SECRET, resolver=PublicHosts(Here()), trust=program.trust)
    assert await guarded.look() == 0
    await guarded.close()
    assert program.got == []
    assert (await state(connection)).problem == "its name leads to a private network"
    # Nor one that somebody wrote into the table.
    await connection.execute("update webhooks set url = 'https://127.0.0.1/', due_at = now()")
    plain = WebhookSender(pool.acquire, SECRET, trust=program.trust)
    assert await plain.look() == 0
    await plain.close()
    assert "private network" in (await state(connection)).problem


async def test_a_certificate_that_is_not_trusted_is_no_receiver(
    connection: asyncpg.Connection, pool: asyncpg.Pool, program: Program
) -> None:
    await webhooks.send_test(connection, await hook(connection, program.url))
    strict = WebhookSender(pool.acquire, SECRET, resolver=Here())
    assert await strict.look() == 0
    await strict.close()
    assert program.got == []
    assert (await state(connection)).problem.startswith("no answer: ClientConnectorCertificateError")


async def test_of_two_war_rooms_one_takes_the_turn_and_another_goes_on_where_it_died(
    connection: asyncpg.Connection, pool: asyncpg.Pool, program: Program, sender: WebhookSender
) -> None:
    await add_voters(connection, "P", 3)
    await hook(connection, program.url)
    await struck(connection, ["0", "1"])
    other = WebhookSender(pool.acquire, SECRET, resolver=Here(), trust=program.trust)
    assert sorted(await asyncio.gather(sender.look(), other.look())) == [0, 2]
    assert len(program.got) == 1
    await struck(connection, ["2"])
    await connection.execute("update webhooks set due_at = now() + interval '30 s'")  # as who died holds it
    assert await other.look() == 0
    await connection.execute("update webhooks set due_at = now()")
    assert await other.look() == 1
    await other.close()


def test_pauses_double_up_to_a_quarter_of_an_hour() -> None:
    pauses = [pause_after(n) for n in range(12)]
    assert pauses[:3] == [FIRST_PAUSE, FIRST_PAUSE * 2, FIRST_PAUSE * 4]
    assert pauses == sorted(pauses) and pauses[-1] == pause_after(1_000) == LONGEST_PAUSE


def test_a_signature_is_of_the_time_the_body_and_the_webhook() -> None:
    one, other = uuid4(), uuid4()
    told = {
        signature(secret_of(SECRET, one), 1, b"x"), signature(secret_of(SECRET, other), 1, b"x"),
        signature(secret_of(SECRET, one), 2, b"x"), signature(secret_of(SECRET, one), 1, b"y"),
        signature(secret_of("another stack's secret, as long as it", one), 1, b"x"),
    }  # fmt: skip
    assert len(told) == 5
