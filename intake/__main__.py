"""`python -m intake`: webhooks, the watcher's form and staff decisions, all through one journal."""

import sys

import uvloop

from election.telemetry import configure_logs
from intake.app import serve
from intake.journal import JournalUnavailableError
from intake.settings import IntakeSettings

# Seconds after which the event loop lets the journal's thread go on: with Python's 5 ms a batch would wait
# longer for its turn than for the disk.
SWITCH_SECONDS = 0.001


def main() -> int:
    """Serves until SIGTERM; exit status 1 where it cannot start, with the reason in the log."""
    settings = IntakeSettings()
    sys.setswitchinterval(SWITCH_SECONDS)
    log = configure_logs("intake", settings)
    try:
        uvloop.run(serve(settings))
    except (JournalUnavailableError, OSError, ValueError) as error:
        log.error("intake_cannot_start", reason=str(error))
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
