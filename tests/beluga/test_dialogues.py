"""Dialogues with the tally behind: what stands after answers, in any order and however often they arrive."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from beluga.cli.dialogues import Dialogue
from election.domain.day import Election
from election.domain.roster import roster_of
from tally.projection.projection import Tally
from tests.intake.sample import ES, ONE, SENT, TWO, VI, ZH, sample_roster

ROSTER = sample_roster()
ELECTION = Election(ROSTER.day, tuple(ROSTER.precincts.values()), watchers=tuple(ROSTER.watchers.values()))
PHONES = {"e": ONE, "s": ES, "2": TWO, "v": VI, "z": ZH}


def hold(turns: list[tuple[str, str]], apart: float = 60.0) -> tuple[Dialogue, dict[str, Any]]:
    dialogue = Dialogue("test", ELECTION, roster_of(ELECTION), SENT)
    for who, text in turns:
        dialogue.take(PHONES[who], text)
        dialogue.at += timedelta(seconds=apart)
    return dialogue, dialogue.outcome()


COUNTED = [
    ("yes to a count above the roll", [("e", "120"), ("e", "9999"), ("e", "yes")], {"31-07": 9999}),
    ("no to it", [("e", "120"), ("e", "9999"), ("e", "no")], {"31-07": 120}),
    ("the right number instead", [("e", "120"), ("e", "900"), ("e", "150")], {"31-07": 150}),
    ("ok answers an open question", [("e", "120"), ("e", "900"), ("e", "ok")], {"31-07": 900}),
    ("👍 does", [("e", "about 400"), ("e", "👍")], {"31-07": 400}),
    ("ok to nothing", [("e", "120"), ("e", "ok")], {"31-07": 120}),
    ("thanks answers nothing", [("e", "about 400"), ("e", "thanks")], {}),
    ("a reaction answers nothing", [("e", "about 400"), ("e", "Liked “about 400”")], {}),
    ("sí", [("s", "unos 280"), ("s", "sí")], {"31-08": 280}),
    ("es correcto", [("s", "110"), ("s", "690"), ("s", "es correcto")], {"31-08": 690}),
    ("no, 119", [("s", "110"), ("s", "690"), ("s", "no, 119")], {"31-08": 119}),
    ("no, to what was not counted", [("s", "100"), ("s", "unos 180"), ("s", "no, 190")], {"31-08": 190}),
    ("vâng", [("v", "khoảng 280"), ("v", "vâng")], {"5-13": 280}),
    ("sai", [("v", "khoảng 280"), ("v", "sai")], {}),
    ("对", [("z", "大约280"), ("z", "对")], {"5-12": 280}),
    ("不是", [("z", "大约280"), ("z", "不是")], {}),
    ("which precinct", [("2", "412"), ("2", "31-10")], {"31-10": 412}),
    ("precinct first", [("2", "31-10"), ("2", "199")], {"31-10": 199}),
    ("its name", [("2", "412"), ("2", "Engine House 4")], {"31-09": 412}),
    ("final while open", [("e", "final 412"), ("e", "yes")], {"31-07": 412}),
    ("voted: a count", [("e", "voted 412"), ("e", "count")], {"31-07": 412}),
    ("voted: yes is no answer", [("e", "voted 412"), ("e", "yes")], {}),
    ("911 is a count", [("e", "911"), ("e", "yes")], {"31-07": 911}),
    ("spelled", [("e", "four hundred twelve"), ("e", "yes")], {"31-07": 412}),
    ("a later question counts", [("e", "about 400"), ("e", "about 410"), ("e", "yes")], {"31-07": 410}),
    ("ignore it, yes", [("e", "120"), ("e", "150"), ("e", "ignore last text"), ("e", "yes")], {"31-07": 120}),
    ("cancel that, no", [("s", "120"), ("s", "150"), ("s", "cancela eso"), ("s", "no")], {"31-08": 150}),
    ("the number is wrong", [("s", "110"), ("s", "690"), ("s", "numero incorrecto")], {"31-08": 110}),
    ("or the phone's number is", [("s", "110"), ("s", "numero incorrecto")], {"31-08": 110}),
    ("two yes", [("e", "about 400"), ("e", "about 410"), ("e", "yes"), ("e", "yes")], {"31-07": 410}),
]  # fmt: skip


@pytest.mark.parametrize(("name", "turns", "counted"), COUNTED, ids=[c[0] for c in COUNTED])
def test_what_counts_after_an_answer(name, turns, counted) -> None:
    assert hold(turns)[1]["counted"] == counted


def test_an_answer_comes_within_half_an_hour() -> None:
    assert hold([("e", "about 400"), ("e", "yes")], apart=1_790)[1]["counted"] == {"31-07": 400}
    assert hold([("e", "about 400"), ("e", "yes")], apart=1_810)[1]["counted"] == {}


def test_a_roll_number_and_a_cry_for_help() -> None:
    assert hold([("e", "voted 17"), ("e", "roll")])[1]["struck"] == {"31-07": [17]}
    outcome = hold([("e", "911"), ("e", "help")])[1]
    assert outcome["counted"] == {}


def test_the_same_words_within_a_minute_act_once() -> None:
    turns = [("e", "100"), ("e", "150"), ("e", "UNDO"), ("e", "UNDO")]
    assert hold(turns, apart=20)[1]["counted"] == {"31-07": 100}
    assert hold(turns, apart=100)[1]["counted"] == {}
    fixed = [("e", "100"), ("e", "FIX 110"), ("e", "160"), ("e", "FIX 110")]
    assert hold(fixed, apart=20)[1]["counted"] == {"31-07": 160}
    incident = [("e", "machine is broken"), ("e", "machine is broken")]
    assert hold(incident, apart=20)[1]["incidents"] == 1


def test_what_is_over_closes_the_senders_own_incident() -> None:
    turns = [("e", "machine is broken"), ("e", "machine fixed")]
    assert hold(turns)[1]["incidents"] == 0
    assert hold([*turns, ("e", "someone has a gun")])[1]["incidents"] == 1
    assert hold([("e", "machine is broken"), ("s", "ya funciona la máquina")])[1]["incidents"] == 1


TURNS = st.lists(
    st.tuples(
        st.sampled_from("es2"),
        st.sampled_from(
            ["120", "900", "9999", "about 400", "yes", "no", "no, 119", "FIX 130", "UNDO", "ok", "31-09",
             "31-10", "voted 17", "roll", "count", "final 412", "911", "help", "machine is broken", "fixed"]
        ),
    ),
    min_size=1, max_size=8,
)  # fmt: skip


@settings(max_examples=60, deadline=None)
@given(TURNS, st.sampled_from([20.0, 60.0, 700.0]), st.randoms(use_true_random=False))
def test_order_and_repetition_do_not_matter(turns, apart, random) -> None:
    """Law L3 over dialogues: any order of delivery, any repetition, the same tally."""
    dialogue, _ = hold(turns, apart)
    entries = list(dialogue.entries)
    shuffled = entries + random.sample(entries, random.randint(0, len(entries)))
    random.shuffle(shuffled)
    one, other = Tally(ELECTION), Tally(ELECTION)
    one.add(entries)
    for entry in shuffled:
        other.add([entry])
    at = (dialogue.at + timedelta(hours=1)).timestamp()
    for position in range(len(ELECTION.precincts)):
        assert one.ledger.view(position) == other.ledger.view(position)
        for moment in (SENT + timedelta(seconds=apart * 2), datetime.fromtimestamp(at, UTC)):
            as_of = moment.timestamp()
            assert one.ledger.view(position, as_of) == other.ledger.view(position, as_of)
    assert one.ledger.incidents.known() == other.ledger.incidents.known()
