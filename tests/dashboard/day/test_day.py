"""The day so far: a point each five minutes, kept over a restart; a figure, and then only what changes."""

from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import orjson

from dashboard.clients.feed import WarRoomView, war_room_view
from dashboard.day.day_figure import COUNTED_TRACE, HIGH_TRACE, LOW_TRACE, MIDDLE_TRACE, day_figure, day_patch
from dashboard.day.day_record import FILE, DayRecord

ZONE = ZoneInfo("America/New_York")
NOON = 1_793_725_200
OPENS, CLOSES = NOON - 5 * 3600, NOON + 8 * 3600


def snapshot(at: int, counted: int, caveat: str = "") -> str:
    row = {
        "scope": "all", "counted": counted, "expected_final": 1000.0, "projected_final": 900.0, "lo80": 850.0,
        "hi80": 950.0, "caveat": caveat,
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
    assert [p.expected for p in points] == [150.5] * 3
    assert [p.expected for p in record.points("county:Kent")] == [100.0] * 3
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


def test_the_figure_leads_from_the_last_count_to_the_projected_band(tmp_path: Path) -> None:
    feed = war_room_view(lambda: 0.0)
    record = DayRecord(feed, tmp_path)
    followed(feed, record, (NOON, 10), (NOON + 300, 30))
    figure: Any = day_figure(record.points("all"), ZONE, OPENS, CLOSES)
    assert list(figure.data[COUNTED_TRACE].x) == ["2026-11-03 12:00:00", "2026-11-03 12:05:00"]
    assert list(figure.data[COUNTED_TRACE].y) == [10, 30]
    ends = {trace: list(figure.data[trace].y) for trace in (LOW_TRACE, HIGH_TRACE, MIDDLE_TRACE)}
    assert ends == {LOW_TRACE: [30, 850], HIGH_TRACE: [30, 950], MIDDLE_TRACE: [30, 900]}
    assert figure.data[HIGH_TRACE].fill == "tonexty"


def test_nothing_is_projected_where_too_few_count(tmp_path: Path) -> None:
    feed = war_room_view(lambda: 0.0)
    assert feed.apply(snapshot(NOON, 10, caveat="Too few count."))
    figure: Any = day_figure(DayRecord(feed, tmp_path).points("all"), ZONE, OPENS, CLOSES)
    assert list(figure.data[MIDDLE_TRACE].y) == []


def test_a_patch_moves_values_and_leaves_looks(tmp_path: Path) -> None:
    feed = war_room_view(lambda: 0.0)
    record = DayRecord(feed, tmp_path)
    followed(feed, record, (NOON, 10))
    operations = day_patch(record.points("all"), ZONE, CLOSES).to_plotly_json()["operations"]
    assert {tuple(each["location"][::2]) for each in operations} == {("data", "x"), ("data", "y")}
    assert {each["location"][1] for each in operations} == set(range(5))
