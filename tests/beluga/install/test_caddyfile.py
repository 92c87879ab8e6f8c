"""The one machine's proxy in a real Caddy: the public paths reach their service, and nothing else exists."""

import contextlib
import http.client
import json
import os
import re
import shutil
import ssl
import subprocess
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from beluga.install.caddyfile import caddyfile, public_paths
from beluga.stack.ports import free_port
from beluga.stack.stack import Ports
from deploy.public_paths import INSIDE, SHARED

ROOT = Path(__file__).resolve().parents[3]
CADDY = shutil.which("caddy") or str(ROOT / ".venv" / "caddy" / "usr" / "bin" / "caddy")
MISSING = "" if Path(CADDY).exists() else "Caddy is missing: make caddy (needs apt-get)"
pytestmark = pytest.mark.skipif(bool(MISSING), reason=MISSING or "it can run here")
BEHIND = ("intake", "callers", "dashboard", "feed", "tally")


@dataclass(frozen=True)
class Proxy:
    http: int
    https: int

    def ask(self, path: str, method: str = "GET", **headers: str) -> tuple[int, dict[str, str], str]:
        trust = ssl._create_unverified_context()  # its authority was made a moment ago
        connection = http.client.HTTPSConnection("localhost", self.https, timeout=10, context=trust)
        connection.putrequest(method, path)
        for name, value in headers.items():
            connection.putheader(name.replace("_", "-"), value)
        connection.endheaders()
        answer = connection.getresponse()
        return answer.status, {k.lower(): v for k, v in answer.getheaders()}, answer.read().decode()

    def reached(self, path: str, **headers: str) -> str:
        """Who answered; empty: nobody behind it heard of it."""
        status, _, body = self.ask(path, **headers)
        if status == 404 and not body:
            return ""
        assert status == 200, (path, status, body)
        return str(json.loads(body)["who"])


class Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        told = {"who": self.server.who, "path": self.path, "headers": dict(self.headers)}  # type: ignore[attr-defined]
        body = json.dumps(told).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.do_GET()

    def log_message(self, *_: object) -> None:
        pass


@contextlib.contextmanager
def behind() -> Iterator[int]:
    """Somebody on each port of a stack; yields the port base."""
    while True:
        base = free_port()
        try:
            ports = Ports.from_base(base)
            servers = [
                (who, ThreadingHTTPServer(("127.0.0.1", getattr(ports, who)), Handler)) for who in BEHIND
            ]
        except (OSError, OverflowError):
            continue
        break
    for who, server in servers:
        server.who = who  # type: ignore[attr-defined]
        threading.Thread(target=server.serve_forever, daemon=True).start()
    yield base
    for _, server in servers:
        server.shutdown()
        server.server_close()


@pytest.fixture(scope="module")
def proxy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Proxy]:
    folder = tmp_path_factory.mktemp("caddy")
    ports = Proxy(free_port(), free_port())
    with behind() as base:
        own = ("admin off", "local_certs", "skip_install_trust", f"http_port {ports.http}")
        local = "\n\t".join((*own, f"https_port {ports.https}"))
        text = caddyfile("localhost", "", base, options=local).replace(
            "/etc/caddy/conf.d", str(folder / "more")
        )
        (folder / "Caddyfile").write_text(text)
        process = subprocess.Popen(
            [CADDY, "run", "--config", "Caddyfile", "--adapter", "caddyfile"], cwd=folder,
            env={"HOME": str(folder), "XDG_DATA_HOME": str(folder), "PATH": os.environ["PATH"]},
            stdout=subprocess.DEVNULL, stderr=(folder / "log").open("wb"),
        )  # fmt: skip
        try:
            deadline = time.monotonic() + 20
            while True:
                with contextlib.suppress(OSError, http.client.HTTPException):
                    ports.ask("/")
                    break
                assert time.monotonic() < deadline and process.poll() is None, (folder / "log").read_text()
                time.sleep(0.05)
            yield ports
        finally:
            process.terminate()
            process.wait(10)


def sample(pattern: str) -> str:
    """A path that an expression of the map fits."""
    plain = pattern.strip("^$").replace("[^/]+", "a-1").replace(".+", "b/c.js")
    return re.sub(r"\\(.)", r"\1", plain)


def test_each_public_path_reaches_its_service(proxy: Proxy) -> None:
    for pattern, service in public_paths():
        path = sample(pattern)
        if path not in SHARED:
            assert proxy.reached(path) == service, path
            assert proxy.reached(f"{path}?a=b&c=%2F") == service, path


def test_what_is_inside_does_not_exist(proxy: Proxy) -> None:
    for service, paths in INSIDE.items():
        for path in paths:
            inside = re.sub(r"\{[^}]*\}", "x", path)
            asked = [line for line in public_paths() if re.fullmatch(line[0], inside)]
            if not asked and "{path" not in path:
                assert proxy.reached(inside) == "", (service, inside)
    assert proxy.reached("/check-ins/ids") == proxy.reached("/no/such/page") == ""


@pytest.mark.parametrize(
    "path",
    ["//w/x", "/w//x", "/w/../metrics", "/w/./x", "/w/x/..", "/w/%2e%2e/metrics", "/w/x%2Fy", "/w/x%5Cy",
     "/w/x%25", "/w/x%00", "/w/x%0d%0aX:y", "/w/x;y=1", "/W/x", "/metrics", "/metrics/", "/%6detrics",
     "/w/x%7f", "/desks/../x"],
)  # fmt: skip
def test_a_path_has_one_form(proxy: Proxy, path: str) -> None:
    assert proxy.reached(path) == ""


def test_the_hotline_has_two_doors(proxy: Proxy) -> None:
    assert proxy.reached("/hotline") == "dashboard"
    assert proxy.reached("/hotline?token=abc") == "intake"
    assert proxy.reached("/hotline", Cookie="other=1; beluga_hotline=abc") == "intake"
    assert proxy.reached("/hotline", Cookie="xbeluga_hotline=abc") == "dashboard"


def test_the_feed_is_at_its_root_and_the_caller_is_not_believed(proxy: Proxy) -> None:
    _, _, body = proxy.ask("/feed?token=a", X_Forwarded_For="1.2.3.4", Forwarded="for=1.2.3.4")
    told = json.loads(body)
    assert (told["who"], told["path"]) == ("feed", "/?token=a")
    assert told["headers"]["X-Forwarded-For"] == "127.0.0.1"
    assert told["headers"]["X-Forwarded-Proto"] == "https"
    assert "Forwarded" not in told["headers"]


def test_http_goes_to_https_which_says_so_for_a_year(proxy: Proxy) -> None:
    connection = http.client.HTTPConnection("localhost", proxy.http, timeout=10)
    connection.request("POST", "/sms/generic?x=1", b"412")
    answer = connection.getresponse()
    assert answer.status == 308  # a POST stays a POST
    assert (answer.getheader("Location") or "").endswith("/sms/generic?x=1")
    for path in ("/", "/no/such/page"):
        assert proxy.ask(path)[1]["strict-transport-security"] == "max-age=31536000"


def test_a_body_beyond_reason_is_refused(proxy: Proxy) -> None:
    def posted(size: int) -> int:
        trust = ssl._create_unverified_context()
        connection = http.client.HTTPSConnection("localhost", proxy.https, timeout=10, context=trust)
        with contextlib.suppress(BrokenPipeError, ConnectionResetError, ssl.SSLError):
            connection.request("POST", "/sms/generic", b"x" * size)
        with contextlib.suppress(OSError, http.client.HTTPException):
            return connection.getresponse().status
        return 0

    assert posted(100_000) == 200
    assert posted(2 << 20) != 200
