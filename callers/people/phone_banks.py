"""Phone banks whose volunteers sign themselves up, by a code on the wall."""

import secrets
import time
from collections import OrderedDict, deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import cast

import asyncpg

from callers.errors import CallersError
from callers.people.people import SPOKEN
from callers.queries.statements import statements
from election.access.audit import record
from election.access.links import Role

_SQL = statements("people")
_LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"  # none that looks like another
_REMEMBERED = 20_000  # addresses with wrong codes; the ones unheard longest are forgotten


class BankClosedError(CallersError):
    """This phone bank is over or full."""


class UnknownCodeError(BankClosedError):
    """There is no phone bank with this code, or it is over."""


class TooManyJoinedError(CallersError):
    """More have signed up from this address than one room holds."""


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
class Driver:
    """A driver's car, and where they may be texted (`texts`: they agreed)."""

    phone: str = field(default="", repr=False)
    seats: int = 4
    wheelchair: bool = False
    texts: bool = False


class VolunteerBanks:
    """The banks' codes, and who joins by them."""

    def __init__(self, pool: asyncpg.Pool, address_callers: int = 50) -> None:
        self._pool = pool
        self._address_callers = address_callers

    async def open(  # noqa: PLR0917
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

    async def opened(self) -> list[Bank]:
        """Every bank there is, open or over."""
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
