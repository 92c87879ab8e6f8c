"""Dialogues of tired people: what stands at their end, whatever the order in which their entries arrive.

A line of `dialogues.jsonl` names its turns and what must stand: counts, strike-offs, who is off post, open
incidents, phones that opted out.
"""

import json
from datetime import date, datetime, time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from beluga.cli.dialogues import Dialogue, outcome_of
from election.domain.day import Election, ElectionDay, Precinct, Watcher
from election.domain.ids import PrecinctId, WatcherId
from election.domain.roster import roster_of

AT = datetime.fromisoformat("2026-11-03T10:20:00-05:00")
ROWS: list[dict[str, Any]] = [
    json.loads(line) for line in (Path(__file__).parent / "dialogues.jsonl").read_text("utf-8").splitlines()
]
STANDS = ("counted", "struck", "away", "incidents", "stopped")


def a_county() -> Election:
    def place(precinct_id: str, name: str, site: str, registered: int) -> Precinct:
        return Precinct(PrecinctId(precinct_id), name, registered, site_id=site)

    day = ElectionDay(
        "Trial", date(2026, 11, 3), "America/New_York", time(7), time(20), ("en", "es", "zh", "vi")
    )
    posts = {"en": ["12-01"], "es": ["12-02"], "two": ["12-03", "12-04"], "zh": ["7-11"], "vi": ["7-12"]}
    return Election(
        day,
        (
            place("12-01", "Lincoln School", "S1", 1510),
            place("12-02", "Lincoln School gym", "S1", 1322),
            place("12-03", "Fire House 9", "S2", 1804),
            place("12-04", "Fire House 9 annex", "S2", 960),
            place("7-11", "Chung Wah Hall", "S3", 1275),
            place("7-12", "Chung Wah Hall annex", "S3", 1410),
        ),
        watchers=tuple(
            Watcher(WatcherId(f"w{n}"), f"Watcher {n}", f"+1215555010{n}", "en" if language == "two" else
                    language, tuple(map(PrecinctId, ids)))
            for n, (language, ids) in enumerate(posts.items(), 1)
        ),
    )  # fmt: skip


ELECTION = a_county()
ROSTER = roster_of(ELECTION)


@pytest.mark.parametrize("row", ROWS, ids=[row["name"] for row in ROWS])
def test_what_stands_after_a_dialogue(row: dict[str, Any]) -> None:
    ended = outcome_of(Dialogue(row["name"], ELECTION, ROSTER, AT), row)
    assert {k: ended[k] for k in STANDS if k in row} == {k: row[k] for k in STANDS if k in row}


@settings(max_examples=20, deadline=None)
@given(row=st.sampled_from(ROWS), data=st.data())
def test_order_and_repetition_of_delivery_change_nothing(row: dict[str, Any], data: st.DataObject) -> None:
    """Law L3: the tally is a function of the set of entries."""
    first = Dialogue(row["name"], ELECTION, ROSTER, AT)
    told = outcome_of(first, row)
    order = data.draw(st.permutations(first.entries))
    again = data.draw(st.lists(st.sampled_from(first.entries), max_size=3))
    other = Dialogue(row["name"], ELECTION, ROSTER, AT)
    for entry in [*order, *again]:
        other.take_in([entry])
    assert {k: other.outcome()[k] for k in STANDS[:4]} == {k: told[k] for k in STANDS[:4]}
