"""The proxy's own configuration in a real HAProxy: all of http goes to https, which says so for a year."""

import http.client
import re
import shutil
import ssl
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from beluga.postgres import free_port

ROOT = Path(__file__).parents[2]
PUBLIC = "https://turnout.example"
HAPROXY = shutil.which("haproxy") or ""
pytestmark = pytest.mark.skipif(not HAPROXY, reason="HAProxy is not installed")


@dataclass(frozen=True)
class Proxy:
    ports: dict[str, int]  # by the port that the configuration names
    tls: ssl.SSLContext
    ends: int

    def ask(self, port: str, path: str, method: str = "GET", **more: object) -> http.client.HTTPResponse:
        at = self.ports[port]
        connection = (
            http.client.HTTPSConnection("localhost", at, timeout=5, context=self.tls)
            if port == "8443"
            else http.client.HTTPConnection("localhost", at, timeout=5)
        )
        connection.request(method, path, **more)  # type: ignore[arg-type]
        answer = connection.getresponse()
        answer.read_first = answer.read()  # type: ignore[attr-defined]
        connection.close()
        return answer


@pytest.fixture(scope="module")
def proxy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Proxy]:
    folder = tmp_path_factory.mktemp("proxy")
    subprocess.run([ROOT / "deploy/make-secrets", folder], check=True)
    text = (ROOT / "deploy/haproxy.cfg").read_text().replace("/run/secrets", str(folder))
    ports = {port: free_port() for port in re.findall(r"bind :(\d+)", text)}
    for named, real in ports.items():
        text = text.replace(f"bind :{named}", f"bind 127.0.0.1:{real}")
    (folder / "haproxy.cfg").write_text(text)
    ends = 1_800_000_000
    process = subprocess.Popen(
        [HAPROXY, "-db", "-q", "-f", folder / "haproxy.cfg"],
        env={"BELUGA_PUBLIC_URL": PUBLIC, "BELUGA_CERTIFICATE_ENDS": str(ends)},
    )
    found = Proxy(ports, ssl.create_default_context(cafile=str(folder / "proxy.crt")), ends)
    try:
        deadline = time.monotonic() + 20
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
        process.wait(10)


@pytest.mark.parametrize("method", ["GET", "POST", "HEAD", "PUT", "OPTIONS"])
@pytest.mark.parametrize(
    "path",
    ["/", "/sms/twilio?a=b&c=%20d", "/w/token", "/feed", "/login", "/metrics", "/healthz", "/no/such/page",
     "/.well-known/acme-challenge/x", "//evil.example/", "/decisions/1"],
)  # fmt: skip
def test_every_http_path_goes_to_https(proxy: Proxy, method: str, path: str) -> None:
    answer = proxy.ask("8080", path, method)
    assert answer.status == 308  # unlike 301, a POST stays a POST
    assert answer.getheader("Location") == PUBLIC + path


@pytest.mark.parametrize(
    ("path", "status"),
    [("/metrics", 404), ("/healthz", 404), ("/readyz", 404), ("/openapi.json", 404), ("/decisions/x", 404),
     ("/dispatches", 404), ("/standings", 404), ("/", 503), ("/sms/generic", 503)],
)  # fmt: skip
def test_https_says_so_for_a_year_whatever_it_answers(proxy: Proxy, path: str, status: int) -> None:
    answer = proxy.ask("8443", path)  # nobody stands behind this proxy, hence 503
    assert answer.status == status
    assert answer.getheader("Strict-Transport-Security") == "max-age=31536000"


def test_a_body_beyond_reason_is_refused_before_intake_sees_it(proxy: Proxy) -> None:
    headers = {"Content-Length": str(2 << 20)}
    answer = proxy.ask("8443", "/sms/generic", "POST", headers=headers)
    assert answer.status == 413 and answer.getheader("Strict-Transport-Security")


def test_prometheus_hears_when_the_certificate_ends(proxy: Proxy) -> None:
    answer = proxy.ask("8409", "/certificate")
    assert answer.read_first == f"beluga_certificate_ends_seconds {proxy.ends}\n".encode()  # type: ignore[attr-defined]


def test_old_tls_is_refused(proxy: Proxy) -> None:
    old = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    old.check_hostname, old.verify_mode = False, ssl.CERT_NONE
    old.set_ciphers("ALL:@SECLEVEL=0")
    old.minimum_version = ssl.TLSVersion.TLSv1
    old.maximum_version = ssl.TLSVersion.TLSv1_1
    with pytest.raises(ssl.SSLError):
        http.client.HTTPSConnection("localhost", proxy.ports["8443"], timeout=5, context=old).request(
            "GET", "/"
        )
