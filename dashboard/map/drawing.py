"""Shapes as the map draws them: SVG paths on a whole-numbered sheet, projected here once for everybody. Pure.

A browser then neither parses coordinates nor projects them; it sets each path as it is. Web Mercator, because
north is up and small shapes keep their form. Corners fall on a grid of `SHEET` steps, a pixel or less on any
screen at ten times the whole; those that fall together are drawn once. Fills follow the even-odd rule, so
that a ring's sense says nothing.
"""

import itertools
import math
from collections.abc import Iterable
from typing import Any

SHEET = 24_000  # steps along the longer side
MARGIN = 0.02  # of each side, left free around the shapes
POLE = 85.0  # degrees beyond which Mercator's map ends

Point = tuple[int, int]


def drawing(features: dict[str, Any]) -> dict[str, Any]:
    """A FeatureCollection as `{"box": [x, y, width, height], "shapes": [[id, path, middle x, middle y], …]}`.

    Middles are those of the outer rings' bounds. A shape too small for the grid is drawn as a dot of it;
    one without any corner has an empty path.
    """
    shapes = [(f["id"], [_flat(ring) for ring in _rings(f["geometry"])]) for f in features["features"]]
    west, north, east, south = _bounds(point for _, rings in shapes for ring in rings for point in ring)
    longest = max(east - west, south - north) or 1.0
    scale = SHEET / longest
    drawn = []
    for key, rings in shapes:
        corners = [[(round((x - west) * scale), round((y - north) * scale)) for x, y in r] for r in rings]
        x0, y0, x1, y1 = _bounds(point for ring in corners for point in ring)
        path = "".join(_path(ring) for ring in corners) or (_dot(corners[0][0]) if corners else "")
        drawn.append([key, path, round((x0 + x1) / 2), round((y0 + y1) / 2)])
    width, height = (east - west) * scale, (south - north) * scale
    dx, dy = MARGIN * width, MARGIN * height
    box = [round(-dx), round(-dy), max(1, round(width + 2 * dx)), max(1, round(height + 2 * dy))]
    return {"box": box, "shapes": drawn}


def _rings(shape: dict[str, Any]) -> list[list[list[float]]]:
    if shape["type"] == "MultiPolygon":
        return [ring for polygon in shape["coordinates"] for ring in polygon if ring]
    return [ring for ring in shape["coordinates"] if ring] if shape["type"] == "Polygon" else []


def _flat(ring: list[list[float]]) -> list[tuple[float, float]]:
    """Radians east and, downwards, Mercator's radians south."""
    return [
        (math.radians(x), -math.asinh(math.tan(math.radians(max(-POLE, min(POLE, y)))))) for x, y, *_ in ring
    ]


def _bounds(points: Iterable[tuple[float, float]]) -> tuple[float, float, float, float]:
    found = list(points)
    if not found:
        return 0.0, 0.0, 0.0, 0.0
    xs, ys = [p[0] for p in found], [p[1] for p in found]
    return min(xs), min(ys), max(xs), max(ys)


def _path(ring: list[Point]) -> str:
    """One closed ring, its corners as steps from one to the next; empty where fewer than three remain."""
    kept = [point for before, point in zip([None, *ring[:-1]], ring, strict=True) if point != before]
    if len(kept) > 1 and kept[0] == kept[-1]:
        kept.pop()
    if len(kept) < 3:
        return ""
    (x, y), steps = kept[0], []
    for a, b in itertools.pairwise(kept):
        dx, dy = b[0] - a[0], b[1] - a[1]
        steps.append(f"{dx}{dy}" if dy < 0 else f"{dx} {dy}")
    joined = steps[0] + "".join(s if s.startswith("-") else f" {s}" for s in steps[1:])
    return f"M{x} {y}l{joined}z"


def _dot(at: Point) -> str:
    return f"M{at[0]} {at[1]}h1v1h-1z"
