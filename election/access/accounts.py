"""Accounts of the war room: roles, county scopes, passwords (argon2id). Sessions are the dashboard's affair.

An account's `epoch` grows whenever its password, role or access changes, whoever changes it (a trigger sees
to that); sessions and tokens name the epoch they were signed under, and end with it (`election.access`).
"""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum

import argon2
import asyncpg

from election.access.access_list import AccountStanding
from election.access.identity import Identity
from election.access.passwords import weakness
from election.errors import ElectionError

_HASHER = argon2.PasswordHasher()  # argon2id with the library's defaults (RFC 9106, low memory)

_ADD = """
insert into accounts (login, role, counties, password_hash) values ($1, $2, $3, $4)
on conflict (login) do nothing
returning login
"""
_NONE_YET = "select not exists (select from accounts) and not exists (select from former_accounts)"
_COLUMNS = "login, role, counties, password_hash, disabled, epoch, totp_secret, totp_step, language"
_ALL = f"select {_COLUMNS} from accounts order by login"  # noqa: S608 - a constant
_ONE = f"select {_COLUMNS} from accounts where login = $1"  # noqa: S608 - a constant
_TOTP = """
update accounts set totp_secret = $2, totp_step = 0, epoch = epoch + 1, changed_at = now()
where login = $1 returning login
"""
_USED = "update accounts set totp_step = $2 where login = $1 and totp_step < $2 returning login"
_RESET = """
update accounts set password_hash = $2, disabled = false, epoch = epoch + 1, changed_at = now()
where login = $1 returning login
"""
_DISABLE = """
update accounts set disabled = true, epoch = epoch + 1, changed_at = now() where login = $1 returning login
"""
_SPEAK = "update accounts set language = $2, changed_at = now() where login = $1 returning login"
_SIGN_OUT = "update accounts set epoch = epoch + 1, changed_at = now() where login = $1 returning login"
_CHANGE_ROLE = """
update accounts set role = $2, counties = $3, epoch = epoch + 1, changed_at = now()
where login = $1 returning login
"""


class Role(StrEnum):
    """What a person may see and do; each includes nothing of the others but what it names."""

    WATCHER = "watcher"  # the form, by personal link
    CALLER = "caller"  # the call desk, by personal link
    LEAD = "lead"  # the war room, own counties only
    STAFF = "staff"  # the war room
    ADMIN = "admin"  # the war room, accounts and the audit log


WAR_ROOM = frozenset({Role.LEAD, Role.STAFF, Role.ADMIN})


class AccountError(ElectionError):
    """Base of what can go wrong with an account; the message says what to do."""


class AccountExistsError(AccountError):
    def __init__(self, login: str) -> None:
        super().__init__(f"there is already an account {login}; use reset to give it a new password")


class NoSuchAccountError(AccountError):
    def __init__(self, login: str) -> None:
        super().__init__(f"there is no account {login}; list shows all of them")


class AccountRefusedError(AccountError):
    """The account cannot be as asked (bad login, weak password, lead without a county)."""


@dataclass(frozen=True, slots=True)
class Account:
    """One person's account. `counties` limits a lead; it is empty for everyone else."""

    login: str
    role: Role
    counties: tuple[str, ...]
    password_hash: str
    disabled: bool = False
    epoch: int = 0
    totp_secret: str | None = field(default=None, repr=False)
    totp_step: int = 0  # of the last one-time code used
    language: str = ""  # of the war room's pages; empty: as the browser says

    def accepts(self, password: str) -> bool:
        """Whether `password` is right and the account is open. Slow on purpose (tens of milliseconds)."""
        try:
            _HASHER.verify(self.password_hash, password)
        except (argon2.exceptions.VerificationError, argon2.exceptions.InvalidHashError):
            return False
        return not self.disabled

    def may_see(self, county: str) -> bool:
        return self.role is not Role.LEAD or county in self.counties

    @property
    def identity(self) -> Identity:
        """As whom its tokens speak."""
        counties = frozenset(self.counties) if self.role is Role.LEAD else None
        return Identity(self.login, self.role.value, counties, self.epoch)

    @property
    def standing(self) -> AccountStanding:
        """What services must know of it."""
        return AccountStanding(self.epoch, self.role.value, frozenset(self.counties), self.disabled)


def new_password() -> str:
    """A password that can be read out over a phone: four groups of letters and digits, about 80 bits."""
    letters = "abcdefghjkmnpqrstuvwxyz23456789"
    return "-".join("".join(secrets.choice(letters) for _ in range(4)) for _ in range(4))


def waste_time(password: str) -> None:
    """Hashes for nothing, so that an unknown login answers as slowly as a wrong password."""
    _HASHER.hash(password)


async def add(
    connection: asyncpg.Connection, login: str, role: Role, password: str, counties: Sequence[str] = ()
) -> None:
    """Makes an account. Raises `AccountExistsError` or `AccountRefusedError`."""
    login = login.strip().lower()
    _check_password(password, login)
    _check_scope(role, counties)
    try:
        done = await connection.fetchval(_ADD, login, role.value, list(counties), _HASHER.hash(password))
    except asyncpg.CheckViolationError:
        raise AccountRefusedError(
            f"{login!r} cannot be a login: letters, digits, dot, dash, underscore and @ only"
        ) from None
    if done is None:
        raise AccountExistsError(login)


async def add_first(connection: asyncpg.Connection, login: str, password: str) -> None:
    """Makes the first account there ever was, an admin. Call it within a transaction.

    Raises `AccountRefusedError` where there is, or was, another.
    """
    await connection.execute("lock table accounts in share row exclusive mode")
    if not await connection.fetchval(_NONE_YET):
        raise AccountRefusedError("there are accounts already: sign in, or ask an admin for one")
    await add(connection, login, Role.ADMIN, password)


async def none_yet(connection: asyncpg.Connection) -> bool:
    """Whether there never was an account."""
    return bool(await connection.fetchval(_NONE_YET))


async def reset(connection: asyncpg.Connection, login: str, password: str) -> None:
    """A new password; opens a disabled account again; ends its sessions.

    Raises `NoSuchAccountError`, `AccountRefusedError`.
    """
    _check_password(password, login)
    if await connection.fetchval(_RESET, login.lower(), _HASHER.hash(password)) is None:
        raise NoSuchAccountError(login)


async def disable(connection: asyncpg.Connection, login: str) -> None:
    """Closes the account and ends its sessions. Raises `NoSuchAccountError`."""
    if await connection.fetchval(_DISABLE, login.lower()) is None:
        raise NoSuchAccountError(login)


async def sign_out(connection: asyncpg.Connection, login: str) -> None:
    """Ends every session, link and token of the account; its password stays. Raises `NoSuchAccountError`."""
    if await connection.fetchval(_SIGN_OUT, login.lower()) is None:
        raise NoSuchAccountError(login)


async def change_role(
    connection: asyncpg.Connection, login: str, role: Role, counties: Sequence[str] = ()
) -> None:
    """Another role or other counties; ends what was signed under the old ones.

    Raises `NoSuchAccountError`, `AccountRefusedError`.
    """
    _check_scope(role, counties)
    own = list(counties) if role is Role.LEAD else []
    if await connection.fetchval(_CHANGE_ROLE, login.lower(), role.value, own) is None:
        raise NoSuchAccountError(login)


async def require_codes(connection: asyncpg.Connection, login: str, secret: str | None) -> None:
    """Asks for one-time codes of this secret from now on (None: no more); ends the account's sessions.

    Raises `NoSuchAccountError`.
    """
    if await connection.fetchval(_TOTP, login.lower(), secret) is None:
        raise NoSuchAccountError(login)


async def use_code(connection: asyncpg.Connection, login: str, step: int) -> bool:
    """Marks the code of this step as used; False where it, or a later one, had been."""
    return await connection.fetchval(_USED, login, step) is not None


async def choose_language(connection: asyncpg.Connection, login: str, language: str) -> None:
    """The language of its pages from now on; its sessions go on. Raises `NoSuchAccountError`."""
    if await connection.fetchval(_SPEAK, login.lower(), language) is None:
        raise NoSuchAccountError(login)


async def find(connection: asyncpg.Connection, login: str) -> Account | None:
    """The account with this login, in whatever case it was typed."""
    row = await connection.fetchrow(_ONE, login.strip().lower())
    return _account(row) if row else None


async def read_all(connection: asyncpg.Connection) -> list[Account]:
    """Every account, by login."""
    return [_account(row) for row in await connection.fetch(_ALL)]


def _account(row: asyncpg.Record) -> Account:
    return Account(
        row["login"],
        Role(row["role"]),
        tuple(row["counties"]),
        row["password_hash"],
        row["disabled"],
        row["epoch"],
        row["totp_secret"],
        row["totp_step"],
        row["language"],
    )


def _check_scope(role: Role, counties: Sequence[str]) -> None:
    if role is Role.LEAD and not counties:
        raise AccountRefusedError("a lead needs at least one county")


def _check_password(password: str, login: str) -> None:
    if wrong := weakness(password, login):
        raise AccountRefusedError(f"a password {wrong}; without --password-stdin one is made")
