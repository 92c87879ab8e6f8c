"""docker-compose.yml against what the services ask for: whom they believe, and who can reach whom."""

import re
from ipaddress import ip_address, ip_network
from pathlib import Path
from typing import Any

import pytest
import yaml

from callers.settings import CallersSettings
from dashboard.settings import DashboardSettings
from election.access.addresses import Proxies
from intake.settings import IntakeSettings
from tally.settings import TallySettings

ROOT = Path(__file__).parents[2]
SETTINGS = {
    "intake": IntakeSettings, "tally": TallySettings,
    "callers": CallersSettings, "dashboard": DashboardSettings,
}  # fmt: skip
SERVICES = [f"{name}{n}" for name in SETTINGS for n in (1, 2)]
ETCD, DATABASES = ("etcd1", "etcd2", "etcd3"), ("db1", "db2", "db3")
COMPOSE: dict[str, Any] = yaml.safe_load(
    re.sub(r"\$\{\w+:-([^}]*)\}", r"\1", (ROOT / "docker-compose.yml").read_text())
)


def networks(service: str) -> set[str]:
    return set(COMPOSE["services"][service].get("networks", ()))


def environment(service: str) -> dict[str, str]:
    return dict(COMPOSE["services"][service].get("environment", {}))


def inside() -> dict[str, str]:
    (config,) = COMPOSE["networks"]["inside"]["ipam"]["config"]
    return dict(config)


def proxy_address() -> str:
    return str(COMPOSE["services"]["proxy"]["networks"]["inside"]["ipv4_address"])


@pytest.mark.parametrize("service", SERVICES)
def test_whoever_judges_by_address_believes_the_proxy_and_nobody_else(service: str) -> None:
    """Else all people share the proxy's address, and one limit."""
    asked = [name for name in SETTINGS[service[:-1]].model_fields if "trusted" in name]
    for name in asked:
        said = environment(service)[f"BELUGA_{name.upper()}"]
        assert said == proxy_address()
        assert Proxies(said).client(proxy_address(), "203.0.113.9") == "203.0.113.9"
        assert Proxies(said).client("172.31.241.140", "203.0.113.9") == "172.31.241.140"


def test_intake_and_the_war_room_do_judge_by_address() -> None:
    for service in ("intake", "dashboard"):
        assert any("trusted" in name for name in SETTINGS[service].model_fields)


def test_nobody_but_the_proxy_is_given_its_address() -> None:
    network, others = ip_network(inside()["subnet"]), ip_network(inside()["ip_range"])
    address = ip_address(proxy_address())
    assert others.subnet_of(network)  # type: ignore[arg-type]
    assert address in network and address not in others
    assert address != next(network.hosts())  # the gateway, from where this machine asks
    fixed = [
        one["ipv4_address"]
        for service in COMPOSE["services"].values()
        if isinstance(service.get("networks"), dict)
        for one in service["networks"].values()
        if one
    ]
    assert fixed == [proxy_address()]


def test_the_proxy_meets_each_service_on_one_network_only() -> None:
    """On a second one it would have another address, which nobody believes."""
    for service in SERVICES:
        assert networks(service) & networks("proxy") == {"inside"}, service


def test_services_do_not_share_a_network_with_etcd() -> None:
    keepers = {name for name in COMPOSE["services"] if "keepers" in networks(name)}
    assert keepers == {*ETCD, *DATABASES, "restored", "prometheus"}
    assert all(networks(name) == {"keepers"} for name in ETCD)
    assert COMPOSE["networks"]["keepers"]["internal"] is True
    assert COMPOSE["networks"]["inside"]["internal"] is True


def test_only_doors_are_published_and_only_they_are_on_their_network() -> None:
    published = {name for name, service in COMPOSE["services"].items() if service.get("ports")}
    assert published == {"proxy", "prometheus", "grafana"}
    assert {name for name in COMPOSE["services"] if "public" in networks(name)} == published
    for name in ("proxy", "prometheus", "grafana"):
        assert all(port.startswith("127.0.0.1:") for port in COMPOSE["services"][name]["ports"])


def test_who_reaches_the_world_is_who_must() -> None:
    assert {name[:-1] for name in COMPOSE["services"] if "outbound" in networks(name)} == {
        "intake",
        "dashboard",
    }


@pytest.mark.parametrize("name", ETCD)
def test_etcd_speaks_only_with_who_holds_a_certificate(name: str) -> None:
    said = environment(name)
    assert said["ETCD_CLIENT_CERT_AUTH"] == said["ETCD_PEER_CLIENT_CERT_AUTH"] == "true"
    for field in ("ETCD_LISTEN_CLIENT_URLS", "ETCD_LISTEN_PEER_URLS", "ETCD_ADVERTISE_CLIENT_URLS",
                  "ETCD_INITIAL_ADVERTISE_PEER_URLS"):  # fmt: skip
        assert said[field].startswith("https://"), field
    assert "http://" not in said["ETCD_INITIAL_CLUSTER"]


def test_patroni_takes_orders_only_from_who_holds_a_certificate() -> None:
    said = yaml.safe_load((ROOT / "deploy/patroni.yml").read_text())
    assert said["restapi"]["verify_client"] in ("optional", "required")
    assert said["restapi"]["certfile"] and said["restapi"]["cafile"]
    assert said["etcd3"]["protocol"] == "https" and said["etcd3"]["cert"] and said["etcd3"]["cacert"]


def test_every_secret_that_is_mounted_is_made(tmp_path: Path) -> None:
    import subprocess

    subprocess.run([ROOT / "deploy/make-secrets", tmp_path], check=True)
    for name, secret in COMPOSE["secrets"].items():
        assert (tmp_path / Path(secret["file"]).name).stat().st_size, name
    assert (tmp_path / "keepers_authority.key").stat().st_mode & 0o077 == 0
    mounted = [s if isinstance(s, str) else s["source"] for one in COMPOSE["services"].values()
               for s in one.get("secrets", ())]  # fmt: skip
    assert set(mounted) <= set(COMPOSE["secrets"]) and "keepers_authority.key" not in mounted
