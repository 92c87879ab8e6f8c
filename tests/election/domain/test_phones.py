"""One reading of phone numbers: of a folder's columns, strictly, and of who sent a text."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from election.domain.phones import LONGEST_SENDER, e164, normal_phone


@pytest.mark.parametrize(
    ("sender", "normal"),
    [
        ("+12155550101", "+12155550101"),
        ("(215) 555-0101", "+12155550101"),
        ("1 215 555 0101 ext. 7", "+12155550101"),  # a text came from there: the extension does not matter
        ("28777", "28777"),  # a short code
        ("form:w1", "form w1"),  # a name that a provider let through is nobody's link
        ("AT\0T ", "ATT"),
        ("x" * 99, "x" * LONGEST_SENDER),
    ],
)
def test_a_sender_has_one_form(sender: str, normal: str) -> None:
    assert normal_phone(sender, "US") == normal


@given(st.from_regex(r"[+]?[0-9 ().-]{5,18}", fullmatch=True), st.sampled_from(["US", "GB", "DE"]))
@example("215 555 0101", "US")
def test_a_watcher_of_the_folder_is_the_sender_of_the_text(text: str, region: str) -> None:
    """What the folder takes as a phone, a text from it is read as the same."""
    if phone := e164(text, region):
        assert normal_phone(text, region) == normal_phone(phone, region) == phone
