"""The dearest text within the limits holds a worker for a moment: reading and answering grow with its length.

Growth of processor time is judged, best of five: a text of 1,600 characters may take six times as long as one
of 400, where it takes long enough to be measured at all.
"""

import random
import time
from collections.abc import Iterator

import pytest

from intake.reading.grammar import read
from intake.reading.grammar.meaning import LONGEST
from intake.replies.wording import reply_to
from tests.intake.reading.test_grammar_properties import PIECES
from tests.intake.sample import ONE, SENT, ZH, sample_roster, sms

ROSTER = sample_roster()
MEASURABLE = 0.002  # seconds; the dearest text we know takes 15 ms
GROWTH = 6.0
TRIES = 5


def texts() -> Iterator[str]:
    """Every word of the vocabulary again and again, alone, with blanks, with numbers; and mixtures."""
    chance = random.Random(15)
    for piece in dict.fromkeys(PIECES):
        yield from (piece + between for between in ("", " ", " 12-01 5, ") if piece + between)
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
