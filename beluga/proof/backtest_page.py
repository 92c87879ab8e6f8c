"""A backtest as one page that needs nothing from anywhere: plotly and the figures are inside it."""

import math
from datetime import datetime
from html import escape
from typing import Any
from zoneinfo import ZoneInfo

import plotly.graph_objects as go
from plotly.offline import get_plotlyjs

from beluga.proof.backtest import QUANTILES, Backtest, JudgedReport, Miss, Moment

# No script but ours, and no request at all: the browser enforces it.
_POLICY = "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src data: blob:"
_CONFIG: dict[str, Any] = {
    "displaylogo": False,
    "showSendToCloud": False,
    "plotlyServerURL": "",
    "responsive": True,
    "modeBarButtonsToRemove": ["lasso2d", "select2d"],
}
_BLUE, _BAND, _WIDE = "#0072b2", "rgba(0,114,178,.22)", "rgba(0,114,178,.10)"
_ORANGE, _GREY, _INK = "#c24e00", "#7a7f87", "#1b1f24"
_WORDS = ' class="words"'
_SHADES = ("#9ecae1", "#4292c6", "#08519c", "#c24e00")

_STYLE = """
body { margin: 0 auto; max-width: 1080px; padding: 24px 16px 64px; color: #1b1f24; background: #fff;
       font: 15px/1.5 system-ui, sans-serif; font-variant-numeric: tabular-nums; }
h1 { font-size: 28px; margin: 0 0 4px; } h2 { font-size: 20px; margin: 40px 0 4px; }
h3 { font-size: 15px; margin: 0; } p { margin: 4px 0 12px; max-width: 72ch; } .dim { color: #5c636d; }
.figures { display: flex; flex-wrap: wrap; gap: 8px 32px; margin: 16px 0; }
.figures b { display: block; font-size: 24px; }
.scroll { overflow-x: auto; } table { border-collapse: collapse; width: 100%; font-size: 13px; }
th, td { padding: 4px 10px; text-align: right; border-bottom: 1px solid #d9dce1; white-space: nowrap; }
th { color: #5c636d; font-weight: 500; } .words { text-align: left; white-space: normal; }
.pair { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 440px), 1fr)); gap: 0 16px; }
.pair > div { min-width: 0; } .js-plotly-plot { overflow: hidden; }
.miss { border: 1px solid #d9dce1; border-radius: 6px; padding: 12px 16px; margin: 12px 0; }
.out { color: #7a7f87; } .later { color: #7a7f87; font-style: italic; }
"""


def page(b: Backtest) -> str:
    """The whole page."""
    figures = [_totals(b), _errors(b), _coverage(b), _quantiles(b), _chances(b), _lag(b)]
    total, errors, coverage, quantiles, chances, lag = (
        figure.to_html(full_html=False, include_plotlyjs=False, config=_CONFIG, div_id=f"figure-{i}")
        for i, figure in enumerate(figures)
    )
    title = f"Backtest: {escape(b.name)}"
    left_out = f" {b.without_final:,} precincts have no final and are left out." if b.without_final else ""
    return f"""<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>{title}</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="{_POLICY}">
<link rel="icon" href="data:,"><style>{_STYLE}</style>
<script>{get_plotlyjs()}</script></head><body>
<h1>{title}</h1>
<p class="dim">{b.date}, times in {escape(b.timezone)}. The day is projected again from its {b.reports:,}
reports,
at each time with what had been received by then, and compared with how it ended.{left_out}</p>
<div class="figures">{_headline(b)}</div>
<h2>Projection against the end</h2>
<p>The line is the projected total, dark its 80 % band, pale its 95 % band. The end should lie inside
most of the
time, and the band should narrow. Where the coverage guard spoke, the line is dotted: the board showed
its words.</p>
{total}{errors}
<h2>Calibration</h2>
<p>A band says how sure it is; over many precincts that can be checked. Left: the share of reporting
precincts whose
final lay inside. Right: of all finals, how many lay below what was shown as the 2.5, 10, 50, 90 and 97.5
% point;
on the diagonal the claim holds.</p>
<div class="pair">{coverage}{quantiles}</div>
<h2>Who truly lagged</h2>
<p>Truly lagging: a final below 85 % of expected x (all finals / all expected). {b.truly_lagging:,} of
{b.precincts - b.without_final:,} did. Left: of the precincts marked lagging, how many were (precision),
and of those
that lagged and reported, how many were marked (recall); dotted, the rule "15 % behind everybody's pace".
Right: of
precincts given some chance of lagging, how many did.</p>
<div class="pair">{lag}{chances}</div>
<h2>Through the day</h2><div class="scroll">{_table(b)}</div>
<h2>Worst misses</h2>
<p>Precincts whose final lay furthest outside the 95 % band, each at its worst time, with every report as
it came.
Reports left out by the gate say why; those in italics came later.</p>
{"".join(_miss(m, b.timezone) for m in b.misses) or "<p>No final lay outside its 95 % band.</p>"}
</body></html>
"""


def _local(at: float, timezone: str) -> datetime:
    return datetime.fromtimestamp(at, ZoneInfo(timezone)).replace(tzinfo=None)


def _percent(value: float, digits: int = 0) -> str:
    return "–" if math.isnan(value) else f"{100 * value:.{digits}f} %"


def _headline(b: Backtest) -> str:
    """What a reader wants first: how good at a third, two thirds and the end of the day."""
    facts = [(f"{b.final:,.0f}", "votes in the end"), (f"{b.expected:,.0f}", "expected before the day")]
    for part in (1 / 3, 1 / 2, 3 / 4):
        m = b.moments[min(int(part * len(b.moments)), len(b.moments) - 1)]
        error = _percent(abs(m.projected / b.final - 1), 1)
        facts.append((error, f"off at {_local(m.at, b.timezone):%H:%M}"))
    return "".join(f"<div><b>{value}</b>{words}</div>" for value, words in facts)


def _figure(title: str, y: str, height: int = 360, percent: bool = False) -> go.Figure:
    figure = go.Figure()
    figure.update_layout(
        title={"text": title, "font": {"size": 15}}, template="plotly_white", height=height,
        margin={"l": 64, "r": 16, "t": 76, "b": 48}, hovermode="x unified",
        font={"family": "system-ui, sans-serif", "color": _INK}, yaxis_title=y,
        legend={"orientation": "h", "y": 1.01, "yanchor": "bottom", "x": 0, "font": {"size": 12}},
    )  # fmt: skip
    figure.update_layout(title={"y": 1, "yref": "container", "yanchor": "top", "pad": {"t": 12}})
    figure.update_xaxes(tickformat="%H:%M")
    if percent:
        figure.update_yaxes(tickformat=".0%", range=[0, 1.02])
    return figure


def _line(  # noqa: PLR0917
    figure: go.Figure, x: list[Any], y: list[float], name: str, colour: str, dash: str = "solid",
    markers: bool = False,
) -> None:  # fmt: skip
    figure.add_trace(
        go.Scatter(
            x=x, y=[None if math.isnan(v) else v for v in y], name=name,
            mode="lines+markers" if markers else "lines", line={"color": colour, "dash": dash, "width": 2},
        )
    )  # fmt: skip


def _totals(b: Backtest) -> go.Figure:
    figure = _figure("Votes of all precincts", "votes", 420)
    x = [_local(m.at, b.timezone) for m in b.moments]
    for low, high, colour, name in (("lo95", "hi95", _WIDE, "95 %"), ("lo80", "hi80", _BAND, "80 %")):
        edges = [getattr(m, high) for m in b.moments] + [getattr(m, low) for m in reversed(b.moments)]
        figure.add_trace(
            go.Scatter(x=x + x[::-1], y=edges, fill="toself", fillcolor=colour, line={"width": 0},
                       name=name, hoverinfo="skip")
        )  # fmt: skip
    told = [math.nan if m.caveat else m.projected for m in b.moments]
    guarded = [m.projected if m.caveat else math.nan for m in b.moments]
    _line(figure, x, told, "projected", _BLUE)
    if any(m.caveat for m in b.moments):
        _line(figure, x, guarded, "projected, coverage too thin to show", _BLUE, "dot", markers=True)
    _line(figure, x, [m.naive for m in b.moments], "by the share of the day", _ORANGE, "dot")
    _line(figure, x, [float(m.counted) for m in b.moments], "counted", _GREY)
    above = "top right" if b.final >= b.expected else "bottom right"
    below = "bottom right" if b.final >= b.expected else "top right"
    for value, name, colour, where in (
        (b.final, "the end", _INK, above), (b.expected, "expected", _GREY, below)
    ):  # fmt: skip
        figure.add_hline(y=value, line={"color": colour, "width": 1.5, "dash": "dash"},
                         annotation_text=name, annotation_position=where)  # fmt: skip
    return figure


def _errors(b: Backtest) -> go.Figure:
    figure = _figure("Mean error of a reporting precinct's final", "", 280)
    figure.update_yaxes(tickformat=".0%", rangemode="tozero")
    x = [_local(m.at, b.timezone) for m in b.moments]
    _line(figure, x, [m.mape for m in b.moments], "projected", _BLUE, markers=True)
    _line(figure, x, [m.naive_mape for m in b.moments], "by the share of the day", _ORANGE, "dot")
    worst = max((m.naive_mape for m in b.moments if not math.isnan(m.naive_mape)), default=1.0)
    figure.update_yaxes(range=[0, min(worst * 1.05, 1.0)])
    return figure


def _coverage(b: Backtest) -> go.Figure:
    figure = _figure("Finals inside the band", "", percent=True)
    x = [_local(m.at, b.timezone) for m in b.moments]
    for nominal, colour, name in ((0.95, _SHADES[2], "within95"), (0.80, _SHADES[1], "within80")):
        values = [getattr(m, name) for m in b.moments]
        _line(figure, x, values, f"{nominal:.0%} band", colour, markers=True)
        figure.add_hline(y=nominal, line={"color": colour, "width": 1, "dash": "dash"})
    return figure


def _quantiles(b: Backtest) -> go.Figure:
    figure = _figure("Finals below each point of the band", "observed", percent=True)
    figure.update_layout(hovermode="closest", xaxis_title="claimed")
    figure.update_xaxes(tickformat=".0%", range=[0, 1.02])
    points = [0.0, *QUANTILES, 1.0]
    figure.add_trace(go.Scatter(x=[0, 1], y=[0, 1], mode="lines", name="as claimed",
                                line={"color": _GREY, "width": 1, "dash": "dash"}))  # fmt: skip
    shown = [m for m in b.moments if not math.isnan(m.below[0])]
    chosen = [shown[round(i * (len(shown) - 1) / 3)] for i in range(4)] if len(shown) >= 4 else shown
    for m, colour in zip(chosen, _SHADES, strict=False):
        _line(figure, points, [0.0, *m.below, 1.0], f"{_local(m.at, b.timezone):%H:%M}", colour, markers=True)
    return figure


def _chances(b: Backtest) -> go.Figure:
    figure = _figure("Chance of lagging, claimed and observed", "truly lagging", percent=True)
    figure.update_layout(hovermode="closest", xaxis_title="p_lagging, all times together")
    figure.update_xaxes(tickformat=".0%", range=[0, 1.02])
    figure.add_trace(go.Scatter(x=[0, 1], y=[0, 1], mode="lines", name="as claimed",
                                line={"color": _GREY, "width": 1, "dash": "dash"}))  # fmt: skip
    x, y = [p for p, _, _ in b.reliability], [share for _, share, _ in b.reliability]
    figure.add_trace(
        go.Scatter(x=x, y=y, mode="lines+markers", name="observed", line={"color": _BLUE, "width": 2},
                   text=[f"{n:,} precinct-times" for _, _, n in b.reliability])
    )  # fmt: skip
    return figure


def _lag(b: Backtest) -> go.Figure:
    figure = _figure("Marked as lagging", "", percent=True)
    x = [_local(m.at, b.timezone) for m in b.moments]
    _line(figure, x, [m.precision for m in b.moments], "precision", _BLUE, markers=True)
    _line(figure, x, [m.recall for m in b.moments], "recall", _ORANGE, markers=True)
    _line(figure, x, [m.naive_precision for m in b.moments], "precision, naive rule", _BLUE, "dot")
    _line(figure, x, [m.naive_recall for m in b.moments], "recall, naive rule", _ORANGE, "dot")
    return figure


def _table(b: Backtest) -> str:
    names = ("time", "reporting", "counted", "projected", "off", "80 % band", "mean error", "in 80 %",
             "in 95 %", "marked", "precision", "recall", "AUC")  # fmt: skip
    head = "".join(f"<th>{name}</th>" for name in names)
    rows = "".join(_row(m, b) for m in b.moments)
    return f"<table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>"


def _row(m: Moment, b: Backtest) -> str:
    cells = (
        f"{_local(m.at, b.timezone):%H:%M}", f"{m.reporting:,}", f"{m.counted:,}", f"{m.projected:,.0f}",
        f"{100 * (m.projected / b.final - 1):+.1f} %", f"{m.lo80:,.0f}–{m.hi80:,.0f}", _percent(m.mape, 1),
        _percent(m.within80), _percent(m.within95), f"{m.flagged:,}", _percent(m.precision),
        _percent(m.recall), "–" if math.isnan(m.auc) else f"{m.auc:.2f}",
    )  # fmt: skip
    return "<tr>" + "".join(f"<td>{cell}</td>" for cell in cells) + "</tr>"


def _miss(m: Miss, timezone: str) -> str:
    name = f" {escape(m.name)}" if m.name != m.precinct_id else ""
    head = "".join(
        f"<th{words}>{heading}</th>"
        for heading, words in (("observed", ""), ("received", ""), ("votes", ""), ("kind", _WORDS),
                               ("source", _WORDS), ("note", _WORDS), ("verdict", _WORDS))
    )  # fmt: skip
    rows = "".join(_report(r, timezone) for r in m.reports)
    return f"""<div class="miss"><h3>{escape(m.precinct_id)}{name}: {m.final:,.0f} in the end,
{m.outside:,.0f} outside the band at {_local(m.at, timezone):%H:%M}</h3>
<p class="dim">Expected {m.expected:,.0f}, projected {m.projected:,.0f} (95 % band {m.lo95:,.0f} to
{m.hi95:,.0f}). The board said: {escape(m.state)}, {escape(m.reason)}.</p>
<div class="scroll"><table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table></div></div>"""


def _report(r: JudgedReport, timezone: str) -> str:
    looks = {"accepted": "", "later": ' class="later"'}.get(r.verdict, ' class="out"')
    verdict = f"{r.verdict}: {r.reason}" if r.reason else r.verdict
    times = "".join(f"<td>{_local(at, timezone):%H:%M:%S}</td>" for at in (r.observed, r.received))
    words = "".join(f"<td{_WORDS}>{escape(text)}</td>" for text in (r.kind, r.source, r.note, verdict))
    return f"<tr{looks}>{times}<td>{r.votes:,}</td>{words}</tr>"
