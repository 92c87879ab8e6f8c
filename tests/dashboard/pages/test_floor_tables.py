"""The figure of hours: what a page is sent later is what it would be drawn with anew."""

from zoneinfo import ZoneInfo

from dashboard.pages.floor_tables import (
    canvasser_rows,
    driver_rows,
    hours_figure,
    hours_patch,
    pace_words,
)
from tests.dashboard.pages.floor_answers import FLOOR


def test_the_figure_of_hours_is_patched_to_what_it_would_be_anew() -> None:
    zone, floor = ZoneInfo("America/New_York"), FLOOR.model_dump(mode="json")
    fresh = hours_figure(floor, zone)
    assert [(trace.name, list(trace.x), list(trace.y)) for trace in fresh.data] == [
        ("calls", ["11:00", "12:00"], [150, 60]), ("reached", ["11:00", "12:00"], [59, 25]),
        ("promised", ["11:00", "12:00"], [24, 9]),
    ]  # fmt: skip
    moved = {
        tuple(o["location"]): o["params"]["value"]
        for o in hours_patch(floor, zone).to_plotly_json()["operations"]
    }
    assert moved["data", 1, "y"] == [59, 25]


def test_a_pace_is_told_only_where_it_is_known() -> None:
    pace = FLOOR.precincts[0].pace.model_dump(mode="json")
    assert pace_words("Wells Hall", pace) == "At this pace 60 % of Wells Hall's list will have been reached."
    assert pace_words("Wells Hall", pace | {"by_close": None}) == ""


def test_who_walks_and_who_drives_stand_there_those_who_idle_first() -> None:
    floor = FLOOR.model_dump(mode="json")
    idle, walks = canvasser_rows(floor["canvassers"])
    assert idle == ["Eli", "", "0", "0", "0", "0", "0", "12 min", "has chosen no precinct"]
    assert (
        walks[0] == "Dee"
        and walks[1].children == "Wells Hall"
        and walks[2:] == ["7", "11", "5", "9", "4", "", ""]
    )
    (drives,) = driver_rows(floor["drivers"])
    assert drives[2].href == "/precinct/01-04" and drives[3:] == ["in the car", "8 min", "2", "", ""]
