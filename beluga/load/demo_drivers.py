"""Simulated drivers: each looks for a ride, takes it, brings the voter to the polls and home again."""

import asyncio
import random
from collections import Counter
from collections.abc import Sequence
from uuid import uuid4

import aiohttp
import asyncpg

from beluga.load.call_votes import CallVotes
from election.access.tokens import Tokens
from election.runtime.clock import Clock
from election.wire.rides import RideAct, RideAnswer, RideView

# Stack minutes before each act of a ride that has been taken, least and most.
_BEFORE = {RideAct.PICK_UP: (8.0, 20.0), RideAct.BRING: (5.0, 15.0), RideAct.RETURN: (20.0, 50.0)}
LOOK_AGAIN_MINUTES = 5.0
LEAST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS = 0.05, 5.0  # real
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


class DemoDrivers:
    """Drivers at work until cancelled. `acts` counts what they did and was taken."""

    def __init__(self, url: str, secret: str, clock: Clock, seed: int, called: CallVotes) -> None:
        self._url = url
        self._tokens = Tokens(secret)
        self._clock = clock
        self._seed = seed
        self._called = called  # hears of each voter brought to the polls
        self.acts: Counter[str] = Counter()
        self.errors: Counter[str] = Counter()  # statuses of 500 and above, lost connections

    async def work(self, drivers: Sequence[str]) -> None:
        """All of them side by side, for ever."""
        async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=15)) as session:
            await asyncio.gather(*(self._one(session, driver, n) for n, driver in enumerate(drivers)))

    async def _one(self, session: aiohttp.ClientSession, driver: str, number: int) -> None:
        chance = random.Random(f"{self._seed} driver {number}")
        headers = {"Authorization": f"Bearer {self._tokens.sign('driver', {'c': driver})}"}
        while True:
            try:
                found = await self._ask(session, "POST", "/api/rides/next", headers, {})
                if found and found.ride and await self._act(session, headers, found.ride, RideAct.TAKE):
                    await self._drive(session, headers, found.ride, chance)
                    continue
            except (aiohttp.ClientError, OSError, TimeoutError) as error:
                self.errors[type(error).__name__] += 1
            await self._pause(LOOK_AGAIN_MINUTES)

    async def _drive(
        self, session: aiohttp.ClientSession, headers: dict[str, str], ride: RideView, chance: random.Random
    ) -> None:
        """There and home; a ride that is over on the way is left."""
        for act, (least, most) in _BEFORE.items():
            if (ride.home and act is not RideAct.RETURN) or (act is RideAct.RETURN and not ride.return_trip):
                continue
            await self._pause(chance.uniform(least, most))
            if not await self._act(session, headers, ride, act):
                return
            if act is RideAct.BRING:
                self._called.driven(str(ride.ride_id), self._clock.now())

    async def _act(
        self, session: aiohttp.ClientSession, headers: dict[str, str], ride: RideView, act: RideAct
    ) -> bool:
        path = f"/api/rides/{ride.ride_id}/acts/{uuid4()}"
        done = await self._ask(session, "PUT", path, headers, {"act": act.value}) is not None
        self.acts[act.value if done else f"{act.value} refused"] += 1
        return done

    async def _pause(self, minutes: float) -> None:
        seconds = minutes * 60 / max(self._clock.speed, 0.01)
        while seconds > 0:  # the clock may have been set meanwhile; no pause is much too long
            await asyncio.sleep(min(max(seconds, LEAST_PAUSE_SECONDS), LONGEST_PAUSE_SECONDS))
            seconds -= LONGEST_PAUSE_SECONDS

    async def _ask(
        self, session: aiohttp.ClientSession, method: str, path: str, headers: dict[str, str], body: object
    ) -> RideAnswer | None:
        async with session.request(method, self._url + path, json=body, headers=headers) as answer:
            if answer.status >= 500:
                self.errors[str(answer.status)] += 1
            content = await answer.read()
            return RideAnswer.model_validate_json(content) if answer.status == 200 else None
