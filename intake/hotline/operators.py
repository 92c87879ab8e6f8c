"""Who works at the hotline's pages: a staff link of the war room opens them for at most twelve hours.

The link carries a token of purpose `staff`, {"account", "role", "counties"}; it becomes a cookie that scripts
cannot read and other sites' forms cannot use. Nothing here asks a database: the hotline is what remains when
other things have failed.
"""

import structlog
from aiohttp import web

from election.access.accounts import WAR_ROOM
from election.access.identity import Admission, Identity
from election.access.tokens import BadTokenError, Tokens
from intake.settings import IntakeSettings

PURPOSE = "staff"
SECONDS = 12 * 3600
COOKIE = "beluga_hotline"
_FORM_PURPOSE = "hotline-form"

log = structlog.get_logger()


class Operators:
    """Reads staff links and cookies, and makes and reads the tokens of forms (against forged posts)."""

    def __init__(self, admission: Admission, tokens: Tokens, settings: IntakeSettings) -> None:
        self._admission = admission
        self._tokens = tokens
        self._secure = settings.public_url.startswith("https:")

    def at(self, request: web.Request) -> Identity | None:
        """Who asks; None without a good cookie."""
        return self._read(request.cookies.get(COOKIE, ""))

    def enter(self, token: str) -> web.Response | None:
        """The answer to a staff link: a cookie, and the page without the token. None for a bad link."""
        operator = self._read(token)
        if operator is None:
            return None
        log.info("hotline_entered", account=operator.account)
        answer = web.Response(status=303, headers={"Location": "/hotline", "Referrer-Policy": "no-referrer"})
        answer.set_cookie(
            COOKIE, token, max_age=SECONDS, path="/", httponly=True, samesite="Lax", secure=self._secure
        )
        return answer

    def form_token(self, operator: Identity) -> str:
        """What a form of this operator must bring back."""
        return self._tokens.sign(_FORM_PURPOSE, operator.account)

    def brought_back(self, operator: Identity, token: str) -> bool:
        """Whether a form came from a page of this operator."""
        try:
            return bool(self._tokens.read(_FORM_PURPOSE, token, max_age=SECONDS) == operator.account)
        except BadTokenError:
            return False

    def _read(self, token: str) -> Identity | None:
        try:
            identity = self._admission.read(PURPOSE, token, SECONDS)
        except BadTokenError:
            return None
        return identity if identity.role in WAR_ROOM else None
