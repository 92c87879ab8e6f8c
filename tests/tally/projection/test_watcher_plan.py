"""The plan of watchers before the day: who counts as placed, sites, words, and what the command prints."""

import json
from dataclasses import replace
from datetime import time
from pathlib import Path

import numpy as np
from typer.testing import CliRunner

from beluga.commands import app
from beluga.county.county import make_county, write_folder
from tally.projection.watcher_plan import plan_watchers, unwatched
from tests.tally.elections import small_election

COUNTY = make_county(5, 60)


def test_watchers_of_the_folder_are_placed_and_rooms_of_a_site_are_one_visit() -> None:
    election = COUNTY.election
    bare = {election.precincts[i].precinct_id for i in unwatched(election)}
    plan = plan_watchers(election, 500)
    assert plan.placed == 60 - len(bare)
    assert sorted(p for visit in plan.visits for p in visit.precinct_ids) == sorted(bare)
    assert (np.diff(plan.half_bands) < 0).all()
    nobody = plan_watchers(replace(election, watchers=()), 1000)
    assert nobody.half_bands[0] > plan.half_bands[0]
    assert any(len(visit.precinct_ids) == 2 and visit.site_id for visit in nobody.visits)
    assert nobody.visits[-1].watched == nobody.visits[-1].precincts


def test_more_watchers_are_added_to_the_same_plan() -> None:
    election = replace(COUNTY.election, watchers=COUNTY.election.watchers[:5])
    few, more = plan_watchers(election, 4, time(15)), plan_watchers(election, 8, time(15))
    assert [v.precinct_ids for v in more.visits[:4]] == [v.precinct_ids for v in few.visits]
    later = plan_watchers(election, 4, time(19))
    assert later.half_bands[0] < few.half_bands[0]
    assert few.by == time(15) and plan_watchers(small_election(4), 1).by == time(15)


def test_the_command_prints_where_why_and_what_it_brings(tmp_path: Path) -> None:
    write_folder(tmp_path, COUNTY)
    run = CliRunner().invoke(app, ["watchers", "plan", str(tmp_path), "--watchers", "3", "--by", "15:00"])
    assert run.exit_code == 0, run.output
    plan = plan_watchers(COUNTY.election, 3, time(15))
    lines = run.output.splitlines()
    assert len(lines) == 5 and "± " in lines[0] and "% less" in lines[-1]
    for line, visit in zip(lines[1:4], plan.visits, strict=True):
        assert visit.precinct_ids[0] in line and visit.site_id in line and visit.why in line
    run = CliRunner().invoke(app, ["watchers", "plan", str(tmp_path), "--watchers", "3", "--json"])
    told = json.loads(run.output)
    assert [v["precinct_ids"] for v in told["visits"]] == [
        list(v.precinct_ids) for v in plan_watchers(COUNTY.election, 3).visits
    ]
    assert told["half_band_80_after"] == told["visits"][-1]["half_band_80"] < told["half_band_80"]


def test_a_time_that_is_none_is_refused(tmp_path: Path) -> None:
    write_folder(tmp_path, COUNTY)
    for by in ("noon", "15:00+02:00", "07:00"):
        run = CliRunner().invoke(app, ["watchers", "plan", str(tmp_path), "--watchers", "3", "--by", by])
        assert run.exit_code == 2 and by in run.output
