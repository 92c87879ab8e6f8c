"""Simulated callers: each asks for a voter, looks again before dialling, talks a while, reports."""

import random
from datetime import timedelta
from uuid import uuid4

from beluga.load.demo_volunteers import DemoVolunteers, VolunteerRequests
from election.wire.callers import LeaseAnswer, LeaseStatus, Outcome

# How calls end, roughly as phone banks report it.
OUTCOMES = {
    Outcome.NO_ANSWER: 46,
    Outcome.WILL_VOTE: 28,
    Outcome.ALREADY_VOTED: 9,
    Outcome.REFUSED: 6,
    Outcome.WRONG_NUMBER: 5,
    Outcome.CALL_BACK: 4,
    Outcome.DO_NOT_CALL: 1,
    Outcome.MOVED: 1,
    Outcome.NEEDS_RIDE: 1,
}
LISTENED = frozenset({Outcome.WILL_VOTE, Outcome.REFUSED, Outcome.CALL_BACK, Outcome.DO_NOT_CALL})
CALL_SECONDS = (40.0, 220.0)  # stack time, from dialling to the next voter


def drawn(chance: random.Random, voted: bool | None = None) -> Outcome:
    """How a conversation ends. Whoever listens says whether they have voted, where that is known."""
    outcome = chance.choices(list(OUTCOMES), list(OUTCOMES.values()))[0]
    if voted and outcome in (*LISTENED, Outcome.NEEDS_RIDE):
        return Outcome.ALREADY_VOTED
    return Outcome.WILL_VOTE if voted is False and outcome is Outcome.ALREADY_VOTED else outcome


class DemoCallers(DemoVolunteers):
    """Callers at work until cancelled. `done` counts outcomes that were taken."""

    kind = "caller"

    async def turn(self, ask: VolunteerRequests, chance: random.Random) -> float:
        """One voter, or none."""
        content = await ask("POST", "/api/lease", {})
        if content is None:
            return 30.0
        answer = LeaseAnswer.model_validate_json(content)
        for call in answer.unreported:  # what came of them got lost on the way
            lost = {"outcome_id": str(uuid4()), "outcome": Outcome.NO_ANSWER.value}
            await self._report(ask, f"/api/outcomes/{call.lease_id}", lost)
        if answer.voter is None:
            return max(answer.ask_again_seconds, 30.0)
        lease = str(answer.voter.lease_id)
        content = await ask("POST", "/api/dial", {"lease_id": lease})
        if content is None or not (status := LeaseStatus.model_validate_json(content)).live:
            return 5.0
        voter, called = status.voter, self.called
        voted = called.has_voted(voter.voter_id, self.clock.now()) if called and voter else None
        outcome = drawn(chance, voted)
        report: dict[str, str] = {"outcome_id": str(uuid4()), "outcome": outcome.value}
        if outcome is Outcome.CALL_BACK:
            report["call_back_at"] = (self.clock.now() + timedelta(hours=1)).isoformat()
        await self._report(ask, f"/api/outcomes/{lease}", report)
        if called and voter and outcome in LISTENED:
            called.contact(voter.voter_id, self.clock.now())
        elif called and voter and outcome is Outcome.NEEDS_RIDE:
            called.asked_for_ride(report["outcome_id"], voter.voter_id)
        return chance.uniform(*CALL_SECONDS)

    async def _report(self, ask: VolunteerRequests, path: str, report: dict[str, str]) -> None:
        if await ask.until_answered("PUT", path, report) is not None:
            self.done[report["outcome"]] += 1
