"""Each shape arrives on the map's sheet as it lies on the ground, and none is lost for being small."""

import math
import re
from typing import Any

from dashboard.map.drawing import SHEET, drawing


def feature(key: str, *rings: list[list[float]], kind: str = "Polygon") -> dict[str, Any]:
    coordinates: Any = [list(rings)] if kind == "MultiPolygon" else list(rings)
    return {"type": "Feature", "id": key, "geometry": {"type": kind, "coordinates": coordinates}}


def collection(*features: dict[str, Any]) -> dict[str, Any]:
    return {"type": "FeatureCollection", "features": list(features)}


def corners(path: str) -> list[list[tuple[int, int]]]:
    """The rings of a path, read as an SVG reader would."""
    rings = []
    for part in re.findall(r"M[^z]*z", path):
        assert re.fullmatch(r"M\d+ \d+l-?\d+( ?-?\d+)+z", part), part
        numbers = [int(n) for n in re.findall(r"-?\d+", part)]
        at = (numbers[0], numbers[1])
        ring = [at]
        for dx, dy in zip(numbers[2::2], numbers[3::2], strict=True):
            at = (at[0] + dx, at[1] + dy)
            ring.append(at)
        rings.append(ring)
    return rings


def box(x: float, y: float, side: float = 1.0) -> list[list[float]]:
    return [[x, y], [x + side, y], [x + side, y + side], [x, y + side], [x, y]]


def test_north_is_up_and_the_sheet_holds_everything_with_a_margin() -> None:
    made = drawing(collection(feature("south", box(0, 0)), feature("north", box(0, 1), kind="MultiPolygon")))
    (south, north) = made["shapes"]
    assert (south[0], north[0]) == ("south", "north")
    assert north[3] < south[3]  # a screen's y grows downwards
    x, y, width, height = made["box"]
    for _, path, middle_x, _ in made["shapes"]:
        for px, py in corners(path)[0]:
            assert x < px < x + width
            assert y < py < y + height
        assert abs(middle_x - SHEET / 4) <= 1
    assert SHEET < height < 1.1 * SHEET


def test_a_square_of_ground_is_a_square_of_the_sheet_wherever_it_lies() -> None:
    for latitude in (-35.0, 0.0, 40.0, 61.0):
        tall = 0.01 * math.cos(math.radians(latitude))  # degrees north as long as .01 degree east there
        ring = [[0, latitude], [0.01, latitude], [0.01, latitude + tall], [0, latitude + tall], [0, latitude]]
        (_, path, _, _) = drawing(collection(feature("p", ring)))["shapes"][0]
        xs, ys = zip(*corners(path)[0], strict=True)
        assert math.isclose(max(xs) - min(xs), max(ys) - min(ys), rel_tol=0.001)


def test_neighbours_share_their_corners_after_rounding() -> None:
    shared = [[1.0, 0.0], [1.013, 0.31], [0.987, 0.64], [1.0, 1.0]]
    left = feature("left", [[0, 0], *shared, [0, 1], [0, 0]])
    right = feature("right", [[2, 0], [2, 1], *shared[::-1], [2, 0]])
    a, b = (set(corners(shape[1])[0]) for shape in drawing(collection(left, right))["shapes"])
    assert len(a & b) == len(shared)


def test_a_hole_stays_and_a_shape_smaller_than_the_grid_is_a_dot() -> None:
    holed = feature("holed", box(0, 0, 10), box(4, 4, 2))
    tiny = feature("tiny", box(3, 3, 1e-7))
    nowhere = {"type": "Feature", "id": "nowhere", "geometry": {"type": "Point", "coordinates": [1, 1]}}
    made = {s[0]: s for s in drawing(collection(holed, tiny, nowhere))["shapes"]}
    assert len(corners(made["holed"][1])) == 2
    assert re.fullmatch(r"M\d+ \d+h1v1h-1z", made["tiny"][1])
    assert made["nowhere"][1] == ""


def test_an_election_without_a_single_corner_is_an_empty_sheet() -> None:
    assert drawing(collection()) == {"box": [0, 0, 1, 1], "shapes": []}
