"""Lists for dialers and sheets: the voters on them are nobody else's, and their outcomes count once."""

import csv
import io
from datetime import timedelta

import asyncpg

from callers.lists import Lists, as_csv
from callers.policy import Rules
from callers.queue import CallerOnDuty, Granted, Nobody, Queue
from callers.seal import Seal
from tests.callers.conftest import NOON, ZONE, add_voters, open_precinct

ANA = CallerOnDuty("ana", "Ana", ("en",))


async def test_a_list_holds_its_voters_and_gives_them_back(
    pool: asyncpg.Pool, connection: asyncpg.Connection
) -> None:
    await add_voters(connection, "a", 60, household=2)
    await open_precinct(connection, "a")
    queue = Queue(pool, Rules(), lambda _: ZONE)
    lists = Lists(pool, queue, Seal(""))
    made = await lists.make("a", 29, kind="dialer", good_for=timedelta(hours=2), account="lea", now=NOON)
    assert len(made.lines) == 29, "one line a phone"
    assert len({line.phone for line in made.lines}) == 29
    left = await queue.grant(ANA, "a", NOON)
    assert isinstance(left, Granted)
    assert left.phone not in {line.phone for line in made.lines}
    assert isinstance(await queue.grant(CallerOnDuty("b", "B", ("en",)), "a", NOON), Nobody)
    rows = list(csv.DictReader(io.StringIO(as_csv(made))))
    answers = [
        f"{rows[0]['lease_id']},will_vote,,",
        f"{rows[1]['lease_id']},no_answer,,",
        f"{rows[2]['lease_id']},call_back,{(NOON + timedelta(hours=1)).isoformat()},",
        f"{rows[3]['lease_id']},flew_away,,",
        f"{left.lease_id},will_vote,,",
        f"{rows[5]['lease_id']},,,",
    ]
    content = "lease_id,outcome,call_back_at,language\n" + "\n".join(answers)
    taken = await lists.take_outcomes(made.list_id, content, NOON)
    assert (taken.recorded, taken.repeated) == (3, 0)
    assert [line for line, _ in taken.problems] == [5, 6]
    again = await lists.take_outcomes(made.list_id, content, NOON)
    assert (again.recorded, again.repeated) == (0, 3)
    # a sheet refreshes: who has voted meanwhile is crossed out, and off the dialer's file
    voted = next(line for line in made.lines if not line.gone and str(line.lease_id) == rows[8]["lease_id"])
    await connection.execute(
        "insert into strike_offs select precinct_id, roll_number, gen_random_uuid(), now() from voters"
        " where voter_id = $1", voted.voter_id,
    )  # fmt: skip
    now = await lists.show(made.list_id)
    gone = {str(line.lease_id): line.gone for line in now.lines if line.gone}
    assert gone[rows[8]["lease_id"]] == "has voted"
    assert gone[rows[0]["lease_id"]] == "will_vote"
    assert rows[8]["lease_id"] not in as_csv(now)
    # when the list is no longer good, the others come back
    assert await queue.sweep(NOON + timedelta(hours=2)) == 27 - 1 + 1
    assert await connection.fetchval("select count(*) from audit where action = 'list made'") == 1
