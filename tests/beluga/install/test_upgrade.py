"""Another version is taken once it is well; else the one before runs again, and the reason is told."""

import os
import signal
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from typer.testing import CliRunner

from beluga.cli.install import version_of
from beluga.commands import app
from beluga.errors import BelugaError
from beluga.install.plan import InstallRequest, LinkStep, RunStep, WriteStep
from beluga.install.steps import in_words
from beluga.install.upgrade import UpgradeFailedError, UpgradePlan, exchange, looks, return_to, upgrade_to
from beluga.stack.ports import free_port
from beluga.stack.stack import SERVICES, RunFile, write_run_file

ROOT = Path(__file__).resolve().parents[3]
ASKED = InstallRequest("", "", ROOT, "2.0")
SERVES = """
import http.server, pathlib, sys
here = pathlib.Path(__file__).parent
class Page(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200 if (here / "works").exists() or "healthz" in self.path else 503)
        self.end_headers()
        self.wfile.write(here.name.encode())
    def log_message(self, *_): pass
server = http.server.HTTPServer(("127.0.0.1", int(sys.argv[1])), Page)
open("ready", "w").close()
server.serve_forever()
"""
RESTART = """
cd {0}; test -e pid && kill -9 $(cat pid); rm -f ready
setsid {1} $(readlink current)/serve.py {2} >/dev/null 2>&1 & echo $! >pid
while test ! -e ready && kill -0 $(cat pid) 2>/dev/null; do sleep .02; done; test -e ready
"""


@dataclass
class Unit:
    """A program in several versions, of which one runs: what the unit is on a machine."""

    folder: Path
    port: int

    def has(self, version: str, serves: str = SERVES, works: bool = True) -> None:
        place = self.folder / version
        place.mkdir()
        (place / "serve.py").write_text(serves)
        if works:
            (place / "works").touch()

    @property
    def restart(self) -> RunStep:
        return RunStep("restart", ("sh", "-c", RESTART.format(self.folder, sys.executable, self.port)))

    def to(self, version: str) -> tuple[LinkStep, RunStep]:
        return LinkStep(self.folder / "current", self.folder / version), self.restart

    def plan(self) -> UpgradePlan:
        finish = WriteStep(self.folder / "finished", "yes")
        return UpgradePlan("1.0", "2.0", (), self.to("2.0"), (finish,), self.to("1.0"))

    def runs(self) -> str:
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/healthz", timeout=10) as answer:
            return str(answer.read().decode())


@pytest.fixture
def unit(tmp_path: Path) -> Iterator[Unit]:
    found = Unit(tmp_path, free_port())
    found.has("1.0")
    url = f"http://127.0.0.1:{found.port}"
    write_run_file(tmp_path, RunFile(os.getpid(), "", {}, dict.fromkeys(SERVICES, url), "", ready=True))
    try:
        exchange(UpgradePlan("", "1.0", (), found.to("1.0"), (), ()), lambda: True, lambda _: None)
        yield found
    finally:
        with suppress(OSError, ValueError):
            os.kill(int((tmp_path / "pid").read_text()), signal.SIGKILL)


def test_a_version_that_is_well_is_taken(unit: Unit) -> None:
    unit.has("2.0")
    exchange(unit.plan(), looks(unit.folder), lambda _: None)
    assert unit.runs() == "2.0" and (unit.folder / "finished").exists()


@pytest.mark.parametrize(
    ("serves", "works", "why"),
    [(SERVES, False, "not well"), ("import nowhere", True, "restart")],
)
def test_one_that_is_not_well_or_does_not_start_gives_way(
    unit: Unit, serves: str, works: bool, why: str
) -> None:
    unit.has("2.0", serves, works)
    with pytest.raises(UpgradeFailedError, match=f"^2.0: {why}.*1.0 runs again"):
        exchange(unit.plan(), looks(unit.folder), lambda _: None, seconds=0.2)
    assert unit.runs() == "1.0" and not (unit.folder / "finished").exists()


def test_what_fails_beforehand_touches_nothing(unit: Unit) -> None:
    plan = replace(unit.plan(), ready=(RunStep("a backup first", ("false",)),))
    with pytest.raises(UpgradeFailedError, match=r"1\.0 runs on, untouched"):
        exchange(plan, looks(unit.folder), lambda _: None)
    assert (unit.folder / "current").readlink().name == "1.0"


def test_before_an_election_is_there_to_answer_is_enough(unit: Unit) -> None:
    (unit.folder / "1.0" / "works").unlink()
    well = looks(unit.folder)
    unit.has("2.0", works=False)
    exchange(unit.plan(), well, lambda _: None)
    assert unit.runs() == "2.0"


def test_the_database_is_prepared_while_the_old_version_serves_and_finished_once_the_new_is_well() -> None:
    plan = upgrade_to(ASKED, "1.0")
    ready, switch, finish, back = (
        [in_words(step) for step in steps] for steps in (plan.ready, plan.switch, plan.finish, plan.back)
    )
    assert any("/opt/beluga/2.0/bin/beluga migrate --only pre --state" in line for line in ready)
    assert ready[-1].startswith("write   /var/lib/beluga/upgrading")
    assert switch[0] == "link    /opt/beluga/current -> /opt/beluga/2.0"
    assert finish[0] == back[0] == "remove  /var/lib/beluga/upgrading"
    assert "/opt/beluga/2.0/bin/beluga migrate --state" in finish[1]
    assert back[1] == "link    /opt/beluga/current -> /opt/beluga/1.0"
    assert return_to("1.0", "2.0").switch == plan.back[1:]


def test_a_checkout_is_named_by_its_own_version_and_a_wheel_by_its_name(tmp_path: Path) -> None:
    (tmp_path / "requirements.lock").touch()
    (tmp_path / "pyproject.toml").write_text('[project]\nversion = "7.1"\n')
    assert version_of(tmp_path) == "7.1"
    assert version_of(ROOT).startswith("0.1.0")
    wheel = tmp_path / "beluga_turnout-7.2-py3-none-any.whl"
    wheel.touch()
    assert version_of(wheel) == "7.2"
    with pytest.raises(BelugaError):
        version_of(tmp_path / "nothing")


def test_where_nothing_is_installed_there_is_nothing_to_exchange(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("beluga.cli.install.PROGRAM", Path("/nonexistent/beluga"))
    for words in ([], ["--back", "0.9"]):
        refused = CliRunner().invoke(app, ["upgrade", *words])
        assert refused.exit_code == 1 and "begin with: beluga install" in refused.stderr
