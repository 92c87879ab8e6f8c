"""`/office/webhooks`: where an operator's own programs are told of outcomes and strike-offs; for admins."""

from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

import asyncpg
import flask

from dashboard.accounts.sign_in import csrf_token, needs_role
from dashboard.bridge.async_bridge import AsyncBridge
from dashboard.languages import noted, refusal_words, tr
from dashboard.office.forms import NOT_ANSWERED, form_checked, who_asks
from dashboard.office.record import OfficeRecord
from dashboard.settings import DashboardSettings
from election.access import webhooks
from election.access.accounts import Role
from election.access.webhooks import WebhookError, WebhookKind, WebhookTarget

_AWAY = noted("The database does not answer: nothing was changed. Try again in a minute.")
TOLD = {WebhookKind.OUTCOME: noted("outcomes of calls"), WebhookKind.STRIKE_OFF: noted("strike-offs")}


class WebhookPages:
    """The list of webhooks, and what is done to them."""

    def __init__(self, bridge: AsyncBridge, settings: DashboardSettings, record: OfficeRecord) -> None:
        self._bridge, self._settings, self._record = bridge, settings, record

    def add_to(self, server: flask.Flask) -> None:
        """Adds the routes, for admins only."""
        admins = needs_role(Role.ADMIN)
        server.get("/office/webhooks")(admins(self.webhooks_page))
        server.post("/office/webhooks")(admins(form_checked(self.make_webhook)))
        server.post("/office/webhooks/<uuid:webhook_id>/<any(test,end):what>")(
            admins(form_checked(self.change_webhook))
        )

    def webhooks_page(self) -> Any:
        """Every webhook by its host, with what waits; no secret, and no path of an address."""
        return self._page()

    def _page(self, problem: str = "", status: int = 200, **shown: str) -> Any:
        async def read() -> list[WebhookTarget]:
            async with self._bridge.connection() as connection:
                return await webhooks.read_all(connection)

        try:
            found = self._bridge.run(read())
        except NOT_ANSWERED:
            found, problem, status = [], problem or _AWAY, 503
        page = flask.render_template(
            "office_webhooks.html", csrf=csrf_token(), problem=problem, webhooks=found, told=TOLD,
            **({"secret": "", "done": ""} | shown),
        )  # fmt: skip
        return flask.make_response(page, status)

    def make_webhook(self) -> Any:
        """Begins telling; the secret that signs is shown this once."""
        form, who = flask.request.form, who_asks()
        url, kinds = form.get("url", "")[:3000], form.getlist("kinds")
        made: list[UUID] = []

        async def make(connection: asyncpg.Connection) -> None:
            made.append(await webhooks.make(connection, url, kinds, who.login))

        if problem := self._run(make):
            return self._page(*problem)
        host = urlsplit(url.strip()).hostname or ""
        self._record.note(who, "webhook made", f"webhook:{host}", {"kinds": sorted(kinds)})
        secret = webhooks.secret_of(self._settings.secret.get_secret_value(), made[0])
        return self._page(secret=secret, done=tr("{host} is told from now on", host=host))

    def change_webhook(self, webhook_id: UUID, what: str) -> Any:
        """Sends a test event, or ends it."""
        who, host = who_asks(), ""

        async def act(connection: asyncpg.Connection) -> None:
            nonlocal host
            if what == "test":
                await webhooks.send_test(connection, webhook_id)
            else:
                host = await webhooks.end(connection, webhook_id, who.login)

        if problem := self._run(act):
            return self._page(*problem)
        if what == "test":
            self._record.note(who, "webhook tested", f"webhook:{webhook_id}", {})
            return self._page(done=tr("A test event is on its way: look again in a few seconds"))
        self._record.note(who, "webhook ended", f"webhook:{host}", {})
        return self._page(done=tr("{host} is told no more, and what waited for it is forgotten", host=host))

    def _run(self, act: Callable[[asyncpg.Connection], Awaitable[None]]) -> tuple[str, int] | None:
        """What went wrong, and its status; None where all is well."""

        async def work() -> None:
            async with self._bridge.connection() as connection, connection.transaction():
                await act(connection)

        try:
            self._bridge.run(work())
        except WebhookError as error:
            return refusal_words(str(error)), 400
        except NOT_ANSWERED:
            return _AWAY, 503
        return None
