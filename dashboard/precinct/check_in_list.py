"""A precinct's day, newest first: every check-in as it was sent and what staff decided, as Dash elements.

Counts come with the gate's verdict and the buttons that change it; a count of a whole polling site says how
many of its votes are this precinct's.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from dash import html

from dashboard.precinct.chart import moment, verdict
from election.domain.day import Watcher

_SHAPES = {"accepted": "●", "held": "○", "rejected": "✕"}
_WORDS = {"here": "on post", "away": "left the post", "ready": "proved the phone", "line": "the line"}


def check_in_list(page: dict[str, Any], watchers: Sequence[Watcher], zone: ZoneInfo) -> Any:
    """Everything the tally knows of a precinct's day, as it answered."""
    names = {str(w.watcher_id): w.name for w in watchers}
    reports = page.get("reports") or []
    votes = {str(r.get("check_in_id")): r.get("votes") for r in reports}
    lines = [(moment(r.get("received_at") or r.get("observed_at")), _count(r, names)) for r in reports]
    lines += [(moment(e.get("at")), _said(e, names)) for e in page.get("log") or []]
    lines += [(moment(e.get("at")), _decided(e, names, votes, zone)) for e in page.get("annotations") or []]
    if not lines:
        return html.P("No check-ins yet.", className="empty")
    lines.sort(key=lambda line: line[0].timestamp() if line[0] else 0.0, reverse=True)
    rows = [html.Li([html.Time(_hhmm(at, zone)), *words]) for at, words in lines]
    kept = page.get("words_available", True)
    note = None if kept else html.P("The database is away: words as sent come back with it.", className="why")
    return [html.H3("Check-ins as sent, and decisions"), note, html.Ol(rows)]


def marked(name: str, value: str) -> Any:
    """A data-… attribute, which Dash's types do not know one by one."""
    return {f"data-{name}": value}


def _hhmm(at: datetime | None, zone: ZoneInfo) -> str:
    return f"{at.astimezone(zone):%H:%M}" if at else ""


def _whose(sender: object, names: dict[str, str]) -> str:
    """A watcher's name, or a phone's last digits."""
    said_by = str(sender or "").removeprefix("form:")
    return names.get(said_by, said_by or "unknown phone")


def _count(report: dict[str, Any], names: dict[str, str]) -> list[Any]:
    kind = verdict(report)
    votes = report.get("votes")
    words = report.get("words") or (str(report.get("kind", "")) if votes is None else str(votes))
    sender = f"{_whose(report.get('sender'), names)} · {report.get('channel') or ''}".rstrip(" ·")
    line: list[Any] = [html.Q(str(words)), html.Span(sender, className="sender")]
    if votes is not None:
        word = str(report.get("verdict")).capitalize()  # the tally's own: Superseded, Withdrawn …
        line.append(html.Span(f"{_SHAPES[kind]} {word}", className=f"verdict {kind}"))
    if report.get("whole_site") and votes is not None:
        share = report.get("share")
        part = "" if share is None else f": {share:,} of them are this precinct's, by expectation"
        line.append(html.Span(f"{votes:,} for the whole building{part}.", className="why whole"))
    if report.get("reason"):
        line.append(html.Span(str(report["reason"]), className="why"))
    target = report.get("check_in_id") or report.get("id")
    if votes is not None and target:
        everywhere = " for the whole building" if report.get("whole_site") else ""
        for action, label, already in (("accept", "Accept", "accepted"), ("reject", "Reject", "rejected")):
            if kind != already:
                line.append(
                    html.Button(
                        f"{label} {votes:,}{everywhere}",
                        type="button",
                        **marked("action", action),
                        **marked("target", str(target)),
                    )
                )
    return line


def _said(entry: dict[str, Any], names: dict[str, str]) -> list[Any]:
    """Another word from there: a line, an incident, HERE, an unread text."""
    kind = str(entry.get("kind", ""))
    line: list[Any] = [html.Q(str(entry["words"]))] if entry.get("words") else []
    line.append(html.Span(_whose(entry.get("by"), names), className="sender"))
    line.append(html.Span(_WORDS.get(kind, kind), className="verdict"))
    return line


def _decided(
    entry: dict[str, Any], names: dict[str, str], votes: dict[str, Any], zone: ZoneInfo
) -> list[Any]:
    """What staff did, and who."""
    kind, detail = str(entry.get("kind")), entry.get("detail") or {}
    by = str(entry.get("by") or "").removeprefix("staff:")
    if kind in ("accept", "reject"):
        count = votes.get(str(detail.get("target")))
        words = f"{kind}ed {count:,}" if isinstance(count, int) else f"{kind}ed a count"
    elif kind == "hours":
        words = f"polls here close at {_hhmm(moment(detail.get('closes_at')), zone)}"
    elif kind == "assign":
        words = f"{_whose(detail.get('watcher_id'), names)} sent here"
    elif kind == "note":
        words = str(detail.get("text") or "note")
    elif "incident" in detail:
        words = f"incident #{detail['incident']} {detail.get('status') or 'resolved'}"
    else:
        words = {"resolve": "dealt with at a desk", "tie": "a phone was tied to a watcher"}.get(kind, kind)
    if kind != "note" and detail.get("note"):
        words += f": {detail['note']}"
    return [html.Span(words, className="deed"), html.Span(by, className="sender")]
