"""What a watcher asks that the election folder knows is answered at once; all else still gets a person."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from election.domain.checkin import Kind
from election.domain.ids import PrecinctId
from intake.reading.reader import readings_of
from intake.replies.inquiries import PlaceNow
from intake.replies.segments import fits
from intake.replies.wording import reply_to
from tests.intake.sample import ES, NOBODY, ONE, TWO, VI, ZH, sample_roster, sms

COORDINATOR = "+12155550142"
BARE = sample_roster()
_COORDINATED = {name: replace(w, coordinator=COORDINATOR) for name, w in BARE.watchers.items()}
ROSTER = replace(
    BARE,
    watchers=_COORDINATED,
    by_phone={phone: _COORDINATED[w.watcher_id] for phone, w in BARE.by_phone.items()},
)
EXTENDED = datetime(2026, 11, 4, 2, 30, tzinfo=UTC)  # 21:30 in New York


def extended(_: PrecinctId) -> PlaceNow:
    last = int(EXTENDED.timestamp()) - 3600
    return PlaceNow((EXTENDED - timedelta(hours=14), EXTENDED), 412, last, counts_known=True)


def about(text: str, sender: str = ONE) -> str:
    (reading,) = readings_of(sms(text, sender), ROSTER)
    return str(reading.detail.get("about", "")) if reading.kind is Kind.HELP else ""


def answered(text: str, sender: str = ONE, look_up=extended, roster=ROSTER) -> str:
    message = sms(text, sender)
    return reply_to(readings_of(message, roster), message, roster, None, look_up)


ASKED = {
    "hours": ("When do polls close?", "what time do we close", "¿A qué hora cierran?", "hasta qué hora abren",
              "mấy giờ đóng cửa?", "may gio dong cua", "几点关门？", "投票站几点结束"),
    "precinct": ("which precinct am I at?", "where am I assigned", "¿cuál precinto me toca?",
                 "tôi trực ở đâu?", "我在哪个投票站？"),
    "contact": ("Who do I call?", "a quién llamo", "gọi cho ai", "打给谁"),
    "place": ("where is it?", "Where is 31-09?", "¿dónde queda mi precinto?", "ở đâu?", "在哪里？"),
    "last": ("my last count?", "did you get my count?", "¿cuál es mi último conteo?",
             "lần trước tôi gửi bao nhiêu", "我上次报了多少？"),
}  # fmt: skip


@pytest.mark.parametrize("asked", ASKED)
def test_what_the_folder_knows_is_understood_in_every_language(asked) -> None:
    assert {text: about(text) for text in ASKED[asked]} == dict.fromkeys(ASKED[asked], asked)


@pytest.mark.parametrize(
    "text",
    ["where is my relief?", "where is the supervisor", "when the polls close I'm leaving",
     "412, polls close at 8?", "what time is my lunch?", "¿dónde está el supervisor?",
     "¿a qué hora llega mi relevo?", "我的替班的人在哪里？"],
)  # fmt: skip
def test_what_it_does_not_know_still_gets_a_person(text) -> None:
    assert not about(text)


def test_danger_comes_before_any_answer() -> None:
    assert readings_of(sms("When do polls close? someone has a gun here"), ROSTER)[0].kind is Kind.INCIDENT


def test_an_unknown_phone_is_told_nothing() -> None:
    assert readings_of(sms("which precinct am I at?", NOBODY), ROSTER)[0].kind is Kind.UNREAD


def test_without_a_coordinator_whom_to_call_gets_a_person() -> None:
    assert readings_of(sms("who do I call?"), BARE)[0].kind is Kind.UNREAD


def test_hours_are_those_that_staff_last_decided() -> None:
    assert "07:00 to 20:00" in answered("when do polls close?", look_up=None)
    assert "07:30 to 21:30" in answered("when do polls close?")


def test_a_count_is_told_only_where_it_is_known() -> None:
    assert answered("my last count?").startswith("The last count we have: 412 at 31-07 (20:30).")
    none_yet = PlaceNow(counts_known=True)
    assert "no count from 31-07 yet" in answered("my last count?", look_up=lambda _: none_yet)
    for unknown in (None, lambda _: PlaceNow()):
        assert "cannot look up" in answered("my last count?", look_up=unknown)


def test_every_answer_names_what_was_asked_for_in_the_askers_language() -> None:
    assert COORDINATOR in answered("who do I call?")
    assert "31-07 (Jefferson School)" in answered("which precinct?")
    assert "Jefferson School" in answered("where is it?")
    assert "21:30" in answered("几点关门", ZH) and "投票时间" in answered("几点关门", ZH)
    assert "mở cửa" in answered("mấy giờ đóng cửa", VI)
    assert "Horario" in answered("a que hora cierran", ES)
    for sender in (ONE, ES, ZH, VI, TWO):
        for texts in ASKED.values():
            assert fits(answered(texts[0], sender)), (texts[0], sender)
