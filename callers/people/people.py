"""Callers as people: what they speak, who is on duty and how fast, and phone banks they join by a code."""

import secrets
import time
from collections import Counter, OrderedDict, deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import cast

import asyncpg

from callers.errors import CallersError
from callers.queries.statements import statements
from election.access.audit import record
from election.access.links import Role

_SQL = statements("people")
_LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"  # none that looks like another
_DAY = timedelta(hours=14)  # an election day's calls
_ODD_UNREPORTED, _ODD_GIVEN_BACK = 3, 8  # voters a day; dead phones and wrong taps are fewer
_REMEMBERED = 20_000  # addresses with wrong codes; the ones unheard longest are forgotten
# Languages a voter may turn out to speak, and a caller to know.
_NAMES = {
    "en": "English", "es": "español", "zh": "中文", "vi": "Tiếng Việt", "ko": "한국어", "tl": "Tagalog",
    "ar": "العربية", "fr": "français", "ht": "kreyòl ayisyen", "pt": "português", "ru": "русский",
    "pl": "polski", "de": "Deutsch", "hi": "हिन्दी", "ja": "日本語",
}  # fmt: skip
SPOKEN = tuple(_NAMES)


class BankClosedError(CallersError):
    """This phone bank is over or full."""


class UnknownCodeError(BankClosedError):
    """There is no phone bank with this code, or it is over."""


class TooManyJoinedError(CallersError):
    """More have signed up from this address than one room holds."""


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
    role: Role = "caller"


@dataclass(frozen=True, slots=True)
class JoinedVolunteer:
    """Who signed up, as what their bank is for."""

    volunteer_id: str
    role: Role


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


@dataclass(frozen=True, slots=True)
class Driver:
    """A driver's car, and where they may be texted (`texts`: they agreed)."""

    phone: str = field(default="", repr=False)
    seats: int = 4
    wheelchair: bool = False
    texts: bool = False


class People:
    """The callers' own tables."""

    def __init__(self, pool: asyncpg.Pool, address_callers: int = 50) -> None:
        self._pool = pool
        self._address_callers = address_callers

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

    async def open_bank(  # noqa: PLR0917
        self,
        name: str,
        most_callers: int,
        ends_at: datetime,
        account: str,
        now: datetime,
        role: Role = "caller",
    ) -> Bank:
        """A new phone bank, or another role's bank, with a code of its own. Audited."""
        code = new_code()
        async with self._pool.acquire() as proxy, proxy.transaction():
            connection = cast(asyncpg.Connection, proxy)
            await connection.execute(_SQL["open_bank"], code, name, most_callers, ends_at, account, now, role)
            detail = {"most_callers": most_callers, "ends_at": ends_at.isoformat(), "role": role}
            await record(connection, now, account, "phone bank opened", f"bank:{name}", detail)
        return Bank(code, name, most_callers, ends_at, 0, role)

    async def banks(self) -> list[Bank]:
        rows = await self._pool.fetch(_SQL["banks"])
        return [_bank(row) for row in rows]

    async def join(  # noqa: PLR0917
        self,
        code: str,
        name: str,
        contact: str,
        languages: Sequence[str],
        now: datetime,
        address: str = "",
        *,
        driver: Driver | None = None,
    ) -> JoinedVolunteer:
        """Signs a volunteer up, as what the bank is for. `driver`: of what they said about their car.

        Raises `BankClosedError`, `TooManyJoinedError` (an address brings a bank's size of volunteers an
        hour at most, over all banks), `ValueError`.
        """
        name = " ".join(name.split())[:80]
        known = [language for language in dict.fromkeys(languages) if language in SPOKEN] or ["en"]
        if not name:
            raise ValueError("a name")
        caller_id = f"{code}-{secrets.token_hex(4)}"
        async with self._pool.acquire() as connection, connection.transaction():
            row = await connection.fetchrow(_SQL["bank"], code, now)
            if row is None:
                raise UnknownCodeError
            if row["joined"] >= row["most_callers"]:
                raise BankClosedError
            already = await connection.fetchval(_SQL["joined_from"], address, now - timedelta(hours=1))
            if already >= max(self._address_callers, row["most_callers"]):
                raise TooManyJoinedError
            await connection.execute(
                _SQL["join"], caller_id, name, contact.strip()[:120], known, code, now, address, row["role"]
            )
            if row["role"] == "driver":
                car = driver or Driver()
                await connection.execute(
                    _SQL["drive"], caller_id, car.phone, car.seats, car.wheelchair, car.texts
                )
        return JoinedVolunteer(caller_id, row["role"])

    async def role_of(self, code: str) -> Role:
        """What the volunteers of a bank do; of an unknown one what most do."""
        role: Role | None = await self._pool.fetchval(_SQL["role_of"], code)
        return role or "caller"

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


class WrongCodes:
    """Stops the guessing of codes: after so many wrong ones within a minute an address waits, and only it.

    Each service counts its own; a code has 40 bits, so that a few services more help nobody.
    """

    def __init__(self, most: int = 30, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._most = most
        self._monotonic = monotonic
        self._wrong: OrderedDict[str, deque[float]] = OrderedDict()

    def wrong(self, address: str) -> None:
        self._wrong.setdefault(address, deque(maxlen=self._most)).append(self._monotonic())
        self._wrong.move_to_end(address)
        if len(self._wrong) > _REMEMBERED:
            self._wrong.popitem(last=False)

    def too_many(self, address: str) -> bool:
        times = self._wrong.get(address)
        while times and times[0] <= self._monotonic() - 60:
            times.popleft()
        return bool(times) and len(times or ()) >= self._most


def _bank(row: asyncpg.Record) -> Bank:
    return Bank(
        row["code"], row["name"], row["most_callers"], row["ends_at"], row["joined"], row["role"]
    )  # fmt: skip
