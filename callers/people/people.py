"""Callers as people: what they speak, who is on duty, and how fast."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import cast

import asyncpg

from callers.queries.statements import statements
from election.access.audit import record

_SQL = statements("people")
_DAY = timedelta(hours=14)  # an election day's calls
_ODD_UNREPORTED, _ODD_GIVEN_BACK = 3, 8  # voters a day; dead phones and wrong taps are fewer
# Languages a voter may turn out to speak, and a caller to know.
_NAMES = {
    "en": "English", "es": "español", "zh": "中文", "vi": "Tiếng Việt", "ko": "한국어", "tl": "Tagalog",
    "ar": "العربية", "fr": "français", "ht": "kreyòl ayisyen", "pt": "português", "ru": "русский",
    "pl": "polski", "de": "Deutsch", "hi": "हिन्दी", "ja": "日本語",
}  # fmt: skip
SPOKEN = tuple(_NAMES)


def autonym(code: str) -> str:
    """A language's name in that language; its code where we do not know it."""
    return _NAMES.get(code, code)


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
    bank: str = ""
    joined_from: str = ""
    shown: int = 0
    unreported: int = 0  # shown, no longer held, and no outcome
    given_back: int = 0

    @property
    def odd(self) -> bool:
        """Whether somebody should look: many voters given back, or shown without an outcome."""
        return self.unreported >= _ODD_UNREPORTED or (
            self.given_back >= _ODD_GIVEN_BACK and self.given_back > self.calls
        )


@dataclass(frozen=True, slots=True)
class Done:
    """A caller's own day: calls, and those who said that they will vote."""

    calls: int
    promises: int


@dataclass(frozen=True, slots=True)
class AddressSignUps:
    """Volunteers who signed up from one address today."""

    address: str
    callers: int
    barred: int
    shown: int
    first_at: datetime
    last_at: datetime


class People:
    """The callers' own tables."""

    def __init__(self, pool: asyncpg.Pool) -> None:
        self._pool = pool

    async def speak(self, caller_id: str, languages: Sequence[str]) -> None:
        """What they speak with voters from now on. Raises `ValueError` for none."""
        known = [code for code in dict.fromkeys(languages) if code in SPOKEN]
        if not known:
            raise ValueError("at least one language")
        await self._pool.execute(_SQL["speak"], caller_id, known)

    async def page_in(self, caller_id: str, language: str) -> None:
        """The language of their page from now on."""
        await self._pool.execute(_SQL["page_in"], caller_id, language)

    async def done_today(self, caller_id: str, now: datetime) -> Done:
        """What a caller has done today."""
        (row,) = await self._pool.fetch(_SQL["done"], caller_id, now - _DAY)
        return Done(row["calls"], row["promises"])

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
                r["phone_bank"], r["joined_from"], r["shown"], r["unreported"], r["given_back"],
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

    async def sign_ups(self, now: datetime, bank: str = "") -> list[AddressSignUps]:
        """Today's sign-ups by address, the most first."""
        rows = await self._pool.fetch(_SQL["sign_ups"], now - _DAY, bank)
        return [AddressSignUps(**row) for row in rows]

    async def known(self) -> int:
        """How many callers are known by name."""
        return int(await self._pool.fetchval(_SQL["known"]))

    async def seen_lately(self, caller_id: str, since: datetime) -> int:
        """Voters this caller has been given since then, by whichever service."""
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
