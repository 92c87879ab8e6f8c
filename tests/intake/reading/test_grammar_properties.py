"""What holds for every text: the grammar is total, invents no number, and is deaf to case and blanks."""

import re
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from election.domain.checkin import COUNTED, Kind
from intake.languages.catalogues import load_catalogues
from intake.reading.grammar import meaning, read
from intake.reading.grammar.fold import fold
from intake.reading.grammar.places import places_of
from tests.intake.sample import ES, NOBODY, ONE, SENT, TWO, VI, ZH, sample_roster

ROSTER = sample_roster()
WORDS = sorted({w for c in load_catalogues().values() for terms in c.words.values() for w in terms})
PIECES = [
    *WORDS, "412", "1,204", "31-07", "31-09", "3109", "Engine House 4", "10:05", "9.45 am", "45-48", "!", "?",
    ",", "\n", ";", "-5", "4.5", "17", "４１２", "٤١٢", "4O2", "@", "#", "~", "$", "%", "xyzzy",
    "12155550101",
]  # fmt: skip
texts = st.one_of(
    st.text(max_size=200),
    st.lists(st.sampled_from(PIECES), max_size=12).map(" ".join),
    st.lists(st.sampled_from(PIECES), max_size=8).map("".join),
    st.lists(st.one_of(st.sampled_from(PIECES), st.text(max_size=4)), max_size=10).map(" ".join),
)
senders = st.sampled_from([ONE, TWO, ZH, NOBODY])


def _read(text: str, sender: str):
    return read(text, SENT, ROSTER, ROSTER.watcher(sender))


@settings(max_examples=1500, deadline=None)
@given(texts, senders)
def test_every_text_has_a_reading_and_no_number_is_invented(text, sender) -> None:
    readings = _read(text, sender)
    assert readings
    digits = re.sub(r"\D", "", fold(text))
    for reading in readings:
        if reading.votes is not None:
            assert reading.kind in COUNTED
            assert str(reading.votes) in digits
        if reading.kind in (Kind.QUESTION, Kind.UNREAD):
            assert reading.votes is None
            assert not reading.roll_numbers
        if reading.observed_at is not None:
            assert reading.observed_at <= SENT
    kinds = {reading.kind for reading in readings}
    if Kind.QUESTION in kinds:
        assert not kinds & COUNTED


@settings(max_examples=800, deadline=None)
@given(st.lists(st.sampled_from([p for p in PIECES if p != "4O2"]), max_size=8), senders)
def test_case_and_blanks_do_not_matter(pieces, sender) -> None:
    text = " ".join(pieces)

    def said(words):
        return [
            (r.kind, r.precinct_id, r.votes, r.roll_numbers, r.minutes, r.people)
            for r in _read(words, sender)
        ]

    assert said(text) == said(text.upper()) == said(f"  {text.lower()} \t ")
    assert said(text) == said("  ".join(pieces))


@settings(max_examples=500, deadline=None)
@given(st.lists(st.sampled_from(PIECES), max_size=8).map(" ".join), senders)
def test_a_guess_never_opens_another_question(text, sender) -> None:
    for reading in _read(text, sender):
        if reading.guess and reading.question not in ("time", "which_precinct", "incident"):
            assert all(r.kind != Kind.UNREAD for r in _read(reading.guess, sender)), reading


counts = st.tuples(
    st.sampled_from(["", "31-07 ", "31-09 ", "3109 ", "P 31-07 ", "Engine House 4 ", "99-99 "]),
    st.sampled_from(["412", "1,204", "0", "999999", "1201", "-5", "4O2", "31", "３７"]),
    st.sampled_from(["", " votes", " votos", "votes", " people", "!", "?", " thanks", " at 10"]),
).map("".join)


@settings(max_examples=400, deadline=None)
@given(counts, senders, st.sampled_from([None, *ROSTER.precincts]))
def test_the_short_way_of_a_plain_count_says_what_the_long_one_does(text, sender, here) -> None:
    watcher = ROSTER.watcher(sender)
    places_of(ROSTER).clauses_before.clear()  # what the long way remembered would answer for the short one
    short = read(text, SENT, ROSTER, watcher, here)
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(meaning, "_plain", lambda clause, sender: None)
        long = read(text, SENT, ROSTER, watcher, here)
    assert short == long


@settings(max_examples=600, deadline=None)
@given(st.lists(st.sampled_from(PIECES), max_size=4).map(" ".join), st.lists(senders, min_size=2, max_size=4))
def test_what_others_texted_before_changes_nothing(text, them) -> None:
    """Short texts are remembered with their roster; the same words of somebody else are read anew."""
    together = [_read(text, sender) for sender in them]
    for sender, readings in zip(them, together, strict=True):
        places_of(ROSTER).items_before.clear()
        places_of(ROSTER).clauses_before.clear()
        assert _read(text, sender) == readings


def test_no_text_takes_long() -> None:
    """The longest texts of every awkward kind stay linear: no regular expression runs away."""
    for unit in (
        "a",
        "1",
        "1,",
        "1,1",
        "-",
        "1-",
        "a-",
        "'",
        "a'",
        "!",
        "1:",
        ".1",
        "12:3",
        "票",
        "O",
        "lO1 ",
        "@",
        "V 1 ",
    ):
        text = (unit * 1600)[:1600]
        started = time.process_time()
        _read(text, ONE)
        assert time.process_time() - started < 0.25, unit


@given(st.integers(0, 9_999_999), st.integers(0, 3), st.sampled_from([ONE, ES, TWO, ZH, VI, NOBODY]))
def test_digits_alone_read_as_the_grammar_reads_them(number: int, zeros: int, sender: str) -> None:
    """Digits alone take a short way; a blank in front takes the long one."""
    text = "0" * zeros + str(number)
    assert _read(text, sender) == _read(f" {text}", sender)
