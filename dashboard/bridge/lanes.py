"""Waitress's threads, and a lane of its own for `/healthz`.

A page waits for the database or another service as long as it must. When all threads do, the service is busy
and does not hang: a health check is answered at once all the same.
"""

import time
from collections import deque
from typing import Any

from waitress.task import ThreadedTaskDispatcher

STUCK_SECONDS = 60.0  # no page waits so long for anything; then its thread waits for ever


class _Waiting(deque[Any]):
    """Requests for which there was no thread yet."""

    taken_at = 0.0  # when a thread last took one

    def popleft(self) -> Any:
        self.taken_at = time.monotonic()
        return super().popleft()


class Lanes(ThreadedTaskDispatcher):  # type: ignore[misc]
    """What waitress hands its requests to."""

    def __init__(self, threads: int) -> None:
        super().__init__()
        self.queue = self._waiting = _Waiting()
        self._health = ThreadedTaskDispatcher()
        self._health.set_thread_count(1)
        self.set_thread_count(threads)

    def add_task(self, task: Any) -> None:
        """`task` is a connection with a whole request."""
        if task.requests and task.requests[0].path == "/healthz":
            self._health.add_task(task)
        else:
            super().add_task(task)

    def shutdown(self, cancel_pending: bool = True, timeout: float = 5) -> bool:
        self._health.shutdown(cancel_pending, timeout)
        return bool(super().shutdown(cancel_pending, timeout))

    @property
    def well(self) -> bool:
        """Whether requests are taken: not one waits while no thread has been free for `STUCK_SECONDS`."""
        return not self._waiting or time.monotonic() - self._waiting.taken_at < STUCK_SECONDS
