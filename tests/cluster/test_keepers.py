"""Who reaches etcd and Patroni in a real cluster, and what hangs there is ended and starts again."""

import json
import os
import signal
import time
from pathlib import Path

import pytest

from chaos.target.target import family
from tests.cluster.containers import IMAGES
from tests.cluster.measuring import Measured, Row, happened

pytestmark = pytest.mark.timeout(300)

MOST_HUNG = 30.0  # 15 s until it is found, and its container's way down and up
REACH = """
import json, socket, sys
found = {}
for host, port in json.loads(sys.argv[1]):
    try:
        socket.create_connection((host, port), 2).close()
        found[f"{host}:{port}"] = "open"
    except OSError as error:
        found[f"{host}:{port}"] = type(error).__name__
print(json.dumps(found))
"""
ORDER = """
import http.client, json, ssl
found = {}
for method, path, body in (
    ("GET", "/patroni", ""), ("PATCH", "/config", '{"ttl": 3600}'), ("POST", "/restart", "{}"),
    ("POST", "/switchover", "{}"), ("POST", "/failover", "{}"), ("POST", "/reinitialize", "{}"),
):
    asked = http.client.HTTPSConnection("db1", 8008, timeout=10, context=ssl._create_unverified_context())
    asked.request(method, path, body)
    found[f"{method} {path}"] = asked.getresponse().status
print(json.dumps(found))
"""
PUT = "etcdctl --endpoints={} --dial-timeout=2s --command-timeout=3s {} put /service/beluga/leader db3"


@pytest.mark.parametrize("service", ["tally1", "intake1", "callers1", "dashboard1", "proxy"])
def test_a_service_cannot_reach_etcd(measured: Measured, service: str) -> None:
    cluster = measured.cluster
    networks = [cluster.inspect(f"etcd{n}")["NetworkSettings"]["Networks"] for n in (1, 2, 3)]
    addresses = [network["IPAddress"] for each in networks for network in each.values()]
    places = [(host, port) for host in ("etcd1", *addresses) for port in (2379, 2380, 2381)]
    ask = ("python3", "-c", REACH, json.dumps(places))
    keeper = json.loads(cluster.compose("exec", "-T", "db1", *ask))
    happened("an etcd that a database reaches", keeper["etcd1:2379"] == "open")
    said = cluster.compose("exec", "-T", service, *ask)
    found = json.loads(said)
    assert len(found) == 12 and "open" not in found.values(), found


def test_a_service_gives_patroni_no_orders(measured: Measured) -> None:
    found = json.loads(measured.cluster.compose("exec", "-T", "tally1", "python3", "-c", ORDER))
    assert found.pop("GET /patroni") == 200
    assert set(found.values()) == {403}, found


def test_on_their_own_network_nobody_writes_without_a_certificate(measured: Measured) -> None:
    cluster = measured.cluster
    before = cluster.members()
    there = cluster.run("docker", "run", "--rm", "--network", f"{cluster.name}_keepers", IMAGES[1],
                        "python3", "-c", REACH, json.dumps([("etcd1", 2379)]))  # fmt: skip
    happened("an etcd that hears on that network", json.loads(there) == {"etcd1:2379": "open"})
    for url, more in (("http://etcd1:2379", ""), ("https://etcd1:2379", "--insecure-skip-tls-verify")):
        said = cluster.run(
            "docker", "run", "--rm", "--network", f"{cluster.name}_keepers", IMAGES[1],
            "sh", "-c", f"{PUT.format(url, more)} >/dev/null 2>&1; echo $?",
        )  # fmt: skip
        assert said.strip() != "0", url
    assert [m["Role"] for m in cluster.members()] == [m["Role"] for m in before]
    kept = cluster.compose(
        "exec", "-T", "etcd1", "etcdctl", "--endpoints=https://127.0.0.1:2379", "get",
        "--print-value-only", "/service/beluga/leader",
    )  # fmt: skip
    assert kept.strip() == cluster.primary()


def state(pid: int) -> str:
    return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]


@pytest.mark.parametrize("service", ["tally2", "intake2", "etcd3"])
def test_a_container_that_hangs_is_ended_and_starts_again(measured: Measured, service: str) -> None:
    cluster = measured.cluster
    started = cluster.inspect(service)["State"]["StartedAt"]
    first = cluster.pid(service)
    for pid in family(first):
        if pid != first:
            os.kill(pid, signal.SIGSTOP)
            happened(f"process {pid} stopped", state(pid) == "T")
    began = time.monotonic()
    while cluster.inspect(service)["State"]["StartedAt"] == started:
        assert time.monotonic() - began < 2 * MOST_HUNG, f"{service} hangs on"
        time.sleep(0.2)
    took = time.monotonic() - began
    cluster.until_healthy(service)
    measured.rows.append(Row(f"{service} hung, until it was started again", took=took))
    assert took <= MOST_HUNG
