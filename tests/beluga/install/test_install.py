"""Installing, as far as it needs no root: what would be done, files once only, units that systemd trusts."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest
from typer.testing import CliRunner

from beluga.commands import app
from beluga.install.plan import (
    InstallRequest,
    LinkStep,
    RemoveStep,
    RunStep,
    Step,
    WriteStep,
    install_plan,
    uninstall_plan,
)
from beluga.install.steps import ASIDE, StepFailedError, carry_out, in_words

ROOT = Path(__file__).resolve().parents[3]
ASKED = InstallRequest("turnout.example.org", "ann@example.org", ROOT, "1.0")
MOST_EXPOSED = 30  # tenths, of systemd's own scale from 0 (safe) to 10


def files(steps: "tuple[Step, ...] | list[Step]") -> list[Step]:
    """The steps that touch files alone, their commands replaced by ones that note that they ran."""
    return [s for s in steps if not isinstance(s, RunStep)]


def test_a_second_install_changes_no_file(tmp_path: Path) -> None:
    steps = files(list(install_plan(ASKED).steps))
    first: list[str] = []
    assert carry_out(steps, first.append, tmp_path) == len(steps) == len(first)
    assert carry_out(steps, first.append, tmp_path) == 0
    unit = (tmp_path / "etc/systemd/system/beluga.service").read_text()
    assert "ExecStart=/opt/beluga/current/bin/beluga up --state /var/lib/beluga" in unit
    assert (tmp_path / "opt/beluga/current").readlink() == Path("/opt/beluga/1.0")
    assert (tmp_path / "etc/beluga/beluga.env").stat().st_mode & 0o777 == 0o600


def test_what_is_the_operators_is_kept_and_comes_back(tmp_path: Path) -> None:
    caddy, settings = tmp_path / "etc/caddy/Caddyfile", tmp_path / "etc/beluga/beluga.env"
    for path in (caddy, settings):
        path.parent.mkdir(parents=True)
    caddy.write_text("example.org {\n}\n")
    steps = files(list(install_plan(ASKED).steps))
    carry_out(steps, lambda _: None, tmp_path)
    settings.write_text("BELUGA_LOG_LEVEL=debug\n")
    carry_out(steps, lambda _: None, tmp_path)
    assert settings.read_text() == "BELUGA_LOG_LEVEL=debug\n"
    assert caddy.with_name("Caddyfile" + ASIDE).read_text() == "example.org {\n}\n"
    carry_out(files(list(uninstall_plan(data=False).steps)), lambda _: None, tmp_path)
    assert caddy.read_text() == "example.org {\n}\n"
    assert settings.exists()
    assert not list(tmp_path.rglob("beluga*.service")) and not (tmp_path / "opt/beluga").exists()
    carry_out(files(list(uninstall_plan(data=True).steps)), lambda _: None, tmp_path)
    assert not settings.exists()
    assert caddy.read_text() == "example.org {\n}\n", "taken away twice, what came back is not ours"


def test_what_is_made_the_service_may_read(tmp_path: Path) -> None:
    """Commands keep what they make private; the program and its folders are run by another user."""
    before = os.umask(0o077)
    try:
        made = RunStep("a folder", ("mkdir", "-p", str(tmp_path / "opt/beluga/1.0/bin")))
        carry_out([made, WriteStep(Path("/etc/other/a"), "x")], lambda _: None, tmp_path)
        assert os.umask(0o077) == 0o077, "as it was before"
    finally:
        os.umask(before)
    for folder in ("opt/beluga", "opt/beluga/1.0/bin", "etc/other"):
        assert (tmp_path / folder).stat().st_mode & 0o777 == 0o755, folder


def test_a_command_runs_where_it_is_needed_and_tells_why_it_failed(tmp_path: Path) -> None:
    file = WriteStep(Path("/a"), "x")
    tried = tmp_path / "tried"
    after = RunStep("after", ("sh", "-c", f"echo . >> {tried}"), when=(Path("/a"),))
    always = RunStep("always", ("false",), unless=("true",))
    assert carry_out([file, after, always], lambda _: None, tmp_path) == 2
    assert carry_out([file, after, always], lambda _: None, tmp_path) == 0
    assert tried.read_text() == ".\n"
    with pytest.raises(StepFailedError, match="the reason: no such luck"):
        carry_out(
            [RunStep("the reason", ("sh", "-c", "echo no such luck >&2; exit 3"))], lambda _: None, tmp_path
        )
    with pytest.raises(StepFailedError, match="No such file"):
        carry_out([RunStep("the reason", ("/no/such/command",))], lambda _: None, tmp_path)


def test_every_step_is_told_before_it_is_done() -> None:
    steps: list[Step] = [*install_plan(ASKED).steps, *uninstall_plan(data=True).steps]
    assert all(in_words(step).split(" ", 1)[0] in ("run", "write", "link", "remove") for step in steps)
    kinds = {type(step) for step in steps}
    assert kinds == {RunStep, WriteStep, LinkStep, RemoveStep}


def test_the_command_says_what_it_would_do_and_does_nothing() -> None:
    run = CliRunner().invoke
    found = run(app, ["install", "--domain", "turnout.example.org", "--from", str(ROOT), "--dry-run"])
    assert found.exit_code == 0 and "write   /etc/caddy/Caddyfile" in found.output
    assert run(app, ["install", "--uninstall", "--dry-run"]).output.count("remove") == 9
    for wrong in (["--domain", "x y"], ["--domain", "a{b.org"], ["--domain", "a.org", "--email", "no"],
                  ["--domain", "a.org", "--from", "/nowhere"]):  # fmt: skip
        refused = run(app, ["install", *wrong, "--dry-run"])
        assert refused.exit_code == 1 and refused.stderr.startswith("beluga: "), refused.output


@pytest.mark.skipif(
    not shutil.which("systemd-analyze"), reason="systemd is missing: its judgement is asked for"
)
def test_systemd_finds_the_units_sound_and_safe(tmp_path: Path) -> None:
    carry_out(files(list(install_plan(ASKED).steps)), lambda _: None, tmp_path)
    units = tmp_path / "etc/systemd/system"
    program = tmp_path / "bin"
    program.mkdir()
    (program / "beluga").write_text("#!/bin/sh\n")
    (program / "beluga").chmod(0o755)
    for unit in units.glob("*.service"):
        unit.write_text(unit.read_text().replace("/opt/beluga/current/bin", str(program)))
    environment = os.environ | {"SYSTEMD_LOG_LEVEL": "warning"}
    verified = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", *map(str, units.iterdir())],
        capture_output=True, text=True, check=False, env=environment,
    )  # fmt: skip
    ours = [line for line in verified.stderr.splitlines() if "beluga" in line]
    assert ours == [], verified.stderr
    for name in ("beluga.service", "beluga-backup.service", "beluga-preflight.service"):
        judged = subprocess.run(
            ["systemd-analyze", "security", "--offline=true", f"--threshold={MOST_EXPOSED}", units / name],
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert judged.returncode == 0, judged.stdout[-300:]
