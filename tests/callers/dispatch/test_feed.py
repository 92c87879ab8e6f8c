"""The feed as callers hear it: in slices, and whole or not at all."""

from typing import Any

import orjson

from callers.dispatch.feed import callers_view
from election.wire.feed import PrecinctInfo, PrecinctState, Standing

MANY = 1_000
NAMES = [f"p{n}" for n in range(MANY)]


def columns(rows: list[dict[str, Any]]) -> dict[str, list[Any]]:
    return {name: [row[name] for row in rows] for name in rows[0]}


def standings(state: PrecinctState) -> list[dict[str, Any]]:
    return [Standing(precinct_id=p, state=state).model_dump(mode="json") for p in NAMES]


def snapshot(seq: int, state: PrecinctState) -> bytes:
    infos = [
        PrecinctInfo(precinct_id=p, name=p, registered=9, opens_at=0, closes_at=1, timezone="UTC")
        for p in NAMES
    ]
    rows = columns([info.model_dump(mode="json") for info in infos])
    return orjson.dumps(
        {"type": "snapshot", "seq": seq, "precincts": rows, "standings": columns(standings(state))}
    )


def test_a_large_snapshot_comes_in_slices_and_counts_when_it_is_whole() -> None:
    heard = callers_view(lambda: 0.0)
    slices = heard.applying(snapshot(1, PrecinctState.ON_PACE))
    assert next(slices)
    assert heard.standings == {}, "nothing is decided by half a snapshot"
    assert heard.age() is None
    assert len(list(slices)) >= 2 * MANY / 250 - 1
    assert (len(heard.precincts), len(heard.standings), heard.age()) == (MANY, MANY, 0.0)


def test_a_delta_replaces_standings_and_a_missing_number_asks_for_a_snapshot() -> None:
    heard = callers_view(lambda: 0.0)
    assert heard.apply(snapshot(7, PrecinctState.ON_PACE))
    delta = {"type": "delta", "standings": standings(PrecinctState.LAGGING)}
    assert not heard.apply(orjson.dumps(delta | {"seq": 9}))
    assert heard.standings["p0"].state is PrecinctState.ON_PACE
    assert heard.apply(orjson.dumps(delta | {"seq": 8}))
    assert {s.state for s in heard.standings.values()} == {PrecinctState.LAGGING}
    assert heard.apply(orjson.dumps({"type": "delta", "standings": [], "seq": 8})), "heard already"
    assert not heard.apply(orjson.dumps({"type": "beat", "seq": 9}))
