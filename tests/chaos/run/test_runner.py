"""An experiment on a stack that does not answer: nothing is proven, and there is a report all the same."""

import json
import os
from pathlib import Path

from beluga.stack.ports import free_port
from chaos.judge.history import EventHistory
from chaos.run.report import headline, write_report
from chaos.run.run import Runner, catalogue
from chaos.session.session import Session
from chaos.target.target import SERVICES, Target


def test_a_stack_that_cannot_be_asked_is_unknown(tmp_path: Path) -> None:
    nobody = f"127.0.0.1:{free_port()}"
    urls = dict.fromkeys((*SERVICES, "feed"), f"http://{nobody}")
    run = {"rehearsal": True, "pid": os.getpid(), "pids": {}, "urls": urls}
    (tmp_path / "run.json").write_text(json.dumps({**run, "database_url": f"postgresql://a:b@{nobody}/c"}))
    experiment = catalogue()[0]
    history = EventHistory(tmp_path / "history.jsonl", seed=1, name=experiment.name)
    result = Runner(experiment, Session(Target(tmp_path), history, [], 1, experiment.name)).run()
    assert result.word == "unknown"
    assert "could not be asked" in result.verdicts[0].why
    assert "1 unknown" in headline([result])
    about = {"wall": "2026-11-03T06:30:00+00:00", "command": "beluga rehearse", "versions": {}, "seed": 1}
    (tmp_path / "out").mkdir()
    assert "could not be asked" in write_report(tmp_path / "out", [result], about).read_text()
