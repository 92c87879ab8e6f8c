"""Composition of the callers' service: the web application and the tasks beside it."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Coroutine
from typing import Any, cast

import asyncpg
import structlog
from aiohttp import web
from prometheus_client import CollectorRegistry

from callers import api, captain, desk, joining, links, roll, sheets, staff_api
from callers.addresses import Addresses
from callers.feed import callers_view
from callers.floor import Floor, open_calling
from callers.places import Places
from callers.queue import calling_url
from callers.seal import SealedError
from callers.settings import CallersSettings
from callers.strike_offs import follow
from callers.telemetry import Metrics
from callers.timekeeping import SharedTime
from election.access.access_list import AccessList
from election.access.identity import Admission
from election.access.telemetry import AccessTelemetry
from election.clock import Clock, open_clock
from election.database import UNREACHABLE, pauses, until_reachable
from election.feed_client.connection import follow_feed
from election.leadership import Candidate
from election.store import CHANGED_CHANNEL
from election.telemetry import add_health
from election.tokens import Tokens
from election.whole_requests import HALF_SENT_SECONDS, whole_requests

_TICK_SECONDS = 1.0  # real; a recovered precinct must stop within five
_PLACES_SECONDS = 600.0  # real; an import wakes us, unless the word of it was lost
_BODY_BYTES = 256 * 1024  # the outcomes of a thousand lines
_GRACE_SECONDS = 5.0


def make_app(
    settings: CallersSettings, log: structlog.stdlib.BoundLogger, clock: Clock | None = None
) -> web.Application:
    """The service. It starts and answers with its database and the feed away."""
    whole = whole_requests(HALF_SENT_SECONDS, api.LONGEST_WAIT + _GRACE_SECONDS)
    app = web.Application(middlewares=[whole, api.errors, desk.people], client_max_size=_BODY_BYTES)
    registry = CollectorRegistry()
    heard = callers_view()
    places = Places(heard)
    metrics = Metrics(registry, heard)
    at = SharedTime(clock or open_clock(settings.clock_file))
    holder = api.FloorHolder()
    seal = settings.seal
    app[api.FLOOR] = holder
    app[api.TOKENS] = tokens = Tokens(settings.secret.get_secret_value())
    app[api.ACCESS] = access = AccessList(settings.state / "callers")
    app[api.ENDED] = ended = AccessTelemetry(registry)
    app[api.ADMISSION] = Admission(tokens, access.still_open, ended.account)
    app[api.ADDRESSES] = Addresses(settings.trusted_proxies, settings.secret.get_secret_value())
    app[api.LOG] = log

    async def ready() -> dict[str, bool]:
        floor = holder.floor
        return {
            "database": floor is not None and await _answers(floor),
            "voters_key": floor is None or not floor.queue.sealed_off,
        }

    leader = Candidate(settings.database_url, "dispatch in rehearsal" if settings.rehearsal else "dispatch")

    async def open_when_reachable() -> None:
        pool, opens = await until_reachable(
            lambda: _open(settings),
            lambda error: log.warning("database away", error=type(error).__name__),
        )
        floor = Floor(pool, settings, at=at, heard=heard, places=places, metrics=metrics, leader=leader)
        floor.queue.sealed_off = not opens
        holder.floor = floor
        log.info("database reached")
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(_keep_ticking(floor, log))
            tasks.create_task(leader.run())
            tasks.create_task(_keep_places(floor, log))

    async def from_log(strike_offs: int, revoked: int) -> None:
        metrics.strike_offs.inc(strike_offs)
        metrics.revoked.inc(revoked)

    def recheck() -> None:
        if holder.floor:
            holder.floor.waiting.recheck()

    access.on_change.append(recheck)

    async def beside(_: web.Application) -> AsyncIterator[None]:
        if settings.database_url:
            await asyncio.to_thread(access.load)
        running = [
            _start(access.follow(settings.database_url), "access list", log),
            _start(open_when_reachable(), "floor", log),
            _start(follow_feed(heard, settings.feed_url, tokens, "callers"), "feed", log),
            _start(
                follow(
                    calling_url(settings.database_url, rehearsal=settings.rehearsal),
                    at.now,
                    from_log,
                    log,
                    rehearsal=settings.rehearsal,
                    seal=seal,
                ),
                "log",
                log,
            ),
        ]
        yield
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)
        if holder.floor:
            with contextlib.suppress(TimeoutError, *UNREACHABLE):
                await asyncio.wait_for(holder.floor.pool.close(), _GRACE_SECONDS)

    async def let_go(_: web.Application) -> None:
        if holder.floor:
            holder.floor.waiting.close()

    app.on_shutdown.append(let_go)
    app.cleanup_ctx.append(beside)
    api.add_api(app, [*api.ROUTES, *staff_api.ROUTES, *links.ROUTES])
    desk.add_desk(app)
    joining.add_joining(app, settings.wrong_codes_a_minute)
    captain.add_captain(app)
    sheets.add_sheets(app)
    add_health(app, registry, ready)
    return app


def _start(
    work: Coroutine[Any, Any, None], name: str, log: structlog.stdlib.BoundLogger
) -> "asyncio.Task[None]":
    """A task whose failure ends the process: its supervisor then starts it anew."""
    task = asyncio.create_task(work, name=name)

    def ended(task: "asyncio.Task[None]") -> None:
        if not task.cancelled() and (error := task.exception()):
            log.critical("a task failed", task=name, exc_info=error)
            raise SystemExit(1) from error

    task.add_done_callback(ended)
    return task


async def _open(settings: CallersSettings) -> tuple[asyncpg.Pool, bool]:
    """Connections, and whether our key opens the roll. Raises one of `UNREACHABLE`."""
    pool = await open_calling(settings)
    try:
        return pool, await roll.opens(pool, settings.seal)
    except BaseException:
        pool.terminate()
        raise


async def _answers(floor: Floor) -> bool:
    try:
        async with asyncio.timeout(2):
            return bool(await floor.pool.fetchval("select true"))
    except UNREACHABLE:
        return False


async def _keep_ticking(floor: Floor, log: structlog.stdlib.BoundLogger) -> None:
    rest = pauses()
    while True:
        try:
            await floor.tick()
            rest.reset()
            await asyncio.sleep(_TICK_SECONDS)
        except UNREACHABLE as error:
            log.warning("database away", error=type(error).__name__)
            await rest.wait()


async def _keep_places(floor: Floor, log: structlog.stdlib.BoundLogger) -> None:
    rest = pauses()
    while True:
        try:
            async with floor.pool.acquire() as proxy:
                connection = cast(asyncpg.Connection, proxy)
                changed = asyncio.Event()

                def wake(*_: object, changed: asyncio.Event = changed) -> None:
                    changed.set()

                await connection.add_listener(CHANGED_CHANNEL, wake)
                try:
                    while True:
                        changed.clear()
                        known = await floor.places.load(connection)
                        floor.queue.sealed_off = not await roll.opens(connection, floor.settings.seal)
                        if floor.queue.sealed_off:
                            log.critical("nobody can be called", problem=str(SealedError()))
                        rest.reset()
                        with contextlib.suppress(TimeoutError):
                            await asyncio.wait_for(changed.wait(), _PLACES_SECONDS if known else 1.0)
                finally:
                    with contextlib.suppress(*UNREACHABLE):
                        await connection.remove_listener(CHANGED_CHANNEL, wake)
        except UNREACHABLE as error:
            log.warning("database away", error=type(error).__name__)
            await rest.wait()
