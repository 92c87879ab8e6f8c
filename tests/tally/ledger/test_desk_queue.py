"""What waits at the desks: a function of the set of entries, scoped, and as known at any time."""

import random
from uuid import UUID

import pytest

from election.domain.checkin import CheckIn, Kind
from tally.ledger.desk_queue import desks_of
from tally.ledger.ledger import Ledger
from tests.tally.elections import at, entry, small_election


def name(number: int) -> str:
    return str(UUID(int=number))


LOG: list[CheckIn] = [
    entry(1, kind=Kind.UNREAD, hours=1, precinct=None, text="wher do i go"),
    entry(2, kind=Kind.UNREAD, hours=2, precinct="P4", watcher=None, text="?!"),
    entry(3, kind=Kind.RESOLVE, hours=3, watcher=None, precinct=None, desk="unread", item=name(1)),
    entry(4, 200, hours=2, precinct="P2", watcher=None, sender="+1999", unknown_sender=True),
    entry(5, 210, hours=3, precinct="P2", watcher=None, sender="+1999", unknown_sender=True),
    entry(6, kind=Kind.TIE, hours=4, watcher=None, precinct=None, phone="+1999", watcher_id="w2"),
    entry(7, 9_000, hours=2, held="above_registered"),
    entry(8, 300, hours=3, kind=Kind.FIX),
    entry(9, 8_000, hours=4, precinct="P5", watcher="w9", sender="+15559", held="above_registered"),
    entry(10, kind=Kind.ACCEPT, hours=5, watcher=None, precinct=None, target=name(9)),
]


def waiting(hours: float | None = None, counties: frozenset[str] | None = None) -> tuple[int, int, int]:
    found = set()
    for seed in range(5):  # L3: any order, any repetition
        log = LOG * 2
        random.Random(seed).shuffle(log)
        ledger = Ledger(small_election())
        for one in log:
            ledger.add([one])
        groups = (
            ledger.desk_queue.groups() if hours is None else ledger.desk_queue.groups(at(hours).timestamp())
        )
        desks = desks_of(groups, counties)
        found.add((desks["unread"], desks["unknown"], desks["held"]))
    assert len(found) == 1
    return found.pop()


@pytest.mark.parametrize(
    ("hours", "expected"),
    [(1.5, (1, 0, 0)), (2.5, (2, 1, 1)), (3.5, (1, 1, 0)), (4.5, (1, 0, 1)), (None, (1, 0, 0))],
)
def test_items_come_and_go_with_what_settles_them(
    hours: float | None, expected: tuple[int, int, int]
) -> None:
    assert waiting(hours) == expected


def test_a_question_waits_once_intake_has_handed_it_over_whichever_entry_came_first() -> None:
    question = entry(20, kind=Kind.QUESTION, hours=1, text="412 of 380")
    other = entry(21, kind=Kind.QUESTION, hours=1, text="two?")
    handed = entry(22, kind=Kind.ASKED, hours=2, watcher=None, precinct=None, of=name(20),
                   question="handed_over", sender="w1")  # fmt: skip
    asked = entry(23, kind=Kind.ASKED, hours=2, watcher=None, precinct=None, of=name(21), question="what",
                  sender="w1")  # fmt: skip
    settled = entry(24, kind=Kind.RESOLVE, hours=3, watcher=None, precinct=None, desk="unread", item=name(20))
    for log in ([question, other, handed, asked, settled], [settled, asked, handed, other, question]):
        ledger = Ledger(small_election())
        ledger.add(log)
        ledger.add(log)
        told = [desks_of(ledger.desk_queue.groups(at(hours).timestamp()), None) for hours in (1.5, 2.5, 3.5)]
        assert [one["unread"] for one in told] == [0, 1, 0]
        assert [m["text"] for m in told[1]["messages"]] == ["412 of 380"]
        assert desks_of(ledger.desk_queue.groups(), None)["unread"] == 0


def test_a_lead_sees_the_items_of_their_counties() -> None:
    assert waiting(2.5, frozenset({"C1"})) == (1, 0, 1)  # w1's text and question; P4 and P2 are in C0
    assert waiting(2.5, frozenset({"C0"})) == (1, 1, 0)
    assert waiting(2.5, frozenset()) == (0, 0, 0)


def test_the_oldest_messages_are_shown_with_their_words() -> None:
    ledger = Ledger(small_election())
    ledger.add(LOG)
    ledger.add(
        entry(100 + n, kind=Kind.UNREAD, hours=1 + n / 100, text="x" * 900, watcher="w2") for n in range(40)
    )
    desks = desks_of(ledger.desk_queue.groups(), None)
    assert desks["unread"] == 41
    assert [m["id"] for m in desks["messages"]] == [name(100 + n) for n in range(30)]
    assert desks["messages"][0] == {
        "id": name(100), "at": int(at(1.05).timestamp()), "precinct_id": "P1", "watcher_id": "w2",
        "channel": "sms", "text": "x" * 300,
    }  # fmt: skip


def test_its_version_grows_only_when_something_may_have_changed() -> None:
    ledger = Ledger(small_election())
    ledger.add(LOG)
    before = ledger.desk_queue.version
    ledger.add([entry(50, 320, hours=5, precinct="P7"), LOG[1]])
    assert ledger.desk_queue.version == before
    ledger.add([entry(51, 8_000, hours=5, precinct="P5", watcher="w9", sender="+15559")])
    assert ledger.desk_queue.version > before
