"""Simulated callers: each asks for a voter, looks again before dialling, talks a while, reports."""

import asyncio
import random
from collections import Counter
from collections.abc import Sequence
from datetime import timedelta
from uuid import uuid4

import aiohttp

from beluga.load.call_votes import CallVotes
from election.access.tokens import Tokens
from election.domain.day import Caller
from election.runtime.clock import Clock
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
LEAST_PAUSE_SECONDS = 0.05  # real
LONGEST_PAUSE_SECONDS = 2.0  # real: a caller looks again this often, however long the answer said


class DemoCallers:
    """Callers at work until cancelled. `outcomes` counts what they reported and was taken."""

    def __init__(
        self, url: str, secret: str, clock: Clock, seed: int, called: CallVotes | None = None
    ) -> None:
        self._called = called  # hears of each contact
        self._url = url
        self._tokens = Tokens(secret)
        self._clock = clock
        self._seed = seed
        self.outcomes: Counter[str] = Counter()
        self.errors: Counter[str] = Counter()  # statuses of 500 and above, lost connections

    async def work(self, callers: Sequence[Caller]) -> None:
        """All of them side by side, for ever."""
        async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=15)) as session:
            await asyncio.gather(*(self._one(session, caller, n) for n, caller in enumerate(callers)))

    async def _one(self, session: aiohttp.ClientSession, caller: Caller, number: int) -> None:
        chance = random.Random(self._seed * 1000 + number)
        headers = {"Authorization": f"Bearer {self._tokens.sign('caller', {'c': caller.caller_id})}"}
        while True:
            try:
                wait = await self._call(session, headers, chance)
            except (aiohttp.ClientError, OSError, TimeoutError) as error:
                self.errors[type(error).__name__] += 1
                wait = 30.0 * self._clock.speed
            speed = max(self._clock.speed, 0.01)
            await asyncio.sleep(min(max(wait / speed, LEAST_PAUSE_SECONDS), LONGEST_PAUSE_SECONDS))

    async def _call(
        self, session: aiohttp.ClientSession, headers: dict[str, str], chance: random.Random
    ) -> float:
        """One voter, or none. Returns after how many stack seconds to ask again."""
        content = await self._ask(session, "POST", "/api/lease", headers, {})
        if content is None:
            return 30.0
        answer = LeaseAnswer.model_validate_json(content)
        for call in answer.unreported:  # what came of them got lost on the way
            lost = {"outcome_id": str(uuid4()), "outcome": Outcome.NO_ANSWER.value}
            await self._report(session, f"/api/outcomes/{call.lease_id}", headers, lost)
        if answer.voter is None:
            return max(answer.ask_again_seconds, 30.0)
        lease = str(answer.voter.lease_id)
        content = await self._ask(session, "POST", "/api/dial", headers, {"lease_id": lease})
        if content is None or not (status := LeaseStatus.model_validate_json(content)).live:
            return 5.0
        voter = status.voter
        outcome = chance.choices(list(OUTCOMES), list(OUTCOMES.values()))[0]
        report: dict[str, str] = {"outcome_id": str(uuid4()), "outcome": outcome.value}
        if outcome is Outcome.CALL_BACK:
            report["call_back_at"] = (self._clock.now() + timedelta(hours=1)).isoformat()
        await self._report(session, f"/api/outcomes/{lease}", headers, report)
        if self._called and voter and outcome in LISTENED:
            self._called.contact(voter.voter_id, self._clock.now())
        elif self._called and voter and outcome is Outcome.NEEDS_RIDE:
            self._called.asked_for_ride(report["outcome_id"], voter.voter_id)
        return chance.uniform(*CALL_SECONDS)

    async def _report(
        self, session: aiohttp.ClientSession, path: str, headers: dict[str, str], report: dict[str, str]
    ) -> None:
        if await self._ask(session, "PUT", path, headers, report) is not None:
            self.outcomes[report["outcome"]] += 1

    async def _ask(
        self, session: aiohttp.ClientSession, method: str, path: str, headers: dict[str, str], body: object
    ) -> bytes | None:
        async with session.request(method, self._url + path, json=body, headers=headers) as answer:
            if answer.status >= 500:
                self.errors[str(answer.status)] += 1
            content = await answer.read()
            return content if answer.status == 200 else None
