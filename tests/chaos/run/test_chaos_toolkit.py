"""Chaos Toolkit itself reads every experiment: `chaos run FILE` is promised to people who know it."""

import pytest
from chaoslib.experiment import ensure_experiment_is_valid
from chaoslib.loader import load_experiment

from chaos.run.run import EXPERIMENTS

FILES = sorted(EXPERIMENTS.glob("*.yaml"))


@pytest.mark.parametrize("path", FILES, ids=lambda p: p.stem)
def test_the_toolkit_reads_it(path) -> None:
    ensure_experiment_is_valid(load_experiment(str(path)))


def test_it_would_say_so_where_an_action_does_not_exist() -> None:
    from chaoslib.exceptions import ChaosException

    experiment = load_experiment(str(FILES[0]))
    experiment["method"][0]["provider"]["func"] = "no_such_action"
    with pytest.raises(ChaosException):
        ensure_experiment_is_valid(experiment)
