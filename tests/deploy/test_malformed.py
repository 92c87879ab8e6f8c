"""Intake, the tally and the callers' service answer whatever somebody signed in sends: never a 500.

Every route as each serves it, on one real database; bodies, queries and paths that nobody of ours sends;
seeded. The war room's own: tests/dashboard/bridge/test_malformed.py. Intake's API:
tests/intake/openapi/test_openapi.py.
"""

import asyncio
import json
import random
import re
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any
from urllib.parse import quote

import aiohttp
import pytest_asyncio
import structlog
from aiohttp import web
from aiohttp.test_utils import TestServer
from yarl import URL

from beluga.stack.ports import free_port
from callers.app import make_app
from callers.settings import CallersSettings
from election.access.tokens import Tokens
from election.access.watcher_links import token_of
from election.postgres.database import connect
from intake.app import Intake
from intake.hotline.operators import COOKIE
from intake.settings import IntakeSettings
from tally.app import Service
from tally.settings import TallySettings
from tests.callers.conftest import add_callers, add_election, add_voters, open_precinct

SECRET = "a secret of at least thirty-two characters"
TOKENS = Tokens(SECRET)
AWAY = {502, 503, 504}
ROUNDS = 12
VALUES: list[Any] = [
    None, True, 0, -1, 1.5, 1e308, 10**30, "", "x", "\x00", "\r\nX: y", "é\U0001f600", "../..", "0" * 5000,
    [], {}, [[]], {"a": 1}, "NaN", "inf", "2026-11-03T10:00:00", "9999-12-31T23:59:59-12:00",
    "0001-01-01T00:00:00+14:00", "01-01", "c0", "1e999", "' or 1=1 --", "%", "９", "²", "-0", str(2**63),
    str(10**12),
]  # fmt: skip
WORDS = """
    lease_id outcome note precinct_id callers_wanted votes kind detail account name bank lines language
    languages speaks code contact callers hours script a b line text roll_numbers barred callback_at
    observed_at closes_at watcher_id status outcomes voters size automatic file form p votes caller_id
    at support
"""
KEYS = WORDS.split()
QUERIES = [
    "limit",
    "after",
    "at",
    "token",
    "p",
    "since",
    "county",
    "bank",
    "precinct",
    "by",
    "lang",
    "print",
    "ids",
]
BODIES = [
    b"", b"{", b"[]", b"null", b"1", b'"x"', b"\xff\xfe", b"{}", b'{"a":NaN}', b"[" * 20_000, b"\x00",
    b"a=b&c", b'--x\r\nContent-Disposition: form-data; name="file"\r\n\r\nq\r\n--x--', b"--x\r\n\r\n",
]  # fmt: skip
TYPES = [
    "application/json", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x",
    "multipart/form-data", "text/plain; charset=nonsense",
]  # fmt: skip


@pytest_asyncio.fixture
async def served(database_url: str, tmp_path: Path) -> AsyncIterator[dict[str, tuple[str, web.Application]]]:
    connection = await connect(database_url)
    await add_election(connection, ["01-01", "01-02"])
    await add_voters(connection, "01-01", 5)
    await add_callers(connection, 1)
    await open_precinct(connection, "01-01")
    await connection.close()
    common: dict[str, Any] = {"database_url": database_url, "secret": SECRET, "state": tmp_path}
    async with AsyncExitStack() as stack:
        intake = Intake(IntakeSettings(**common, intake_port=free_port(), feed_url="", journal_ballast_mib=0))
        await intake.start()
        stack.push_async_callback(intake.stop)
        tally = Service(TallySettings(**common, tally_port=free_port(), feed_port=free_port()))
        await stack.enter_async_context(tally.running())
        app = make_app(CallersSettings(**common, voters_key="k" * 40, feed_url=""), structlog.get_logger())
        callers = TestServer(app)
        await callers.start_server()
        stack.push_async_callback(callers.close)
        assert intake._runner is not None
        found = {
            "intake": (f"http://127.0.0.1:{intake.settings.intake_port}", intake._runner.app),
            "tally": (f"http://127.0.0.1:{tally.settings.tally_port}", tally.application),
            "callers": (str(callers.make_url("")).rstrip("/"), app),
        }
        async with aiohttp.ClientSession() as session, asyncio.timeout(60):
            for address, _ in found.values():
                while (await session.get(f"{address}/readyz")).status != 200:
                    await asyncio.sleep(0.05)
        yield found


def credentials(path: str, chance: random.Random) -> tuple[str, dict[str, str]]:
    """The token of a path, and headers, that open what lies behind it."""
    bearer = TOKENS.sign("service", {"account": "lea", "role": "staff", "counties": None})
    if path.startswith("/api/"):
        bearer = TOKENS.sign("caller", {"c": "c0"})
    if path.startswith("/checkins/"):
        bearer = token_of(TOKENS, "w1", 0)
    token = TOKENS.sign("caller", {"c": "c0"})
    if path.startswith("/c/captain/"):
        token = TOKENS.sign("captain", {"account": "lea", "bank": ""})
    if path.startswith("/w/"):
        token = token_of(TOKENS, "w1", 0)
    cookie = TOKENS.sign("staff", {"account": "lea", "role": "staff", "counties": None})
    headers = {"Authorization": f"Bearer {bearer}", "Cookie": f"{COOKIE}={cookie}"}
    if chance.random() < 0.1:
        headers["Accept-Language"] = chance.choice(["zz-ZZ;q=x", ",", "*;q=9" * 50])
    return token, headers


def target(path: str, token: str, chance: random.Random) -> str:
    def fill(part: re.Match[str]) -> str:
        if part[1] == "token" and chance.random() < 0.9:
            return quote(token)
        words = [v for v in VALUES if isinstance(v, str) and v] + ["review", "unread", "c0", "invite"]
        return quote(chance.choice(words), safe="")

    made = re.sub(r"\{(\w+)\}", fill, path)
    asked = "&".join(
        f"{name}={quote(str(chance.choice(VALUES)), safe='')}" for name in chance.sample(QUERIES, 3)
    )
    return f"{made}?{asked}"


def body_of(chance: random.Random) -> tuple[bytes, str]:
    fields = {key: chance.choice(VALUES) for key in chance.sample(KEYS, 10)}
    kind = chance.random()
    if kind < 0.4:
        return json.dumps(fields).encode(), "application/json"
    if kind < 0.7:
        form = "&".join(f"{key}={quote(str(value))}" for key, value in fields.items())
        return form.encode(), "application/x-www-form-urlencoded"
    return chance.choice(BODIES), chance.choice(TYPES)


async def test_nothing_that_is_sent_is_answered_with_a_500(
    served: dict[str, tuple[str, web.Application]],
) -> None:
    chance = random.Random(15)
    found: dict[str, str] = {}
    sent = 0
    timeout = aiohttp.ClientTimeout(total=60)
    async with aiohttp.ClientSession(timeout=timeout, cookie_jar=aiohttp.DummyCookieJar()) as session:
        for _ in range(ROUNDS):
            for service, (address, app) in served.items():
                for route in app.router.routes():
                    if route.method in ("HEAD", "*") or route.resource is None:
                        continue
                    path = route.resource.canonical
                    token, headers = credentials(path, chance)
                    body, kind = body_of(chance) if route.method != "GET" else (b"", "")
                    url = address + target(path, token, chance)
                    if kind:
                        headers["Content-Type"] = kind
                    async with session.request(
                        route.method, URL(url, encoded=True), data=body or None, headers=headers,
                        allow_redirects=False,
                    ) as answer:  # fmt: skip
                        await answer.read()
                        sent += 1
                        if answer.status >= 500 and answer.status not in AWAY:
                            said = f"{answer.status} {url.removeprefix(address)[:300]} {kind} {body[:300]!r}"
                            found.setdefault(f"{service} {route.method} {path}", said)
        for address, _ in served.values():
            assert (await session.get(f"{address}/healthz")).status == 200
    assert found == {}
    assert sent > 500
