"""Simulated drivers: each looks for a ride, takes it, brings the voter to the polls and home again."""

import random
from uuid import uuid4

import asyncpg

from beluga.load.demo_volunteers import DemoVolunteers, VolunteerRequests
from election.wire.rides import RideAct, RideAnswer, RideView

# Stack minutes before each act of a ride that has been taken, least and most.
_BEFORE = {RideAct.PICK_UP: (8.0, 20.0), RideAct.BRING: (5.0, 15.0), RideAct.RETURN: (20.0, 50.0)}
LOOK_AGAIN_SECONDS = 300.0
_SIGN_UP = """
with driver as (
    insert into callers (caller_id, name, contact, role)
    select 'driver-' || n, 'Driver ' || n, '', 'driver' from generate_series(1, $1::integer) n
    on conflict do nothing returning caller_id
)
insert into drivers (caller_id, seats) select caller_id, 4 from driver
"""


async def sign_up(connection: asyncpg.Connection, number: int) -> list[str]:
    """So many drivers with a link each; their ids."""
    await connection.execute(_SIGN_UP, number)
    return [f"driver-{n}" for n in range(1, number + 1)]


class DemoDrivers(DemoVolunteers):
    """Drivers at work until cancelled. `done` counts acts that were taken, and those that were refused."""

    kind = "driver"
    away_seconds = LOOK_AGAIN_SECONDS

    async def turn(self, ask: VolunteerRequests, chance: random.Random) -> float:
        """One ride, or none."""
        content = await ask("POST", "/api/rides/next", {})
        ride = RideAnswer.model_validate_json(content).ride if content is not None else None
        if ride is None or not await self._act(ask, ride, RideAct.TAKE):
            return LOOK_AGAIN_SECONDS
        await self._drive(ask, ride, chance)
        return 0.0

    async def _drive(self, ask: VolunteerRequests, ride: RideView, chance: random.Random) -> None:
        """There and home; a ride that is over on the way is left."""
        for act, (least, most) in _BEFORE.items():
            if (ride.home and act is not RideAct.RETURN) or (act is RideAct.RETURN and not ride.return_trip):
                continue
            await self.pause(60 * chance.uniform(least, most))
            if not await self._act(ask, ride, act):
                return
            if act is RideAct.BRING and self.called:
                self.called.driven(str(ride.ride_id), self.clock.now())

    async def _act(self, ask: VolunteerRequests, ride: RideView, act: RideAct) -> bool:
        path = f"/api/rides/{ride.ride_id}/acts/{uuid4()}"
        done = await ask.until_answered("PUT", path, {"act": act.value}) is not None
        self.done[act.value if done else f"{act.value} refused"] += 1
        return done
