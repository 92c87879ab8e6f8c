"""Four services as processes on a database of a test's own, each with the ways into it."""

import asyncio
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import aiohttp
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from beluga.stack.ports import free_port
from beluga.stack.postgres import EmbeddedPostgres
from election.access.identity import Identity
from election.access.tokens import Tokens
from tests.preloaded import Process, started

SECRET = "a secret of the whole house, forty characters"
PASSWORD = "correct horse battery"
SERVICES = ("intake", "tally", "callers", "dashboard")
LOG_OUT = {401, 403}
_CSRF = re.compile(r'name="csrf" value="([^"]+)"')

Knock = Callable[[], Awaitable[int]]  # the status that a way in answers


@dataclass
class House:
    """`start()` a service, `end()` it; `environment` is for commands, too."""

    postgres: EmbeddedPostgres
    state: Path
    tokens: Tokens = field(default_factory=lambda: Tokens(SECRET))
    ports: dict[str, int] = field(default_factory=lambda: {n: free_port() for n in (*SERVICES, "feed")})
    processes: dict[str, Process] = field(default_factory=dict)

    def url(self, service: str) -> str:
        return f"{'ws' if service == 'feed' else 'http'}://127.0.0.1:{self.ports[service]}"

    @property
    def environment(self) -> dict[str, str]:
        named = {f"BELUGA_{n.upper()}_PORT": str(port) for n, port in self.ports.items()}
        named |= {f"BELUGA_{n.upper()}_URL": self.url(n) for n in self.ports}
        return os.environ | named | {
            "BELUGA_DATABASE_URL": self.postgres.url, "BELUGA_SECRET": SECRET, "BELUGA_STATE": str(self.state)
        }  # fmt: skip

    def start(self, service: str) -> None:
        with (self.state / f"{service}.log").open("ab") as log:
            self.processes[service] = started(service, self.environment, log)

    def end(self, service: str) -> None:
        process = self.processes.pop(service)
        process.send_signal(signal.SIGKILL)
        process.wait()

    def beluga(self, *words: str) -> None:
        done = subprocess.run(
            [sys.executable, "-m", "beluga", *words], env=self.environment, capture_output=True, text=True,
            input=f"{PASSWORD}\n", cwd=self.state, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr

    async def answers(self, web: aiohttp.ClientSession, path: str = "/healthz") -> None:
        """Waits until every service serves."""
        for service in SERVICES:
            for _ in range(1200):
                try:
                    async with web.get(self.url(service) + path) as answer:
                        if answer.status == 200:
                            break
                except aiohttp.ClientError:
                    pass
                assert self.processes[service].poll() is None, (self.state / f"{service}.log").read_text()
                time.sleep(0.05)
            else:
                raise AssertionError((self.state / f"{service}.log").read_text())

    def log(self, service: str) -> str:
        return (self.state / f"{service}.log").read_text()


@dataclass
class Ways:
    """Ways in, by name, and a feed that is open, where there is one. A copy of each key: nobody renews it."""

    house: House
    web: aiohttp.ClientSession
    knocks: dict[str, Knock] = field(default_factory=dict)
    open_feed: "asyncio.Task[int | None] | None" = None  # gives the code with which it was closed
    cookie: str = ""
    csrf: str = ""

    def get(self, name: str, service: str, path: str, **headers: str) -> None:
        """A way in by GET."""

        async def knock() -> int:
            url = self.house.url(service) + path
            async with self.web.get(url, headers=headers, allow_redirects=False) as answer:
                return answer.status

        self.knocks[name] = knock

    def feed(self, name: str, token: str) -> None:
        async def knock() -> int:
            try:
                async with connect(f"{self.house.url('feed')}/?token={token}", open_timeout=60):
                    return 101
            except InvalidStatus as error:
                return error.response.status_code

        self.knocks[name] = knock

    def bearer(self, name: str, service: str, path: str, purpose: str, claims: dict[str, object]) -> None:
        """A way in by a token that another service would sign for this person."""
        token = self.house.tokens.sign(purpose, claims)
        self.get(name, service, path, Authorization=f"Bearer {token}")

    def tokens_of(self, claims: dict[str, object]) -> None:
        """Every token that the war room signs for somebody, in whatever form."""
        self.bearer("tally API", "tally", "/standings", "service", claims)
        self.bearer("tally API by the feed's token", "tally", "/silent", "feed", claims)
        self.bearer("every check-in's id", "tally", "/check-ins/ids", "service", claims)
        self.bearer("desks API", "intake", "/desks", "service", claims)
        self.bearer("callers' staff API", "callers", "/dispatches", "service", claims)
        self.feed("feed", self.house.tokens.sign("feed", claims))
        self.get("hotline's link", "intake", f"/hotline?token={self.house.tokens.sign('staff', claims)}")

    async def sign_in(self, login: str) -> None:
        """As a person with a browser: a session, the feed, the hotline; the cookies are copied."""
        room = self.house.url("dashboard")
        jar = aiohttp.CookieJar(unsafe=True)
        async with aiohttp.ClientSession(cookie_jar=jar) as browser:
            async with browser.get(f"{room}/login") as page:
                found = _CSRF.search(await page.text())
                assert found
            form = {"csrf": found[1], "next": "/", "login": login, "password": PASSWORD}
            async with browser.post(f"{room}/login", data=form, allow_redirects=False) as answer:
                assert answer.status == 303, await answer.text()
            async with browser.get(f"{room}/boot") as answer:
                boot = await answer.json()
            async with browser.get(f"{room}/hotline", allow_redirects=False) as answer:
                token = parse_qs(urlsplit(answer.headers["Location"]).query)["token"][0]
            self.cookie = next(f"beluga={c.value}" for c in jar if c.key == "beluga")
            self.csrf = boot["csrf"]
        self.get("session", "dashboard", "/feed-token", Cookie=self.cookie)
        self.get("hotline's cookie", "intake", "/hotline/places", Cookie=f"beluga_hotline={token}")
        self.feed("feed, connected anew", boot["feed"]["token"])
        feed = await connect(f"{self.house.url('feed')}/?token={boot['feed']['token']}", open_timeout=60)
        self.open_feed = asyncio.create_task(close_code(feed))
        self.get("captain's page", "callers", await self._captain(login))

    async def _captain(self, login: str) -> str:
        """The captain's link that this account is given."""
        who = Identity(login, "staff", None, await self._epoch())
        token = self.house.tokens.sign("service", who.claims())
        async with self.web.post(
            f"{self.house.url('callers')}/links", json={"kind": "captain", "subject": ""},
            headers={"Authorization": f"Bearer {token}"},
        ) as answer:  # fmt: skip
            assert answer.status == 201, await answer.text()
            return str((await answer.json())["path"])

    async def _epoch(self) -> int:
        async with self.web.get(
            f"{self.house.url('dashboard')}/boot", headers={"Cookie": self.cookie}
        ) as answer:
            token = (await answer.json())["feed"]["token"]
        return int(self.house.tokens.read("feed", token)["epoch"])

    async def open_ones(self) -> dict[str, int]:
        """Which of them let somebody in, and with what status."""
        answers = {name: await knock() for name, knock in self.knocks.items()}
        return {name: status for name, status in answers.items() if status not in LOG_OUT}


async def close_code(feed: ClientConnection) -> int | None:
    """Hears a feed until it is closed, and with what code; None where the connection broke."""
    try:
        while True:
            await feed.recv()
    except ConnectionClosed as error:
        return error.rcvd.code if error.rcvd else None
