"""Lists for dialers and sheets: the voters on them are nobody else's, and their outcomes count once."""

import asyncio
import csv
import io
from datetime import datetime, timedelta

import asyncpg
import pytest

from callers.lists.dialer_lists import Lists, TooManyListedError, as_csv
from callers.lists.walk_lists import doors_of, walking_order
from callers.queue.lease import CallerOnDuty, Granted, NoVoter
from callers.queue.leases import Queue
from callers.rules.policy import Rules
from callers.voters.encryption import Encryption
from tests.callers.conftest import NOON, ZONE, add_voters, open_precinct

ANA = CallerOnDuty("ana", "Ana", ("en",))


async def test_a_list_holds_its_voters_and_gives_them_back(
    pool: asyncpg.Pool, connection: asyncpg.Connection
) -> None:
    await add_voters(connection, "a", 60, household=2)
    await open_precinct(connection, "a")
    queue = Queue(pool, Rules(), lambda _: ZONE)
    lists = Lists(pool, queue, Encryption(""))
    made = await lists.make("a", 29, kind="dialer", good_for=timedelta(hours=2), account="lea", now=NOON)
    assert len(made.lines) == 29, "one line a phone"
    assert len({line.phone for line in made.lines}) == 29
    left = await queue.grant(ANA, "a", NOON)
    assert isinstance(left, Granted)
    assert left.phone not in {line.phone for line in made.lines}
    assert isinstance(await queue.grant(CallerOnDuty("b", "B", ("en",)), "a", NOON), NoVoter)
    rows = list(csv.DictReader(io.StringIO(as_csv(made))))
    answers = [
        f"{rows[0]['lease_id']},will_vote,,",
        f"{rows[1]['lease_id']},No answer,,",
        f"{rows[2]['lease_id']},call_back,{(NOON + timedelta(hours=1)).isoformat()},",
        f"{rows[3]['lease_id']},flew_away,,",
        f"{left.lease_id},will_vote,,",
        f"{rows[5]['lease_id']},,,",
    ]
    content = "lease_id,outcome,call_back_at,language\n" + "\n".join(answers)
    taken = await lists.take_outcomes(made.list_id, content, NOON)
    assert (taken.recorded, taken.repeated) == (3, 0)
    assert [line for line, _ in taken.problems] == [5, 6]
    for words in (content, "\ufeff" + content.replace(",", ";").replace("\n", "\r\n")):
        again = await lists.take_outcomes(made.list_id, words, NOON)
        assert (again.recorded, again.repeated) == (0, 3)
    wrong = await lists.take_outcomes(made.list_id, content.replace("outcome", "result"), NOON)
    assert wrong.problems == [(1, "the heading needs the columns lease_id and outcome")]
    # a sheet refreshes: who has voted meanwhile is crossed out, and off the dialer's file
    voted = next(line for line in made.lines if not line.gone and str(line.lease_id) == rows[8]["lease_id"])
    await connection.execute(
        "insert into strike_offs select precinct_id, roll_number, gen_random_uuid(), now() from voters"
        " where voter_id = $1", voted.voter_id,
    )  # fmt: skip
    now = await lists.show(made.list_id, "lea", NOON)
    gone = {str(line.lease_id): line.gone for line in now.lines if line.gone}
    assert gone[rows[8]["lease_id"]] == "has voted"
    assert gone[rows[0]["lease_id"]] == "will_vote"
    assert rows[8]["lease_id"] not in as_csv(now)
    # when the list is no longer good, the others come back
    assert await queue.sweep(NOON + timedelta(hours=2)) == 27 - 1 + 1
    audited = await connection.fetch("select action, account, detail ->> 'lines' as lines from audit")
    assert [tuple(r) for r in audited] == [("list made", "lea", "29"), ("list shown", "lea", "25")]


async def test_a_walk_sheet_shows_the_doors_that_are_left_in_walking_order(
    pool: asyncpg.Pool, connection: asyncpg.Connection
) -> None:
    await add_voters(connection, "a", 8, household=2)
    for roll_number, address in enumerate(("12 Elm Street", "9 Elm Street", "7 Oak Street", "Mill House")):
        await connection.execute(
            "update voters set address = $1 where roll_number::int / 2 = $2", address, roll_number
        )
    await connection.execute("update voters set phone = '' where roll_number = '7'")
    await connection.execute("insert into strike_offs values ('a', '4', gen_random_uuid(), now())")
    await connection.execute(
        "insert into opt_outs select phone, true, $1 from voters where roll_number = '2'", NOON
    )
    doors = await doors_of(pool, Encryption(""), "a", "lea", NOON)
    assert [(d.address, d.names) for d in doors] == [
        ("12 Elm Street", ["Voter 0", "Voter 1"]),  # 9 Elm Street said STOP
        ("Mill House", ["Voter 6", "Voter 7"]),
        ("7 Oak Street", ["Voter 5"]),
    ]
    street = [
        "1 Elm Street",
        "9 Elm Street",
        "9A Elm Street",
        "11, Elm Street",
        "12 Elm Street",
        "2 Elm Street",
    ]
    assert sorted(street, key=walking_order) == street, "up one side and down the other"
    audited = await connection.fetchrow("select action, detail from audit")
    assert tuple(audited) == ("walk sheet shown", {"doors": 3, "voters": 5})


async def test_an_account_takes_so_many_voters_an_hour_and_no_more(
    pool: asyncpg.Pool, connection: asyncpg.Connection
) -> None:
    await add_voters(connection, "a", 60)
    await add_voters(connection, "b", 10, address="Elm Street")
    await add_voters(connection, "c", 10, address="Oak Street")
    await open_precinct(connection, "a")
    queue = Queue(pool, Rules(), lambda _: ZONE)
    two = [Lists(pool, queue, Encryption(""), 50) for _ in range(2)]  # two services

    async def ask(lists: Lists, lines: int, account: str = "lea", now: datetime = NOON) -> int:
        made = await lists.make(
            "a", lines, kind="dialer", good_for=timedelta(hours=1), account=account, now=now
        )
        return len(made.lines)

    assert await ask(two[0], 20) == 20
    asked = await asyncio.gather(*(ask(lists, 20) for lists in two), return_exceptions=True)
    assert 20 in asked
    assert [type(a) for a in asked].count(TooManyListedError) == 1, "both at once are counted one by one"
    assert await ask(two[0], 10, account="ben") == 10, "another account has an hour of its own"
    assert len(await doors_of(pool, Encryption(""), "b", "lea", NOON, 50)) == 1
    assert len(await doors_of(pool, Encryption(""), "b", "lea", NOON, 50)) == 1, "the same doors are not more"
    with pytest.raises(TooManyListedError):
        await doors_of(pool, Encryption(""), "c", "lea", NOON, 50)
    assert len(await doors_of(pool, Encryption(""), "c", "lea", NOON + timedelta(minutes=61), 50)) == 1
    assert await connection.fetchval("select sum(voters) from voters_listed where account = 'lea'") == 60


async def test_a_list_that_came_out_short_counts_what_is_on_it(
    pool: asyncpg.Pool, connection: asyncpg.Connection
) -> None:
    await add_voters(connection, "a", 5)
    await open_precinct(connection, "a")
    lists = Lists(pool, Queue(pool, Rules(), lambda _: ZONE), Encryption(""), 50)
    made = await lists.make("a", 50, kind="sheet", good_for=timedelta(hours=1), account="lea", now=NOON)
    assert len(made.lines) == 5
    assert await connection.fetchval("select voters from voters_listed") == 5
