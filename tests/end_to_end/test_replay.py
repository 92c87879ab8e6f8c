"""`beluga replay` through the real webhook: each report counted once, standings as from the file."""

import asyncio
import csv
import subprocess
import sys
from pathlib import Path

import pytest

from beluga.proof.comparison import compare
from beluga.stack.stack import secrets_of

pytestmark = pytest.mark.timeout(300)


def _beluga(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "beluga", *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=200, check=False)


def _reports(path: Path, here) -> int:
    """A report file off the county's true day, one precinct an hour behind the other."""
    from beluga.county.ground_truth import ground_truth

    day = ground_truth(here.county, 5)
    rows = 0
    with path.open("w", newline="") as file:
        out = csv.writer(file)
        out.writerow(["precinct_id", "observed_at", "votes", "received_at"])
        for hour in range(1, 12):
            for index, precinct in enumerate(here.county.election.precincts):
                seen = day.opens + (day.closes - day.opens) * ((hour + index / 40) / 13)
                seen = seen.replace(microsecond=0)
                received = seen.replace(second=(seen.second + 7) % 60) if index % 3 else seen
                received = max(received, seen)
                votes = day.votes(index, seen)
                if index == 3 and hour > 8:
                    votes = (
                        precinct.registered + hour
                    )  # held until somebody confirms it, from text and file alike
                out.writerow([precinct.precinct_id, seen.isoformat(), votes, received.isoformat()])
                rows += 1
    return rows


async def test_every_report_is_counted_once_and_standings_equal_the_projection(stage, tmp_path: Path) -> None:
    here = await stage()
    reports = tmp_path / "reports.csv"
    rows = _reports(reports, here)
    state = str(here.stack.state)
    done = await asyncio.to_thread(
        _beluga, "replay", str(here.election), "--reports", str(reports), "--speed", "max", "--compare",
        "--state", state,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    counted, compared = done.stdout.splitlines()
    assert counted == f"acknowledged {rows}, stored {rows}, tallied {rows}, lost 0, duplicated 0"
    precincts = len(here.county.election.precincts)
    assert compared == f"standings of {precincts} precincts equal to beluga project"
    assert here.clock.now().second == 0, "the clock stands still at the last whole minute"

    # The comparison itself sees a difference: one report fewer in the file.
    short = tmp_path / "short.csv"
    short.write_text("".join(reports.read_text().splitlines(keepends=True)[:-1]))
    secret = secrets_of(here.stack.state)["secret"]
    found = await compare(here.run.urls["tally"], secret, here.election, short, here.clock.now())
    assert found.differences


async def test_a_replay_refuses_a_stack_on_real_time(stage, tmp_path: Path) -> None:
    from dataclasses import replace

    from beluga.stack.stack import write_run_file

    here = await stage()
    reports = tmp_path / "reports.csv"
    _reports(reports, here)
    write_run_file(here.stack.state, replace(here.run, clock_file=None))
    done = _beluga("replay", str(here.election), "--reports", str(reports), "--state", str(here.stack.state))
    assert done.returncode == 1
    assert "runs on real time" in done.stderr
