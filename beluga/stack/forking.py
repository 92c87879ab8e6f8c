"""Processes forked ahead by one that has loaded the services: what is alike lies in memory once.

Theory of operation. Before it has a loop, a thread or a lock the supervisor forks a *loader*. That imports
what the services import, settles it (`runtime/heap.py`: whoever writes into a page has a copy of it), forks a
few *spares* and ends: it would else keep for nobody what every service has written over. The spares are the
supervisor's children from then on. A spare waits until it is told to be a service, and is then what
`python -m` of its name would be: a session, signals, an environment, a log and a process name of its own, and
its own memory as soon as it writes; none but it is touched when it dies. The kernel ends it with the
supervisor. When no spare is left, services are started as programs (`stack/forked_process.py`), which weigh
more and do the same.
"""

import ctypes
import io
import os
import signal
import socket
import sys
import traceback
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import NoReturn

from beluga.stack.postgres import die_with_parent
from election.runtime.heap import settle_before_forks
from election.runtime.loading import loading

LARGEST = 160_000  # bytes of a request: an environment has some thousands
WAITING_NAME = "beluga-spare"
_FIRST_INHERITED, _BEYOND_ALL = 3, 1 << 20  # descriptors that no service is to have
_CHILD_SUBREAPER = 36  # prctl(2): PR_SET_CHILD_SUBREAPER


@dataclass(frozen=True, slots=True)
class ForkRequest:
    """A service to be: `NAME.__main__` has its `main()`."""

    name: str
    environment: Mapping[str, str]

    def message(self) -> bytes:
        """For the line. Names and values are bytes to the system, and hold no NUL."""
        words = [self.name, *(f"{name}={value}" for name, value in self.environment.items())]
        return b"\0".join(map(os.fsencode, words))

    @classmethod
    def of_message(cls, message: bytes) -> "ForkRequest":
        name, *pairs = (os.fsdecode(word) for word in message.split(b"\0"))
        return cls(name, dict(pair.split("=", 1) for pair in pairs))


@dataclass(frozen=True, slots=True)
class Spare:
    """A process that waits to be told, through its line, what it is."""

    pid: int
    line: socket.socket


def fork_spares(modules: Sequence[str], count: int) -> list[Spare]:
    """Has `modules` loaded and spares forked; none where a module cannot be loaded or the system lacks
    pidfds. Call it before there is an event loop or a thread.

    In a service it does not return: `SystemExit` ends that process as it would end a program.
    """
    if not _has_pidfds() or not _adopt_orphans(True):
        return []
    sys.stdout.flush()
    sys.stderr.flush()
    lines = [socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET) for _ in range(count)]
    said, saying = os.pipe()
    supervisor = os.getpid()
    loader = os.fork()
    if not loader:
        os.close(said)
        _load_and_fork(supervisor, modules, lines, saying)
    os.close(saying)
    os.waitpid(loader, 0)
    _adopt_orphans(False)  # of others, e.g. PostgreSQL's: nobody here would ask how they ended
    with os.fdopen(said) as told:
        pids = [int(word) for word in told.read().split()]
    for ours, theirs in lines:
        theirs.close()
        if not pids:
            ours.close()
    return [Spare(pid, ours) for pid, (ours, _) in zip(pids, lines, strict=False)]


def _load_and_fork(
    supervisor: int,
    modules: Sequence[str],
    lines: Sequence[tuple[socket.socket, socket.socket]],
    saying: int,
) -> NoReturn:
    """The loader's work: ends once each line has its spare, and writes which they are."""
    die_with_parent(signal.SIGKILL)()
    if os.getppid() != supervisor:
        os._exit(0)
    try:
        with loading():
            for name in modules:
                import_module(name)
            settle_before_forks()
    except Exception:
        traceback.print_exc()  # each service will say so, too
        os._exit(1)
    sys.stdout.flush()
    sys.stderr.flush()
    pids = []
    for _, line in lines:
        pid = os.fork()
        if not pid:
            _wait_and_become(supervisor, line)
        pids.append(str(pid))
    os.write(saying, " ".join(pids).encode())
    os._exit(0)


def _adopt_orphans(wanted: bool) -> bool:
    """Whether whoever below us loses its parent is ours from now on, where the system can (Linux)."""
    try:
        status: int = ctypes.CDLL(None).prctl(_CHILD_SUBREAPER, int(wanted), 0, 0, 0)
    except (OSError, AttributeError):
        return False
    return status == 0


def _has_pidfds() -> bool:
    try:
        os.close(os.pidfd_open(os.getpid()))
    except (AttributeError, OSError):
        return False
    return True


def _wait_and_become(supervisor: int, line: socket.socket) -> NoReturn:
    """Waits as a spare until the supervisor says what to be, or is gone."""
    os.setsid()
    number = line.fileno()
    os.closerange(_FIRST_INHERITED, number)
    os.closerange(number + 1, _BEYOND_ALL)
    show_as([WAITING_NAME])
    try:
        message, descriptors, _, _ = socket.recv_fds(line, LARGEST, 1)
    except OSError:
        os._exit(0)
    die_with_parent()()  # the loader's end came before anything was said
    if not message or os.getppid() != supervisor:
        os._exit(0)
    line.close()
    (log,) = descriptors
    nothing = os.open(os.devnull, os.O_RDONLY)
    for descriptor, standard in ((nothing, 0), (log, 1), (log, 2)):
        os.dup2(descriptor, standard)
    os.closerange(_FIRST_INHERITED, _BEYOND_ALL)
    _become(ForkRequest.of_message(message))


def _become(service: ForkRequest) -> NoReturn:
    """This process is the service, and ends as it does."""
    os.environ.clear()
    os.environ.update(service.environment)
    sys.argv = [sys.argv[0]]
    show_as([sys.executable, "-m", service.name])
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(line_buffering=True)  # PYTHONUNBUFFERED would come too late
    try:
        status = import_module(f"{service.name}.__main__").main()
    except Exception:
        traceback.print_exc()
        status = 1
    sys.exit(status)


def show_as(words: Sequence[str]) -> None:
    """Writes these words over this process' command line, as far as there is room: `ps` shows them."""
    try:
        fields = Path("/proc/self/stat").read_text(errors="replace").rpartition(")")[2].split()
    except OSError:
        return
    begin, end = (
        int(fields[45]),
        int(fields[46]),
    )  # arg_start and arg_end of proc(5), whose third is our first
    if begin:
        room = end - begin
        shown = b"\0".join(map(os.fsencode, words))[: room - 1]
        ctypes.memmove(begin, shown.ljust(room, b"\0"), room)
