"""`/office/accounts`: who may sign in to the war room, for admins; the rules are those of `beluga user`."""

from collections.abc import Awaitable, Callable
from typing import Any

import asyncpg
import flask
import segno

from dashboard.accounts.sign_in import csrf_token, needs_role
from dashboard.bridge.async_bridge import AsyncBridge
from dashboard.errors import DashboardError
from dashboard.languages import noted, refusal_words, tr
from dashboard.map.places import Gazetteer
from dashboard.office.forms import NOT_ANSWERED, form_checked, who_asks
from dashboard.office.record import OfficeRecord
from election.access import accounts, totp
from election.access.accounts import WAR_ROOM, Account, AccountError, Role

_AWAY = noted("The database does not answer: nothing was changed. Try again in a minute.")
CHANGE = "/office/accounts/<login>/<any(reset,role,disable,codes,nocodes,signout):what>"
ROLES = (Role.LEAD, Role.STAFF, Role.ADMIN)
_DEEDS = {
    "reset": noted("password reset"), "role": noted("role changed"), "disable": noted("account disabled"),
    "codes": noted("codes on"), "nocodes": noted("codes off"), "signout": noted("signed out everywhere"),
}  # fmt: skip


class AccountChangeRefusedError(DashboardError):
    """What an admin may not do to an account; the message says why."""


class AccountPages:
    """The list of accounts, and what is done to them."""

    def __init__(self, bridge: AsyncBridge, gazetteer: Gazetteer, record: OfficeRecord) -> None:
        self._bridge, self._gazetteer, self._record = bridge, gazetteer, record

    def add_to(self, server: flask.Flask) -> None:
        """Adds the routes, for admins only."""
        admins = needs_role(Role.ADMIN)
        server.get("/office/accounts")(admins(self.accounts_page))
        server.post("/office/accounts")(admins(form_checked(self.add_account)))
        server.post(CHANGE)(admins(form_checked(self.change_account)))

    def accounts_page(self) -> Any:
        """Every account of the war room."""
        return self._page()

    def _page(self, problem: str = "", status: int = 200, **shown: Any) -> Any:
        try:
            found: list[Account] = self._run(accounts.read_all)
        except NOT_ANSWERED:
            found, problem, status = [], problem or _AWAY, 503
        here = self._gazetteer.places
        page = flask.render_template(
            "office_accounts.html", csrf=csrf_token(), problem=problem, me=who_asks().login, roles=ROLES,
            accounts=[a for a in found if a.role in WAR_ROOM],
            counties=[c for c in here.counties if c] if here else [],
            **({"password": "", "code": "", "login": ""} | shown),
        )  # fmt: skip
        return flask.make_response(page, status)

    def add_account(self) -> Any:
        """Makes an account with a password that is shown once."""
        form = flask.request.form
        login, password = form.get("login", "")[:100].strip().lower(), accounts.new_password()
        try:
            role, counties = self._role()
        except AccountChangeRefusedError as error:
            return self._page(str(error), 400)

        async def make(connection: asyncpg.Connection) -> None:
            await accounts.add(connection, login, role, password, counties)

        detail = {"role": role.value, "counties": counties}
        return self._done(make, "account added", login, detail, password=password)

    def change_account(self, login: str, what: str) -> Any:
        """Resets, changes, closes; each ends the account's sessions."""
        login = login[:100].lower()
        password, secret = accounts.new_password(), totp.new_secret()
        try:
            if login == who_asks().login and what in ("role", "disable"):
                raise AccountChangeRefusedError(tr("Your own access another admin must take away."))
            role, counties = self._role() if what == "role" else (Role.LEAD, [])
        except AccountChangeRefusedError as error:
            return self._page(str(error), 400)

        async def act(connection: asyncpg.Connection) -> None:
            match what:
                case "reset":
                    await accounts.reset(connection, login, password)
                case "role":
                    await accounts.change_role(connection, login, role, counties)
                case "disable":
                    await accounts.disable(connection, login)
                case "codes" | "nocodes":
                    await accounts.require_codes(connection, login, secret if what == "codes" else None)
                case _:
                    await accounts.sign_out(connection, login)

        detail = {"role": role.value, "counties": counties} if what == "role" else {}
        shown: dict[str, str] = {}
        if what == "reset":
            shown = {"password": password}
        if what == "codes":
            address = totp.address(secret, login, "Beluga")
            code = segno.make(address, error="m", micro=False).svg_inline(scale=4, border=4, omitsize=True)
            shown = {"code": code, "secret": secret}
        return self._done(act, _DEEDS[what], login, detail, **shown)

    def _role(self) -> tuple[Role, list[str]]:
        form, here = flask.request.form, self._gazetteer.places
        try:
            role = Role(form.get("role", ""))
        except ValueError:
            role = Role.CALLER
        if role not in ROLES:
            raise AccountChangeRefusedError(tr("Choose a role of the war room: lead, staff or admin."))
        counties = form.getlist("counties") if role is Role.LEAD else []
        if here is not None and (unknown := set(counties) - set(here.counties)):
            raise AccountChangeRefusedError(
                tr("There is no county {names} here.", names=", ".join(sorted(unknown)))
            )
        return role, counties

    def _done(
        self,
        act: Callable[[asyncpg.Connection], Awaitable[None]],
        deed: str,
        login: str,
        detail: dict[str, Any],
        **shown: Any,
    ) -> Any:
        try:
            self._run(act)
        except AccountError as error:
            words = refusal_words(str(error))
            return self._page(f"{words[:1].upper()}{words[1:]}.", 400)
        except NOT_ANSWERED:
            return self._page(_AWAY, 503)
        self._record.note(who_asks(), deed, f"account:{login}", detail)
        return self._page(login=login, done=deed, **shown)

    def _run(self, act: Callable[[asyncpg.Connection], Awaitable[Any]]) -> Any:
        async def work() -> Any:
            async with self._bridge.connection() as connection, connection.transaction():
                return await act(connection)

        return self._bridge.run(work())
