"""`python -m callers`: the callers' service, until SIGTERM."""

import asyncio

import uvloop
from aiohttp import web

from callers.app import make_app
from callers.settings import CallersSettings
from election.telemetry import configure_logs

BACKLOG = 2_048  # connections: after a restart everybody who waited for work comes back at once


def main() -> None:
    """Serves until SIGTERM or Ctrl-C, then finishes what it has begun."""
    settings = CallersSettings()
    log = configure_logs("callers", settings)
    loop = uvloop.new_event_loop()
    asyncio.set_event_loop(loop)
    log.info("listening", host=settings.host, port=settings.callers_port)
    web.run_app(
        make_app(settings, log), host=settings.host, port=settings.callers_port, access_log=None, print=None,
        loop=loop, shutdown_timeout=5, backlog=BACKLOG,
    )  # fmt: skip


if __name__ == "__main__":
    main()
