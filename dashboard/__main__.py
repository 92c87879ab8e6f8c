"""`python -m dashboard`: the war room under waitress."""

from election.runtime.loading import loading

with loading():
    import gc
    import resource
    import signal
    import sys
    from types import FrameType

    import waitress
    from waitress.server import BaseWSGIServer

    from dashboard.app import BODY_LIMIT, build
    from dashboard.bridge.half_sent import HttpChannel
    from dashboard.bridge.lanes import Lanes
    from dashboard.bridge.proxied import behind_proxies
    from dashboard.settings import DashboardSettings
    from election.runtime.heap import give_back, keep_together
    from election.runtime.private_files import keep_private
    from election.runtime.telemetry import configure_logs

LARGEST_HEAD = 32_768  # bytes: a cookie, and what proxies add
CONNECTIONS = 4_096  # at once: 500 viewers with the six that a browser opens, and room


def allow_files(wanted: int) -> None:
    """Raises this process's limit of open files as far as it may."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY:
        wanted = min(wanted, hard)
    if soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def main() -> int:
    """Serves until SIGTERM or SIGINT."""
    gc.freeze()  # what is loaded stays
    keep_together()
    keep_private()
    allow_files(2 * CONNECTIONS)
    settings = DashboardSettings()
    log = configure_logs("dashboard", settings)
    lanes = Lanes(settings.dashboard_threads)
    try:
        room = build(settings, lambda: lanes.well)
    except ValueError as error:
        print(f"dashboard: {error}", file=sys.stderr)
        return 2
    server: BaseWSGIServer = waitress.create_server(
        behind_proxies(room.server, settings.trusted_proxy),
        host=settings.host,
        port=settings.dashboard_port,
        _dispatcher=lanes,
        # Each open board keeps a connection or two. Above waitress's usual hundred nobody would be let in
        # until one of them has been idle for two minutes; above 1,024 its `select` fails.
        connection_limit=CONNECTIONS,
        backlog=CONNECTIONS,
        asyncore_use_poll=True,
        # Read before anybody is asked who it is: waitress would take a gigabyte.
        max_request_body_size=2 * BODY_LIMIT,
        max_request_header_size=LARGEST_HEAD,
        ident="",
        clear_untrusted_proxy_headers=False,  # `behind_proxies` does
    )
    server.channel_class = HttpChannel
    asked = False

    def stop(number: int, _: FrameType | None) -> None:
        # No lock, and once: a second signal may come while the first one is handled, or while all is closed.
        nonlocal asked
        again, asked = asked, True
        if not again:
            raise SystemExit(0)

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    give_back()
    log.info("service_ready", port=settings.dashboard_port)
    try:
        server.run()
    except SystemExit:
        if not asked:
            raise
    finally:
        server.close()
        room.stop()
        log.info("service_stopped")
    return 0


if __name__ == "__main__":
    sys.exit(main())
