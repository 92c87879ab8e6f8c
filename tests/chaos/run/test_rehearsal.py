"""The catalogue in short form against a real stack of our own: killed, frozen, full, failing, doubled."""

import html
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from beluga.rehearsal.own_stack import own_stack, sweep
from beluga.rehearsal.running import SHORT_PATIENCE, versions, watchers_of
from chaos.judge.checker import CheckVerdict
from chaos.judge.history import EventHistory, Op, of, read_history
from chaos.load.surge import LoadWatcher
from chaos.run.report import headline, write_report
from chaos.run.run import EXPERIMENTS, ExperimentResult, Runner, catalogue, write_run
from chaos.session.session import Session
from chaos.target.target import Target

pytestmark = pytest.mark.timeout(900)
SHORT = [e for e in catalogue() if "short" in e.about and "one-machine" in e.targets]
# Every experiment's end reads and recounts what all before it have sent: so few texts, and the herd last.
TRAFFIC = 0.4
HERD = 12
# Faults that another test of `make test` brings about as well, with the same laws at its end: the toolkit's
# run below, tests/end_to_end/test_kills.py, tests/intake/test_crash.py. All of them
# run in `make test-long` (BELUGA_SHORT=all) and in every rehearsal.
ALSO_ELSEWHERE = {"primary-killed", "intake-killed", "killed-before-the-mark", "database-down", "fsync-fails"}
IN_TEST = sorted(
    (e for e in SHORT if e.name not in ALSO_ELSEWHERE or os.environ.get("BELUGA_SHORT") == "all"),
    key=lambda e: e.number == HERD,
)
# A machine that runs other suites beside this one is late; laws are not. Long rehearsals judge lateness.
LAWS = ("I1", "I2", "I4", "I5")


@pytest.fixture(scope="module")
def stage() -> Iterator[tuple[Target, list[LoadWatcher]]]:
    with own_stack(seed=1, precincts=24) as (target, folder):
        yield target, watchers_of(folder)


def test_the_short_form_holds_what_the_issue_asks_for() -> None:
    assert {e.number for e in SHORT} >= {1, 2, 3, 4, 5, 6, 7, 12, 13}


@pytest.mark.parametrize("experiment", IN_TEST, ids=lambda e: e.name)
def test_in_short(experiment, stage: tuple[Target, list[LoadWatcher]], tmp_path: Path) -> None:
    target, watchers = stage
    history = EventHistory(tmp_path / "history.jsonl", seed=1, name=experiment.name)
    scale = float(experiment.about["short"])
    session = Session(target, history, watchers, 1, experiment.name, scale, traffic=TRAFFIC)
    result = Runner(experiment, session).run(SHORT_PATIENCE)
    if result.skipped:
        pytest.skip(result.skipped)
    found: dict[str, CheckVerdict] = {v.name.split()[0]: v for v in result.verdicts}
    assert {name: found[name].why for name in LAWS if found[name].valid is not True} == {}
    assert found["S"].valid, found["S"].why
    assert found["F"].valid, found["F"].why
    events = read_history(tmp_path / "history.jsonl")
    assert any(of(events, Op.FAULT)) or experiment.number in (HERD, 13)
    assert found["I1"].figures["acknowledged"] > 50
    _report(tmp_path / "run", result)


def test_what_a_killed_rehearsal_left_is_swept_away_and_a_living_ones_is_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    ended = subprocess.Popen(["true"])
    ended.wait()
    for name, owner in (("dead", ended.pid), ("living", os.getpid())):
        folder = tmp_path / f"beluga-rehearse-{name}"
        (folder / "state" / "intake").mkdir(parents=True)
        (folder / "owner").write_text(str(owner))
    sweep()
    assert [p.name for p in tmp_path.iterdir()] == ["beluga-rehearse-living"]


def test_the_toolkit_runs_one(stage: tuple[Target, list[LoadWatcher]], tmp_path: Path) -> None:
    """`chaos run` by Chaos Toolkit itself: the same actions, the same history."""
    target, _ = stage
    command = [str(Path(sys.executable).with_name("chaos")), "--log-file", str(tmp_path / "log"), "run"]
    experiment = str(EXPERIMENTS / "primary-killed.yaml")
    done = subprocess.run(
        [*command, "--journal-path", str(tmp_path / "journal.json"), experiment],
        env=os.environ | {
            "BELUGA_STATE": str(target.state), "BELUGA_ELECTION": str(target.state.parent / "election"),
            "CHAOS_OUT": str(tmp_path), "CHAOS_SCALE": "0.15",
        },
        capture_output=True, text=True, check=False, cwd=tmp_path, timeout=240,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    assert json.loads((tmp_path / "journal.json").read_text())["status"] == "completed"
    events = read_history(tmp_path / "history.jsonl")
    assert sum(1 for _ in of(events, Op.FAULT)) == 2
    assert sum(1 for _ in of(events, Op.ACK)) > 50


def _report(folder: Path, result: ExperimentResult) -> None:
    """One page, which asks nobody."""
    about = {"wall": "now", "command": "beluga rehearse", "versions": versions()}
    write_run(folder, [result], about)
    page = write_report(folder, [result], about).read_text()
    assert html.escape(result.experiment.title) in page
    assert headline([result]) in page
    outside = page.replace("https://plotly.com", "").split("</script>", 1)[1]
    assert "src=" not in outside
    assert "http" not in outside.split("<h2>Versions")[0]
    assert json.loads((folder / "run.json").read_text())["experiments"][0]["result"] == result.word
