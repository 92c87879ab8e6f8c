"""The printed card promises nothing that does not work: each example is read as its line says."""

import re
from datetime import timedelta
from html import unescape

import pytest

from election.domain.checkin import Kind
from intake.form.text_card import LINES, text_card
from intake.languages.catalogues import load_catalogues
from intake.reading.reader import readings_of
from tests.intake.sample import ES, ONE, SENT, VI, ZH, sample_roster, sms

ROSTER = sample_roster()
PHONES = {"en": ONE, "es": ES, "zh": ZH, "vi": VI}
CLOSED = SENT + timedelta(hours=9, minutes=50)  # 20:10 in New York


@pytest.mark.parametrize("language", PHONES)
def test_each_example_is_read_as_its_line_says(language: str) -> None:
    page = text_card("Trial", "", [load_catalogues()[language]])
    examples = [unescape(found) for found in re.findall(r"<td><strong>(.*?)</strong></td>", page)]
    assert len(examples) == len(LINES)
    for (line, kind), example in zip(LINES.items(), examples, strict=True):
        sent_at = CLOSED if kind is Kind.FINAL else SENT
        for sender in PHONES.values():  # any language from any phone
            (reading,) = readings_of(sms(example, sender, sent_at), ROSTER)
            assert reading.kind is kind, (line, example)
            digits = [int(n) for n in re.findall(r"\d+", example)]
            match kind:
                case Kind.COUNT | Kind.FIX | Kind.FINAL:
                    assert [reading.votes] == digits
                case Kind.VOTERS:
                    assert list(reading.roll_numbers) == digits
                case Kind.LINE:
                    assert [reading.minutes] == digits
                case Kind.INCIDENT:
                    assert example.endswith(reading.text or "-")


def test_names_and_numbers_are_printed_as_text_and_a_number_may_be_written_in() -> None:
    catalogues = list(load_catalogues().values())
    page = text_card("<Trial>", "+1 215 555 0100", catalogues)
    assert "<Trial>" not in page
    assert page.count("&lt;Trial&gt; · <strong>+1 215 555 0100</strong>") == len(catalogues)
    assert "________" in text_card("Trial", "", catalogues)
