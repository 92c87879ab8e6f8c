"""Capacity is arithmetic on measured constants, each printed with a command that exists."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from beluga.cli.capacity import MOST_CONNECTIONS
from beluga.commands import app
from beluga.readiness import capacity as sizes
from beluga.readiness.capacity import Constant, need, one_machine

ROOT = Path(__file__).parents[3]
CONSTANTS = {name: c for name, c in vars(sizes).items() if isinstance(c, Constant)}


@pytest.mark.parametrize("name", CONSTANTS)
def test_each_constant_is_printed_with_the_command_that_measured_it(name: str) -> None:
    constant = CONSTANTS[name]
    python, flag, module = constant.measured_by.split()[:3]
    assert (python, flag) == ("python", "-m") and (ROOT / f"{module.replace('.', '/')}.py").exists()
    said = CliRunner().invoke(app, ["capacity"]).output
    assert f"{constant.value:,.0f} {constant.unit}: {constant.measured_by}" in said
    assert f"{constant.value:,.0f}" in (ROOT / "docs/scale.md").read_text(), "docs/scale.md says otherwise"


@pytest.mark.parametrize("more", range(4))
def test_more_people_never_need_less(more: int) -> None:
    small = [400, 400, 50, 50]
    large = [n * 50 if i == more else n for i, n in enumerate(small)]
    one, two = need(*small), need(*large)
    for field in ("texts_a_day", "intake_cores", "tally_processes", "callers_processes", "machines",
                  "database_connections", "disk_bytes", "replies_a_day", "restart_seconds"):  # fmt: skip
        assert getattr(two, field) >= getattr(one, field)
    assert two != one


@pytest.mark.parametrize(
    ("people", "machine"),
    [((400, 400, 20, 20), (1, 1)), ((2_000, 1_000, 50, 20), (1, 1)), ((19_000, 18_858, 2_000, 200), (2, 4)),
     ((60_000, 60_000, 10_000, 2_000), (4, 16)), ((200_000, 180_000, 100_000, 20_000), None)],
)  # fmt: skip
def test_a_county_fits_one_small_machine_and_a_country_none(
    people: tuple[int, int, int, int], machine: tuple[int, int] | None
) -> None:
    assert one_machine(need(*people), people[1], people[3]) == machine


def test_a_county_is_told_that_one_machine_will_do() -> None:
    assert "a VM of 1 GB and 1 core will do" in CliRunner().invoke(app, ["capacity"]).output
    large = CliRunner().invoke(app, ["capacity", "--precincts", "180000", "--viewers", "20000"]).output
    assert "none of 4 cores" in large


def test_a_country_is_not_a_county() -> None:
    said = CliRunner().invoke(
        app,
        [
            "capacity",
            "--watchers",
            "200000",
            "--precincts",
            "180000",
            "--callers",
            "100000",
            "--viewers",
            "20000",
        ],
    )
    assert said.exit_code == 0 and "2,800,000" in said.output and "machines" in said.output
    assert "raise max_connections" in said.output
    county = CliRunner().invoke(app, ["capacity"]).output
    assert f"of {MOST_CONNECTIONS}\n" in county
    assert f"max_connections: {MOST_CONNECTIONS}\n" in (ROOT / "deploy/patroni.yml").read_text()
