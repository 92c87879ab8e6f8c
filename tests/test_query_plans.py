"""The statements of the hot paths read by index: no table that grows with the day is read from end to end.

Counted where they run, by PostgreSQL itself (`pg_stat_xact_user_tables`), so that what stands in a function
counts, too; with plans made for the values, and with the plans for any values that a connection keeps.
"""

import asyncio
import re
import secrets
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import orjson
import pytest
import pytest_asyncio

from beluga.stack.postgres import EmbeddedPostgres
from callers.queries.statements import statements
from election.access.links import _END, _NUMBERS
from election.access.watcher_links import _ISSUE, _REISSUE, _REVOKE
from election.log.check_in_log import _APPEND_CHECK_INS, _APPEND_MESSAGES, _FOLLOW, _PLACE, _REACH, _WORDS
from election.postgres.database import connect
from intake.outbox.store import _CLAIM, _SETTLE
from intake.roster.links import _REVOKED

ROWS = 40_000
BATCH = 1_000  # rows of one transaction of the log, and voters of one precinct
NOON = datetime(2026, 11, 3, 17, tzinfo=UTC)
NEXT = UUID(int=ROWS)
LARGE = {
    "messages", "check_ins", "voters", "leases", "calls", "strike_offs", "opt_outs", "callers",
    "voters_shown", "door_leases", "watcher_links", "ended_links", "outbox",
}  # fmt: skip
_LEASES, _CONSENT, _DOORS = statements("leases"), statements("consent"), statements("doors")

_LOG = (
    """
insert into messages (message_id, provider, provider_message_id, channel, sender, body, raw, received_at,
                      sent_at, roster_version, journal, journal_seq)
select lpad(to_hex(n), 32, '0')::uuid, 'generic', n::text, 'sms', '+1215555' || lpad((n % 900)::text, 4, '0'),
       '412', '\\x00', $3, $3, '', '', n
from generate_series($1::int, $2::int - 1) n
""",
    """
insert into check_ins (check_in_id, message_id, part, kind, channel, precinct_id, sender, observed_at,
                       sent_at, received_at, votes)
select lpad(to_hex(n), 32, '0')::uuid, lpad(to_hex(n), 32, '0')::uuid, 0,
       case when n % 50 = 0 then 'strike_off' else 'count' end, 'sms', 'p' || n % 200,
       '+1215555' || lpad((n % 900)::text, 4, '0'), $3, $3, $3, n % 700
from generate_series($1::int, $2::int - 1) n
""",
)
_PEOPLE = f"""
insert into voters (voter_id, precinct_id, roll_number, name, phone, support)
select 'v' || n, 'p' || n / {BATCH}, n % {BATCH}, 'Voter', '+1' || (2155550000 + n / 2), n % 100
from generate_series(0, {ROWS} - 1) n;
insert into callers (caller_id, name) select 'c' || n, 'Caller' from generate_series(0, 4999) n;
insert into dispatches (dispatch_id, precinct_id, automatic, started_at, started_by, reason, closes_at)
select gen_random_uuid(), 'p' || n, true, '2026-11-03 16:00Z', 'callers', 'behind', '2026-11-04 01:00Z'
from generate_series(0, {ROWS // BATCH} - 1) n;
insert into leases (lease_id, voter_id, phone, precinct_id, caller_id, granted_at, expires_at, dialled_at,
                    ended_at, ended_by)
select lpad(to_hex(n), 32, '0')::uuid, 'v' || n, '+1' || (2155550000 + n / 2), 'p' || n / {BATCH},
       case when n % 40 <> 0 then 'c' || n % 5000 else 'livev' || n end,
       '2026-11-03 16:30Z', '2026-11-03 17:10Z', '2026-11-03 16:31Z',
       case when n % 40 <> 0 then '2026-11-03 16:35Z'::timestamptz end,
       case when n % 40 <> 0 then 'outcome' end
from generate_series(0, {ROWS} - 1, 2) n where n % 80 = 0 or n % 40 <> 0;
insert into calls (outcome_id, lease_id, voter_id, phone, precinct_id, caller_id, outcome, at,
                   rest_until, whole_phone)
select lease_id, lease_id, voter_id, phone, precinct_id, caller_id, 'no_answer', ended_at,
       '2026-11-03 18:30Z', true
from leases where ended_at is not null and substr(voter_id, 2)::int % {BATCH} < 700;
insert into voters_shown (lease_id, caller_id, phone_bank, address, at)
select lease_id, caller_id, '', 'a' || substr(voter_id, 2)::int % 400, dialled_at from leases;
insert into door_leases (door_id, precinct_id, building, canvasser_id, granted_at, expires_at)
select ('d' || lpad(to_hex(n), 31, '0'))::uuid, 'p' || n % {ROWS // BATCH}, 'b' || n, 'k' || n / 10,
       '2026-11-03 16:30Z', '2026-11-03 17:30Z' from generate_series(0, 499) n;
insert into leases (lease_id, voter_id, phone, precinct_id, caller_id, granted_at, expires_at, door_id)
select ('e' || lpad(to_hex(n), 31, '0'))::uuid, v.voter_id, 'none:' || v.voter_id, 'p' || n % {ROWS // BATCH},
       'door:' || n || ':1', '2026-11-03 16:30Z', '2026-11-03 17:30Z', ('d' || lpad(to_hex(n), 31, '0'))::uuid
from generate_series(0, 499) n
join voters v on v.voter_id = 'v' || (n % {ROWS // BATCH} * {BATCH} + n / {ROWS // BATCH} * 2 + 1);
insert into strike_offs select precinct_id, roll_number, gen_random_uuid(), '2026-11-03 16:00Z'
from voters where roll_number::int % 5 = 1;
insert into opt_outs select '+1' || (2155550000 + n * 3), true, '2026-11-03 16:00Z'
from generate_series(0, 2999) n;
insert into watcher_links (watcher_id, issued, revoked_through)
select 'w' || n, 1, case when n % 100 = 0 then 0 else -1 end from generate_series(0, {ROWS} - 1) n;
insert into ended_links (kind, subject, ended_through)
select 'caller', 'c' || n, 0 from generate_series(0, 4999) n;
insert into outbox (key, purpose, priority, phone, body, segments, rehearsal, made_at, not_before,
                    expires_at, state, epoch, number, settled_at)
select 'k' || n, 'reminder', 3, '+1215555' || lpad((n % 900)::text, 4, '0'), 'A reminder', 1, false,
       '2026-11-03 16:00Z', '2026-11-03 16:00Z', '2026-11-03 19:00Z',
       case when n % 100 = 0 then 'waiting' when n % 100 = 1 then 'claimed' else 'sent' end,
       7, 'n', '2026-11-03 16:05Z'
from generate_series(0, {ROWS} - 1) n;
"""


async def _fill(url: str) -> None:
    connection = await connect(url, patient=True)
    for start in range(0, ROWS, BATCH):
        async with connection.transaction():
            for statement in _LOG:
                await connection.execute(statement, start, start + BATCH, NOON)
    await connection.execute(_PEOPLE)
    await connection.execute("vacuum analyze")
    await connection.close()


@pytest.fixture(scope="module")
def filled(postgres: EmbeddedPostgres) -> Iterator[str]:
    """The URL of a database at noon of a middling day."""
    name = f"plans_{secrets.token_hex(4)}"

    async def admin(statement: str) -> None:
        connection = await asyncpg.connect(postgres.url_of("postgres"))
        await connection.execute(statement)
        await connection.close()

    asyncio.run(admin(f"create database {name} template template_beluga strategy file_copy"))
    asyncio.run(_fill(postgres.url_of(name)))
    yield postgres.url_of(name)
    asyncio.run(admin(f"drop database {name} with (force)"))


@pytest_asyncio.fixture
async def connection(filled: str) -> AsyncIterator[asyncpg.Connection]:
    found = await connect(filled)
    yield found
    await found.close()


def rows_of_a_batch() -> tuple[str, str]:
    ids = [str(UUID(int=ROWS + n)) for n in range(200)]
    times = {name: NOON.isoformat() for name in ("received_at", "sent_at")}
    messages = [
        {
            "message_id": each, "provider": "generic", "provider_message_id": each, "channel": "sms",
            "sender": "+12155550100", "body": "412", "raw": "\\x00", **times, "roster_version": "",
            "journal": "", "journal_seq": 1, "rehearsal": False, "grammar": 2,
        }
        for each in ids
    ]  # fmt: skip
    check_ins = [
        {
            "check_in_id": each, "message_id": each, "part": 0, "kind": "count", "channel": "sms",
            "precinct_id": "p1", "sender": "+12155550100", "observed_at": NOON.isoformat(), **times,
            "votes": 412, "detail": {}, "rehearsal": False,
        }
        for each in ids
    ]  # fmt: skip
    return orjson.dumps(messages).decode(), orjson.dumps(check_ins).decode()


MESSAGES, CHECK_INS = rows_of_a_batch()
LIVE, DONE = UUID(int=80), UUID(int=2)  # leases: one still held, by `livev80`, and one that has an outcome
LATER = NOON + timedelta(minutes=10)
_GRANTED = (
    uuid4(), "somebody", "p1", [f"v{n}" for n in range(BATCH, BATCH + 40)], ["en"], "America/New_York",
    ["America/New_York"], NOON, LATER, [],
)  # fmt: skip

_MOVES, _RIDES = statements("next_moves"), statements("rides")
_MOVED = (NOON, "", ["will_vote", "will_vote_at"], ["no_answer", "left_message", "someone_else"])

# name: (the statement, its values, the indexes that its plan must name)
HOT: dict[str, tuple[str, tuple[Any, ...], set[str]]] = {
    "drain messages": (_APPEND_MESSAGES, (MESSAGES,), set()),
    "drain check-ins": (_APPEND_CHECK_INS, (CHECK_INS,), set()),
    "follow": (_FOLLOW, ("{last_xid}", ROWS - 100, 10_000, None), {"check_ins_follow"}),
    "follow some kinds": (_FOLLOW, ("{last_xid}", 0, 10_000, ["strike_off"]), {"check_ins_follow"}),
    "horizon": (_REACH, (), {"check_ins_follow"}),
    "one place": (_PLACE, ("p7", [UUID(int=5)], 2_000), {"check_ins_precinct", "check_ins_pkey"}),
    "words": (_WORDS, ([UUID(int=n) for n in range(20)],), {"messages_pkey"}),
    "candidates": (_LEASES["candidates"], ("p3", NOON, 1.0, 1.0, 128), set()),
    "grant": (_LEASES["grant"], _GRANTED, set()),
    "current": (_LEASES["current"], ("livev80", NOON), {"leases_one_a_caller", "voters_pkey"}),
    "check": (_LEASES["check"], (LIVE, "livev80"), {"leases_pkey", "voters_pkey"}),
    "extend": (_LEASES["extend"], (LIVE, "livev80", LATER), set()),
    "sweep": (_LEASES["sweep"], (NOON,), set()),
    "unreported": (_LEASES["unreported"], ("c10",), {"leases_unreported", "calls_undone"}),
    "record": (
        _LEASES["record"],
        (LIVE, "livev80", uuid4(), "no_answer", NOON, False, [LATER], None, "retry",
         ["no_answer", "left_message", "someone_else"], None, "", None, None, False, False),
        {"leases_pkey"},
    ),
    "doors held": (_DOORS["held"], ("k1", NOON), {"door_leases_canvasser", "leases_door"}),
    "doors revoked": (_DOORS["revoke"], ("k1", NOON), {"door_leases_canvasser", "leases_door"}),
    "walk list": (_DOORS["voters"], ("p3", NOON), set()),
    "next moves counted": (_MOVES["counted"], _MOVED, {"calls_phone"}),
    "rides asked for": (_RIDES["ask"], (NOON - timedelta(hours=14), NOON), {"calls_rides"}),
    "promises reminded": (_RIDES["reminders"], (NOON, NOON - timedelta(hours=2), False), {"calls_reminders"}),
    "revoked links": (_REVOKED, (), {"watcher_links_revoked"}),
    "issue links": (_ISSUE, (["w1", "w2"],), set()),
    "reissue links": (_REISSUE, (["w1", "w2"],), set()),
    "revoke links": (_REVOKE, (["w1", "w2"],), set()),
    "numbers of links": (_NUMBERS, ("caller", ["c1", "c2"]), {"ended_links_pkey"}),
    "end links": (_END, ("caller", ["c1", "c2"]), set()),
    "claim texts": (_CLAIM, (NOON, 20, 8, "n", "generic", False, []), {"outbox_waiting"}),
    "settle texts": (_SETTLE, (NOON, ["k1"], ["sent"], ["x"], [""], 7), {"outbox_pkey"}),
}  # fmt: skip


# Read from end to end with reason: a table that one hash holds, for a statement that needs many of its rows.
# A precinct's thousand voters beside the few thousand who opted out; and, where the plan is for any values,
# PostgreSQL reckons with thousands of rows to be joined, for which a hash is fair at this size.
FAIR = {
    ("candidates", "force_custom_plan"): {"opt_outs"},
    ("candidates", "force_generic_plan"): {"opt_outs"},
    ("walk list", "force_custom_plan"): {"opt_outs"},
    ("one place", "force_generic_plan"): {"messages"},
    ("sweep", "force_generic_plan"): {"leases"},
}


async def read_from_end_to_end(connection: asyncpg.Connection) -> dict[str, int]:
    """Sequential scans of the large tables in this transaction."""
    found = await connection.fetch(
        "select relname::text as name, seq_scan from pg_stat_xact_user_tables"
        " where schemaname = 'public' and relname = any($1) and seq_scan > 0",
        sorted(LARGE),
    )
    return {row["name"]: row["seq_scan"] for row in found}


async def values_of(connection: asyncpg.Connection, values: tuple[Any, ...]) -> list[Any]:
    last = await connection.fetchval("select max(xid)::text from check_ins")
    return [last if value == "{last_xid}" else value for value in values]


@pytest.mark.parametrize("plan", ["force_custom_plan", "force_generic_plan"])
@pytest.mark.parametrize("name", HOT)
async def test_a_hot_statement_reads_no_large_table_from_end_to_end(
    connection: asyncpg.Connection, name: str, plan: str
) -> None:
    statement, values, _ = HOT[name]
    known = await values_of(connection, values)
    transaction = connection.transaction()
    await transaction.start()
    await connection.execute(f"set local plan_cache_mode = {plan}")
    before = await read_from_end_to_end(connection)
    await connection.fetch(statement, *known)
    assert not before
    assert (await read_from_end_to_end(connection)).keys() <= FAIR.get((name, plan), set())
    await transaction.rollback()


@pytest.mark.parametrize("name", [name for name, (_, _, indexes) in HOT.items() if indexes])
async def test_a_hot_statement_uses_the_index_made_for_it(connection: asyncpg.Connection, name: str) -> None:
    statement, values, indexes = HOT[name]
    known = await values_of(connection, values)
    lines = await connection.fetch(f"explain {statement}", *known)
    text = "\n".join(line[0] for line in lines)
    used = set(re.findall(r"(?:using|Index Scan on) (\w+)", text))
    assert indexes <= used, text
    assert not set(re.findall(r"Seq Scan on (\w+)", text)) & LARGE, text


async def test_a_grant_and_an_outcome_are_really_made(connection: asyncpg.Connection) -> None:
    transaction = connection.transaction()
    await transaction.start()
    [granted] = await connection.fetch(_LEASES["grant"], *_GRANTED)
    assert granted["verdict"] == "granted"
    [recorded] = await connection.fetch(_LEASES["record"], *HOT["record"][1])
    assert recorded["recorded"] == LIVE
    assert len(await connection.fetch(_CLAIM, *HOT["claim texts"][1])) == 20
    candidates = await connection.fetch(_LEASES["candidates"], *HOT["candidates"][1])
    assert len(candidates) == 128
    await transaction.rollback()


async def test_a_read_from_end_to_end_is_counted(connection: asyncpg.Connection) -> None:
    async with connection.transaction():
        await connection.fetch("select count(*) from voters where support = 3")
        assert await read_from_end_to_end(connection) == {"voters": 1}
