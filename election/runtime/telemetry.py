"""Logs and metrics. One JSON object a line; Prometheus text; the health pages every service answers.

Never log a phone number, a voter's name or a secret: log ids, kinds and counts.
"""

import faulthandler
import logging
import os
import sys
from collections.abc import Awaitable, Callable

import structlog
from aiohttp import web
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Counter, generate_latest

from election.runtime.heartbeat import HUNG_RESTARTS, SAY_WHERE
from election.runtime.settings import SharedSettings
from election.runtime.unfailing import Unfailing
from election.runtime.whole_requests import MalformedRequests

Readiness = Callable[[], Awaitable[dict[str, bool]]]


def configure_logs(service: str, settings: SharedSettings) -> structlog.stdlib.BoundLogger:
    """Logs of this process go to stderr, one line each, with the service's name.

    So does, on `SAY_WHERE`, where its threads are: names of functions and lines, no values.
    """
    faulthandler.register(SAY_WHERE, file=2, all_threads=True)
    level = logging.getLevelNamesMapping()[settings.log_level.upper()]
    final = (
        structlog.processors.JSONRenderer()
        if settings.log_format == "json"
        else structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())
    )
    every: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
    ]
    structlog.configure(
        processors=[*every, final],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(Unfailing(sys.stderr)),  # type: ignore[arg-type]
        cache_logger_on_first_use=True,
    )
    libraries = logging.StreamHandler(Unfailing(sys.stderr))
    libraries.setFormatter(  # lines like ours: with a time, and no end of a line in them
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[structlog.stdlib.add_logger_name, *every],
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, final],
        )
    )
    logging.basicConfig(level=max(level, logging.WARNING), handlers=[libraries])
    logging.getLogger("aiohttp.server").addFilter(MalformedRequests())
    return structlog.get_logger().bind(service=service)  # type: ignore[no-any-return]


def add_health(
    app: web.Application,
    registry: CollectorRegistry,
    ready: Readiness,
    counted: Callable[[], Awaitable[bytes]] | None = None,
    *,
    leaving: Callable[[], bool] = lambda: False,
) -> None:
    """Adds `/healthz` (the process lives; touches neither disk nor database), `/readyz` (each part by name;
    503 if one is not, 404 while it is `leaving` and answers what still comes) and `/metrics`.

    A service that can work without a part (intake without its database) leaves that part out of `ready`.
    `counted` gives the text of `/metrics` where there is more to it than this process' registry.
    """

    count_hung_restarts(registry)

    async def healthz(_: web.Request) -> web.Response:
        return web.json_response({"ok": True})

    async def readyz(_: web.Request) -> web.Response:
        parts = await ready()
        status = 404 if leaving() else 200 if all(parts.values()) else 503
        return web.json_response(parts, status=status)

    async def metrics(_: web.Request) -> web.Response:
        body = await counted() if counted else generate_latest(registry)
        return web.Response(body=body, headers={"Content-Type": CONTENT_TYPE_LATEST})

    app.router.add_get("/healthz", healthz)
    app.router.add_get("/readyz", readyz)
    app.router.add_get("/metrics", metrics)


def count_hung_restarts(registry: CollectorRegistry) -> None:
    """`beluga_hung_restarts_total`: how often this service was killed for hanging, as its supervisor says."""
    counter = Counter(
        "beluga_hung_restarts", "Times that this service hung and was started again.", registry=registry
    )
    told = os.environ.get(HUNG_RESTARTS, "")
    counter.inc(int(told) if told.isdecimal() else 0)
