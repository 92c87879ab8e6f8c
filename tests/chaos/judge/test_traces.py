"""A harm that cannot be shown to have happened proves nothing: its verdict is unknown, and never a pass."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from chaos.actions import TRACES
from chaos.faults import FAULTS, Fault
from chaos.faults.front import Certificate, TlsFront
from chaos.faults.processes import Frozen
from chaos.judge.checker import happened, worst
from chaos.judge.history import Event, EventHistory, Op
from chaos.run.run import Experiment, catalogue
from chaos.session.session import Session
from chaos.target.target import Target

QUIET = {"rate", "seconds", "route"}  # of a load that hurts nobody


class Missed(Frozen):
    """Says that it froze somebody, and froze nobody."""

    def inject(self) -> None: ...


@pytest.fixture
def session(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Session]:
    monkeypatch.setitem(FAULTS, "missed", Missed)
    process = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    pids = {"intake": process.pid}
    (tmp_path / "run.json").write_text(
        json.dumps(
            {
                "pids": pids,
                "rehearsal": True,
                "urls": {"feed": "", "tally": "", "intake": "http://127.0.0.1:1"},
                "ports": {},
            }
        )
    )
    found = Session(Target.of_state(tmp_path), EventHistory(), [])
    yield found
    found.heal_all()
    found.heals.close()
    process.kill()
    process.wait()


def test_what_happened_left_its_trace(session: Session) -> None:
    session.inject("frozen", "cold", {"service": "intake"})
    assert happened(session.history.events).valid is True


def test_a_fault_that_failed_quietly_makes_the_verdict_unknown(session: Session) -> None:
    session.inject("missed", "not at all", {"service": "intake"})
    session.heal("not at all")
    verdict = happened(session.history.events)
    assert verdict.valid is None
    assert "not at all" in verdict.why
    assert worst([True, True, verdict.valid]) is None


@pytest.mark.parametrize(
    ("traced", "valid"), [((1.1, 5.1), True), ((1.1,), None), ((5.1,), None), ((0.5,), None)]
)
def test_each_of_two_faults_of_one_name_leaves_a_trace_of_its_own(
    traced: tuple[float, ...], valid: bool | None
) -> None:
    faults = [Event(1.0, Op.FAULT, "killed"), Event(5.0, Op.FAULT, "killed")]
    found = happened([*faults, *(Event(at, Op.TRACE, "killed") for at in traced)])
    assert found.valid is valid
    assert found.figures == {"faults": 2, "traces": sum(at >= 1.0 for at in traced)}


def test_without_any_fault_nothing_is_proven() -> None:
    assert happened([Event(0.0, Op.ACK, "a")]).valid is None


@pytest.mark.parametrize(
    ("mix", "answers", "valid"),
    [
        ({"forged": 0.2}, [Event(1.0, Op.REFUSE, "a")], True),
        ({"forged": 0.2}, [Event(1.0, Op.ACK, "a")], None),
        ({"duplicated": 0.2}, [Event(1.0, Op.ACK, "a", {"duplicate": True})], True),
        ({"duplicated": 0.2}, [Event(1.0, Op.ACK, "a", {"duplicate": False})], None),
        ({"rate": 100.0}, [], None),
    ],
)
def test_a_load_that_is_the_fault_shows_in_the_answers(
    mix: dict[str, Any], answers: list[Event], valid: bool | None
) -> None:
    fault = Event(0.0, Op.FAULT, "load", {"arguments": {"rate": 1.0, "seconds": 2.0} | mix})
    assert happened([fault, Event(0.5, Op.SEND, "a"), *answers]).valid is valid


@pytest.mark.parametrize("kind", FAULTS.values(), ids=lambda kind: kind.name)
def test_every_fault_names_its_trace_and_looks_for_it(kind: type[Fault]) -> None:
    assert len(kind.trace.split()) >= 3
    assert kind.happened is not Fault.happened


def test_before_it_was_injected_no_fault_has_happened(session: Session) -> None:
    for name in ("killed", "held_down", "frozen", "disk_full", "sync_fault", "names_unresolved", "pressure",
                 "provider_silent", "links_void", "headquarters_cut", "journal_torn", "connections_exhausted",
                 "journal_lost", "bad_deploy", "certificate"):  # fmt: skip
        assert not FAULTS[name](session.target, {"service": "intake"}).happened(), name


def test_a_killed_process_and_pressure_leave_theirs(session: Session) -> None:
    session.inject("pressure", "busy", {"workers": 1, "mebibytes": 4, "seconds": 30})
    session.inject("killed", "dead", {"service": "intake"})
    assert happened(session.history.events).figures == {"faults": 2, "traces": 2}


@pytest.mark.parametrize(("kind", "other"), [("expired", "wrong_host"), ("wrong_host", "expired")])
def test_a_certificate_has_happened_when_a_client_refuses_it_for_its_reason(
    session: Session, kind: str, other: str
) -> None:
    fault = Certificate(session.target, {"kind": kind})
    fault.inject()
    assert not fault.happened(), "a file that nobody reads hurts nobody"
    front = TlsFront(session.target).start()
    try:
        assert fault.happened()
        assert not Certificate(session.target, {"kind": other}).happened()
        fault.heal()
        assert not fault.happened(), "a good one is believed"
    finally:
        front.stop()
    fault.inject()
    assert not fault.happened(), "the front has gone"


def test_a_silent_provider_that_nobody_waits_for_proves_nothing(session: Session) -> None:
    session.inject("provider_silent", "silent", {})
    assert happened(session.history.events).valid is None


@pytest.mark.parametrize("experiment", catalogue(), ids=lambda e: e.name)
def test_every_experiment_has_a_harm_whose_trace_is_known(experiment: Experiment) -> None:
    assert any(_traced(step["provider"]) for step in experiment.content["method"])


def _traced(provider: dict[str, Any]) -> bool:
    func, given = provider["func"], provider.get("arguments", {})
    if func in ("inject", "fault_for"):
        return bool(FAULTS[given["fault"]].trace)
    if func == "kill_often":
        return bool(FAULTS["killed"].trace)
    if func == "load":
        return bool(given.keys() - QUIET)
    return (given.get("func") if func == "in_background" else func) in TRACES
