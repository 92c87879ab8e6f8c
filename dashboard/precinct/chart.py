"""The precinct's day as a figure: expected band, reports, annotations, now. Pure: answer in, figure out.

It has the same traces in the same order whatever the tally answers, so that a page which has it is sent what
changed (`day_patch`).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import plotly.graph_objects as go
from dash import Patch

from dashboard.languages import noted, tr

# What the tally says became of a count, as one of three: counted, waiting, or left out.
_KINDS = {"accepted": "accepted", "held": "held", "quarantined": "held"}

# Marker by kind: accepted reports are full, held ones hollow, rejected ones crossed.
_MARKERS = {"accepted": "circle", "held": "circle-open", "rejected": "x-thin-open"}
_WORDS = {"accepted": noted("Accepted"), "held": noted("Held"), "rejected": noted("Rejected")}


@dataclass(frozen=True, slots=True)
class Palette:
    """Colours of one theme; the same values as in styles/tokens.css."""

    ink: str
    dim: str
    hairline: str
    band: str
    seen: str
    held: str
    rejected: str


LIGHT = Palette("#1B1F24", "#5C636D", "#D9DCE1", "0,114,178", "#0072B2", "#B4568C", "#7A7F87")
DARK = Palette("#E8EAED", "#A3A9B3", "#2E343D", "61,155,217", "#56B4E9", "#CC79A7", "#8A909A")


def moment(value: Any) -> datetime | None:
    """An aware time from seconds since the epoch or ISO 8601; None from nothing."""
    if value is None:
        return None
    if isinstance(value, int | float):
        return datetime.fromtimestamp(value, UTC)
    when = datetime.fromisoformat(str(value))
    return when if when.tzinfo else when.replace(tzinfo=UTC)


def verdict(report: dict[str, Any]) -> str:
    """accepted, held or rejected, whatever the tally's finer word is."""
    return _KINDS.get(str(report.get("verdict")), "rejected")


def votes_here(report: dict[str, Any]) -> int | None:
    """The votes of a count that are this precinct's: its share where the whole polling site was counted."""
    found = report.get("share") if report.get("whole_site") else report.get("votes")
    return None if found is None else int(found)


# Staff decisions worth a flag on the chart; accepting and rejecting shows on the points themselves.
HEADROOM = 1.08
LABEL, LABEL_ROWS = 15, 3  # pixels of a label's row above the chart, and how many rows there are
_FLAGS = {"note": noted("note"), "hours": noted("hours changed"), "assign": noted("watcher assigned")}


def flag(note: dict[str, Any]) -> str:
    """An annotation in words."""
    detail = note.get("detail") or {}
    return str(detail.get("text") or tr(_FLAGS.get(str(note.get("kind")), str(note.get("kind")))))


def plain(text: str) -> str:
    """Text as plotly shows it literally: its labels know a little markup, names must not."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def day_chart(page: dict[str, Any], zone: ZoneInfo, now: datetime, dark: bool) -> go.Figure:
    """The whole figure. Times on its axis are local to `zone`."""
    return go.Figure(_traces(page, zone, dark), _layout(page, zone, now, dark))


def day_patch(page: dict[str, Any], zone: ZoneInfo, now: datetime, dark: bool) -> Patch:
    """What changes in the figure of a precinct that a page has: values, and where its lines and edges are."""
    patch, layout = Patch(), _layout(page, zone, now, dark)
    for i, trace in enumerate(_traces(page, zone, dark)):
        for name in _MOVES:
            if name in trace:
                patch["data"][i][name] = trace[name]
    for name in ("shapes", "annotations", "margin"):
        patch["layout"][name] = layout[name]
    for axis in ("xaxis", "yaxis"):
        patch["layout"][axis]["range"] = layout[axis]["range"]
    return patch


_MOVES = ("x", "y", "text", "mode", "customdata")  # of a trace; the rest is how it looks


def _traces(page: dict[str, Any], zone: ZoneInfo, dark: bool) -> list[dict[str, Any]]:
    palette, local = DARK if dark else LIGHT, _local(zone)
    curve, reports = page.get("curve") or [], page.get("reports") or []
    return _band(curve, local, palette) + _reports(reports, local, palette, _top(curve, reports))


def _local(zone: ZoneInfo) -> Callable[[Any], str]:
    def local(value: Any) -> str:
        when = moment(value)
        return when.astimezone(zone).strftime("%Y-%m-%d %H:%M:%S") if when else ""

    return local


def _layout(page: dict[str, Any], zone: ZoneInfo, now: datetime, dark: bool) -> dict[str, Any]:
    palette, local = DARK if dark else LIGHT, _local(zone)
    curve, reports = page.get("curve") or [], page.get("reports") or []
    shapes: list[dict[str, Any]] = []
    notes: list[dict[str, Any]] = []
    _line_at(shapes, notes, local(now.timestamp()), tr("now"), palette)
    for note in page.get("annotations") or []:
        if note.get("kind") in _FLAGS:
            _line_at(shapes, notes, local(note["at"]), "⚑ " + plain(flag(note)[:40]), palette, "dot")
    rows = min(len(notes), LABEL_ROWS)
    for i, label in enumerate(notes):  # "now" lowest; flags, which it and they may meet, above by turns
        label["yshift"] = LABEL * (0 if i == 0 else 1 + (i - 1) % (LABEL_ROWS - 1))
    axis = {
        "gridcolor": palette.hairline, "linecolor": palette.hairline, "zeroline": False, "fixedrange": True,
        "tickfont": {"color": palette.dim, "size": 12},
    }  # fmt: skip
    ends = [local(curve[0]["at"]), local(curve[-1]["at"])] if curve else None
    return {
        "margin": {"l": 40, "r": 12, "t": 5 + LABEL * rows, "b": 28},
        "paper_bgcolor": "rgba(0,0,0,0)",
        "plot_bgcolor": "rgba(0,0,0,0)",
        "font": {"family": "system-ui, sans-serif", "size": 13, "color": palette.ink},
        "xaxis": axis | {"type": "date", "tickformat": "%H:%M", "range": ends},
        "yaxis": axis | {"range": [0, _top(curve, reports) * HEADROOM], "tickformat": ",d"},
        "showlegend": False,
        "hovermode": "closest",
        "shapes": shapes,
        "annotations": notes,
        "uirevision": "day",
        "template": None,
    }


def _top(curve: Sequence[dict[str, Any]], reports: Sequence[dict[str, Any]]) -> float:
    """Votes that the chart is to reach: the bands and what counts; no slip of ten times it."""
    found = [point.get(name) or 0 for point in curve for name in ("expected", "hi95", "projected_hi80")]
    found += [votes_here(r) or 0 for r in reports if verdict(r) == "accepted"]
    return float(max([*found, 1]))


def _band(
    curve: Sequence[dict[str, Any]], local: Callable[[Any], str], palette: Palette
) -> list[dict[str, Any]]:
    times = [local(point["at"]) for point in curve]
    ahead = [point for point in curve if "projected" in point]  # from the last count to close

    def line(column: str, **more: Any) -> dict[str, Any]:
        style = {"width": 0, "color": f"rgba({palette.band},.55)"} | more.pop("line", {})
        return {
            "type": "scatter", "mode": "lines", "x": times, "y": [point.get(column) for point in curve],
            "line": style, "hoverinfo": "skip", **more,
        }  # fmt: skip

    dashes = {"width": 1, "dash": "dot"}
    fill = f"rgba({palette.band},.16)"
    return [
        line("lo95", line=dashes),
        line("hi95", line=dashes),
        line("lo80"),
        line("hi80", fill="tonexty", fillcolor=fill),
        line("expected", line={"width": 1.5}, hoverinfo="x+y", name=tr("expected")),
        *_projection(ahead, local, palette),
    ]


def _projection(
    ahead: Sequence[dict[str, Any]], local: Callable[[Any], str], palette: Palette
) -> list[dict[str, Any]]:
    times = [local(point["at"]) for point in ahead]

    def line(column: str, **more: Any) -> dict[str, Any]:
        return {"type": "scatter", "mode": "lines", "x": times, "y": [p[column] for p in ahead],
                "line": {"width": 0, "color": palette.seen}, "hoverinfo": "skip", **more}  # fmt: skip

    middle = {"line": {"width": 1.5, "dash": "dash", "color": palette.seen}, "hoverinfo": "x+y"}
    fill = f"rgba({palette.band},.3)"
    return [
        line("projected_lo80"),
        line("projected_hi80", fill="tonexty", fillcolor=fill),
        line("projected", name=tr("projected"), **middle),
    ]


def _reports(
    reports: Sequence[dict[str, Any]], local: Callable[[Any], str], palette: Palette, top: float
) -> list[dict[str, Any]]:
    """Points; those above the chart stand at its upper edge, with their number."""
    colours = {"accepted": palette.seen, "held": palette.held, "rejected": palette.rejected}
    counted = [r for r in reports if votes_here(r) is not None and r.get("observed_at") is not None]
    traces = []
    for kind, symbol in _MARKERS.items():
        chosen = sorted((r for r in counted if verdict(r) == kind), key=lambda r: local(r["observed_at"]))
        votes = [votes_here(r) or 0 for r in chosen]
        above = ["" if n <= top else f"{n:,} ↑" for n in votes]
        lines = "lines+markers" if kind == "accepted" else "markers"
        traces.append(
            {
                "type": "scatter",
                "mode": f"{lines}+text" if any(above) else lines,
                "x": [local(r["observed_at"]) for r in chosen],
                "y": [min(n, top) for n in votes],
                "text": above,
                "textposition": "middle left",
                "textfont": {"color": colours[kind]},
                "marker": {
                    "symbol": symbol, "size": 9, "color": colours[kind],
                    "line": {"width": 2, "color": colours[kind]},
                },
                "line": {"width": 1.5, "color": colours[kind]},
                "customdata": [_told(r, n) for r, n in zip(chosen, votes, strict=True)],
                "hovertemplate": tr("{votes} at {at}", votes="%{customdata}", at="%{x|%H:%M}")
                + f" · {tr(_WORDS[kind])}<extra></extra>",
                "name": tr(_WORDS[kind]),
            }
        )  # fmt: skip
    return traces


def _told(report: dict[str, Any], votes: int) -> str:
    return (
        tr("{votes} of {all} in the building", votes=f"{votes:,}", all=f"{report['votes']:,}")
        if report.get("whole_site")
        else f"{votes:,}"
    )


def _line_at(  # noqa: PLR0917
    shapes: list[dict[str, Any]], notes: list[dict[str, Any]], when: str, text: str, palette: Palette,
    dash: str = "solid",
) -> None:  # fmt: skip
    shapes.append(
        {"type": "line", "xref": "x", "yref": "paper", "x0": when, "x1": when, "y0": 0, "y1": 1,
         "line": {"width": 1, "color": palette.dim, "dash": dash}}
    )  # fmt: skip
    notes.append(
        {"xref": "x", "yref": "paper", "x": when, "y": 1, "xanchor": "left", "yanchor": "bottom",
         "text": text, "showarrow": False, "font": {"size": 12, "color": palette.dim}}
    )  # fmt: skip
