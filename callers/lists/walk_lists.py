"""Walk sheets: the doors of a precinct behind which somebody has not voted yet, in walking order.

A knock is not a call: nobody is set aside for it, and voters without a phone are on it, too. Each look shows
who is left now: who has voted, said no or been reached meanwhile is no longer there.
"""

import re
from dataclasses import dataclass, field
from datetime import datetime
from typing import cast
from uuid import uuid4

import asyncpg

from callers.lists.dialer_lists import VoterOrder, take
from callers.queries.statements import statements
from callers.voters.encryption import Encryption
from election.access.audit import record

_DOORS = statements("lists")["doors"]
_NUMBERED = re.compile(r"\s*(\d+)([A-Za-z]?)\b[\s,]*(.*)")


@dataclass(frozen=True, slots=True)
class Door:
    """One address and who lives there."""

    address: str = field(repr=False)
    names: list[str] = field(repr=False)


async def doors_of(  # noqa: PLR0917
    pool: asyncpg.Pool,
    encryption: Encryption,
    precinct_id: str,
    account: str,
    now: datetime,
    per_hour: int = 10_000,
) -> list[Door]:
    """The doors left in a precinct. Each look is audited. Raises `SealedError`, `TooManyListedError`."""
    rows = await pool.fetch(_DOORS, precinct_id)
    await take(pool, VoterOrder(uuid4(), account, precinct_id, "walk", len(rows)), per_hour, now)
    async with pool.acquire() as proxy:
        connection = cast(asyncpg.Connection, proxy)
        people = [encryption.person(r["voter_id"], r["name"], "", r["sealed"], r["address"]) for r in rows]
        doors: dict[str, Door] = {}
        for person in people:
            if person.address:
                doors.setdefault(person.address, Door(person.address, [])).names.append(person.name)
        detail = {"doors": len(doors), "voters": sum(len(d.names) for d in doors.values())}
        await record(connection, now, account, "walk sheet shown", f"precinct:{precinct_id}", detail)
    return sorted(doors.values(), key=lambda door: walking_order(door.address))


def walking_order(address: str) -> tuple[str, bool, int, str]:
    """Street by street: up the odd side by number and back down the even one, crossing once."""
    found = _NUMBERED.match(address)
    if not found:
        return address.casefold(), False, 0, address
    number, even = int(found[1]), int(found[1]) % 2 == 0
    return found[3].casefold(), even, -number if even else number, address
