"""The pages for signing in and out, and the check before every other page."""

import secrets
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

import flask
import structlog

from dashboard.accounts.attempts import Attempts
from dashboard.accounts.sign_in import Accounts, WarRoomUser, csrf_right, csrf_token, person
from dashboard.accounts.trusted_browsers import TrustedBrowsers
from dashboard.languages import CHOICE, languages_known, tr
from dashboard.settings import DashboardSettings
from election.access import accounts, passwords
from election.access.accounts import WAR_ROOM, Account, AccountError, Role
from election.access.addresses import network_of
from election.access.sessions import session_id
from election.postgres.database import UNREACHABLE

_LOG = structlog.get_logger()

CODE_SECONDS = 300  # real, from the password to the one-time code
HASHES_AT_ONCE = 2  # argon2 takes 64 MB each

_NOT_DONE: tuple[type[BaseException], ...] = (*UNREACHABLE, AccountError)

# Open to everyone: the sign-in page itself, its style, and what machines ask.
_OPEN = (
    "/login",
    "/first",
    "/healthz",
    "/readyz",
    "/metrics",
    "/assets/favicon.svg",
    "/favicon.ico",
)


_BY_KEY = "/api/v1/"  # routes that are opened by a key of their own, never by a session
_STYLES = "/style/"  # how pages look is no secret, and the sign-in page needs it


def _nothing(_: str) -> None:
    pass


class SignInPages:
    """`/login`, `/logout`, `/language` and `/logout-everywhere`; every other page is closed to strangers.

    `signed_out` is called with the login of an account that was signed out everywhere.
    """

    def __init__(
        self, settings: DashboardSettings, known: Accounts, signed_out: Callable[[str], None] = _nothing
    ) -> None:
        self._settings = settings
        self._accounts = known
        self._signed_out = signed_out
        self._attempts, self._guard = Attempts(), threading.Lock()
        self._hashing = threading.BoundedSemaphore(HASHES_AT_ONCE)
        self._trusted: TrustedBrowsers

    def add_to(self, server: flask.Flask) -> None:
        """Adds the routes."""
        self._trusted = TrustedBrowsers(str(server.config["SECRET_KEY"]), self._settings.cookie_secure)
        server.permanent_session_lifetime = timedelta(hours=self._settings.session_hours)
        server.before_request(self.who_is_it)
        server.get("/login")(self.login)
        server.post("/login")(self.sign_in)
        server.post("/logout")(self.logout)
        server.post("/language")(self.choose_language)
        server.post("/logout-everywhere")(self.logout_everywhere)

    def who_is_it(self) -> Any:
        """Finds out who asks, before every request; strangers get no further than the sign-in page."""
        path = flask.request.path
        rule = flask.request.url_rule
        if path in _OPEN or (rule is not None and rule.rule.startswith((_BY_KEY, _STYLES))):
            return None
        flask.g.person = _person(self._accounts)
        if flask.g.person is not None:
            return None
        wants_page = "text/html" in flask.request.headers.get("Accept", "")
        if wants_page and flask.request.method != "GET":  # a form that was open when the session ended
            words = tr("Your session has ended, and nothing was changed. Sign in, and do it again.")
            return _form(words, 401, to=page_of(path))
        if wants_page:
            return flask.redirect(flask.url_for("login", next=flask.request.full_path.rstrip("?")))
        return flask.jsonify(error="signed out", message=tr("Your session has ended. Sign in again.")), 401

    def login(self) -> Any:
        """The sign-in page."""
        return _form()

    def _too_many(self, name: str, address: str) -> Any:
        with self._guard:
            wait = self._attempts.wait(name, address, time.monotonic(), self._trusted.mark(name))
        if wait <= 0:
            return None
        return _form(
            tr("Too many wrong attempts from here. Try again in {n} min.", n=max(1, round(wait / 60))), 429
        )

    def _failed(self, name: str, address: str, why: str, known_login: bool) -> None:
        with self._guard:
            self._attempts.failed(name, address, time.monotonic(), self._trusted.mark(name))
        login = name if known_login else ""  # people type their password there
        _LOG.info("sign_in_refused", login=login, reason=why, network=network_of(address))

    def _welcome(self, account: Account, address: str) -> Any:
        with self._guard:
            self._attempts.succeeded(account.login, address, self._trusted.mark(account.login))
        target = _safe(flask.request.form.get("next"))
        if "login" in flask.session:
            self._accounts.sign_out(_session())  # of the one before, whoever has copied it
        flask.session.clear()
        flask.session.permanent = True
        flask.session.update(
            login=account.login,
            role=account.role.value,
            counties=list(account.counties) if account.role is Role.LEAD else None,
            epoch=account.epoch,
        )
        if account.language:
            flask.session[CHOICE] = account.language
        csrf_token()
        _LOG.info(
            "signed_in", login=account.login, role=account.role.value,
            second_factor=bool(account.totp_secret), network=network_of(address),
        )  # fmt: skip
        return self._trusted.remember(flask.redirect(target, 303), account.login)

    def sign_in(self) -> Any:
        """Checks login and password, then the one-time code where the account wants one."""
        if not csrf_right(flask.request.form.get("csrf")):
            return _form(tr("This page was open too long. Please try again."), 400)
        code = flask.request.form.get("code")
        halfway = _halfway() if code is not None else _Halfway(flask.request.form.get("login", ""))
        name, epoch = halfway.login, halfway.epoch
        name = name[:100].strip().lower()
        password = flask.request.form.get("password", "")[: passwords.MOST + 1]  # one too long is nobody's
        address = flask.request.remote_addr or ""
        if code is not None and not name:
            return _form(tr("That took too long. Please begin again."), 400)
        if (answer := self._too_many(name, address)) is not None:
            return answer
        try:
            account = self._accounts.find(name)
        except ConnectionError:
            return _form(
                tr("The database does not answer, so nobody new can sign in. Try again in a minute."), 503
            )
        if code is not None:
            if account is None or account.disabled or account.epoch != epoch:
                return _form(tr("That took too long. Please begin again."), 400)
            with self._guard:
                spent = self._attempts.codes_spent(halfway.number, time.monotonic())
            if spent:
                flask.session.pop("halfway", None)
                return _form(tr("Too many wrong codes. Please begin again with your password."), 429)
            if not self._accounts.code_accepted(account, code[:20]):
                with self._guard:
                    self._attempts.wrong_code(halfway.number, time.monotonic())
                self._failed(name, address, "code", True)
                return _form(tr("That code is wrong or was used. Wait for the next one."), 401, ask_code=True)
            return self._welcome(account, address)
        with self._hashing:
            if account is None:
                accounts.waste_time(password)
            right = account is not None and account.accepts(password)
        if account is None or not right:
            self._failed(name, address, "password", account is not None)
            return _form(tr("Login or password is wrong."), 401)
        if account.role not in WAR_ROOM:
            return _form(tr("This account has no war room. Use your personal link instead."), 403)
        if account.totp_secret:
            number = secrets.token_urlsafe(12)
            flask.session["halfway"] = [account.login, account.epoch, int(time.time()), number]
            return _form(ask_code=True)
        return self._welcome(account, address)

    def logout(self) -> Any:
        """Ends this session."""
        if csrf_right(flask.request.form.get("csrf")):
            self._accounts.sign_out(_session())
            _LOG.info("signed_out", login=str(flask.session.get("login", "")))
            flask.session.clear()
        return flask.redirect("/login", 303)

    def choose_language(self) -> Any:
        """The pages' language from now on: of this session, and on the account where it can be kept."""
        who, language = person(), flask.request.form.get("language", "")
        if who is not None and csrf_right(flask.request.form.get("csrf")) and language in languages_known():
            flask.session[CHOICE] = language
            try:
                self._accounts.choose_language(who.login, language)
            except _NOT_DONE:
                _LOG.warning("language_not_kept", login=who.login)
        return flask.redirect(_safe(flask.request.form.get("next")), 303)

    def logout_everywhere(self) -> Any:
        """Ends all sessions of this account."""
        who = person()
        if who is None or not csrf_right(flask.request.form.get("csrf")):
            return flask.redirect("/", 303)
        self._accounts.sign_out(who.session)
        _LOG.info("signed_out_everywhere", login=who.login)
        flask.session.clear()
        try:
            self._accounts.sign_out_everywhere(who.login)
        except _NOT_DONE:
            return _form(
                tr("You are signed out here only: the database does not answer. Sign in and try again."), 503
            )
        self._signed_out(who.login)
        return flask.redirect("/login", 303)


def _session() -> str:
    """This session's id. Its CSRF token is its own, and as old as it is."""
    return session_id(csrf_token())


def _person(known: Accounts) -> WarRoomUser | None:
    session = flask.session
    if "login" not in session or session["role"] not in WAR_ROOM:
        return None
    role, counties = Role(session["role"]), session["counties"]
    scope = tuple(counties) if counties is not None else None
    who = WarRoomUser(session["login"], role, scope, session["epoch"], _session())
    return who if known.still_open(who) else None


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


def _form(problem: str = "", status: int = 200, ask_code: bool = False, to: str = "") -> Any:
    """The sign-in page; with `ask_code` its second step. `to`: where it leads."""
    page = flask.render_template(
        "login.html", problem=problem, csrf=csrf_token(), next=_safe(flask.request.values.get("next") or to),
        ask_code=ask_code,
    )  # fmt: skip
    return flask.make_response(page, status)


def page_of(path: str) -> str:
    """The page whose form is sent to this path."""
    parts = path.split("/")
    return "/".join(parts[: 3 if path.startswith("/office/") else 2])


def _safe(target: str | None) -> str:
    """A path of ours to go on to; anything that leads elsewhere becomes the board. Answers 400 to what no
    address holds: a line's end would begin a header of its own.
    """
    if target and not target.isprintable():
        flask.abort(400, tr("That address cannot be read."))
    if not target or not target.startswith("/") or target.startswith(("//", "/\\", "/login", "/_dash")):
        return "/"
    try:
        parts = urlsplit(target)
    except ValueError:
        return "/"
    return target if not parts.scheme and not parts.netloc else "/"
