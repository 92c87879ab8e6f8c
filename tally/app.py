"""The service: follower, engine, feed and API in one process, serving whether or not there is a database."""

import asyncio
import signal
from collections.abc import AsyncIterator, Coroutine, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from functools import cached_property
from typing import Any

import asyncpg
import structlog
from aiohttp import web
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from election.access.access_list import AccessList
from election.access.identity import Admission
from election.access.telemetry import AccessTelemetry
from election.access.tokens import Tokens
from election.domain.checkin import CheckIn
from election.postgres.database import UNREACHABLE, open_pool, pauses
from election.postgres.service_settings import keep_told
from election.runtime.clock import Clock, open_clock
from election.runtime.heap import give_back_once_started
from election.runtime.machine import MachineTime
from election.runtime.telemetry import add_health
from election.runtime.whole_requests import HALF_SENT_SECONDS, whole_requests
from election.wire.callers import ReachedPrecinct
from tally.engine.call_desk import CallDesk
from tally.engine.follower import Follower
from tally.engine.service import Engine
from tally.feed.server import Feed
from tally.http.api import add_api
from tally.http.counted_ids import add_counted_ids
from tally.http.openapi import add_openapi
from tally.projection.reached import reached_turnout
from tally.settings import TallySettings
from tally.standing.rounding import Row

BUCKETS = (0.05, 0.1, 0.2, 0.3, 0.5, 0.75, 1, 1.5, 2, 5, 10, 60, 600)  # seconds

log = structlog.get_logger()


class Service:
    """One tally. `async with Service(settings).running()` serves until the context closes."""

    def __init__(self, settings: TallySettings, clock: Clock | None = None) -> None:
        self.settings = settings
        self.clock = clock or open_clock(settings.clock_file)
        self.registry = CollectorRegistry()
        tokens = Tokens(settings.secret.get_secret_value())
        self.access = AccessList(settings.state / "tally")
        counted = AccessTelemetry(self.registry)
        self._admission = Admission(tokens, self.access.still_open, counted.account)
        self.engine = Engine(
            self.clock,
            conflate_seconds=settings.conflate_ms / 1000,
            refit_rest=settings.refit_rest,
            rehearsal=settings.rehearsal,
        )
        self.follower = Follower(
            settings.database_url, self.engine, poll_seconds=settings.poll_seconds, batch=settings.read_batch,
            rehearsal=settings.rehearsal, on_topic=self.engine.publisher.add_topic,
        )  # fmt: skip
        self.feed = Feed(self.engine.publisher, self._admission, settings, self.registry)
        self.calls = CallDesk(
            settings, self._admission, self.clock, self.engine.publisher.update_calls, self._estimated
        )
        self.access.on_change.append(self.feed.recheck)
        self.engine.publisher.on_change = self.feed.publish
        self.engine.publisher.on_restart = self.feed.restart
        self.engine.publisher.on_published = self._published
        self.engine.publisher.behind = lambda: self.follower.behind
        self._pool: asyncpg.Pool | None = None
        self._failed = asyncio.Event()
        self._measure()

    def _measure(self) -> None:
        lag = Gauge(
            "beluga_tally_stored_behind_seconds",
            "Since the tally last had everything the database stores.",
            registry=self.registry,
        )
        lag.set_function(lambda: self.follower.behind)
        lost = Counter(
            "beluga_tally_database_lost",
            "Times that the database broke off the follower's connection.",
            registry=self.registry,
        )
        self.follower.on_lost = lost.inc
        self.registry.register(MachineTime())
        self._latency = Histogram(
            "beluga_tally_latency_seconds",
            "From a check-in's receipt to its publication (real clock only).",
            buckets=BUCKETS,
            registry=self.registry,
        )

    def _published(self, check_ins: Sequence[CheckIn]) -> None:
        if self.settings.clock_file is None:
            now = self.clock.now()
            for check_in in check_ins:
                self._latency.observe((now - check_in.received_at).total_seconds())

    async def _estimated(self, reached: Sequence[ReachedPrecinct]) -> Row | None:
        """What people reached say of silent precincts; None before the first standings."""
        return await self.engine.ask(lambda tally, now, _: reached_turnout(tally, now, reached))

    async def _ready(self) -> dict[str, bool]:
        return {"database": self.follower.connected, "standings": self.engine.publisher.edition is not None}

    @cached_property
    def application(self) -> web.Application:
        """The JSON API with the pages of health."""
        app = web.Application(client_max_size=65_536, middlewares=[whole_requests(HALF_SENT_SECONDS)])
        add_health(app, self.registry, self._ready)
        add_api(app, self.engine, self._admission, lambda: self._pool)
        add_counted_ids(app, self.engine, self._admission)
        add_openapi(app)
        return app

    @asynccontextmanager
    async def running(self) -> AsyncIterator["Service"]:
        """Serves the API and the feed, follows the log, and stops in the opposite order."""
        if self.settings.database_url:
            await asyncio.to_thread(self.access.load)
        runner = web.AppRunner(
            self.application,
            access_log=None,
            shutdown_timeout=2,
            handle_signals=False,
            keepalive_timeout=HALF_SENT_SECONDS,
        )
        async with AsyncExitStack() as stack:
            await runner.setup()
            stack.push_async_callback(runner.cleanup)
            await web.TCPSite(runner, self.settings.host, self.settings.tally_port).start()
            await stack.enter_async_context(self.feed.serving())
            tasks = [self._run(self.engine.run(), "engine")]
            if self.settings.database_url:
                tasks += [self._run(self.follower.run(), "follower"), self._run(self._keep_pool(), "pool")]
                tasks.append(self._run(self.calls.run(), "calls"))
                url = self.settings.database_url
                tasks.append(self._run(keep_told(url, "tally", self.settings), "settings"))
                tasks.append(self._run(self.access.follow(self.settings.database_url), "access list"))
            stack.push_async_callback(_cancelled, tasks)
            give_back_once_started()
            log.info("service_ready", port=self.settings.tally_port, feed_port=self.settings.feed_port)
            yield self

    async def failed(self) -> None:
        """Returns when a part of the service has failed and only a restart helps."""
        await self._failed.wait()

    async def _keep_pool(self) -> None:
        rest = pauses()
        while self._pool is None:
            try:
                self._pool = await open_pool(self.settings.database_url, size=2)
            except UNREACHABLE:
                await rest.wait()
        try:
            await asyncio.Event().wait()
        finally:
            self._pool.terminate()

    def _run(self, work: Coroutine[Any, Any, None], name: str) -> "asyncio.Task[None]":
        task = asyncio.create_task(work, name=name)
        task.add_done_callback(self._ended)
        return task

    def _ended(self, task: "asyncio.Task[None]") -> None:
        if not task.cancelled():
            log.error("task_failed", task=task.get_name(), exc_info=task.exception())
            self._failed.set()


async def _cancelled(tasks: Sequence["asyncio.Task[None]"]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


async def serve(settings: TallySettings) -> int:
    """Runs until SIGTERM or SIGINT (0), or until a part fails (1: whoever supervises starts it again)."""
    stop = asyncio.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(name, stop.set)
    async with Service(settings).running() as service:
        ends = [asyncio.ensure_future(stop.wait()), asyncio.ensure_future(service.failed())]
        await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
        for end in ends:
            end.cancel()
    return 0 if stop.is_set() else 1
