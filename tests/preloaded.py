"""Services as processes of their own, each forked from one that has loaded what the service is made of.

To load its modules is most of what a service's start costs, and tests start a hundred of them. So one process
a test run waits to be asked (`begin`), and for each service one more, which loads it and then is forked
whenever a test starts that service. The fork has the environment, the folder and the log of its own that it
was given, and runs the room's `__main__` from its first line, as `python -m ROOM` does: signals, exit status
and whatever is left behind are a process's. Stacks (`beluga up`) start their services as ever.

Where nobody began it (a script outside of pytest), and where something must be there before the first module
is loaded, it is `python -m ROOM`.
"""

import ctypes
import gc
import importlib
import json
import os
import runpy
import selectors
import signal
import socket
import subprocess
import sys
import tempfile
import time
import types
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Any

_WHERE = "TESTS_PRELOADED"  # in the environment: the socket of who is asked
_WITH = "TESTS_PRELOADED_WITH"  # with what was loaded there
# How names begin of what counts when Python starts or modules are loaded: another value needs a start anew.
_BEFORE_LOADING = (
    "BELUGA_SECRETS_DIR", "LC_", "LD_", "MALLOC_", "OPENBLAS_", "PROMETHEUS_", "PYTHON", "SSL_", "TZ",
)  # fmt: skip
_LARGEST = 131_072  # bytes of a request: an environment
_DIE_WITH_PARENT = 1  # prctl


class Forked:
    """A service's process, as `subprocess.Popen` would show it."""

    def __init__(self, line: socket.socket, pid: int) -> None:
        self._line = line
        self.pid = pid
        self.returncode: int | None = None

    def poll(self) -> int | None:
        """Its exit status, once it has ended: below 0 the signal that ended it."""
        if self.returncode is None:
            self._line.settimeout(0)
            with suppress(BlockingIOError):
                self._heard(self._line.recv(_LARGEST))
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        """Waits for its end. Raises `subprocess.TimeoutExpired`."""
        if self.returncode is None:
            self._line.settimeout(timeout)
            try:
                self._heard(self._line.recv(_LARGEST))
            except (TimeoutError, BlockingIOError):
                raise subprocess.TimeoutExpired(str(self.pid), timeout or 0) from None
        assert self.returncode is not None
        return self.returncode

    def _heard(self, word: bytes) -> None:
        self.returncode = int(word or b"-9")  # nothing: who had forked it was killed, and it with them
        self._line.close()

    def send_signal(self, number: int) -> None:
        if self.poll() is None:
            os.kill(self.pid, number)

    def terminate(self) -> None:
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)


Process = Forked | subprocess.Popen[bytes]


def _before_loading(environment: Mapping[str, str]) -> str:
    found = {name: value for name, value in environment.items() if name.startswith(_BEFORE_LOADING)}
    return json.dumps(found, sort_keys=True)


def started(
    room: str, environment: Mapping[str, str], log: IO[bytes], *, script: str = "", cwd: Path | None = None
) -> Process:
    """`python -m ROOM` (or a script that runs it) with both its outputs into `log`; a `Popen` or its like."""
    where = environment.get(_WHERE)
    if not where or _before_loading(environment) != environment[_WITH]:
        command = [sys.executable, *(["-c", script] if script else ["-m", room])]
        return subprocess.Popen(command, env=environment, cwd=cwd, stdout=log, stderr=log)
    with _line(where) as asking:
        asking.send(room.encode())
        asking.recv(1)  # its socket is there
    line = _line(f"{where}.{room}")
    request = {"environment": dict(environment), "script": script, "cwd": str(cwd or Path.cwd())}
    socket.send_fds(line, [json.dumps(request).encode()], [log.fileno()])
    said = line.recv(_LARGEST)
    assert said, f"{room} could not be loaded; see what it says above"
    return Forked(line, int(said))


def _line(where: str) -> socket.socket:
    line = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    line.connect(where)
    return line


@contextmanager
def begun() -> Iterator[None]:
    """Whoever starts services meanwhile, here or in a process of ours, has them forked."""
    with tempfile.TemporaryDirectory(prefix="beluga-preloaded-") as folder:
        where = f"{folder}/asked"
        asked = subprocess.Popen([sys.executable, "-m", "tests.preloaded", where], stdin=subprocess.PIPE)
        while not Path(where).exists() and asked.poll() is None:
            time.sleep(0.005)
        os.environ |= {_WHERE: where, _WITH: _before_loading(os.environ)}
        try:
            yield
        finally:
            del os.environ[_WHERE], os.environ[_WITH]
            assert asked.stdin
            asked.stdin.close()  # its sign to end
            asked.wait(20)


# ---------------------------------------------------------------------- the processes that fork


def _listening(where: str) -> socket.socket:
    """Bound before it is seen: whoever sees the name may connect."""
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    listener.bind(f"{where}.new")
    listener.listen(64)
    Path(f"{where}.new").rename(where)
    return listener


def main(where: str) -> None:
    """Begins a process for each room that somebody asks for, until standard input is closed."""
    listener, rooms = _listening(where), set()
    with selectors.DefaultSelector() as either:
        either.register(listener, selectors.EVENT_READ)
        either.register(sys.stdin, selectors.EVENT_READ)
        while True:
            if any(key.fileobj is sys.stdin for key, _ in either.select()):
                return
            asking, _ = listener.accept()
            room = asking.recv(_LARGEST).decode()
            if room not in rooms:
                rooms.add(room)
                own = _listening(f"{where}.{room}")
                if not os.fork():
                    listener.close()
                    asking.close()
                    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
                    ctypes.CDLL(None).prctl(_DIE_WITH_PARENT, signal.SIGKILL)
                    request = _asked_for(own, room)
                    break  # out of this process's own work: what follows is the service's
                own.close()
            asking.send(b"1")
            asking.close()
    _become(room, request)


def _asked_for(listener: socket.socket, room: str) -> dict[str, Any]:
    """Loads the room, forks whenever one is asked for, and returns in the fork: what it was asked."""
    for module in (f"{room}.__main__", f"{room}.app"):
        importlib.import_module(module)
    del sys.modules[f"{room}.__main__"]  # the fork runs it
    gc.collect()
    gc.freeze()
    running = selectors.DefaultSelector()
    running.register(listener, selectors.EVENT_READ)
    while True:
        for key, _ in running.select():
            if key.fileobj is listener:
                line, _ = listener.accept()
                said, files, _, _ = socket.recv_fds(line, _LARGEST, 1)
                if not (pid := os.fork()):
                    for each in [key.fileobj for key in running.get_map().values()]:
                        os.close(each if isinstance(each, int) else each.detach())
                    running.close()
                    line.close()
                    os.dup2(files[0], 1)
                    os.dup2(files[0], 2)
                    os.close(files[0])
                    return json.loads(said)
                os.close(files[0])
                line.send(str(pid).encode())
                ending = os.pidfd_open(pid)
                running.register(line, selectors.EVENT_READ, (pid, ending))
                running.register(ending, selectors.EVENT_READ, (pid, line))
            elif isinstance(key.fileobj, int):
                _ended(running, key)
            elif key.fileobj in running.get_map():
                os.kill(key.data[0], signal.SIGKILL)  # who asked for it is gone
                running.unregister(key.fileobj)


def _ended(running: selectors.BaseSelector, key: selectors.SelectorKey) -> None:
    """Tells who asked for it that it has ended, and how."""
    pid, line = key.data
    _, status = os.waitpid(pid, 0)
    running.unregister(key.fileobj)
    os.close(key.fd)
    if line in running.get_map():
        running.unregister(line)
        line.send(str(os.waitstatus_to_exitcode(status)).encode())
    line.close()


def _become(room: str, request: dict[str, Any]) -> None:
    """This process from here on is the service, to its end."""
    os.environ.clear()
    os.environ.update(request["environment"])
    os.chdir(request["cwd"])
    if request["script"]:
        sys.argv[:] = ["-c"]
        sys.modules["__main__"] = own = types.ModuleType("__main__")
        exec(compile(request["script"], "<string>", "exec"), vars(own))
    else:
        sys.argv[:] = [room]
        runpy.run_module(room, run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main(sys.argv[1])
