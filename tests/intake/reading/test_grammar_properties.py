"""What holds for every text: the grammar is total, invents no number, and is deaf to case and blanks."""

import os
import re
import time
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from election.domain.checkin import COUNTED, Kind
from intake.languages.catalogues import load_catalogues
from intake.reading.grammar import meaning, read, tokens
from intake.reading.grammar.danger import danger_words
from intake.reading.grammar.fold import bare, composed, fold, fold_marked
from intake.reading.grammar.places import places_of
from intake.reading.grammar.quoted import machine_words
from intake.reading.grammar.tokens import FoldedText
from tests.intake.sample import ES, NOBODY, ONE, SENT, TWO, VI, ZH, sample_roster

# `make fuzz` reads ten million texts more.
MANY = settings(max_examples=int(os.environ.get("BELUGA_EXAMPLES", "250")), deadline=None)
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


@MANY
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


@MANY
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


@MANY
@given(st.lists(st.sampled_from(PIECES), max_size=8).map(" ".join), senders)
def test_a_guess_never_opens_another_question(text, sender) -> None:
    for reading in _read(text, sender):
        if reading.guess and reading.question not in ("time", "which_precinct", "incident"):
            assert all(r.kind != Kind.UNREAD for r in _read(reading.guess, sender)), reading


PLACES = [
    "",
    "31-07 ",
    "31-09 ",
    "3109 ",
    "P 31-07 ",
    "Engine House 4 ",
    "99-99 ",
    "215-555 ",
    "7-31 ",
    "17 ",
]
NUMBERS = [
    "412",
    "1,204",
    "0",
    "10",
    "17",
    "911",
    "0911",
    "999999",
    "1234",
    "1201",
    "-5",
    "4O2",
    "31",
    "３７",
]
AFTER = [
    " votes",
    " Votes",
    " votos",
    "votes",
    " people",
    " ballots",
    " total",
    "!",
    "?",
    " thanks",
    " at 10",
]
counts = st.tuples(
    st.sampled_from(PLACES),
    st.one_of(st.sampled_from(NUMBERS), st.integers(0, 9_999_999).map(str)),
    st.one_of(st.sampled_from(["", *AFTER]), st.sampled_from(WORDS).map(lambda word: f" {word}")),
).map("".join)


@MANY
@given(counts, senders, st.sampled_from([None, *ROSTER.precincts]), st.integers(0, 15))
def test_the_short_way_of_a_plain_count_says_what_the_long_one_does(text, sender, here, hours) -> None:
    watcher, sent = ROSTER.watcher(sender), SENT - timedelta(hours=6) + timedelta(hours=hours)
    places_of(ROSTER).clauses_before.clear()  # what the long way remembered would answer for the short one
    short = read(text, sent, ROSTER, watcher, here)
    with pytest.MonkeyPatch.context() as patched:
        for way in ("digits_alone", "count_alone", "counted"):
            patched.setattr(meaning, way, lambda *_: None)
        long = read(text, sent, ROSTER, watcher, here)
    assert short == long


def test_most_plain_counts_take_the_short_way() -> None:
    taken: list[str] = []
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(meaning, "FoldedText", taken.append)
        for text in ("412", "0412", "412 votes", "412 Votos", "31-07 412", "31-09 1204 votes"):
            assert _read(text, ONE)[0].kind is Kind.COUNT
    assert taken == []


@MANY
@given(
    st.one_of(texts, st.lists(st.from_regex(r"[a-z0-9]{1,3}(-[a-z0-9]{1,2})?", fullmatch=True)).map(" ".join))
)
def test_words_that_need_no_parting_are_parted_as_all_others_are(text) -> None:
    folded = FoldedText(fold_marked(composed(text)))
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(tokens, "_ORDINARY", re.compile("(?!)"))
        patched.setattr(tokens, "_PLAIN_TOKEN", tokens._TOKEN)
        long = FoldedText(folded.folded)
    assert (folded.tokens, folded.words, folded.plain_words) == (long.tokens, long.words, long.plain_words)
    assert folded.marked == (bare(folded.folded) != folded.folded)


@MANY
@given(texts)
def test_where_no_word_begins_a_phrase_there_is_none(text) -> None:
    folded = FoldedText(fold_marked(composed(text)))
    for words in (danger_words(), machine_words()):
        found = [words.find(folded.words, at, folded.marked) for at in range(len(folded.words))]
        assert words.may_be_in(folded.words, folded.marked) or not any(found)


@MANY
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
