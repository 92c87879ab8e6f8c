"""`beluga replay` through the real webhook: each report counted once, standings as from the file."""

import csv
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.timeout(300)


def _beluga(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "beluga", *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=200, check=False)


def _reports(path: Path, here) -> int:
    """A report file off the county's true day, one precinct an hour behind the other."""
    from beluga.true_day import true_day

    day = true_day(here.county, 5)
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
                out.writerow([precinct.precinct_id, seen.isoformat(), votes, received.isoformat()])
                rows += 1
    return rows


async def test_every_report_is_counted_once_and_standings_equal_the_projection(stage, tmp_path: Path) -> None:
    import asyncio
    import json

    import aiohttp

    from beluga.stack import secrets_of
    from election.tokens import Tokens

    here = await stage()
    reports = tmp_path / "reports.csv"
    rows = _reports(reports, here)
    folder = here.election
    state = str(here.stack.state)
    done = await asyncio.to_thread(
        _beluga, "replay", str(folder), "--reports", str(reports), "--speed", "max", "--state", state
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.strip() == f"acknowledged {rows}, stored {rows}, tallied {rows}, lost 0, duplicated 0"
    as_of = here.clock.now()
    assert as_of.second == 0, "the clock stands still at the last whole minute"
    out, summary = tmp_path / "out.csv", tmp_path / "summary.json"
    done = await asyncio.to_thread(
        _beluga, "project", "--election", str(folder), "--reports", str(reports),
        "--as-of", as_of.isoformat(), "--out", str(out), "--summary", str(summary),
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    token = Tokens(secrets_of(here.stack.state)["secret"]).sign("service", {"account": "t", "role": "staff"})
    headers = {"Authorization": f"Bearer {token}"}
    url = here.run.urls["tally"]
    async with (
        aiohttp.ClientSession(headers=headers) as session,
        session.get(f"{url}/standings.csv", params={"as_of": as_of.isoformat()}) as answer,
    ):
        assert answer.status == 200, await answer.text()
        live = {r["precinct_id"]: r for r in csv.DictReader((await answer.text()).splitlines())}
    for row in csv.DictReader(out.open()):
        its = live[row["precinct_id"]]
        assert (its["state"], its["reports"], its["held"], its["last_votes"]) == (
            row["state"], row["reports"], row["held"], row["last_votes"],
        )  # fmt: skip
        # The published precision: votes to 1, probabilities to .01 (docs/feed.md).
        for name, half in (("projected_final", 0.5), ("lo80", 0.5), ("hi80", 0.5), ("p_lagging", 0.005)):
            close = pytest.approx(float(row[name]), abs=half * 1.11)
            assert float(its[name]) == close, (row["precinct_id"], name)
    assert json.loads(summary.read_text())["reports"] == rows


async def test_a_replay_refuses_a_stack_on_real_time(stage, tmp_path: Path) -> None:
    from dataclasses import replace

    from beluga.stack import write_run_file

    here = await stage()
    reports = tmp_path / "reports.csv"
    _reports(reports, here)
    write_run_file(here.stack.state, replace(here.run, clock_file=None))
    done = _beluga("replay", str(here.election), "--reports", str(reports), "--state", str(here.stack.state))
    assert done.returncode == 1
    assert "runs on real time" in done.stderr
