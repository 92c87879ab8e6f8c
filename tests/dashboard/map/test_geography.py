"""Every precinct gets a shape, wherever it comes from, and no shape covers the world."""

import random
from itertools import pairwise
from typing import Any

from dashboard.map.geography import county_features, precinct_features
from election.domain.day import Precinct
from election.domain.ids import PrecinctId


def precincts(count: int, counties: int) -> list[Precinct]:
    return [Precinct(PrecinctId(f"p{i}"), f"P {i}", 100, county=f"c{i % counties}") for i in range(count)]


def square(x: float, y: float, clockwise: bool) -> dict[str, Any]:
    ring = [[x, y], [x, y + 1], [x + 1, y + 1], [x + 1, y], [x, y]]
    return {"type": "Polygon", "coordinates": [ring if clockwise else ring[::-1]]}


def rings(collection: dict[str, Any]) -> list[list[list[float]]]:
    found = []
    for feature in collection["features"]:
        shape = feature["geometry"]
        polygons = shape["coordinates"] if shape["type"] == "MultiPolygon" else [shape["coordinates"]]
        found += [polygon[0] for polygon in polygons]
    return found


def is_clockwise(ring: list[list[float]]) -> bool:
    return sum((b[0] - a[0]) * (b[1] + a[1]) for a, b in pairwise(ring)) > 0


def box(ring: list[list[float]]) -> tuple[float, float, float, float]:
    xs, ys = [p[0] for p in ring], [p[1] for p in ring]
    return min(xs), min(ys), max(xs), max(ys)


def overlap(a: tuple[float, ...], b: tuple[float, ...]) -> bool:
    return a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3]


def test_each_precinct_has_one_shape_in_its_order() -> None:
    for count, counties in ((1, 1), (7, 3), (400, 12), (2_500, 42)):
        places = precincts(count, counties)
        made = precinct_features(places, {})
        assert [f["id"] for f in made["features"]] == [p.precinct_id for p in places]


def test_squares_never_overlap() -> None:
    boxes = [box(ring) for ring in rings(precinct_features(precincts(120, 7), {}))]
    assert not any(overlap(a, b) for i, a in enumerate(boxes) for b in boxes[i + 1 :])
    counties = [box(ring) for ring in rings(county_features(precincts(120, 42), {}))]
    assert len(counties) == 42
    assert not any(overlap(a, b) for i, a in enumerate(counties) for b in counties[i + 1 :])


def test_outer_rings_run_clockwise_whatever_the_file_had() -> None:
    chance = random.Random(5)
    places = precincts(30, 3)
    geometry = {str(p.precinct_id): square(i, 0, chance.random() < 0.5) for i, p in enumerate(places)}
    for made in (precinct_features(places, geometry), county_features(places, geometry)):
        assert all(is_clockwise(ring) for ring in rings(made))
    assert all(is_clockwise(ring) for ring in rings(precinct_features(places, {})))


def test_a_hole_runs_the_other_way() -> None:
    shape = square(0, 0, clockwise=False)
    shape["coordinates"].append([[0.4, 0.4], [0.4, 0.6], [0.6, 0.6], [0.6, 0.4], [0.4, 0.4]])
    (feature,) = precinct_features(precincts(1, 1), {"p0": shape})["features"]
    outer, hole = feature["geometry"]["coordinates"]
    assert is_clockwise(outer)
    assert not is_clockwise(hole)


def test_precincts_without_a_shape_lie_below_those_that_have_one() -> None:
    places = precincts(9, 2)
    geometry = {f"p{i}": square(10 + i, 50, clockwise=True) for i in range(5)}
    made = precinct_features(places, geometry)
    by_id = {f["id"]: box(f["geometry"]["coordinates"][0]) for f in made["features"]}
    assert len(by_id) == 9
    for i in range(5, 9):
        assert by_id[f"p{i}"][3] <= 50
        assert 10 <= by_id[f"p{i}"][0] <= 15
