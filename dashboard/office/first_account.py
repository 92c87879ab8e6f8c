"""`/first`: on an empty stack the first account, an admin's, by the link that `beluga up` printed.

The link is good for a day and only while there never was an account, so that it opens once, and no stranger
who finds the war room first owns it.
"""

from typing import Any

import flask

from dashboard.accounts.audit_log import AuditLog
from dashboard.accounts.sign_in import csrf_right, csrf_token
from dashboard.bridge.async_bridge import AsyncBridge
from dashboard.languages import noted, refusal_words, tr
from dashboard.office.forms import NOT_ANSWERED
from election.access import accounts
from election.access.accounts import AccountError
from election.access.tokens import FIRST_ACCOUNT, BadTokenError, Tokens

PATH = "/first"
DAY_SECONDS = 86_400
_SPENT = noted(
    "This link is not good any more. Sign in; or start Beluga again, and use the link that it prints."
)
_AWAY = noted("The database does not answer. Try again in a minute.")


class FirstAccountPage:
    """The page and its form."""

    def __init__(self, bridge: AsyncBridge, tokens: Tokens, audit_log: AuditLog) -> None:
        self._bridge, self._tokens, self._audit_log = bridge, tokens, audit_log

    def add_to(self, server: flask.Flask) -> None:
        """Adds the routes; strangers reach them, and get no further without the link."""
        server.get(PATH)(self.first)
        server.post(PATH)(self.make_first)

    def first(self) -> Any:
        """The form, where the link is good."""
        return self._form() if self._good() else self._form(_SPENT, 403)

    def make_first(self) -> Any:
        """Makes the account; its holder signs in with it."""
        if not self._good():
            return self._form(_SPENT, 403)
        form = flask.request.form
        if not csrf_right(form.get("csrf")):
            return self._form(tr("This page was open too long. Please try again."), 400)
        login, password = form.get("login", "")[:100].strip().lower(), form.get("password", "")
        if password != form.get("again", ""):
            return self._form(tr("The two passwords differ. Please type them again."), 400)

        async def make() -> None:
            async with self._bridge.connection() as connection, connection.transaction():
                await accounts.add_first(connection, login, password)

        try:
            self._bridge.run(make())
        except AccountError as error:
            words = refusal_words(str(error))
            return self._form(f"{words[:1].upper()}{words[1:]}.", 400)
        except NOT_ANSWERED:
            return self._form(_AWAY, 503)
        detail = {"role": "admin"}
        self._bridge.run(self._audit_log.record(login, "first account made", f"account:{login}", detail))
        return flask.redirect("/login?next=/office/setup", 303)

    def _good(self) -> bool:
        """Whether the request brings a link that still opens."""
        try:
            self._tokens.read(FIRST_ACCOUNT, flask.request.values.get("token", ""), max_age=DAY_SECONDS)
        except BadTokenError:
            return False

        async def ask() -> bool:
            async with self._bridge.connection() as connection:
                return await accounts.none_yet(connection)

        try:
            return self._bridge.run(ask(), timeout=3)
        except NOT_ANSWERED:
            return False

    def _form(self, problem: str = "", status: int = 200) -> Any:
        form = flask.request.values
        page = flask.render_template(
            "first_account.html", problem=problem, csrf=csrf_token(), closed=problem == _SPENT,
            token=form.get("token", ""), login=form.get("login", ""),
        )  # fmt: skip
        return flask.make_response(page, status)
