"""Doors on lease (law L7): a building is one canvasser's, and nobody is called whom somebody visits.

Theory of operation. A canvasser holds a batch of doors, and each voter behind one has a row in `leases` as a
caller's voter has, so that the queue's own constraints and looks keep callers away (`give_doors` in migration
0174 takes the phone's lock that `give_lease` takes). What came of a visit is an outcome of that lease, by the
statement that records calls, with the same consequences. Doors last half an hour from the canvasser's last
act; then they go to the next.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import cast
from uuid import UUID

import asyncpg

from callers.doors.door import HeldDoor, PersonAtDoor, VoterAddress, walk
from callers.lists.walk_lists import walking_order
from callers.queries.statements import statements
from callers.queue.lease import CallerOnDuty, Recorded, UnknownLeaseError
from callers.queue.outcomes import Outcomes
from callers.rules.budgets import Budgets
from callers.rules.policy import REACHED, Rules, may_dial
from callers.voters.encryption import Encryption
from election.access.audit import record
from election.wire.callers import OutcomeReport

_SQL = statements("doors")
LEASE = timedelta(minutes=30)  # without an act of its canvasser
MOST_DOORS = 12  # on one phone: an hour's walk
_DAY = timedelta(hours=20)
_REACHED = [outcome.value for outcome in REACHED]
MOST_VOTERS = 60  # a batch: of a tower no more are shown at once


class Doors:
    """Doors in the database. `now` is always the stack clock's time."""

    def __init__(
        self,
        pool: asyncpg.Pool,
        outcomes: Outcomes,
        rules: Rules,
        zone_of: Callable[[str], str],
        *,
        encryption: Encryption,
        secret: str,
        budgets: Budgets | None = None,
    ) -> None:
        self._pool = pool
        self._outcomes = outcomes
        self._rules = rules
        self._zone_of = zone_of
        self._encryption = encryption
        self._key = secret.encode()
        self._budgets = budgets or Budgets()

    async def take(self, canvasser: CallerOnDuty, precinct_id: str, now: datetime, address: str = "") -> int:
        """Leases the next doors of an open precinct, up to a full batch; how many voters. Audited."""
        zone = self._zone_of(precinct_id)
        rows = await self._pool.fetch(_SQL["voters"], precinct_id, now)
        residents = [
            VoterAddress(r["voter_id"], self._address(r))
            for r in rows
            if may_dial(now, r["timezone"] or zone, self._rules)
        ]
        if not residents:
            return 0
        buildings, wanted, places = walk(residents, self._key)
        budgets = self._budgets
        async with self._pool.acquire() as proxy, proxy.transaction():
            connection = cast(asyncpg.Connection, proxy)
            voters = await connection.fetchval(
                _SQL["give"], canvasser.caller_id, precinct_id, now, now + LEASE, buildings, wanted, places,
                MOST_DOORS, MOST_VOTERS, budgets.hour, budgets.hour * budgets.bank, canvasser.bank, address,
            )  # fmt: skip
            if voters:
                subject = f"precinct:{precinct_id}"
                await record(connection, now, canvasser.caller_id, "doors shown", subject, {"voters": voters})
        return int(voters)

    def _address(self, row: asyncpg.Record) -> str:
        person = self._encryption.person(
            row["voter_id"], row["name"] or "", "", row["sealed"], row["address"] or ""
        )
        return person.address

    async def held(self, canvasser_id: str, now: datetime) -> list[HeldDoor]:
        """The doors a canvasser holds in walking order, everybody behind them as they stand now (law L8)."""
        await self._pool.execute(_SQL["revoke"], canvasser_id, now)
        rows = await self._pool.fetch(_SQL["held"], canvasser_id, now)
        doors: dict[UUID, list[asyncpg.Record]] = {}
        for row in rows:
            doors.setdefault(row["door_id"], []).append(row)
        found = [
            HeldDoor(
                door_id, of[0]["precinct_id"], of[0]["expires_at"], tuple(self._person(r, now) for r in of)
            )
            for door_id, of in doors.items()
        ]
        left = [door for door in found if any(not one.gone for one in door.people)]
        return sorted(left, key=lambda door: walking_order(door.address))

    def _person(self, row: asyncpg.Record, now: datetime) -> PersonAtDoor:
        person = self._encryption.person(
            row["voter_id"], row["name"] or "", "", row["sealed"], row["address"] or ""
        )
        gone = row["outcome"] or row["gone"] or ("ended" if row["over"] or row["name"] is None else "")
        if not gone and not may_dial(now, row["timezone"] or self._zone_of(row["precinct_id"]), self._rules):
            gone = "hours"
        return PersonAtDoor(row["lease_id"], person.name, person.address, row["language"] or "", gone)

    async def canvassers(self, now: datetime) -> list[asyncpg.Record]:
        """Who walks where, and what came of it, for the call floor. No voter is named."""
        return list(await self._pool.fetch(_SQL["canvassers"], now - _DAY, now, _REACHED))

    async def spent(self, canvasser_id: str, now: datetime, address: str = "") -> bool:
        """Whether a canvasser, or their address, has been shown as many voters as they may in an hour."""
        (row,) = await self._pool.fetch(_SQL["shown_lately"], canvasser_id, now - timedelta(hours=1), address)
        hour = self._budgets.hour
        return bool(row["canvasser"] >= hour or row["address"] >= hour * self._budgets.bank)

    async def extend(self, canvasser_id: str, now: datetime) -> None:
        """The canvasser has done something: their doors last longer."""
        await self._pool.execute(_SQL["extend"], canvasser_id, now, now + LEASE)

    async def precinct_of(self, canvasser_id: str, lease_id: UUID) -> str:
        """Where the voter of a canvasser's lease votes. Raises `UnknownLeaseError`."""
        return (await self._lease(canvasser_id, lease_id))[1]

    async def _lease(self, canvasser_id: str, lease_id: UUID) -> tuple[str, str]:
        row = await self._pool.fetchrow(_SQL["lease"], lease_id, canvasser_id)
        if row is None:
            raise UnknownLeaseError
        return row["caller_id"], row["precinct_id"]

    async def record(
        self, canvasser_id: str, lease_id: UUID, report: OutcomeReport, now: datetime
    ) -> Recorded:
        """What came of a visit, once however often it is sent. Raises as `Outcomes.record` does."""
        holder, _ = await self._lease(canvasser_id, lease_id)
        done = await self._outcomes.record(holder, lease_id, report, now)
        await self._pool.execute(_SQL["sweep"], now, canvasser_id)
        await self.extend(canvasser_id, now)
        return done

    async def give_back(
        self, canvasser_id: str, now: datetime, door_id: UUID | None = None, *, by: str = "given_back"
    ) -> int:
        """Ends a door, or all that a canvasser holds, for the next one; how many."""
        (row,) = await self._pool.fetch(_SQL["give_back"], canvasser_id, door_id, now, by)
        return int(row["doors"])

    async def sweep(self, now: datetime) -> int:
        """Ends what ran out, and what is done; how many. Several services may do so at once."""
        return int(await self._pool.fetchval(_SQL["sweep"], now, None))
