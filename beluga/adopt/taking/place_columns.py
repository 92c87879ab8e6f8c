"""What a row says of a place: its hours and its coordinates."""

from beluga.adopt.mapping.by_content import point_in
from beluga.adopt.mapping.zones import swapped
from beluga.adopt.taking.clock import clock, span
from beluga.adopt.taking.draft import Table
from election.folder.cells import time_of


def hours(table: Table, row: list[str], line: int) -> dict[str, object]:
    """`opens` and `closes` where the row has them."""
    found: dict[str, object] = {}
    for name in ("opens", "closes"):
        if text := table.cell(row, name):
            at = clock(text) or time_of(text[:5])
            if at is None:
                table.report.refuse(line, table.heading(name), text, "is no time of day", "write 07:00")
            else:
                found[name] = at
    if (text := table.cell(row, "hours")) and not found:
        if (both := span(text)) is None:
            table.report.refuse(line, table.heading("hours"), text, "are no hours", "write 07:00 - 20:00")
        else:
            found["opens"], found["closes"] = both
    return found


def coordinates(table: Table, row: list[str], line: int) -> dict[str, object]:
    """`lat` and `lon`; surely swapped ones are turned, 0,0 and lone ones left out, and all of it said."""
    lat, lon = point_in(table.cell(row, "point")) or (table.cell(row, "lat"), table.cell(row, "lon"))
    if not lat and not lon:
        return {}
    report = table.report
    try:
        north, east = float(lat), float(lon)
    except ValueError:
        report.drop(line, f"{lat}, {lon}", "latitude or longitude is missing or no number")
        return {}
    if north == 0 and east == 0:
        report.drop(line, "0, 0", "latitude and longitude 0, 0 lie in the sea: left out")
        return {}
    if (abs(north) > 90 and abs(east) <= 90) or swapped((east, north), table.zone):
        report.note("latitude and longitude are swapped; they were turned round")
        north, east = east, north
    if abs(north) > 90 or abs(east) > 180:
        report.refuse(
            line,
            table.heading("lat"),
            f"{lat}, {lon}",
            "latitude and longitude lie off the globe",
            "export them in degrees (WGS 84)",
        )
        return {}
    return {"lat": north, "lon": east}
