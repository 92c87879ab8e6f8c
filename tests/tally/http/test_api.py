"""The JSON API of a running tally, on a real database."""

import asyncio
import csv
import io
import re
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import aiohttp
import orjson
from aiohttp import web
from pydantic import SecretStr

from beluga.stack.ports import free_port
from election.access.identity import Admission
from election.access.tokens import Tokens
from election.domain.checkin import Kind
from election.postgres.database import connect
from election.runtime.clock import FixedClock
from election.wire.feed import Snapshot
from tally.app import Service
from tally.engine.service import Engine
from tally.http.api import add_api
from tally.http.counted_ids import add_counted_ids
from tally.http.openapi import add_openapi, document
from tally.settings import TallySettings
from tests.tally.days import NOON, an_election, an_entry, import_election, store

SECRET = "s" * 40
TOKENS = Tokens(SECRET)


class Client:
    def __init__(
        self, session: aiohttp.ClientSession, address: str, counties: list[str] | None = None
    ) -> None:
        self._session, self._address = session, address
        self._token = TOKENS.sign("service", {"account": "a", "role": "staff", "counties": counties})

    async def get(self, path: str, token: str | None = None) -> tuple[int, bytes]:
        headers = {"Authorization": f"Bearer {self._token if token is None else token}"}
        async with self._session.get(self._address + path, headers=headers) as answer:
            return answer.status, await answer.read()

    async def json(self, path: str) -> Any:
        async with self._session.get(
            self._address + path, headers={"Authorization": f"Bearer {self._token}"}
        ) as answer:
            assert answer.status == 200, await answer.text()
            return await answer.json()


@asynccontextmanager
async def a_tally(url: str) -> AsyncIterator[tuple[Service, aiohttp.ClientSession, str]]:
    with tempfile.TemporaryDirectory() as folder:
        settings = TallySettings(
            database_url=url,
            secret=SecretStr(SECRET),
            tally_port=free_port(),
            feed_port=free_port(),
            poll_seconds=0.1,
            state=Path(folder),
        )
        async with (
            Service(settings, FixedClock(NOON)).running() as service,
            aiohttp.ClientSession() as session,
        ):
            yield service, session, f"http://127.0.0.1:{settings.tally_port}"


async def ready(session: aiohttp.ClientSession, address: str) -> None:
    async with asyncio.timeout(20):
        while True:
            async with session.get(address + "/readyz") as answer:
                if answer.status == 200:
                    return
            await asyncio.sleep(0.02)


async def test_it_serves_without_a_database_and_says_that_it_is_not_ready() -> None:
    async with a_tally(f"postgresql://nobody@127.0.0.1:{free_port()}/none") as (_, session, address):
        async with session.get(address + "/readyz") as answer:
            assert answer.status == 503
            assert await answer.json() == {"database": False, "standings": False}
        async with session.get(address + "/healthz") as answer:
            assert answer.status == 200
        assert (await Client(session, address).get("/standings"))[0] == 503


async def test_figures_details_incidents_and_who_is_silent(database_url: str) -> None:
    writer = await connect(database_url)
    await import_election(writer, an_election())
    entries = [an_entry(f"n{n}", 0, 40 * n, after=55 * n) for n in range(1, 6)]
    entries.append(an_entry("slip", 0, 2_000, after=285))
    entries.append(an_entry("bang", 0, None, 280, Kind.INCIDENT, text="machine 2 down", incident=41))
    entries.append(an_entry("note", 0, None, 281, Kind.NOTE, text="polls opened late"))
    await store(writer, entries)
    async with a_tally(database_url) as (service, session, address):
        await ready(session, address)
        staff = Client(session, address)

        status, body = await staff.get("/standings")
        assert status == 200
        assert body == await service.engine.standings()
        found = await staff.json("/standings")
        assert found["as_of"] == int(NOON.timestamp())
        assert found["standings"]["last_votes"][:2] == [200, None]

        earlier = (NOON - timedelta(hours=2)).isoformat()
        then = await staff.json(f"/standings?as_of={earlier.replace('+', '%2B')}")
        assert then["standings"]["last_votes"][0] == 120
        assert (await staff.get("/standings?as_of=yesterday"))[0] == 400

        table = list(csv.DictReader(io.StringIO((await staff.get("/standings.csv"))[1].decode())))
        assert (table[0]["precinct_id"], table[0]["last_votes"]) == ("1-00", "200")

        bearer = {"Authorization": f"Bearer {TOKENS.sign('service', {'account': 's', 'role': 'staff'})}"}
        async with session.get(f"{address}/standings.csv?name=../x.exe", headers=bearer) as answer:
            assert answer.headers["Content-Disposition"] == "attachment; filename=standings.csv"

        detail = await staff.json("/precincts/1-00")
        verdicts = {r["votes"]: r["verdict"] for r in detail["reports"]}
        assert verdicts[200] == "accepted"
        assert verdicts[2_000] in ("held", "rejected")
        slip = next(r for r in detail["reports"] if r["votes"] == 2_000)
        assert slip["reason"] and slip["words"] == "count 2000"
        assert [a["detail"]["text"] for a in detail["annotations"]] == ["polls opened late"]
        assert detail["incidents"][0]["text"] == "machine 2 down"
        assert detail["watchers"] == ["w0"]
        curve = detail["curve"]
        assert len(curve) == 13 * 4 + 1
        assert all(a["expected"] <= b["expected"] for a, b in pairwise(curve))
        assert all(p["lo95"] <= p["lo80"] <= p["hi80"] <= p["hi95"] for p in curve)
        assert "projected" not in curve[0]
        assert curve[-1]["projected"] == detail["standing"]["projected_final"]
        assert (await staff.get("/precincts/nowhere"))[0] == 404

        assert [i["number"] for i in (await staff.json("/incidents"))["incidents"]] == [41]
        silent = (await staff.json("/silent"))["precincts"]
        assert "1-01" in {s["precinct_id"] for s in silent}
        assert next(s for s in silent if s["precinct_id"] == "1-01")["watchers"] == ["w1"]
        async with session.get(address + "/metrics") as answer:
            assert "beluga_tally_stored_behind_seconds" in await answer.text()
    await writer.close()


async def test_the_board_as_it_was_at_a_minute(database_url: str) -> None:
    writer = await connect(database_url)
    await import_election(writer, an_election())
    entries = [an_entry(f"n{n}", 0, 40 * n, after=55 * n) for n in range(1, 6)]
    entries.append(an_entry("wrong", 1, 90, after=100))
    entries.append(an_entry("right", 1, 60, after=200, kind=Kind.FIX))
    entries.append(an_entry("noise", 1, None, 120, Kind.UNREAD))
    entries.append(an_entry("bang", 0, None, 280, Kind.INCIDENT, text="machine 2 down", incident=41))
    await store(writer, entries)
    async with a_tally(database_url) as (_, session, address):
        await ready(session, address)
        staff, lead = Client(session, address), Client(session, address, ["South"])
        noon = int(NOON.timestamp())
        then = Snapshot.model_validate(await staff.json(f"/as-of?at={noon - 2 * 3600 + 30}"))
        assert (then.at, then.clock.speed) == (noon - 2 * 3600, 0.0)
        assert then.standings["last_votes"][:2] == [120, 90]  # what was corrected later stands as it did
        assert then.incidents == [] and then.calls is None
        assert then.desks is not None and then.desks.unread == 1
        assert then.desks.messages[0].text == "unread None"
        now = Snapshot.model_validate(await staff.json(f"/as-of?at={NOON.isoformat().replace('+', '%2B')}"))
        standings = await staff.json("/standings")
        assert now.standings == standings["standings"]
        assert [i.number for i in now.incidents] == [41]
        mine = Snapshot.model_validate(await lead.json(f"/as-of?at={noon}"))
        assert set(mine.precincts["county"]) == {"South"}
        assert mine.desks is not None and mine.desks.unread == 1
        late = an_entry("late", 2, 70, after=110)
        await store(writer, [late])
        async with asyncio.timeout(10):
            while (await staff.json(f"/as-of?at={noon - 2 * 3600}"))["standings"]["last_votes"][2] != 70:
                await asyncio.sleep(0.05)
        for bad in ("", "?at=", "?at=yesterday", "?at=2026-11-03T10:00:00", f"?at={noon + 120}"):
            assert (await staff.get("/as-of" + bad))[0] == 400
        assert (await staff.get(f"/as-of?at={noon}", token="forged"))[0] == 401
    await writer.close()


async def test_tokens_and_counties_limit_what_is_seen(database_url: str) -> None:
    writer = await connect(database_url)
    await import_election(writer, an_election())
    await store(writer, [an_entry("i", 0, None, 20, Kind.INCIDENT, text="x", incident=1)])
    async with a_tally(database_url) as (_, session, address):
        await ready(session, address)
        anyone = Client(session, address)
        for bad in ("", "forged", TOKENS.sign("watcher", {"w": "w0"})):
            assert (await anyone.get("/standings", token=bad))[0] == 401
        feed = TOKENS.sign("feed", {"role": "lead", "counties": ["South"], "account": "l"})
        assert (await anyone.get("/standings", token=feed))[0] == 200
        lead = Client(session, address, ["South"])
        found = await lead.json("/standings")
        assert set(found["precincts"]["county"]) == {"South"}
        assert len(found["standings"]["precinct_id"]) == 6
        assert [a["scope"] for a in found["aggregates"]] == ["county:South"]
        assert (await lead.get("/precincts/1-00"))[0] == 404
        assert (await lead.get("/precincts/1-01"))[0] == 200
        assert (await lead.json("/incidents"))["incidents"] == []
        assert {s["county"] for s in (await lead.json("/silent"))["precincts"]} == {"South"}
    await writer.close()


async def test_the_api_document_names_every_route_and_its_parts_exist() -> None:
    app = web.Application()
    add_openapi(app)
    clock = FixedClock(NOON)
    add_api(app, Engine(clock), Admission(TOKENS), lambda: None)
    add_counted_ids(app, Engine(clock), Admission(TOKENS))
    routes = {r.resource.canonical for r in app.router.routes() if r.resource is not None}
    written = document()
    assert set(written["paths"]) == routes - {"/openapi.json"}
    text = orjson.dumps(written).decode()
    for reference in set(re.findall(r'"\$ref":"#/([^"]+)"', text)):
        part: Any = written
        for step in reference.split("/"):
            part = part[step]
    for parameters in re.findall(r"{(\w+)}", " ".join(written["paths"])):
        assert parameters == "precinct_id"
