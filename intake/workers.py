"""`python -m intake --workers N`: N processes on one port, each with its own journal.

The kernel spreads connections over them (SO_REUSEPORT). This process only starts them, starts again what
dies, and passes on the signal to stop. A redelivery may reach another worker, whose journal does not know the
text: it is then journalled twice and stored once, by PostgreSQL's key.
"""

import os
import signal
import subprocess
import sys
import time

import structlog

from intake.settings import IntakeSettings

RESTART_SECONDS = (0.5, 10.0)  # before a worker that died is started again: first, and at most
STOP_SECONDS = 30.0  # more than a worker takes for its requests in flight and its last drain
STEADY_SECONDS = 30.0  # a worker that lived this long did not fail at its start

log = structlog.get_logger()


class _Worker:
    def __init__(self, number: int, count: int) -> None:
        self.number = number
        self._environment = os.environ | {
            "BELUGA_INTAKE_WORKER": str(number),
            "BELUGA_INTAKE_WORKERS": str(count),
        }
        self._pause = RESTART_SECONDS[0]
        self._start_at = self._started_at = 0.0
        self.process: subprocess.Popen[bytes] | None = None

    def tend(self, now: float) -> None:
        """Starts it if it is not running and its pause is over."""
        if self.process is not None:
            status = self.process.poll()
            if status is None:
                return
            lived = now - self._started_at
            self._pause = (
                RESTART_SECONDS[0] if lived > STEADY_SECONDS else min(2 * self._pause, RESTART_SECONDS[1])
            )
            self._start_at = now + self._pause
            self.process = None
            log.error("worker_died", worker=self.number, status=status, again_in_seconds=self._pause)
        if now >= self._start_at:
            self._started_at = now
            self.process = subprocess.Popen([sys.executable, "-m", "intake"], env=self._environment)


def supervise(settings: IntakeSettings) -> int:
    """Runs the workers until SIGTERM or SIGINT; the exit status."""
    stopping = False

    def stop(*_: object) -> None:
        nonlocal stopping
        stopping = True

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, stop)
    _tell_orphans(settings)
    workers = [_Worker(number, settings.intake_workers) for number in range(settings.intake_workers)]
    while not stopping:
        for worker in workers:
            worker.tend(time.monotonic())
        time.sleep(0.1)
    running = [worker.process for worker in workers if worker.process]
    for process in running:
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
    until = time.monotonic() + STOP_SECONDS
    for process in running:
        try:
            process.wait(max(0.1, until - time.monotonic()))
        except subprocess.TimeoutExpired:
            process.kill()
    return 0


def _tell_orphans(settings: IntakeSettings) -> None:
    """Journals of workers that are no longer: their undrained messages need a hand."""
    for folder in sorted(settings.folder.glob("journal-*")):
        number = folder.name.removeprefix("journal-")
        if number.isdecimal() and int(number) >= settings.intake_workers and any(folder.glob("*.journal")):
            log.error(
                "journal_without_worker",
                folder=str(folder),
                remedy="start as many workers as before, or: beluga journal drain FILE, for each in it",
            )
