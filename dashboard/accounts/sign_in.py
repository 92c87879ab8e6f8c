"""Signing in and out, sessions, and who may see what.

A session is Flask's signed cookie: login, role, counties, the account's epoch and a CSRF token. It needs no
database to be believed, so the war room goes on while PostgreSQL is away; the list of open access, kept on
disk, ends sessions whose account was disabled, reset or changed, and those that were signed out of.
"""

import asyncio
import hmac
import secrets
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from functools import wraps
from typing import Any, TypeVar, cast
from urllib.parse import urlsplit

import flask
import structlog

from dashboard.accounts.attempts import Attempts
from dashboard.accounts.trusted_browsers import TrustedBrowsers
from dashboard.bridge.async_bridge import AsyncBridge
from dashboard.settings import DashboardSettings
from election.access import accounts, passwords, totp
from election.access.access_list import AccessList
from election.access.accounts import WAR_ROOM, Account, AccountError, Role
from election.access.addresses import network_of
from election.access.identity import AccessEndedError, Admission, Identity
from election.access.sessions import EndedSessions, session_id
from election.access.telemetry import say_refused
from election.postgres.database import UNREACHABLE

_LOG = structlog.get_logger()

FOLLOW_SECONDS = 2.0  # between looks at the accounts, for those who sign in while the database is away
CODE_SECONDS = 300  # real, from the password to the one-time code
HASHES_AT_ONCE = 2  # argon2 takes 64 MB each

_NOT_DONE: tuple[type[BaseException], ...] = (*UNREACHABLE, AccountError)

View = TypeVar("View", bound=Callable[..., Any])


@dataclass(frozen=True, slots=True)
class WarRoomUser:
    """Who is at the other end. `counties` is None where nothing limits the view."""

    login: str
    role: Role
    counties: tuple[str, ...] | None
    epoch: int = 0
    session: str = ""

    def may_see(self, county: str) -> bool:
        return self.counties is None or county in self.counties

    @property
    def identity(self) -> Identity:
        """As whom the war room asks other services."""
        counties = None if self.counties is None else frozenset(self.counties)
        return Identity(self.login, self.role.value, counties, self.epoch, session=self.session)


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
            words = "This page was open too long. Reload it and try again."
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


# Open to everyone: the sign-in page itself, its style, and what machines ask.
_OPEN = (
    "/login",
    "/healthz",
    "/readyz",
    "/metrics",
    "/assets/theme.css",
    "/assets/favicon.svg",
    "/favicon.ico",
)


def _untold(_: str) -> None:
    pass


def add_sign_in(
    server: flask.Flask,
    settings: DashboardSettings,
    known: Accounts,
    told: Callable[[str], None] = _untold,
) -> None:
    """Adds `/login`, `/logout` and `/logout-everywhere`, and closes every other page to strangers.

    `told` hears whose account was signed out everywhere.
    """
    attempts, guard, hashing = Attempts(), threading.Lock(), threading.BoundedSemaphore(HASHES_AT_ONCE)
    trusted_browsers = TrustedBrowsers(str(server.config["SECRET_KEY"]), settings.cookie_secure)
    server.permanent_session_lifetime = timedelta(hours=settings.session_hours)

    @server.before_request
    def who_is_it() -> Any:
        path = flask.request.path
        if path in _OPEN:
            return None
        flask.g.person = _person(known)
        if flask.g.person is not None:
            return None
        wants_page = flask.request.method == "GET" and "text/html" in flask.request.headers.get("Accept", "")
        if wants_page:
            return flask.redirect(flask.url_for("login", next=flask.request.full_path.rstrip("?")))
        return flask.jsonify(error="signed out", message="Your session has ended. Sign in again."), 401

    @server.get("/login")
    def login() -> Any:
        return _form()

    def too_many(name: str, address: str) -> Any:
        with guard:
            wait = attempts.wait(name, address, time.monotonic(), trusted_browsers.mark(name))
        if wait <= 0:
            return None
        return _form(f"Too many wrong attempts from here. Try again in {max(1, round(wait / 60))} min.", 429)

    def failed(name: str, address: str, why: str, known_login: bool) -> None:
        with guard:
            attempts.failed(name, address, time.monotonic(), trusted_browsers.mark(name))
        login = name if known_login else ""  # people type their password there
        _LOG.info("sign_in_refused", login=login, reason=why, network=network_of(address))

    def welcome(account: Account, address: str) -> Any:
        with guard:
            attempts.succeeded(account.login, address, trusted_browsers.mark(account.login))
        target = _safe(flask.request.form.get("next"))
        if "login" in flask.session:
            known.sign_out(_session())  # of the one before, whoever has copied it
        flask.session.clear()
        flask.session.permanent = True
        flask.session.update(
            login=account.login,
            role=account.role.value,
            counties=list(account.counties) if account.role is Role.LEAD else None,
            epoch=account.epoch,
        )
        csrf_token()
        _LOG.info(
            "signed_in", login=account.login, role=account.role.value,
            second_factor=bool(account.totp_secret), network=network_of(address),
        )  # fmt: skip
        return trusted_browsers.remember(flask.redirect(target, 303), account.login)

    @server.post("/login")
    def sign_in() -> Any:
        if not csrf_right(flask.request.form.get("csrf")):
            return _form("This page was open too long. Please try again.", 400)
        code = flask.request.form.get("code")
        halfway = _halfway() if code is not None else _Halfway(flask.request.form.get("login", ""))
        name, epoch = halfway.login, halfway.epoch
        name = name[:100].strip().lower()
        password = flask.request.form.get("password", "")[: passwords.MOST + 1]  # one too long is nobody's
        address = flask.request.remote_addr or ""
        if code is not None and not name:
            return _form("That took too long. Please begin again.", 400)
        if (answer := too_many(name, address)) is not None:
            return answer
        try:
            account = known.find(name)
        except ConnectionError:
            return _form(
                "The database does not answer, so nobody new can sign in. Try again in a minute.", 503
            )
        if code is not None:
            if account is None or account.disabled or account.epoch != epoch:
                return _form("That took too long. Please begin again.", 400)
            with guard:
                spent = attempts.codes_spent(halfway.number, time.monotonic())
            if spent:
                flask.session.pop("halfway", None)
                return _form("Too many wrong codes. Please begin again with your password.", 429)
            if not known.code_accepted(account, code[:20]):
                with guard:
                    attempts.wrong_code(halfway.number, time.monotonic())
                failed(name, address, "code", True)
                return _form("That code is wrong or was used. Wait for the next one.", 401, ask_code=True)
            return welcome(account, address)
        with hashing:
            if account is None:
                accounts.waste_time(password)
            right = account is not None and account.accepts(password)
        if account is None or not right:
            failed(name, address, "password", account is not None)
            return _form("Login or password is wrong.", 401)
        if account.role not in WAR_ROOM:
            return _form("This account has no war room. Use your personal link instead.", 403)
        if account.totp_secret:
            number = secrets.token_urlsafe(12)
            flask.session["halfway"] = [account.login, account.epoch, int(time.time()), number]
            return _form(ask_code=True)
        return welcome(account, address)

    @server.post("/logout")
    def logout() -> Any:
        if csrf_right(flask.request.form.get("csrf")):
            known.sign_out(_session())
            _LOG.info("signed_out", login=str(flask.session.get("login", "")))
            flask.session.clear()
        return flask.redirect("/login", 303)

    @server.post("/logout-everywhere")
    def logout_everywhere() -> Any:
        who = person()
        if who is None or not csrf_right(flask.request.form.get("csrf")):
            return flask.redirect("/", 303)
        known.sign_out(who.session)
        _LOG.info("signed_out_everywhere", login=who.login)
        flask.session.clear()
        try:
            known.sign_out_everywhere(who.login)
        except _NOT_DONE:
            return _form(
                "You are signed out here only: the database does not answer. Sign in and try again.", 503
            )
        told(who.login)
        return flask.redirect("/login", 303)


def _session() -> str:
    """This session's id. Its CSRF token is its own, and as old as it is."""
    return session_id(csrf_token())


def _person(known: Accounts) -> WarRoomUser | None:
    session = flask.session
    if "login" not in session:
        return None
    role, counties = Role(session["role"]), session["counties"]
    scope = tuple(counties) if counties is not None else None
    who = WarRoomUser(session["login"], role, scope, session["epoch"], _session())
    return who if role in WAR_ROOM and known.still_open(who) else None


@dataclass(frozen=True, slots=True)
class _Halfway:
    """Who gave a right password and owes the code. `number`: of this half-way session."""

    login: str = ""
    epoch: int | None = None
    number: str = ""


def _halfway() -> _Halfway:
    """Login and epoch of the account whose password was right a moment ago; empty where that is long ago."""
    kept = flask.session.get("halfway")
    if not kept or len(kept) != 4 or time.time() - kept[2] >= CODE_SECONDS:
        return _Halfway()
    return _Halfway(kept[0], kept[1], kept[3])


def _form(problem: str = "", status: int = 200, ask_code: bool = False) -> Any:
    """The sign-in page; with `ask_code` its second step."""
    page = flask.render_template(
        "login.html", problem=problem, csrf=csrf_token(), next=_safe(flask.request.values.get("next")),
        ask_code=ask_code,
    )  # fmt: skip
    return flask.make_response(page, status)


def _safe(target: str | None) -> str:
    """A path of ours to go on to; anything that leads elsewhere becomes the board. Answers 400 to what no
    address holds: a line's end would begin a header of its own.
    """
    if target and not target.isprintable():
        flask.abort(400, "That address cannot be read.")
    if not target or not target.startswith("/") or target.startswith(("//", "/\\", "/login", "/_dash")):
        return "/"
    try:
        parts = urlsplit(target)
    except ValueError:
        return "/"
    return target if not parts.scheme and not parts.netloc else "/"
