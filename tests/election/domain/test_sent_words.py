"""People are shown the words of a message, never the JSON that carried them."""

import json

import pytest

from election.domain.checkin import Channel
from election.domain.sent_words import words_of


@pytest.mark.parametrize(
    ("report", "words"),
    [
        ({"kind": "count", "precinct_id": "12-01", "votes": 9100}, "9100"),
        ({"kind": "fix", "precinct_id": "12-01", "votes": 910}, "FIX 910"),
        ({"kind": "final", "votes": 0}, "FINAL 0"),
        ({"kind": "line", "text": "45"}, "LINE 45"),
        ({"kind": "incident", "text": "no paper"}, "! no paper"),
        ({"kind": "confirm", "text": "YES"}, "YES"),
        ({"kind": ["odd"], "text": "x"}, "x"),
    ],
)
def test_a_forms_report_is_shown_as_what_was_typed(report: object, words: str) -> None:
    for channel in (Channel.FORM, Channel.HOTLINE, "csv"):
        assert words_of(channel, json.dumps(report)) == words


def test_a_text_is_shown_as_it_is() -> None:
    assert words_of(Channel.SMS, '{"kind": "count"}') == '{"kind": "count"}'
    assert words_of(Channel.FORM, "{torn") == "{torn"
    assert words_of(Channel.STAFF, '{"kind": "note"}') == ""
