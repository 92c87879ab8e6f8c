"""`beluga effect` says figures where there are enough data, and what is lacking where there are not."""

from pathlib import Path

import pytest

from beluga.adopt.taking.voted import voted_ids
from beluga.cli.effect import NO_GROUP, as_dict, as_table
from beluga.stack.failures import CommandRefusedError
from callers.effect.control_group import EffectReport
from callers.effect.effect import HouseholdCounts, Stratum, effect_of, sums_of

CALLED = sums_of([(1, 1, 300), (0, 0, 500), (1, 0, 200)])
CONTROL = sums_of([(1, 0, 40), (0, 0, 160)])
FOUND = EffectReport(
    0.05,
    effect_of([Stratum(CALLED, CONTROL)]),
    {"hour": {"14": effect_of([Stratum(CALLED, HouseholdCounts(3, 1, 0, 1))])}},
)


def test_a_figure_with_its_interval_and_what_is_lacking_by_hour() -> None:
    lines = list(as_table(FOUND, by_file=False))
    assert lines[0] == "5.0% of households are never called; votes by strike-offs"
    assert "100.0 (" in lines[2]  # (0.5 - 0.2) / 0.3
    assert lines[3].startswith("hour 14") and lines[3].endswith(
        "too few: 3 control households, at least 30 needed"
    )
    told = as_dict(FOUND, by_file=True)
    assert told["all"]["per_hundred"] == 100.0 and told["all"]["low"] < 100 < told["all"]["high"]
    assert told["by"]["hour"]["14"]["per_hundred"] is None
    assert told["votes_by"] == "file"


def test_without_a_control_group_it_says_how_to_have_one() -> None:
    assert list(as_table(EffectReport(0.0, FOUND.effect), by_file=False)) == [NO_GROUP]


def test_a_countys_file_gives_ids_whatever_it_calls_them(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("Some County\nVoter Registration Number;Name\n17;A\n018;B\n;C\n")
    (tmp_path / "b.csv").write_text("name,VUID\nD,19.0\n")
    assert voted_ids([tmp_path / "a.csv", tmp_path / "b.csv"], tmp_path) == {"17", "018", "19"}
    (tmp_path / "c.csv").write_text("colour,shape\nred,round\n")
    with pytest.raises(CommandRefusedError, match="no column of voters' ids"):
        voted_ids([tmp_path / "c.csv"], tmp_path)
