"""The checker catches what it is there to catch: planted losses, duplicates, phantoms, lies and silence."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chaos.judge.checker import Budget, CheckVerdict, judge, longest_gap, quick, recovery, worst
from chaos.judge.history import Event, EventHistory, Op, read_history

BUDGET = Budget(p99=0.5, gap=1.0, board=3.0, alert="DatabaseAway", runbook="database-away")


def a_history(
    count: int = 40, stored: list[str] | None = None, tallied: list[str] | None = None, **changes: bool
) -> list[Event]:
    """A good rehearsal: texts every 50 ms, answered after 10 ms, a fault in the middle, a final read."""
    keys = [f"k{n}" for n in range(count)]
    events = [Event(0.0, Op.BEGIN)]
    for n, key in enumerate(keys):
        events.append(Event(n * 0.05, Op.SEND, key, {"due": n * 0.05, "attempt": 1}))
        events.append(Event(n * 0.05 + 0.01, Op.ACK, key))
    events.append(Event(0.8, Op.FAULT, "freeze", {"cuts": ["database"]}))
    if not changes.get("silent"):
        events.append(Event(1.1, Op.ALERT, "DatabaseAway", {"firing": True}))
    events += [Event(1.5, Op.HEAL, "freeze"), Event(1.6, Op.STEP, "database-away", {"status": 0})]
    lie = 20.0 if changes.get("stale") else 0.0
    events += [Event(t / 10, Op.BOARD, "", {"claimed": 0.5, "true": 0.6 + lie}) for t in range(5)]
    events.append(Event(3.0, Op.READ, "", {"what": "stored", "keys": stored or keys, "final": True}))
    events.append(Event(3.0, Op.READ, "", {"what": "tallied", "keys": tallied or keys, "final": True}))
    events.append(Event(3.1, Op.RECOUNT, "", {"proven": not changes.get("differs"), "said": ""}))
    return events


def found(events: list[Event]) -> dict[str, bool | None]:
    return {v.name[:2]: v.valid for v in judge(events, BUDGET)}


KEYS = [f"k{n}" for n in range(40)]
ALL_KEPT = dict.fromkeys(("I1", "I2", "I3", "I4", "I5", "I6"), True)


def test_a_good_rehearsal_keeps_all_six() -> None:
    assert found(a_history()) == ALL_KEPT


@pytest.mark.parametrize("where", ["stored", "tallied"])
def test_a_loss_is_caught_wherever_it_happens(where: str) -> None:
    assert found(a_history(**{where: KEYS[:-1]})) == ALL_KEPT | {"I1": False}  # type: ignore[arg-type]


@pytest.mark.parametrize("where", ["stored", "tallied"])
def test_a_duplicate_is_caught(where: str) -> None:
    assert found(a_history(**{where: [*KEYS, "k7"]})) == ALL_KEPT | {"I1": False}  # type: ignore[arg-type]


def test_a_loss_cannot_hide_behind_an_invention() -> None:
    events = a_history(stored=[*KEYS[:-1], "phantom"], tallied=[*KEYS[:-1], "phantom"])
    assert found(events) == ALL_KEPT | {"I1": False, "I2": False}


def test_what_was_read_once_and_is_gone_is_lost_and_not_merely_never_read() -> None:
    events = a_history(tallied=KEYS[:-2])
    events.insert(-3, Event(2.0, Op.READ, "", {"what": "tallied", "keys": ["k39"], "final": False}))
    (first, *_) = judge(events, BUDGET)
    assert (first.figures["lost"], first.figures["never_read"]) == (1, 1)


def test_a_phantom_is_caught_but_not_what_was_there_before() -> None:
    events = a_history(stored=[*KEYS, "older"], tallied=[*KEYS, "older"])
    assert found(events)["I2"] is False
    events.insert(1, Event(0.0, Op.BEFORE, "", {"keys": ["older"]}))
    assert found(events) == ALL_KEPT


def test_a_forged_text_that_counts_is_caught() -> None:
    forged = [Event(1.0, Op.SEND, "forged", {"due": 1.0}), Event(1.01, Op.REFUSE, "forged", {"status": 403})]
    events = a_history()
    events[-12:-12] = forged
    assert found(events) == ALL_KEPT
    events = a_history(stored=[*KEYS, "forged"])
    events[-12:-12] = forged
    assert found(events)["I2"] is False


def test_a_stale_board_that_says_it_is_fresh_is_caught() -> None:
    assert found(a_history(stale=True)) == ALL_KEPT | {"I5": False}


def test_a_silent_alert_is_caught() -> None:
    assert found(a_history(silent=True)) == ALL_KEPT | {"I6": False}


def test_an_alert_from_before_the_fault_does_not_count() -> None:
    events = [*a_history(silent=True), Event(0.2, Op.ALERT, "DatabaseAway", {"firing": True})]
    assert found(events)["I6"] is False


def test_a_failing_step_of_the_runbook_is_caught() -> None:
    events = [*a_history(), Event(2.0, Op.STEP, "database-away", {"status": 1, "command": "beluga status"})]
    assert found(events)["I6"] is False


def test_a_recount_that_differs_is_caught() -> None:
    assert found(a_history(differs=True)) == ALL_KEPT | {"I4": False}


def test_no_acknowledgement_proves_nothing() -> None:
    events = [e for e in a_history() if e.op is not Op.ACK]
    verdicts = found(events)
    assert (verdicts["I1"], verdicts["I3"]) == (None, None)
    assert worst(verdicts.values()) is None


def test_no_final_read_proves_nothing() -> None:
    events = [e for e in a_history() if e.op is not Op.READ]
    assert found(events) == ALL_KEPT | {"I1": None, "I2": None}


def test_an_empty_history_is_unknown_throughout() -> None:
    assert set(found([]).values()) == {None}
    assert worst([]) is None


def test_an_answer_that_got_lost_may_be_counted_or_not() -> None:
    for kept in (True, False):
        events = a_history(
            stored=[*KEYS, "maybe"] if kept else KEYS, tallied=[*KEYS, "maybe"] if kept else KEYS
        )
        events[5:5] = [Event(0.1, Op.SEND, "maybe", {"due": 0.1}), Event(0.11, Op.TIMEOUT, "maybe")]
        assert found(events)["I1"] is True
        assert found(events)["I2"] is True


def test_a_gap_is_the_time_in_which_somebody_waited() -> None:
    events = [Event(0.0, Op.SEND, "a", {"due": 0.0}), Event(0.1, Op.ACK, "a")]
    events += [Event(9.0, Op.SEND, "b", {"due": 5.0}), Event(9.5, Op.ACK, "b")]
    assert longest_gap(events) == (4.5, 5.0)  # from when b was due: a stalled sender hides nothing


def test_a_sender_that_is_late_itself_proves_nothing_and_a_slow_stack_is_still_caught() -> None:
    slow = [Event(0.0, Op.SEND, "a", {"due": 0.0}), Event(0.1, Op.ACK, "a")]
    late = [Event(9.0, Op.SEND, "b", {"due": 5.0}), Event(9.1, Op.ACK, "b")]
    check = quick(Budget(p99=0.5, gap=1.0))
    assert check(slow).valid is True
    assert check(slow + late).valid is None
    both = [Event(9.0, Op.SEND, "b", {"due": 5.0}), Event(9.9, Op.ACK, "b")]
    assert check(slow + both).valid is False


def test_a_text_never_answered_keeps_the_gap_open() -> None:
    events = [Event(0.0, Op.SEND, "a", {"due": 0.0}), Event(8.0, Op.TIMEOUT, "a")]
    assert longest_gap(events)[0] == 8.0


def test_the_worst_wins() -> None:
    assert worst([True, True]) is True
    assert worst([True, None]) is None
    assert worst([None, False, True]) is False


@settings(max_examples=60, deadline=None)
@given(
    lost=st.sets(st.integers(0, 39)),
    doubled=st.sets(st.integers(0, 39)),
    invented=st.integers(0, 3),
    where=st.sampled_from(["stored", "tallied"]),
)
def test_whatever_is_planted_is_counted(lost: set[int], doubled: set[int], invented: int, where: str) -> None:
    kept = [f"k{n}" for n in range(40) if n not in lost] + [f"k{n}" for n in doubled - lost]
    kept += [f"phantom{n}" for n in range(invented)]
    events = a_history(**{where: kept or ["k0", "k0"]})  # type: ignore[arg-type]
    if not kept:
        return
    first, second = judge(events, BUDGET)[:2]
    assert first.figures["lost"] + first.figures["never_read"] == len(lost)
    assert first.figures["duplicated"] == len(doubled - lost)
    assert first.valid is not bool(lost or doubled - lost)
    assert second.figures["phantoms"] == invented
    assert second.valid is not bool(invented)


def test_a_history_survives_its_file_and_a_line_cut_short(tmp_path: Path) -> None:
    history = EventHistory(tmp_path / "run" / "history.jsonl", seed=7, name="x")
    history.record(Op.SEND, "k", due=0.5, attempt=1)
    history.record(Op.ACK, "k")
    history.close()
    path = tmp_path / "run" / "history.jsonl"
    read = read_history(path)
    assert [(e.op, e.key) for e in read] == [(Op.BEGIN, ""), (Op.SEND, "k"), (Op.ACK, "k")]
    assert read[0].detail["seed"] == 7
    with path.open("a") as file:
        file.write('{"at": 1.0, "op": "ack", "ke')
    assert len(read_history(path)) == 3
    path.write_text('not JSON\n{"at": 1.0, "op": "ack"}\n')
    with pytest.raises(ValueError, match=r"history\.jsonl:1"):
        read_history(path)


def test_verdicts_speak() -> None:
    assert CheckVerdict("x", None, "").word == "unknown"


def test_recovery_ends_when_texts_are_taken_and_the_board_is_fresh() -> None:
    events = [
        Event(1.0, Op.FAULT, "killed intake"), Event(2.5, Op.HEAL, "freeze"), Event(3.0, Op.ACK, "a"),
        Event(3.5, Op.BOARD, "", {"claimed": 9.0, "true": 0}),
        Event(4.0, Op.BOARD, "", {"claimed": 0.2, "true": 0}),
    ]  # fmt: skip
    assert recovery(events) == 1.5
    assert recovery(events[:3]) is None
    assert recovery([]) is None
