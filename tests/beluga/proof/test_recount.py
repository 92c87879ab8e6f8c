"""A recount finds what was lost, added or changed between the raw messages and the standings (law L4)."""

import asyncio
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path

import asyncpg
from pydantic import SecretStr

from beluga.proof.recount import recounted
from beluga.proof.rereading import differences
from beluga.stack.ports import free_port
from election.domain.checkin import GRAMMAR, Channel, CheckIn, Kind, Message, Reading
from election.domain.day import Election, ElectionDay, Precinct, Watcher
from election.domain.ids import CheckInId, PrecinctId, WatcherId, message_id
from election.domain.roster import roster_of
from election.log.check_in_log import append
from election.postgres.database import connect
from election.postgres.election_store import save_election
from election.runtime.clock import FixedClock
from intake.reading.reader import check_ins_of, readings_of
from tally.app import Service
from tally.settings import TallySettings

NOON = datetime(2026, 11, 3, 17, 0, tzinfo=UTC)
SECRET = "r" * 40
ELECTION = Election(
    day=ElectionDay("Trial", date(2026, 11, 3), "America/New_York", time(7), time(20)),
    precincts=tuple(Precinct(PrecinctId(f"1-0{i}"), f"P{i}", 900, county="North") for i in range(4)),
    watchers=tuple(
        Watcher(WatcherId(f"w{i}"), f"W{i}", f"+1215555010{i}", "en", (PrecinctId(f"1-0{i}"),))
        for i in range(4)
    ),
)
TEXTS = [
    "41",
    "READY",
    "LINE 40",
    "! machine 2 down",
    "88 at 10:05",
    "V 3 4 9",
    "FIX 90",
    "what?",
    "120",
    "UNDO",
    "131",
]


def an_exchange() -> list[tuple[Message, list[CheckIn]]]:
    """Texts from every watcher, and what intake makes of them."""
    roster = roster_of(ELECTION)
    exchange = []
    for n, text in enumerate(TEXTS * 3):
        at = NOON - timedelta(minutes=200 - 5 * n)
        mid = message_id("generic", str(n))
        message = Message(
            mid, "generic", str(n), Channel.SMS, f"+1215555010{n % 4}", text, text.encode(), at, at,
            roster.version, "a", n + 1,
        )  # fmt: skip
        exchange.append((message, check_ins_of(message, readings_of(message, roster), roster)))
    return exchange


async def a_database(url: str, exchange: list[tuple[Message, list[CheckIn]]]) -> asyncpg.Connection:
    connection = await connect(url)
    async with connection.transaction():
        await save_election(connection, ELECTION)
    await append(connection, [m for m, _ in exchange], [c for _, cs in exchange for c in cs])
    return connection


async def test_live_standings_are_the_recounted_ones_byte_for_byte(database_url: str, tmp_path: Path) -> None:
    connection = await a_database(database_url, an_exchange())
    settings = TallySettings(
        database_url=database_url, secret=SecretStr(SECRET), tally_port=free_port(), feed_port=free_port(),
        state=tmp_path,
    )  # fmt: skip
    async with Service(settings, FixedClock(NOON)).running() as service:
        async with asyncio.timeout(20):
            while service.engine.publisher.edition is None:
                await asyncio.sleep(0.02)
        address = f"http://127.0.0.1:{settings.tally_port}"
        found = await recounted(database_url, address, SECRET)
        assert (found.messages, found.missing, found.extra, found.different) == (len(TEXTS) * 3, 0, 0, 0)
        assert found.same_bytes is True
        assert found.proven

        # a count that the tally has and no message says
        at = NOON - timedelta(minutes=1)
        ghost = replace(
            an_exchange()[-1][1][0], part=7, votes=140, check_in_id=CheckInId(message_id("no", "message")),
            observed_at=at, sent_at=at, received_at=at,
        )  # fmt: skip
        await append(connection, [], [ghost])
        async with asyncio.timeout(20):
            while not await service.engine.ask(lambda tally, *_: len(tally.ledger) == found.check_ins + 1):
                await asyncio.sleep(0.02)
        found = await recounted(database_url, address, SECRET)
        assert found.extra == 1
        assert found.same_bytes is False
        assert not found.proven
    await connection.close()


async def test_it_sees_what_was_lost_and_what_was_altered(database_url: str) -> None:
    exchange = an_exchange()
    message, check_ins = exchange[0]
    exchange[0] = (message, [replace(check_ins[0], votes=14)])
    exchange[4] = (exchange[4][0], [])
    connection = await a_database(database_url, exchange)
    found = await recounted(database_url)
    assert (found.different, found.missing, found.extra) == (1, 1, 0)
    assert not found.proven
    assert found.same_bytes is None
    await connection.close()


async def test_what_an_older_grammar_read_is_taken_as_stored_and_shown_by_reread(database_url: str) -> None:
    """As a database looks that the code before this has filled: what it took "they left" for stands."""
    exchange = [(m._replace(grammar=GRAMMAR - 1), entries) for m, entries in an_exchange()]
    message = exchange[0][0]
    left = message._replace(
        body="they left", message_id=message_id("generic", "old"), provider_message_id="old"
    )
    away = check_ins_of(left, [Reading(Kind.AWAY, PrecinctId("1-00"))], roster_of(ELECTION))
    new = [(m._replace(message_id=message_id("new", str(n)), provider="new"), []) for n, (m, _) in
           enumerate(an_exchange())][:5]  # fmt: skip
    new = [(m, check_ins_of(m, readings_of(m, roster_of(ELECTION)), roster_of(ELECTION))) for m, _ in new]
    connection = await a_database(database_url, [*exchange, (left, away), *new])
    await connection.close()
    found = await recounted(database_url)
    assert found.proven
    assert (found.messages, found.older) == (len(exchange) + 6, len(exchange) + 1)
    assert f"(5 read again, {len(exchange) + 1} of an older grammar taken as stored)" in str(found)
    (differs,) = (await differences(database_url)).differences
    assert [e.kind for e in differs.standing] == [Kind.AWAY]
    assert [e.kind for e in differs.now] == [Kind.UNREAD]
    assert differs.reversible
