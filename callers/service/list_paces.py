"""How far each list that is being called will be reached by close."""

from datetime import datetime

from callers.queue.call_hours import VoterContacts, list_pace
from callers.rules.policy import calling_ends
from callers.service.calling_service import CallingService
from election.wire.callers import ListPace


async def list_paces(service: CallingService, now: datetime) -> dict[str, ListPace]:
    """Each open precinct's pace at present, and what it comes to by close."""
    reached = await service.call_hours.reached(now)
    left, found = service.dispatches.reachable_voters.remaining(), {}
    for precinct, live in service.dispatches.live.items():
        zone = service.places.zone(precinct) or "UTC"
        until = min(live.row["closes_at"], calling_ends(now, zone, service.settings.rules))
        voters = reached.get(precinct, VoterContacts())
        found[precinct] = list_pace(voters, left.get(precinct), live.row["started_at"], now, until)
    return found
