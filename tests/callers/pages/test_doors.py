"""A canvasser signs up, walks and tells; a strike-off falls away; no other link opens the page. Real HTTP."""

import re
from collections.abc import Callable
from typing import Any
from uuid import uuid4

import aiohttp
import asyncpg

from tests.callers.conftest import NOON, add_callers, add_election, add_voters, open_precinct
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
_STRIKE_OFF = (
    "insert into strike_offs (precinct_id, roll_number, check_in_id, received_at) values ('a', '1', $1, $2)"
)


async def test_a_canvasser_walks_and_what_they_hear_counts_as_a_callers(
    connection: asyncpg.Connection, service: Callable[[], Service], web: aiohttp.ClientSession
) -> None:
    await add_election(connection, ["a", "b"])
    await add_voters(connection, "a", 4, name="Rosa <b>")
    await connection.execute("update voters set address = (1 + roll_number::int / 2) || ' Elm Street'")
    await add_callers(connection, 1)
    await open_precinct(connection, "a")
    one = service()
    await ready(web, one)
    staff: dict[str, Any] = {"headers": as_staff()}

    async with web.post(
        f"{one.url}/phone-banks", json={"name": "Walkers", "role": "canvasser"}, **staff
    ) as answer:
        bank = await answer.json()
    async with web.get(one.url + bank["join_path"]) as answer:
        assert "Visit voters at their doors" in await answer.text()
    async with web.post(f"{one.url}/c/join", data={"code": bank["code"], "name": "Ana"}) as answer:
        page = str(answer.url)
        assert "/c/doors/" in page
        assert "Elm Street" not in await answer.text()
    token = {"headers": {"Authorization": f"Bearer {page.rsplit('/', 1)[1]}"}}

    async def open_there() -> bool:
        async with web.get(page) as answer:
            return "Hall a" in await answer.text()

    await until(open_there)
    async with web.post(f"{page}/next", data={"precinct_id": "b"}) as answer:
        assert "not open for visits" in await answer.text()
    async with web.post(f"{page}/next", data={"precinct_id": "a"}) as answer:
        shown = await answer.text()
    assert shown.count("<h2>") == 2 and "Rosa &lt;b&gt;" in shown and "1 Elm Street" in shown
    assert "+1215" not in shown, "a door needs no number"

    async with web.post(f"{one.url}/api/doors/held", **token) as answer:
        held = await answer.json()
    first, other = ([p["lease_id"] for p in door["people"]] for door in held["doors"])
    assert 0 < held["doors"][0]["left_seconds"] <= 1800
    async with web.post(f"{one.url}/api/lease", headers=as_caller(0)) as answer:
        assert (await answer.json())["voter"] is None, "who is visited is not called"

    chosen = await (await web.get(page, params={"person": first[0]})).text()
    assert "What did Rosa &lt;b&gt; say?" in chosen
    assert f'name="lease_id" value="{first[0]}"' in chosen
    form = {
        "lease_id": first[0],
        "outcome_id": str(uuid4()),
        "outcome": "will_vote_at",
        "said_local": "16:30",
    }
    for _ in range(2):  # sent twice it is one visit
        async with web.post(f"{page}/outcome", data=form) as answer:
            assert answer.status == 200
    report = {"outcome_id": str(uuid4()), "outcome": "refused"}
    for path, status in ((f"outcomes/{other[0]}", 200), (f"outcomes/{uuid4()}", 404)):
        async with web.put(f"{one.url}/api/doors/{path}", json=report, **token) as answer:
            assert answer.status == status, await answer.text()
    calls = await connection.fetch("select outcome, said_at is null as unsaid from calls order by outcome")
    assert [tuple(row) for row in calls] == [("refused", True), ("will_vote_at", False)]

    await connection.execute(_STRIKE_OFF, uuid4(), NOON)
    async with web.post(f"{one.url}/api/doors/knock", **token) as answer:
        (door,) = (await answer.json())["doors"]
    assert [p["gone"] for p in door["people"]] == ["refused", ""], "behind the other door nobody is left"
    async with web.post(f"{one.url}/api/doors/{door['door_id']}/give_back", **token) as answer:
        assert answer.status == 204
    async with web.post(f"{one.url}/c/join", data={"code": bank["code"], "name": "Ben"}) as answer:
        ben = str(answer.url)
    async with web.post(f"{ben}/next", data={"precinct_id": "a"}) as answer:
        assert re.findall("<h2>(.*?)</h2>", await answer.text()) == ["2 Elm Street"]

    async with web.get(f"{one.url}/floor", **staff) as answer:
        floor = (await answer.json())["canvassers"]
    ana, walks = floor
    assert (ana["name"], ana["doors"], ana["visited"], ana["told"], ana["reached"]) == ("Ana", 0, 2, 2, 2)
    assert ana["precinct"] == "Hall a" and ana["minutes_idle"] is not None
    assert (walks["name"], walks["doors"], walks["left"], walks["minutes_idle"]) == ("Ben", 1, 1, None)

    caller = TOKENS.sign("caller", {"c": "c0"})
    for other_page in (
        f"{one.url}/c/doors/{caller}",
        page.replace("/doors/", "/ride/"),
        page.replace("/doors/", "/"),
    ):
        async with web.get(other_page) as answer:
            assert answer.status == 401, other_page
    (end,) = await connection.fetch("select caller_id from callers where name = 'Ben'")
    async with web.put(f"{one.url}/floor/{end['caller_id']}", json={"barred": True}, **staff) as answer:
        assert answer.status == 204
    assert await connection.fetchval("select count(*) from door_leases where ended_at is null") == 0
    assert await connection.fetchval("select count(*) from leases where ended_at is null") == 0
