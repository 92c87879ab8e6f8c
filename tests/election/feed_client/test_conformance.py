"""Every service's view of the feed does the same with the same messages (`vectors.json`; the browser's module
too: tests/dashboard/clients/test_feed_conformance.py).
"""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import orjson
import pytest

from callers.dispatch.feed import callers_view
from dashboard.clients.feed import war_room_view
from election.feed_client.view import FeedView
from intake.receive.plausibility import intake_view

VECTORS: list[dict[str, Any]] = json.loads(
    Path(__file__).with_name("vectors.json").read_text(encoding="utf-8")
)
FRESH_SECONDS = 15.0
PRECINCT = "12-01"

View = FeedView[Any, Any]


class Watch:
    """A monotonic clock that a test moves."""

    now = 100.0

    def __call__(self) -> float:
        return self.now


def state_of(view: View) -> str:
    standing = view.standings[PRECINCT]
    return str(standing["state"] if isinstance(standing, dict) else standing.state)


@pytest.mark.parametrize("vector", VECTORS, ids=[v["name"] for v in VECTORS])
@pytest.mark.parametrize("made", [callers_view, intake_view, war_room_view])
def test_the_same_messages_come_to_the_same(
    made: Callable[[Callable[[], float]], View], vector: dict[str, Any]
) -> None:
    watch = Watch()
    view = made(watch)
    for n, step in enumerate(vector["steps"]):
        watch.now += step.get("wait", 0.0)
        if step.get("lost"):
            view.lost()
        if "message" in step:
            assert view.apply(orjson.dumps(step["message"])) is step["accepted"], n
        if "seq" in step:
            assert view.seq == step["seq"], n
        if "state" in step:
            assert state_of(view) == step["state"], n
        if "fresh" in step:
            assert view.fresh(FRESH_SECONDS) is step["fresh"], n
        if "behind" in step:
            assert view.stored_behind == step["behind"], n


def test_age_is_the_feeds_silence_and_the_tallys_together() -> None:
    watch = Watch()
    view = war_room_view(watch)
    assert view.age() is None
    steps = next(v["steps"] for v in VECTORS if "ten minutes behind" in v["name"])
    for step in steps[:3]:
        view.apply(orjson.dumps(step["message"]))
    watch.now += 5.0
    assert view.age() == 605.0


def test_a_snapshot_counts_when_it_is_whole() -> None:
    view = callers_view(Watch())
    hello, first, second = (s["message"] for s in VECTORS[0]["steps"][:3])
    view.apply(orjson.dumps(hello))
    slices = view.applying(orjson.dumps(first))
    assert next(slices)
    assert (view.seq, view.standings, view.age()) == (None, {}, None), "nothing is decided by half a snapshot"
    assert all(slices)
    assert view.seq == first["seq"]
    assert view.apply(orjson.dumps(second))


def test_what_changes_wakes_whoever_waits() -> None:
    view = war_room_view(Watch())
    for step in VECTORS[0]["steps"][:2]:
        view.apply(orjson.dumps(step["message"]))
    assert view.changed.is_set()
    view.changed.clear()
    delta = VECTORS[0]["steps"][2]["message"]
    assert view.apply(orjson.dumps({"type": "beat", "seq": 7, "at": 1.0}))
    assert not view.changed.is_set()
    assert not view.roster_changed.is_set()
    view.apply(orjson.dumps(delta | {"news": ["roster"]}))
    assert view.changed.is_set()
    assert view.roster_changed.is_set()
