"""A backtest tells how the projections of a day compare with its end, on a page that asks nobody anything."""

import csv
import math
import random
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from playwright.sync_api import sync_playwright
from typer.testing import CliRunner

from beluga.commands import app
from beluga.proof.backtest import Backtest, Moment, backtest
from election.folder import read_election, read_reports
from election.folder.finals import read_finals
from tests.chromium import ARGUMENTS, EXECUTABLE

OPENS = datetime(2026, 11, 3, 7, tzinfo=UTC)
PRECINCTS = 60
DAY = 'name = "Trial <b>county</b>"\ndate = 2026-11-03\ntimezone = "UTC"\nopens = "07:00"\ncloses = "20:00"\n'


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A day in which every precinct reports each hour, steadily. P3 ends at half of its peers, P7 has a rush
    at the end that nobody could foresee, P9 sends a digit too many."""
    chance = random.Random(7)
    (tmp_path / "election.toml").write_text(DAY + 'languages = ["en"]\n')
    finals = {f"P{i}": round(500 * math.exp(chance.gauss(0.05, 0.03))) for i in range(PRECINCTS)}
    finals["P3"] = 260
    counted = dict(finals) | {"P7": 500}
    finals["P7"] = 1_300
    with (tmp_path / "precincts.csv").open("w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["precinct_id", "name", "registered", "county", "expected_votes"])
        rows.writerows([p, f"Hall & {p}", 2_000, f"C{i % 3}", 500] for i, p in enumerate(finals))
    (tmp_path / "curve.csv").write_text(
        "scope,time,share\n" + "".join(f"all,{7 + h:02}:00,{h / 13:.4f}\n" for h in range(1, 14))
    )
    with (tmp_path / "reports.csv").open("w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["precinct_id", "observed_at", "votes", "received_at", "source", "note"])
        for p, final in counted.items():
            for hour in range(1, 12):
                seen = OPENS + timedelta(hours=hour, minutes=chance.uniform(-20, 20))
                votes = round(final * (seen - OPENS).total_seconds() / 3600 / 13)
                slip = 10 if p == "P9" and hour == 6 else 1
                received = seen + timedelta(minutes=2)
                rows.writerow([p, seen.isoformat(), votes * slip, received.isoformat(), f"w-{p}", "a <note>"])
    with (tmp_path / "final.csv").open("w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["Precinct", "Final Votes"])
        rows.writerows(item for item in finals.items() if item[0] != "P11")
    return tmp_path


def found_in(folder: Path) -> Backtest:
    election = read_election(folder)
    reports = read_reports(folder / "reports.csv", election)
    return backtest(election, reports, read_finals(folder / "final.csv", election), 3600.0)


def at(found: Backtest, hour: int) -> Moment:
    return next(m for m in found.moments if m.at == (OPENS + timedelta(hours=hour)).timestamp())


def test_projections_are_compared_with_the_end(folder: Path) -> None:
    found = found_in(folder)
    assert [m.at for m in found.moments] == [(OPENS + timedelta(hours=h)).timestamp() for h in range(1, 15)]
    assert (found.precincts, found.without_final, found.truly_lagging) == (PRECINCTS, 1, 1)
    five = at(found, 10)
    assert five.reporting == PRECINCTS - 1
    assert five.mape < 0.08
    assert abs(five.projected / (found.final - 800) - 1) < 0.05  # all but the rush nobody saw
    assert five.lo95 < five.lo80 < five.projected < five.hi80 < five.hi95
    assert (five.flagged, five.precision, five.recall) == (1, 1.0, 1.0)
    assert five.within95 >= 0.9
    assert five.below[0] <= five.below[2] <= five.below[4]
    assert at(found, 14).counted >= five.counted
    assert all(0 <= share <= 1 and n > 0 for _, share, n in found.reliability)


def test_what_is_known_at_a_time_does_not_depend_on_what_came_later(folder: Path) -> None:
    whole = found_in(folder)
    lines = (folder / "reports.csv").read_text().splitlines(keepends=True)
    until = (OPENS + timedelta(hours=6)).isoformat()
    kept = [lines[0], *(line for line in lines[1:] if line.split(",")[3] <= until)]
    (folder / "reports.csv").write_text("".join(kept))
    cut = found_in(folder)
    assert whole.moments[:6] == cut.moments[:6]


def test_the_worst_misses_come_with_every_report_and_what_became_of_it(folder: Path) -> None:
    found = found_in(folder)
    worst = found.misses[0]
    assert (worst.precinct_id, worst.final) == ("P7", 1_300)
    assert worst.outside == worst.final - worst.hi95 > 0
    assert len(worst.reports) == 11
    known = [r for r in worst.reports if r.received <= worst.at]
    assert all(r.verdict != "later" for r in known)
    assert all(r.verdict == "later" for r in worst.reports[len(known) :])
    assert len({m.precinct_id for m in found.misses}) == len(found.misses)


def test_the_page_is_complete_in_itself(folder: Path) -> None:
    page = folder / "page.html"
    arguments = ["backtest", str(folder), "--reports", str(folder / "reports.csv"), "--final",
                 str(folder / "final.csv"), "--out", str(page), "--every", "120"]  # fmt: skip
    done = CliRunner().invoke(app, arguments)
    assert done.exit_code == 0, done.output
    text = page.read_text()
    assert "Trial &lt;b&gt;county" in text and "Hall &amp; P7" in text and "a &lt;note&gt;" in text
    assert not re.search(r'<(script|link|img|iframe)[^>]+(src|href)="(?!data:)', text)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=EXECUTABLE, args=ARGUMENTS)
        try:
            tab = browser.new_page(viewport={"width": 1200, "height": 900})
            asked: list[str] = []
            wrong: list[str] = []
            tab.on("request", lambda request: asked.append(request.url))
            tab.on("console", lambda said: wrong.append(said.text) if said.type == "error" else None)
            tab.on("pageerror", lambda error: wrong.append(str(error)))
            tab.goto(page.as_uri())
            tab.wait_for_function("document.querySelectorAll('.js-plotly-plot .main-svg').length >= 12")
            assert tab.locator(".js-plotly-plot").count() == 6
            assert tab.locator(".miss table").count() >= 1
            assert not wrong
            assert [url for url in asked if not url.startswith(("file:", "data:"))] == []
            tab.set_viewport_size({"width": 360, "height": 740})
            tab.wait_for_function("document.documentElement.scrollWidth <= innerWidth")
        finally:
            browser.close()


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        ("precinct_id,votes\nP1,many\n", "final.csv:2: votes"),
        ("precinct_id,votes\nP1,5\nP1,6\n", "P1 comes twice"),
        ("precinct_id,votes\nQ1,5\n", "final.csv:2: precinct_id"),
        ("precinct_id,votes\n", "names no precinct"),
    ],
)
def test_a_wrong_final_is_named_by_file_line_and_column(folder: Path, rows: str, words: str) -> None:
    (folder / "final.csv").write_text(rows)
    arguments = ["backtest", str(folder), "--reports", str(folder / "reports.csv"), "--final"]
    done = CliRunner().invoke(
        app, [*arguments, str(folder / "final.csv"), "--out", str(folder / "page.html")]
    )
    assert done.exit_code == 1
    assert words in done.output
    assert not (folder / "page.html").exists()
