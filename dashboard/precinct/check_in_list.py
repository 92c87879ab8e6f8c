"""A precinct's day, newest first: every check-in as it was sent and what staff decided, as Dash elements.

Counts come with the gate's verdict and the buttons that change it; a count of a whole polling site says how
many of its votes are this precinct's.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from dash import html

from dashboard.languages import coded, noted, retold, tr
from dashboard.precinct.chart import moment, verdict
from election.domain.day import Watcher

_SHAPES = {"accepted": "●", "held": "○", "rejected": "✕"}
_WORDS = {
    "here": noted("on post"),
    "away": noted("left the post"),
    "ready": noted("proved the phone"),
    "line": noted("the line"),
}


# By whether a whole building was counted: the action, its button, and the verdict that has it already.
_BUTTONS = {
    False: (("accept", noted("Accept {votes}"), "accepted"), ("reject", noted("Reject {votes}"), "rejected")),
    True: (
        ("accept", noted("Accept {votes} for the whole building"), "accepted"),
        ("reject", noted("Reject {votes} for the whole building"), "rejected"),
    ),
}
_DECIDED = {
    "accept": (noted("accepted {votes}"), noted("accepted a count")),
    "reject": (noted("rejected {votes}"), noted("rejected a count")),
}


def check_in_list(page: dict[str, Any], watchers: Sequence[Watcher], zone: ZoneInfo) -> Any:
    """Everything the tally knows of a precinct's day, as it answered."""
    names = {str(w.watcher_id): w.name for w in watchers}
    reports = page.get("reports") or []
    votes = {str(r.get("check_in_id")): r.get("votes") for r in reports}
    lines = [(moment(r.get("received_at") or r.get("observed_at")), _count(r, names)) for r in reports]
    lines += [(moment(e.get("at")), _said(e, names)) for e in page.get("log") or []]
    lines += [(moment(e.get("at")), _decided(e, names, votes, zone)) for e in page.get("annotations") or []]
    if not lines:
        return html.P(tr("No check-ins yet."), className="empty")
    lines.sort(key=lambda line: line[0].timestamp() if line[0] else 0.0, reverse=True)
    rows = [html.Li([html.Time(_hhmm(at, zone)), *words]) for at, words in lines]
    kept = page.get("words_available", True)
    note = (
        None
        if kept
        else html.P(tr("The database is away: words as sent come back with it."), className="why")
    )
    return [html.H3(tr("Check-ins as sent, and decisions")), note, html.Ol(rows)]


def marked(name: str, value: str) -> Any:
    """A data-… attribute, which Dash's types do not know one by one."""
    return {f"data-{name}": value}


def _hhmm(at: datetime | None, zone: ZoneInfo) -> str:
    return f"{at.astimezone(zone):%H:%M}" if at else ""


def _whose(sender: object, names: dict[str, str]) -> str:
    """A watcher's name, or a phone's last digits."""
    said_by = str(sender or "").removeprefix("form:")
    return names.get(said_by, said_by or tr("unknown phone"))


def _count(report: dict[str, Any], names: dict[str, str]) -> list[Any]:
    kind = verdict(report)
    votes = report.get("votes")
    words = report.get("words") or (str(report.get("kind", "")) if votes is None else str(votes))
    sender = f"{_whose(report.get('sender'), names)} · {coded(report.get('channel') or '')}".rstrip(" ·")
    line: list[Any] = [html.Q(str(words)), html.Span(sender, className="sender")]
    if votes is not None:
        word = coded(str(report.get("verdict"))).capitalize()  # the tally's own: Superseded, Withdrawn …
        line.append(html.Span(f"{_SHAPES[kind]} {word}", className=f"verdict {kind}"))
    if report.get("whole_site") and votes is not None:
        share = report.get("share")
        part = (
            ""
            if share is None
            else tr(": {share} of them are this precinct's, by expectation", share=f"{share:,}")
        )
        line.append(
            html.Span(
                tr("{votes} for the whole building{part}.", votes=f"{votes:,}", part=part),
                className="why whole",
            )
        )
    if report.get("reason"):
        line.append(html.Span(retold(str(report["reason"])), className="why"))
    target = report.get("check_in_id") or report.get("id")
    if votes is not None and target:
        for action, label, already in _BUTTONS[bool(report.get("whole_site"))]:
            if kind != already:
                line.append(
                    html.Button(
                        tr(label, votes=f"{votes:,}"),
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
    line.append(html.Span(tr(_WORDS[kind]) if kind in _WORDS else coded(kind), className="verdict"))
    return line


def _decided(
    entry: dict[str, Any], names: dict[str, str], votes: dict[str, Any], zone: ZoneInfo
) -> list[Any]:
    """What staff did, and who."""
    kind, detail = str(entry.get("kind")), entry.get("detail") or {}
    by = str(entry.get("by") or "").removeprefix("staff:")
    if kind in ("accept", "reject"):
        count = votes.get(str(detail.get("target")))
        words = tr(_DECIDED[kind][0], votes=f"{count:,}") if isinstance(count, int) else tr(_DECIDED[kind][1])
    elif kind == "hours":
        words = tr("polls here close at {at}", at=_hhmm(moment(detail.get("closes_at")), zone))
    elif kind == "assign":
        words = tr("{name} sent here", name=_whose(detail.get("watcher_id"), names))
    elif kind == "note":
        words = str(detail.get("text") or "note")
    elif "incident" in detail:
        words = tr(
            "incident #{incident} {status}",
            incident=detail["incident"],
            status=detail.get("status") or tr("resolved"),
        )
    else:
        words = {"resolve": tr("dealt with at a desk"), "tie": tr("a phone was tied to a watcher")}.get(
            kind, kind
        )
    if kind != "note" and detail.get("note"):
        words += f": {detail['note']}"
    return [html.Span(words, className="deed"), html.Span(by, className="sender")]
