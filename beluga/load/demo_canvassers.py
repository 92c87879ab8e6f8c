"""Simulated canvassers: each walks the doors of a precinct that is open, and tells what was heard at each."""

import random
from collections.abc import Awaitable, Callable
from uuid import UUID

import asyncpg

from beluga.load.call_votes import CallVotes
from beluga.load.demo_answers import bring, drawn, report_of
from beluga.load.demo_volunteers import DemoVolunteers, VolunteerRequests
from election.runtime.clock import Clock
from election.wire.callers import Outcome
from election.wire.doors import DoorsAnswer

WALK_SECONDS = (60.0, 240.0)  # stack time, from one person to the next
LOOK_AGAIN_SECONDS = 600.0
_OVER = frozenset({Outcome.WRONG_NUMBER})  # nobody dials a number at a door
_SIGN_UP = """
insert into callers (caller_id, name, contact, role)
select 'canvasser-' || n, 'Canvasser ' || n, '', 'canvasser' from generate_series(1, $1::integer) n
on conflict do nothing
"""
_VOTER = """
select voter_id from rehearsal.leases where lease_id = $1
union all select voter_id from public.leases where lease_id = $1
"""


async def sign_up_canvassers(connection: asyncpg.Connection, number: int) -> list[str]:
    """So many canvassers with a link each; their ids."""
    await connection.execute(_SIGN_UP, number)
    return [f"canvasser-{n}" for n in range(1, number + 1)]


class DemoCanvassers(DemoVolunteers):
    """Canvassers at work until cancelled. `done` counts outcomes that were taken. `voter_of`: whom a lease is
    of; a canvasser's page names no id, and only the made-up county's truth asks.
    """

    kind = "canvasser"
    voter_of: Callable[[UUID], Awaitable[str]] | None = None
    rides_asked: set[UUID]

    def __init__(
        self, url: str, secret: str, clock: Clock, seed: int, called: CallVotes | None = None
    ) -> None:
        super().__init__(url, secret, clock, seed, called)
        self.rides_asked = set()

    async def turn(self, ask: VolunteerRequests, chance: random.Random) -> float:
        """One batch of doors, or none."""
        found = await self._doors(ask, "next", {})
        if found and not found.doors and found.places:
            place = chance.choice(found.places).precinct_id
            found = await self._doors(ask, "next", {"precinct_id": place})
        if not found or not found.doors:
            return LOOK_AGAIN_SECONDS
        people = [person.lease_id for door in found.doors for person in door.people if not person.gone]
        for lease_id in people:
            await self.pause(chance.uniform(*WALK_SECONDS))
            if self.over:
                break
            held = await self._doors(ask, "knock", {})
            if held and any(
                p.lease_id == lease_id and not p.gone for door in held.doors for p in door.people
            ):
                await self._visit(ask, chance, lease_id)
        return chance.uniform(*WALK_SECONDS)

    async def _visit(self, ask: VolunteerRequests, chance: random.Random, lease_id: UUID) -> None:
        voter = await self.voter_of(lease_id) if self.called and self.voter_of else ""
        now = self.clock.now()
        outcome = drawn(chance, self.called, voter, now)
        if outcome in _OVER:
            outcome = Outcome.NO_ANSWER
        report = report_of(outcome, now)
        if await ask.until_answered("PUT", f"/api/doors/outcomes/{lease_id}", report) is None:
            return
        self.done[outcome.value] += 1
        if outcome is Outcome.NEEDS_RIDE:
            self.rides_asked.add(UUID(report["outcome_id"]))
        bring(self.called, voter, report, self.clock.now())

    async def _doors(self, ask: VolunteerRequests, what: str, body: object) -> DoorsAnswer | None:
        content = await ask("POST", f"/api/doors/{what}", body)
        return DoorsAnswer.model_validate_json(content) if content is not None else None


def voter_of(pool: asyncpg.Pool) -> Callable[[UUID], Awaitable[str]]:
    """Whom a lease is of, by the database."""

    async def read(lease_id: UUID) -> str:
        return str(await pool.fetchval(_VOTER, lease_id) or "")

    return read
