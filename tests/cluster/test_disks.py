"""Any container's disk is destroyed under load: what was acknowledged in `replicated` mode outlives it."""

import time

import pytest

from tests.cluster.measuring import Measured, happened, judge, was_away

pytestmark = pytest.mark.timeout(600)


@pytest.mark.parametrize("service", ["intake1", "etcd1", "dashboard1"])
def test_a_services_disk_destroyed(measured: Measured, service: str) -> None:
    cluster = measured.cluster

    def harm() -> None:
        cluster.destroy_disk(service)
        time.sleep(2)
        cluster.start(service)

    before = cluster.inspect(service)["Id"]
    row = measured.while_(f"{service}'s disk destroyed", harm, 15)
    happened("another container, of an empty disk", cluster.inspect(service)["Id"] != before)
    judge(row)
    cluster.until_healthy(service)
    stored_everything(measured)


def test_the_primarys_disk_destroyed(measured: Measured) -> None:
    cluster = measured.cluster
    primary = cluster.primary()

    def harm() -> None:
        cluster.destroy_disk(primary)
        time.sleep(25)
        cluster.start(primary)

    row = measured.while_("the primary's disk destroyed", harm, 30)
    happened("another primary", cluster.primary() != primary)
    was_away(row)
    judge(row)
    cluster.until_replicated()
    stored_everything(measured)


def test_the_synchronous_standbys_disk_destroyed(measured: Measured) -> None:
    cluster = measured.cluster
    standby = cluster.synchronous_standby()

    def harm() -> None:
        cluster.destroy_disk(standby)
        time.sleep(5)
        cluster.start(standby)

    before = cluster.inspect(standby)["Id"]
    row = measured.while_("the synchronous standby's disk destroyed", harm, 15)
    happened("another container, of an empty disk", cluster.inspect(standby)["Id"] != before)
    judge(row)
    cluster.until_replicated()
    stored_everything(measured)


def stored_everything(measured: Measured) -> None:
    acknowledged, stored, more_than_once = measured.run(measured.stored_once())
    assert (stored, more_than_once) == (acknowledged, 0)
