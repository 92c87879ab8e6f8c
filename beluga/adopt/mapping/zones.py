"""Where an election is, as its time zone says: enough to see that latitude and longitude are swapped."""

import math
from functools import cache
from importlib import resources

Position = tuple[float, float]  # east, north

FAR = 25.0  # degrees from the time zone's city: no county is so far from it


def apart(home: Position, point: Position) -> float:
    """Degrees between two places; very far where the point is off the globe."""
    around = abs(home[0] - point[0]) % 360
    return math.hypot(min(around, 360 - around), home[1] - point[1]) if abs(point[1]) <= 90 else 1e9


@cache
def zone_place(zone: str) -> Position | None:
    """(east, north) of the city that a time zone is called after, from the IANA table."""
    row = zone_row(zone)
    if row is None:
        return None
    text = row[1]
    at = max(text.rfind("+"), text.rfind("-"))
    return _degrees(text[at:], 3), _degrees(text[:at], 2)


@cache
def zone_row(zone: str) -> tuple[str, str] | None:
    """(country, coordinates) of a zone; None for one without a place, as UTC."""
    try:
        text = (resources.files("tzdata") / "zoneinfo" / "zone.tab").read_text(encoding="utf-8")
    except (FileNotFoundError, ModuleNotFoundError):
        return None
    for line in text.splitlines():
        cells = line.split("\t")
        if len(cells) > 2 and cells[2] == zone and not line.startswith("#"):
            return cells[0], cells[1]
    return None


def _degrees(text: str, digits: int) -> float:
    sign = -1 if text[0] == "-" else 1
    number = text[1:].ljust(digits + 4, "0")
    return sign * (
        int(number[:digits]) + int(number[digits : digits + 2]) / 60 + int(number[digits + 2 :]) / 3600
    )


def swapped(point: Position, zone: str) -> bool:
    """Whether a point is far from the zone as it is, and near it turned round."""
    home = zone_place(zone)
    if home is None:
        return False
    return apart(home, point) > 2 * FAR and apart(home, (point[1], point[0])) <= FAR
