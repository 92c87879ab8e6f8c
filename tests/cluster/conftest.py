"""One cluster for all tests of this folder, and the table of what was measured."""

import asyncio
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from secrets import token_hex

import pytest

from beluga.county.county import write_county
from tests.cluster.containers import Cluster, why_not
from tests.cluster.measuring import Measured, Row

PRECINCTS = 60


@pytest.fixture(scope="session")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    if reason := why_not():
        pytest.skip(reason)
    folder = tmp_path_factory.mktemp("cluster")
    # A name that nobody had: the volumes of a run that was killed hold a database with another password.
    found = Cluster(folder, f"beluga-test-{token_hex(3)}")
    try:
        yield found
    finally:
        found.destroy()


@pytest.fixture(scope="session")
def measured(cluster: Cluster) -> Iterator[Measured]:
    """A running cluster with an election; what each test measured is printed at the end."""
    seconds = cluster.up()
    election = cluster.folder / "election"
    write_county(election, seed=1, precincts=PRECINCTS)
    make_it_noon(election / "election.toml")
    election.chmod(0o755)
    cluster.compose(
        "run", "--rm", "-T", "-v", f"{election}:/election:ro", "migrate", "beluga", "import", "/election"
    )
    found = Measured(cluster, election, [Row("everything healthy from nothing", took=seconds)])
    asyncio.run(found.until_answering())
    yield found
    print(found.table())


def make_it_noon(file: Path) -> None:
    """Today, where it is about noon now: polls are open and counts are read as counts."""
    now = datetime.now(UTC)
    text = re.sub(r"date = .*", f"date = {now.date()}", file.read_text())
    file.write_text(re.sub(r'timezone = ".*"', f'timezone = "Etc/GMT{now.hour - 12:+d}"', text))


@pytest.fixture(scope="session")
def root() -> Path:
    return Path(__file__).parents[2]
