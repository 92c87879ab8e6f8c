"""Check-ins resolve into what each precinct's entries say, whatever order they came in."""

from collections.abc import Iterable
from itertools import permutations
from typing import Any
from uuid import UUID

import numpy as np

from election.domain.checkin import CheckIn, Kind
from election.log.columns import Counts
from tally.entries.entries import PrecinctView, Verdict
from tally.ledger import columns_view
from tally.ledger.ledger import Ledger
from tests.tally.elections import at, entry, small_election


def view_of(*entries: CheckIn, position: int = 1, hours: float | None = None) -> PrecinctView:
    views = []
    for order in permutations(entries) if len(entries) <= 4 else [entries, entries[::-1]]:
        ledger = Ledger(small_election())
        ledger.add(order)
        ledger.add(order)  # again: nothing changes
        views.append(ledger.view(position) if hours is None else ledger.view(position, at(hours).timestamp()))
    assert all(view == views[0] for view in views)
    return views[0]


def votes(view: PrecinctView) -> list[int]:
    return [r.votes for r in view.live]


def test_a_fix_supersedes_the_senders_last_count_and_keeps_its_time() -> None:
    view = view_of(entry(1, 400, 3.0), entry(2, 420, 3.2, kind=Kind.FIX))
    assert votes(view) == [420]
    assert view.live[0].observed == at(3.0).timestamp()
    assert [(s.report.votes, s.verdict) for s in view.decided] == [(400, Verdict.SUPERSEDED)]


def test_a_fix_with_its_own_time_keeps_it() -> None:
    view = view_of(entry(1, 400, 3.0), entry(2, 420, 3.2, kind=Kind.FIX, observed=3.1))
    assert view.live[0].observed == at(3.1).timestamp()


def test_an_undo_withdraws_the_last_live_count_of_that_sender_alone() -> None:
    view = view_of(
        entry(1, 300, 2.0),
        entry(2, 310, 2.5, watcher="w2"),
        entry(3, 400, 3.0),
        entry(4, None, 3.1, kind=Kind.UNDO),
    )
    assert votes(view) == [300, 310]
    assert [(s.report.votes, s.verdict) for s in view.decided] == [(400, Verdict.WITHDRAWN)]


def test_an_undo_before_any_count_does_nothing() -> None:
    assert votes(view_of(entry(1, None, 1.0, kind=Kind.UNDO), entry(2, 90, 2.0))) == [90]


def test_an_unknown_phone_is_quarantined_until_tied() -> None:
    stray = entry(1, 300, 3.0, watcher=None, sender="+15559", unknown_sender=True)
    tie = entry(2, None, 4.0, precinct=None, watcher=None, sender="staff:ann", kind=Kind.TIE,
                phone="+15559", watcher_id="w1")  # fmt: skip
    assert votes(view_of(stray)) == []
    assert view_of(stray).decided[0].verdict is Verdict.QUARANTINED
    assert votes(view_of(stray, tie)) == [300]
    assert votes(view_of(stray, tie, hours=3.5)) == []  # as known before the tie


def test_a_tied_count_without_precinct_goes_to_the_watchers_only_one() -> None:
    stray = entry(1, 300, 3.0, precinct=None, watcher=None, sender="+15559", unknown_sender=True)
    tie = entry(2, None, 4.0, precinct=None, sender="staff:ann", watcher=None, kind=Kind.TIE,
                phone="+15559", watcher_id="w1")  # fmt: skip
    assert votes(view_of(stray, tie)) == [300]


def test_staff_reject_and_accept_and_the_last_word_wins() -> None:
    count = entry(7, 300, 3.0)
    reject = entry(8, None, 3.5, sender="staff:ann", watcher=None, kind=Kind.REJECT,
                   target=str(count.check_in_id))  # fmt: skip
    accept = entry(9, None, 4.0, sender="staff:ann", watcher=None, kind=Kind.ACCEPT,
                   target=str(count.check_in_id))  # fmt: skip
    assert view_of(count, reject).decided[0].reason == "rejected by staff:ann"
    assert votes(view_of(count, reject)) == []
    assert view_of(count, reject, accept).live[0].accepted_by_staff


def test_strike_offs_are_a_union() -> None:
    view = view_of(
        entry(1, kind=Kind.VOTERS, roll_numbers=[1, 2, 3]),
        entry(2, kind=Kind.VOTERS, roll_numbers=[3, 4], watcher="w2"),
    )
    assert view.struck_off == {1, 2, 3, 4}


def test_of_a_number_on_the_roll_the_latest_word_counts() -> None:
    """Also where two phones' words arrive in any order, and where columns are drawn without a view."""
    struck = entry(1, None, 3.0, kind=Kind.VOTERS, roll_numbers=[1, 2, 3], roll_texts=["18/1", "18/2"])
    slip = entry(2, None, 3.2, kind=Kind.VOTERS, unstruck=[2, "18/2"], watcher="w2")
    again = entry(3, None, 3.4, kind=Kind.VOTERS, roll_numbers=[2])
    assert view_of(struck, slip).struck_off == {1, 3, "18/1"}
    assert view_of(struck, slip, again).struck_off == {1, 2, 3, "18/1"}
    assert view_of(struck, slip, again, hours=3.3).struck_off == {1, 3, "18/1"}
    for order in permutations([struck, slip]):
        ledger = Ledger(small_election())
        ledger.add(order)
        assert columns_view.all_precincts(ledger, at(4.0).timestamp()).struck_off[1] == 3


def test_hours_move_for_a_county_and_for_one_precinct() -> None:
    ledger = Ledger(small_election())
    county = entry(1, None, 9.0, precinct=None, watcher=None, kind=Kind.HOURS, county="C1",
                   closes_at=at(14).isoformat())  # fmt: skip
    one = entry(2, None, 9.5, watcher=None, kind=Kind.HOURS, closes_at=at(15).isoformat())
    assert ledger.add([one, county]) == {1, 3, 5, 7, 9, 11}
    assert ledger.hours.of(1)[1] == at(15).timestamp()
    assert ledger.hours.of(3)[1] == at(14).timestamp()
    assert ledger.hours.of(0)[1] == at(13).timestamp()
    assert ledger.hours.of(1, at(9).timestamp())[1] == at(13).timestamp()


def test_incidents_open_and_resolve() -> None:
    broken = entry(1, None, 3.0, kind=Kind.INCIDENT, incident=41, text="machine 2 down")
    solved = entry(
        2, None, 5.0, precinct=None, watcher=None, kind=Kind.RESOLVE, incident=41, status="resolved"
    )
    assert [i.text for i in view_of(broken).incidents] == ["machine 2 down"]
    assert view_of(broken, solved).incidents == ()


def test_here_and_away_count_watchers_on_post() -> None:
    view = view_of(
        entry(1, kind=Kind.HERE, hours=0.1),
        entry(2, kind=Kind.HERE, hours=0.2, watcher="w2"),
        entry(3, kind=Kind.AWAY, hours=4.0),
    )
    assert view.on_post == 1


def test_a_question_is_cleared_by_the_same_number_again() -> None:
    once = entry(1, 900, 3.0, held="above_pace")
    again = entry(2, 900, 3.4)
    assert view_of(once).live[0].asked
    assert not any(r.asked for r in view_of(once, again).live)


def test_what_names_an_unknown_precinct_is_counted_apart() -> None:
    ledger = Ledger(small_election())
    assert ledger.add([entry(1, 5, precinct="nowhere")]) == set()
    assert ledger.unplaced == 1


def test_columns_of_every_precinct_say_what_the_views_say() -> None:
    log = [
        entry(1, 100, 2.0, precinct="P0"), entry(2, 180, 4.0, precinct="P0"),
        entry(3, 90, 4.0, precinct="P0"),
        entry(4, 70, 2.0), entry(5, 75, 2.1, kind=Kind.FIX), entry(6, kind=Kind.LINE, hours=5.0, minutes=20),
        entry(7, 50, 1.0, precinct="P2", held="above_pace"), entry(8, 300, 5.0, precinct="P3"),
        entry(9, None, 5.5, precinct=None, kind=Kind.REJECT, sender="staff:ann", watcher=None,
              target=str(entry(8).check_in_id)),
        entry(10, None, 2.5, precinct="P0", watcher=None, kind=Kind.HOURS, closes_at=at(15).isoformat()),
        entry(11, 611, 13.1, precinct="P4", kind=Kind.FINAL), entry(12, 611, 13.1, precinct="P4"),
    ]  # fmt: skip
    for order in (log, log[::-1]):
        ledger = Ledger(small_election())
        for one in order:
            ledger.add([one])
            columns_view.all_precincts(ledger)  # columns are sorted anew as entries come
        for hours in (0.5, 2.08, 3.0, 4.06, 5.2, 6.0, 14.0):
            as_of = at(hours).timestamp()
            whole = columns_view.all_precincts(ledger, as_of)
            again = columns_view.subset(ledger, range(12), as_of)
            for name in whole.__dataclass_fields__:
                if name != "sender":
                    assert np.array_equal(getattr(whole, name), getattr(again, name)), name
            live = [r for p in range(12) for r in ledger.view(p, as_of).live]
            assert [r.votes for r in live] == whole.votes.tolist()


def test_a_message_read_again_replaces_its_earlier_reading() -> None:
    """FIX, UNDO and names struck off come back too, which a rejection alone cannot do."""
    staff = {"precinct": None, "watcher": None, "sender": "staff:ann", "kind": Kind.REREAD}
    count, fix = entry(1, 400, 3.0), entry(2, 4_200, 3.2, kind=Kind.FIX)
    again = entry(3, None, 4.0, **staff, item=str(fix.check_in_id), supersedes=[str(fix.check_in_id)])
    corrected = entry(4, 420, 3.2, late=0.85, reread=str(fix.message_id))
    view = view_of(count, fix, again, corrected)
    assert votes(view) == [400, 420]
    assert [(s.report.votes, s.verdict, s.reason) for s in view.decided] == [
        (4_200, Verdict.SUPERSEDED, "its message was read again by staff:ann")
    ]
    assert votes(view_of(count, fix, again, corrected, hours=3.5)) == [4_200]  # as known before

    undo = entry(5, None, 3.1, kind=Kind.UNDO)
    not_an_undo = entry(6, None, 4.0, **staff, item=str(undo.check_in_id), supersedes=[str(undo.check_in_id)])
    assert votes(view_of(count, undo)) == []
    assert votes(view_of(count, undo, not_an_undo)) == [400]

    names = entry(7, None, 3.0, kind=Kind.VOTERS, roll_numbers=[1, 2, 3])
    fewer = entry(8, None, 3.0, late=1.0, kind=Kind.VOTERS, roll_numbers=[2])
    less = entry(9, None, 4.0, **staff, item=str(names.check_in_id), supersedes=[str(names.check_in_id)])
    assert view_of(names, fewer).struck_off == {1, 2, 3}
    assert view_of(names, fewer, less).struck_off == {2}
    line = entry(10, None, 3.0, kind=Kind.LINE, minutes=90)
    no_line = entry(11, None, 4.0, **staff, item=str(line.check_in_id), supersedes=[str(line.check_in_id)])
    assert view_of(line, no_line).line_minutes is None


def test_a_staff_note_is_no_word_from_a_precinct() -> None:
    note = entry(1, None, 5.0, kind=Kind.NOTE, watcher=None, sender="staff:ann", text="called, no answer")
    assert view_of(note).last_received is None
    assert view_of(entry(2, 90, 2.0), note).last_received == at(2.05).timestamp()


def test_counts_filed_in_columns_are_as_if_filed_one_by_one() -> None:
    """Some are known already, some come twice, a decision about one was there first."""
    log = [entry(n, 10 * n, 1 + n / 50, precinct=f"P{n % 5}", watcher=f"w{n % 3}") for n in range(1, 200)]
    reject = entry(900, None, 6.0, precinct=None, kind=Kind.REJECT, sender="staff:ann", watcher=None,
                   target=str(log[150].check_in_id))  # fmt: skip
    plain, columns = Ledger(small_election()), Ledger(small_election())
    plain.add([*log, reject])
    columns.add([*log[:40], reject])
    senders = {hash(f"w{n}"): f"w{n}" for n in range(3)}
    for some in (log[20:160], log[100:], log[:30] + log[:30]):
        columns.add_counts(in_columns(some, columns.index), senders)
    assert len(columns) == len(plain) == 200
    assert columns.check_in_ids() == plain.check_in_ids()
    assert columns.newest == plain.newest
    for position in range(12):
        assert columns.view(position) == plain.view(position)
    for as_of in (at(2).timestamp(), at(5.5).timestamp(), at(7).timestamp()):
        one, two = columns_view.all_precincts(columns, as_of), columns_view.all_precincts(plain, as_of)
        assert np.array_equal(one.votes, two.votes) and np.array_equal(one.owner, two.owner)
    assert columns.touched_between(at(3).timestamp(), at(6.1).timestamp()) == plain.touched_between(
        at(3).timestamp(), at(6.1).timestamp()
    )


def in_columns(log: list[CheckIn], index: dict[str, int]) -> Counts:
    def column(values: Iterable[Any], kind: type) -> Any:
        return np.array(list(values), dtype=kind)

    return Counts(
        column((c.check_in_id.int >> 64 for c in log), np.uint64),
        column((c.check_in_id.int & (1 << 64) - 1 for c in log), np.uint64),
        column((index[c.precinct_id or ""] for c in log), np.int32),
        *(column((getattr(c, name).timestamp() for c in log), np.float64)
          for name in ("observed_at", "sent_at", "received_at")),
        column((c.votes for c in log), np.int32),
        column((hash(c.watcher_id) for c in log), np.int64),
        column((c.kind is Kind.FINAL for c in log), np.bool_),
        column((0 for _ in log), np.int8),
    )  # fmt: skip


def test_more_ids_than_the_table_first_holds_are_found_again() -> None:
    ledger = Ledger(small_election())
    log = [entry(7 * n, 5, 1 + n / 1e6, precinct="P3") for n in range(45_000)]
    ledger.add(log)
    assert len(ledger) == 45_000
    assert [ledger.store.row_of(log[n].check_in_id.bytes) for n in (0, 39_322, 44_999)] == [
        0,
        39_322,
        44_999,
    ]
    assert ledger.store.row_of(UUID(int=3).bytes) == -1
    assert ledger.add(log[::-1]) == set()


def told(number: int, hours: float, text: str, matter: str | None = None) -> CheckIn:
    detail = {"matter": matter} if matter else {}
    return entry(number, None, hours, kind=Kind.INCIDENT, incident=number, text=text, **detail)


def fixed(number: int, hours: float, matter: str | None) -> CheckIn:
    return entry(number, None, hours, kind=Kind.RESOLVED, **({"matter": matter} if matter else {}))


def test_a_repair_never_ends_an_alarm_about_people() -> None:
    gun = told(1, 2.0, "man with a gun")
    for matter in ("machine", "late_opening", "any", None):
        assert [i.number for i in view_of(gun, fixed(2, 3.0, matter)).incidents] == [1]


def test_a_repair_ends_the_newest_alarm_of_its_own_matter() -> None:
    jam, gun = told(1, 2.0, "machine jammed", "machine"), told(2, 2.5, "man with a gun")
    assert [i.number for i in view_of(jam, gun, fixed(3, 3.0, "machine")).incidents] == [2]
    second = told(4, 2.7, "printer jammed", "machine")
    assert [i.number for i in view_of(jam, gun, second, fixed(5, 3.0, "machine")).incidents] == [1, 2]
    assert [i.number for i in view_of(jam, second, fixed(6, 2.6, "machine")).incidents] == [4]


def test_a_repair_ends_nothing_where_no_alarm_of_its_matter_is_open() -> None:
    doors = told(1, 2.0, "doors locked", "late_opening")
    assert [i.number for i in view_of(doors, fixed(2, 3.0, "machine")).incidents] == [1]


def test_a_repair_of_nothing_named_ends_the_newest_alarm_unless_that_is_about_people() -> None:
    jam, gun = told(1, 2.0, "machine jammed", "machine"), told(2, 2.5, "man with a gun")
    assert not view_of(jam, fixed(3, 3.0, "any")).incidents
    assert [i.number for i in view_of(jam, gun, fixed(3, 3.0, "any")).incidents] == [1, 2]


def test_an_alarm_that_staff_call_one_about_people_is_ended_by_no_repair() -> None:
    jam = told(1, 2.0, "machine blocked by a man", "machine")
    safety = entry(2, None, 2.5, precinct=None, watcher=None, kind=Kind.RESOLVE, sender="staff:ann",
                   incident=1, status="open", category="safety")  # fmt: skip
    assert [i.number for i in view_of(jam, safety, fixed(3, 3.0, "machine")).incidents] == [1]
    assert not view_of(jam, fixed(3, 3.0, "machine")).incidents
