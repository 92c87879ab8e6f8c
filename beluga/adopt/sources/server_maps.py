"""Maps in forms that are not GeoJSON as a whole: a feature a line, and what a map server answers itself."""

from itertools import pairwise
from typing import Any

import orjson

_WEB_MERCATOR = {102100: "EPSG:3857", 102113: "EPSG:3857"}
_DEGREES = frozenset({4326, 4269})


def a_line_each(raw: bytes) -> list[dict[str, Any]] | None:
    """Features that stand one a line, with or without a record separator; None where they do not."""
    lines = [line.strip(b"\x1e \r,") for line in raw.splitlines()]
    found = []
    for line in filter(None, lines):
        try:
            one = orjson.loads(line)
        except orjson.JSONDecodeError:
            return None
        if not isinstance(one, dict) or one.get("type") != "Feature":
            return None
        found.append(one)
    return found or None


def as_features(data: dict[str, Any]) -> list[dict[str, Any]] | None:
    """Features of a server's own form, with attributes and rings; None where it is another form."""
    listed = data.get("features")
    if not isinstance(listed, list) or not any(isinstance(f, dict) and "attributes" in f for f in listed):
        return None
    return [
        {"type": "Feature", "properties": f.get("attributes"), "geometry": _geometry(f.get("geometry"))}
        for f in listed
        if isinstance(f, dict)
    ]


def system_of(data: dict[str, Any]) -> str:
    """The coordinate system of a server's own form; empty where it is in degrees or says none."""
    said = data.get("spatialReference")
    if not isinstance(said, dict):
        return ""
    code = said.get("latestWkid") or said.get("wkid")
    if isinstance(code, int):
        return "" if code in _DEGREES else _WEB_MERCATOR.get(code, f"EPSG:{code}")
    return str(said.get("wkt") or "")


def _geometry(shape: Any) -> dict[str, Any] | None:
    """Rings that turn with the clock are areas; those that turn against it are holes in the one before."""
    if not isinstance(shape, dict):
        return None
    if "x" in shape and "y" in shape:
        return {"type": "Point", "coordinates": [shape["x"], shape["y"]]}
    rings = shape.get("rings")
    if not isinstance(rings, list) or not rings:
        return None
    areas: list[list[Any]] = []
    for ring in rings:
        if areas and _turn(ring) > 0 > _turn(areas[-1][0]):
            areas[-1].append(ring)
        else:
            areas.append([ring])
    return {"type": "MultiPolygon", "coordinates": areas}


def _turn(ring: Any) -> float:
    """Twice the area, above zero where it turns against the clock."""
    return float(sum(a[0] * b[1] - b[0] * a[1] for a, b in pairwise(ring)))
