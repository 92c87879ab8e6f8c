"""The playbook on three fresh hosts, and what becomes of texts while they are upgraded, lost and parted.

The tests run in this order on one cluster; the figures are printed at the end. The last one counts.
"""

import asyncio
import shutil
import sys
import threading
import time
import zipfile
from collections.abc import Callable
from pathlib import Path
from secrets import token_hex

import aiohttp
import pytest

from chaos.run.run import catalogue
from election.access.tokens import Tokens
from tests.cluster.measuring import Measured, Row, happened
from tests.hosts.inventory import ADDED, ROOT, ThreeHosts, run

pytestmark = pytest.mark.timeout(3000)

MOST_GAP_OF_AN_UPGRADE = 1.0  # seconds without an acknowledgement
MOST_GAP_OF_A_LOSS = 5.0
MOST_BOARD = 30.0  # seconds until the board is there again, and moves
MOST_AGE = 3.0  # seconds; a board that is older does not move
MOST_LOAD = 600.0  # seconds; a playbook takes its time
SERVICES = ("intake", "tally", "callers", "dashboard")


def test_a_second_run_changes_nothing(measured: Measured, hosts: ThreeHosts) -> None:
    assert _changed_again(hosts) == {}


def test_inside_stays_inside(measured: Measured, hosts: ThreeHosts) -> None:
    """What the firewall lets through to the hosts and the operator alone, it lets through to them."""
    rules = hosts.sh(1, "nft list table inet beluga")
    assert "drop" in rules and "policy accept" in rules
    for number in hosts.numbers:
        assert hosts.address(f"h{number}") in rules
    exposed = [hosts.sh(1, f"systemd-analyze security beluga-{s} --no-pager | tail -1") for s in SERVICES]
    assert all(float(line.split("level for")[1].split()[1]) <= 3 for line in exposed), exposed


def test_a_version_host_by_host_and_back(measured: Measured, hosts: ThreeHosts) -> None:
    newer, rows = _another_build(hosts.folder), []
    old = hosts.sh(1, "basename $(readlink /opt/beluga/current)").strip()
    for what, words in (("a version", f"beluga_wheel={newer}"), ("and back", f"beluga_release={old}")):
        before = _started(hosts)
        row = measured.while_(
            f"{what}, host by host", lambda words=words: hosts.play("roll.yml", "-e", words), 10,
            longest=MOST_LOAD,
        )  # fmt: skip
        after = _started(hosts)
        happened("another start of every service", not set(before.values()) & set(after.values()))
        rows.append(row)
    assert {hosts.sh(n, "basename $(readlink /opt/beluga/current)").strip() for n in hosts.numbers} == {old}
    for row in rows:
        _nothing_refused_for_long(row, MOST_GAP_OF_AN_UPGRADE)


def test_a_new_host_begins_with_what_the_others_run(measured: Measured, hosts: ThreeHosts) -> None:
    third = _another_build(hosts.folder)
    hosts.sh(3, "mv /opt/beluga/current /opt/beluga/was")
    try:
        with pytest.raises(AssertionError, match="The others run"):
            hosts.play("roll.yml", "-e", f"beluga_wheel={third}")
    finally:
        hosts.sh(3, "mv /opt/beluga/was /opt/beluga/current")


def test_a_host_destroyed_and_replaced(measured: Measured, hosts: ThreeHosts) -> None:
    """The primary's, which holds the floating address too: the most that one host can take with it."""
    number = int(hosts.primary().removeprefix("db"))
    hosts.give_address(number)
    board = _Board(hosts)

    def harm() -> None:
        hosts.destroy(number)
        time.sleep(45)

    with board:
        row = measured.while_(f"host {number} destroyed, its disk too", harm, 50)
    happened("another host at the floating address", hosts.answering_at_the_address() not in ([], [number]))
    happened("another primary", hosts.primary() not in ("", f"db{number}"))
    _nothing_refused_for_long(row, MOST_GAP_OF_A_LOSS)
    measured.rows.append(Row("  of that, without a board", took=board.longest))
    assert board.longest <= MOST_BOARD

    def replace() -> None:
        hosts.start(number)
        _until(lambda: hosts.sh(number, "systemctl is-active ssh", check=False).strip() == "active", 60)
        hosts.play("site.yml")

    row = measured.while_(f"host {number} replaced, by the playbook", replace, 10, longest=MOST_LOAD)
    _nothing_refused_for_long(row, MOST_GAP_OF_A_LOSS)
    _until(lambda: _replicated(hosts), 120)
    assert _changed_again(hosts) == {}


def test_a_host_added(measured: Measured, hosts: ThreeHosts) -> None:
    """The fourth: every service is told of its database, one after another."""

    def add() -> None:
        hosts.add(ADDED)
        _until(lambda: hosts.sh(ADDED, "systemctl is-active ssh", check=False).strip() == "active", 60)
        hosts.play("site.yml")

    row = measured.while_("a fourth host, by the playbook", add, 10, longest=MOST_LOAD)
    _nothing_refused_for_long(row, MOST_GAP_OF_AN_UPGRADE)
    _until(lambda: _replicated(hosts), 120)
    assert f"db{ADDED}" in {m["Member"] for m in hosts.members()}
    assert _changed_again(hosts) == {}


def test_the_network_between_two_cut(measured: Measured, hosts: ThreeHosts) -> None:
    board = _Board(hosts)

    def harm() -> None:
        happened("a way from the first to the second", hosts.reaches(1, 2))
        hosts.cut(1, 2)
        happened("no way from the first to the second", not hosts.reaches(1, 2) and hosts.reaches(1, 3))
        time.sleep(40)
        hosts.heal(1)

    with board:
        row = measured.while_("the network between hosts 1 and 2 cut 40 s", harm, 50)
    _nothing_refused_for_long(row, MOST_GAP_OF_A_LOSS)
    measured.rows.append(Row("  of that, without a board", took=board.longest))
    assert board.longest <= MOST_BOARD
    _until(lambda: _replicated(hosts), 120)


def test_everything_acknowledged_is_stored_and_tallied_once(measured: Measured, hosts: ThreeHosts) -> None:
    async def count() -> tuple[tuple[int, int, int], list[int]]:
        return await measured.stored_once(), [await measured.tallied(f"tally{n}") for n in hosts.numbers]

    (acknowledged, stored, more), tallied = asyncio.run(count())
    line = f"acknowledged {acknowledged}, stored {stored}, more than once {more}, tallied {tallied}"
    print(line)
    assert (stored, more, tallied) == (acknowledged, 0, [acknowledged] * len(hosts.numbers)), line


def test_a_base_backup_lies_on_its_host(measured: Measured, hosts: ThreeHosts) -> None:
    _until(
        lambda: "full backup" in hosts.sh(3, "runuser -u postgres -- pgbackrest --stanza=beluga info"), 300
    )


def test_prometheus_sees_every_one(measured: Measured, hosts: ThreeHosts) -> None:
    def up() -> str:
        return hosts.sh(2, "promtool query instant http://127.0.0.1:9090 'count by (job) (up == 1)'")

    each = len(hosts.numbers)
    jobs = dict.fromkeys(("intake", "tally", "callers", "dashboard", "proxy", "database"), each) | {"etcd": 3}
    _until(lambda: all(f'{{job="{job}"}} => {n}' in up() for job, n in jobs.items()), 60)


@pytest.mark.parametrize("name", [e.name for e in catalogue() if e.targets == ("cluster",)])
def test_an_experiment_of_the_cluster(
    measured: Measured, hosts: ThreeHosts, name: str, tmp_path: Path
) -> None:
    """Exit status 0: every invariant was kept."""
    said = run(
        "env", f"BELUGA_INVENTORY={hosts.folder / 'inventory.json'}", sys.executable, "-m", "beluga",
        "rehearse", name, "--target", "ansible", "--election", str(measured.election), "--out", str(tmp_path),
        seconds=900,
    )  # fmt: skip
    print(said)


def _changed_again(hosts: ThreeHosts) -> dict[str, int]:
    """What one more run of the playbook still changes on which host."""
    played = hosts.play("site.yml")
    assert set(played) == {"localhost", *(f"h{n}" for n in hosts.numbers)}
    return {host: changed for host, changed in played.items() if changed}


def _nothing_refused_for_long(row: Row, most: float) -> None:
    load = row.load
    assert load is not None
    assert load.given_up == 0 and len(load.acknowledged) == load.due
    # A busy machine also holds up who sends: that is not the cluster's.
    assert load.gap[0] <= most + load.latest_start, load.report()


def _started(hosts: ThreeHosts) -> dict[str, str]:
    """Which start of each service runs on each host."""
    asked = " ".join(f"beluga-{service}" for service in SERVICES)
    said = {n: hosts.sh(n, f"systemctl show -P InvocationID {asked}").split() for n in hosts.numbers}
    return {
        f"{service}{n}": one for n, all_ in said.items() for service, one in zip(SERVICES, all_, strict=True)
    }


def _replicated(hosts: ThreeHosts) -> bool:
    members = hosts.members()
    roles = sorted(m["Role"] for m in members)
    states = {m["State"] for m in members}
    return (
        len(roles) == len(hosts.numbers)
        and {"Leader", "Sync Standby"} <= set(roles)
        and states <= {"running", "streaming"}
    )


def _another_build(folder: Path) -> Path:
    """The same code as another release: a wheel with a build number and words of its own is another file."""
    wheel = max((ROOT / "dist").glob("beluga_turnout-*.whl"))
    name, version, rest = wheel.name.split("-", 2)
    newer = folder / f"{name}-{version}-2-{rest}"
    shutil.copy(wheel, newer)
    with zipfile.ZipFile(newer, "a") as archive:
        archive.comment = token_hex(4).encode()
    return newer


def _until(holds: Callable[[], bool], seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, f"not within {seconds} s"
        time.sleep(0.5)


class _Board:
    """Opens the feed by the floating address, again and again: the longest time without one that moves."""

    def __init__(self, hosts: ThreeHosts) -> None:
        self._hosts, self._stop, self.longest = hosts, threading.Event(), 0.0
        self._thread = threading.Thread(target=lambda: asyncio.run(self._look()))

    def __enter__(self) -> "_Board":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    async def _look(self) -> None:
        hosts = self._hosts
        token = Tokens(hosts.secret("beluga_secret")).sign(
            "feed", {"role": "staff", "counties": None, "account": "t"}
        )
        feed = f"{hosts.url.replace('https', 'wss')}/feed?token={token}"
        seen = time.monotonic()
        timeout = aiohttp.ClientTimeout(total=3)
        while not self._stop.is_set():
            try:
                connector = aiohttp.TCPConnector(ssl=hosts.tls)
                async with aiohttp.ClientSession(connector=connector, timeout=timeout) as session:
                    async with session.get(f"{hosts.url}/login") as page:
                        assert page.status == 200
                    async with session.ws_connect(feed) as socket:
                        said = [await socket.receive_json(timeout=3) for _ in range(3)]
                    assert [each["type"] for each in said[:2]] == ["hello", "snapshot"]
                    assert said[2].get("stored_behind", 0.0) <= MOST_AGE  # of a beat; a delta is news
                self.longest, seen = max(self.longest, time.monotonic() - seen), time.monotonic()
            except (aiohttp.ClientError, OSError, TimeoutError, AssertionError, TypeError, ValueError):
                pass
            await asyncio.sleep(0.5)
        self.longest = max(self.longest, time.monotonic() - seen)
