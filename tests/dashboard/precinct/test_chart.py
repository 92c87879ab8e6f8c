"""The day's chart shows what the tally said, and nothing a name could smuggle in."""

from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from dashboard.precinct.chart import day_chart, day_patch, moment, plain, verdict

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


def drawn(page: dict[str, Any], dark: bool = False) -> dict[str, Any]:
    figure: dict[str, Any] = day_chart(page, ZONE, NOW, dark).to_plotly_json()
    return figure


def test_reports_are_full_hollow_or_crossed_by_verdict() -> None:
    figure = drawn(PAGE)
    markers = {
        t["name"]: (t["marker"]["symbol"], t["customdata"]) for t in figure["data"] if "markers" in t["mode"]
    }
    assert markers == {
        "Accepted": ("circle", ["100"]),
        "Held": ("circle-open", ["900"]),
        "Rejected": ("x-thin-open", ["20"]),
    }


def test_times_are_local_to_the_precinct() -> None:
    figure = drawn(PAGE, dark=True)
    held = next(t for t in figure["data"] if t.get("name") == "Held")
    assert held["x"] == ["2026-11-03 11:00:00"]
    assert figure["layout"]["shapes"][0]["x0"] == "2026-11-03 12:00:00"


def test_the_band_lies_between_its_own_bounds() -> None:
    figure = drawn(PAGE)
    filled = next(i for i, t in enumerate(figure["data"]) if t.get("fill") == "tonexty")
    lower, upper = figure["data"][filled - 1]["y"], figure["data"][filled]["y"]
    assert lower == [8 * i for i in range(53)]
    assert upper == [12 * i for i in range(53)]


def test_markup_in_a_note_stays_text() -> None:
    texts = [note["text"] for note in drawn(PAGE)["layout"]["annotations"]]
    assert "⚑ &lt;b&gt;Polls&lt;/b&gt; opened late" in texts
    assert not any("<" in text for text in texts)
    assert plain("<b>&") == "&lt;b&gt;&amp;"


def test_a_precinct_without_a_word_still_has_a_chart() -> None:
    figure = drawn({})
    assert not any(trace["x"] or trace["y"] for trace in figure["data"])
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
    figure = drawn(PAGE | {"reports": [whole, replaced]})
    (points,) = [t for t in figure["data"] if t.get("name") == "Accepted"]
    assert (points["y"], points["customdata"]) == ([412], ["412 of 1,200 in the building"])
    rejected = next(t for t in figure["data"] if t.get("name") == "Rejected")
    assert not rejected["x"]  # of which no share is known


def test_a_slip_of_ten_times_the_count_does_not_flatten_the_day() -> None:
    slip = {"votes": 9_000, "observed_at": 1793714400, "verdict": "held"}
    figure = drawn(PAGE | {"reports": [*PAGE["reports"], slip]})
    upper = figure["layout"]["yaxis"]["range"][1]
    assert 14 * 52 < upper < 2 * 14 * 52  # the widest band, not the slip
    (held,) = [t for t in figure["data"] if t.get("name") == "Held"]
    assert sorted(zip(held["y"], held["text"], held["customdata"], strict=True)) == [
        (728.0, "9,000 ↑", "9,000"), (728.0, "900 ↑", "900"),
    ]  # fmt: skip
    assert max(held["y"]) < upper  # in sight, at the upper edge


def test_a_page_that_has_the_figure_is_sent_what_changed_and_ends_with_the_same() -> None:
    before, after = drawn({}), drawn(PAGE)
    assert len(before["data"]) == len(after["data"])
    for change in day_patch(PAGE, ZONE, NOW, dark=False).to_plotly_json()["operations"]:
        *way, name = change["location"]
        place: Any = before
        for step in way:
            place = place[step]
        place[name] = change["params"]["value"]
    assert before == after
