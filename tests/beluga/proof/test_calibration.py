"""Calibration over past days: each hour and kind counts its own days, and all together."""

import math
import shutil
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from typer.testing import CliRunner

from beluga.commands import app
from beluga.proof.backtest import Backtest, Moment
from beluga.proof.calibration import EVERY_KIND, calibration, table

TEN = datetime(2026, 11, 3, 10, tzinfo=UTC).timestamp()
MOMENT = Moment(
    at=TEN, reporting=100, counted=500, projected=1_100.0, lo80=950.0, hi80=1_300.0, lo95=900.0, hi95=1_400.0,
    naive=1_000.0, mape=0.1, naive_mape=0.2, within80=0.8, within95=0.95, below=(), flagged=0,
    precision=math.nan, recall=math.nan, auc=0.7, naive_precision=math.nan, naive_recall=math.nan, caveat="",
)  # fmt: skip
DAY = Backtest(
    "A", "2026-11-03", "UTC", 200, 0, 300, 900.0, 1_000.0, 5, (MOMENT,), (), (), "general", TEN + 36_000
)


def test_days_are_counted_by_kind_and_hour_and_precincts_by_how_many_report() -> None:
    narrow = replace(MOMENT, projected=900.0, lo80=880.0, hi80=920.0, lo95=850.0, hi95=950.0, reporting=300,
                     within80=0.6, auc=math.nan)  # fmt: skip
    local = replace(DAY, kind="municipal", moments=(narrow, replace(narrow, at=TEN + 1_800)))
    rows = {(r.kind, r.hour): r for r in calibration([DAY, local])}
    assert set(rows) == {("general", 10), ("municipal", 10), (EVERY_KIND, 10)}  # none of half past
    both = rows[EVERY_KIND, 10]
    assert (both.days, both.total80, both.total95) == (2, 0.5, 0.5)
    assert both.bias == pytest.approx(0.0)
    assert both.ape == pytest.approx(0.1)
    assert both.within80 == pytest.approx((100 * 0.8 + 300 * 0.6) / 400)
    assert both.auc == pytest.approx(0.7)


def test_hours_after_the_close_and_before_the_first_report_do_not_tell() -> None:
    early, late = replace(MOMENT, at=TEN - 3_600, reporting=0), replace(MOMENT, at=TEN + 43_200)
    assert [r.hour for r in calibration([replace(DAY, moments=(early, MOMENT, late))])] == [10, 10]


def test_the_command_reads_a_folder_of_days(tmp_path: Path) -> None:
    for name, kind in (("2022", "general"), ("2023", "municipal")):
        day = tmp_path / "days" / name
        day.mkdir(parents=True)
        (day / "election.toml").write_text(
            f'name = "Trial"\nkind = "{kind}"\ndate = {name}-11-08\ntimezone = "UTC"\nopens = "07:00"\n'
            'closes = "20:00"\nlanguages = ["en"]\n'
        )
        (day / "precincts.csv").write_text(
            "precinct_id,name,registered,expected_votes\n"
            + "".join(f"P{i},Hall,2000,500\n" for i in range(25))
        )
        (day / "reports.csv").write_text(
            "precinct_id,observed_at,votes\n"
            + "".join(f"P{i},{name}-11-08T10:{i:02}:00Z,{150 + i}\n" for i in range(25))
        )
        (day / "final.csv").write_text("precinct_id,votes\n" + "".join(f"P{i},520\n" for i in range(25)))
    done = CliRunner().invoke(app, ["backtest", str(tmp_path / "days"), "--every", "240"])
    assert done.exit_code == 0, done.output
    assert [line.split()[0] for line in done.stdout.splitlines() if ":00 " in line] == [
        "general", "general", "general", "municipal", "municipal", "municipal", "all", "all", "all",
    ]  # fmt: skip
    shutil.rmtree(tmp_path / "days" / "2022")
    (tmp_path / "days" / "2023" / "final.csv").unlink()
    wrong = CliRunner().invoke(app, ["backtest", str(tmp_path / "days")])
    assert (wrong.exit_code, "final.csv is missing" in wrong.output) == (1, True)


def test_a_table_lines_its_columns_up() -> None:
    lines = table(calibration([DAY])).splitlines()
    assert len(lines) == 3
    assert len({len(line) for line in lines}) == 1
    assert "–" in table(calibration([replace(DAY, moments=(replace(MOMENT, mape=math.nan),))]))
