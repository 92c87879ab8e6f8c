"""`/office/settings`: what each service was started with, and what was changed on the day, when, and by whom.

Secrets are never shown, nor an address that may hold one.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import flask

from dashboard.accounts.sign_in import needs_role
from dashboard.bridge.async_bridge import AsyncBridge
from dashboard.languages import deed_words, detail_words, noted, noted_all, subject_words, tr
from dashboard.office.forms import NOT_ANSWERED
from dashboard.settings import DashboardSettings
from election.access import audit
from election.access.accounts import Role
from election.access.audit import Deed
from election.postgres import service_settings
from election.postgres.service_settings import ServiceSetting, shown_value
from election.runtime.settings import SharedSettings

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
    "precinct corrected": noted("precincts"),
    "precinct added": noted("precincts"),
    "precinct taken away": noted("precincts"),
}


SAID = noted_all("set, not shown", "not set")  # instead of a value
_SHARED = frozenset(f"BELUGA_{name.upper()}" for name in SharedSettings.model_fields)


@dataclass(frozen=True, slots=True)
class SettingChange:
    """One line of what was changed. `by`: an account, or who started a service with another value."""

    at: datetime
    by: str
    what: str
    to: str


def changes_of(deeds: Iterable[Deed], told: Iterable[ServiceSetting]) -> list[SettingChange]:
    """What was changed in the office and where services are started, the newest first."""
    found = [
        SettingChange(
            deed.at, deed.account,
            f"{tr(CHANGES[deed.action])}: {deed_words(deed.action)}"
            + (f", {subject_words(deed.subject)}" if deed.subject else ""),
            detail_words(deed.detail),
        )
        for deed in deeds
    ]  # fmt: skip
    found += [
        SettingChange(
            each.since,
            each.changed_by,
            f"{each.service}: {each.name}",
            tr("{value} (was {before})", value=value_words(each.value), before=value_words(each.was)),
        )
        for each in told
        if each.was is not None
    ]
    return sorted(found, key=lambda change: change.at, reverse=True)[:SHOWN]


def service_names() -> dict[str, str]:
    """What people call the other services."""
    return {
        "intake": tr("Intake, its replies and what it texts"),
        "tally": tr("The tally and its feed"),
        "callers": tr("The call desk"),
    }


def value_words(value: str) -> str:
    """A value as it is; the words for one that is hidden, or not set, in the reader's language."""
    return tr(value) if value in SAID else value


def by_service(told: Iterable[ServiceSetting]) -> dict[str, list[ServiceSetting]]:
    """Each other service's own settings; what all share stands with the war room's."""
    found: dict[str, list[ServiceSetting]] = {}
    for each in told:
        if each.service != "war room" and each.name not in _SHARED:
            found.setdefault(each.service, []).append(each)
    return dict(sorted(found.items()))


class SettingsPages:
    """The page, for admins."""

    def __init__(self, bridge: AsyncBridge, settings: DashboardSettings) -> None:
        self._bridge, self._settings = bridge, settings

    def add_to(self, server: flask.Flask) -> None:
        """Adds the route."""
        server.get("/office/settings")(needs_role(Role.ADMIN)(self.settings_page))

    def settings_page(self) -> Any:
        """Changes of the day, the newest first; then what this war room was started with."""

        async def read() -> tuple[list[Deed], list[ServiceSetting]]:
            async with self._bridge.connection() as connection:
                deeds = await audit.of_actions(connection, list(CHANGES), SHOWN)
                return deeds, await service_settings.read_all(connection)

        deeds: list[Deed] = []
        told: list[ServiceSetting] = []
        problem, status = "", 200
        try:
            deeds, told = self._bridge.run(read())
        except NOT_ANSWERED:
            problem, status = tr("The database does not answer: who changed what is known when it does."), 503
        fields = type(self._settings).model_fields
        rows = [
            (
                f"BELUGA_{name.upper()}",
                shown_value(getattr(self._settings, name)),
                tr(field.description) if field.description else "",
            )
            for name, field in sorted(fields.items())
        ]
        page = flask.render_template(
            "office_settings.html", problem=problem, changes=changes_of(deeds, told), rows=rows,
            services=by_service(told), names=service_names(), value_words=value_words, said=SAID,
            rehearsal=self._settings.rehearsal,
        )  # fmt: skip
        return flask.make_response(page, status)
