"""A lead sends, bars and looks in own counties alone; what touches all of them is for staff. Real service."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import aiohttp
import asyncpg
import pytest
from websockets.asyncio.server import serve

from election.domain.day import Election, Precinct
from election.domain.ids import PrecinctId
from election.postgres.election_store import save_election
from election.runtime.clock import FileClock
from tests.callers.conftest import DAY, NOON, add_callers, add_voters, open_precinct
from tests.callers.service_process import TOKENS, Feed, Service, ready

KENT: dict[str, Any] = {"account": "ken", "role": "lead", "counties": ["Kent"]}
SUSSEX: dict[str, Any] = {"account": "sue", "role": "lead", "counties": ["Sussex"]}
STAFF: dict[str, Any] = {"account": "ann", "role": "staff"}
COUNTIES = {"a": "Kent", "b": "Sussex"}


class Desk:
    """The service, asked by people of the war room."""

    def __init__(self, url: str, web: aiohttp.ClientSession) -> None:
        self.url, self.web = url, web

    async def ask(self, who: dict[str, Any], method: str, path: str, **more: Any) -> tuple[int, Any]:
        headers = {"Authorization": "Bearer " + TOKENS.sign("service", who)}
        async with self.web.request(
            method, self.url + path, headers=headers, allow_redirects=False, **more
        ) as answer:
            json = answer.content_type == "application/json"
            return answer.status, await answer.json() if json else await answer.text()


@pytest.fixture
async def desk(database_url: str, connection: asyncpg.Connection, tmp_path: Path) -> AsyncIterator[Desk]:
    """Two precincts in two counties, each open for calling; c0 calls in a, c1 in b, c2 has done nothing."""
    election = Election(
        DAY, tuple(Precinct(PrecinctId(p), f"Hall {p}", 1000, county=c) for p, c in COUNTIES.items())
    )
    async with connection.transaction():
        await save_election(connection, election)
    await add_callers(connection, 3)
    shown, done = NOON - timedelta(minutes=9), NOON - timedelta(minutes=5)
    for n, precinct in enumerate(COUNTIES):
        await add_voters(connection, precinct, 9)
        await open_precinct(connection, precinct)
        lease = uuid4()
        await connection.execute(
            "insert into leases (lease_id, voter_id, phone, precinct_id, caller_id, granted_at, expires_at,"
            " ended_at, ended_by) values ($1, $2, '+12155550100', $3, $4, $5, $6, $6, 'outcome')",
            lease, f"{precinct}/0", precinct, f"c{n}", shown, done,
        )  # fmt: skip
        await connection.execute(
            "insert into calls (outcome_id, lease_id, voter_id, phone, precinct_id, caller_id, outcome, at,"
            " rest_until, whole_phone, next_move)"
            " values ($1, $2, $3, '+12155550100', $4, $5, 'will_vote', $6, 'infinity', false, 'watch')",
            uuid4(), lease, f"{precinct}/0", precinct, f"c{n}", done,
        )  # fmt: skip
    feed = Feed(list(COUNTIES))
    feed.infos = [i.model_copy(update={"county": COUNTIES[i.precinct_id]}) for i in feed.infos]
    FileClock(tmp_path / "clock").set(NOON, 1.0)
    async with (
        serve(feed, "127.0.0.1", feed.port),
        aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(10)) as web,
    ):
        service = Service(database_url, feed.port, tmp_path)
        try:
            await ready(web, service)
            await until_known(web, service)
            yield Desk(service.url, web)
        finally:
            service.end()


async def until_known(web: aiohttp.ClientSession, service: Service) -> None:
    """Waits until the service has read the precincts."""
    desk = Desk(service.url, web)
    for _ in range(600):
        if len((await desk.ask(KENT, "GET", "/dispatches"))[1].get("dispatches", ())) == 1:
            return
    raise AssertionError("it never knew the precincts")


async def test_a_lead_sends_stops_and_pauses_callers_in_own_counties_alone(
    desk: Desk, connection: asyncpg.Connection
) -> None:
    for who, own, other in ((KENT, "a", "b"), (SUSSEX, "b", "a")):
        [shown] = (await desk.ask(who, "GET", "/dispatches"))[1]["dispatches"]
        assert shown["precinct_id"] == own
        for asked in (other, "nowhere"):  # alike: nothing is told of other counties
            status, said = await desk.ask(who, "POST", "/dispatches", json={"precinct_id": asked})
            assert (status, said["reason"], asked in said["message"].split()) == (403, "county", False)
            assert (await desk.ask(who, "DELETE", f"/dispatches/{asked}"))[0] == 403
        assert (await desk.ask(who, "POST", "/dispatches", json={"precinct_id": own}))[0] == 201
    assert len((await desk.ask(STAFF, "GET", "/dispatches"))[1]["dispatches"]) == 2
    assert (await desk.ask(SUSSEX, "DELETE", "/dispatches/b"))[0] == 204
    for paused, hold in ((True, "paused by ken"), (False, "")):
        pause = {"json": {"paused": paused}}
        assert (await desk.ask(SUSSEX, "PUT", "/dispatches/a/pause", **pause))[0] == 403
        assert (await desk.ask(KENT, "PUT", "/dispatches/a/pause", **pause))[0] == 204
        [shown] = (await desk.ask(KENT, "GET", "/dispatches"))[1]["dispatches"]
        assert (bool(shown["paused_by"]), shown["hold"]) == (paused, hold)
    assert (await desk.ask(STAFF, "PUT", "/dispatches/b/pause", json={"paused": True}))[0] == 404  # stopped
    done = await connection.fetch("select account, action from audit order by seq desc limit 2")
    assert [tuple(r) for r in done] == [("ken", "dispatch.go_on"), ("ken", "dispatch.pause")]


async def test_what_touches_every_county_is_for_staff(desk: Desk, connection: asyncpg.Connection) -> None:
    limits = {k: v for k, v in (await desk.ask(STAFF, "GET", "/dispatch-limits"))[1].items() if k != "set_by"}
    bank = {"name": "Union hall", "most_callers": 5, "hours": 4}
    trial = {"variants": {"a": "x", "b": "y"}, "alpha": 0.05, "spread": 0.1, "most_answers": 100}
    for method, path, body in (
        ("GET", "/dispatch-limits", None), ("PUT", "/dispatch-limits", limits),
        ("GET", "/phone-banks", None), ("POST", "/phone-banks", bank), ("GET", "/trials", None),
        ("POST", "/trials", trial), ("DELETE", "/trials", None), ("GET", "/script", None),
        ("PUT", "/script", {"lines": {"en": ["Hello"]}}),
    ):  # fmt: skip
        for who in (KENT, {**STAFF, "counties": ["Kent"]}, {"account": "tally", "role": "service"}):
            status, said = await desk.ask(who, method, path, json=body)
            assert (status, said["reason"]) == (403, "role"), (method, path, who)
    assert (await desk.ask(STAFF, "GET", "/phone-banks"))[1] == {"phone_banks": []}
    assert (await desk.ask(STAFF, "PUT", "/dispatch-limits", json=limits))[0] == 200
    lines = ["Hello {name}, {caller} here.", "Vote at {place} until {closes}."]
    status, said = await desk.ask(STAFF, "PUT", "/script", json={"lines": {"en": lines}})
    assert (status, said["lines"]["en"], said["said"]) == (200, lines, "changed by ann")
    assert said["lines"]["es"][0].startswith("Hola")  # what was not named stays
    for bad in (["{voter}"], [" "], []):
        assert (await desk.ask(STAFF, "PUT", "/script", json={"lines": {"en": bad}}))[0] == 400
    trial["variants"] = {"a": {"en": ["x"]}, "b": {"en": ["y"]}}
    assert (await desk.ask(STAFF, "POST", "/trials", json=trial))[0] == 200
    status, said = await desk.ask(STAFF, "PUT", "/script", json={"lines": {"en": lines}})
    assert (status, said["reason"]) == (409, "trial_runs")
    done = await connection.fetchval("select detail from audit where action = 'script changed'")
    assert done == {"lines": {"en": lines}}


async def test_a_lead_sees_and_bars_the_callers_of_own_counties(
    desk: Desk, connection: asyncpg.Connection
) -> None:
    floor = (await desk.ask(KENT, "GET", "/floor"))[1]
    assert ([c["caller_id"] for c in floor["callers"]], floor["outcomes"]) == (["c0"], {"will_vote": 1})
    [hour] = floor["hours"]
    assert (hour["precinct"], hour["calls"], hour["reached"], hour["promised"]) == ("Hall a", 1, 1, 1)
    [called] = floor["precincts"]
    assert (called["precinct_id"], called["pace"]["reached"]) == ("a", 1)
    whole = (await desk.ask(STAFF, "GET", "/floor"))[1]
    assert whole["outcomes"] == {"will_vote": 2}
    assert [(p["precinct"], p["open"], p["kept"]) for p in floor["promises"]] == [("Hall a", 1, 0)]
    assert whole["next_moves"] == [
        {"outcome": "will_vote", "move": "watch", "open": 2, "kept": 0, "broken": 0}
    ]
    status, waiting = await desk.ask(KENT, "GET", "/next-moves?move=watch")
    assert (status, [line["voter_id"] for line in waiting["moves"]]) == (200, ["a/0"])
    assert (await desk.ask(KENT, "GET", "/next-moves?move=dance"))[0] == 400
    for caller in ("c1", "c2", "nobody"):  # of another county, of none as yet, of nobody: alike
        status, said = await desk.ask(KENT, "PUT", f"/floor/{caller}", json={"barred": True})
        assert (status, said["reason"]) == (404, "unknown_caller")
    assert (await desk.ask(KENT, "PUT", "/floor/c0", json={"barred": True}))[0] == 204
    await connection.execute("update callers set counties = '{Sussex}' where caller_id = 'c0'")
    assert (await desk.ask(KENT, "PUT", "/floor/c0", json={"barred": False}))[0] == 404
    assert (await desk.ask(STAFF, "PUT", "/floor/c2", json={"barred": True}))[0] == 204
    barred = await connection.fetch("select caller_id from callers where barred order by 1")
    assert [row[0] for row in barred] == ["c0", "c2"]
    for query, seen in (("voter=a/0", 1), ("voter=b/0", 0), ("caller=c1", 0), ("caller=c0", 1)):
        assert len((await desk.ask(KENT, "GET", f"/views?{query}"))[1]["views"]) == seen


async def test_lists_are_made_read_and_answered_in_own_counties(desk: Desk) -> None:
    order = {"precinct_id": "a", "lines": 3}
    assert (await desk.ask(SUSSEX, "POST", "/lists", json=order))[0] == 403
    status, said = await desk.ask(KENT, "POST", "/lists", json=order | {'", "reason": "fine\\': 1})
    assert (status, said["reason"]) == (400, "malformed")  # what was sent stays a word within the answer
    status, made = await desk.ask(KENT, "POST", "/lists", json=order)
    assert (status, made["lines"]) == (201, 3)
    path = made["csv_path"]
    for who in (SUSSEX, {"account": "tally", "role": "service"}):
        assert (await desk.ask(who, "GET", path))[0] in {403, 404}
        assert (await desk.ask(who, "POST", path, data="lease_id,outcome\n"))[0] in {403, 404}
    status, content = await desk.ask(KENT, "GET", path)
    assert (status, content.count("\n")) == (200, 4)
    lease = content.splitlines()[1].split(",")[0]
    assert (await desk.ask(SUSSEX, "POST", path, data=f"lease_id,outcome\n{lease},refused\n"))[0] == 404
    status, taken = await desk.ask(KENT, "POST", path, data=f"lease_id,outcome\n{lease},no_answer\n")
    assert (status, taken["recorded"]) == (200, 1)


async def test_a_captain_of_one_bank_neither_sees_nor_bars_another_banks_callers(
    desk: Desk, connection: asyncpg.Connection
) -> None:
    links = {}
    for n, name in enumerate(("One", "Two")):
        order = {"name": name, "most_callers": 5, "hours": 4}
        bank = (await desk.ask(STAFF, "POST", "/phone-banks", json=order))[1]
        await connection.execute(
            "update callers set phone_bank = $1 where caller_id = $2", bank["code"], f"c{n}"
        )
        links[name] = bank["captain_path"]
    nobody = {"account": "", "role": "none"}
    status, page = await desk.ask(nobody, "GET", links["One"])
    assert (status, "Caller 0" in page, "Caller 1" in page) == (200, True, False)
    off = {"caller": "c1", "barred": "1"}
    assert (await desk.ask(nobody, "POST", f"{links['One']}/bar", data=off))[0] == 404
    assert not await connection.fetchval("select barred from callers where caller_id = 'c1'")
    assert (await desk.ask(nobody, "POST", f"{links['Two']}/bar", data=off))[0] == 303
    assert await connection.fetchval("select barred from callers where caller_id = 'c1'")
    for path in ("/lists", "/walk?precinct=a"):
        method = "POST" if path == "/lists" else "GET"
        data = {"precinct": "a", "lines": "3"} if method == "POST" else None
        assert (await desk.ask(nobody, method, links["One"] + path, data=data))[0] == 403
