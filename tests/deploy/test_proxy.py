"""The proxy's own configuration in a real HAProxy: all of http goes to https, which says so for a year."""

import asyncio
import csv
import http.client
import signal
import socket
import ssl
from collections.abc import Iterator
from pathlib import Path

import pytest

from election.access.addresses import Proxies
from tests.deploy.proxies import ENDS, MISSING, PUBLIC, Proxy, running
from tests.intake.running import IntakeProcess, a_text

pytestmark = pytest.mark.skipif(bool(MISSING), reason=MISSING or "it can run here")


@pytest.fixture(scope="module")
def proxy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Proxy]:
    with running(tmp_path_factory.mktemp("proxy")) as found:
        yield found


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
    assert answer.read_first == f"beluga_certificate_ends_seconds {ENDS}\n".encode()  # type: ignore[attr-defined]


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


def test_only_ciphers_with_forward_secrecy_are_spoken(proxy: Proxy) -> None:
    def spoken(ciphers: str) -> str:
        client = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        client.check_hostname, client.verify_mode = False, ssl.CERT_NONE
        client.maximum_version = ssl.TLSVersion.TLSv1_2
        client.set_ciphers(ciphers)
        address = ("127.0.0.1", int(proxy.ports["8443"]))
        with socket.create_connection(address, 5) as plain, client.wrap_socket(plain) as wrapped:
            found = wrapped.cipher()
            assert found is not None
            return found[0]

    assert "-GCM-" in spoken("ECDHE+AESGCM") and "CHACHA20" in spoken("ECDHE+CHACHA20")
    for without in ("ECDHE+AES:!AESGCM", "RSA+AES"):  # no authenticated encryption; no forward secrecy
        with pytest.raises(ssl.SSLError):
            spoken(without)


AT_ONCE = 5  # requests that one address may make, and then hardly any


def test_two_clients_behind_the_proxy_do_not_share_a_limit_and_nobody_borrows_an_address(
    tmp_path: Path,
) -> None:
    """A real intake that trusts the proxy, as docker-compose.yml tells it to."""
    limits = {
        "BELUGA_ADDRESS_REQUESTS_PER_SECOND": "0.0001",
        "BELUGA_ADDRESS_REQUESTS_AT_ONCE": str(AT_ONCE),
        "BELUGA_TRUSTED_PROXIES": "127.0.0.1",
    }
    intake = IntakeProcess(tmp_path / "state", "", more=limits)
    asyncio.run(intake.running())
    (tmp_path / "proxy").mkdir()
    try:
        with running(tmp_path / "proxy", {"intake": intake.port}) as proxy:

            def statuses(source: str, **headers: str) -> list[int]:
                return [
                    proxy.ask("8443", "/w/nonsense", source=source, headers=headers).status
                    for _ in range(AT_ONCE + 1)
                ]

            within = [403] * AT_ONCE + [429]  # the link is nobody's, but it was looked at
            assert statuses("127.0.0.2") == within
            assert statuses("127.0.0.3") == within
            # Whoever is over the limit stays so, whomever they name, and whom they name is not charged.
            forged = {"X-Forwarded-For": "127.0.0.4, 127.0.0.1", "Forwarded": "for=127.0.0.4"}
            assert statuses("127.0.0.2", **forged) == [429] * (AT_ONCE + 1)
            assert statuses("127.0.0.4") == within
    finally:
        intake.end()


def test_a_stopping_intake_is_asked_no_more_before_it_refuses(tmp_path: Path) -> None:
    """Two real intakes; one is told to stop, as in a roll, while texts come."""
    notice = {"BELUGA_STOP_NOTICE_SECONDS": "3"}
    first, second = (IntakeProcess(tmp_path / name, "", more=notice) for name in ("first", "second"))
    first.start()
    asyncio.run(second.running())
    asyncio.run(first.until_ready())
    (tmp_path / "proxy").mkdir()
    sent: list[int] = []
    try:
        with running(tmp_path / "proxy", {"intake1": first.port, "intake2": second.port}) as proxy:

            def send() -> None:
                body, headers = a_text(f"text {len(sent)}", "READY")
                sent.append(proxy.ask("8443", "/sms/generic", "POST", body=body, headers=headers).status)

            def known(server: str) -> dict[str, str]:
                lines = proxy.ask("8409", "/;csv").read_first.decode().splitlines()  # type: ignore[attr-defined]
                rows = csv.DictReader([lines[0].removeprefix("# "), *lines[1:]])
                return next(r for r in rows if (r["pxname"], r["svname"]) == ("intake", server))

            assert first.process is not None
            first.process.send_signal(signal.SIGTERM)
            while known("intake1")["status"] != "NOLB":
                assert first.process.poll() is None, known("intake1")
                send()
            while first.process.poll() is None:
                send()
            send()
            assert set(sent) == {200}
            one, other = known("intake1"), known("intake2")
            again = [(s["econ"], s["wretr"], s["wredis"]) for s in (one, other)]
            assert again == [("0", "0", "0")] * 2  # nobody was refused, and nothing asked for twice
            assert int(other["stot"]) > 0
            assert first.process.poll() == 0
    finally:
        first.end()
        second.end()


def test_who_is_not_the_proxy_is_taken_at_their_connection() -> None:
    """A service next door that says it speaks for somebody."""
    proxies = Proxies("172.31.241.10")
    assert proxies.client("172.31.241.10", "203.0.113.9") == "203.0.113.9"
    assert proxies.client("172.31.241.140", "203.0.113.9") == "172.31.241.140"
    assert proxies.client("172.31.241.10", "203.0.113.9, 172.31.241.140") == "172.31.241.140"
