"""A precinct's day in words: as sent, judged, decided; a building's count says whose votes they are."""

import json
from typing import Any
from zoneinfo import ZoneInfo

from dash.development.base_component import Component

from dashboard.precinct.check_in_list import check_in_list
from dashboard.precinct.panel import _sentence
from election.domain.day import Watcher
from election.domain.ids import PrecinctId, WatcherId

ZONE = ZoneInfo("America/New_York")
NINE = 1_793_714_400  # 9:00 in New York
WATCHERS = (Watcher(WatcherId("w7"), "Ana", "+12155550007", "en", (PrecinctId("12-01"),)),)
SITE = {
    "check_in_id": "c1", "votes": 1_200, "whole_site": True, "share": 412, "observed_at": NINE,
    "received_at": NINE + 60, "verdict": "accepted", "reason": "", "sender": "w7", "words": "Town Hall 1200",
    "channel": "sms", "kind": "count",
}  # fmt: skip
PAGE: dict[str, Any] = {
    "standing": {"state": "on_pace", "last_votes": 412, "last_observed_at": NINE, "projected_final": 900.4},
    "reports": [SITE],
    "log": [{"kind": "line", "at": NINE + 120, "by": "w7", "detail": {"minutes": 45}, "words": "LINE 45"}],
    "annotations": [
        {"kind": "accept", "at": NINE + 180, "by": "staff:sam", "detail": {"target": "c1"}, "words": None},
        {"kind": "hours", "at": NINE + 240, "by": "staff:sam",
         "detail": {"closes_at": "2026-11-03T21:30:00-05:00"}, "words": None},
        {"kind": "resolve", "at": NINE + 300, "by": "staff:ada",
         "detail": {"incident": 12, "status": "assigned", "note": "given to lee"}, "words": None},
    ],
}  # fmt: skip


def texts(component: Any) -> list[str]:
    """What a person reads of each line, parts joined."""
    if isinstance(component, Component):
        return texts(component.children)
    if isinstance(component, list | tuple):
        return [text for part in component for text in texts(part)]
    return [] if component is None else [str(component)]


def lines(page: dict[str, Any]) -> list[str]:
    *_, listed = check_in_list(page, WATCHERS, ZONE)
    return [" | ".join(texts(row)) for row in listed.children]


def test_the_day_is_told_newest_first_with_who_said_and_who_decided() -> None:
    assert lines(PAGE) == [
        "09:05 | incident #12 assigned: given to lee | ada",
        "09:04 | polls here close at 21:30 | sam",
        "09:03 | accepted 1,200 | sam",
        "09:02 | LINE 45 | Ana | the line",
        "09:01 | Town Hall 1200 | Ana · sms | ● Accepted"
        " | 1,200 for the whole building: 412 of them are this precinct's, by expectation."
        " | Reject 1,200 for the whole building",
    ]


def test_a_share_that_is_not_known_is_not_told() -> None:
    replaced = SITE | {"share": None, "verdict": "superseded", "reason": "corrected at 09:10"}
    assert "1,200 for the whole building. | corrected at 09:10" in lines({"reports": [replaced]})[0]


def test_the_first_sentence_says_that_the_last_count_is_a_share() -> None:
    told = "".join(texts(_sentence(PAGE, ZONE)))
    assert "last count 412, its share of 1,200 for the whole building, at 09:00" in told
    own = SITE | {"whole_site": False, "votes": 412}
    assert "whole" not in "".join(texts(_sentence(PAGE | {"reports": [own]}, ZONE)))


def test_without_the_database_the_words_are_missed_and_a_quiet_precinct_has_none() -> None:
    told = json.dumps(texts(check_in_list(PAGE | {"words_available": False}, WATCHERS, ZONE)))
    assert "The database is away" in told
    assert texts(check_in_list({}, WATCHERS, ZONE)) == ["No check-ins yet."]
