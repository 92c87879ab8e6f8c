"""Who works at the hotline's pages: a staff link of the war room opens them for at most twelve hours.

The link carries a token of purpose `staff`, {"account", "role", "counties"}; it becomes a cookie that scripts
cannot read and other sites' forms cannot use. Nothing here asks a database: the hotline is what remains when
other things have failed.
"""

from dataclasses import dataclass
from typing import Any

from aiohttp import web

from election.day import Precinct
from election.tokens import BadTokenError, Tokens
from intake.settings import IntakeSettings

PURPOSE = "staff"
SECONDS = 12 * 3600
COOKIE = "beluga_hotline"
_FORM_PURPOSE = "hotline-form"
_ALLOWED = frozenset({"lead", "staff", "admin"})


@dataclass(frozen=True, slots=True)
class Operator:
    """Somebody at the hotline. `counties` limits a lead; None is all of them."""

    account: str
    role: str
    counties: tuple[str, ...] | None

    def may_report(self, precinct: Precinct) -> bool:
        """Whether the precinct is this operator's to report for."""
        return self.counties is None or precinct.county in self.counties


class Operators:
    """Reads staff links and cookies, and makes and reads the tokens of forms (against forged posts)."""

    def __init__(self, tokens: Tokens, settings: IntakeSettings) -> None:
        self._tokens = tokens
        self._secure = settings.public_url.startswith("https:")

    def at(self, request: web.Request) -> Operator | None:
        """Who asks; None without a good cookie."""
        return self._read(request.cookies.get(COOKIE, ""))

    def enter(self, token: str) -> web.Response | None:
        """The answer to a staff link: a cookie, and the page without the token. None for a bad link."""
        if self._read(token) is None:
            return None
        answer = web.Response(status=303, headers={"Location": "/hotline", "Referrer-Policy": "no-referrer"})
        answer.set_cookie(
            COOKIE, token, max_age=SECONDS, path="/", httponly=True, samesite="Lax", secure=self._secure
        )
        return answer

    def form_token(self, operator: Operator) -> str:
        """What a form of this operator must bring back."""
        return self._tokens.sign(_FORM_PURPOSE, operator.account)

    def brought_back(self, operator: Operator, token: str) -> bool:
        """Whether a form came from a page of this operator."""
        try:
            return bool(self._tokens.read(_FORM_PURPOSE, token, max_age=SECONDS) == operator.account)
        except BadTokenError:
            return False

    def _read(self, token: str) -> Operator | None:
        try:
            value: Any = self._tokens.read(PURPOSE, token, max_age=SECONDS)
            account, role = str(value["account"])[:100], str(value["role"])
            counties = value.get("counties")
        except (BadTokenError, KeyError, TypeError, AttributeError):
            return None
        if role not in _ALLOWED or (role == "lead" and not counties):
            return None
        return Operator(account, role, tuple(map(str, counties)) if counties else None)
