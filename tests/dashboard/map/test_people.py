"""Whom to call about a precinct; a coordinator has a number however the roster writes them."""

from datetime import date, time

from dashboard.map.people import to_call
from dashboard.map.places import MapPlaces
from election.domain.day import ElectionDay, Precinct, Watcher
from election.domain.ids import PrecinctId, WatcherId

DAY = ElectionDay("Test", date(2026, 11, 3), "America/New_York", time(7), time(20))
P = PrecinctId("12-01")


def watcher(number: int, coordinator: str | None = None, backup: str | None = None) -> Watcher:
    here = (P,) if coordinator is not None or number == 1 else ()
    return Watcher(
        WatcherId(f"w{number}"), f"Watcher {number}", f"+1215555010{number}", "en", here,
        backup_phone=backup, coordinator=coordinator,
    )  # fmt: skip


def people(*watchers: Watcher) -> list[tuple[str, str, str]]:
    here = MapPlaces(DAY, {str(P): Precinct(P, "School", 1000)}, watchers, {})
    return [(p["as"], p["name"], p["phone"]) for p in to_call(str(P), here)]


def test_second_phones_and_coordinators_have_their_numbers() -> None:
    lead = watcher(9)
    assert people(watcher(1, "Watcher 9", "+12155550150"), lead) == [
        ("watcher", "Watcher 1", "+12155550101"), ("second phone", "Watcher 1", "+12155550150"),
        ("coordinator", "Watcher 9", "+12155550109"),
    ]  # fmt: skip
    assert people(watcher(1, "w9"), lead)[1:] == [("coordinator", "Watcher 9", "+12155550109")]
    assert people(watcher(1, "+12155550109"), lead)[1:] == [("coordinator", "Watcher 9", "+12155550109")]
    assert people(watcher(1, "+12155550177"))[1:] == [("coordinator", "+12155550177", "+12155550177")]
    assert people(watcher(1, "Ann Other"))[1:] == [("coordinator", "Ann Other", "")], "said to have none"
