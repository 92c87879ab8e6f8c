"""Composition of the callers' service: the web application and the tasks beside it."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Coroutine
from typing import Any, cast

import asyncpg
import structlog
from aiohttp import web
from prometheus_client import CollectorRegistry

from callers.api import calls, dispatches, doors, keys, links, rides, rolls
from callers.api import staff as staff_api
from callers.api.addresses import Addresses
from callers.api.answers import errors
from callers.api.openapi import add_api
from callers.dispatch.feed import callers_view
from callers.dispatch.places import Places
from callers.effect.control_group import MEASURE_SECONDS
from callers.pages import caller as desk
from callers.pages import captain, ride, sheets
from callers.pages import doors as walk
from callers.pages import join as joining
from callers.queue.leases import calling_url
from callers.service.calling_service import CallingService, open_calling
from callers.service.database_clock import DatabaseClock
from callers.service.metrics import Metrics
from callers.settings import CallersSettings
from callers.voters import voter_file as roll
from callers.voters.encryption import SealedError
from callers.voters.strike_offs import follow
from election.access.access_list import AccessList
from election.access.identity import Admission
from election.access.telemetry import AccessTelemetry
from election.access.tokens import Tokens
from election.feed_client.connection import follow_feed
from election.postgres.database import UNREACHABLE, pauses, until_reachable
from election.postgres.election_store import CHANGED_CHANNEL
from election.postgres.leadership import Candidate
from election.postgres.service_settings import keep_told
from election.runtime.clock import Clock, open_clock
from election.runtime.heap import give_back_once_started
from election.runtime.telemetry import add_health
from election.runtime.whole_requests import HALF_SENT_SECONDS, whole_requests

_TICK_SECONDS = 1.0  # real; a recovered precinct must stop within five
_PLACES_SECONDS = 600.0  # real; an import wakes us, unless the word of it was lost
_BODY_BYTES = 256 * 1024  # the outcomes of a thousand lines
_GRACE_SECONDS = 5.0


def make_app(
    settings: CallersSettings, log: structlog.stdlib.BoundLogger, clock: Clock | None = None
) -> web.Application:
    """The service. It starts and answers with its database and the feed away."""
    whole = whole_requests(HALF_SENT_SECONDS, calls.LONGEST_WAIT + _GRACE_SECONDS)
    app = web.Application(middlewares=[whole, errors, desk.people], client_max_size=_BODY_BYTES)
    registry = CollectorRegistry()
    feed = callers_view()
    places = Places(feed)
    metrics = Metrics(registry, feed)
    at = DatabaseClock(clock or open_clock(settings.clock_file))
    holder = keys.ServiceHolder()
    encryption = settings.encryption
    app[keys.SERVICE] = holder
    app[keys.TOKENS] = tokens = Tokens(settings.secret.get_secret_value())
    app[keys.ACCESS] = access = AccessList(settings.state / "callers")
    app[keys.ENDED] = ended = AccessTelemetry(registry)
    app[keys.ADMISSION] = Admission(tokens, access.still_open, ended.account)
    app[keys.ADDRESSES] = Addresses(settings.trusted_proxies, settings.secret.get_secret_value())
    app[keys.LOG] = log

    async def ready() -> dict[str, bool]:
        service = holder.service
        return {
            "database": service is not None and await _answers(service),
            "voters_key": service is None or not service.queue.sealed_off,
        }

    leader = Candidate(settings.database_url, "dispatch in rehearsal" if settings.rehearsal else "dispatch")

    async def open_when_reachable() -> None:
        pool, opens = await until_reachable(
            lambda: _open(settings),
            lambda error: log.warning("database_away", work="opening", error=type(error).__name__),
        )
        service = CallingService(
            pool, settings, at=at, feed=feed, places=places, metrics=metrics, leader=leader
        )
        service.queue.sealed_off = not opens
        await _state_control_group(service, log)
        holder.service = service
        log.info("database_reached")
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(_keep_ticking(service, log))
            tasks.create_task(leader.run())
            tasks.create_task(_keep_places(service, log))
            tasks.create_task(_keep_measuring(service, leader, log))

    async def from_log(strike_offs: int, revoked: int) -> None:
        metrics.strike_offs.inc(strike_offs)
        metrics.revoked.inc(revoked)
        if holder.service:
            holder.service.rolls.struck_anew()

    def recheck() -> None:
        if holder.service:
            holder.service.long_poll.recheck()

    access.on_change.append(recheck)

    async def beside(_: web.Application) -> AsyncIterator[None]:
        if settings.database_url:
            await asyncio.to_thread(access.load)
        running = [
            _start(access.follow(settings.database_url), "access list", log),
            _start(open_when_reachable(), "floor", log),
            _start(follow_feed(feed, settings.feed_url, tokens, "callers"), "feed", log),
            _start(
                follow(
                    calling_url(settings.database_url, rehearsal=settings.rehearsal),
                    at.now,
                    from_log,
                    log,
                    rehearsal=settings.rehearsal,
                    encryption=encryption,
                ),
                "log",
                log,
            ),
        ]
        if settings.database_url:
            running.append(_start(keep_told(settings.database_url, "callers", settings), "settings", log))
        give_back_once_started()
        yield
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)
        if holder.service:
            with contextlib.suppress(TimeoutError, *UNREACHABLE):
                await asyncio.wait_for(holder.service.pool.close(), _GRACE_SECONDS)

    async def let_go(_: web.Application) -> None:
        if holder.service:
            holder.service.long_poll.close()

    app.on_shutdown.append(let_go)
    app.cleanup_ctx.append(beside)
    routes = [
        calls.ROUTES,
        dispatches.ROUTES,
        staff_api.ROUTES,
        links.ROUTES,
        rides.ROUTES,
        rolls.ROUTES,
        doors.ROUTES,
    ]
    add_api(app, [route for each in routes for route in each])
    desk.add_desk(app)
    joining.add_joining(app, settings.wrong_codes_a_minute)
    captain.add_captain(app)
    ride.add_rides(app)
    walk.add_doors(app)
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
            log.error("task_failed", task=name, exc_info=error)
            raise SystemExit(1) from error

    task.add_done_callback(ended)
    return task


async def _open(settings: CallersSettings) -> tuple[asyncpg.Pool, bool]:
    """Connections, and whether our key opens the roll. Raises one of `UNREACHABLE`."""
    pool = await open_calling(settings)
    try:
        return pool, await roll.opens(pool, settings.encryption)
    except BaseException:
        pool.terminate()
        raise


async def _answers(service: CallingService) -> bool:
    try:
        async with asyncio.timeout(2):
            return bool(await service.pool.fetchval("select true"))
    except UNREACHABLE:
        return False


async def _keep_ticking(service: CallingService, log: structlog.stdlib.BoundLogger) -> None:
    rest = pauses()
    while True:
        try:
            await service.tick()
            rest.reset()
            await asyncio.sleep(_TICK_SECONDS)
        except UNREACHABLE as error:
            log.warning("database_away", work="tick", error=type(error).__name__)
            await rest.wait()


async def _state_control_group(service: CallingService, log: structlog.stdlib.BoundLogger) -> None:
    """Before anybody can be called. A group that stands already is kept, whatever the setting says now."""

    async def state() -> float:
        return await service.control.state(service.time.now())

    share = await until_reachable(
        state, lambda error: log.warning("database_away", work="control group", error=type(error).__name__)
    )
    if share != service.settings.control_share:
        log.warning("control_group_stands", share=share, setting=service.settings.control_share)


async def _keep_measuring(
    service: CallingService, leader: Candidate, log: structlog.stdlib.BoundLogger
) -> None:
    """What a contact brings, for dispatch: beside the ticks, since it looks at all of the day's calls."""
    while True:
        try:
            if leader.term:
                await service.control.measure(service.time.now())
        except UNREACHABLE as error:
            log.warning("database_away", work="effect of calls", error=type(error).__name__)
        await asyncio.sleep(MEASURE_SECONDS)


async def _keep_places(service: CallingService, log: structlog.stdlib.BoundLogger) -> None:
    rest = pauses()
    while True:
        try:
            async with service.pool.acquire() as proxy:
                connection = cast(asyncpg.Connection, proxy)
                changed = asyncio.Event()

                def wake(*_: object, changed: asyncio.Event = changed) -> None:
                    changed.set()

                await connection.add_listener(CHANGED_CHANNEL, wake)
                try:
                    while True:
                        changed.clear()
                        known = await service.places.load(connection)
                        service.queue.sealed_off = not await roll.opens(
                            connection, service.settings.encryption
                        )
                        if service.queue.sealed_off:
                            log.critical("voters_key_wrong", reason=str(SealedError()))
                        rest.reset()
                        with contextlib.suppress(TimeoutError):
                            await asyncio.wait_for(changed.wait(), _PLACES_SECONDS if known else 1.0)
                finally:
                    with contextlib.suppress(*UNREACHABLE):
                        await connection.remove_listener(CHANGED_CHANNEL, wake)
        except UNREACHABLE as error:
            log.warning("database_away", work="places", error=type(error).__name__)
            await rest.wait()
