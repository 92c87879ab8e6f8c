"""Whose part a text is, and the key of what they make up: whatever the order."""

import pytest

from election.domain.checkin import Kind
from intake.reading.reader import readings_of
from intake.reading.text_parts import TextPart, part, part_key, part_of, whole_key
from tests.intake.sample import sample_roster, sms


@pytest.mark.parametrize(
    ("words", "found"),
    [
        (("98", "1", "2"), TextPart("98", 1, 2)),
        (("98", "2", "2"), TextPart("98", 2, 2)),
        (("98", "1", "1"), None),  # whole
        (("98", "0", "2"), None),
        (("98", "3", "2"), None),
        (("98", "1", "99"), None),
        (("", "1", "2"), None),
        (("9:8", "1", "2"), None),
        (("98", "one", "2"), None),
        (("98", "١", "٢"), None),
    ],
)
def test_what_a_provider_says_of_a_part(words, found) -> None:
    assert part(*words) == found
    if found:
        assert part_of(part_key(found, "0A00-1:2")) == found


def test_an_id_that_only_looks_so_is_none() -> None:
    assert [part_of(key) for key in ("SM1", "part:", "part:98:1/2", "whole:98:1/2:x")] == [None] * 4


def test_a_whole_texts_key_is_a_function_of_the_set_of_its_parts() -> None:
    assert whole_key(["a", "b"]) == whole_key(["b", "a"])
    assert whole_key(["a", "b"]) != whole_key(["a"])


def test_a_part_says_nothing_by_itself() -> None:
    message = sms("412")._replace(provider_message_id=part_key(TextPart("98", 1, 2), "x"))
    (reading,) = readings_of(message, sample_roster())
    assert (reading.kind, reading.unknown_sender) == (Kind.NOTED, False)
