"""The audit log as a page and as a file, for admins: who did what, when, to what."""

import csv
import io
from datetime import UTC
from typing import Any
from zoneinfo import ZoneInfo

import flask

from dashboard.accounts.audit_log import AuditLog
from dashboard.accounts.sign_in import needs_role
from dashboard.bridge.async_bridge import AsyncBridge
from dashboard.map.places import Gazetteer
from election.access.accounts import Role
from election.postgres.database import UNREACHABLE

SHOWN = 300  # deeds on the page; the file has more
FILED = 200_000
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
COLUMNS = ("at", "account", "action", "subject", "detail")
_AWAY = "The database does not answer; the trail is kept and shown when it is back."


def add_audit(server: flask.Flask, bridge: AsyncBridge, gazetteer: Gazetteer, audit_log: AuditLog) -> None:
    """Adds `/audit` and `/audit.csv`; `?account=` limits both to one person's deeds."""

    def asked(limit: int) -> list[Any]:
        account = flask.request.args.get("account", "").strip().lower()[:100] or None
        return bridge.run(audit_log.latest(limit, account))

    @server.get("/audit")
    @needs_role(Role.ADMIN)
    def audit_trail() -> Any:
        try:
            deeds, problem = asked(SHOWN), ""
        except UNREACHABLE:
            deeds, problem = [], _AWAY
        zone = ZoneInfo(gazetteer.places.day.timezone if gazetteer.places else "UTC")
        return flask.render_template(
            "audit.html", deeds=deeds, problem=problem, zone=zone, shown=SHOWN,
            account=flask.request.args.get("account", ""), query=flask.request.query_string.decode(),
        )  # fmt: skip

    @server.get("/audit.csv")
    @needs_role(Role.ADMIN)
    def audit_file() -> Any:
        try:
            deeds = asked(FILED)
        except UNREACHABLE:
            return _AWAY, 503
        out = io.StringIO("\ufeff", newline="")
        out.seek(0, io.SEEK_END)
        writer = csv.writer(out)
        writer.writerow(COLUMNS)
        for deed in deeds:
            words = " · ".join(f"{key}: {value}" for key, value in deed.detail.items())
            at = deed.at.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
            writer.writerow(map(_plain, (at, deed.account, deed.action, deed.subject, words)))
        answer = flask.Response(out.getvalue(), mimetype="text/csv")
        answer.headers["Content-Disposition"] = "attachment; filename=audit.csv"
        return answer


def _plain(text: str) -> str:
    """A cell that no spreadsheet takes for a formula."""
    return f"'{text}" if text.startswith(_FORMULA) else text
