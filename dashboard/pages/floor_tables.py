"""The call floor's words, tables and figure. Pure: the call desk's answers in, components out."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any
from urllib.parse import quote
from zoneinfo import ZoneInfo

import plotly.graph_objects as go
from dash import Patch, html

from dashboard.components.figure import BLUE, INK, ORANGE, board_figure
from dashboard.components.part import marks
from dashboard.languages import coded, noted, noted_all, retold, tr
from dashboard.pages.plain import table

Row = Mapping[str, Any]
Place = Callable[[str], str]  # a precinct's name
FLOOR_LISTED = 60  # callers shown, the idle first; the number of all stands above
HOURS_LISTED = 200

PRECINCT_HEADS = noted_all(
    "Precinct", "Calling", "Wanted", "Calls", "Reached", "Left", "Reached by close", "Promises", "Missing",
    "At start", "Since", "By", "Now", "To do",
)  # fmt: skip
CALLER_HEADS = noted_all(
    "Caller", "Speaks", "Precinct", "On a call", "Idle", "Why", "Last hour", "Today", "Answered"
)
CANVASSER_HEADS = noted_all(
    "Canvasser", "Precinct", "Doors", "Left there", "Visited", "Told", "Reached", "Idle", "Why"
)
DRIVER_HEADS = noted_all("Driver", "Seats", "Precinct", "Ride", "For", "Brought", "Idle", "Why")
HOUR_HEADS = noted_all("Precinct", "From", "Calls", "Reached", "Promised", "Still open", "Kept", "Broken")
MOVE_HEADS = noted_all("Said last", "What follows", "Open", "Kept", "Broken")
WAITING_HEADS = noted_all("Voter", "Precinct", "Said", "At", "Due", "More")
MOVES = {
    "call": noted("called again when due"), "retry": noted("tried again after a rest"),
    "staff": noted("staff see to it"), "watch": noted("a strike-off tells"),
}  # fmt: skip
RIDE_STATES = {
    "claimed": noted("driver on the way"), "picked_up": noted("in the car"), "brought": noted("at the polls"),
}  # fmt: skip
CALLS, REACHED, PROMISED = range(3)


def hhmm(at: Any, zone: ZoneInfo) -> str:
    """An hour of the election's day; empty for none."""
    if at is None:
        return ""
    when = datetime.fromisoformat(at) if isinstance(at, str) else datetime.fromtimestamp(at, zone)
    return f"{when.astimezone(zone):%H:%M}"


def link(precinct_id: str, name: str) -> Any:
    """A precinct's name, which opens it."""
    return html.A(name, href=f"/precinct/{quote(precinct_id, safe='')}", className="name")


def summary(floor: Row, dispatches: Sequence[Row]) -> str:
    """The floor in a sentence."""
    callers = floor["callers"]
    calling = sum(c["minutes_on_call"] is not None for c in callers)
    idle = sum(c["minutes_idle"] is not None and not c["barred"] for c in callers)
    hours = floor["hours"]
    sums = {name: sum(h[name] for h in hours) for name in ("calls", "reached", "promised", "doors")}
    at_doors = tr(" ({n} of them at doors)", n=f"{sums['doors']:,}") if sums["doors"] else ""
    kept, opened, broken = (sum(p[name] for p in floor["promises"]) for name in ("kept", "open", "broken"))
    return tr(
        "{calling} on a call · {idle} idle · precincts being called: {dispatches} · today "
        "{calls} calls{at_doors}, {reached} reached, {promised} promised · promises {kept} kept, "
        "{opened} open, {broken} broken",
        calling=f"{calling:,}",
        idle=f"{idle:,}",
        dispatches=f"{len(dispatches):,}",
        calls=f"{sums['calls']:,}",
        at_doors=at_doors,
        reached=f"{sums['reached']:,}",
        promised=f"{sums['promised']:,}",
        kept=f"{kept:,}",
        opened=f"{opened:,}",
        broken=f"{broken:,}",
    )


def percent(share: float) -> str:
    """As the board writes it."""
    return f"{100 * share:.0f} %"


def pace_words(name: str, pace: Row) -> str:
    """How far a list will be, for whom nobody need do sums."""
    if pace["by_close"] is None:
        return ""
    return tr(
        "At this pace {share} of {name}'s list will have been reached.",
        share=percent(pace["by_close"]),
        name=name,
    )


def precinct_rows(
    dispatches: Sequence[Row], floor: Row, missing: Callable[[str], int], zone: ZoneInfo
) -> list[list[Any]]:
    """Precincts being called, those with most callers first."""
    paces = {p["precinct_id"]: p["pace"] for p in floor["precincts"]}
    promised: dict[str, list[int]] = {}
    for p in floor["promises"]:
        sums = promised.setdefault(p["precinct_id"], [0, 0, 0])
        for i, name in enumerate(("kept", "open", "broken")):
            sums[i] += p[name]
    rows = []
    for d in sorted(dispatches, key=lambda d: (-int(d["calling"]), d["precinct"], d["precinct_id"])):
        precinct, pace = d["precinct_id"], paces.get(d["precinct_id"]) or {}
        share = pace.get("by_close")
        kept, opened, broken = promised.get(precinct, (0, 0, 0))
        by = tr("by itself") if d["automatic"] else d["started_by"]
        rows.append(
            [
                html.Span([link(precinct, d["precinct"]), " ", html.Span(precinct, className="id")]),
                f"{d['calling']:,}",
                f"{d['callers_wanted'] or d['callers_allocated']:,}",
                f"{d['calls']:,}",
                f"{pace.get('reached', 0):,}",
                "–" if d["remaining"] is None else f"{d['remaining']:,}",
                "–" if share is None else percent(share),
                tr("{kept} kept, {opened} open, {broken} broken", kept=kept, opened=opened, broken=broken)
                if kept or opened or broken
                else "–",
                f"{missing(precinct):,}",
                f"{d['missing_at_start']:,}",
                hhmm(d["started_at"], zone),
                by,
                retold(d["hold"] or d["why_idle"] or ""),
                _buttons(d),
            ]
        )  # fmt: skip
    return rows


def _buttons(d: Row) -> Any:
    precinct, name = d["precinct_id"], d["precinct"]
    paused = bool(d.get("paused_by"))
    words, action = (tr("Go on"), "go_on") if paused else (tr("Pause"), "pause")

    def button(action: str, words: str, label: str) -> Any:
        named = marks(data_action=action, data_for=precinct, data_name=name, aria_label=label)
        return html.Button(words, type="button", **named)

    return html.Span(
        [
            button(action, words, tr("{words} calling for {name}", words=words, name=name)),
            button("recall", tr("Stop"), tr("Stop calling for {name}", name=name)),
        ],
        className="acts",
    )


def caller_rows(callers: Sequence[Row], name: Place) -> list[list[Any]]:
    """Callers, those who idle first, the longest first among them."""
    return [
        [
            c["name"], ", ".join(c["languages"]), name(c["precinct_id"]) if c["precinct_id"] else "",
            _minutes(c["minutes_on_call"]), _minutes(c["minutes_idle"]), retold(c["why_idle"]),
            f"{c['calls_last_hour']:,}", f"{c['calls']:,}", f"{c['answered']:,}",
        ]
        for c in _idle_first(callers)
    ]  # fmt: skip


def _minutes(n: float | None) -> str:
    return "" if n is None else f"{n:.0f} min"


def _idle_first(people: Sequence[Row]) -> list[Row]:
    """Who idles first, the longest first among them; no more than a page shows."""
    found = sorted(people, key=lambda c: (c["minutes_idle"] is None, -(c["minutes_idle"] or 0), c["name"]))
    return found[:FLOOR_LISTED]


def canvasser_rows(canvassers: Sequence[Row]) -> list[list[Any]]:
    """Who walks where, those who idle first."""
    return [
        [
            c["name"], link(c["precinct_id"], c["precinct"]) if c["precinct_id"] else "",
            *(f"{c[name]:,}" for name in ("doors", "left", "visited", "told", "reached")),
            _minutes(c["minutes_idle"]), retold(c["why_idle"]),
        ]
        for c in _idle_first(canvassers)
    ]  # fmt: skip


def driver_rows(drivers: Sequence[Row]) -> list[list[Any]]:
    """Who drives for where, those who idle first."""
    return [
        [
            d["name"], f"{d['seats']:,}", link(d["precinct_id"], d["precinct"]) if d["precinct_id"] else "",
            tr(RIDE_STATES.get(d["ride"], "")), _minutes(d["minutes"]), f"{d['brought']:,}",
            _minutes(d["minutes_idle"]), retold(d["why_idle"]),
        ]
        for d in _idle_first(drivers)
    ]  # fmt: skip


def hour_rows(floor: Row, zone: ZoneInfo) -> list[list[Any]]:
    """What each hour brought in each precinct, the newest first; promises by the hour they were made in."""
    promised = {(p["precinct_id"], p["hour"]): p for p in floor["promises"]}
    found = sorted(floor["hours"], key=lambda h: h["precinct"])
    found.sort(key=lambda h: str(h["hour"]), reverse=True)
    rows = []
    for h in found[:HOURS_LISTED]:
        p: Row = promised.get((h["precinct_id"], h["hour"])) or {"open": 0, "kept": 0, "broken": 0}
        numbers = (h["calls"], h["reached"], h["promised"], p["open"], p["kept"], p["broken"])
        rows.append(
            [link(h["precinct_id"], h["precinct"]), hhmm(h["hour"], zone), *(f"{n:,}" for n in numbers)]
        )
    return rows


def move_rows(floor: Row) -> list[list[Any]]:
    """Every next move that today's outcomes ask for."""
    return [
        [
            coded(m["outcome"]), tr(MOVES.get(m["move"], m["move"])),
            f"{m['open']:,}", f"{m['kept']:,}", f"{m['broken']:,}",
        ]
        for m in floor["next_moves"]
    ]  # fmt: skip


def waiting_table(moves: Sequence[Row], name: Place, zone: ZoneInfo) -> Any:
    """Voters who wait for a next move, by their ids: who may see a name looks it up in the roll."""
    rows = [
        [
            m["voter_id"], link(m["precinct_id"], name(m["precinct_id"])), coded(m["outcome"]),
            hhmm(m["at"], zone), hhmm(m["due_at"], zone) or "–",
            m["need"]
            or (tr("line {minutes} min", minutes=m["line_minutes"]) if m["line_minutes"] else ""),
        ]
        for m in moves
    ]  # fmt: skip
    return table(tr("Voters who wait"), WAITING_HEADS, rows) if rows else html.P(tr("Nobody waits for that."))


def hour_columns(floor: Row, zone: ZoneInfo) -> dict[int, tuple[list[str], list[int]]]:
    """x and y of each trace: hours, and what they brought everywhere."""
    sums: dict[str, list[int]] = {}
    for h in sorted(floor["hours"], key=lambda h: str(h["hour"])):
        one = sums.setdefault(hhmm(h["hour"], zone), [0, 0, 0])
        for i, name in enumerate(("calls", "reached", "promised")):
            one[i] += h[name]
    return {i: (list(sums), [one[i] for one in sums.values()]) for i in (CALLS, REACHED, PROMISED)}


def hours_figure(floor: Row, zone: ZoneInfo) -> go.Figure:
    """Calls an hour, and of these who was reached and who promised."""
    looks = {CALLS: (tr("calls"), INK), REACHED: (tr("reached"), BLUE), PROMISED: (tr("promised"), ORANGE)}
    bars = [
        go.Bar(x=x, y=y, name=looks[trace][0], marker_color=looks[trace][1])
        for trace, (x, y) in hour_columns(floor, zone).items()
    ]
    return board_figure(
        *bars, barmode="group", hovermode="x unified",
        legend={"orientation": "h", "y": 1.02, "yanchor": "bottom"},
        xaxis={"type": "category"}, yaxis={"rangemode": "tozero", "tickformat": ",d"}, uirevision="hours",
    )  # fmt: skip


def hours_patch(floor: Row, zone: ZoneInfo) -> Patch:
    """What changes in the figure that a page has."""
    patch = Patch()
    for trace, (x, y) in hour_columns(floor, zone).items():
        patch["data"][trace]["x"], patch["data"][trace]["y"] = x, y
    return patch
