"""The supervisor's side of the fork server: services that it forks, with what `asyncio` says of a child.

Where the fork server is gone, what it started has been signalled; each is waited for through its pidfd, and
its status is not known. `ForkServer.spawn` then raises, and whoever asked starts a program instead.
"""

import asyncio
import os
import signal
import socket
from collections.abc import Mapping

import orjson
import structlog

from beluga.stack.fork_server import LOAD, ForkRequest

_LARGEST = 1_000  # bytes of a message from there

log = structlog.get_logger()


class NoForkServerError(OSError):
    """The fork server has ended: nothing can be forked."""


class ForkedProcess:
    """One service. `returncode` is None while it runs, and after its end where nobody could say it -1."""

    def __init__(self, pid: int, pidfd: int) -> None:
        self.pid = pid
        self.returncode: int | None = None
        self._pidfd = pidfd
        self._ended = asyncio.Event()

    async def wait(self) -> int:
        """The exit status, minus a signal's number where one ended it."""
        await self._ended.wait()
        assert self.returncode is not None
        return self.returncode

    def send_signal(self, sig: int) -> None:
        """Never to another process: the number may be used again. Raises `ProcessLookupError`."""
        if self.returncode is not None:
            raise ProcessLookupError
        signal.pidfd_send_signal(self._pidfd, sig)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)

    def end(self, status: int) -> None:
        """It has ended."""
        if self.returncode is None:
            self.returncode = status
            self._ended.set()
            os.close(self._pidfd)

    def wait_alone(self) -> None:
        """Finds its end without the fork server's word."""
        loop = asyncio.get_running_loop()

        def ended() -> None:
            loop.remove_reader(self._pidfd)
            self.end(-1)

        loop.add_reader(self._pidfd, ended)


class ForkServer:
    """Asks the process at the other end of the line. Made within the event loop, which hears the answers."""

    def __init__(self, line: socket.socket) -> None:
        self._line = line
        self._turn = asyncio.Lock()  # one request at a time, so that each answer is to the last
        self._started: asyncio.Future[ForkedProcess] | None = None
        self._running: dict[int, ForkedProcess] = {}
        self._gone = False
        line.setblocking(False)
        asyncio.get_running_loop().add_reader(line, self._answered)

    def load(self) -> None:
        """Has it load what it will fork; this takes some seconds, beside us."""
        self._send(LOAD, ())

    async def spawn(self, name: str, environment: Mapping[str, str], log_file: int) -> ForkedProcess:
        """Runs a service, its output to `log_file`. Raises `NoForkServerError`."""
        async with self._turn:
            if self._gone:
                raise NoForkServerError
            self._started = asyncio.get_running_loop().create_future()
            self._send(ForkRequest(name, environment).message(), (log_file,))
            return await self._started

    def close(self) -> None:
        """Ends it. Call it once all it started is gone."""
        if not self._gone:
            self._gone = True
            asyncio.get_running_loop().remove_reader(self._line)
            self._line.close()

    def _send(self, message: bytes, descriptors: tuple[int, ...]) -> None:
        try:
            socket.send_fds(self._line, [message], descriptors)
        except OSError:
            self._lost()

    def _answered(self) -> None:
        try:
            message, descriptors, _, _ = socket.recv_fds(self._line, _LARGEST, 1)
        except BlockingIOError:
            return
        except OSError:
            message, descriptors = b"", []
        if not message:
            self._lost()
            return
        said = orjson.loads(message)
        if "ended" in said:
            self._running.pop(said["ended"]).end(said["status"])
        elif self._started is not None:
            process = self._running[said["started"]] = ForkedProcess(said["started"], descriptors[0])
            if self._started.done():  # whoever asked has given up
                process.kill()
            else:
                self._started.set_result(process)

    def _lost(self) -> None:
        if self._gone:
            return
        self.close()
        log.error("fork_server_gone", processes=len(self._running))
        for process in self._running.values():
            process.wait_alone()
        self._running.clear()
        if self._started is not None and not self._started.done():
            self._started.set_exception(NoForkServerError())
