"""Signed tokens: watchers' and callers' links, feed access, calls between services.

Each purpose has its own salt, so that a token for one thing opens nothing else.
"""

from typing import Any

from itsdangerous import BadData, URLSafeTimedSerializer

from election.errors import ElectionError


class BadTokenError(ElectionError):
    """The token is not ours, has been changed, or is too old."""


FIRST_ACCOUNT = "first-account"  # the purpose of the link that `beluga up` prints on an empty stack


class Tokens:
    """Signs and reads small JSON values. `secret` comes from the settings; share it among all services."""

    def __init__(self, secret: str) -> None:
        if len(secret) < 32:
            raise ValueError("BELUGA_SECRET: set it to at least 32 random characters")
        self._secret = secret

    def sign(self, purpose: str, value: Any) -> str:
        """`purpose` says what the token opens: watcher, caller, captain, staff, feed, service and so on."""
        return str(URLSafeTimedSerializer(self._secret, salt=f"beluga.{purpose}").dumps(value))

    def read(self, purpose: str, token: str, max_age: int | None = None) -> Any:
        """The signed value. `max_age` in seconds of real time. Raises `BadTokenError`."""
        try:
            return URLSafeTimedSerializer(self._secret, salt=f"beluga.{purpose}").loads(
                token, max_age=max_age
            )
        except BadData as error:
            raise BadTokenError(str(error)) from None
