"""`python -m intake [--workers N]`: webhooks, the watcher's form, staff decisions: one way for all."""

from election.runtime.loading import loading

with loading():
    import argparse
    import gc
    import os
    import resource
    import sys

    import uvloop

    from election.runtime.heap import give_back, keep_together
    from election.runtime.private_files import keep_private
    from election.runtime.telemetry import configure_logs
    from intake.journal.writer import JournalUnavailableError
    from intake.metrics.workers import share_metrics
    from intake.settings import IntakeSettings
    from intake.workers import supervise

# Seconds after which the event loop lets the journal's thread go on: with Python's 5 ms a batch would wait
# longer for its turn than for the disk.
SWITCH_SECONDS = 0.001
# Objects that pile up before the collector looks for rings; a message makes none, so it seldom needs to.
COLLECT_AFTER = 20_000


def main() -> int:
    """Serves until SIGTERM; exit status 1 where it cannot start, with the reason in the log."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--workers", type=int, help="processes that share the port (BELUGA_INTAKE_WORKERS)")
    asked = parser.parse_args().workers
    keep_together()
    keep_private()
    settings = IntakeSettings(**({"intake_workers": asked} if asked else {}))
    log = configure_logs("intake", settings)
    if settings.intake_workers > 1 and "BELUGA_INTAKE_WORKER" not in os.environ:
        return supervise(settings)
    with loading():
        from intake.app import serve  # who only starts workers does without all that they do
    share_metrics(settings.intake_worker)
    settle_process()
    try:
        uvloop.run(serve(settings))
    except (JournalUnavailableError, OSError, ValueError) as error:
        log.error("service_cannot_start", reason=str(error))
        return 1
    return 0


def settle_process() -> None:
    """Sets the process up for what intake does all day."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)  # a connection is a file
    if hard != resource.RLIM_INFINITY and soft < hard:
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    sys.setswitchinterval(SWITCH_SECONDS)
    gc.freeze()
    give_back()
    gc.set_threshold(COLLECT_AFTER)


if __name__ == "__main__":
    sys.exit(main())
