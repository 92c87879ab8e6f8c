"""A sign of life for a process that has no port of its own: a byte a second through a pipe.

Who starts the process makes the pipe and looks into it; the process writes from where it would hang (its
event loop, its main loop). The pipe touches neither disk nor network, and ends with either side.
"""

import asyncio
import os
import signal
import stat
from contextlib import suppress

VARIABLE = "BELUGA_HEARTBEAT"  # the number of the pipe's writing end, in the environment of who is to write
BEAT_SECONDS = 1.0
HUNG_RESTARTS = "BELUGA_HUNG_RESTARTS"  # set by who supervises: how often it killed this service for hanging
SAY_WHERE = signal.SIGUSR2  # upon it a service writes to its log where each of its threads is
_MOST = 65_536  # bytes at a look; a pipe holds no more


class Heartbeat:
    """The side that listens. Give `writer` to the process (`pass_fds`), and close it here once it runs."""

    def __init__(self) -> None:
        self._reader, self.writer = os.pipe()
        for end in (self._reader, self.writer):
            os.set_blocking(end, False)

    @property
    def environment(self) -> dict[str, str]:
        return {VARIABLE: str(self.writer)}

    def heard(self) -> bool:
        """Whether it has beaten since this was last asked."""
        with suppress(BlockingIOError):
            return bool(os.read(self._reader, _MOST))
        return False

    def close_writer(self) -> None:
        """Here only: the process has its own."""
        if self.writer >= 0:
            os.close(self.writer)
            self.writer = -1

    def close(self) -> None:
        self.close_writer()
        os.close(self._reader)


def beat() -> bool:
    """One sign of life, where anybody listens. False: somebody did, and is gone."""
    number = os.environ.get(VARIABLE)
    if number:
        try:
            end = int(number)
            if stat.S_ISFIFO(os.fstat(end).st_mode):  # never into a file: the number may be of another time
                os.write(end, b".")
        except BrokenPipeError:
            return False
        except (OSError, ValueError):
            pass  # nobody looks: the pipe is full
    return True


async def keep_beating() -> None:
    """Signs of life from this event loop, until the listening side is gone: no supervisor is left."""
    while beat():  # noqa: ASYNC110 (a pipe, and no event of ours)
        await asyncio.sleep(BEAT_SECONDS)
