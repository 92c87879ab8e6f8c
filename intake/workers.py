"""`python -m intake --workers N`: N processes on one port, each with its own journal.

The kernel spreads connections over them (SO_REUSEPORT). This process only starts them, starts again what dies
or hangs, and passes on the signal to stop. Nobody can ask one of them by the port they share; so each beats
through a pipe, from its event loop. A redelivery may reach another worker, whose journal does not know the
text: it is then journalled twice and stored once, by PostgreSQL's key.
"""

import os
import signal
import subprocess
import sys
import time

import structlog

from election.runtime.heartbeat import BEAT_SECONDS, HUNG_RESTARTS, SAY_WHERE, Heartbeat, beat
from intake.metrics.workers import FOLDER, forget_gauges, shared_folder
from intake.settings import IntakeSettings

RESTART_SECONDS = (0.5, 10.0)  # before a worker that died is started again: first, and at most
STOP_SECONDS = 30.0  # more than a worker takes for its requests in flight and its last drain
STEADY_SECONDS = 30.0  # a worker that lived this long did not fail at its start
SILENT_SECONDS = 7.0  # without a beat: it hangs
START_SECONDS = 60.0  # until the first beat, which comes before anything is opened
LOOK_SECONDS = 0.1
LATE_SECONDS = 2.0  # if we ourselves look so late, the machine stood still, and nobody's silence counts
LAST_WORDS_SECONDS = 0.5

log = structlog.get_logger()


class _Worker:
    def __init__(self, number: int, count: int, metrics: str) -> None:
        self.number = number
        self._metrics = metrics
        self._environment = os.environ | {
            "BELUGA_INTAKE_WORKER": str(number),
            "BELUGA_INTAKE_WORKERS": str(count),
            FOLDER: metrics,
        }
        # What our own supervisor counted is passed on once, by the first; a hang of ours once, by the start
        # after it: a worker's counters go on where its predecessor's ended.
        told = os.environ.get(HUNG_RESTARTS, "")
        self._hung = int(told) if told.isdecimal() and number == 0 else 0
        self._pause = RESTART_SECONDS[0]
        self._start_at = self._started_at = self._heard_at = 0.0
        self._beaten = False
        self._heartbeat: Heartbeat | None = None
        self.process: subprocess.Popen[bytes] | None = None

    def tend(self, now: float) -> None:
        """Starts it if it is not running and its pause is over; kills it if it hangs."""
        if self.process is not None:
            status = self.process.poll()
            if status is None:
                self._listen(now)
                return
            lived = now - self._started_at
            self._pause = (
                RESTART_SECONDS[0] if lived > STEADY_SECONDS else min(2 * self._pause, RESTART_SECONDS[1])
            )
            self._start_at = now + self._pause
            self.process = None
            forget_gauges(self._metrics, self.number)
            log.error("worker_died", worker=self.number, status=status, again_in_seconds=self._pause)
        if now >= self._start_at:
            self._start(now)

    def excuse(self, now: float) -> None:
        """Its silence up to now does not count."""
        self._heard_at = now

    def _start(self, now: float) -> None:
        if self._heartbeat is not None:
            self._heartbeat.close()
        self._heartbeat = Heartbeat()
        self._started_at = self._heard_at = now
        self._beaten = False
        self.process = subprocess.Popen(
            [sys.executable, "-m", "intake"],
            env=self._environment | {HUNG_RESTARTS: str(self._hung)} | self._heartbeat.environment,
            pass_fds=[self._heartbeat.writer],
        )
        self._heartbeat.close_writer()
        self._hung = 0

    def _listen(self, now: float) -> None:
        assert self._heartbeat is not None and self.process is not None
        if self._heartbeat.heard():
            self._heard_at, self._beaten = now, True
            return
        silent = now - self._heard_at
        if silent > (SILENT_SECONDS if self._beaten else START_SECONDS):
            self._hung += 1
            self._heard_at = now
            log.error("worker_hung_killed", worker=self.number, silent_seconds=round(silent, 1))
            self.process.send_signal(SAY_WHERE)
            time.sleep(LAST_WORDS_SECONDS)
            self.process.kill()


def supervise(settings: IntakeSettings) -> int:
    """Runs the workers until SIGTERM or SIGINT; the exit status."""
    with shared_folder() as metrics:
        return _supervise(settings, metrics)


def _supervise(settings: IntakeSettings, metrics: str) -> int:
    stopping = False

    def stop(*_: object) -> None:
        nonlocal stopping
        stopping = True

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, stop)
    _tell_orphans(settings)
    workers = [_Worker(number, settings.intake_workers, metrics) for number in range(settings.intake_workers)]
    looked_at = beaten_at = time.monotonic()
    while not stopping:
        now = time.monotonic()
        if now - looked_at > LATE_SECONDS:
            for worker in workers:
                worker.excuse(now)
        looked_at = now
        for worker in workers:
            worker.tend(now)
        if now - beaten_at >= BEAT_SECONDS:
            beaten_at = now
            beat()
        time.sleep(LOOK_SECONDS)
    running = [worker.process for worker in workers if worker.process]
    for process in running:
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
    until = time.monotonic() + STOP_SECONDS
    while any(process.poll() is None for process in running):
        if time.monotonic() > until:
            for process in running:
                process.kill()
        beat()  # stopping in our own time is no hang
        time.sleep(LOOK_SECONDS)
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
