"""Fuzz the grammar and the replies: every text is read and answered, and nothing raises.

    python tests/fuzz/grammar.py [--texts 10000000] [--seed 1] [--blind]

With atheris (`make fuzz` installs it where it can) mutations are guided by coverage. Without it, or with
`--blind`, they are random: pieces of the vocabulary, cut, doubled, swapped and sprinkled with odd characters;
the same seed makes the same texts. Either way it ends at the first text that breaks something and names it.
"""

import argparse
import random
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

try:
    import atheris
except ImportError:
    atheris = None

if atheris and "--blind" not in sys.argv:
    with atheris.instrument_imports(include=["intake"]):
        from intake.reading.grammar import read
        from intake.replies.wording import reply_to
else:
    from intake.reading.grammar import read
    from intake.replies.wording import reply_to

from tests.intake.reading.test_grammar_properties import PIECES
from tests.intake.sample import ES, NOBODY, ONE, SENT, TWO, VI, ZH, sample_roster, sms

ROSTER = sample_roster()
SENDERS = (ONE, TWO, NOBODY, ZH, ES, VI)
MESSAGES = {sender: sms("412", sender) for sender in SENDERS}
LONGEST = 1_700  # characters: the grammar takes 1,600
REPEATED = (1, 1, 1, 1, 1, 1, 1, 30)
SAY_EVERY = 100_000
ODD = "\0\t\n\r\x1b\u00a0\u200b\u200f\u2028\u3000\ufeff\ufffd\u0301\ud800İıß٤४４①Ⅷ½²🗳-–—+=.,:;!?#@/\\'%$~"


def check(text: str, sender: str) -> None:
    """One text from one sender. Raises where it is not read, or not answered."""
    readings = read(text, SENT, ROSTER, ROSTER.watcher(sender))
    if not readings:
        raise AssertionError(f"no reading: {text!r}")
    reply_to(readings, MESSAGES[sender], ROSTER)


def mutated(chance: random.Random) -> Iterator[str]:
    """Texts without end, each from the one before or from pieces."""
    text = ""
    while True:
        if not text or len(text) > LONGEST or chance.random() < 0.3:
            text = chance.choice(("", " ", " ", ", ")).join(chance.choices(PIECES, k=chance.randrange(1, 9)))
        at = chance.randrange(len(text) + 1)
        to = min(len(text), at + chance.randrange(1, 9))
        match chance.randrange(8):
            case 0:
                text = text[:at] + text[to:]
            case 1:
                text = text[:to] + text[at:]
            case 2:
                text = text[:at] + chance.choice(PIECES) + text[at:]
            case 3:
                text = text[:at] + chance.choice(ODD) + text[at:]
            case 4:
                text = (
                    text[:at]
                    + chr(chance.choice((0x80, 0x800, 0x10000, 0x110000)) - 1 - chance.randrange(128))
                    + text[to:]
                )
            case 5:
                text = text[:at] + str(chance.randrange(10 ** chance.randrange(1, 9))) + text[to:]
            case 6:
                text = text[at:] + text[:at]
            case _:
                text = text[:at] + text[at:to].swapcase() + text[to:] * chance.choice(REPEATED)
        yield text


def blind(texts: int, seed: int) -> None:
    """Random mutations; says how many were read."""
    chance, started = random.Random(seed), time.monotonic()
    for number, text in zip(range(1, texts + 1), mutated(chance), strict=False):
        try:
            check(text, SENDERS[number % len(SENDERS)])
        except Exception:
            print(f"text {number} of seed {seed} breaks it: {text!r}", file=sys.stderr)
            raise
        if number % SAY_EVERY == 0 or number == texts:
            print(
                f"{number} texts, nothing raised, {number / (time.monotonic() - started):.0f}/s", flush=True
            )


def guided(texts: int, seed: int) -> None:
    """Atheris' mutations; it ends the process."""

    def one(data: bytes) -> None:
        provider = atheris.FuzzedDataProvider(data)
        sender = SENDERS[provider.ConsumeIntInRange(0, len(SENDERS) - 1)]
        check(provider.ConsumeUnicode(LONGEST), sender)

    with tempfile.TemporaryDirectory() as folder:
        for number, piece in enumerate(PIECES):
            (Path(folder) / str(number)).write_bytes(piece.encode() + b"\0")
        words = Path(folder) / "words.dict"
        words.write_text("".join(f'"{_escaped(piece)}"\n' for piece in PIECES))
        options = [
            f"-atheris_runs={texts}",
            f"-seed={seed}",
            f"-dict={words}",
            "-max_len=700",
            "-verbosity=1",
        ]
        atheris.Setup([sys.argv[0], *options, folder], one)
        atheris.Fuzz()


def _escaped(piece: str) -> str:
    return "".join(f"\\x{byte:02x}" for byte in piece.encode())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--texts", type=int, default=10_000_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--blind", action="store_true")
    options: Any = parser.parse_args()
    (blind if atheris is None or options.blind else guided)(options.texts, options.seed)


if __name__ == "__main__":
    main()
