"""The words of a message as its sender sees them: a form sends JSON, and people read words."""

from typing import Any

import orjson

from election.domain.checkin import Channel, Kind

# What the same report is as a text.
_COMMANDS: dict[str, str] = {
    Kind.FIX: "FIX", Kind.FINAL: "FINAL", Kind.LINE: "LINE", Kind.VOTERS: "V", Kind.INCIDENT: "!",
    Kind.HERE: "HERE", Kind.AWAY: "AWAY", Kind.READY: "READY", Kind.UNDO: "UNDO", Kind.CONFIRM: "",
}  # fmt: skip


def words_of(channel: str, body: str) -> str:
    """The words of a message's body: of a form's report what was typed, of a staff entry none."""
    if channel not in (Channel.FORM, Channel.STAFF, Channel.HOTLINE, Channel.CSV) or not body.startswith("{"):
        return body
    try:
        report: Any = orjson.loads(body)
    except orjson.JSONDecodeError:
        return body
    if not isinstance(report, dict):
        return body
    if channel == Channel.STAFF:
        return ""
    text, votes = str(report.get("text") or ""), report.get("votes")
    command = _COMMANDS.get(str(report.get("kind")), "")
    return " ".join(part for part in (command, "" if votes is None else f"{votes}", text) if part)
