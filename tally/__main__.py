"""`python -m tally`: follows the log, keeps the standings, serves the feed and the API."""

from election.runtime.loading import loading

with loading():
    import gc
    import sys

    import uvloop

    from election.runtime.heap import give_back, keep_together
    from election.runtime.private_files import keep_private
    from election.runtime.telemetry import configure_logs
    from tally.app import serve
    from tally.settings import TallySettings


def main() -> int:
    """Serves until SIGTERM; exit status 1 where it cannot start or must be started again."""
    gc.freeze()  # what is loaded stays
    keep_together()
    keep_private()
    settings = TallySettings()
    log = configure_logs("tally", settings)
    give_back()
    try:
        return uvloop.run(serve(settings))
    except (OSError, ValueError) as error:
        log.error("service_cannot_start", reason=str(error))
        return 1


if __name__ == "__main__":
    sys.exit(main())
