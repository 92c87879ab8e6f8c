"""Nobody harvests the roll: one code, one link, one address or many; and a room full of callers can work."""

import asyncio
from collections.abc import Callable
from pathlib import Path

import aiohttp
import asyncpg
import pytest

from chaos.judge.alerts import OWN_RULES, holds, parse, read_rules
from election.access.tokens import Tokens
from election.runtime.clock import FileClock
from tests.callers.conftest import NOON, add_callers, add_election, add_voters, connection, open_precinct
from tests.callers.service_process import SECRET, Service, as_staff, feed, service, until, web
from tests.security.harvest import ask, harvest, sign_up

__all__ = ["connection", "feed", "service", "web"]  # fixtures

VOTERS = 400
STILL = 1e-6  # the stack's clock hardly moves: a slow machine is no slower in stack time


async def a_bank(web: aiohttp.ClientSession, one: Service, places: int) -> str:
    order = {"name": "Hall", "most_callers": places, "hours": 6}
    async with web.post(f"{one.url}/phone-banks", json=order, headers=as_staff()) as response:
        return str((await response.json())["code"])


@pytest.fixture
async def one(
    service: Callable[[], Service],
    connection: asyncpg.Connection,
    web: aiohttp.ClientSession,
    tmp_path: Path,
) -> Service:
    await add_election(connection, ["a", "b"])
    await add_voters(connection, "a", VOTERS)
    await open_precinct(connection, "a")
    started = service()
    await opened(web, started)
    FileClock(tmp_path / "clock").set(NOON, STILL)
    return started


async def opened(web: aiohttp.ClientSession, one: Service) -> None:
    """Until it knows of the precinct that is open for calling."""

    async def listed() -> bool:
        async with web.get(f"{one.url}/dispatches", headers=as_staff()) as response:
            return response.status == 200 and bool((await response.json())["dispatches"])

    await until(listed)


async def metrics(web: aiohttp.ClientSession, one: Service) -> dict[str, list[tuple[dict[str, str], float]]]:
    async with web.get(f"{one.url}/metrics") as response:
        return parse(await response.text())


async def test_sixty_sign_ups_take_no_more_phones_than_sixty_callers_would(
    one: Service,
    web: aiohttp.ClientSession,
    connection: asyncpg.Connection,
    record_property: Callable[[str, object], None],
) -> None:
    before = await metrics(web, one)
    found = await harvest(one.url, await a_bank(web, one, 200), sign_ups=60)
    after = await metrics(web, one)
    counts = f"{found.joined} sign-ups took {len(found.phones)} phones, {found.refused} refused"
    record_property("counts", counts)
    assert found.joined == 60
    assert found.unasked == 0, "before Call nobody is named"
    assert len(found.phones) == await connection.fetchval("select count(*) from voters_shown") == 60
    assert found.refused > 20
    (rule,) = (r for r in read_rules(OWN_RULES) if r.name == "VotersHarvested")
    assert not holds(rule.expr, [(0.0, before)])
    assert holds(rule.expr, [(0.0, before), (5.0, after)]), "and somebody is told"


async def test_who_reports_an_outcome_each_time_gets_no_more(
    one: Service, web: aiohttp.ClientSession
) -> None:
    found = await harvest(one.url, await a_bank(web, one, 200), sign_ups=60, outcome="no_answer")
    assert len(found.phones) == 60
    assert found.refused > 20


async def test_another_service_a_restart_and_a_wait_bring_no_more(
    one: Service, service: Callable[[], Service], web: aiohttp.ClientSession, tmp_path: Path
) -> None:
    """Budgets are counted in the database: whichever service answers, and whenever it was started."""
    two = service()
    await opened(web, two)
    code = await a_bank(web, one, 12)
    async with aiohttp.ClientSession() as session:
        tokens = [await sign_up(session, one.url, code, f"V {n}") for n in range(12)]
        clock = FileClock(tmp_path / "clock")

        async def shown(where: Service, token: str) -> str:
            answer = await ask(session, where.url, token, "/api/lease", {})
            if (voter := answer["voter"]) is None:
                return str(answer["reason"])
            still = await ask(session, where.url, token, "/api/dial", {"lease_id": voter["lease_id"]})
            await ask(session, where.url, token, "/api/release", {"lease_id": voter["lease_id"]})
            return str(still["reason"] or "shown")

        first = [await shown(one, token) for token in tokens]
        assert first == ["shown"] * 12
        assert await shown(two, tokens[0]) == "too_fast", "the bank's, at the other service"
        two.end()
        two.start()
        await opened(web, two)
        assert await shown(two, tokens[1]) == "too_fast"
        for n in (1, 2):
            clock.set(NOON.replace(minute=n), STILL)
            assert [await shown((one, two)[n - 1], token) for token in tokens] == ["shown"] * 12
        clock.set(NOON.replace(minute=3), STILL)
        last = [await shown(one, token) for token in tokens]
        assert last == ["unreported"] * 12, "three each, and nothing told of them"
        due = (await ask(session, one.url, tokens[0], "/api/lease", {}))["unreported"]
        assert len(due) == 3
        report = {"outcome_id": "5f0f1f6e-0a35-4b7e-9d3c-222222222222", "outcome": "no_answer"}
        told = f"/api/outcomes/{due[0]['lease_id']}"
        await ask(session, one.url, tokens[0], told, report, "PUT")
        assert await shown(one, tokens[0]) == "shown"
        assert await shown(one, tokens[0]) == "unreported"


async def test_an_outcome_taken_back_is_none(one: Service, connection: asyncpg.Connection) -> None:
    """Lease, dial, outcome, the next lease, and undo: the first voter was shown, and nothing is told."""
    await add_callers(connection, 1)
    token = Tokens(SECRET).sign("caller", {"c": "c0"})
    seen = set()
    async with aiohttp.ClientSession() as session:
        lease = (await ask(session, one.url, token, "/api/lease", {}))["voter"]["lease_id"]
        for n in range(6):
            still = await ask(session, one.url, token, "/api/dial", {"lease_id": lease})
            seen |= {still["phone"]} - {""}
            report = {"outcome_id": f"5f0f1f6e-0a35-4b7e-9d3c-33333333333{n}", "outcome": "no_answer"}
            await ask(session, one.url, token, f"/api/outcomes/{lease}", report, "PUT")
            after = await ask(session, one.url, token, "/api/lease", {})
            await ask(session, one.url, token, f"/api/outcomes/{lease}", {}, "DELETE")
            if after["voter"] is None:
                break
            lease = after["voter"]["lease_id"]
    assert len(seen) == 3


async def test_fifty_callers_behind_one_router_begin_in_the_same_second(
    one: Service, web: aiohttp.ClientSession
) -> None:
    code = await a_bank(web, one, 50)
    async with aiohttp.ClientSession(headers={"X-Forwarded-For": "2001:db8::1"}) as session:
        tokens = await asyncio.gather(*(sign_up(session, one.url, code, f"V {n}") for n in range(50)))

        async def call(token: str) -> bool:
            voter = (await ask(session, one.url, token, "/api/lease", {}))["voter"]
            still = await ask(session, one.url, token, "/api/dial", {"lease_id": voter["lease_id"]})
            return bool(still["live"] and still["voter"]["script"])

        assert all(await asyncio.gather(*map(call, tokens)))


async def test_an_address_is_a_whole_network_and_banks_share_its_budget(
    one: Service, web: aiohttp.ClientSession
) -> None:
    """Six banks of ten at one router, each from another address of the same /64: fifty voters in 30 s."""
    found = []
    for n in range(6):
        code, address = await a_bank(web, one, 10), f"2001:db8:7::{n + 1}"
        found.append(await harvest(one.url, code, sign_ups=10, rounds=3, forwarded=address))
    assert [one.joined for one in found] == [10] * 5 + [0], "and fifty sign-ups an hour"
    assert len(set().union(*(one.phones for one in found))) <= 50
    elsewhere = await harvest(one.url, code, sign_ups=10, rounds=3, forwarded="2001:db8:8::1")
    assert (elsewhere.joined, len(elsewhere.phones)) == (10, 10), f"nobody else is kept from it: {elsewhere}"


async def test_wrong_codes_stop_one_network_alone(one: Service, web: aiohttp.ClientSession) -> None:
    code = await a_bank(web, one, 10)
    for n in range(30):
        async with aiohttp.ClientSession(headers={"X-Forwarded-For": f"2001:db8:9::{n:x}"}) as session:
            assert not await sign_up(session, one.url, "guessed", "G")
    async with aiohttp.ClientSession(headers={"X-Forwarded-For": "2001:db8:9::ffff"}) as session:
        assert not await sign_up(session, one.url, code, "G"), "the guesser's /64 waits"
    async with aiohttp.ClientSession(headers={"X-Forwarded-For": "2001:db8:a::1"}) as session:
        assert await sign_up(session, one.url, code, "A neighbour")


async def test_a_captain_sees_who_is_odd_and_where_they_signed_up(
    one: Service, web: aiohttp.ClientSession
) -> None:
    code = await a_bank(web, one, 40)
    await harvest(one.url, code, sign_ups=12, rounds=9, forwarded="192.0.2.9")
    async with web.get(f"{one.url}/floor", headers=as_staff()) as response:
        floor = await response.json()
    (joined,) = floor["sign_ups"]
    assert joined["callers"] == 12
    assert "192.0.2.9" not in str(floor), "an address is not kept"
    assert {c["joined_from"] for c in floor["callers"]} == {joined["address"]}
    assert any(c["odd"] for c in floor["callers"])
    assert floor["held_back"]["bank"] > 0
    async with web.get(f"{one.url}/phone-banks", headers=as_staff()) as response:
        (bank,) = (await response.json())["phone_banks"]
    async with web.get(one.url + bank["captain_path"]) as response:
        page = await response.text()
    assert "Sign-ups by address" in page
    assert 'class="alert">Odd: V ' in page
