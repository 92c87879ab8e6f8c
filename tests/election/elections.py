"""Hypothesis strategies: elections as a folder may hold them."""

from datetime import date, time
from itertools import pairwise
from typing import Any

from hypothesis import strategies as st

from election.domain.day import (
    Caller,
    CurvePoint,
    Election,
    ElectionDay,
    Method,
    PastVotes,
    Precinct,
    Voter,
    Watcher,
)
from election.domain.ids import CallerId, PrecinctId, VoterId, WatcherId

_CHARACTERS = st.characters(codec="utf-8", exclude_categories=("Cs", "Cc"))
words = st.text(_CHARACTERS, min_size=1, max_size=12).map(lambda s: " ".join(s.split()) or "x")
maybe = st.one_of(st.just(""), words)
parts = words.map(lambda s: s.replace(";", "·"))  # of a `;` list
zones = st.sampled_from(["America/New_York", "Europe/Bucharest", "UTC", "Asia/Kolkata"])
languages = st.sampled_from(["en", "es", "zh", "vi", "zh-hant"])
hours = st.builds(time, st.integers(0, 23), st.integers(0, 59), st.integers(0, 59))
days = st.builds(
    ElectionDay,
    words,
    st.dates(date(1990, 1, 1), date(2090, 1, 1)),
    zones,
    st.builds(time, st.integers(5, 8), st.integers(0, 59)),
    st.builds(time, st.integers(17, 23), st.integers(0, 59)),
    st.lists(languages, min_size=1, max_size=3, unique=True).map(tuple),
)
phones = st.integers(0, 9_999).map(lambda n: f"+1215555{n:04d}")


@st.composite
def geometries(draw: st.DrawFn) -> dict[str, Any]:
    place = st.integers(-8_900_000, 8_900_000).map(lambda n: n / 100_000)
    if draw(st.booleans()):
        return {"type": "Point", "coordinates": [draw(place), draw(place)]}
    corners = draw(st.lists(st.tuples(place, place).map(list), min_size=3, max_size=6, unique_by=tuple))
    ring = [*corners, corners[0]]
    if draw(st.booleans()):
        return {"type": "Polygon", "coordinates": [ring]}
    return {"type": "MultiPolygon", "coordinates": [[ring], [ring]]}


@st.composite
def precincts(draw: st.DrawFn, identity: str, aliases: tuple[str, ...]) -> Precinct:
    registered = draw(st.integers(1, 5_000))
    located = draw(st.booleans())
    return Precinct(
        PrecinctId(identity), draw(words), registered, draw(maybe), draw(maybe), draw(maybe), aliases,
        draw(st.one_of(st.none(), st.floats(0, registered).map(abs))),
        draw(st.integers(0, registered)),
        draw(st.sampled_from([None, time(4, 30)])), draw(st.sampled_from([None, time(23, 59, 30)])),
        draw(st.one_of(st.none(), zones)),
        draw(st.floats(-90, 90).map(lambda x: x + 0.0)) if located else None,
        draw(st.floats(-180, 180).map(lambda x: x + 0.0)) if located else None,
    )  # fmt: skip


@st.composite
def elections(draw: st.DrawFn) -> Election:
    day = draw(days)
    ids = draw(st.lists(parts, min_size=1, max_size=5, unique=True))
    names = draw(
        st.lists(parts, max_size=4, unique_by=lambda s: "".join(filter(str.isalnum, s.casefold())) or s)
    )
    places = [draw(precincts(i, tuple(names[n :: len(ids)]))) for n, i in enumerate(ids)]
    past = draw(
        st.dictionaries(
            st.tuples(st.sampled_from(ids), words, st.sampled_from(list(Method))),
            st.tuples(st.integers(0, 9_000), st.one_of(st.none(), st.integers(0, 9_000))),
            max_size=4,
        )
    )
    curve: list[CurvePoint] = []
    scopes = ["all", *(f"precinct:{i}" for i in ids), "county:X", "group:Y"]
    for scope, name in sorted(draw(st.sets(st.tuples(st.sampled_from(scopes), maybe), max_size=3))):
        times = draw(st.lists(hours, min_size=1, max_size=4, unique=True))
        shares = draw(
            st.lists(st.floats(0, 1).map(lambda x: x + 0.0), min_size=len(times), max_size=len(times))
        )
        curve += [CurvePoint(scope, t, s, name) for t, s in zip(sorted(times), sorted(shares), strict=True)]
    numbers = draw(st.lists(phones, max_size=6, unique=True))
    watchers = [
        Watcher(
            WatcherId(f"w{n}"), draw(words), main, draw(languages),
            tuple(PrecinctId(p) for p in draw(st.lists(st.sampled_from(ids), unique=True, max_size=3))),
            backup if draw(st.booleans()) else None, draw(st.one_of(st.none(), words)),
            *draw(st.sampled_from([(None, None), (time(7), time(12)), (time(7, 0, 5), None)])),
        )
        for n, (main, backup) in enumerate(list(pairwise(numbers))[::2])
    ]  # fmt: skip
    shapes = draw(st.dictionaries(st.sampled_from(ids), geometries(), max_size=3))
    return Election(
        day, tuple(places),
        tuple(PastVotes(PrecinctId(p), e, v, m, r) for (p, e, m), (v, r) in sorted(past.items())),
        tuple(curve), tuple(watchers), {PrecinctId(i): g for i, g in shapes.items()},
    )  # fmt: skip


@st.composite
def voters(draw: st.DrawFn, ids: list[str]) -> list[Voter]:
    keys = draw(st.lists(words, max_size=6, unique=True))
    rolls = draw(
        st.lists(
            st.tuples(st.sampled_from(ids), st.sampled_from([*map(str, range(9)), "18/1", "AA1-18"])),
            min_size=len(keys),
            max_size=len(keys),
            unique=True,
        )
    )
    score = st.one_of(st.none(), st.integers(0, 100))
    return [
        Voter(
            VoterId(key), PrecinctId(place), number, draw(words), draw(st.one_of(st.just(""), phones)),
            draw(st.one_of(st.just(""), languages)), draw(score), draw(st.booleans()), draw(st.booleans()),
            draw(st.one_of(st.none(), zones)), draw(maybe), draw(score),
        )
        for key, (place, number) in zip(keys, rolls, strict=True)
    ]  # fmt: skip


callers = st.lists(
    st.builds(
        Caller, words.map(CallerId), words, maybe,
        st.lists(languages, min_size=1, max_size=2, unique=True).map(tuple),
    ), max_size=4, unique_by=lambda c: c.caller_id,
).map(lambda found: tuple(sorted(found, key=lambda c: c.caller_id)))  # fmt: skip
