"""`python -m intake`: webhooks, the watcher's form and staff decisions, all through one journal."""

import sys

import uvloop

from election.telemetry import configure_logs
from intake.app import serve
from intake.journal import JournalUnavailableError
from intake.settings import IntakeSettings


def main() -> int:
    """Serves until SIGTERM; exit status 1 where it cannot start, with the reason in the log."""
    settings = IntakeSettings()
    log = configure_logs("intake", settings)
    try:
        uvloop.run(serve(settings))
    except (JournalUnavailableError, OSError, ValueError) as error:
        log.error("intake_cannot_start", reason=str(error))
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
