"""A real dashboard process, a real PostgreSQL, a browser, and neighbours the test drives by hand.

The feed and the JSON APIs here speak the real wire types; they exist so that a test can say exactly when the
feed dies, what it says next and what a neighbour answers. Whole stacks are driven in tests/end_to_end.
"""

import asyncio
import os
import secrets
import signal
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from datetime import time as wall
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, quote, urlsplit

import aiohttp
import asyncpg
from aiohttp import web
from playwright.async_api import Browser, ConsoleMessage, Page, async_playwright
from pydantic import BaseModel
from websockets.asyncio.server import ServerConnection, broadcast, serve

from beluga.stack.ports import free_port
from beluga.stack.postgres import EmbeddedPostgres
from election.access import accounts
from election.access.accounts import Role
from election.access.tokens import BadTokenError, Tokens
from election.domain.checkin import CheckIn
from election.domain.day import Election, ElectionDay, Precinct, Watcher
from election.domain.ids import PrecinctId, WatcherId
from election.postgres.database import connect
from election.postgres.election_store import save_election
from election.runtime.clock import FileClock
from election.wire.callers import (
    DispatchList,
    DispatchOrder,
    FloorView,
    NextMoveLine,
    NextMoveList,
    PauseOrder,
    ScriptOrder,
    ScriptView,
)
from election.wire.feed import (
    Aggregate,
    Beat,
    CallProposal,
    Calls,
    Delta,
    Desks,
    Dispatch,
    FeedClock,
    Hello,
    Incident,
    PrecinctInfo,
    PrecinctState,
    Snapshot,
    Standing,
)  # fmt: skip
from election.wire.intake import Decision
from election.wire.rides import RideList
from tally.engine.change_topics import news_of
from tally.engine.follower import Follower
from tests.chromium import ARGUMENTS, EXECUTABLE
from tests.preloaded import Process, started

NOON = 1_793_725_200.0  # 3 November 2026, 12:00 in New York
OPENS, CLOSES = int(NOON) - 5 * 3600, int(NOON) + 8 * 3600
PASSWORD = "correct horse battery"
SECRET = secrets.token_hex(32)
MARKUP = '<img src=x onerror="window.hurt=1"><b>Ward</b> & "Co"'


# Names by their place in the list: markup; Arabic and Chinese with an override left open; a very long one.
STRANGE = {0: MARKUP, 43: "\u202eمدرسة النور 12 图书馆", 47: "Hôtel de ville · " * 14}


def make_election(precincts: int, counties: int = 1, shapes: bool = True) -> Election:
    """Precincts as squares of a grid; the first one's name is an attempt at markup."""
    columns = max(1, round(precincts**0.5 * 1.2))
    ids = [PrecinctId(f"{1 + i // 50:02d}-{1 + i % 50:02d}") for i in range(precincts)]

    def square(i: int) -> dict[str, Any]:
        x, y = -75.2 + 0.01 * (i % columns), 40.0 - 0.008 * (i // columns)
        ring = [[x, y], [x + 0.01, y], [x + 0.01, y + 0.008], [x, y + 0.008], [x, y]]
        return {"type": "Polygon", "coordinates": [[[round(a, 5), round(b, 5)] for a, b in ring]]}

    names = (
        "Fire House",
        "Lincoln School",
        "Chung Wah Hall",
        "Free Library",
        "Grace Church",
        "Senior Center",
    )
    return Election(
        day=ElectionDay("Sample County", date(2026, 11, 3), "America/New_York", wall(7), wall(20)),
        precincts=tuple(
            Precinct(
                ids[i],
                STRANGE.get(i) or f"{names[i % len(names)]} {1 + i // len(names)}",
                registered=900 + (i * 37) % 900,
                county=f"County {chr(65 + i * counties // precincts)}" if counties > 1 else "Sample",
            )
            for i in range(precincts)
        ),
        watchers=tuple(
            Watcher(WatcherId(f"w{i}"), f"Watcher {i}", f"+1215555{i:04d}", "en", (ids[i],))
            for i in range(min(precincts, 40))
        ),
        geometry={ids[i]: square(i) for i in range(precincts)} if shapes else {},
    )


def standing_of(i: int, precinct: Precinct, **changes: Any) -> Standing:
    """A made-up but coherent standing, by the precinct's place in the list."""
    turn = i % 20
    state = PrecinctState.ON_PACE
    if turn == 3:
        state = PrecinctState.LAGGING
    elif turn in (7, 12):
        state = PrecinctState.WATCH
    elif turn == 15:
        state = PrecinctState.SILENT
    elif turn == 19:
        state = PrecinctState.DOUBTFUL
    expected = precinct.registered * 0.5
    behind = {PrecinctState.LAGGING: 0.72, PrecinctState.WATCH: 0.88}.get(state, 0.9 + 0.02 * turn)
    projected = expected * behind
    spread = 0.08 + 0.02 * (i % 7)
    silent = state is PrecinctState.SILENT
    values: dict[str, Any] = {
        "precinct_id": precinct.precinct_id,
        "state": state,
        "reports": 0 if silent else 3,
        "held": 1 if state is PrecinctState.DOUBTFUL else 0,
        "last_votes": None if silent else int(projected * 0.45),
        "last_observed_at": None if silent else int(NOON) - 60 * (2 + turn),
        "last_received_at": int(NOON) - 7200 - 60 * (i % 50) if silent else int(NOON) - 60 * (2 + turn),
        "expected_now": expected * 0.45,
        "expected_final": expected,
        "projected_final": projected,
        "lo80": projected * (1 - spread),
        "hi80": projected * (1 + spread),
        "lo95": projected * (1 - 1.6 * spread),
        "hi95": projected * (1 + 1.6 * spread),
        "p_lagging": {PrecinctState.LAGGING: 0.8 + 0.001 * (i % 150), PrecinctState.WATCH: 0.5}.get(
            state, 0.1
        ),
        "shortfall": max(0.0, expected - projected),
        "gap": behind - 1.05 if state in (PrecinctState.LAGGING, PrecinctState.WATCH) else (turn - 6) / 40,
    }
    return Standing(**(values | changes))


def columns(rows: Sequence[Any]) -> dict[str, list[object]]:
    dumped = [row.model_dump(mode="json") for row in rows]
    return {name: [row[name] for row in dumped] for name in dumped[0]} if dumped else {}


@dataclass
class FeedDriver:
    """A feed that says what the test wants, when it wants it. Restarting it keeps its port."""

    election: Election
    port: int = field(default_factory=free_port)
    seq: int = 0
    now: float = NOON
    standings: dict[str, Standing] = field(default_factory=dict)
    incidents: list[Incident] = field(default_factory=list)
    tokens_seen: list[dict[str, Any]] = field(default_factory=list)
    resumed: list[tuple[str, str | None, str | None]] = field(default_factory=list)  # who, engine, since
    viewers: set[ServerConnection] = field(default_factory=set)
    desks: Desks = field(default_factory=Desks)
    calls: Calls = field(default_factory=Calls)
    caveats: dict[str, dict[str, Any]] = field(default_factory=dict)  # by scope: caveat, instead, thin
    behind: float = 0.0  # seconds since the tally heard from its database
    database_url: str = ""  # whose news the feed passes on, as the tally does
    _server: Any = None
    _tasks: list[asyncio.Task[None]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.standings = {
            p.precinct_id: standing_of(i, p) for i, p in enumerate(self.election.precincts)
        } or self.standings

    async def start(self) -> None:
        self._server = await serve(self._serve, "127.0.0.1", self.port, compression=None)
        self._tasks = [asyncio.create_task(self._beat())]
        if self.database_url:
            follower = Follower(self.database_url, self, on_topic=self.say_news)
            self._tasks.append(asyncio.create_task(follower.run()))

    async def stop(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._server:
            self._server.close()
            await self._server.wait_closed()
        self._server = None

    async def _beat(self) -> None:
        while True:
            await asyncio.sleep(1)
            self._send(Beat(seq=self.seq, at=self.now, stored_behind=self.behind))

    def _send(self, message: Any) -> None:
        broadcast(self.viewers, message.model_dump_json())

    async def _serve(self, viewer: ServerConnection) -> None:
        assert viewer.request is not None
        query = {name: values[0] for name, values in parse_qs(urlsplit(viewer.request.path).query).items()}
        given = query.get("token", "")
        try:
            token = Tokens(SECRET).read("feed", given, max_age=86_400)
        except BadTokenError:
            await viewer.close(4401, "token")
            return
        self.tokens_seen.append(token)
        self.resumed.append((token["account"], query.get("engine"), query.get("since")))
        clock = FeedClock(now=self.now, speed=1.0)
        hello = Hello(
            engine="test",
            election="Sample County",
            date="2026-11-03",
            timezone="America/New_York",
            clock=clock,
        )
        await viewer.send(hello.model_dump_json())
        told = None
        while told != self.seq:  # what was said while a snapshot went out is in the next one
            told = self.seq
            await viewer.send(self.snapshot(clock, token["counties"]).model_dump_json())
        self.viewers.add(viewer)
        try:
            await viewer.wait_closed()
        finally:
            self.viewers.discard(viewer)

    def snapshot(self, clock: FeedClock, counties: list[str] | None) -> Snapshot:
        seen = [p for p in self.election.precincts if counties is None or p.county in counties]
        infos = [
            PrecinctInfo(
                precinct_id=p.precinct_id, name=p.name, county=p.county, registered=p.registered,
                opens_at=OPENS, closes_at=CLOSES, timezone="America/New_York",
            )
            for p in seen
        ]  # fmt: skip
        return Snapshot(
            seq=self.seq, at=self.now, clock=clock, precincts=columns(infos),
            standings=columns([self.standings[p.precinct_id] for p in seen]),
            aggregates=self.aggregates(counties), incidents=self.incidents,
            desks=self.desks, calls=self.calls,
        )  # fmt: skip

    def aggregates(self, counties: list[str] | None = None) -> list[Aggregate]:
        scopes: dict[str, list[Standing]] = (
            {} if counties is not None else {"all": list(self.standings.values())}
        )
        for p in self.election.precincts:
            if counties is None or p.county in counties:
                scopes.setdefault(f"county:{p.county}", []).append(self.standings[p.precinct_id])
        made = [_aggregate(scope, members) for scope, members in scopes.items()]
        return [a.model_copy(update=self.caveats.get(a.scope, {})) for a in made]

    def say(self, *changed: Standing, incidents: Sequence[Incident] = ()) -> None:
        """One delta with these standings and the aggregates that follow."""
        self.seq += 1
        self.now += 1
        self.standings |= {s.precinct_id: s for s in changed}
        self.incidents += incidents
        self._send(
            Delta(seq=self.seq, at=self.now, standings=list(changed), aggregates=self.aggregates(),
                  incidents=list(incidents))
        )  # fmt: skip

    def say_news(self, *names: str) -> None:
        if names:
            self.seq += 1
            self._send(Delta(seq=self.seq, at=self.now, news=list(names)))

    def begin(self, _: Election) -> None: ...

    async def take(self, check_ins: Sequence[CheckIn]) -> None:
        self.say_news(*sorted(news_of(check_ins)))

    def caught_up(self) -> None: ...

    def say_calls(self, calls: Calls) -> None:
        self.calls = calls
        self.seq += 1
        self._send(Delta(seq=self.seq, at=self.now, calls=calls))

    def say_desks(self, desks: Desks) -> None:
        self.desks = desks
        self.seq += 1
        self._send(Delta(seq=self.seq, at=self.now, desks=desks))

    def change(self, precinct_id: str, **changes: Any) -> None:
        self.say(self.standings[precinct_id].model_copy(update=changes))


def _aggregate(scope: str, members: list[Standing]) -> Aggregate:
    def total(name: str) -> float:
        return float(sum(getattr(s, name) for s in members))

    reporting = [s for s in members if s.state is not PrecinctState.SILENT and s.last_votes is not None]
    silent = sum(s.state is PrecinctState.SILENT for s in members)
    middle, expected = total("projected_final"), total("expected_final")
    return Aggregate(
        scope=scope, precincts=len(members), reporting=len(reporting),
        silent=silent, lagging=sum(s.state is PrecinctState.LAGGING for s in members),
        closed=sum(s.state is PrecinctState.CLOSED for s in members), finals=sum(s.final_in for s in members),
        coverage=sum(s.expected_final for s in reporting) / expected,
        counted=sum(s.last_votes or 0 for s in members), expected_final=expected, projected_final=middle,
        lo80=middle * 0.97, hi80=middle * 1.03, lo95=middle * 0.95, hi95=middle * 1.05,
    )  # fmt: skip


def _json(answer: BaseModel) -> web.Response:
    return web.Response(text=answer.model_dump_json(), content_type="application/json")


@dataclass
class Neighbourhood:
    """Tally's, intake's and the callers' JSON APIs, as far as the board asks them."""

    feed: FeedDriver
    port: int = field(default_factory=free_port)
    decisions: dict[str, Decision] = field(default_factory=dict)
    orders: list[DispatchOrder] = field(default_factory=list)
    proposals: list[CallProposal] = field(default_factory=list)
    dispatch_list: DispatchList = field(default_factory=lambda: DispatchList(dispatches=[]))
    floor: FloorView = field(default_factory=lambda: FloorView(callers=[], waiting=0, outcomes={}))
    waiting: list[NextMoveLine] = field(default_factory=list)
    rides: RideList = field(default_factory=lambda: RideList(rides=[], drivers=[], counts={}))
    script: ScriptView = field(
        default_factory=lambda: ScriptView(lines={"en": ["Hello"]}, trial=False, said="")
    )
    paused: list[tuple[str, bool]] = field(default_factory=list)
    refuse: str = ""
    held_id: str = "7b1f6a52-35a5-4d0c-9be1-0a9f0d1a2b3c"
    _runner: web.AppRunner | None = None

    async def start(self) -> None:
        app = web.Application()
        app.router.add_get("/precincts/{id}", self._precinct)
        app.router.add_put("/decisions/{key}", self._decide)
        app.router.add_get("/dispatches/history", self._history)
        app.router.add_post("/dispatches", self._dispatch)
        app.router.add_delete("/dispatches/{id}", self._recall)
        app.router.add_get("/as-of", self._past)
        app.router.add_get("/dispatches", self._dispatches)
        app.router.add_put("/dispatches/{id}/pause", self._pause)
        app.router.add_get("/floor", self._floor)
        app.router.add_get("/rides", self._rides)
        app.router.add_get("/next-moves", self._next_moves)
        app.router.add_get("/script", self._script)
        app.router.add_put("/script", self._script)
        self._runner = web.AppRunner(app)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", self.port).start()

    async def stop(self) -> None:
        if self._runner:
            await self._runner.cleanup()

    @staticmethod
    def _check(request: web.Request) -> dict[str, Any]:
        bearer = request.headers["Authorization"].removeprefix("Bearer ")
        return dict(Tokens(SECRET).read("service", bearer, max_age=300))

    async def _precinct(self, request: web.Request) -> web.Response:
        """A held count is accepted at noon: at a past minute it waits, or has not come yet."""
        self._check(request)
        known = int(request.query.get("at", CLOSES))
        standing = self.feed.standings[request.match_info["id"]]
        times = range(OPENS, CLOSES + 1, 900)
        final = standing.projected_final

        def at(t: int, factor: float) -> float:
            return round(final * factor * (t - OPENS) / (CLOSES - OPENS), 1)

        curve = [
            {"at": t, "expected": at(t, 1.25), "lo80": at(t, 0.9), "hi80": at(t, 1.1), "lo95": at(t, 0.8),
             "hi95": at(t, 1.2)}
            for t in times
        ]  # fmt: skip
        reports = [
            {"check_in_id": str(i), "observed_at": OPENS + 3600 * i, "received_at": OPENS + 3600 * i + 60,
             "votes": int(at(OPENS + 3600 * i, 1.0)), "verdict": "accepted", "reason": "", "sender": "w3",
             "words": f"{int(at(OPENS + 3600 * i, 1.0))}", "channel": "sms", "kind": "count"}
            for i in range(1, 5)
        ] + [
            {"check_in_id": self.held_id, "observed_at": int(NOON) - 300, "received_at": int(NOON) - 240,
             "votes": 900, "verdict": "held", "reason": "ten times the pace", "sender": "phone …12",
             "words": MARKUP, "channel": "sms", "kind": "count"}
        ]  # fmt: skip
        reports = [r for r in reports if int(str(r["received_at"])) <= known]
        if reports and "at" in request.query:  # the newest was held then (really: test_real_page)
            reports[-1] |= {"verdict": "held", "reason": "as known then"}
        notes = [{"kind": "note", "at": OPENS + 1800, "detail": {"text": "Polls opened late"}}]
        page = {"standing": standing.model_dump(mode="json"), "curve": curve, "reports": reports,
                "annotations": notes, "incidents": []}  # fmt: skip
        return web.json_response(page)

    async def _decide(self, request: web.Request) -> web.Response:
        self._check(request)
        if self.refuse:
            return web.json_response({"message": self.refuse}, status=503)
        self.decisions[request.match_info["key"]] = Decision.model_validate_json(await request.read())
        return web.json_response({"id": request.match_info["key"], "duplicate": False, "reply": ""})

    async def _dispatch(self, request: web.Request) -> web.Response:
        self._check(request)
        self.orders.append(DispatchOrder.model_validate_json(await request.read()))
        self._say_calls()
        return web.json_response({"dispatch_id": "1"}, status=201)

    async def _recall(self, request: web.Request) -> web.Response:
        self._check(request)
        self.orders = [o for o in self.orders if o.precinct_id != request.match_info["id"]]
        self._say_calls()
        return web.Response(status=204)

    async def _history(self, request: web.Request) -> web.Response:
        self._check(request)
        return web.json_response({"dispatches": []})

    async def _dispatches(self, request: web.Request) -> web.Response:
        self._check(request)
        return _json(self.dispatch_list)

    async def _pause(self, request: web.Request) -> web.Response:
        self._check(request)
        paused = PauseOrder.model_validate_json(await request.read()).paused
        self.paused.append((request.match_info["id"], paused))
        return web.Response(status=204)

    async def _floor(self, request: web.Request) -> web.Response:
        self._check(request)
        return _json(self.floor)

    async def _rides(self, request: web.Request) -> web.Response:
        self._check(request)
        return _json(self.rides)

    async def _next_moves(self, request: web.Request) -> web.Response:
        self._check(request)
        moves = [m for m in self.waiting if m.move == request.query["move"]]
        return _json(NextMoveList(moves=moves))

    async def _script(self, request: web.Request) -> web.Response:
        self._check(request)
        if request.method == "PUT":
            order = ScriptOrder.model_validate_json(await request.read())
            lines = self.script.lines | order.lines
            self.script = ScriptView(lines=lines, trial=False, said="changed by sam")
        return _json(self.script)

    def _say_calls(self) -> None:
        """What the tally would tell of the call desk."""
        found = [
            Dispatch(
                precinct_id=o.precinct_id, callers_wanted=o.callers_wanted, started_at=int(NOON),
                started_by="sam", reason="", calls=0,
            )
            for o in self.orders
        ]  # fmt: skip
        self.feed.say_calls(Calls(dispatches=found, proposals=self.proposals))

    async def _past(self, request: web.Request) -> web.Response:
        """The first precinct had counted nothing at a past minute; everything else was as it is."""
        counties = self._check(request).get("counties")
        at = datetime.fromisoformat(request.query["at"]).timestamp()
        if at > self.feed.now:
            return web.json_response({"error": "that minute is still to come"}, status=400)
        past = self.feed.snapshot(FeedClock(now=at, speed=0.0), counties)
        changed = past.standings | {
            "shortfall": [1000 + minutes_of(at) + i for i, _ in enumerate(past.standings["shortfall"])]
        }
        return web.json_response(
            past.model_copy(update={"at": at, "standings": changed}).model_dump(mode="json")
        )


def minutes_of(at: float) -> int:
    """Minutes since the polls opened: what a replayed minute is known by in these tests."""
    return int(at - OPENS) // 60


@dataclass
class Room:
    """A running war room with everything around it."""

    url: str
    database_url: str
    feed: FeedDriver
    neighbours: Neighbourhood
    state: Path
    port: int
    process: Process | None = None
    signed_in: dict[str, Any] = field(default_factory=dict)  # a browser's cookies, by login
    more: dict[str, str] = field(default_factory=dict)  # further settings of the dashboard
    intake_url: str = ""  # a real intake's; empty: the one the test drives by hand

    def start(self) -> None:
        clock = self.state / "clock"
        FileClock(clock).set(datetime.fromtimestamp(self.feed.now, UTC), 1.0)
        neighbour = f"http://127.0.0.1:{self.neighbours.port}"
        environment = os.environ | {
            "BELUGA_DATABASE_URL": self.database_url, "BELUGA_STATE": str(self.state),
            "BELUGA_SECRET": SECRET,
            "BELUGA_DASHBOARD_PORT": str(self.port), "BELUGA_FEED_PORT": str(self.feed.port),
            "BELUGA_TALLY_URL": neighbour, "BELUGA_CALLERS_URL": neighbour,
            "BELUGA_INTAKE_URL": self.intake_url or neighbour,
            "BELUGA_FEED_URL": f"ws://127.0.0.1:{self.feed.port}",
            "BELUGA_CLOCK_FILE": str(clock), **self.more,
        }  # fmt: skip
        with (self.state / "dashboard.log").open("ab") as log:
            self.process = started("dashboard", environment, log)

    async def ready(self, path: str = "/readyz") -> None:
        async with aiohttp.ClientSession() as session:
            for _ in range(300):
                try:
                    async with session.get(self.url + path) as response:
                        if response.status == 200:
                            return
                except aiohttp.ClientError:
                    pass
                assert self.process and self.process.poll() is None, (
                    self.state / "dashboard.log"
                ).read_text()
                await asyncio.sleep(0.1)
        raise AssertionError((self.state / "dashboard.log").read_text())

    def stop(self) -> int:
        assert self.process
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(10)


ACCOUNTS = (
    ("ada", Role.ADMIN, ()),
    ("sam", Role.STAFF, ()),
    ("lee", Role.LEAD, ("County A",)),
    ("cal", Role.CALLER, ()),
)


@asynccontextmanager
async def war_room(
    postgres: EmbeddedPostgres, election: Election, state: Path, intake_url: str = "", **more: str
) -> AsyncIterator[Room]:
    """A fresh database with this election and four accounts; feed, neighbours and dashboard on free ports."""
    name = f"board_{secrets.token_hex(6)}"
    admin = await asyncpg.connect(postgres.url_of("postgres"))
    await admin.execute(f"create database {name} template template_beluga strategy file_copy")
    connection = await connect(postgres.url_of(name))
    async with connection.transaction():
        await save_election(connection, election)
    for login, role, counties in ACCOUNTS:
        await accounts.add(connection, login, role, PASSWORD, counties)
    await connection.close()
    await admin.close()
    feed = FeedDriver(election, database_url=postgres.url_of(name))
    neighbours = Neighbourhood(feed)
    port = free_port()
    room = Room(f"http://127.0.0.1:{port}", postgres.url_of(name), feed, neighbours, state, port)
    room.intake_url, room.more = intake_url, more
    await feed.start()
    await neighbours.start()
    room.start()
    try:
        await room.ready()
        yield room
    finally:
        if room.process and room.process.poll() is None:
            room.stop()
        await feed.stop()
        await neighbours.stop()
        admin = await asyncpg.connect(postgres.url_of("postgres"))  # a test may have restarted the server
        await admin.execute(f"drop database {name} with (force)")
        await admin.close()


@asynccontextmanager
async def chromium() -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=EXECUTABLE, args=ARGUMENTS)
        yield browser
        await browser.close()


@dataclass
class Witness:
    """A page, with everything it logged and asked for."""

    page: Page
    problems: list[str] = field(default_factory=list)
    hosts: set[str] = field(default_factory=set)

    async def painted(self) -> None:
        """Waits for the feed's first word and for the map."""
        await until(self.page, "window.beluga?.board?.ready && beluga.map.paths.size", 40)
        await until(self.page, "[...beluga.map.paths.values()].every((p) => p.style.fill)")


async def until(page: Page, truth: str, seconds: float = 20) -> None:
    """Waits until this holds in the page (whose policy forbids Playwright's own wait to evaluate text)."""
    deadline = time.monotonic() + seconds
    while not await page.evaluate(f"Boolean({truth})"):
        assert time.monotonic() < deadline, f"never: {truth}"
        await asyncio.sleep(0.05)


def _is_problem(said: ConsoleMessage) -> bool:
    """Whether the page complains; that what was preloaded is not yet used only tells of a slow machine."""
    return said.type in ("error", "warning") and "was preloaded using link preload" not in said.text


@asynccontextmanager
async def visiting(
    browser: Browser,
    room: Room,
    login: str = "sam",
    path: str = "/",
    width: int = 1366,
    height: int = 768,
    first_visit: bool = False,
    **more: Any,
) -> AsyncIterator[Witness]:
    """A signed-in page at `path`, in a browser context of its own."""
    context = await browser.new_context(
        viewport={"width": width, "height": height}, storage_state=room.signed_in.get(login), **more
    )
    if not first_visit:
        await context.add_init_script("localStorage.setItem('beluga.tour', '1')")
    page = await context.new_page()
    page.set_default_timeout(20_000)
    witness = Witness(page)
    page.on("console", lambda m: witness.problems.append(m.text) if _is_problem(m) else None)
    page.on("pageerror", lambda e: witness.problems.append(str(e)))
    page.on("request", lambda r: witness.hosts.add(urlsplit(r.url).netloc))
    page.on("websocket", lambda w: witness.hosts.add(urlsplit(w.url).netloc))
    if login and login not in room.signed_in:
        await page.goto(f"{room.url}/login?next={quote(path)}")
        await page.fill("#login", login)
        await page.fill("#password", PASSWORD)
        await page.click("button[type=submit]")
        room.signed_in[login] = await context.storage_state()
    else:
        await page.goto(room.url + path)
    try:
        yield witness
    finally:
        await context.close()
