"""After a question comes its answer, or a person: no watcher is asked a third time by a machine."""

from datetime import timedelta

import pytest

from election.domain.checkin import Kind
from intake.reading.reader import readings_of
from intake.receive.asking import IN_A_ROW, DialogueTurn, PhoneDialogues
from tests.intake.sample import ONE, SENT, TWO, ZH, sample_roster, sms

ROSTER = sample_roster()


def turns(*texts: str, phone: str = ONE, apart: timedelta = timedelta(minutes=1)) -> list[DialogueTurn]:
    """What each of one phone's texts comes to, `apart` from each other."""
    questions = PhoneDialogues()
    found = []
    for number, text in enumerate(texts):
        message = sms(text, phone, SENT + number * apart)
        found.append(questions.turn(message, readings_of(message, ROSTER)))
    return found


@pytest.mark.parametrize(
    ("texts", "taken_over"),
    [
        (("< 300", "about 400"), [False, True]),
        (("< 300", "about 400", "412?"), [False, True, True]),
        (("< 300", "412", "about 400"), [False, False, False]),
        (("< 300", "thanks", "about 400"), [False, False, True]),
        (("< 300", "yes", "about 400"), [False, False, False]),
    ],
)
def test_after_the_second_question_in_a_row_a_person_takes_over(texts, taken_over) -> None:
    assert [turn.part is not None for turn in turns(*texts)] == taken_over


def test_an_old_question_is_none_in_a_row() -> None:
    assert turns("< 300", "about 400", apart=IN_A_ROW + timedelta(seconds=1))[1].part is None


def test_two_phones_are_two_conversations() -> None:
    questions = PhoneDialogues()
    for phone in (ONE, ZH):
        message = sms("< 300", phone)
        assert questions.turn(message, readings_of(message, ROSTER)).part is None


def test_a_redelivery_is_the_same_turn() -> None:
    questions = PhoneDialogues()
    for text in ("< 300", "about 400"):
        message = sms(text)
        readings = readings_of(message, ROSTER)
        assert questions.turn(message, readings) == questions.turn(message, readings)


@pytest.mark.parametrize("texts", [("412", "31-10"), ("31-10", "412")])
def test_the_precinct_that_was_asked_for_is_answered_as_counted(texts) -> None:
    """The tally counts it; so its sender is not told that nothing was counted."""
    last = turns(*texts, phone=TWO)[1]
    assert last.part is None
    assert [(r.kind, r.precinct_id, r.votes) for r in last.said] == [(Kind.COUNT, "31-10", 412)]
