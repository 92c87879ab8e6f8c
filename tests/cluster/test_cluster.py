"""A real cluster's doors, and its databases killed, frozen and moved under load: nobody waits a second.

The files of this folder run in the order of their names; each test leaves a whole cluster behind. The figures
are printed at the end. `test_whole` counts what became of everything acknowledged.
"""

import time
from http.client import HTTPConnection

import aiohttp
import pytest

from election.access.tokens import Tokens
from tests.cluster.measuring import Measured, happened, judge, was_away

pytestmark = pytest.mark.timeout(600)

MOST_START = 90.0  # seconds from nothing to healthy, images present
MOST_FROZEN = 25.0  # seconds of the database's time


def test_it_is_up_and_an_election_is_imported(measured: Measured) -> None:
    assert measured.rows[0].took is not None and measured.rows[0].took <= MOST_START
    assert "healthy" in measured.cluster.compose("ps")


def test_http_goes_to_https_and_https_says_so_for_a_year(measured: Measured) -> None:
    cluster = measured.cluster
    for path in ("/", "/sms/twilio?a=b", "/feed", "/login"):
        connection = HTTPConnection("127.0.0.1", cluster.http, timeout=5)
        connection.request("GET", path)
        answer = connection.getresponse()
        assert answer.status == 308
        assert answer.getheader("Location") == cluster.url + path
        connection.close()


async def test_each_path_reaches_its_service_and_the_inside_stays_inside(measured: Measured) -> None:
    cluster = measured.cluster
    expected = {"/login": 200, "/w/nonsense": 403, "/c/nonsense": 401, "/feed": 401,
                "/metrics": 404, "/healthz": 404, "/readyz": 404, "/decisions/x": 404, "/dispatches": 404,
                "/standings": 404}  # fmt: skip
    connector = aiohttp.TCPConnector(ssl=cluster.tls)
    async with aiohttp.ClientSession(connector=connector) as session:
        found = {}
        for path in expected:
            async with session.get(cluster.url + path) as answer:
                found[path] = answer.status
                assert answer.headers["Strict-Transport-Security"].startswith("max-age=31536000")
        assert found == expected
        async with session.post(cluster.url + "/sms/generic", data=b'{"id":"x"}') as answer:
            assert answer.status == 403


async def test_the_feed_speaks_through_the_proxy(measured: Measured) -> None:
    cluster = measured.cluster
    token = Tokens(cluster.secret("beluga_secret")).sign(
        "feed", {"role": "staff", "counties": None, "account": "test"}
    )
    async with (
        aiohttp.ClientSession(connector=aiohttp.TCPConnector(ssl=cluster.tls)) as session,
        session.ws_connect(f"{cluster.url.replace('https', 'wss')}/feed?token={token}") as feed,
    ):
        kinds = [(await feed.receive_json(timeout=10))["type"] for _ in range(2)]
    assert kinds == ["hello", "snapshot"]


def test_postgresql_killed(measured: Measured) -> None:
    cluster = measured.cluster
    primary = cluster.primary()

    def harm() -> None:
        cluster.compose(
            "exec", "-T", primary, "sh", "-c", "kill -9 $(head -1 /var/lib/postgresql/data/postmaster.pid)"
        )

    def server() -> str:
        return cluster.compose(
            "exec", "-T", primary, "sh", "-c", "head -1 /var/lib/postgresql/data/postmaster.pid; "
            "sed -n 3p /var/lib/postgresql/data/postmaster.pid", check=False,
        )  # fmt: skip

    before = server()
    row = measured.while_("PostgreSQL killed", harm, 20)
    happened("another server process", server() != before)
    was_away(row)
    judge(row)
    cluster.until_replicated()


def test_node_killed(measured: Measured) -> None:
    cluster = measured.cluster
    primary = cluster.primary()
    started = cluster.inspect(primary)["State"]["StartedAt"]
    row = measured.while_("primary's container killed", lambda: cluster.kill(primary), 35)
    happened("another start of its container", cluster.inspect(primary)["State"]["StartedAt"] != started)
    was_away(row)
    judge(row)
    cluster.until_replicated()


def test_node_frozen(measured: Measured) -> None:
    """The first host of the services' URL, so that whoever tried them in turn would wait for it."""
    cluster = measured.cluster
    primary = "db1"
    assert f"@{primary}:" in cluster.secret("beluga_database_url")
    if cluster.primary() != primary:
        cluster.compose("exec", "-T", "db1", "patronictl", "-c", "/etc/patroni.yml", "switchover",
                        "--candidate", primary, "--force")  # fmt: skip
        cluster.until_replicated()
    happened("db1 as primary, after the switchover", cluster.primary() == primary)

    def harm() -> None:
        cluster.docker("pause", primary)
        happened("its container paused", cluster.inspect(primary)["State"]["Paused"])
        time.sleep(32)
        cluster.docker("unpause", primary)

    row = measured.while_("primary, listed first, frozen 32 s", harm, 45)
    was_away(row)
    happened("another primary", cluster.primary() != primary)
    judge(row)
    assert row.database_away <= MOST_FROZEN
    cluster.until_replicated()


def test_switchover(measured: Measured) -> None:
    cluster = measured.cluster
    primary = cluster.primary()

    def harm() -> None:
        cluster.compose(
            "exec", "-T", primary, "patronictl", "-c", "/etc/patroni.yml", "switchover", "--force"
        )

    row = measured.while_("planned switchover", harm, 18)
    happened("another primary", cluster.primary() != primary)
    was_away(row)
    judge(row)
    cluster.until_replicated()


def test_one_etcd_killed(measured: Measured) -> None:
    cluster = measured.cluster
    started = cluster.inspect("etcd1")["State"]["StartedAt"]
    row = measured.while_("one etcd killed", lambda: cluster.kill("etcd1"), 12)
    happened("another start of etcd1", cluster.inspect("etcd1")["State"]["StartedAt"] != started)
    judge(row)


def test_all_etcd_gone(measured: Measured) -> None:
    cluster = measured.cluster
    members = ("etcd1", "etcd2", "etcd3")

    def harm() -> None:
        for member in members:
            cluster.docker("kill", member)
        running = [member for member in members if cluster.inspect(member)["State"]["Running"]]
        happened("every etcd gone", not running)
        began = time.monotonic()
        said = cluster.run("deploy/cluster", "status", check=False)  # who cannot ask etcd asks each database
        assert said.count("Leader") == 1 and said.count("Sync Standby") == 1, said
        time.sleep(max(0.0, 45 - (time.monotonic() - began)))
        for member in members:
            cluster.docker("start", member)

    row = measured.while_("all etcd gone 45 s", harm, 60)
    judge(row)
    assert row.database_away < 5
    cluster.until_replicated()
