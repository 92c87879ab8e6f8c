"""Callers as people: what they speak, who is on duty and how fast, and phone banks they join by a code."""

import asyncio
import secrets
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import cast

import asyncpg

from callers.statements import statements
from election.audit import record

_SQL = statements("people")
_LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"  # none that looks like another
_DAY = timedelta(hours=14)  # an election day's calls
# Languages a voter may turn out to speak, and a caller to know.
_NAMES = {
    "en": "English", "es": "español", "zh": "中文", "vi": "Tiếng Việt", "ko": "한국어", "tl": "Tagalog",
    "ar": "العربية", "fr": "français", "ht": "kreyòl ayisyen", "pt": "português", "ru": "русский",
    "pl": "polski", "de": "Deutsch", "hi": "हिन्दी", "ja": "日本語",
}  # fmt: skip
SPOKEN = tuple(_NAMES)


class BankClosedError(Exception):
    """This phone bank is over or full, or there is none with this code."""


def autonym(code: str) -> str:
    """A language's name in that language; its code where we do not know it."""
    return _NAMES.get(code, code)


def new_code() -> str:
    """A code to write on a wall: eight letters and digits, about 40 bits."""
    return "".join(secrets.choice(_LETTERS) for _ in range(8))


@dataclass(frozen=True, slots=True)
class Bank:
    """A phone bank whose volunteers sign themselves up."""

    code: str
    name: str
    most_callers: int
    ends_at: datetime
    joined: int


@dataclass(frozen=True, slots=True)
class OnDuty:
    """One caller at work. `idle`: since the last voter or outcome, where they hold none."""

    caller_id: str
    name: str
    languages: tuple[str, ...]
    precinct_id: str
    on_a_call: timedelta | None
    idle: timedelta | None
    calls: int
    last_hour: int
    answered: int
    abusive: int
    barred: bool


class People:
    """The callers' own tables."""

    def __init__(self, pool: asyncpg.Pool) -> None:
        self._pool = pool

    async def speak(self, caller_id: str, languages: Sequence[str]) -> None:
        """What they speak from now on; the first is their page's. Raises `ValueError` for none."""
        known = [code for code in dict.fromkeys(languages) if code in SPOKEN]
        if not known:
            raise ValueError("at least one language")
        await self._pool.execute(_SQL["speak"], caller_id, known)

    async def open_bank(
        self, name: str, most_callers: int, ends_at: datetime, account: str, now: datetime
    ) -> Bank:
        """A new phone bank with a code of its own. Audited."""
        code = new_code()
        async with self._pool.acquire() as proxy, proxy.transaction():
            connection = cast(asyncpg.Connection, proxy)
            await connection.execute(_SQL["open_bank"], code, name, most_callers, ends_at, account, now)
            detail = {"most_callers": most_callers, "ends_at": ends_at.isoformat()}
            await record(connection, now, account, "phone bank opened", f"bank:{name}", detail)
        return Bank(code, name, most_callers, ends_at, 0)

    async def banks(self) -> list[Bank]:
        rows = await self._pool.fetch(_SQL["banks"])
        return [_bank(row) for row in rows]

    async def join(self, code: str, name: str, contact: str, languages: Sequence[str], now: datetime) -> str:
        """Signs a volunteer up; their caller id. Raises `BankClosedError`, `ValueError`."""
        name = " ".join(name.split())[:80]
        known = [language for language in dict.fromkeys(languages) if language in SPOKEN] or ["en"]
        if not name:
            raise ValueError("a name")
        caller_id = f"{code}-{secrets.token_hex(4)}"
        async with self._pool.acquire() as connection, connection.transaction():
            row = await connection.fetchrow(_SQL["bank"], code, now)
            if row is None or row["joined"] >= row["most_callers"]:
                raise BankClosedError
            await connection.execute(_SQL["join"], caller_id, name, contact.strip()[:120], known, code)
        return caller_id

    async def bar(self, caller_id: str, account: str, now: datetime, *, barred: bool = True) -> bool:
        """Takes a caller's link away, with the voter they hold; whether there is such a caller. Audited."""
        async with self._pool.acquire() as proxy, proxy.transaction():
            connection = cast(asyncpg.Connection, proxy)
            done = await connection.fetchval(_SQL["bar"], caller_id, barred, now)
            if done:
                action = "caller barred" if barred else "caller let in again"
                await record(connection, now, account, action, f"caller:{caller_id}")
        return bool(done)

    async def on_duty(self, now: datetime, bank: str = "") -> list[OnDuty]:
        """Who worked today, those on a call first."""
        rows = await self._pool.fetch(_SQL["on_duty"], now - _DAY, now - timedelta(hours=1), bank)
        return [
            OnDuty(
                r["caller_id"], r["name"], tuple(r["languages"]), r["precinct_id"] or "",
                now - r["holds_since"] if r["holds_since"] else None,
                None if r["holds_since"] else now - r["seen_at"],
                r["calls"], r["last_hour"], r["answered"], r["abusive"], r["barred"],
            )
            for r in rows
        ]  # fmt: skip

    async def outcomes(self, now: datetime, sees: Callable[[str], bool]) -> Counter[str]:
        """Today's calls by outcome, in the precincts that `sees` names."""
        found: Counter[str] = Counter()
        for row in await self._pool.fetch(_SQL["outcomes"], now - _DAY):
            if sees(row["precinct_id"]):
                found[row["outcome"]] += row["n"]
        return found

    async def grounds(self, caller_id: str, now: datetime) -> tuple[set[str], set[str]]:
        """A caller's own counties, and the precincts whose voters they were shown today."""
        row = await self._pool.fetchrow(_SQL["grounds"], caller_id, now - _DAY)
        return (set(row["counties"]), set(row["precincts"])) if row else (set(), set())

    async def seen_lately(self, caller_id: str, since: datetime) -> int:
        """Voters this caller has been shown since then, by whichever service."""
        return int(await self._pool.fetchval(_SQL["seen_lately"], caller_id, since))

    async def viewed(
        self, account: str, now: datetime, *, voter_id: str = "", caller_id: str = ""
    ) -> list[asyncpg.Record]:
        """Every view of a voter, or by a caller, newest first. The look at it is audited, too."""
        async with self._pool.acquire() as proxy, proxy.transaction():
            connection = cast(asyncpg.Connection, proxy)
            subject = f"voter:{voter_id}" if voter_id else f"caller:{caller_id}"
            await record(connection, now, account, "views looked at", subject)
            return await connection.fetch(_SQL["viewed"], voter_id, caller_id)


class WrongCodes:
    """Stops the guessing of codes: after so many wrong ones a minute none is looked at."""

    def __init__(self, most: int = 30) -> None:
        self._most = most
        self._wrong = 0
        self._since = 0.0

    def wrong(self) -> None:
        self._wrong += 1

    @property
    def too_many(self) -> bool:
        now = asyncio.get_running_loop().time()
        if now - self._since > 60:
            self._since, self._wrong = now, 0
        return self._wrong >= self._most


def _bank(row: asyncpg.Record) -> Bank:
    return Bank(row["code"], row["name"], row["most_callers"], row["ends_at"], row["joined"])
