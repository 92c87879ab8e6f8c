"""The proxy's own configuration in a real HAProxy on loopback, before services of the test's own."""

import http.client
import itertools
import os
import re
import shutil
import socket
import ssl
import subprocess
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from beluga.stack.ports import free_port

ROOT = Path(__file__).parents[2]
UNPACKED = ROOT / ".venv/haproxy"
PUBLIC = "https://turnout.example"
ENDS = 1_800_000_000
SERVICES = ("intake", "tally", "feed", "callers", "dashboard")


def haproxy() -> str:
    """Its program: one that is installed, else Debian's that `make haproxy` unpacked; empty without one."""
    unpacked = UNPACKED / "usr/sbin/haproxy"
    return shutil.which("haproxy") or (str(unpacked) if unpacked.exists() else "")


_sources = itertools.cycle(range(2, 250))
MISSING = "" if haproxy() else "HAProxy is not here; get Debian's with: make haproxy"


@dataclass(frozen=True)
class Proxy:
    ports: dict[str, int]  # by the port that the configuration names
    tls: ssl.SSLContext

    def ask(
        self, port: str, path: str, method: str = "GET", source: str = "127.0.0.1", **more: object
    ) -> http.client.HTTPResponse:
        at, here = self.ports[port], (source, 0)
        connection = (
            http.client.HTTPSConnection("localhost", at, timeout=10, context=self.tls, source_address=here)
            if port == "8443"
            else http.client.HTTPConnection("localhost", at, timeout=10, source_address=here)
        )
        connection.request(method, path, **more)  # type: ignore[arg-type]
        answer = connection.getresponse()
        answer.read_first = answer.read()  # type: ignore[attr-defined]
        connection.close()
        return answer

    def say(self, target: str, method: str = "GET") -> int:
        """The status of a request whose target is sent as it is; from many addresses, within their pace."""
        here, there = (f"127.0.0.{next(_sources)}", 0), ("127.0.0.1", self.ports["8443"])
        head = f"{method} {target} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
        said = b""
        with (
            closing(socket.create_connection(there, timeout=10, source_address=here)) as plain,
            closing(self.tls.wrap_socket(plain, server_hostname="localhost")) as connection,
        ):
            connection.sendall(head.encode("latin-1"))
            while b"\r\n" not in said and (more := connection.recv(4096)):
                said += more
        return int(said.split(b" ", 2)[1]) if said.startswith(b"HTTP/") else 0


@dataclass
class Behind:
    """What stands in for both of each service: it notes the target that arrives, and says who it is."""

    ports: dict[str, int] = field(default_factory=dict)
    arrived: list[tuple[str, str]] = field(default_factory=list)  # service, target
    _listening: list[socket.socket] = field(default_factory=list)

    def start(self) -> None:
        for service in SERVICES:
            listening = socket.create_server(("127.0.0.1", 0), backlog=64)
            self._listening.append(listening)
            self.ports[service] = listening.getsockname()[1]
            threading.Thread(target=self._serve, args=(service, listening), daemon=True).start()

    def stop(self) -> None:
        for listening in self._listening:
            listening.close()

    def _serve(self, service: str, listening: socket.socket) -> None:
        with suppress(OSError):  # closed
            while True:
                connection, _ = listening.accept()
                threading.Thread(target=self._answer, args=(service, connection), daemon=True).start()

    def _answer(self, service: str, connection: socket.socket) -> None:
        with closing(connection), suppress(OSError):
            head = b""
            while b"\r\n\r\n" not in head and (more := connection.recv(65_536)):
                head += more
            target = head.split(b" ", 2)[1].decode("latin-1") if head else ""
            if head and b"x-forwarded-for:" in head.lower():  # the checks of health have none
                self.arrived.append((service, target))
            body = b'{"journal": true, "standings": true}'
            head = b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: %d\r\n\r\n" % len(body)
            connection.sendall(head + body)


@contextmanager
def running(folder: Path, behind: Mapping[str, int] | None = None) -> Iterator[Proxy]:
    """HAProxy with deploy/haproxy.cfg: on ports of its own, before `behind`.

    That says ports of services by name, of both or of one: `intake`, `intake1`.
    """
    subprocess.run([ROOT / "deploy/make-secrets", folder], check=True)
    text = (ROOT / "deploy/haproxy.cfg").read_text().replace("/run/secrets", str(folder))
    text = text.replace("/etc/haproxy/", f"{ROOT}/deploy/")
    ports = {port: free_port() for port in re.findall(r"bind :(\d+)", text)}
    for named, real in ports.items():
        text = text.replace(f"bind :{named}", f"bind 127.0.0.1:{real}")
    for service, real in (behind or {}).items():
        if service[-1].isdigit():
            text = re.sub(rf"(server {service}) \S+", rf"\1 127.0.0.1:{real}", text)
            continue
        backend = re.search(rf"^backend {service}\n(?:[ #].*\n|\n)*", text, re.MULTILINE)
        assert backend is not None
        here = re.sub(r"(server \w+) \w+:\d+", rf"\1 127.0.0.1:{real}", backend[0])
        here = here.replace("http-check connect port 8402", "http-check connect")
        text = text.replace(backend[0], here)
    (folder / "haproxy.cfg").write_text(text)
    libraries = UNPACKED / "usr/lib/x86_64-linux-gnu"
    environment = {"BELUGA_PUBLIC_URL": PUBLIC, "BELUGA_CERTIFICATE_ENDS": str(ENDS)}
    if haproxy().startswith(str(UNPACKED)):
        environment["LD_LIBRARY_PATH"] = f"{libraries}:{os.environ.get('LD_LIBRARY_PATH', '')}"
    process = subprocess.Popen([haproxy(), "-db", "-q", "-f", folder / "haproxy.cfg"], env=environment)
    found = Proxy(ports, ssl.create_default_context(cafile=str(folder / "proxy.crt")))
    try:
        deadline = time.monotonic() + 60
        while True:
            try:
                found.ask("8409", "/metrics")
                break
            except OSError:
                assert process.poll() is None and time.monotonic() < deadline
                time.sleep(0.05)
        yield found
    finally:
        process.terminate()
        process.wait(20)
