"""Logs and metrics. One JSON object a line; Prometheus text; the health pages every service answers.

Never log a phone number, a voter's name or a secret: log ids, kinds and counts.
"""

import logging
import sys
from collections.abc import Awaitable, Callable

import structlog
from aiohttp import web
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest

from election.settings import SharedSettings
from election.whole_requests import OddRequests

Readiness = Callable[[], Awaitable[dict[str, bool]]]


def configure_logs(service: str, settings: SharedSettings) -> structlog.stdlib.BoundLogger:
    """Logs of this process go to stderr, one line each, with the service's name."""
    level = logging.getLevelNamesMapping()[settings.log_level.upper()]
    final = (
        structlog.processors.JSONRenderer()
        if settings.log_format == "json"
        else structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())
    )
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            final,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )
    logging.basicConfig(level=max(level, logging.WARNING), stream=sys.stderr, format="%(name)s: %(message)s")
    logging.getLogger("aiohttp.server").addFilter(OddRequests())
    return structlog.get_logger().bind(service=service)  # type: ignore[no-any-return]


def add_health(
    app: web.Application,
    registry: CollectorRegistry,
    ready: Readiness,
    counted: Callable[[], Awaitable[bytes]] | None = None,
) -> None:
    """Adds `/healthz` (the process lives), `/readyz` (each part by name; 503 if one is not) and `/metrics`.

    A service that can work without a part (intake without its database) leaves that part out of `ready`.
    `counted` gives the text of `/metrics` where there is more to it than this process' registry.
    """

    async def healthz(_: web.Request) -> web.Response:
        return web.json_response({"ok": True})

    async def readyz(_: web.Request) -> web.Response:
        parts = await ready()
        return web.json_response(parts, status=200 if all(parts.values()) else 503)

    async def metrics(_: web.Request) -> web.Response:
        body = await counted() if counted else generate_latest(registry)
        return web.Response(body=body, headers={"Content-Type": CONTENT_TYPE_LATEST})

    app.router.add_get("/healthz", healthz)
    app.router.add_get("/readyz", readyz)
    app.router.add_get("/metrics", metrics)
