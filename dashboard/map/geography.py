"""Shapes for the map, as GeoJSON: precincts, and counties made of their precincts. Pure.

Where a precinct has no polygon we lay squares: precincts in a block a county, counties in a grid, so that an
election without any geometry still has a map. Squares lie around (0°, 0°), where a degree is as wide as it is
tall. Outer rings run clockwise on the sphere, as d3 (hence plotly) wants them; RFC 7946 has it the other way.
"""

import math
from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

from dashboard.map.dissolve import outline
from election.domain.day import Precinct

Geometry = dict[str, Any]
Ring = list[list[float]]

SQUARE = 0.01  # degrees between neighbouring squares
GUTTER = 0.12  # part of a square left free
WIDE = 1.35  # width to height of a block of squares, about that of the tile it is shown in


def precinct_features(precincts: Sequence[Precinct], geometry: dict[str, Geometry]) -> dict[str, Any]:
    """A FeatureCollection of these precincts; `id` is the precinct's, squares stand in for missing shapes."""
    drawn = {p.precinct_id: geometry[p.precinct_id] for p in precincts if p.precinct_id in geometry}
    missing = [p for p in precincts if p.precinct_id not in drawn]
    squares = _blocks(missing)
    if drawn and squares:
        squares = _below(squares, drawn.values())
    shapes = {key: _wound(shape) for key, shape in drawn.items()} | squares
    return _collection((p.precinct_id, shapes[p.precinct_id]) for p in precincts)


def county_features(precincts: Sequence[Precinct], geometry: dict[str, Geometry]) -> dict[str, Any]:
    """A FeatureCollection of counties; `id` is the county's name."""
    by_county = _by_county(precincts)
    shapes: dict[str, Geometry] = {}
    for county, members in by_county.items():
        polygons = [
            polygon
            for p in members
            if p.precinct_id in geometry
            for polygon in _polygons(_wound(geometry[p.precinct_id]))
        ]
        if drawn := outline(polygons):
            shapes[county] = {"type": "MultiPolygon", "coordinates": drawn}
    missing = [county for county in by_county if county not in shapes]
    squares = dict(zip(missing, _grid(len(missing)), strict=True))
    if shapes and squares:
        squares = _below(squares, shapes.values())
    shapes |= squares
    return _collection((county, shapes[county]) for county in by_county)


def _collection(shapes: Iterable[tuple[str, Geometry]]) -> dict[str, Any]:
    features = [{"type": "Feature", "id": key, "geometry": shape, "properties": {}} for key, shape in shapes]
    return {"type": "FeatureCollection", "features": features}


def _by_county(precincts: Sequence[Precinct]) -> dict[str, list[Precinct]]:
    groups: dict[str, list[Precinct]] = defaultdict(list)
    for precinct in precincts:
        groups[precinct.county].append(precinct)
    return dict(sorted(groups.items()))


def _grid(count: int, left: float = 0.0, top: float = 0.0) -> list[Geometry]:
    """`count` squares in reading order, columns chosen for a block of `WIDE` proportions."""
    columns = max(1, math.ceil(math.sqrt(count * WIDE)))
    return [_square(left + (i % columns) * SQUARE, top - (i // columns) * SQUARE) for i in range(count)]


def _square(west: float, north: float) -> Geometry:
    inset = SQUARE * GUTTER / 2
    west, east = round(west + inset, 6), round(west + SQUARE - inset, 6)
    south, north = round(north - SQUARE + inset, 6), round(north - inset, 6)
    ring = [[west, south], [west, north], [east, north], [east, south], [west, south]]  # clockwise
    return {"type": "Polygon", "coordinates": [ring]}


def _blocks(precincts: Sequence[Precinct]) -> dict[str, Geometry]:
    """A block of squares a county, blocks on shelves, so that no county's squares touch another's."""
    groups = _by_county(precincts)
    widths = {c: max(1, math.ceil(math.sqrt(len(m) * WIDE))) for c, m in groups.items()}
    shelf = max([*widths.values(), math.ceil(math.sqrt(len(precincts) * WIDE) * 1.1), 1])
    shapes: dict[str, Geometry] = {}
    x = y = tallest = 0
    for county, members in groups.items():
        if x and x + widths[county] > shelf:
            x, y, tallest = 0, y + tallest + 1, 0
        block = _grid(len(members), x * SQUARE, -y * SQUARE)
        shapes |= {p.precinct_id: square for p, square in zip(members, block, strict=True)}
        x += widths[county] + 1
        tallest = max(tallest, math.ceil(len(members) / widths[county]))
    return shapes


def _below(squares: dict[str, Geometry], drawn: Iterable[Geometry]) -> dict[str, Geometry]:
    """The squares moved and scaled to lie under real shapes, in a strip as wide as they are."""
    west, south, east, _ = _bounds(drawn)
    s_west, _, s_east, s_north = _bounds(squares.values())
    scale = min(max(east - west, SQUARE) / (s_east - s_west), 4.0)
    drop = south - SQUARE * scale

    def move(ring: Ring) -> Ring:
        return [
            [round(west + (x - s_west) * scale, 6), round(drop + (y - s_north) * scale, 6)] for x, y in ring
        ]

    return {
        key: {"type": "Polygon", "coordinates": [move(ring) for ring in shape["coordinates"]]}
        for key, shape in squares.items()
    }


def _bounds(shapes: Iterable[Geometry]) -> tuple[float, float, float, float]:
    points = [point for shape in shapes for polygon in _polygons(shape) for point in polygon[0]]
    xs, ys = [p[0] for p in points], [p[1] for p in points]
    return min(xs), min(ys), max(xs), max(ys)


def middle(shape: Geometry) -> tuple[float, float] | None:
    """The middle (east, north) of a shape's bounds; None of a shape without polygons."""
    if not _polygons(shape):
        return None
    west, south, east, north = _bounds([shape])
    return (west + east) / 2, (south + north) / 2


def _polygons(shape: Geometry) -> list[list[Ring]]:
    if shape["type"] == "MultiPolygon":
        return list(shape["coordinates"])
    return [shape["coordinates"]] if shape["type"] == "Polygon" else []


def _wound(shape: Geometry) -> Geometry:
    polygons = [
        [_clockwise(ring, wanted=index == 0) for index, ring in enumerate(polygon)]
        for polygon in _polygons(shape)
    ]
    if len(polygons) == 1:
        return {"type": "Polygon", "coordinates": polygons[0]}
    return {"type": "MultiPolygon", "coordinates": polygons}


def _clockwise(ring: Ring, wanted: bool) -> Ring:
    """The ring in the wanted sense, by the sign of its planar area."""
    doubled = sum((b[0] - a[0]) * (b[1] + a[1]) for a, b in zip(ring, [*ring[1:], ring[0]], strict=True))
    return ring if (doubled > 0) is wanted else ring[::-1]
