"""Three hosts for all tests of this folder, made by the playbook from nothing.

BELUGA_TEST_HOSTS names a folder where they are kept between runs, to look into them and to try a test again.
"""

import asyncio
import os
import time
from collections.abc import Iterator
from pathlib import Path
from secrets import token_hex

import pytest

from beluga.county.county import write_county
from tests.cluster.conftest import PRECINCTS, make_it_noon
from tests.cluster.measuring import Measured, Row
from tests.hosts.inventory import ThreeHosts, run, why_not


@pytest.fixture(scope="session")
def hosts(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ThreeHosts]:
    if reason := why_not():
        pytest.skip(reason)
    if kept := os.environ.get("BELUGA_TEST_HOSTS"):
        yield ThreeHosts.kept(Path(kept))
        return
    found = ThreeHosts(tmp_path_factory.mktemp("hosts"), f"beluga-hosts-{token_hex(3)}")
    try:
        found.make()
        yield found
    finally:
        found.away()


@pytest.fixture(scope="session")
def measured(hosts: ThreeHosts) -> Iterator[Measured]:
    """A running cluster with an election; what each test measured is printed at the end."""
    election, rows = hosts.folder / "election", []
    if not election.exists():
        began = time.monotonic()
        hosts.play("site.yml")
        rows.append(Row("three fresh hosts, by the playbook", took=time.monotonic() - began))
        print(" | ".join(rows[0].cells()), flush=True)
        write_county(election, seed=1, precincts=PRECINCTS)
        make_it_noon(election / "election.toml")
        run("docker", "cp", str(election), f"{hosts.name}-h1:/srv/election")
        hosts.sh(1, "chmod -R a+rX /srv/election && beluga import /srv/election")
    found = Measured(hosts, election, rows)
    asyncio.run(found.until_answering())
    yield found
    print(found.table())
