"""Fuzz the grammar with atheris: no text may raise. `python tests/fuzz/grammar.py [-runs=10000000]`."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

try:
    import atheris
except ImportError:
    sys.exit("atheris is not installed: install it (it needs clang on some systems), then run this again")

with atheris.instrument_imports():
    from intake.grammar import read
    from tests.intake.sample import NOBODY, ONE, SENT, TWO, sample_roster

ROSTER = sample_roster()


def one_text(data: bytes) -> None:
    """Reads one mutated text as three senders."""
    text = atheris.FuzzedDataProvider(data).ConsumeUnicode(1_700)
    for sender in (ONE, TWO, NOBODY):
        if not read(text, SENT, ROSTER, ROSTER.watcher(sender)):
            raise AssertionError(f"no reading: {text!r}")


if __name__ == "__main__":
    atheris.Setup(sys.argv, one_text)
    atheris.Fuzz()
