"""An alert of the war room reaches the precinct's coordinator as one text, and nobody where none is named."""

from datetime import UTC, datetime, time, timedelta
from typing import Any

import pytest

from election.domain.checkin import Channel, CheckIn, Kind
from election.domain.ids import PrecinctId, check_in_id, message_id
from election.runtime.clock import FixedClock
from intake.outbox.notifications import Notifications
from intake.replies.purposes import QuietHours, Text
from tests.intake.outbox.test_reminders import a_roster

NOW = datetime(2026, 11, 3, 17, tzinfo=UTC)


def told(coordinator: str | None, at: datetime = NOW, precinct: str = "31-07", **detail: Any) -> list[Text]:
    message = message_id("staff", "n")
    note = CheckIn(
        check_in_id=check_in_id(message, 0), message_id=message, part=0, kind=Kind.NOTE,
        channel=Channel.STAFF, precinct_id=PrecinctId(precinct), watcher_id=None, sender="staff:war room",
        observed_at=at, sent_at=at, received_at=at,
        detail={"text": "84 votes behind its peers, 93 % sure"} | detail,
    )  # fmt: skip
    notices = Notifications(None, FixedClock(NOW), quiet=QuietHours(time(21), time(6)))  # type: ignore[arg-type]
    return notices.texts_for([note], a_roster(coordinator=coordinator), NOW)


def test_the_coordinator_hears_once_what_the_war_room_saw() -> None:
    (text,) = told("+12675550200", tell="coordinator")
    assert text.phone == "+12675550200"
    assert "31-07: 84 votes behind its peers, 93 % sure" in text.body
    assert text.segments == 1
    (again,) = told("+12675550200", tell="coordinator")
    assert again.key == text.key


@pytest.mark.parametrize(
    ("coordinator", "more"),
    [
        ("Ms Lee at the office", {"tell": "coordinator"}),  # called by hand
        (None, {"tell": "coordinator"}),
        ("+12675550200", {}),  # an ordinary note
        ("+12675550200", {"tell": "coordinator", "precinct": "99-99"}),
        ("+12675550200", {"tell": "coordinator", "at": NOW - timedelta(hours=3)}),  # old news is no news
    ],
)
def test_nobody_is_texted_where_there_is_nobody_or_nothing_new(coordinator: Any, more: Any) -> None:
    assert told(coordinator, **more) == []
