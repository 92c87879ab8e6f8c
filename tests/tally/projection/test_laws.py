"""Laws L2 to L6 over sets of counts, corrections, withdrawals, strangers, decisions and rereadings: in any
order, any number of times, in any batches, through restarts, by two engines, at any time asked.
"""

import os
from collections import Counter
from collections.abc import Sequence
from random import Random
from typing import Any
from uuid import UUID

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from election.domain.checkin import COUNTED, STAFF, CheckIn, Kind
from tally.board.board_json import board_bytes, board_json
from tally.ledger import columns_view
from tally.projection.projection import Tally
from tests.tally.elections import at, entry, small_election
from tests.tally.ledger.test_ledger import in_columns

ELECTION = small_election()
PRECINCTS = [p.precinct_id for p in ELECTION.precincts][:6]
STRANGER = "+15559999999"
SAID = [Kind.COUNT] * 8 + [
    Kind.FIX, Kind.FIX, Kind.UNDO, Kind.VOTERS, Kind.LINE, Kind.INCIDENT, Kind.HERE, Kind.AWAY, Kind.FINAL,
    Kind.UNREAD, Kind.READY,
]  # fmt: skip
DECIDED = [Kind.ACCEPT, Kind.REJECT, Kind.REREAD, Kind.TIE, Kind.HOURS, Kind.RESOLVE, Kind.NOTE, Kind.ASSIGN]
LAWS = settings(max_examples=int(os.environ.get("BELUGA_EXAMPLES", "100")), deadline=None)


def name(number: int) -> str:
    return str(UUID(int=number))


@st.composite
def logs(draw: st.DrawFn) -> list[CheckIn]:
    """What watchers and strangers said, and what staff decided about it, before or after."""
    said = draw(st.integers(0, 22))
    found = []
    for number in range(1, said + 1):
        kind = draw(st.sampled_from(SAID))
        hours, late = draw(st.integers(2, 52)) / 4, draw(st.sampled_from([0.0, 0.05, 0.5, 3.0]))
        votes = draw(st.integers(0, 1_800)) if kind in COUNTED else None
        precinct: str | None = draw(st.sampled_from(PRECINCTS))
        detail: dict[str, Any] = {
            Kind.VOTERS: {"roll_numbers": [number, 7]}, Kind.LINE: {"minutes": number},
            Kind.INCIDENT: {"incident": number, "text": "x"},
        }.get(kind, {})  # fmt: skip
        watcher, sender = draw(st.sampled_from(["w1", "w2"])), "+15550000001"
        if draw(st.integers(0, 9)) == 0:
            watcher, sender, detail = None, STRANGER, detail | {"unknown_sender": True}
            precinct = draw(st.sampled_from([precinct, None]))
        elif kind is Kind.COUNT and draw(st.integers(0, 6)) == 0:
            detail = {"held": "above_pace"}
        observed = draw(st.sampled_from([None, hours - 0.25]))
        found.append(entry(number, votes, hours, precinct, kind, watcher, late, sender, observed, **detail))
    for number in range(1_001, 1_001 + draw(st.integers(0, 5))):
        kind, target = draw(st.sampled_from(DECIDED)), name(draw(st.integers(1, said + 1)))
        detail = {
            Kind.ACCEPT: {"target": target}, Kind.REJECT: {"target": target}, Kind.NOTE: {"text": "x"},
            Kind.REREAD: {"item": target, "supersedes": [target]},
            Kind.TIE: {"phone": STRANGER, "watcher_id": draw(st.sampled_from(["w1", "w2"]))},
            Kind.HOURS: {"county": "C1", "closes_at": at(14).isoformat()},
            Kind.RESOLVE: {"incident": int(UUID(target)), "status": "resolved"},
        }.get(kind, {})  # fmt: skip
        hours = draw(st.integers(2, 52)) / 4
        found.append(entry(number, None, hours, None, kind, None, 0.0, "staff:ann", None, **detail))
    return found


def tally_of(log: Sequence[CheckIn]) -> Tally:
    tally = Tally(ELECTION)
    tally.add(log)
    return tally


moments = st.sampled_from([at(2).timestamp(), at(5.5).timestamp(), at(9).timestamp(), at(13.5).timestamp()])


@LAWS
@given(logs(), moments, st.integers(0, 2**32))
def test_l3_order_repetition_and_batches_do_not_matter(log: list[CheckIn], as_of: float, seed: int) -> None:
    random = Random(seed)
    shuffled = log + random.sample(log, len(log) // 2)
    random.shuffle(shuffled)
    other = Tally(ELECTION)
    while shuffled:
        size = random.randint(1, 6)
        other.add(shuffled[:size])
        del shuffled[:size]
        if random.random() < 0.1:
            board_json(other, as_of)  # what was asked meanwhile changes nothing
    assert board_bytes(other, as_of) == board_bytes(tally_of(log), as_of)


@LAWS
@given(logs(), moments)
def test_l4_as_known_then_is_as_if_nothing_had_come_since(log: list[CheckIn], as_of: float) -> None:
    known = [c for c in log if c.received_at.timestamp() <= as_of]
    later, then = tally_of(log), tally_of(known)
    assert board_bytes(later, as_of) == board_bytes(then, as_of)
    assert later.ledger.desk_queue.groups(as_of) == then.ledger.desk_queue.groups(as_of)  # and so the desks


@LAWS
@given(logs(), st.integers(0, 30), st.integers(0, 30), moments)
def test_a_restart_at_any_point_and_a_second_engine_say_the_same(
    log: list[CheckIn], cut: int, read_again: int, as_of: float
) -> None:
    """The second reads what was stored in columns, some of it twice, then follows."""
    stored, new = log[:cut], log[max(0, cut - read_again) :]
    plain = [
        c for c in stored if c.kind in (Kind.COUNT, Kind.FINAL) and not c.detail and c.precinct_id is not None
    ]
    restarted = Tally(ELECTION)
    for block in (plain[::2], plain[1::2]):
        senders = {hash(c.watcher_id): c.watcher_id or "" for c in block}
        restarted.ledger.add_counts(in_columns(block, restarted.ledger.index), senders)
    restarted.add([c for c in stored if c not in plain])
    restarted.add(new)
    assert board_bytes(restarted, as_of) == board_bytes(tally_of(log), as_of)


@LAWS
@given(logs(), moments)
def test_l2_nothing_is_invented_and_every_count_is_accounted_for_once(
    log: list[CheckIn], as_of: float
) -> None:
    tally = tally_of(log)
    projection, state = tally.start(as_of)
    placed: Counter[bytes] = Counter()
    sent = {c.check_in_id.bytes: c for c in log}
    for position in range(len(ELECTION.precincts)):
        judged = tally.judged(projection, state, position)
        reports = [*judged.accepted, *(s.report for s in judged.decided)]
        placed.update(r.check_in_id for r in reports)
        assert all(sent[r.check_in_id].votes == r.votes for r in reports)
        assert all(sent[r.check_in_id].received_at.timestamp() <= as_of for r in reports)
        last = projection.columns["last_votes"][position]
        assert last == (judged.accepted[-1].votes if judged.accepted else -1)
    expected = [
        c for c in log
        if c.kind in COUNTED and c.precinct_id is not None and c.received_at.timestamp() <= as_of
    ]  # fmt: skip
    homeless = {c.check_in_id.bytes for c in log if c.precinct_id is None}
    assert all(n == 1 for n in placed.values())
    assert placed.keys() - homeless == {c.check_in_id.bytes for c in expected}


@LAWS
@given(logs(), moments)
def test_l5_silence_is_not_lag_and_every_aggregate_shows_its_coverage(
    log: list[CheckIn], as_of: float
) -> None:
    board = board_json(tally_of(log), as_of)
    rows = board["standings"]
    for state, votes, p in zip(rows["state"], rows["last_votes"], rows["p_lagging"], strict=True):
        if votes is None:
            assert state not in ("lagging", "watch") and p == 0
    for a in board["aggregates"]:
        assert 0 <= a["coverage"] <= 1 and sum(a["channels"].values()) <= a["reporting"] <= a["precincts"]
        assert bool(a["caveat"]) == bool(a["instead"])
        assert a["caveat"] or a["reporting"]


@LAWS
@given(logs(), moments)
def test_l6_nothing_is_newer_than_the_time_it_is_told_at(log: list[CheckIn], as_of: float) -> None:
    board = board_json(tally_of(log), as_of)
    assert board["as_of"] <= as_of
    heard = [v for v in board["standings"]["last_received_at"] if v is not None]
    assert all(v <= as_of for v in heard)
    words = [c for c in log if c.kind not in STAFF and c.received_at.timestamp() <= as_of]
    assert set(heard) <= {int(c.received_at.timestamp()) for c in words}


@LAWS
@given(logs(), moments)
def test_looking_at_all_precincts_or_at_each_is_the_same(log: list[CheckIn], as_of: float) -> None:
    ledger = tally_of(log).ledger
    whole, each = (
        columns_view.all_precincts(ledger, as_of),
        columns_view.subset(ledger, range(len(ELECTION.precincts)), as_of),
    )
    for field in whole.__dataclass_fields__:
        assert np.array_equal(getattr(whole, field), getattr(each, field)), field
