"""Which browsers somebody has signed in from: a signed cookie that only the sign-in page is sent.

It opens nothing. It tells a person's own browser from a stranger's behind the same router, so that the
stranger's wrong passwords lock out the stranger alone (`dashboard.accounts.attempts`).
"""

import secrets

import flask
from itsdangerous import BadData, URLSafeTimedSerializer
from werkzeug.wrappers import Response

NAME = "beluga_browser"
KEPT_SECONDS = 90 * 86_400
MOST_LOGINS = 8  # of one shared machine


class TrustedBrowsers:
    """Reads and writes the mark of the request under way."""

    def __init__(self, secret: str, secure: bool) -> None:
        self._signed = URLSafeTimedSerializer(secret, salt="beluga.browser")
        self._secure = secure

    def mark(self, login: str) -> str:
        """What stands for this browser where `login` was signed in from it; "" where not."""
        return self._known().get(login, "")

    def remember(self, response: Response, login: str) -> Response:
        """The answer to a sign-in, with this login in the browser's cookie."""
        known = self._known()
        mark = known.pop(login, "") or secrets.token_urlsafe(12)
        kept = dict([*known.items(), (login, mark)][-MOST_LOGINS:])
        response.set_cookie(
            NAME, str(self._signed.dumps(kept)), max_age=KEPT_SECONDS, path="/login", secure=self._secure,
            httponly=True, samesite="Lax",
        )  # fmt: skip
        return response

    def _known(self) -> dict[str, str]:
        try:
            found = self._signed.loads(flask.request.cookies.get(NAME, ""), max_age=KEPT_SECONDS)
        except BadData:
            return {}
        return {str(k): str(v) for k, v in found.items()} if isinstance(found, dict) else {}
