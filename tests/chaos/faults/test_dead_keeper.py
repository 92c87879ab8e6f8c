"""Experiment 8 on one machine: Patroni of the primary stands still, its PostgreSQL lives on."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from beluga.rehearsal.own_stack import own_stack
from beluga.rehearsal.running import SHORT_PATIENCE, watchers_of
from chaos.judge.history import EventHistory, Op, of
from chaos.run.run import Runner, catalogue
from chaos.session.session import Session
from tests.chaos.patronis import KeptTarget, Patronis, missing

pytestmark = [
    pytest.mark.timeout(300),
    pytest.mark.skipif(os.environ.get("BELUGA_REHEARSE") != "1", reason="long: make test-long runs it"),
    pytest.mark.skipif(bool(missing()), reason=missing() or "it can run here"),
]
SHORT = 0.8  # a lease runs out in its own time; without the runbook, whose commands are a cluster's


@pytest.fixture
def patronis(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Patronis]:
    made = Patronis(tmp_path)
    try:
        made.start()
        monkeypatch.setenv("BELUGA_DATABASE_URL", made.url)
        yield made
    finally:
        made.stop()


def test_a_primary_without_its_keeper_is_succeeded_and_no_text_is_lost(
    patronis: Patronis, tmp_path: Path
) -> None:
    (experiment,) = (e for e in catalogue() if e.number == 8)
    before = patronis.roles()
    with own_stack(seed=1, precincts=24) as (stack, folder):
        target = KeptTarget(stack.state, patronis)
        history = EventHistory(tmp_path / "history.jsonl", seed=1, name=experiment.name)
        session = Session(target, history, watchers_of(folder), 1, experiment.name, SHORT)
        result = Runner(experiment, session).run(SHORT_PATIENCE)
    assert not result.skipped
    assert {v.name: v.why for v in result.verdicts if v.valid is not True} == {}
    assert any(of(history.events, Op.FAULT))
    (led,) = (name for name, role in before.items() if role == "leader")
    (leads,) = (name for name, role in patronis.roles().items() if role == "leader")
    assert leads != led
