"""Maps, opened: GeoJSON in its several forms, and shapefiles in their own projection."""

from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import orjson

from beluga.adopt.sources.server_maps import a_line_each, as_features, system_of
from beluga.adopt.sources.sheets import Sheet
from beluga.errors import BelugaError


class UnreadableMapError(BelugaError):
    """The map cannot be read; `remedy` says what to do."""

    def __init__(self, what: str, remedy: str) -> None:
        super().__init__(what)
        self.remedy = remedy


def features_of(sheet: Sheet) -> list[dict[str, Any]]:
    """Features as GeoJSON. Raises `UnreadableMapError`."""
    return _geojson(sheet.path) if sheet.form == "geojson" else _shapefile(sheet.path)


def _geojson(path: Path) -> list[dict[str, Any]]:
    try:
        raw = path.read_bytes()
        if not raw.removeprefix(b"\xef\xbb\xbf").isascii():
            with suppress(UnicodeDecodeError):
                raw.decode()
        data = orjson.loads(raw.removeprefix(b"\xef\xbb\xbf"))
    except orjson.JSONDecodeError as error:
        if lines := a_line_each(raw.removeprefix(b"\xef\xbb\xbf")):
            return lines
        raise UnreadableMapError(
            f"is not JSON: {error.msg} at line {error.lineno}", "export it again as GeoJSON"
        ) from error
    if isinstance(data, dict) and data.get("type") == "Feature":
        data = {"features": [data]}
    if isinstance(data, dict) and (served := as_features(data)):
        system = system_of(data)
        return list(_projected(served, system)) if system else served
    features = data.get("features") if isinstance(data, dict) else None
    if not isinstance(features, list):
        raise UnreadableMapError("is no FeatureCollection", "export it again as GeoJSON")
    code = _crs_of(data)
    kept = [f for f in features if isinstance(f, dict)]
    return list(_projected(kept, code)) if code else kept


def _crs_of(data: dict[str, Any]) -> str:
    """The coordinate system that an old GeoJSON names, where it is not WGS 84."""
    crs = data.get("crs")
    name = str((crs.get("properties") or {}).get("name", "")) if isinstance(crs, dict) else ""
    digits = name.rsplit(":", 1)[-1]
    return (
        ""
        if digits in ("", "CRS84", "4326", "4269", "CRS83")
        else f"EPSG:{digits}"
        if digits.isdecimal()
        else name
    )


def _shapefile(path: Path) -> list[dict[str, Any]]:
    import shapefile

    prj = next((p for p in (path.with_suffix(".prj"), path.with_suffix(".PRJ")) if p.exists()), None)
    well_known = prj.read_text(encoding="utf-8", errors="replace") if prj else ""
    error: Exception | None = None
    for encoding in ("utf-8", "cp1252"):
        try:
            with shapefile.Reader(str(path), encoding=encoding) as reader:
                features = [
                    {"type": "Feature", "properties": r.record.as_dict(), "geometry": _plain(r.shape)}
                    for r in reader
                ]
            break
        except UnicodeDecodeError as again:
            error = again
        except (shapefile.ShapefileException, OSError, ValueError) as broken:
            raise UnreadableMapError(
                f"is no whole shapefile ({broken})", "give the zip that holds all of its parts"
            ) from broken
    else:
        raise UnreadableMapError(f"holds text in an unknown encoding ({error})", "export it in UTF-8")
    if well_known and not _is_degrees(well_known):
        return list(_projected(features, well_known))
    return features


def _plain(shape: Any) -> dict[str, Any] | None:
    if not shape.shapeType or not shape.points:
        return None
    return orjson.loads(orjson.dumps(shape.__geo_interface__, default=list))  # type: ignore[no-any-return]


def _is_degrees(well_known: str) -> bool:
    """WGS 84 and NAD 83 in degrees: a metre apart, which no map of precincts shows."""
    text = well_known.upper().lstrip()
    return text.startswith("GEOGCS") and (
        "WGS" in text[:200]
        or "NORTH_AMERICAN_1983" in text[:200]
        or "NAD83" in text[:200]
        or "GRS" in text[:200]
    )


def _projected(features: Iterable[dict[str, Any]], system: str) -> Iterator[dict[str, Any]]:
    try:
        from pyproj import CRS, Transformer
        from pyproj.exceptions import ProjError
    except ImportError as error:
        raise UnreadableMapError(
            "is drawn in a projection of its own, and the reader of projections is not installed",
            "install beluga-turnout[files], or export it in WGS 84 (EPSG:4326)",
        ) from error
    try:
        turn = Transformer.from_crs(CRS.from_user_input(system), "EPSG:4326", always_xy=True)
    except ProjError as error:
        raise UnreadableMapError(
            "names a coordinate system that is not known", "export it in WGS 84 (EPSG:4326)"
        ) from error
    for feature in features:
        geometry = feature.get("geometry")
        if isinstance(geometry, dict) and isinstance(geometry.get("coordinates"), list | tuple):
            geometry = {**geometry, "coordinates": _moved(geometry["coordinates"], turn)}
        yield {**feature, "geometry": geometry}


def _moved(parts: Any, turn: Any) -> Any:
    """Coordinates of any depth through a projection, a whole ring at once."""
    if parts and isinstance(parts[0], int | float):
        east, north = turn.transform(parts[0], parts[1])
        return [east, north]
    if parts and isinstance(parts[0], list | tuple) and parts[0] and isinstance(parts[0][0], int | float):
        east, north = turn.transform([p[0] for p in parts], [p[1] for p in parts])
        return [list(pair) for pair in zip(east, north, strict=True)]
    return [_moved(part, turn) for part in parts]
