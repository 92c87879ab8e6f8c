"""Whatever somebody who is signed in sends, the war room answers: 4xx where it cannot be read, never a 500.

Every route as the server serves it, with bodies, queries, paths and headers that no page sends; seeded.
Behind it stand a real database and, instead of its neighbours, closed doors (so 502, 503 and 504 are fine).
"""

import asyncio
import gc
import json
import random
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import flask
import pytest
import werkzeug.test

from beluga.stack.ports import free_port
from dashboard.app import WarRoom, build
from dashboard.settings import DashboardSettings
from election.access import accounts
from election.access.accounts import Role
from election.postgres.database import connect
from election.postgres.election_store import save_election
from tests.dashboard.running import PASSWORD, SECRET, make_election

AWAY = {502, 503, 504}
VALUES: list[Any] = [
    None, True, 0, -1, 1.5, 1e308, 10**30, "", "x", "\x00", "\r\nX: y", "é\ud83d\ude00", "../..",
    "0" * 5000, [], {}, [[]], [None], {"a": 1}, {"id": None}, [{"id": "x", "property": "data"}], "NaN",
    "2026-11-03T10:00:00", "9999-12-31T23:59:59-12:00", "0001-01-01T00:00:00+14:00", "01-01", "' or 1=1 --",
    "%", "{{7*7}}",
]  # fmt: skip
WORDS = """
    output outputs inputs state changedPropIds parsedChangedPropsIds key action precinct_id ids outcome
    callers_wanted votes target closes watcher_id to line kind text note category status at dark page
    from_watcher
"""
KEYS = WORDS.split()
BODIES = [
    b"", b"{", b"[]", b"null", b"1", b'"x"', b"\xff\xfe", b"{}", b'{"a":NaN}', b'{"a":1e999}',
    b"[" * 20_000, b'{"output":1}', b'{"output":"x.y","inputs":[]}', b"\x00", b'"\\ud800"', b"a=b&c",
    b"--x\r\n\r\n",
]  # fmt: skip
TYPES = [
    "application/json", "text/plain", "application/x-www-form-urlencoded", "multipart/form-data",
    "multipart/form-data; boundary=x", "application/json; charset=nonsense", "",
]  # fmt: skip


@pytest.fixture(scope="module")
def room(module_database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[WarRoom]:
    """One for all: it is to stand whatever was sent before."""
    database_url, state = module_database_url, tmp_path_factory.mktemp("room")

    async def prepare() -> None:
        connection = await connect(database_url)
        async with connection.transaction():
            await save_election(connection, make_election(6))
        await accounts.add(connection, "ann", Role.ADMIN, PASSWORD, ())
        await connection.close()

    asyncio.run(prepare())
    closed = f"http://127.0.0.1:{free_port()}"
    gc.disable()  # Python 3.11: a finalizer that words its exception while routes are parsed breaks that
    try:
        made = build(DashboardSettings(
            database_url=database_url, state=state, secret=SECRET, feed_url=closed.replace("http", "ws"),
            intake_url=closed, tally_url=closed, callers_url=closed,
        ))  # fmt: skip  # type: ignore[arg-type]
    finally:
        gc.enable()
    yield made
    made.stop()


@pytest.fixture
def ann(room: WarRoom) -> werkzeug.test.Client:
    """Signed in, with the token that every action brings."""
    room.server.config["PROPAGATE_EXCEPTIONS"] = False
    client = room.server.test_client()
    client.get("/login")
    answer = client.post("/login", data={"login": "ann", "password": PASSWORD, "csrf": csrf(client)})
    assert answer.status_code == 303
    return client


def csrf(client: Any) -> str:
    with client.session_transaction() as session:
        return str(session["csrf"])


def paths(server: flask.Flask, chance: random.Random) -> Iterator[tuple[str, str]]:
    """Method and path of every route, its variable parts filled with anything."""
    for rule in server.url_map.iter_rules():
        for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}):
            words = {}
            for name in rule.arguments:
                value = chance.choice([v for v in VALUES if isinstance(v, str) and v and "\ud83d" not in v])
                words[name] = chance.choice([value, "01-01", "review", "take"])
            path = rule.rule
            for value in words.values():
                start = path.index("<")
                path = path[:start] + quote(value, safe="/") + path[path.index(">", start) + 1 :]
            yield method, path


def wrong(answer: Any) -> bool:
    return answer.status_code >= 500 and answer.status_code not in AWAY


def query(chance: random.Random) -> str:
    named = ["next", "q", "at", "after", "account", "precinct", "token", "_csrf", chance.choice(KEYS)]
    return "&".join(
        f"{quote(n)}={quote(str(chance.choice(VALUES)), errors='replace')}" for n in chance.sample(named, 4)
    )


def test_nothing_that_is_sent_is_answered_with_a_500(room: WarRoom, ann: werkzeug.test.Client) -> None:
    chance = random.Random(15)
    token = csrf(ann)
    found: dict[str, str] = {}
    sent = 0
    for _ in range(12):
        for method, path in paths(room.server, chance):
            if path in ("/logout", "/logout-everywhere"):
                continue  # it would
            body = chance.choice(BODIES)
            if chance.random() < 0.6:
                body = json.dumps({key: chance.choice(VALUES) for key in chance.sample(KEYS, 8)}).encode()
            headers = {"X-CSRF": token, "Accept": chance.choice(["text/html", "*/*", "\xff"])}
            answer = ann.open(
                f"{path}?{query(chance)}", method=method, headers=headers,
                data=body if method != "GET" else None, content_type=chance.choice(TYPES),
            )  # fmt: skip
            sent += 1
            if wrong(answer):
                found.setdefault(f"{method} {path}", f"{answer.status_code} {body[:200]!r}")
    assert found == {}
    assert sent > 300
    assert ann.get("/boot").status_code == 200  # still the same session


NAMES = [
    "panel-words.children", "panel-chart.figure", "panel-around.children", "panel-log.children",
    "panel-drawn.data",
]  # fmt: skip
OURS = f"..{'...'.join(NAMES)}.."
DRAWN = {"id": "panel-drawn", "property": "data"}
UPDATES = [
    {"output": "..panel-words.children..", "inputs": []},
    {"output": OURS, "outputs": [], "inputs": [], "changedPropIds": []},
    {"output": OURS, "outputs": {"id": 1}, "changedPropIds": 3,
     "inputs": [{"id": "panel-request", "property": "data", "value": 3}]},
]  # fmt: skip


@pytest.mark.parametrize("body", [*BODIES, *(json.dumps(each).encode() for each in UPDATES)])
def test_what_dash_cannot_read_is_a_400(ann: werkzeug.test.Client, body: bytes) -> None:
    for kind in ("application/json", "text/plain"):
        answer = ann.post("/_dash-update-component", data=body, content_type=kind)
        assert answer.status_code in (400, 415), (body, kind, answer.status_code)


def test_whatever_a_callback_of_ours_is_asked_it_answers(ann: werkzeug.test.Client) -> None:
    outputs = [dict(zip(("id", "property"), name.split("."), strict=True)) for name in NAMES]
    for value in [*VALUES, *({"precinct_id": "01-01", "at": v, "dark": v} for v in VALUES)]:
        asked = {
            "output": OURS, "outputs": outputs, "state": [DRAWN | {"value": value}],
            "inputs": [{"id": "panel-request", "property": "data", "value": value}],
            "changedPropIds": ["panel-request.data"],
        }  # fmt: skip
        answer = ann.post("/_dash-update-component", data=json.dumps(asked), content_type="application/json")
        assert answer.status_code == 200, (value, answer.status_code)


@pytest.mark.parametrize(
    "target", ["/a\r\nSet-Cookie: x=y", "/a\nb", "/\r", "/a\x00b", "/\t/evil.example", "/\x7f", "/a\u2028b"]
)
def test_a_way_on_that_holds_control_characters_is_a_400(room: WarRoom, target: str) -> None:
    client = room.server.test_client()
    assert client.get(f"/login?next={quote(target)}").status_code == 400
    client.get("/login")
    form = {"login": "ann", "password": PASSWORD, "csrf": csrf(client), "next": target}
    answer = client.post("/login", data=form)
    assert answer.status_code == 400
    assert client.get("/boot").status_code == 401


@pytest.mark.parametrize(
    ("target", "leads"),
    [("/replay?at=1", "/replay?at=1"), ("//evil.example", "/"), ("/\\evil.example", "/"),
     ("https://evil.example", "/"), ("//[", "/"), ("/x[", "/x%5B"), ("", "/"), ("/é", None),
     ("/desk/review?after=a%0Ab", "/desk/review?after=a%0Ab")],
)  # fmt: skip
def test_a_way_on_stays_with_us(room: WarRoom, target: str, leads: str | None) -> None:
    client = room.server.test_client()
    client.get("/login")
    form = {"login": "ann", "password": PASSWORD, "csrf": csrf(client), "next": target}
    answer = client.post("/login", data=form)
    assert answer.status_code == 303
    if leads is not None:
        assert answer.headers["Location"] == leads
