"""The day's chart shows what the tally said, and nothing a name could smuggle in."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from dashboard.precinct.chart import day_chart, moment, plain, verdict

ZONE = ZoneInfo("America/New_York")
NOW = datetime(2026, 11, 3, 17, tzinfo=UTC)
PAGE = {
    "curve": [
        {"at": 1793707200 + 900 * i, "expected": 10 * i, "lo80": 8 * i, "hi80": 12 * i,
         "lo95": 6 * i, "hi95": 14 * i}
        for i in range(53)
    ],
    "reports": [
        {"votes": 100, "observed_at": 1793714400, "verdict": "accepted"},
        {"votes": 900, "observed_at": "2026-11-03T16:00:00+00:00", "verdict": "held"},
        {"votes": 20, "observed_at": 1793718000, "verdict": "rejected"},
        {"votes": None, "observed_at": 1793718000, "verdict": "accepted"},
    ],
    "annotations": [{"kind": "note", "at": 1793714400, "detail": {"text": "<b>Polls</b> opened late"}}],
}  # fmt: skip


def test_reports_are_full_hollow_or_crossed_by_verdict() -> None:
    figure = day_chart(PAGE, ZONE, NOW, dark=False)
    markers = {
        t["name"]: (t["marker"]["symbol"], t["customdata"]) for t in figure["data"] if "markers" in t["mode"]
    }
    assert markers == {
        "Accepted": ("circle", ["100"]),
        "Held": ("circle-open", ["900"]),
        "Rejected": ("x-thin-open", ["20"]),
    }


def test_times_are_local_to_the_precinct() -> None:
    figure = day_chart(PAGE, ZONE, NOW, dark=True)
    held = next(t for t in figure["data"] if t.get("name") == "Held")
    assert held["x"] == ["2026-11-03 11:00:00"]
    assert figure["layout"]["shapes"][0]["x0"] == "2026-11-03 12:00:00"


def test_the_band_lies_between_its_own_bounds() -> None:
    figure = day_chart(PAGE, ZONE, NOW, dark=False)
    filled = next(i for i, t in enumerate(figure["data"]) if t.get("fill") == "tonexty")
    lower, upper = figure["data"][filled - 1]["y"], figure["data"][filled]["y"]
    assert lower == [8 * i for i in range(53)]
    assert upper == [12 * i for i in range(53)]


def test_markup_in_a_note_stays_text() -> None:
    texts = [note["text"] for note in day_chart(PAGE, ZONE, NOW, dark=False)["layout"]["annotations"]]
    assert "⚑ &lt;b&gt;Polls&lt;/b&gt; opened late" in texts
    assert not any("<" in text for text in texts)
    assert plain("<b>&") == "&lt;b&gt;&amp;"


def test_a_precinct_without_a_word_still_has_a_chart() -> None:
    figure = day_chart({}, ZONE, NOW, dark=False)
    assert figure["data"] == []
    assert len(figure["layout"]["shapes"]) == 1  # now


def test_moments_and_verdicts_are_read_however_they_are_written() -> None:
    assert moment(None) is None
    assert moment(1793725200) == NOW == moment("2026-11-03T17:00:00") == moment("2026-11-03T12:00:00-05:00")
    words = ("accepted", "held", "quarantined", "rejected", "superseded")
    assert [verdict({"verdict": v}) for v in words] == [
        "accepted", "held", "held", "rejected", "rejected",
    ]  # fmt: skip


def test_a_whole_buildings_count_is_drawn_as_this_precincts_share() -> None:
    whole = {
        "votes": 1_200,
        "whole_site": True,
        "share": 412,
        "observed_at": 1793714400,
        "verdict": "accepted",
    }
    replaced = {**whole, "share": None, "verdict": "superseded"}
    figure = day_chart(PAGE | {"reports": [whole, replaced]}, ZONE, NOW, dark=False)
    (points,) = [t for t in figure["data"] if t.get("name") == "Accepted"]
    assert (points["y"], points["customdata"]) == ([412], ["412 of 1,200 in the building"])
    assert not [t for t in figure["data"] if t.get("name") == "Rejected"]  # of which no share is known


def test_a_slip_of_ten_times_the_count_does_not_flatten_the_day() -> None:
    slip = {"votes": 9_000, "observed_at": 1793714400, "verdict": "held"}
    figure = day_chart(PAGE | {"reports": [*PAGE["reports"], slip]}, ZONE, NOW, dark=False)
    upper = figure["layout"]["yaxis"]["range"][1]
    assert 14 * 52 < upper < 2 * 14 * 52  # the widest band, not the slip
    (held,) = [t for t in figure["data"] if t.get("name") == "Held"]
    assert sorted(zip(held["y"], held["text"], held["customdata"], strict=True)) == [
        (728.0, "9,000 ↑", "9,000"), (728.0, "900 ↑", "900"),
    ]  # fmt: skip
    assert max(held["y"]) < upper  # in sight, at the upper edge
