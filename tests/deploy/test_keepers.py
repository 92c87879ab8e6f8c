"""Who may ask etcd and Patroni: roles and figures may be read, nothing is changed without our certificate.

A real etcd, two real Patroni and their databases on loopback, as deploy/patroni.yml and deploy/make-secrets
have them. The same of containers, with their networks: tests/cluster/test_keepers.py.
"""

import http.client
import json
import ssl
import urllib.error
import urllib.request
from base64 import b64encode
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.chaos.patronis import Patronis, missing

pytestmark = [
    pytest.mark.timeout(300),
    pytest.mark.skipif(bool(missing()), reason=missing() or "it can run here"),
]
ORDERS = [
    ("PATCH", "/config", '{"ttl": 3600}'), ("PUT", "/config", "{}"), ("POST", "/restart", "{}"),
    ("POST", "/reload", ""), ("POST", "/switchover", '{"leader": "db1"}'), ("POST", "/failsafe", "{}"),
    ("POST", "/failover", '{"candidate": "db2"}'), ("POST", "/reinitialize", "{}"), ("POST", "/sigterm", ""),
    ("DELETE", "/restart", ""), ("DELETE", "/switchover", ""),
]  # fmt: skip


@pytest.fixture(scope="module")
def patronis(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Patronis]:
    made = Patronis(tmp_path_factory.mktemp("keepers"))
    try:
        made.start()
        yield made
    finally:
        made.stop()


def ask(patronis: Patronis, tls: ssl.SSLContext, method: str, path: str, body: str = "") -> int:
    """The status; 0 where there is none."""
    connection = http.client.HTTPSConnection("127.0.0.1", patronis.members[0].rest, timeout=20, context=tls)
    try:
        connection.request(method, path, body, {"Content-Type": "application/json"})
        return connection.getresponse().status
    except OSError:
        return 0
    finally:
        connection.close()


@pytest.mark.parametrize("path", ["/patroni", "/cluster", "/metrics", "/liveness", "/health"])
def test_what_is_only_read_is_open(patronis: Patronis, path: str) -> None:
    assert ask(patronis, patronis.stranger, "GET", path) == 200


@pytest.mark.parametrize(("method", "path", "body"), ORDERS)
def test_an_order_needs_a_certificate(patronis: Patronis, method: str, path: str, body: str) -> None:
    assert ask(patronis, patronis.stranger, method, path, body) == 403


def test_a_certificate_of_somebody_else_is_none(patronis: Patronis) -> None:
    other = patronis.stranger
    other.load_cert_chain(patronis.secrets / "proxy_certificate")
    assert ask(patronis, other, "PATCH", "/config", '{"ttl": 3600}') in (0, 403)


def test_with_ours_an_order_is_taken(patronis: Patronis) -> None:
    assert ask(patronis, patronis.ours, "PATCH", "/config", '{"ttl": 20}') == 200


def test_patroni_does_not_speak_in_the_clear(patronis: Patronis) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", patronis.members[0].rest, timeout=20)
    with pytest.raises((OSError, http.client.HTTPException)):
        connection.request("GET", "/patroni")
        connection.getresponse()


def put(url: str, tls: ssl.SSLContext | None) -> dict[str, object]:
    """A write to etcd through its JSON gateway. Raises `OSError`."""
    body = json.dumps({"key": b64encode(b"/x").decode(), "value": b64encode(b"1").decode()}).encode()
    request = urllib.request.Request(f"{url}/v3/kv/put", body)
    with urllib.request.urlopen(request, timeout=20, context=tls) as answer:
        found: dict[str, object] = json.loads(answer.read())
        return found


def test_etcd_answers_nobody_without_a_certificate(patronis: Patronis) -> None:
    url = patronis.etcd_url
    other = patronis.stranger
    other.load_cert_chain(patronis.secrets / "proxy_certificate")
    for tls, address in (
        (patronis.stranger, url),
        (other, url),
        (None, url.replace("https", "http")),
    ):
        with pytest.raises((OSError, http.client.HTTPException)):
            put(address, tls)
        with pytest.raises((OSError, http.client.HTTPException)):
            urllib.request.urlopen(f"{address}/version", timeout=20, context=tls)
    assert put(url, patronis.ours)["header"]


def test_the_authoritys_key_is_for_nobody_but_its_owner(patronis: Patronis) -> None:
    assert Path(patronis.secrets / "keepers_authority.key").stat().st_mode & 0o077 == 0
