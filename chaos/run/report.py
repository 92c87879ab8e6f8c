"""One self-contained HTML page for a run: verdicts, what broke, what users saw, timelines, the last run.

Plotly's script is put into the page itself, so that it opens anywhere, without a network.
"""

import html
import json
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import plotly.graph_objects as go
from plotly.offline import get_plotlyjs

from chaos.judge.checker import latencies, longest_gap, percentile
from chaos.judge.history import Event, Op, of, read_history
from chaos.run.run import Experiment, ExperimentResult

BIN_SECONDS = 0.5
LONGEST = 5  # experiments whose time is told
KEPT_RUNS = 10  # in the table of recoveries
BLUE, ORANGE, GREY = "#0072b2", "#d55e00", "#999999"
MARKS = {"pass": "✓", "FAIL": "✗", "unknown": "?", "skipped": "–"}

_STYLE = """
body{font:16px/1.5 system-ui,sans-serif;max-width:70rem;margin:2rem auto;padding:0 1rem;color:#1a1a1a}
h1{font-size:1.6rem}h2{font-size:1.25rem;margin-top:2.5rem;border-top:1px solid #ccc;padding-top:1rem}
table{border-collapse:collapse;width:100%}th,td{text-align:left;padding:.25rem .6rem;
border-bottom:1px solid #ddd;vertical-align:top}.FAIL{font-weight:700;color:#8a3b00}
.unknown{font-style:italic}
.head{font-size:1.4rem}
td.n{text-align:right;font-variant-numeric:tabular-nums}
"""


def earlier_runs(folder: Path) -> list[dict[str, Any]]:
    """The runs kept beside this one, newest first."""
    found = []
    for path in sorted(folder.parent.glob("*/run.json"), reverse=True):
        if path.parent != folder and path.parent.name < folder.name:
            try:
                found.append(json.loads(path.read_text(encoding="utf-8")) | {"folder": path.parent.name})
            except ValueError:
                continue
    return found[:KEPT_RUNS]


def write_report(folder: Path, results: Sequence[ExperimentResult], about: Mapping[str, Any]) -> Path:
    """`report.html` in `folder`."""
    earlier = earlier_runs(folder)
    parts = [
        "<!doctype html><html lang=en><meta charset=utf-8><title>Rehearsal</title>",
        f"<meta name=viewport content='width=device-width'><style>{_STYLE}</style>",
        f"<script>{get_plotlyjs()}</script><h1>Rehearsal of {_e(about.get('wall'))}</h1>",
        f"<p class=head>{_e(headline(results))}</p>",
        f"<p>To repeat it: <code>{_e(about.get('command'))}</code></p>",
        _overview(results, earlier),
        *(_section(number, result) for number, result in enumerate(results)),
        _kept(results, earlier),
        "<h2>Versions</h2><table>",
        *(f"<tr><th>{_e(k)}<td>{_e(v)}" for k, v in dict(about.get("versions", {})).items()),
        "</table></html>",
    ]
    path = folder / "report.html"
    path.write_text("\n".join(parts), encoding="utf-8")
    return path


def headline(results: Sequence[ExperimentResult]) -> str:
    """Whether to sleep."""
    counts = Counter(r.word for r in results)
    said = ", ".join(f"{n} {word}" for word, n in counts.items())
    ran = len(results) - counts["skipped"]
    if counts["FAIL"]:
        return f"Not ready: {said}."
    if counts["unknown"] or not ran:
        return f"Not proven: {said}."
    return f"Sleep well: {said}. " + ("What was skipped is not proven." if counts["skipped"] else "")


def times(results: Sequence[ExperimentResult]) -> str:
    """How long it took, and what took longest."""
    longest = sorted(results, key=lambda r: -r.seconds)[:LONGEST]
    said = ", ".join(f"{r.experiment.name} {r.seconds:.0f} s" for r in longest)
    return f"{sum(r.seconds for r in results) / 60:.1f} minutes in all; longest: {said}"


def _overview(results: Sequence[ExperimentResult], earlier: Sequence[Mapping[str, Any]]) -> str:
    rows = []
    for r in results:
        then, when = _last(r, earlier)
        rows.append(
            f"<tr class='{r.word}'><td>{MARKS[r.word]} {r.word}<td>{r.experiment.number}"
            f"<td>{_e(r.experiment.title)}<td class=n>{r.seed}<td class=n>{_seconds(_figure(r, 'gap'))}"
            f"<td class=n>{_seconds(r.recovery)}<td class=n>{_seconds(r.experiment.about.get('limit'))}"
            f"<td class=n>{_seconds(then.get('recovery_seconds'))}<td>{_change(r, then)}"
            f"<td>{_e(then.get('result', '–'))} {_e(when)}"
        )
    return (
        "<table><tr><th>result<th>no.<th>experiment<th>seed<th>longest gap<th>recovery"
        "<th>measured in the design<th>recovery, last time<th>change<th>last result"
        f"{''.join(rows)}</table>"
    )


def _last(result: ExperimentResult, earlier: Sequence[Mapping[str, Any]]) -> tuple[Mapping[str, Any], str]:
    """The last time that this experiment ran: with the same seed if it ever did."""
    for same_seed in (True, False):
        for run in earlier:
            for e in run["experiments"]:
                if e["name"] == result.experiment.name and (not same_seed or e["seed"] == result.seed):
                    return e, str(run["folder"])
    return {}, ""


def _change(result: ExperimentResult, then: Mapping[str, Any]) -> str:
    """Whether it is better or worse than the last time; a verdict weighs more than a second."""
    if not then:
        return "first run"
    order = ["FAIL", "unknown", "skipped", "pass"]
    was, now = order.index(then["result"]), order.index(result.word)
    if was != now:
        return "better" if now > was else "worse"
    if result.recovery is None or then.get("recovery_seconds") is None:
        return "same"
    seconds = result.recovery - float(then["recovery_seconds"])
    return f"{seconds:+.1f} s"


def _section(number: int, result: ExperimentResult) -> str:
    experiment = result.experiment
    rows = "".join(
        f"<tr class='{'FAIL' if v.valid is False else ''}'><td>{_e(v.word)}<td>{_e(v.name)}<td>{_e(v.why)}"
        for v in result.verdicts
    )
    about = experiment.about
    page = about.get("runbook")
    alert = about.get("alert") or f"none: {experiment.no_alert}"
    return (
        f"<h2>{experiment.number} · {_e(experiment.title)} — {result.word}</h2>"
        f"<p>{_e(experiment.content.get('description', ''))}</p>"
        + (f"<p>Skipped: {_e(result.skipped)}</p>" if result.skipped else "")
        + f"<table><tr><th>Breaks<td>{_e(about.get('breaks'))}<tr><th>Blast radius<td>"
        f"{_e(about.get('blast_radius'))}<tr><th>What people see<td>{_e(about.get('users_see'))}"
        f"<tr><th>Alert<td>{_e(alert)}<tr><th>Runbook<td>{_e(page or 'none')}"
        f"<tr><th>Seed<td>{result.seed}</table><table>{rows}</table>"
        + (_told(number, result) if result.history and Path(result.history).exists() else "")
    )


def _told(number: int, result: ExperimentResult) -> str:
    events = read_history(Path(result.history))
    return f"<p>What users saw: {_e(seen(events))}.</p>{_timeline(number, events)}"


def seen(events: Sequence[Event]) -> str:
    """What watchers and the war room went through, in words."""
    waits = latencies(events)
    answered = Counter(e.op for e in of(events, Op.ACK, Op.REFUSE, Op.FAIL, Op.TIMEOUT))
    gap, _ = longest_gap(events)
    oldest = max((float(e.detail["claimed"]) for e in of(events, Op.BOARD)), default=0.0)
    alerts = sorted({e.key for e in of(events, Op.ALERT) if e.detail.get("firing")})
    said = [
        f"{len(waits)} texts were answered, half of them within {percentile(waits, 0.5) * 1000:.0f} ms"
        if waits
        else "no text was answered",
        f"{answered[Op.FAIL] + answered[Op.TIMEOUT]} attempts failed and were made again",
        f"{answered[Op.REFUSE]} were refused",
        f"for at most {gap:.1f} s nobody was answered while somebody waited",
        f"the board was at most {oldest:.0f} s old by its own word",
        f"alerts: {', '.join(alerts) or 'none'}",
    ]
    return "; ".join(said)


def _timeline(number: int, events: Sequence[Event]) -> str:
    figure = timeline(events)
    return (
        f"<div id=t{number} style='height:22rem'></div><script>Plotly.newPlot('t{number}',"
        f"{figure.to_json()}.data,{figure.to_json()}.layout,"
        "{displaylogo:false,showSendToCloud:false,responsive:true})</script>"
    )


def timeline(events: Sequence[Event]) -> go.Figure:
    """Texts due and acknowledged in each half second; faults shaded, the longest gap and alerts marked."""
    due: Counter[int] = Counter()
    acked: Counter[int] = Counter()
    seen: set[str] = set()
    for e in events:
        if e.op is Op.SEND and e.key not in seen:
            seen.add(e.key)
            due[int(float(e.detail.get("due", e.at)) / BIN_SECONDS)] += 1
        elif e.op is Op.ACK:
            acked[int(e.at / BIN_SECONDS)] += 1
    bins = range(min([*due, *acked], default=0), max([*due, *acked], default=0) + 2)
    figure = go.Figure()
    for name, counts, colour, dash in (("due", due, GREY, "dot"), ("acknowledged", acked, BLUE, "solid")):
        figure.add_scatter(
            x=[b * BIN_SECONDS for b in bins], y=[counts[b] / BIN_SECONDS for b in bins], name=name,
            line={"color": colour, "dash": dash, "shape": "hv"},
        )  # fmt: skip
    end = events[-1].at if events else 0.0
    for fault in of(events, Op.FAULT):
        healed = next((h.at for h in of(events, Op.HEAL) if h.key == fault.key and h.at >= fault.at), None)
        instant = not fault.detail.get("cuts") or fault.key.startswith("killed")
        until = healed if healed is not None and not instant else fault.at + BIN_SECONDS
        figure.add_vrect(
            x0=fault.at, x1=min(until, end), fillcolor=ORANGE, opacity=0.18, line_width=0,
            annotation_text=fault.key, annotation_position="top left",
        )  # fmt: skip
    gap, at = longest_gap(events)
    if gap:
        figure.add_shape(
            type="line", x0=at, x1=at + gap, y0=0, y1=0, line={"color": "black", "width": 6},
            label={"text": f"longest gap {gap:.2f} s"},
        )  # fmt: skip
    alerts = [e for e in of(events, Op.ALERT) if e.detail.get("firing")]
    figure.add_scatter(
        x=[e.at for e in alerts], y=[0] * len(alerts), mode="markers", name="alert",
        text=[e.key for e in alerts], marker={"symbol": "triangle-up", "size": 12, "color": ORANGE},
    )  # fmt: skip
    figure.update_layout(
        template="plotly_white", margin={"l": 50, "r": 10, "t": 30, "b": 40},
        xaxis_title="seconds", yaxis_title="texts a second", legend={"orientation": "h"},
    )  # fmt: skip
    return figure


def _kept(results: Sequence[ExperimentResult], earlier: Sequence[Mapping[str, Any]]) -> str:
    """Recoveries of all runs kept: whether they get better."""
    if not earlier:
        return "<h2>Recovery over time</h2><p>This is the first run kept in this folder.</p>"
    heads = "".join(f"<th>{_e(run['folder'])}" for run in reversed(earlier)) + "<th>now"
    rows = []
    for r in results:
        cells = []
        for run in reversed(earlier):
            its: Mapping[str, Any] = next(
                (e for e in run["experiments"] if e["name"] == r.experiment.name), {}
            )
            cells.append(f"<td class=n>{_seconds(its.get('recovery_seconds'))}")
        rows.append(f"<tr><td>{_e(r.experiment.title)}{''.join(cells)}<td class=n>{_seconds(r.recovery)}")
    return f"<h2>Recovery over time</h2><table><tr><th>experiment{heads}{''.join(rows)}</table>"


def _figure(result: ExperimentResult, name: str) -> float | None:
    return next((v.figures[name] for v in result.verdicts if name in v.figures), None)


def _seconds(value: object) -> str:
    return f"{value:.2f} s" if isinstance(value, (int, float)) else "–"


def _e(value: object) -> str:
    return html.escape(str(value if value is not None else "–"))


def listing(experiments: Sequence[Experiment]) -> str:
    """`beluga rehearse --list`."""
    lines = []
    for e in experiments:
        needs = ", ".join(e.about.get("needs", ())) or "nothing special"
        lines += [
            f"{e.number:>2}  {e.name}: {e.title}",
            f"    breaks {e.about.get('breaks')}; blast radius: {e.about.get('blast_radius')}",
            f"    needs {needs}; target {', '.join(e.targets)}; alert {e.about.get('alert') or 'none'}; "
            f"runbook {e.about.get('runbook') or 'none'}",
        ]
        if e.no_alert:
            lines.append(f"    no alert: {e.no_alert}")
    return "\n".join(lines)
