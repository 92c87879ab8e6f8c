"""What deserves an alert: raised once, over only after calm, the heaviest first."""

from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from dashboard.alerts.alerts import slack_message
from dashboard.alerts.conditions import CALM, QUIET_LEAST, Condition, Watch, conditions

NOW = datetime(2026, 11, 3, 17, tzinfo=UTC)


def standing(state: str = "on_pace", **more: Any) -> dict[str, Any]:
    return {"state": state, "p_lagging": 0.9, "shortfall": 84.0, "reports": 3, "reason": ""} | more


def found(
    standings: dict[str, Any], incidents: dict[str, Any] | None = None
) -> dict[tuple[str, str], Condition]:
    precincts = {p: {"county": "North" if p < "5" else "South"} for p in standings}
    return conditions(precincts, standings, incidents or {})


def test_rides_that_can_wait_no_longer_are_an_alert_of_their_precinct() -> None:
    calls = {"rides": [{"precinct_id": "1", "rides": 2, "sentence": "2 voters need a ride: …"}]}
    (found,) = conditions({"1": {"county": "North"}}, {}, {}, calls).values()
    assert (found.key, found.county, found.weight) == (("ride", "1"), "North", 2.0)
    assert not conditions({}, {}, {}, {"rides": []})


def test_each_kind_says_why() -> None:
    standings = {
        "1": standing("lagging"),
        "2": standing("doubtful", reason="two counts disagree."),
        "3": standing(line_minutes=75),
        "4": standing("watch"),
        "5": standing("closed", line_people=400),
    }
    incidents = {
        "i": {
            "check_in_id": "i",
            "number": 7,
            "status": "assigned",
            "precinct_id": "1",
            "text": "a\nb " * 60,
        },
        "j": {"check_in_id": "j", "number": 8, "status": "resolved", "precinct_id": "1", "text": "done"},
    }
    reasons = {key: c.reason for key, c in found(standings, incidents).items()}
    assert reasons.pop(("incident", "i")).startswith("incident #7: a b a b")
    assert reasons == {
        ("lagging", "1"): "84 votes behind its peers, 90 % sure",
        ("doubtful", "2"): "two counts disagree",
        ("line", "3"): "a line of 75 min",
    }


def test_a_county_that_falls_silent_at_once_is_one_alert_about_the_network() -> None:
    silent = {str(i): standing("silent") for i in range(QUIET_LEAST)}
    assert ("quiet", "North") in found(
        {str(i): standing("silent") for i in (1, 2, 3, 4)} | {"0": standing("silent")}
    )
    alive = {f"4{i}": standing() for i in range(QUIET_LEAST + 1)}
    assert not found(silent | alive)  # most go on: single watchers, not a network
    assert not found(
        {str(i): standing("silent", reports=0) for i in range(50)}
    )  # never counted: nobody fell silent


def test_a_flapping_state_is_one_alert_and_over_only_after_calm() -> None:
    watch, lagging = Watch(), found({"1": standing("lagging")})
    key = ("lagging", "1")
    first = watch.look(lagging, [], NOW)
    assert [c.key for c in first.raised] == [key]
    for minute in range(0, 60, 3):  # behind, not behind, behind …
        holding = lagging if minute % 2 else {}
        turn = watch.look(holding, [key], NOW + timedelta(minutes=minute))
        assert turn.raised == ()
        assert turn.over == ()
    later = NOW + timedelta(hours=1)
    assert watch.look({}, [key], later).over == ()
    assert watch.look({}, [key], later + CALM).over == (key,)
    assert [c.key for c in watch.look(lagging, [], later + CALM).raised] == [key]


@given(st.lists(st.booleans(), min_size=1, max_size=60))
def test_at_most_one_open_alert_whatever_the_state_does(states: list[bool]) -> None:
    watch, open_, raised = Watch(), False, 0
    lagging = found({"1": standing("lagging")})
    for minute, behind in enumerate(states):
        turn = watch.look(
            lagging if behind else {}, [("lagging", "1")] if open_ else [], NOW + timedelta(minutes=minute)
        )
        assert not (turn.raised and open_)
        raised += len(turn.raised)
        open_ = (open_ or bool(turn.raised)) and not turn.over
        assert open_ or not behind
    assert raised <= 1 + len(states) // (CALM // timedelta(minutes=1))


def test_an_open_alert_is_worded_anew_as_its_matter_changes() -> None:
    said = {key: c.reason for key, c in found({"1": standing("lagging", shortfall=84.0)}).items()}
    holding = found({"1": standing("lagging", shortfall=120.0)})
    turn = Watch().look(holding, said, NOW, said)
    assert [c.reason for c in turn.reworded] == ["120 votes behind its peers, 90 % sure"]
    assert turn.raised == ()
    assert Watch().look(holding, said, NOW, {key: c.reason for key, c in holding.items()}).reworded == ()
    assert Watch().look({}, said, NOW, said).reworded == (), (
        "what is gone keeps its last words until it is over"
    )


def test_the_heaviest_comes_first() -> None:
    raised = (
        Watch()
        .look(found({str(i): standing("lagging", shortfall=10.0 * i) for i in range(5)}), [], NOW)
        .raised
    )
    assert [c.precinct_id for c in raised] == ["4", "3", "2", "1", "0"]


def test_a_message_outside_links_each_place_and_stays_short_whatever_names_hold() -> None:
    alerts = [{"precinct_id": f"{i}", "county": "North", "reason": "a <b> & c"} for i in range(14)]
    text = slack_message(alerts, {"0": "<Fire|House>"}, "https://room.example/", rehearsal=True)["text"]
    lines = text.split("\n")
    assert lines[0] == "REHEARSAL · Beluga: 14 new"
    assert lines[1] == "• <https://room.example/precinct/0|&lt;Fire/House&gt;>: a &lt;b&gt; &amp; c"
    assert lines[-1] == "• and 4 more on the board"
