"""`/office/settings`: what the war room was started with, and what was changed on the day, when, and by whom.

Secrets are never shown, nor an address that may hold one.
"""

from typing import Any
from urllib.parse import urlsplit

import flask
from pydantic import SecretStr

from dashboard.accounts.sign_in import needs_role
from dashboard.bridge.async_bridge import AsyncBridge
from dashboard.languages import noted, tr
from dashboard.office.forms import NOT_ANSWERED
from dashboard.settings import DashboardSettings
from election.access import audit
from election.access.accounts import Role
from election.access.audit import Deed

SHOWN = 100
# What holds from the moment it is changed, with where that is done.
CHANGES = {
    "dispatch.limits": noted("what may call by itself"),
    "trial started": noted("scripts on trial"),
    "trial ended": noted("scripts on trial"),
    "phone bank opened": noted("phone banks"),
    "api key made": noted("API keys"),
    "api key revoked": noted("API keys"),
    "webhook made": noted("webhooks"),
    "webhook ended": noted("webhooks"),
    "hours": noted("hours of polls"),
    "election imported": noted("the election"),
}


def shown_value(value: object) -> str:
    """A setting's value for people; of a secret, or an address with a login, whether it is set."""
    if isinstance(value, SecretStr):
        return tr("set, not shown") if value.get_secret_value() else tr("not set")
    text = str(value) if value not in (None, "") else ""
    if "://" in text:
        parts = urlsplit(text.split(",")[0])
        if "@" in text or parts.username or parts.password or parts.query:
            return tr("set, not shown")
    return text or tr("not set")


class SettingsPages:
    """The page, for admins."""

    def __init__(self, bridge: AsyncBridge, settings: DashboardSettings) -> None:
        self._bridge, self._settings = bridge, settings

    def add_to(self, server: flask.Flask) -> None:
        """Adds the route."""
        server.get("/office/settings")(needs_role(Role.ADMIN)(self.settings_page))

    def settings_page(self) -> Any:
        """Changes of the day, the newest first; then what this war room was started with."""

        async def read() -> list[Deed]:
            async with self._bridge.connection() as connection:
                return await audit.of_actions(connection, list(CHANGES), SHOWN)

        changes: list[Deed] = []
        problem, status = "", 200
        try:
            changes = self._bridge.run(read())
        except NOT_ANSWERED:
            problem, status = tr("The database does not answer: who changed what is known when it does."), 503
        fields = type(self._settings).model_fields
        rows = [
            (f"BELUGA_{name.upper()}", shown_value(getattr(self._settings, name)), field.description or "")
            for name, field in sorted(fields.items())
        ]
        page = flask.render_template(
            "office_settings.html", problem=problem, changes=changes, of=CHANGES, rows=rows,
            rehearsal=self._settings.rehearsal,
        )  # fmt: skip
        return flask.make_response(page, status)
