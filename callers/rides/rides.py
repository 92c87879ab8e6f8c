"""Rides in the database: an act on one is one transaction, with what was heard of its voter meanwhile.

Theory of operation. A ride's row is locked, the voter looked up (struck off, opted out, polls closed: law
L8), what follows from that applied first, and then the act, by `rides/ride.py`. The act is noted under the
sender's id in the same transaction, so that a repeat finds it, and so are the texts that follow. Two unique
indexes keep one ride a voter and one a driver (law L7). Requests come from calls: a round makes a ride of
each call that asked for one, so that nothing is lost wherever a service dies.
"""

from datetime import datetime, timedelta
from typing import cast
from uuid import UUID, uuid4

import asyncpg

from callers.errors import CallersError
from callers.queries.statements import statements
from callers.rides import urgency
from callers.rides.ride import Ride, RideRefusedError, ended_by, step
from callers.rides.ride_row import DriverOnDuty, PlaceTimes, RideRow
from callers.rides.ride_rows import RideRows, UnknownRideError
from callers.rides.ride_texts import RideTexts
from callers.rides.texts import RIDER, texts_after
from callers.voters.encryption import Encryption
from election.access.audit import record
from election.wire.rides import RideAct, RideDecision, RideOrder, RideState

_SQL = statements("rides")
OFFER = timedelta(minutes=3)  # a ride offered and not answered goes to the next driver
CLAIM = timedelta(minutes=45)  # a claim lapses unless the driver's page asks again meanwhile
MOST_TAKEN = 12  # rides an hour and driver: more is no driving, and each shows an address
_DAY = timedelta(hours=20)
_BELUGA = "beluga"


class NoRideError(CallersError):
    """No ride for this voter: unknown, voted, opted out, or another ride of theirs is not over."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Rides:
    """What is done to rides, and the texts that follow; `rows` reads them."""

    def __init__(
        self, pool: asyncpg.Pool, places: PlaceTimes, encryption: Encryption, *, rehearsal: bool = False
    ) -> None:
        self._pool = pool
        self.places = places
        self.rows = RideRows(pool, places, encryption)
        self.texts = RideTexts(pool, places, encryption, rehearsal=rehearsal)

    async def held(self, driver_id: str, now: datetime) -> RideRow | None:
        """The ride a driver has or is offered; a claim lasts longer, since they ask."""
        ride_id = await self._pool.fetchval(_SQL["held"], driver_id)
        if ride_id is None:
            return None
        await self._pool.execute(_SQL["extend"], ride_id, driver_id, now + CLAIM)
        found = await self.heard(ride_id, now)
        return found if found.ride.driver == driver_id and not found.ride.ended else None

    async def offer(self, driver: DriverOnDuty, now: datetime) -> RideRow | None:
        """The most urgent ride that fits a driver's car, offered to them alone; the one they have already."""
        if held := await self.held(driver.driver_id, now):
            return held
        rows = await self._pool.fetch(_SQL["free"], driver.seats, driver.wheelchair, driver.driver_id)
        fitting = [r for r in rows if driver.pool.may(self.places.county(r["precinct_id"]))]
        fitting.sort(key=lambda r: urgency.order(self.rows.unclaimed(r), now))
        for row in fitting:
            try:
                found = await self.act(row["ride_id"], uuid4(), RideAct.OFFER, driver.driver_id, now)
            except RideRefusedError:
                continue
            return found
        return None

    # ------------------------------------------------------------------ acts

    async def act(  # noqa: PLR0917
        self,
        ride_id: UUID,
        act_id: UUID,
        act: RideAct,
        driver_id: str,
        now: datetime,
        said_at: datetime | None = None,
    ) -> RideRow:
        """Does one thing to a ride, once, however often it is sent; the ride after it.

        Raises `UnknownRideError`, `RideRefusedError`. What was heard of the voter meanwhile is done first,
        and stays done where the act is refused.
        """
        refused: RideRefusedError | None = None
        async with self._pool.acquire() as proxy, proxy.transaction():
            connection = cast(asyncpg.Connection, proxy)
            repeated, found = await self._begin(connection, ride_id, act_id, now)
            if repeated is None:
                try:
                    after = step(found.ride, act, driver_id)
                    async with connection.transaction():
                        await self._save(connection, found, after, act, (act_id, driver_id, now, said_at))
                except RideRefusedError as error:
                    refused = error
                except asyncpg.UniqueViolationError:  # the driver has another ride
                    refused = RideRefusedError("busy")
            elif (repeated["ride_id"], repeated["by"]) != (ride_id, driver_id):
                refused = RideRefusedError("order")
            done = await self.rows.one(connection, ride_id)
        if refused:
            raise RideRefusedError(_why_over(done) if refused.reason == "ended" else refused.reason)
        return done

    async def decide(self, ride_id: UUID, order: RideDecision, account: str, now: datetime) -> RideRow:
        """Staff assign a ride, take it from its driver or cancel it. Audited. Raises as `act` does."""
        async with self._pool.acquire() as proxy, proxy.transaction():
            connection = cast(asyncpg.Connection, proxy)
            repeated, found = await self._begin(connection, ride_id, order.act_id, now)
            if repeated is not None:
                return found
            after = step(found.ride, order.act, order.driver_id)
            try:
                async with connection.transaction():
                    await self._save(connection, found, after, order.act, (order.act_id, account, now, None))
            except asyncpg.UniqueViolationError:
                raise RideRefusedError("busy") from None
            detail = {"act": order.act.value, "driver": order.driver_id}
            await record(connection, now, account, f"ride {order.act.value}", f"ride:{ride_id}", detail)
            return await self.rows.one(connection, ride_id)

    async def order(self, order: RideOrder, account: str, now: datetime) -> RideRow:
        """Staff ask for a ride. Audited. Raises `NoRideError`."""
        async with self._pool.acquire() as proxy, proxy.transaction():
            connection = cast(asyncpg.Connection, proxy)
            if (voter := await connection.fetchrow(_SQL["voter"], order.voter_id)) is None:
                raise NoRideError("unknown_voter")
            if voter["voted"] or voter["opted_out"]:
                raise NoRideError("voted" if voter["voted"] else "opted_out")
            pickup = self.rows.close_pickup(order.voter_id, order.pickup)
            new = await connection.fetchval(
                _SQL["order"], order.ride_id, order.voter_id, pickup,
                order.by_when, order.seats, order.wheelchair, order.return_trip, order.texts, account, now,
            )  # fmt: skip
            if new is not None:
                await record(connection, now, account, "ride ordered", f"ride:{order.ride_id}")
                await self._noted(connection, order.ride_id, now)
            try:
                return await self.rows.one(connection, order.ride_id)
            except UnknownRideError:
                raise NoRideError("has_ride") from None

    async def heard(self, ride_id: UUID, now: datetime) -> RideRow:
        """A ride once what was heard of its voter has been done. Raises `UnknownRideError`."""
        async with self._pool.acquire() as proxy, proxy.transaction():
            connection = cast(asyncpg.Connection, proxy)
            _, found = await self._begin(connection, ride_id, uuid4(), now)
            return found

    async def _begin(
        self, connection: asyncpg.Connection, ride_id: UUID, act_id: UUID, now: datetime
    ) -> tuple[asyncpg.Record | None, RideRow]:
        """Locks a ride, and does what was heard first; the act of this id, where it was done before."""
        if await connection.fetchval(_SQL["lock"], ride_id) is None:
            raise UnknownRideError
        repeated = await connection.fetchrow(_SQL["noted"], act_id)
        found = await self.rows.one(connection, ride_id)
        if not found.ride.ended and (act := _news(found, now, self.places)) is not None:
            after = step(found.ride, act)
            if after != found.ride:
                await self._save(connection, found, after, act, (uuid4(), _BELUGA, now, None))
                found = await self.rows.one(connection, ride_id)
        return repeated, found

    async def _save(
        self,
        connection: asyncpg.Connection,
        found: RideRow,
        after: Ride,
        act: RideAct,
        deed: tuple[UUID, str, datetime, datetime | None],
    ) -> None:
        act_id, by, now, said_at = deed
        before = found.ride
        since = found.row["since"] if after.state is before.state else now
        expires_at = None
        if after.driver and after.state in (RideState.WANTED, RideState.CLAIMED):
            expires_at = now + (OFFER if after.unclaimed else CLAIM)
        await connection.execute(
            _SQL["save"], found.ride_id, after.state.value, after.driver, after.at_polls, expires_at, since,
            now if after.ended else None, ended_by(act) if after.ended else None,
        )  # fmt: skip
        await connection.execute(
            _SQL["note"], act_id, found.ride_id, act.value, by, now, said_at, after.state.value
        )
        done = await self.rows.one(connection, found.ride_id)
        for whom, key in texts_after(before, after, act):
            await self.texts.tell(connection, done, (whom, key), (act_id, now), before.driver)

    async def _noted(self, connection: asyncpg.Connection, ride_id: UUID, now: datetime) -> None:
        """Tells a voter that their ride is wanted."""
        found = await self.rows.one(connection, ride_id)
        await self.texts.tell(connection, found, (RIDER, "asked"), (ride_id, now))

    # ------------------------------------------------------------------ rounds

    async def round(self, now: datetime, undo: timedelta) -> int:
        """Makes rides of calls that asked, and does what was heard of the others; how many changed."""
        async with self._pool.acquire() as proxy, proxy.transaction():
            connection = cast(asyncpg.Connection, proxy)
            new = [r["ride_id"] for r in await connection.fetch(_SQL["ask"], now - _DAY, now - undo)]
            for ride_id in new:
                await self._noted(connection, ride_id, now)
        changed = len(new)
        for found in await self.rows.live():
            if (act := _news(found, now, self.places)) is not None and step(found.ride, act) != found.ride:
                await self.heard(found.ride_id, now)
                changed += 1
        return changed


def _news(found: RideRow, now: datetime, places: PlaceTimes) -> RideAct | None:
    """What was heard of a ride's voter, or of its driver: nothing in time."""
    if found.row["voted"]:
        return RideAct.STRIKE_OFF
    if found.row["opted_out"] or found.row["gone"]:
        return RideAct.OPT_OUT
    closes_at = places.closes_at(found.precinct_id)
    if closes_at and now >= closes_at and not found.ride.at_polls:
        return RideAct.POLLS_CLOSED
    expires_at = found.row["expires_at"]
    return RideAct.LAPSE if expires_at and expires_at <= now else None


def _why_over(found: RideRow) -> str:
    """Why nothing more can be done to a ride, for its driver."""
    reasons = {"strike_off": "voted", "opt_out": "opted_out", "polls_closed": "polls_closed"}
    return reasons.get(found.row["ended_by"] or "", "ended")
