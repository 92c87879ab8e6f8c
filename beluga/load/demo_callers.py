"""Simulated callers: each asks for a voter, looks again before dialling, talks a while, reports."""

import random

from beluga.load.demo_answers import bring, drawn, report_of
from beluga.load.demo_volunteers import DemoVolunteers, VolunteerRequests
from election.wire.callers import LeaseAnswer, LeaseStatus, Outcome

CALL_SECONDS = (40.0, 220.0)  # stack time, from dialling to the next voter


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
            lost = report_of(Outcome.NO_ANSWER, self.clock.now())
            await self._report(ask, f"/api/outcomes/{call.lease_id}", lost)
        if answer.voter is None:
            return max(answer.ask_again_seconds, 30.0)
        lease = str(answer.voter.lease_id)
        content = await ask("POST", "/api/dial", {"lease_id": lease})
        if content is None or not (status := LeaseStatus.model_validate_json(content)).live:
            return 5.0
        voter = status.voter.voter_id if status.voter else ""
        now = self.clock.now()
        report = report_of(drawn(chance, self.called, voter, now), now)
        await self._report(ask, f"/api/outcomes/{lease}", report)
        bring(self.called, voter, report, self.clock.now())
        return chance.uniform(*CALL_SECONDS)

    async def _report(self, ask: VolunteerRequests, path: str, report: dict[str, str]) -> None:
        if await ask.until_answered("PUT", path, report) is not None:
            self.done[report["outcome"]] += 1
