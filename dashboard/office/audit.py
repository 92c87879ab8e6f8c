"""The audit log as a page and as a file, for admins: who did what, when, to what."""

import csv
import io
from datetime import UTC
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

import flask
from dash import html

from dashboard.accounts.audit_log import AuditLog
from dashboard.accounts.sign_in import needs_role, person
from dashboard.bridge.async_bridge import AsyncBridge
from dashboard.components.table import scrolling
from dashboard.languages import (
    coded,
    dated,
    deed_words,
    detail_words,
    noted,
    noted_all,
    subject_words,
    tr,
)
from dashboard.map.places import Gazetteer
from election.access.accounts import Role
from election.access.audit import Deed
from election.access.telemetry import say_refused
from election.postgres.database import UNREACHABLE

SHOWN = 300  # deeds on the page; the file has more
FILED = 200_000
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
HEADS = noted_all("When", "Who", "Did", "To", "Detail")
COLUMNS = ("at", "account", "action", "subject", "detail")
_AWAY = noted("The database does not answer; the trail is kept and shown when it is back.")


class AuditPage:
    """The page `/audit` and the file `/audit.csv`; `?account=` limits both to one person's deeds."""

    def __init__(self, bridge: AsyncBridge, gazetteer: Gazetteer, audit_log: AuditLog) -> None:
        self._bridge, self._gazetteer, self._audit_log = bridge, gazetteer, audit_log

    def add_to(self, server: flask.Flask) -> None:
        """Adds the file's route; the page is one of Dash's."""
        server.get("/audit.csv")(needs_role(Role.ADMIN)(self.audit_file))

    def _asked(self, account: str, limit: int) -> list[Deed]:
        return self._bridge.run(self._audit_log.latest(limit, account.strip().lower()[:100] or None))

    def parts(self, account: str = "", **_: Any) -> list[Any]:
        """What the page holds. Who may not see it reads who may, and whom to ask."""
        who = person()
        if who is None or who.role is not Role.ADMIN:
            if who is not None:
                say_refused(who.login, "audit_trail", "role")
            flask.g.page_status = 403
            mine = f"{who.login}, {coded(who.role.value)}" if who is not None else tr("nobody")
            words = tr(
                "Who did what is for admins: ask one of them, or sign in as one. "
                "You are signed in as {mine}.",
                mine=mine,
            )
            return [html.H1(tr("Audit trail")), html.P(words, className="problem", role="alert")]
        try:
            deeds, problem = self._asked(account, SHOWN), ""
        except UNREACHABLE:
            deeds, problem = [], _AWAY
        places = self._gazetteer.places
        zone = ZoneInfo(places.day.timezone if places else "UTC")
        query = f"?{urlencode({'account': account})}" if account else ""
        about: list[Any] = [(tr("The newest {n} deeds, in the time of {zone}.", n=SHOWN, zone=zone) + " ")]
        about.append(html.A(tr("All of them as CSV"), href=f"/audit.csv{query}"))
        about += [" · ", html.A(tr("Everybody’s"), href="/audit")] if account else []
        rows = [html.Tr(_cells(deed, zone)) for deed in deeds] or [
            html.Tr(html.Td(tr("Nothing yet."), colSpan=str(len(HEADS))))
        ]
        head = html.Tr([html.Th(tr(name), scope="col") for name in HEADS])
        return [
            html.H1(tr("Audit trail of {account}", account=account) if account else tr("Audit trail")),
            html.P(tr(problem), className="problem", role="alert") if problem else None,
            html.P(about, className="about"),
            scrolling(tr("Audit trail"), html.Table([html.Thead(head), html.Tbody(rows)])),
        ]

    def audit_file(self) -> Any:
        """Every deed, as CSV."""
        try:
            deeds = self._asked(flask.request.args.get("account", ""), FILED)
        except UNREACHABLE:
            return _AWAY, 503
        out = io.StringIO("\ufeff", newline="")
        out.seek(0, io.SEEK_END)
        writer = csv.writer(out)
        writer.writerow(COLUMNS)
        for deed in deeds:
            at = deed.at.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
            writer.writerow(map(_plain, (at, deed.account, deed.action, deed.subject, _detail(deed))))
        answer = flask.Response(out.getvalue(), mimetype="text/csv")
        answer.headers["Content-Disposition"] = "attachment; filename=audit.csv"
        return answer


def _cells(deed: Deed, zone: ZoneInfo) -> list[Any]:
    whose = html.A(deed.account, href=f"/audit?{urlencode({'account': deed.account})}")
    at = dated(deed.at.astimezone(zone), "%d %b %H:%M:%S", "dd MMM HH:mm:ss")
    told = (whose, deed_words(deed.action), subject_words(deed.subject), detail_words(deed.detail))
    return [html.Td(at, className="when"), *(html.Td(cell) for cell in told)]


def _detail(deed: Deed) -> str:
    return " · ".join(f"{key}: {value}" for key, value in deed.detail.items())


def _plain(text: str) -> str:
    """A cell that no spreadsheet takes for a formula."""
    return f"'{text}" if text.startswith(_FORMULA) else text
