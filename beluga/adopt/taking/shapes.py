"""Shapes of precincts, by whichever property of a map names them."""

import math
from collections.abc import Iterable
from contextlib import suppress
from typing import Any

from beluga.adopt.mapping.vocabulary import COUNTY, PRECINCT, TOWN
from beluga.adopt.mapping.zones import FAR, Position, apart, zone_place
from beluga.adopt.sources.maps import UnreadableMapError, features_of
from beluga.adopt.sources.sheets import Sheet
from beluga.adopt.taking.damage import mended
from beluga.adopt.taking.draft import Draft
from beluga.adopt.taking.matching import Matcher
from beluga.adopt.taking.report import FileReport
from beluga.adopt.taking.settling import ENOUGH
from election.domain.ids import PrecinctId
from election.folder.headings import folded
from election.folder.shapes import ShapeError, geometry_of, joined


def take_shapes(draft: Draft, sheet: Sheet, report: FileReport, answers: dict[str, str]) -> None:
    """Geometry by precinct, by whichever property names most of them."""
    try:
        features = features_of(sheet)
    except UnreadableMapError as error:
        report.refuse_file(str(error), error.remedy)
        return
    if not draft.precincts:
        report.ask("precincts", "which precincts are there? No file says so")
        report.refuse_file(
            "is a map, and no file says which precincts there are", "give the registration file with it"
        )
        return
    matcher = draft.matcher()
    said = answers.get("precinct_id", "")  # perhaps about another map, which has other properties
    wanted, reason = identifying(features, matcher, said if said in _properties(features) else "")
    report.preview = _preview(features)
    if not wanted:
        report.ask("precinct_id", "which property names the precinct?", *_properties(features))
        report.refuse_file("no property names the precincts here: another county's, or other ids", reason)
        return
    report.mapping, report.reasons = {"precinct_id": wanted}, {"precinct_id": reason}
    county, town = _home(features)
    matcher.learn_prefix(_value(f, wanted) for f in features)
    turned = _swapped(features, draft)
    if turned:
        report.note(
            "latitude and longitude are swapped in every point; they were turned round, which lands near the "
            f"time zone {draft.day.timezone}"
        )
    elif turned is None:
        report.refuse_file(
            "its points are no degrees: it is drawn in a projection that it does not name"
            if _beyond_degrees(features)
            else "its points lie far from the election's time zone, latitude and longitude swapped or not",
            "export it in WGS 84 (EPSG:4326), longitude first",
        )
        return
    found: dict[PrecinctId, dict[str, Any]] = {}
    for number, feature in enumerate(features, 1):
        _take_one(
            feature,
            number,
            wanted=wanted,
            county=county,
            town=town,
            matcher=matcher,
            report=report,
            found=found,
            turned=turned,
        )
    bare = len(draft.precincts) - len({*found, *draft.geometry} & set(draft.precincts))
    if bare:
        report.note(f"{bare:,} precincts have no shape here")
    draft.geometry |= found
    if found:
        report.take("shapes", len(found))
        draft.touched.add("precincts.geojson")


def _take_one(
    feature: dict[str, Any],
    number: int,
    *,
    wanted: str,
    county: str,
    town: str,
    matcher: Matcher,
    report: FileReport,
    found: dict[PrecinctId, dict[str, Any]],
    turned: bool,
) -> None:
    value = _value(feature, wanted)
    good = mended(value) if value else None
    place = f"feature {number}"
    if good is None:
        report.drop(number, place, "names no precinct")
        return
    if good.refusal:
        report.refuse(number, wanted, value, good.refusal, good.remedy)
        return
    identity = matcher.find(good.text, _value(feature, county), "", _value(feature, town))
    if identity is None:
        report.drop(number, value, "no such precinct here")
        return
    geometry = feature.get("geometry")
    if not isinstance(geometry, dict) or not geometry.get("coordinates"):
        report.drop(number, value, "has no coordinates: latitude and longitude are missing")
        return
    try:
        if not any(_points(geometry["coordinates"], 1)) or all(
            p == (0, 0) for p in _points(geometry["coordinates"], 50)
        ):
            report.drop(number, value, "latitude and longitude are 0, 0, which lies in the sea")
            return
        shape = geometry_of(_flipped(geometry) if turned else geometry)
        key = PrecinctId(identity)
        found[key] = joined(found[key], shape) if key in found else shape
    except (ShapeError, TypeError, ValueError, IndexError, KeyError) as error:
        what, *remedy = error.args if isinstance(error, ShapeError) else ("is no shape",)
        report.refuse(number, wanted, value, str(what), str(remedy[0]) if remedy else "export it again")


def identifying(features: list[dict[str, Any]], matcher: Matcher, wanted: str = "") -> tuple[str, str]:
    """The property that names most precincts, and the reason: `VTD2016` matches 16 of 16 precinct ids."""
    best, most, order = "", 0, [folded(w) for w in PRECINCT]
    names = [wanted] if wanted else _properties(features)
    county, town = _home(features)
    for name in sorted(names, key=lambda n: order.index(folded(n)) if folded(n) in order else len(order)):
        values = {_value(f, name) for f in features} - {""}
        found = {matcher.find(_value(f, name), _value(f, county), "", _value(f, town)) for f in features} - {
            None
        }
        if len(found) < len(matcher) / 2:
            fresh = Matcher(())
            fresh.__dict__.update(matcher.__dict__)
            if fresh.learn_prefix(values):
                found = {fresh.find(v) for v in values} - {None}
        if len(found) > most and len(found) >= min(ENOUGH * len(values), ENOUGH * len(matcher)):
            best, most = name, len(found)
    if not best:
        return "", f"its properties are {', '.join(_properties(features)[:12])}"
    return best, f"`{best}` matches {most:,} of {len(matcher):,} precinct ids"


def _home(features: list[dict[str, Any]]) -> tuple[str, str]:
    """The properties that say in which county and in which town an area lies; empty where none does."""
    names = _properties(features)
    county, town = (next((n for n in names if folded(n) in words), "") for words in (COUNTY, TOWN))
    return county, town


def _properties(features: list[dict[str, Any]]) -> list[str]:
    names: dict[str, None] = {}
    for feature in features[:200]:
        properties = feature.get("properties")
        if isinstance(properties, dict):
            names |= dict.fromkeys(str(k) for k, v in properties.items() if isinstance(v, str | int | float))
    if any(isinstance(f.get("id"), str | int) for f in features[:200]):
        names.setdefault("id", None)
    return list(names)


def _value(feature: dict[str, Any], name: str) -> str:
    properties = feature.get("properties")
    value = properties.get(name) if isinstance(properties, dict) and name in properties else None
    if value is None and name == "id":
        value = feature.get("id")
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return str(value).strip() if isinstance(value, str | int) and not isinstance(value, bool) else ""


def _preview(features: list[dict[str, Any]]) -> list[list[str]]:
    names = _properties(features)[:8]
    return [names, *([_value(f, n) for n in names] for f in features[:10])] if features else []


def _points(parts: Any, most: int) -> list[Position]:
    found: list[Position] = []

    def walk(part: Any) -> None:
        if len(found) >= most or not isinstance(part, list | tuple) or not part:
            return
        if isinstance(part[0], int | float):
            found.append((float(part[0]), float(part[1])))
            return
        for each in part:
            walk(each)

    walk(parts)
    return found


def _swapped(features: list[dict[str, Any]], draft: Draft) -> bool | None:
    """Whether [latitude, longitude] is written; None where neither reading is near the election's zone."""
    some: list[Position] = []
    for feature in features[:400]:
        geometry = feature.get("geometry")
        if isinstance(geometry, dict):
            with suppress(TypeError, ValueError, IndexError):
                some += _points(geometry.get("coordinates"), 1)
    some = [p for p in some if p != (0.0, 0.0) and all(map(math.isfinite, p))]
    if not some:
        return False
    east = sorted(p[0] for p in some)[len(some) // 2]
    north = sorted(p[1] for p in some)[len(some) // 2]
    home = zone_place(draft.day.timezone)
    if home is None:
        return abs(north) > 90 >= abs(east)
    near, turned = apart(home, (east, north)), apart(home, (north, east))
    if near <= 2 * FAR:
        return False
    if turned <= FAR:
        return True
    return False if abs(north) <= 90 and abs(east) <= 180 and near <= 3 * FAR else None


def _beyond_degrees(features: Iterable[dict[str, Any]]) -> bool:
    geometry = (f.get("geometry") for f in features)
    points = (p for g in geometry if isinstance(g, dict) for p in _points(g.get("coordinates"), 1))
    return any(max(map(abs, point)) > 360 for point in points)


def _flipped(geometry: dict[str, Any]) -> dict[str, Any]:
    def turn(part: Any) -> Any:
        if isinstance(part, list | tuple) and part and isinstance(part[0], int | float):
            return [part[1], part[0]]
        return [turn(each) for each in part]

    return {**geometry, "coordinates": turn(geometry["coordinates"])}
