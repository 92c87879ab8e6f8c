"""Sessions, and who may see what.

A session is Flask's signed cookie: login, role, counties, the account's epoch and a CSRF token. It needs no
database to be believed, so the war room goes on while PostgreSQL is away; the list of open access, kept on
disk, ends sessions whose account was disabled, reset or changed, and those that were signed out of.
"""

import asyncio
import hmac
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Any, TypeVar, cast

import flask
import structlog

from dashboard.bridge.async_bridge import AsyncBridge
from dashboard.languages import tr
from election.access import accounts, totp
from election.access.access_list import AccessList
from election.access.accounts import Account, Role
from election.access.identity import AccessEndedError, Admission, Identity
from election.access.sessions import EndedSessions
from election.access.telemetry import say_refused
from election.postgres.database import UNREACHABLE

_LOG = structlog.get_logger()

FOLLOW_SECONDS = 2.0  # between looks at the accounts, for those who sign in while the database is away

View = TypeVar("View", bound=Callable[..., Any])


@dataclass(frozen=True, slots=True)
class WarRoomUser:
    """Who is at the other end. `counties` is None where nothing limits the view."""

    login: str
    role: Role
    counties: tuple[str, ...] | None
    epoch: int = 0
    session: str = ""
    machine: bool = False  # a key of the API: no account stands behind it

    def may_see(self, county: str) -> bool:
        return self.counties is None or county in self.counties

    @property
    def identity(self) -> Identity:
        """As whom the war room asks other services."""
        counties = None if self.counties is None else frozenset(self.counties)
        return Identity(self.login, self.role.value, counties, self.epoch, self.machine, self.session)


class Accounts:
    """The accounts as last seen in the database, and whose sessions stand."""

    def __init__(
        self, bridge: AsyncBridge, access: AccessList, ended: EndedSessions, admission: Admission
    ) -> None:
        self._bridge = bridge
        self._access = access
        self._ended = ended
        self._admission = admission
        self._known: dict[str, Account] | None = None
        self._used: dict[str, int] = {}  # steps of one-time codes, while the database is away

    async def follow(self) -> None:
        while True:
            try:
                async with self._bridge.connection() as connection:
                    self._known = {a.login: a for a in await accounts.read_all(connection)}
            except UNREACHABLE:
                pass  # the last known accounts stay in force
            except Exception as error:
                _LOG.warning("accounts_unreadable", error=repr(error))
            await asyncio.sleep(FOLLOW_SECONDS)

    def find(self, login: str) -> Account | None:
        """The account now, or as last seen. Raises `ConnectionError` where it was never seen."""

        async def ask() -> Account | None:
            async with self._bridge.connection() as connection:
                return await accounts.find(connection, login)

        try:
            account = self._bridge.run(ask(), timeout=3)
        except UNREACHABLE as error:
            if self._known is None:
                raise ConnectionError("accounts were never seen") from error
            return self._known.get(login)
        if account is not None:  # just made or reset: its session must not end before the next look
            self._access.learn(login, account.standing)
            if self._known is not None:
                self._known[login] = account
        return account

    def code_accepted(self, account: Account, given: str) -> bool:
        """Whether this one-time code is right and was not used, which it is from now on."""
        used = max(account.totp_step, self._used.get(account.login, 0))
        step = totp.step_of(account.totp_secret or "", given, time.time(), used)
        if step is None:
            return False

        async def use() -> bool:
            async with self._bridge.connection() as connection:
                return await accounts.use_code(connection, account.login, step)

        try:
            fresh = self._bridge.run(use(), timeout=3)
        except UNREACHABLE:
            fresh = True  # this process at least remembers it
        self._used[account.login] = step
        return fresh

    def still_open(self, who: WarRoomUser) -> bool:
        """Whether this session stands: neither its account nor the session itself was ended."""
        try:
            self._admission.checked(who.identity)
        except AccessEndedError:
            return False
        return not self._ended.has_ended(who.session)

    def sign_out(self, session: str) -> None:
        """Ends one session, also for a copy of its cookie."""
        self._ended.end(session)

    def choose_language(self, login: str, language: str) -> None:
        """Keeps the language on the account. Raises one of `UNREACHABLE`."""

        async def keep() -> None:
            async with self._bridge.connection() as connection:
                await accounts.choose_language(connection, login, language)

        self._bridge.run(keep(), timeout=3)

    def sign_out_everywhere(self, login: str) -> None:
        """Ends everything that was signed for this account. Raises one of `UNREACHABLE`."""

        async def end() -> None:
            async with self._bridge.connection() as connection:
                await accounts.sign_out(connection, login)

        self._bridge.run(end(), timeout=3)


def person() -> WarRoomUser | None:
    """Who sent this request, or None."""
    return cast("WarRoomUser | None", flask.g.get("person"))


def csrf_token() -> str:
    """This session's token, which every form and action must bring back."""
    if "csrf" not in flask.session:
        flask.session["csrf"] = secrets.token_urlsafe(24)
    return str(flask.session["csrf"])


def csrf_right(given: str | None) -> bool:
    """Whether a form or action brought this session's token."""
    kept = flask.session.get("csrf")
    return bool(kept and given and hmac.compare_digest(str(kept), given))


def csrf_checked(view: View) -> View:
    """Only with this session's token in the header `X-CSRF`; others get 403 and are asked to reload."""

    @wraps(view)
    def guarded(*args: Any, **kwargs: Any) -> Any:
        if not csrf_right(flask.request.headers.get("X-CSRF")):
            words = tr("This page was open too long. Reload it and try again.")
            return flask.jsonify(done=False, message=words), 403
        return view(*args, **kwargs)

    return cast("View", guarded)


def needs_role(*roles: Role) -> Callable[[View], View]:
    """Only for people of these roles; others get 403."""

    def decorate(view: View) -> View:
        @wraps(view)
        def guarded(*args: Any, **kwargs: Any) -> Any:
            who = person()
            if who is None or who.role not in roles:
                if who is not None:
                    say_refused(who.login, flask.request.endpoint or "", "role")
                flask.abort(403)
            return view(*args, **kwargs)

        return cast("View", guarded)

    return decorate
