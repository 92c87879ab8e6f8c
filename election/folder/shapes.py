"""`precincts.geojson`: the precincts' shapes, at 5 decimals (about a metre), which the board can draw."""

from itertools import pairwise
from math import isfinite
from pathlib import Path
from typing import Any

import orjson

from election.domain.ids import PrecinctId
from election.errors import ElectionError
from election.folder.findings import Findings, shown
from election.folder.headings import PRECINCTS, folded
from election.folder.places import Precincts, unknown_precinct

FILE = "precincts.geojson"
DECIMALS = 5
_NAMES = [folded(n) for n in (PRECINCTS[0].name, *PRECINCTS[0].synonyms)]


class ShapeError(ElectionError):
    """What is wrong with a geometry, and what to do."""


def read_shapes(path: Path, precincts: Precincts, findings: Findings) -> dict[PrecinctId, dict[str, Any]]:
    """Geometry by precinct. Several features of one precinct become one MultiPolygon."""
    try:
        data = orjson.loads(path.read_bytes().removeprefix(b"\xef\xbb\xbf"))
    except OSError as error:
        findings.problem(
            FILE, None, "", f"cannot be read: {error.strerror or error}", "check its permissions"
        )
        return {}
    except orjson.JSONDecodeError as error:
        findings.problem(FILE, error.lineno, "", f"is not JSON: {error.msg}", "export it again as GeoJSON")
        return {}
    features = data.get("features") if isinstance(data, dict) else None
    if not isinstance(features, list):
        findings.problem(FILE, 1, "features", "this is no FeatureCollection", "export it again as GeoJSON")
        return {}
    found: dict[PrecinctId, dict[str, Any]] = {}
    for number, feature in enumerate(features, 1):
        place = f"feature {number}"
        identity = _identity(feature)
        if not identity:
            findings.problem(FILE, None, place, "has no property precinct_id", "add it to every feature")
        elif identity not in precincts:
            findings.problem(FILE, None, place, *unknown_precinct(identity, precincts))
        elif feature.get("geometry") is not None:
            try:
                shape = geometry_of(feature["geometry"])
                key = PrecinctId(identity)
                found[key] = joined(found[key], shape) if key in found else shape
            except ShapeError as error:
                findings.problem(FILE, None, f"{place} ({shown(identity)})", *error.args)
    bare = len(precincts) - len(found)
    if bare and precincts:
        findings.notice(FILE, None, "", f"{bare:,} precincts have no shape here")
    return found


def _identity(feature: Any) -> str:
    if not isinstance(feature, dict):
        return ""
    properties = feature.get("properties")
    named = {folded(str(k)): v for k, v in properties.items()} if isinstance(properties, dict) else {}
    value = next((named[n] for n in _NAMES if named.get(n) not in (None, "")), feature.get("id"))
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return str(value).strip() if isinstance(value, str | int) and not isinstance(value, bool) else ""


def geometry_of(geometry: Any) -> dict[str, Any]:
    """A shape as the board draws it. Raises `ShapeError`."""
    kind = geometry.get("type") if isinstance(geometry, dict) else None
    parts = geometry.get("coordinates") if isinstance(geometry, dict) else None
    if kind == "Point":
        return {"type": kind, "coordinates": _position(parts)}
    if not isinstance(parts, list) or not parts or kind not in ("Polygon", "MultiPolygon"):
        raise ShapeError(f"{shown(str(kind))} is no shape of a precinct", "export polygons")
    if kind == "Polygon":
        return {"type": kind, "coordinates": _polygon(parts)}
    return {"type": kind, "coordinates": [_polygon(p) for p in parts]}


def _polygon(rings: Any) -> list[list[list[float]]]:
    if not isinstance(rings, list) or not rings:
        raise ShapeError("a polygon has no ring", "export polygons again")
    return [_ring(r) for r in rings]


def _ring(ring: Any) -> list[list[float]]:
    if not isinstance(ring, list) or len(ring) < 4 or ring[0] != ring[-1]:
        raise ShapeError("a ring is open or has under four points", "close it: the last point is the first")
    points = [_position(p) for p in ring]
    thinned = points[:1] + [b for a, b in pairwise(points) if a != b]
    return thinned if len(thinned) >= 4 else points  # a very small ring keeps its points


def _position(point: Any) -> list[float]:
    if not isinstance(point, list) or len(point) < 2:
        raise ShapeError("a point is no pair of numbers", "export it as [longitude, latitude]")
    east, north = point[0], point[1]
    for value, most in ((east, 180), (north, 90)):
        if isinstance(value, bool) or not isinstance(value, int | float) or not isfinite(value):
            raise ShapeError("a point is no pair of numbers", "export it as [longitude, latitude]")
        if abs(value) > most:
            raise ShapeError("a point lies off the globe", "export it in WGS 84 (EPSG:4326)")
    return [round(float(east), DECIMALS) + 0.0, round(float(north), DECIMALS) + 0.0]


def joined(first: dict[str, Any], second: dict[str, Any]) -> dict[str, Any]:
    """Two parts of one precinct as one shape. Raises `ShapeError` where either is a point."""
    parts: list[Any] = []
    for shape in (first, second):
        if shape["type"] == "Point":
            raise ShapeError("this precinct has a shape already", "keep one")
        parts += shape["coordinates"] if shape["type"] == "MultiPolygon" else [shape["coordinates"]]
    return {"type": "MultiPolygon", "coordinates": parts}
