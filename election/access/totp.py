"""One-time codes of an authenticator app (RFC 6238: HMAC-SHA1, six digits, thirty seconds). Pure."""

import base64
import hmac
import secrets
from hashlib import sha1
from urllib.parse import quote, urlencode

STEP_SECONDS = 30
DIGITS = 6
DRIFT = 1  # steps that a phone's clock may be early or late
SECRET_BYTES = 20  # as long as the hash (RFC 4226, section 4)


def new_secret() -> str:
    """A fresh secret in base32, as apps take it."""
    return base64.b32encode(secrets.token_bytes(SECRET_BYTES)).decode()


def code(secret: str, step: int) -> str:
    """The code of a step: the number of whole `STEP_SECONDS` since 1970 (RFC 4226, section 5.3)."""
    digest = hmac.new(base64.b32decode(secret), step.to_bytes(8, "big"), sha1).digest()
    at = digest[-1] & 15
    number = int.from_bytes(digest[at : at + 4], "big") & 0x7FFFFFFF
    return f"{number % 10**DIGITS:0{DIGITS}d}"


def step_of(secret: str, given: str, seconds: float, after: int) -> int | None:
    """The step this code belongs to at `seconds` of real time, None where it is wrong.

    Only steps later than `after`, the last one used, count: a code read over a shoulder opens nothing.
    """
    given = "".join(given.split())
    now, found = int(seconds // STEP_SECONDS), None
    for step in range(now - DRIFT, now + DRIFT + 1):
        if hmac.compare_digest(code(secret, step).encode(), given.encode()) and step > after:
            found = step
    return found


def address(secret: str, login: str, issuer: str) -> str:
    """The `otpauth:` address that an app reads from a QR code."""
    label = quote(f"{issuer}:{login}")
    return f"otpauth://totp/{label}?{urlencode({'secret': secret, 'issuer': issuer})}"
