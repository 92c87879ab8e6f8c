"""Every language answers everything, in one segment (two of UCS-2), and names a way back."""

import json
import string
from dataclasses import replace
from pathlib import Path

import pytest

from election.domain.checkin import Kind
from intake.languages.catalogues import load_catalogues
from intake.reading.grammar.words import CLASSES
from intake.reading.reader import readings_of
from intake.replies.segments import fits, is_gsm7, plain, segments
from intake.replies.wording import reply_to
from tests.intake.sample import ES, NOBODY, ONE, TWO, VI, ZH, sample_roster, sms

ROSTER = sample_roster()
CATALOGUES = load_catalogues()
LANGUAGES = ("en", "es", "vi", "zh")
SENDERS = {"en": ONE, "es": ES, "zh": ZH, "vi": VI}
TEXTS = [
    json.loads(line)["text"]
    for line in (Path(__file__).parents[1] / "grammar_examples.jsonl").read_text("utf-8").splitlines()
]


def _fields(template: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(template) if name}


def _answer(text, sender=ONE, hints=None):
    message = sms(text, sender)
    return reply_to(readings_of(message, ROSTER), message, ROSTER, hints)


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_catalogue_is_complete_and_keeps_the_fields(language) -> None:
    english, catalogue = CATALOGUES["en"], CATALOGUES[language]
    assert set(catalogue.replies) == set(english.replies)
    assert set(catalogue.words) == set(english.words) == set(CLASSES)
    for key, template in english.replies.items():
        assert _fields(catalogue.replies[key]) == _fields(template), key


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_template_fits_when_filled(language) -> None:
    full = {"what": "1204 at 31-07 (10:05)", "votes": 1204, "precinct": "31-07", "number": 3,
            "rolls": "17, 23",
            "amount": "120", "minutes": 45, "people": 120, "incident": 214, "text": "no paper",
            "registered": 1500, "most": 1670, "last": 1190, "guess": "1204",
            "opens": "07:00", "closes": "20:00", "who": "+12155550142", "name": "Jefferson School",
            "where": "41.40900,-75.66200"}  # fmt: skip
    for key, template in CATALOGUES[language].replies.items():
        answer = plain(template.format(**full))
        assert fits(answer), (key, answer, segments(answer))
        if language in ("en", "es"):
            assert is_gsm7(answer), (key, answer)


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_answer_fits(language) -> None:
    for text in [
        *TEXTS,
        "! " + "the scanner is jammed and nobody helps " * 30,
        "V " + " ".join(map(str, range(1, 900, 2))),
    ]:
        for sender in (SENDERS[language], TWO, NOBODY):
            answer = _answer(text, sender)
            assert fits(answer), (text, answer)


def test_an_answer_repeats_what_was_understood_and_how_to_undo_it() -> None:
    assert _answer("412 at 10:05") == (
        "Got it: 412 at 31-07 (10:05). Wrong? Text FIX with the right number, or UNDO."
    )
    for language, undo in (("es", "DESHACER"), ("zh", "撤销"), ("vi", "RUT LAI")):
        answer = _answer("412", SENDERS[language])
        assert "412" in answer
        assert undo in answer
        (reading,) = readings_of(sms(undo, SENDERS[language]), ROSTER)
        assert reading.kind == Kind.UNDO
    assert "41" in _answer("! no paper")
    assert "31-09 287" in _answer("287", TWO)
    assert _answer("STOP") == ""


def test_the_commands_that_answers_name_are_understood() -> None:
    """A watcher who follows the answer's advice gets what it promised."""
    named = {
        "en": ("FIX 400", "UNDO", "LINE 45", "LINE 120 people", "HERE", "AWAY", "YES", "HELP"),
        "es": (
            "CORREGIR 400",
            "DESHACER",
            "FILA 45",
            "FILA 120 personas",
            "AQUI",
            "ME VOY",
            "SI",
            "AYUDA",
        ),
        "zh": ("更正 400", "撤销", "排队 45", "排队 120人", "到了", "离开", "是", "帮助"),
        "vi": ("SUA 400", "RUT LAI", "HANG 45", "HANG 120 nguoi", "CO MAT", "ROI DI", "VANG", "TRO GIUP"),
    }
    kinds = [Kind.FIX, Kind.UNDO, Kind.LINE, Kind.LINE, Kind.HERE, Kind.AWAY, Kind.CONFIRM, Kind.HELP]
    for language, texts in named.items():
        assert [readings_of(sms(t, SENDERS[language]), ROSTER)[0].kind for t in texts] == kinds, language


def test_unlikely_counts_are_asked_about() -> None:
    assert _answer("9999").startswith("Sure? 9999 is above the 1500 registered")
    assert "430" in _answer("412", hints={"31-07": (430, 400.0, None)})
    assert _answer("430", hints={"31-07": (430, 400.0, None)}).startswith("Got it")
    assert "far more than we expect" in _answer("1300", hints={"31-07": (100, 120.0, None)})
    assert "far above the last 120" in _answer("900", hints={"31-07": (120, 200.0, 1.0)})
    assert _answer("220", hints={"31-07": (120, 200.0, 1.0)}).startswith("Got it"), "a rise of 100 at most"
    assert _answer("412", hints={"31-09": (430, 1.0, None)}).startswith("Got it")


def test_a_number_the_tally_will_refuse_is_refused_at_the_phone_with_the_reason() -> None:
    assert _answer("FIX 9100") == (
        "Not counted: 9100 is more than the 1670 who may vote in person at 31-07. Text the right number."
    )
    assert _answer("FIX 1600").startswith("Corrected"), "rolls have errors"
    assert _answer("FIX 400", hints={"31-07": (430, 400.0, None)}).startswith("Corrected"), "lower is its use"
    assert "far more than we expect" in _answer("FIX 1300", hints={"31-07": (100, 120.0, None)})
    early = replace(ROSTER.precincts["31-07"], already_voted=1100)
    roster = replace(ROSTER, precincts={**ROSTER.precincts, "31-07": early})
    message = sms("700")
    assert reply_to(readings_of(message, roster), message, roster).startswith(
        "Not counted: 700 is more than the 460"
    )


def test_what_no_person_wrote_is_not_answered() -> None:
    for text in ("Liked “Got it: 412 at 31-07.”", "thanks", "Automatic reply: out of office", "🙏"):
        assert _answer(text) == "", text


def test_segments_are_counted_as_providers_bill_them() -> None:
    assert [segments(t) for t in ("", "a" * 160, "a" * 161, "a" * 306, "a" * 307)] == [0, 1, 2, 2, 3]
    assert [segments(t) for t in ("€" * 80, "€" * 81, "票" * 70, "票" * 71, "票" * 135)] == [1, 2, 1, 2, 3]
    assert segments("👍" * 35) == 1
    assert plain("Escriba aquí") == "Escriba aqui"
    assert plain("Đã nhận") == "Đã nhận"
