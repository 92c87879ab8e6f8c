"""Who may see what, on every address the war room has: strangers nothing, a lead own counties alone."""

import json
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import uuid4

import asyncpg
import pytest
import pytest_asyncio
from pydantic import SecretStr

from beluga.stack.postgres import EmbeddedPostgres
from dashboard.accounts.sign_in import WarRoomUser
from dashboard.app import build
from dashboard.map.places import MapPlaces
from dashboard.precinct.panel import _around
from dashboard.settings import DashboardSettings
from election.access.accounts import Role
from tests.dashboard.accounts.test_sign_in import anyone, sign_in, status
from tests.dashboard.running import SECRET, Room, make_election, war_room

pytestmark = pytest.mark.asyncio(loop_scope="module")
MINE, OTHER, OTHERS_WATCHER = "01-01", "01-24", "Watcher 23"
KEY = "7b1f6a52-35a5-4d0c-9be1-0a9f0d1a2b4f"

OPEN = {"/login", "/first", "/logout", "/logout-everywhere", "/language", "/healthz", "/readyz", "/metrics"}
# The same for everybody who is signed in: scripts, styles, Dash's frame, pages that ask for their content.
FRAME = {
    "/", "/<path:path>", "/_dash-layout", "/_dash-dependencies", "/_favicon.ico", "/_reload-hash",
    "/_dash-component-suites/<string:package_name>/<path:fingerprinted_path>", "/assets/<path:filename>",
    "/static/<path:filename>", "/style/<version>/<name>.css", "/script/<version>/<name>", "/desk/<name>",
}  # fmt: skip
# What a lead of County A is answered, and how it is asked for at its worst.
SEEN = {
    "/boot": (200, "/boot"),
    "/feed-token": (200, "/feed-token"),
    "/shapes/counties": (200, "/shapes/counties"),
    "/shapes/precincts": (200, "/shapes/precincts"),
    "/shapes/precincts/<path:county>": (403, "/shapes/precincts/County%20B"),
    "/people": (200, f"/people?precinct={OTHER}"),
    "/watched": (200, "/watched"),
    "/watchers": (200, f"/watchers?q={OTHERS_WATCHER.replace(' ', '+')}"),
    "/alerts": (200, "/alerts"),
    "/replay": (200, "/replay?at=2026-11-03T15:00Z"),
    "/snapshot": (200, "/snapshot"),
    "/debrief": (200, "/debrief"),
    "/hotline": (303, "/hotline"),
    "/snapshots": (403, "/snapshots"),
    "/snapshots/<name>": (403, "/snapshots/2026-11-03T1700Z.html"),
    "/office/watchers": (200, f"/office/watchers?q={OTHERS_WATCHER.replace(' ', '+')}"),
    "/office/watchers/<watcher_id>": (404, "/office/watchers/w23"),
    "/office/sheet": (200, f"/office/sheet?q={OTHERS_WATCHER.replace(' ', '+')}"),
    "/office/precincts": (200, "/office/precincts"),
    "/office/links": (200, "/office/links?county=County+B"),
    "/office": (403, "/office"),
    "/office/accounts": (403, "/office/accounts"),
    "/office/setup": (403, "/office/setup"),
    "/office/setup/progress": (403, "/office/setup/progress"),
    "/office/calling": (200, "/office/calling"),
    "/office/settings": (403, "/office/settings"),
    "/office/webhooks": (403, "/office/webhooks"),
    "/office/keys": (403, "/office/keys"),
    "/api/v1/standings": (401, "/api/v1/standings"),
    "/api/v1/calls": (401, "/api/v1/calls"),
    "/audit": (403, "/audit"),
    "/audit.csv": (403, "/audit.csv"),
}
# Passed on to intake or the call desk with the lead's own token, whose counties those keep to
# (tests/intake/desks/test_desks.py, test_threads.py, tests/intake/photos/test_photos.py).
# Of rides: to the callers (tests/security).
PASSED_ON = {
    "/rides/order", "/rides/<uuid:ride>/<any(assign,release,cancel):what>",
    "/desks", "/desks/<name>", "/desks/<name>/<path:item>/<any(take,release,finish):what>", "/rollcall",
    "/rollcall/<any(invite,remind):what>", "/threads/<path:watcher>", "/desks/<name>/<path:item>/thread",
    "/office/callers", "/office/calling/lists/<uuid:list_id>.csv",
    "/photos/precinct/<path:precinct>", "/photos/<message>/<int:number>",
    "/photos/<message>/<int:number>/small", "/silent/remind",
}  # fmt: skip
DEEDS = {
    "/actions", "/phones", "/alerts/acknowledge", "/_dash-update-component",
    "/office/watchers/<watcher_id>/remove", "/office/keys/<key_id>/revoke", "/api/v1/check-ins/<report_id>",
    "/api/v1/lists/<list_id>/outcomes",
    "/office/callers/banks", "/office/callers/bar", "/office/callers/links", "/office/calling/limits",
    "/office/calling/trial", "/office/calling/trial/end", "/office/calling/lists",
    "/office/calling/lists/outcomes",
    "/office/webhooks/<uuid:webhook_id>/<any(test,end):what>", "/office/preflight",
    "/office/links/cards", "/office/links/revoke", "/office/precincts/undo",
    "/office/setup/files", "/office/setup/files/<name>", "/office/setup/remove", "/office/setup/look",
    "/office/setup/review", "/office/setup/import",
    "/office/accounts/<login>/<any(reset,role,disable,codes,nocodes,signout):what>",
}  # fmt: skip


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def room(postgres: EmbeddedPostgres, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Room]:
    async with war_room(postgres, make_election(24, counties=2), tmp_path_factory.mktemp("room")) as one:
        yield one


async def test_no_address_is_forgotten_here(tmp_path: Path) -> None:
    there = build(DashboardSettings(secret=SecretStr(SECRET), state=tmp_path, database_url=""))
    try:
        rules = {rule.rule for rule in there.server.url_map.iter_rules()}
    finally:
        there.stop()
    listed = OPEN | FRAME | set(SEEN) | PASSED_ON | DEEDS
    assert rules - listed == set(), "say here who may see it"
    assert set(SEEN) | PASSED_ON | DEEDS <= rules


async def test_strangers_are_told_to_sign_in(room: Room) -> None:
    async with anyone(room) as session:
        for path in (*(p for _, p in SEEN.values()), "/api/v1/", "/api/v1/no-such-call", "/api/v1/../boot"):
            assert await status(session, path) == 401, path
        for path in ("/actions", "/alerts/acknowledge", "/_dash-update-component", "/rollcall/invite"):
            async with session.post(path, json={}) as answer:
                assert answer.status == 401, path


def others(text: str) -> list[str]:
    """What of the other county shows in an answer."""
    last = [f"01-{n}" for n in range(13, 25)]
    return [word for word in ("County B", *last, "+12155550012", "+12155550023") if word in text]


async def test_a_lead_is_told_nothing_of_another_county(room: Room) -> None:
    async with anyone(room) as session:
        await sign_in(session, "lee")
        for expected, path in SEEN.values():
            async with session.get(path, allow_redirects=False) as answer:
                text = await answer.text()
                assert (answer.status, others(text)) == (expected, []), path
        # The same question, asked by somebody whom nothing limits, does bring it.
        async with anyone(room) as staff:
            await sign_in(staff, "sam")
            for path in (
                "/boot",
                "/shapes/precincts",
                f"/people?precinct={OTHER}",
                "/watched",
                "/snapshot",
                "/debrief",
            ):
                async with staff.get(path) as answer:
                    assert others(await answer.text()), path


async def test_a_lead_does_nothing_in_another_county(room: Room) -> None:
    async with anyone(room) as session:
        await sign_in(session, "lee")
        async with session.get("/boot") as answer:
            csrf = {"X-CSRF": (await answer.json())["csrf"]}
        for action, more in (
            ("note", {"text": "x"}), ("accept", {"target": KEY}), ("hours", {"closes": "21:00"}),
            ("assign", {"watcher_id": "w0"}), ("dispatch", {"callers_wanted": 2}), ("recall", {}),
        ):  # fmt: skip
            deed = {"key": KEY, "action": action, "precinct_id": OTHER, **more}
            async with session.post("/actions", json=deed, headers=csrf) as answer:
                assert (answer.status, "outside your counties" in await answer.text()) == (403, True), action
        async with session.post("/phones", json={"precinct_id": OTHER}, headers=csrf) as answer:
            assert (answer.status, others(await answer.text())) == (403, [])
        async with session.post("/phones", json={"precinct_id": MINE}, headers=csrf) as answer:
            (watcher,) = (await answer.json())["people"]
            assert watcher["phone"].startswith("+1215555")
        # Nor may somebody else's watcher be called away.
        deed = {"key": KEY, "action": "assign", "precinct_id": MINE, "watcher_id": "w23"}
        async with session.post("/actions", json=deed, headers=csrf) as answer:
            assert (answer.status, "not known here" in await answer.text()) == (400, True)
        assert room.neighbours.decisions == {}
        assert room.neighbours.orders == []
        text = await panel(session, OTHER)
        assert "outside your counties" in text
        assert others(text) == []
        assert MINE in await panel(session, MINE)


async def panel(session: Any, precinct_id: str) -> str:
    """What Dash is answered for a precinct's panel."""
    outputs = [
        {"id": f"panel-{part}", "property": {"chart": "figure", "drawn": "data"}.get(part, "children")}
        for part in ("words", "chart", "around", "log", "drawn")
    ]
    asked = {
        "output": ".." + "...".join(f"{o['id']}.{o['property']}" for o in outputs) + "..",
        "outputs": outputs,
        "inputs": [{"id": "panel-request", "property": "data", "value": {"precinct_id": precinct_id}}],
        "state": [{"id": "panel-drawn", "property": "data", "value": None}],
        "changedPropIds": ["panel-request.data"],
    }
    async with session.post("/_dash-update-component", json=asked) as answer:
        assert answer.status == 200, await answer.text()
        return json.dumps(await answer.json())


async def test_who_looked_after_another_countys_alert_is_not_told(room: Room) -> None:
    alert = uuid4()
    connection = await asyncpg.connect(room.database_url)
    await connection.execute(
        "insert into alerts (alert_id, rehearsal, kind, subject, precinct_id, county, reason, raised_at,"
        " acknowledged_by, acknowledged_at)"
        " values ($1, false, 'line', $2, $2, 'County B', 'a line', now(), 'sam', now())",
        alert, OTHER,
    )  # fmt: skip
    await connection.close()
    for login, others_named in (("lee", []), ("ada", ["sam had acknowledged it already."])):
        async with anyone(room) as session:
            await sign_in(session, login)
            async with session.get("/boot") as answer:
                csrf = {"X-CSRF": (await answer.json())["csrf"]}
            asked = {"ids": [str(alert)]}
            async with session.post("/alerts/acknowledge", json=asked, headers=csrf) as answer:
                assert (answer.status, (await answer.json())["others"]) == (200, others_named)


async def test_a_building_of_two_counties_names_the_own_one_alone() -> None:
    election = make_election(2, counties=2)
    precincts = {p.precinct_id: replace(p, site_id="hall") for p in election.precincts}
    places = MapPlaces(election.day, precincts, election.watchers, {})
    mine, other = precincts
    for counties, named in ((("County A",), False), (None, True)):
        shown = str(_around(places, mine, WarRoomUser("lee", Role.LEAD, counties)))
        assert (other in shown) is named
