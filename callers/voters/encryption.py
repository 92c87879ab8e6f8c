"""Voters' names, phones and addresses at rest, where the operator gives a key (`BELUGA_VOTERS_KEY`).

A sealed voter's row holds a keyed fingerprint in place of the phone: equal phones have equal fingerprints, so
households, opt-outs and law L7 work as on plain ones, and nobody without the key can try all phone numbers.
Everything a person could read lies in `sealed`: AES-SIV (RFC 5297) bound to the voter's id. It is
deterministic, so that importing the same roll again changes nothing. The key is never stored; without it the
rows are noise.
"""

import base64
import hmac
from dataclasses import dataclass, field

import orjson
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESSIV
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from callers.errors import CallersError

LEAST_KEY = 32  # characters
_MARK = "~"  # no phone begins with it
_KEY_BYTES, _PRINT_BYTES = 64, 18


class KeyMismatchError(CallersError):
    """What BELUGA_VOTERS_KEY holds does not go with the voters' records. The docstring is the message."""

    def __init__(self) -> None:
        super().__init__(" ".join(str(self.__doc__).split()))


class SealedError(KeyMismatchError):
    """The voters are sealed with another key than BELUGA_VOTERS_KEY; set the one they were imported with.

    If that key is lost, nobody can read them: remove them (`beluga purge`) and import the roll anew.
    """


class LateKeyError(KeyMismatchError):
    """The voters were imported without a key and called since: sealed now, what they said would be forgotten.

    Leave BELUGA_VOTERS_KEY unset until the election is over.
    """


class ShortKeyError(KeyMismatchError, ValueError):
    """BELUGA_VOTERS_KEY is too short: set it to at least 32 random characters (`openssl rand -base64 32`)."""


@dataclass(frozen=True, slots=True)
class Person:
    """What identifies a voter. Never in a log."""

    name: str = field(repr=False)
    phone: str = field(repr=False)
    address: str = field(default="", repr=False)


class Encryption:
    """Closes and opens voters with one key. An empty key leaves everything as it is."""

    def __init__(self, key: str) -> None:
        """Raises `ShortKeyError`."""
        if key and len(key) < LEAST_KEY:
            raise ShortKeyError
        self._cipher = AESSIV(_derived(key, b"beluga voters", _KEY_BYTES)) if key else None
        self._prints = _derived(key, b"beluga phones", 32) if key else b""

    def __bool__(self) -> bool:
        return self._cipher is not None

    def phone(self, number: str) -> str:
        """What stands in the tables for this phone."""
        if self._cipher is None or not number or number.startswith(_MARK):
            return number
        digest = hmac.digest(self._prints, number.encode(), "sha256")[:_PRINT_BYTES]
        return _MARK + base64.urlsafe_b64encode(digest).decode()

    def close(self, voter_id: str, person: Person) -> bytes | None:
        """The sealed person; None without a key."""
        if self._cipher is None:
            return None
        words = orjson.dumps((person.name, person.phone, person.address))
        return self._cipher.encrypt(words, [voter_id.encode()])

    def person(self, voter_id: str, name: str, phone: str, sealed: bytes | None, address: str = "") -> Person:
        """The person of a row, opened where it is sealed. Raises `SealedError`."""
        if sealed is None:
            return Person(name, phone, address)
        if self._cipher is None:
            raise SealedError
        try:
            return Person(*orjson.loads(self._cipher.decrypt(sealed, [voter_id.encode()])))
        except InvalidTag:
            raise SealedError from None


def _derived(key: str, purpose: bytes, length: int) -> bytes:
    return HKDF(algorithm=hashes.SHA256(), length=length, salt=None, info=purpose).derive(key.encode())
