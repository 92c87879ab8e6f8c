"""The dearest text within the limits holds a worker for a moment: reading and answering grow with its length.

Growth of processor time is judged, best of five: a text of 1,600 characters may take six times as long as one
of 400, where it takes long enough to be measured at all.
"""

import importlib
import itertools
import pkgutil
import random
import re
import time
from collections.abc import Iterator

import pytest

import intake.reading
from intake.reading.grammar import read
from intake.reading.grammar.meaning import LONGEST
from intake.replies.wording import reply_to
from tests.intake.reading.test_grammar_properties import PIECES
from tests.intake.sample import ONE, SENT, ZH, sample_roster, sms

ROSTER = sample_roster()
MEASURABLE = 0.002  # seconds; the dearest text we know takes 15 ms
GROWTH = 6.0
TRIES = 5
SAMPLED = 80  # words of some three thousand: what is dear is a shape, not a word
ODD = (
    "a",
    "1",
    "-",
    "--",
    " ",
    "\n",
    ".",
    "“",
    '"',
    "«",
    ">",
    "!",
    "?",
    "1,",
    "a-",
    "a.",
    "(555) ",
    "5-",
    "票",
    "\u0301",
)


def texts() -> Iterator[str]:
    """Words of the vocabulary again and again, alone, with blanks, with numbers; and mixtures."""
    chance = random.Random(15)
    for piece in chance.sample(list(dict.fromkeys(PIECES)), SAMPLED):
        yield from (piece + between for between in ("", " ", " 12-01 5, ") if piece + between)
    yield "who is this please ok thanks "  # a stranger's, in which an opt-out is looked for
    for _ in range(60):
        yield "".join(piece + chance.choice(("", " ", ", ")) for piece in chance.choices(PIECES, k=3)) or " "


def spent(text: str, sender: str) -> float:
    watcher = ROSTER.watcher(sender)
    before = time.thread_time()
    reply_to(read(text, SENT, ROSTER, watcher), sms("412", sender), ROSTER)
    return time.thread_time() - before


def grows(piece: str, sender: str) -> float:
    """How many times as long four times the length takes; 0 where it is too short to tell."""
    times = LONGEST // len(piece) // 4
    long, short = piece * (4 * times), piece * times
    best = 0.0
    for _ in range(TRIES):
        whole = spent(long, sender)
        if whole < MEASURABLE:
            return 0.0
        ratio = whole / max(spent(short, sender), 1e-9)
        best = min(best or ratio, ratio)
        if best <= GROWTH:
            break
    return best


@pytest.mark.parametrize("sender", [ONE, ZH], ids=["en", "zh"])
def test_time_grows_with_the_length_alone(sender: str) -> None:
    assert {piece: ratio for piece in texts() if (ratio := grows(piece, sender)) > GROWTH} == {}


def patterns() -> Iterator[tuple[str, re.Pattern[str]]]:
    """Every compiled expression of the reading and what it stands on, by name."""
    for found in pkgutil.walk_packages(intake.reading.__path__, "intake.reading."):
        module = importlib.import_module(found.name)
        for name, value in vars(module).items():
            if isinstance(value, re.Pattern) and isinstance(value.pattern, str):
                yield f"{found.name}.{name}", value


@pytest.mark.parametrize(("name", "pattern"), patterns(), ids=[name for name, _ in patterns()])
def test_every_expression_takes_linear_time(name: str, pattern: re.Pattern[str]) -> None:
    def spent_on(text: str) -> float:
        before = time.thread_time()
        for _ in pattern.finditer(text):
            pass
        return time.thread_time() - before

    for first, second in itertools.product(ODD, repeat=2):
        unit = first + second
        text = unit * 700
        if spent_on(text + "x") < MEASURABLE:
            continue
        ratio = min(spent_on(text * 4 + "x") / max(spent_on(text + "x"), 1e-9) for _ in range(TRIES))
        assert ratio < 4 * GROWTH / 3, (name, unit)
