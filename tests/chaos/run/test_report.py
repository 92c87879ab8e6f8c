"""The page says what became better or worse since the last time, and what people went through."""

import json
from pathlib import Path

from chaos.judge.checker import CheckVerdict
from chaos.judge.history import Event, Op
from chaos.run.report import seen, times, write_report
from chaos.run.run import ExperimentResult, catalogue

EXPERIMENT = next(e for e in catalogue() if e.name == "primary-killed")
ABOUT = {"wall": "now", "command": "beluga rehearse", "versions": {}}


def kept(folder: Path, name: str, result: str, seconds: float, seed: int = 1) -> None:
    (folder / name).mkdir()
    experiment = {"name": EXPERIMENT.name, "seed": seed, "result": result, "recovery_seconds": seconds}
    (folder / name / "run.json").write_text(json.dumps({"experiments": [experiment]}))


def page(folder: Path, recovery: float, valid: bool = True) -> str:
    result = ExperimentResult(EXPERIMENT, 1, [CheckVerdict("I1", valid, "")], recovery=recovery)
    now = folder / "2026-11-03T120000"
    now.mkdir(exist_ok=True)
    return write_report(now, [result], ABOUT).read_text().rsplit("</script>", 1)[1]


def test_the_first_run_says_so(tmp_path: Path) -> None:
    assert "first run" in page(tmp_path, 2.0)


def test_recovery_is_compared_with_the_last_run_of_the_same_seed(tmp_path: Path) -> None:
    kept(tmp_path, "2026-11-01T120000", "pass", 5.0)
    kept(tmp_path, "2026-11-02T120000", "pass", 9.0, seed=2)
    kept(tmp_path, "2026-11-04T120000", "pass", 1.0)  # later than this run
    found = page(tmp_path, 2.0)
    assert "-3.0 s" in found
    assert "2026-11-01T120000" in found
    assert "2.70 s" in found, "the design's own measurement stands beside it"
    assert "2026-11-04" not in found


def test_a_verdict_lost_is_worse_however_quick(tmp_path: Path) -> None:
    kept(tmp_path, "2026-11-01T120000", "pass", 5.0)
    assert "<td>worse" in page(tmp_path, 0.1, valid=False)


def test_how_long_it_took_names_what_took_longest() -> None:
    results = [ExperimentResult(EXPERIMENT, seed, seconds=10.0 * seed) for seed in range(1, 8)]
    assert times(results).startswith(f"4.7 minutes in all; longest: {EXPERIMENT.name} 70 s, ")
    assert times(results).count(EXPERIMENT.name) == 5


def test_what_users_saw_is_told_from_the_history() -> None:
    events = [
        Event(0.0, Op.SEND, "a", {"due": 0.0}), Event(0.5, Op.FAIL, "a", {"status": 503}),
        Event(2.0, Op.ACK, "a"), Event(2.1, Op.BOARD, "", {"claimed": 7.2, "true": 7}),
        Event(2.2, Op.ALERT, "DatabaseAway", {"firing": True}),
    ]  # fmt: skip
    said = seen(events)
    assert "1 texts were answered, half of them within 2000 ms" in said
    assert "1 attempts failed" in said
    assert "at most 2.0 s nobody" in said
    assert "7 s old" in said
    assert "DatabaseAway" in said
