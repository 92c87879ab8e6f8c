"""Texts of strangers, by kind and language: read as they are meant, or asked about, and never harmful.

A line of `strangers*.jsonl` has the readings that are right (`count 412`, several joined by ` + `, or any of
several), and what would do harm: kinds that must not occur, guesses that must not be offered (ANY: none).
"""

import json
from collections import defaultdict
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from election.domain.checkin import Reading
from intake.reading.reader import readings_of
from tests.intake.sample import ES, ONE, SENT, TWO, VI, ZH, sample_roster, sms

ROSTER = sample_roster()
PHONES = {"one": ONE, "es": ES, "two": TWO, "vi": VI, "zh": ZH, "nobody": "+12155550199"}
ROWS = [
    json.loads(line)
    for file in sorted(Path(__file__).parent.glob("strangers*.jsonl"))
    for line in file.read_text("utf-8").splitlines()
]
BY_KIND: dict[str, list[dict[str, Any]]] = defaultdict(list)
for row in ROWS:
    BY_KIND[row["kind"]].append(row)


def read_row(row: dict[str, Any]) -> list[Reading]:
    at = datetime.fromisoformat(row["at"]) if "at" in row else SENT
    return readings_of(sms(row["text"], PHONES[row["from"]], at), ROSTER)


def faults(row: dict[str, Any], readings: list[Reading]) -> list[str]:
    """What is wrong with how a line is read; nothing where it is right."""
    said = [r.kind.value if r.votes is None else f"{r.kind.value} {r.votes}" for r in readings]
    found = [f"harm: {r.kind}" for r in readings if r.kind in row.get("never", ())]
    never = row.get("never_guess", ())
    found += [f"harm: guess {r.guess}" for r in readings if r.guess and ("ANY" in never or r.guess in never)]
    ways = [way.split(" + ") for way in row["accept"]]
    if not any(
        len(way) == len(said) and all(w == s or s.startswith(f"{w} ") for w, s in zip(way, said, strict=True))
        for way in ways
    ):
        found.append(f"read as {' + '.join(said)}")
    return found


@pytest.mark.parametrize("kind", BY_KIND)
def test_strangers_are_read_as_they_mean_it(kind) -> None:
    wrong = [(row["text"], found) for row in BY_KIND[kind] if (found := faults(row, read_row(row)))]
    assert not wrong
