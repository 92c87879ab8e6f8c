"""One process that loads the services' modules once and forks each service: what is alike is in memory once.

Theory of operation. The supervisor forks this process before it has a loop, a thread or a lock. Told to
load, it imports what the services import, freezes it (the garbage collector writes into what it looks at, and
a page written is a page copied), and from then on does nothing but fork and wait. A service forked is what
`python -m NAME` would be: a session, signals, an environment, a log and a process name of its own, and its
own memory as soon as it writes; none but it is touched when it dies. It is this process' child, so its end
is told from here.

The line to the supervisor keeps the borders of messages. To here: `load`, or a service's name and its
environment, with its log. From here: a process id, with a pidfd, and later its exit status. Without a
supervisor this process ends, and the services with it (the kernel signals them). Without this process the
services are signalled, too, and the supervisor starts them as programs (`stack/forked_process.py`).
"""

import ctypes
import gc
import io
import os
import selectors
import signal
import socket
import sys
import traceback
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import NoReturn

import orjson

from beluga.stack.postgres import die_with_parent
from election.runtime.heap import give_back
from election.runtime.loading import loading

LOAD = b"load"
LARGEST = 160_000  # bytes of a message: an environment has some thousands
OWN_NAME = "beluga-fork-server"
_SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
_FIRST_INHERITED, _BEYOND_ALL = 3, 1 << 20  # descriptors that no service is to have


@dataclass(frozen=True, slots=True)
class ForkRequest:
    """A service to run: `NAME.__main__` has its `main()`."""

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


def start_fork_server(modules: Sequence[str]) -> socket.socket | None:
    """Forks the process that will load `modules`; returns the line to it, None where there are no pidfds.

    Call it before there is an event loop or a thread. In a service it does not return: `SystemExit` ends that
    process as it would end a program.
    """
    if not _has_pidfds():
        return None
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    supervisor = os.getpid()
    sys.stdout.flush()
    sys.stderr.flush()
    if os.fork():
        theirs.close()
        return ours
    ours.close()
    die_with_parent(signal.SIGKILL)()
    if os.getppid() != supervisor:
        os._exit(0)
    os.setsid()
    for number in _SIGNALS:  # of a terminal or a service manager, to all at once: the supervisor decides
        signal.signal(number, signal.SIG_IGN)
    show_as([OWN_NAME])
    try:
        service = _serve(theirs, modules)
        theirs.close()
    except BaseException:
        traceback.print_exc()
        os._exit(1)  # never back into the supervisor's own work
    if service is None:
        os._exit(0)
    return _become(service)


def _has_pidfds() -> bool:
    try:
        os.close(os.pidfd_open(os.getpid()))
    except (AttributeError, OSError):
        return False
    return True


def _serve(line: socket.socket, modules: Sequence[str]) -> ForkRequest | None:
    """Loads, then forks what is asked for until the supervisor is gone (None). In a service: what it is."""
    if line.recv(LARGEST) != LOAD:
        return None
    with loading():
        for name in modules:
            import_module(name)
        gc.freeze()
    give_back()
    running: dict[int, int] = {}  # pidfd -> process id
    with selectors.DefaultSelector() as waiting:
        waiting.register(line, selectors.EVENT_READ)
        while True:
            for ready, _ in waiting.select():
                if ready.fd in running:
                    waiting.unregister(ready.fd)
                    os.close(ready.fd)
                    pid = running.pop(ready.fd)
                    status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
                    line.send(orjson.dumps({"ended": pid, "status": status}))
                    continue
                message, descriptors, _, _ = socket.recv_fds(line, LARGEST, 1)
                if not message:
                    return None
                pid = _fork(descriptors[0])
                if not pid:
                    return ForkRequest.of_message(message)
                os.close(descriptors[0])
                pidfd = os.pidfd_open(pid)
                running[pidfd] = pid
                waiting.register(pidfd, selectors.EVENT_READ)
                socket.send_fds(line, [orjson.dumps({"started": pid})], [pidfd])


def _fork(log: int) -> int:
    """The new process' id; 0 in that process, whose output goes to `log`."""
    server = os.getpid()
    if pid := os.fork():
        return pid
    os.setsid()
    die_with_parent()()
    if os.getppid() != server:
        os._exit(0)
    for number in _SIGNALS:
        signal.signal(number, signal.default_int_handler if number == signal.SIGINT else signal.SIG_DFL)
    nothing = os.open(os.devnull, os.O_RDONLY)
    for descriptor, number in ((nothing, 0), (log, 1), (log, 2)):
        os.dup2(descriptor, number)
    return 0


def _become(service: ForkRequest) -> NoReturn:
    """This process is the service, and ends as it does."""
    os.closerange(_FIRST_INHERITED, _BEYOND_ALL)
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
