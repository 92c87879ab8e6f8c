"""Volunteers sign themselves up, captains see who works, nobody guesses codes; on the real service."""

from collections.abc import Callable
from datetime import timedelta

import aiohttp
import asyncpg
import pytest

from callers.people.phone_banks import BankClosedError, VolunteerBanks
from callers.scripts.wording import LANGUAGES, script, words
from tests.callers.conftest import NOON, add_callers, add_election, add_voters, open_precinct
from tests.callers.service_process import (
    Service,
    a_voter,
    as_caller,
    as_staff,
    feed,
    lease,
    leased,
    outcome,
    ready,
    service,
    until,
    web,
)

__all__ = ["feed", "service", "web"]  # fixtures


async def test_a_phone_bank_takes_no_more_than_its_places(pool: asyncpg.Pool) -> None:
    banks = VolunteerBanks(pool)
    bank = await banks.open("Hall", 2, NOON + timedelta(hours=3), "lea", NOON)
    await banks.join(bank.code, "Ana", "", ["en", "xx"], NOON)
    await banks.join(bank.code, "Ben", "", [], NOON)
    with pytest.raises(BankClosedError):
        await banks.join(bank.code, "Cy", "", [], NOON)
    with pytest.raises(BankClosedError):
        await banks.join("guessed", "Cy", "", [], NOON)
    with pytest.raises(BankClosedError):
        await banks.join(bank.code, "Cy", "", [], NOON + timedelta(hours=3))


async def test_a_volunteer_joins_by_code_calls_and_is_seen_by_the_captain(
    service: Callable[[], Service], connection: asyncpg.Connection, web: aiohttp.ClientSession
) -> None:
    await add_election(connection, ["a"])
    await add_voters(connection, "a", 5)
    await add_callers(connection, 1)
    await open_precinct(connection, "a")
    one = service()
    await ready(web, one)
    order = {"name": "Town hall", "most_callers": 5, "hours": 4}
    async with web.post(f"{one.url}/phone-banks", json=order, headers=as_staff()) as response:
        assert response.status == 201
        bank = await response.json()
    async with web.get(one.url + bank["join_path"], headers={"Accept-Language": "es"}) as response:
        assert words("es")["join"] in await response.text()
    form = {"code": bank["code"], "name": "Ana <i>Ruiz</i>", "contact": "", "speaks": "en"}
    async with web.post(f"{one.url}/c/join", data=form, allow_redirects=False) as response:
        assert response.status == 303
        token = response.headers["Location"].removeprefix("/c/")
    headers = {"Authorization": f"Bearer {token}"}

    async def given() -> object:
        async with web.post(f"{one.url}/api/lease", headers=headers) as response:
            return (await response.json())["voter"]

    await until(given)
    async with web.get(one.url + bank["captain_path"]) as response:
        page = await response.text()
        assert response.status == 200
    assert "Ana &lt;i&gt;Ruiz" in page
    assert "1 on a call" in page
    assert "Voter" not in page, "a captain sees no voter"
    async with web.get(f"{one.url}/floor", headers=as_staff()) as response:
        (line,) = (await response.json())["callers"]
    async with web.put(f"{one.url}/floor/{line['caller_id']}", json={"barred": True},
                       headers=as_staff()) as response:  # fmt: skip
        assert response.status == 204
    async with web.post(f"{one.url}/api/lease", headers=headers) as response:
        assert response.status == 401
    assert await connection.fetchval("select count(*) from leases where ended_at is null") == 0
    for _ in range(30):
        async with web.post(f"{one.url}/c/join", data=form | {"code": "wrong"}) as response:
            assert response.status == 403
    async with web.post(f"{one.url}/c/join", data=form) as response:
        assert response.status == 429, "guessing is stopped for a minute"
    neighbour = {"X-Forwarded-For": "192.0.2.7"}
    async with web.post(f"{one.url}/c/join", data=form, headers=neighbour) as response:
        assert response.status == 200, "and for nobody else"


async def test_what_a_caller_saw_can_be_looked_up_and_the_rate_outlives_the_service(
    service: Callable[[], Service], connection: asyncpg.Connection, web: aiohttp.ClientSession
) -> None:
    await add_election(connection, ["a"])
    await add_voters(connection, "a", 300)
    await add_callers(connection, 2)
    await open_precinct(connection, "a")
    one = service()
    await ready(web, one)
    voter = await a_voter(web, one, 0)
    assert await outcome(web, one, 0, voter["lease_id"], "abusive") == 200
    query = {"voter": (await leased(connection, voter))["voter_id"]}
    async with web.get(f"{one.url}/views", params=query, headers=as_staff()) as response:
        (view,) = (await response.json())["views"]
    assert (view["caller_id"], view["dialled_at"], view["ended_by"]) == ("c0", None, "outcome")
    assert await connection.fetchval("select count(*) from audit where action = 'views looked at'") == 1
    await connection.execute(
        "insert into leases (lease_id, voter_id, phone, precinct_id, caller_id, granted_at, expires_at,"
        " ended_at, ended_by) select gen_random_uuid(), 'x', 'x', 'a', 'c1', $1, $2, $1, 'released'"
        " from generate_series(1, 240)", NOON, NOON + timedelta(minutes=1),
    )  # fmt: skip
    answer = await lease(web, one, 1)
    assert (answer["voter"], answer["reason"]) == (None, "too_fast")
    async with web.get(f"{one.url}/floor", headers=as_staff()) as response:
        floor = await response.json()
    assert floor["outcomes"] == {"abusive": 1}
    assert [(c["caller_id"], c["abusive"]) for c in floor["callers"] if c["abusive"]] == [("c0", 1)]
    async with web.get(f"{one.url}/floor", headers=as_caller(0)) as response:
        assert response.status == 401


def test_every_language_says_everything() -> None:
    english = words("en")
    for language in LANGUAGES:
        said = words(language)
        assert said.keys() == english.keys()
        for key, sentence in english.items():
            assert sorted(_fields(sentence)) == sorted(_fields(said[key])), (language, key)
        lines = script(language, "{caller}", "Ana", "Hall", "20:00")
        assert 1 <= len(lines) <= 4
        assert "{caller}" in " ".join(lines), "a voter's name is not filled in again"


def _fields(sentence: str) -> list[str]:
    return [part.partition("}")[0] for part in sentence.split("{")[1:]]
