"""Keys of an operator's own programs: named, limited to scopes and counties, and ended one by one.

A key is 32 random bytes, shown once. What is kept is its SHA-256: nobody guesses so many, so that a slow hash
would protect nothing and cost each request tens of milliseconds.
"""

import hashlib
import hmac
import re
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

import asyncpg

from election.access.identity import Identity
from election.errors import ElectionError

A_MINUTE = 120  # requests of one key, where nobody says otherwise
MOST_A_MINUTE = 6_000
LONGEST_NAME = 60
_FORM = re.compile(r"beluga_([0-9a-f]{12})_([A-Za-z0-9_-]{43})")
_NAME = re.compile(r"[\w.-][\w. -]{0,59}")

_COLUMNS = """
key_id, name, scopes, counties, a_minute, secret_hash, made_by, made_at, used_at, uses, revoked_by, revoked_at
"""
_ALL = f"select {_COLUMNS} from api_keys order by revoked_at is not null, name, made_at"  # noqa: S608
_MAKE = """
insert into api_keys (key_id, name, scopes, counties, a_minute, secret_hash, made_by)
values ($1, $2, $3, $4, $5, $6, $7) on conflict (name) where revoked_at is null do nothing returning key_id
"""
_REVOKE = """
update api_keys set revoked_by = $2, revoked_at = now()
where key_id = $1 and revoked_at is null returning name
"""
_USED = """
update api_keys k set uses = k.uses + n.uses, used_at = greatest(k.used_at, now())
from unnest($1::text[], $2::bigint[]) as n (key_id, uses) where k.key_id = n.key_id
"""


class ApiScope(StrEnum):
    """What a key opens; each says nothing of the others."""

    STANDINGS = "standings"  # reads how precincts stand
    CALLS = "calls"  # reads where callers are sent, and what came of it
    CHECK_INS = "check-ins"  # sends counts and texts, as the hotline does
    OUTCOMES = "outcomes"  # sends the outcomes of a call list


class ApiKeyError(ElectionError):
    """A key that cannot be made or ended as asked; the message says what to do."""


@dataclass(frozen=True, slots=True)
class ApiKey:
    """One key as it is kept. `counties`: all it may see and change; empty: everything."""

    key_id: str
    name: str
    scopes: frozenset[str]
    counties: tuple[str, ...]
    a_minute: int
    secret_hash: bytes = field(repr=False)
    made_by: str
    made_at: datetime
    used_at: datetime | None = None
    uses: int = 0
    revoked_by: str | None = None
    revoked_at: datetime | None = None

    @property
    def account(self) -> str:
        """As whom it stands in the log and the audit: no login has a space."""
        return f"key {self.name}"

    @property
    def identity(self) -> Identity:
        """As whom other services know it."""
        role = "lead" if self.counties else "staff"
        return Identity(self.account, role, frozenset(self.counties) if self.counties else None, machine=True)

    def opens(self, secret: str) -> bool:
        """Whether this is its secret, and it has not been revoked."""
        return self.revoked_at is None and hmac.compare_digest(self.secret_hash, _hash(secret))


def parts_of(text: str) -> tuple[str, str]:
    """(id, secret) of a key as it is written; empty where it is none of ours."""
    found = _FORM.fullmatch(text)
    return (found[1], found[2]) if found else ("", "")


async def make(  # noqa: PLR0917
    connection: asyncpg.Connection,
    name: str,
    scopes: Sequence[str],
    counties: Sequence[str],
    a_minute: int,
    account: str,
) -> str:
    """Makes a key and returns it: nobody can see it again. Raises `ApiKeyError`."""
    name = " ".join(name.split())
    if not _NAME.fullmatch(name):
        raise ApiKeyError("A key needs a name of letters and digits, 60 at most: say what it is for.")
    if not scopes or not set(scopes) <= set(ApiScope):
        raise ApiKeyError("Choose what the key opens.")
    if not 1 <= a_minute <= MOST_A_MINUTE:
        raise ApiKeyError(f"A key has 1 to {MOST_A_MINUTE:,} requests a minute.")
    key_id, secret = secrets.token_hex(6), secrets.token_urlsafe(32)
    made = await connection.fetchval(
        _MAKE, key_id, name, sorted(set(scopes)), sorted(set(counties)), a_minute, _hash(secret), account
    )
    if made is None:
        raise ApiKeyError(f"There is a key {name} already: revoke it first, or choose another name.")
    return f"beluga_{key_id}_{secret}"


async def revoke(connection: asyncpg.Connection, key_id: str, account: str) -> str:
    """Ends a key within seconds, and returns its name. Raises `ApiKeyError` where none is open."""
    name = await connection.fetchval(_REVOKE, key_id, account)
    if name is None:
        raise ApiKeyError("There is no such key, or it was revoked before.")
    return str(name)


async def read_all(connection: asyncpg.Connection) -> list[ApiKey]:
    """Every key there ever was, open ones first."""
    rows = [dict(row) for row in await connection.fetch(_ALL)]
    return [
        ApiKey(**{**row, "scopes": frozenset(row["scopes"]), "counties": tuple(row["counties"])})
        for row in rows
    ]


async def note_uses(connection: asyncpg.Connection, uses: Mapping[str, int]) -> None:
    """Adds requests to their keys' counts."""
    await connection.execute(_USED, list(uses), list(uses.values()))


def _hash(secret: str) -> bytes:
    return hashlib.sha256(secret.encode()).digest()
