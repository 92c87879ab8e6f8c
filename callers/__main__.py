"""`python -m callers`: the callers' service, until SIGTERM."""

from election.runtime.loading import loading

with loading():
    import asyncio
    import gc
    import sys

    import uvloop
    from aiohttp import web

    from callers.app import make_app
    from callers.settings import CallersSettings
    from callers.voters.encryption import ShortKeyError
    from election.runtime.heap import give_back, keep_together
    from election.runtime.private_files import keep_private
    from election.runtime.telemetry import configure_logs
    from election.runtime.whole_requests import HALF_SENT_SECONDS

# After how many objects Python looks for rings among the young, the middle-aged and all. The candidates of
# 1,800 open precincts are half a million objects without a ring; a look through them takes .1 to .3 s.
COLLECT_AFTER = (10_000, 20, 1_000)
BACKLOG = 2_048  # connections: after a restart everybody who waited for work comes back at once


def main() -> int:
    """Serves until SIGTERM or Ctrl-C, then finishes what it has begun; 1 where it cannot start."""
    keep_together()
    keep_private()
    settings = CallersSettings()
    log = configure_logs("callers", settings)
    gc.freeze()
    give_back()
    gc.set_threshold(*COLLECT_AFTER)
    loop = uvloop.new_event_loop()
    asyncio.set_event_loop(loop)
    try:
        app = make_app(settings, log)
    except ShortKeyError as error:
        log.error("service_cannot_start", reason=str(error))
        return 1
    log.info("service_ready", host=settings.host, port=settings.callers_port)
    web.run_app(
        app, host=settings.host, port=settings.callers_port, access_log=None, print=None,
        loop=loop, shutdown_timeout=5, backlog=BACKLOG, keepalive_timeout=HALF_SENT_SECONDS,
    )  # fmt: skip
    return 0


if __name__ == "__main__":
    sys.exit(main())
