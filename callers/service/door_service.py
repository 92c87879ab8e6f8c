"""Doors as canvassers are answered: what their phone may hold now, and why there is nothing, in words."""

from uuid import UUID

from callers.doors.door import HeldDoor
from callers.doors.wording import reason
from callers.queue.lease import CallerOnDuty
from callers.rules.policy import may_dial
from callers.service.calling_service import CallingService, timed
from election.wire.callers import OutcomeReceipt, OutcomeReport
from election.wire.doors import DoorsAnswer, DoorView, PersonView, WalkPlace


class DoorService:
    """What the canvasser's page asks."""

    def __init__(self, service: CallingService) -> None:
        self._service = service

    async def held(self, canvasser: CallerOnDuty, why: str = "choose") -> DoorsAnswer:
        """The doors a canvasser holds, everybody as they stand now; without any, `why`."""
        found = await self._held(canvasser, why)
        self._service.idle.hear(canvasser.caller_id, found.reason)
        return found

    async def _held(self, canvasser: CallerOnDuty, why: str) -> DoorsAnswer:
        now, service = self._service.time.now(), self._service
        found = await service.doors.held(canvasser.caller_id, now)
        place = service.places.get(found[0].precinct_id) if found else None
        if place and place.closes_at <= now:  # nobody can vote there any longer
            await service.doors.give_back(canvasser.caller_id, now, by="revoked")
            found, why = [], "hours"
        if not found:
            return self._none(canvasser, why)
        precinct_id = found[0].precinct_id
        name = service.places.name(precinct_id)
        return DoorsAnswer(
            doors=[self._shown(door) for door in found], precinct_id=precinct_id, precinct=name,
            polling_place=name, opens_at=place.opens_at if place else None,
            closes_at=place.closes_at if place else None, timezone=place.zone if place else "UTC",
        )  # fmt: skip

    def _shown(self, door: HeldDoor) -> DoorView:
        left = (door.expires_at - self._service.time.now()).total_seconds()
        people = [
            PersonView(lease_id=p.lease_id, name=p.name, address=p.address, language=p.language, gone=p.gone)
            for p in door.people
        ]
        return DoorView(
            door_id=door.door_id, address=door.address, people=people,
            left_seconds=max(0.0, left / max(1.0, self._service.time.speed)),
        )  # fmt: skip

    def _none(self, canvasser: CallerOnDuty, why: str) -> DoorsAnswer:
        places = [WalkPlace(precinct_id=p, name=self._service.places.name(p)) for p in self._open(canvasser)]
        places.sort(key=lambda place: place.name)
        why = why if places else "none_open"
        return DoorsAnswer(reason=why, message=reason(canvasser.reads, why), places=places)

    def _open(self, canvasser: CallerOnDuty) -> list[str]:
        dispatches, now = self._service.dispatches, self._service.time.now()
        return list(dict.fromkeys(dispatches.all_choices(canvasser.caller_id, canvasser.caller_pool, now)))

    async def next(self, canvasser: CallerOnDuty, precinct_id: str, address: str) -> DoorsAnswer:
        """More doors, up to a batch: of the precinct they walk already, else of this one."""
        service, now = self._service, self._service.time.now()
        held = await service.doors.held(canvasser.caller_id, now)
        precinct_id = held[0].precinct_id if held else precinct_id
        if not precinct_id or precinct_id not in self._open(canvasser):
            return await self.held(canvasser, "not_open" if precinct_id else "choose")
        if not may_dial(now, service.places.zone(precinct_id), service.settings.rules):
            return await self.held(canvasser, "hours")
        voters = await service.doors.take(canvasser, precinct_id, now, address)
        service.metrics.shown.inc(voters)
        why = "empty"
        if not voters and not held and await service.doors.spent(canvasser.caller_id, now, address):
            service.metrics.held_back.labels("caller").inc()
            why = "too_fast"
        await service.doors.extend(canvasser.caller_id, now)
        return await self.held(canvasser, why)

    async def knock(self, canvasser: CallerOnDuty) -> DoorsAnswer:
        """Asked right before somebody is visited: consent is looked up again, and the doors last longer."""
        await self._service.doors.extend(canvasser.caller_id, self._service.time.now())
        return await self.held(canvasser)

    async def record(self, canvasser: CallerOnDuty, lease_id: UUID, report: OutcomeReport) -> OutcomeReceipt:
        """Records what came of a visit. Raises as `Outcomes.record` does."""
        service, now = self._service, self._service.time.now()
        zone = service.places.zone(await service.doors.precinct_of(canvasser.caller_id, lease_id)) or "UTC"
        done = await service.doors.record(canvasser.caller_id, lease_id, timed(report, now, zone), now)
        if not done.duplicate:
            service.metrics.outcomes.labels(done.outcome.value).inc()
        return OutcomeReceipt(
            lease_id=lease_id, outcome=done.outcome, duplicate=done.duplicate, undo_until=done.at
        )

    async def give_back(self, canvasser: CallerOnDuty, door_id: UUID) -> None:
        """Another canvasser may have this door."""
        await self._service.doors.give_back(canvasser.caller_id, self._service.time.now(), door_id)
