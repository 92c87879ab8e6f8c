"""The supervisor's side of its spares: one becomes a service, with what `asyncio` says of a child."""

import asyncio
import os
import signal
import socket
from collections import deque
from collections.abc import Iterable, Mapping

from beluga.stack.forking import ForkRequest, Spare


class ForkedProcess:
    """One service. `returncode` is None while it runs. Made within the event loop, which hears of its end."""

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self.returncode: int | None = None
        self._pidfd = os.pidfd_open(pid)
        self._ended = asyncio.Event()
        self._loop = asyncio.get_running_loop()
        self._loop.add_reader(self._pidfd, self._reap)

    async def wait(self) -> int:
        """The exit status, minus a signal's number where one ended it."""
        await self._ended.wait()
        assert self.returncode is not None
        return self.returncode

    def send_signal(self, sig: int) -> None:
        """Raises `ProcessLookupError` where it has ended."""
        if self.returncode is not None:
            raise ProcessLookupError
        signal.pidfd_send_signal(self._pidfd, sig)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)

    def _reap(self) -> None:
        self._loop.remove_reader(self._pidfd)
        os.close(self._pidfd)
        self.returncode = os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])
        self._ended.set()


class Spares:
    """Processes that may become services, while there are any."""

    def __init__(self, spares: Iterable[Spare] = ()) -> None:
        self._left = deque(spares)

    def become(self, name: str, environment: Mapping[str, str], log_file: int) -> ForkedProcess | None:
        """A spare as a service, its output to `log_file`; None where none is left."""
        while self._left:
            spare = self._left.popleft()
            try:
                socket.send_fds(spare.line, [ForkRequest(name, environment).message()], [log_file])
            except OSError:  # somebody has ended it meanwhile
                self._end(spare)
                continue
            spare.line.close()
            return ForkedProcess(spare.pid)
        return None

    def close(self) -> None:
        """Ends those that are left."""
        while self._left:
            self._end(self._left.popleft())

    def _end(self, spare: Spare) -> None:
        spare.line.close()
        os.kill(spare.pid, signal.SIGKILL)
        os.waitpid(spare.pid, 0)
