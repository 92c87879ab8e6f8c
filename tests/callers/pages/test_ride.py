"""A driver signs up and drives a voter there and home; no other link opens the page. Real HTTP."""

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import uuid4

import aiohttp
import asyncpg

from tests.callers.conftest import NOON, add_callers, add_election, add_voters
from tests.callers.service_process import (
    TOKENS,
    Service,
    as_caller,
    as_staff,
    feed,
    ready,
    service,
    until,
    web,
)

__all__ = ["feed", "service", "web"]  # fixtures
_ASKED = """
with leased as (
    insert into leases (lease_id, voter_id, phone, precinct_id, caller_id, granted_at, expires_at, ended_at,
                        ended_by)
    select $1, voter_id, phone, precinct_id, 'c0', $2, $2::timestamptz + interval '1 minute', $2, 'outcome'
    from voters where precinct_id = 'b'
    returning *
)
insert into calls (outcome_id, lease_id, voter_id, phone, precinct_id, caller_id, outcome, at, rest_until,
                   whole_phone, next_move, texts)
select $1, lease_id, voter_id, phone, precinct_id, caller_id, 'needs_ride', $2, 'infinity', false, 'staff',
       true
from leased
"""
WHO, WHERE = "Rosa &lt;b&gt;", "9 Elm Street"


async def text(web: aiohttp.ClientSession, url: str, **form: Any) -> str:
    """A page, after a form where one is given; redirects are followed."""
    async with web.request("POST" if form else "GET", url, data=form or None) as answer:
        return await answer.text()


async def test_a_driver_takes_a_voter_there_and_home(
    connection: asyncpg.Connection, service: Callable[[], Service], web: aiohttp.ClientSession
) -> None:
    await add_election(connection, ["a", "b"])
    await add_voters(connection, "a", 1, name="Rosa <b>", address=WHERE)
    await add_callers(connection, 1)
    one = service()
    await ready(web, one)
    staff: dict[str, Any] = {"headers": as_staff()}

    order = {"name": "Drivers", "role": "driver"}
    async with web.post(f"{one.url}/phone-banks", json=order, **staff) as answer:
        bank = await answer.json()
    assert bank["role"] == "driver"
    assert "Seats for passengers" in await text(web, one.url + bank["join_path"])
    form = {"code": bank["code"], "name": "Ana", "phone": "(215) 555-0190", "seats": "3", "texts": "yes"}
    async with web.post(f"{one.url}/c/join", data=form) as answer:
        page = str(answer.url)
        assert "One ride at a time" in await answer.text()
    row = await connection.fetchrow("select phone, seats, texts from drivers")
    assert tuple(row or ()) == ("+12155550190", 3, True)

    assert "No ride is wanted" in await text(web, f"{page}/next", look="")
    ride_id = str(uuid4())
    order = {"ride_id": ride_id, "voter_id": "a/0", "by_when": NOON.isoformat()}
    for _ in range(2):  # sent twice it is one ride
        async with web.post(f"{one.url}/rides", json=order, **staff) as answer:
            assert answer.status == 201, await answer.text()

    offered = await text(web, f"{page}/next", look="")
    assert "A ride to Hall a" in offered
    assert WHO not in offered and WHERE not in offered
    taken = await text(web, f"{page}/act", ride_id=ride_id, act_id=str(uuid4()), act="take")
    assert WHO in taken and WHERE in taken and "tel:" in taken
    for act in ("pick_up", "bring", "return"):
        its_id = re.search(r'name="act_id" value="([^"]+)"', taken)
        assert its_id
        taken = await text(web, f"{page}/act", ride_id=ride_id, act_id=its_id[1], act=act)
    assert "Thank you" in taken and WHERE not in taken

    async with web.get(f"{one.url}/rides", **staff) as answer:
        desk = await answer.json()
    assert (desk["rides"], desk["counts"]) == ([], {"returned": 1})
    assert [(d["name"], d["brought"]) for d in desk["drivers"]] == [("Ana", 1)]
    assert "No ride is wanted" in await text(web, f"{page}/next", look="")
    async with web.get(f"{one.url}/floor", **staff) as answer:
        (driver,) = (await answer.json())["drivers"]
    assert (driver["name"], driver["brought"], driver["ride"], driver["precinct"]) == ("Ana", 1, "", "Hall a")
    assert driver["why_idle"] == "no ride fits their car"

    # A caller's link is no driver's, and a driver's no caller's; who is barred gets nothing more.
    token = page.rpartition("/")[2]
    path = f"/api/rides/{ride_id}/acts/{uuid4()}"
    for headers, expected in ((as_caller(0), 401), ({"Authorization": f"Bearer {token}"}, 409)):
        async with web.put(one.url + path, json={"act": "take"}, headers=headers) as answer:
            assert answer.status == expected
    async with web.post(f"{one.url}/api/lease", headers={"Authorization": f"Bearer {token}"}) as answer:
        assert answer.status == 401
    async with web.get(
        f"{one.url}/c/{TOKENS.sign('caller', {'c': TOKENS.read('driver', token)['c']})}"
    ) as answer:
        assert answer.status == 401, "known, and no caller"
    await connection.execute("update callers set barred = true where role = 'driver'")

    async def out() -> bool:
        async with web.get(page) as answer:
            return answer.status == 401

    await until(out)

    # Who asked on a call, two hours ago, and whom nobody drives: the war room is told.
    await add_voters(connection, "b", 1)
    await connection.execute(_ASKED, uuid4(), NOON - timedelta(hours=2))

    async def alarms() -> list[dict[str, Any]]:
        async with web.get(f"{one.url}/dispatches", headers=staff["headers"]) as answer:
            return list((await answer.json())["rides"])

    (alarm,) = await until(alarms)
    assert (alarm["precinct_id"], alarm["rides"]) == ("b", 1)
    assert alarm["sentence"].startswith("1 voter needs a ride: the first waits 120 min")
    assert await connection.fetchval("select count(*) from agreed_texts") == 1
