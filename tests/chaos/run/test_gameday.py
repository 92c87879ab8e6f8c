"""A game day's script: roles and experiments exist, surprises are drawn by the seed, none twice."""

from pathlib import Path

import pytest

import chaos
from chaos.run.gameday import ScriptError, read_script
from chaos.run.run import catalogue

SCRIPT = Path(chaos.__file__).with_name("gamedays") / "short.yaml"
KNOWN = {e.name for e in catalogue()}


def test_the_script_we_ship_can_be_played_and_a_seed_repeats_its_surprises() -> None:
    once, again = read_script(SCRIPT, 3, KNOWN), read_script(SCRIPT, 3, KNOWN)
    assert once == again
    surprises = [step.surprise for step in once.steps if step.surprise]
    assert len(surprises) == len(set(surprises)) == 3
    assert any(read_script(SCRIPT, seed, KNOWN) != once for seed in range(4, 9))
    assert sum(bool(step.experiment) for step in once.steps) >= 3


@pytest.mark.parametrize("words", ["role: nobody, say: x", "role: a, say: x, experiment: none", "say: x"])
def test_a_script_that_cannot_be_played_is_refused(tmp_path: Path, words: str) -> None:
    path = tmp_path / "script.yaml"
    path.write_text(f"title: t\nroles: {{a: b}}\nsteps:\n  - {{at: '10:00', {words}}}\n")
    with pytest.raises(ScriptError, match=r"step 1|KeyError"):
        read_script(path, 1, KNOWN)
