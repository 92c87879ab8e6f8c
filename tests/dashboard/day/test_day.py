"""The day so far: a point each five minutes, kept over a restart; a figure, and then only what changes."""

from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import orjson

from dashboard.clients.feed import WarRoomView, war_room_view
from dashboard.day import day_figure as trace
from dashboard.day.day_figure import day_figure, day_patch, like_with_like
from dashboard.day.day_record import FILE, DayRecord

ZONE = ZoneInfo("America/New_York")
NOON = 1_793_725_200
OPENS, CLOSES = NOON - 5 * 3600, NOON + 8 * 3600


def snapshot(at: int, counted: int, caveat: str = "") -> str:
    row = {
        "scope": "all", "counted": counted, "expected_final": 1000.0, "projected_final": 900.0, "lo80": 850.0,
        "hi80": 950.0, "caveat": caveat,
        "expected_now": 160.0, "expected_lo80": 120.0, "expected_hi80": 200.0,
        "estimated_now": 3.0 * counted, "estimated_lo80": 2.0 * counted, "estimated_hi80": 4.0 * counted,
        "expected_counted": 1.1 * counted,
    }  # fmt: skip
    columns = {"precinct_id": ["a", "b"], "expected_now": [100.0, 50.5]}
    infos = {"precinct_id": ["a", "b"], "county": ["Kent", "Sussex"]}
    message = {"type": "snapshot", "seq": 1, "at": at, "standings": columns, "precincts": infos,
               "aggregates": [row, row | {"scope": "county:Kent"}]}  # fmt: skip
    return orjson.dumps(message).decode()


def followed(feed: WarRoomView, record: DayRecord, *moments: tuple[int, int]) -> None:
    for at, counted in moments:
        assert feed.apply(snapshot(at, counted))
        record.look()


def test_a_point_each_five_minutes_and_the_present_one(tmp_path: Path) -> None:
    feed = war_room_view(lambda: 0.0)
    record = DayRecord(feed, tmp_path)
    followed(feed, record, (NOON, 10), (NOON + 60, 20), (NOON + 300, 30), (NOON + 420, 40))
    points = record.points("all")
    assert [(p.at - NOON, p.counted) for p in points] == [(0, 10), (300, 30), (420, 40)]
    assert [(p.expected, p.expected_hi80) for p in points] == [(160.0, 200.0)] * 3
    assert [p.estimated for p in record.points("county:Kent")] == [30.0, 90.0, 120.0]
    assert record.points("county:Nowhere") == []


def test_a_restart_keeps_the_day_and_a_torn_line_costs_one_point(tmp_path: Path) -> None:
    feed = war_room_view(lambda: 0.0)
    followed(feed, DayRecord(feed, tmp_path), (NOON, 10), (NOON + 300, 30))
    with (tmp_path / FILE).open("ab") as file:
        file.write(b'{"all": {"at"')
    again = DayRecord(war_room_view(lambda: 0.0), tmp_path)
    assert [p.counted for p in again.points("all")] == [10, 30]


def test_an_old_feed_adds_nothing_and_another_day_begins_anew(tmp_path: Path) -> None:
    now = [0.0]
    feed = war_room_view(lambda: now[0])
    record = DayRecord(feed, tmp_path)
    followed(feed, record, (NOON, 10))
    now[0] = 60.0
    assert [p.counted for p in record.points("all")] == [10]
    followed(feed, record, (NOON - 7200, 3))
    assert [p.counted for p in record.points("all")] == [3]
    assert len((tmp_path / FILE).read_bytes().splitlines()) == 1


def test_what_a_tally_of_an_earlier_version_told_and_kept_is_drawn_as_far_as_it_goes(tmp_path: Path) -> None:
    feed = war_room_view(lambda: 0.0)
    message = orjson.loads(snapshot(NOON, 10))
    known = ("scope", "counted", "expected_final", "projected_final", "lo80", "hi80", "caveat")
    message["aggregates"] = [{name: row[name] for name in known} for row in message["aggregates"]]
    assert feed.apply(orjson.dumps(message).decode())
    old = {"at": NOON - 300, "counted": 4, "expected": 90.0, "expected_final": 1000.0, "projected": None,
           "lo80": None, "hi80": None}  # fmt: skip
    (tmp_path / FILE).write_bytes(orjson.dumps({"all": old}) + b"\n")
    points = DayRecord(feed, tmp_path).points("all")
    assert [(p.counted, p.expected, p.estimated) for p in points] == [(4, 90.0, None), (10, 150.5, None)]
    assert like_with_like(points, ZONE).endswith("150 were expected. Counted: 10.")
    figure: Any = day_figure(points, ZONE, OPENS, CLOSES)
    assert list(figure.data[trace.SEEN].y) == [None, None]
    assert list(figure.data[trace.AHEAD].y) == [900]


def test_the_figure_holds_an_estimate_of_all_against_what_was_expected_of_all(tmp_path: Path) -> None:
    feed = war_room_view(lambda: 0.0)
    record = DayRecord(feed, tmp_path)
    followed(feed, record, (NOON, 10), (NOON + 300, 30))
    figure: Any = day_figure(record.points("all"), ZONE, OPENS, CLOSES)
    assert list(figure.data[trace.SEEN].x) == ["2026-11-03 12:00:00", "2026-11-03 12:05:00"]
    values = {
        name: list(figure.data[getattr(trace, name)].y)
        for name in (
            "EXPECTED_LOW",
            "EXPECTED",
            "EXPECTED_HIGH",
            "SEEN_LOW",
            "SEEN",
            "SEEN_HIGH",
            "COUNTED",
            "EXPECTED_END",
            "AHEAD",
        )
    }
    assert values == {
        "EXPECTED_LOW": [120, 120], "EXPECTED": [160, 160], "EXPECTED_HIGH": [200, 200],
        "SEEN_LOW": [20, 60], "SEEN": [30, 90], "SEEN_HIGH": [40, 120], "COUNTED": [10, 30],
        "EXPECTED_END": [1000], "AHEAD": [900],
    }  # fmt: skip
    error = figure.data[trace.AHEAD].error_y
    assert (list(error.array), list(error.arrayminus)) == ([50], [50])
    assert list(figure.data[trace.AHEAD].x) == ["2026-11-03 20:00:00"]  # at the close: no course is claimed
    assert [figure.data[n].fill for n in (trace.EXPECTED_HIGH, trace.SEEN_HIGH)] == ["tonexty"] * 2
    assert like_with_like(record.points("all"), ZONE) == (
        "At 12:05 about 90 had voted in all precincts (80 %: 60 – 120), 160 were expected. "
        "Counted: 30, where 33 were expected of the same precincts at the times of their counts."
    )


def test_nothing_is_estimated_or_projected_where_too_few_count(tmp_path: Path) -> None:
    feed = war_room_view(lambda: 0.0)
    assert feed.apply(snapshot(NOON, 10, caveat="Too few count."))
    points = DayRecord(feed, tmp_path).points("all")
    figure: Any = day_figure(points, ZONE, OPENS, CLOSES)
    assert list(figure.data[trace.AHEAD].y) == []
    assert list(figure.data[trace.SEEN].y) == [None]
    assert list(figure.data[trace.SEEN_HIGH].y) == [None]
    assert "too few report" in like_with_like(points, ZONE)


def test_a_patch_moves_values_and_leaves_looks(tmp_path: Path) -> None:
    feed = war_room_view(lambda: 0.0)
    record = DayRecord(feed, tmp_path)
    followed(feed, record, (NOON, 10))
    operations = day_patch(record.points("all"), ZONE, CLOSES).to_plotly_json()["operations"]
    moved = {tuple(each["location"]) for each in operations}
    error = {("data", trace.AHEAD, "error_y", name) for name in ("array", "arrayminus")}
    assert moved == {("data", n, axis) for n in range(9) for axis in "xy"} | error
