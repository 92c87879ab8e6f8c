"""`beluga demo --check`: a short day, and one line that says whether the laws held."""

import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import urllib.request
from pathlib import Path

import pytest

from beluga.stack.ports import free_port_base
from beluga.stack.postgres import EmbeddedPostgres
from election.access.passwords import weakness

pytestmark = pytest.mark.timeout(600)
LINE = re.compile(r"acknowledged (\d+), stored (\d+), tallied (\d+), lost 0, duplicated 0")
ROOT = Path(__file__).resolve().parents[2]


def _check(python: Path, folder: Path, *options: str) -> None:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("BELUGA_")}
    done = subprocess.run(
        [python, "-m", "beluga", "demo", "--check", *options],
        cwd=folder, env=environment, capture_output=True, text=True, timeout=240, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    found = LINE.fullmatch(done.stdout.strip())
    assert found, done.stdout
    assert len(set(found.groups())) == 1
    assert int(found[1]) > 100
    assert list(folder.iterdir()) == [], "it leaves nothing behind"


def test_a_short_day_keeps_the_laws(tmp_path: Path) -> None:
    _check(Path(sys.executable), tmp_path, "--precincts", "30", "--seed", "2")


def test_the_demo_to_look_at_prints_a_login_and_a_caller_and_ends_when_asked(tmp_path: Path) -> None:
    """What `make demo` starts: `--check` above makes no account."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("BELUGA_")}
    state, base = Path(tempfile.mkdtemp(prefix="beluga-test-")), free_port_base()
    with subprocess.Popen(
        [
            sys.executable,
            "-m",
            "beluga",
            "demo",
            "--precincts",
            "30",
            "--state",
            state / "demo",
            "--port-base",
            str(base),
        ],
        cwd=tmp_path,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as demo:
        assert demo.stdout is not None
        said = []
        try:
            for line in demo.stdout:
                said.append(line)
                if "Caller " in line:
                    break
            printed = re.search(r"War room +(http://\S+) +login demo +password (\S+)", "".join(said))
            assert printed, "".join(said)
            assert weakness(printed[2], "demo") == ""
            with urllib.request.urlopen(f"{printed[1]}/login", timeout=30) as page:
                assert page.status == 200
        finally:
            demo.send_signal(signal.SIGINT)
            rest, _ = demo.communicate(timeout=120)
    assert demo.returncode == 0, rest
    shutil.rmtree(EmbeddedPostgres(state / "demo" / "postgres", 0, "").home, ignore_errors=True)
    shutil.rmtree(state)


@pytest.mark.skipif(os.environ.get("BELUGA_REHEARSE") != "1", reason="long: make test-long runs it")
def test_the_wheel_alone_runs_it_from_an_empty_folder(tmp_path: Path) -> None:
    dist, venv, empty = tmp_path / "dist", tmp_path / "venv", tmp_path / "empty"
    build = [sys.executable, "-m", "build", "--no-isolation", "--wheel", "--outdir", str(dist), str(ROOT)]
    subprocess.run(build, check=True, capture_output=True)
    subprocess.run([sys.executable, "-m", "venv", str(venv)], check=True)
    (wheel,) = dist.glob("*.whl")
    install = [venv / "bin/python", "-m", "pip", "install", "--quiet", "--require-hashes"]
    subprocess.run([*install, "-r", str(ROOT / "requirements.lock")], check=True)
    subprocess.run(
        [venv / "bin/python", "-m", "pip", "install", "--quiet", "--no-deps", str(wheel)], check=True
    )
    empty.mkdir()
    _check(venv / "bin/python", empty)
