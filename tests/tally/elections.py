"""Small elections and check-ins for the tally's tests."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from uuid import UUID

from election.domain.checkin import Channel, CheckIn, Kind
from election.domain.day import Election, ElectionDay, Precinct, Watcher
from election.domain.ids import CheckInId, MessageId, PrecinctId, WatcherId

DAY = ElectionDay("A small day", date(2026, 11, 3), "UTC", time(7), time(20))
OPENS = datetime(2026, 11, 3, 7, tzinfo=UTC)


def small_election(
    precincts: int = 12, expected: Sequence[float] | None = None, registered: int = 1500, scale: float = 1.0
) -> Election:
    rows = tuple(
        Precinct(
            PrecinctId(f"P{i}"),
            f"Hall {i}",
            int(registered * scale),
            county=f"C{i % 2}",
            group=f"G{i % 4}",
            expected_votes=scale * (600.0 if expected is None else expected[i]),
        )
        for i in range(precincts)
    )
    watchers = (
        Watcher(WatcherId("w1"), "Ada", "+15550000001", "en", (PrecinctId("P1"),)),
        Watcher(WatcherId("w2"), "Ben", "+15550000002", "en", (PrecinctId("P1"), PrecinctId("P2"))),
    )
    return Election(DAY, rows, watchers=watchers)


def at(hours: float) -> datetime:
    """A time of the day, hours after opening."""
    return OPENS + timedelta(hours=hours)


def entry(
    number: int,
    votes: int | None = None,
    hours: float = 3.0,
    precinct: str | None = "P1",
    kind: Kind = Kind.COUNT,
    watcher: str | None = "w1",
    late: float = 0.05,
    sender: str = "+15550000001",
    observed: float | None = None,
    **detail: Any,
) -> CheckIn:
    """A check-in sent at `hours`, received `late` hours later."""
    identity = UUID(int=number)
    return CheckIn(
        CheckInId(identity),
        MessageId(identity),
        0,
        kind,
        Channel.SMS,
        None if precinct is None else PrecinctId(precinct),
        None if watcher is None else WatcherId(watcher),
        sender,
        at(hours if observed is None else observed),
        at(hours),
        at(hours + late),
        votes,
        detail,
    )
