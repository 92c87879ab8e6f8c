"""Simulated volunteers at work: one mechanism for callers, canvassers and drivers.

Each has a link of their own and takes turns until cancelled or until they go home; what a turn is, each kind
says. Pauses are of stack time, and the clock may be set meanwhile.
"""

import asyncio
import random
from abc import abstractmethod
from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from typing import ClassVar

import aiohttp

from beluga.load.call_votes import CallVotes
from election.access.tokens import Tokens
from election.postgres.database import UNREACHABLE
from election.runtime.clock import Clock

AWAY: tuple[type[BaseException], ...] = (aiohttp.ClientError, *UNREACHABLE)
AGAIN_SECONDS = 0.5  # real
LEAST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS = 0.05, 2.0  # real


class VolunteerRequests:
    """What one volunteer asks of the callers' service with their link."""

    def __init__(self, session: aiohttp.ClientSession, url: str, token: str, errors: Counter[str]) -> None:
        self._session = session
        self._url = url
        self._headers = {"Authorization": f"Bearer {token}"}
        self._errors = errors

    async def __call__(self, method: str, path: str, body: object) -> bytes | None:
        """The answer's content; None where it was refused."""
        status, content = await self._asked(method, path, body)
        return content if status == 200 else None

    async def until_answered(self, method: str, path: str, body: object) -> bytes | None:
        """The same for what must not get lost: sent again until it is answered, as the pages do."""
        while True:
            try:
                status, content = await self._asked(method, path, body)
            except AWAY as error:
                self._errors[type(error).__name__] += 1
            else:
                if status < 500 and status != 429:
                    return content if status == 200 else None
            await asyncio.sleep(AGAIN_SECONDS)

    async def _asked(self, method: str, path: str, body: object) -> tuple[int, bytes]:
        async with self._session.request(
            method, self._url + path, json=body, headers=self._headers
        ) as answer:
            if answer.status >= 500:
                self._errors[str(answer.status)] += 1
            return answer.status, await answer.read()


class DemoVolunteers:
    """Volunteers of one kind. `done` counts what they did and was taken; `called` hears what it may bring."""

    kind: ClassVar[str]
    away_seconds: ClassVar[float] = (
        30.0  # stack time after which a service that did not answer is asked again
    )

    def __init__(
        self, url: str, secret: str, clock: Clock, seed: int, called: CallVotes | None = None
    ) -> None:
        self.url = url
        self.clock = clock
        self.called = called
        self.done: Counter[str] = Counter()
        self.errors: Counter[str] = Counter()  # statuses of 500 and above, lost connections
        self.ends: datetime | None = None  # when they go home, what they began told; None: never
        self._tokens = Tokens(secret)
        self._seed = seed

    @property
    def over(self) -> bool:
        """Whether it is time to go home."""
        return self.ends is not None and self.clock.now() >= self.ends

    @abstractmethod
    async def turn(self, ask: VolunteerRequests, chance: random.Random) -> float:
        """One turn; returns after how many stack seconds the next one comes."""

    async def work(self, ids: Sequence[str]) -> None:
        """All of them side by side, until they go home."""
        async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=15)) as session:
            await asyncio.gather(*(self._one(session, who) for who in ids))

    async def _one(self, session: aiohttp.ClientSession, who: str) -> None:
        chance = random.Random(f"{self._seed} {who}")
        ask = VolunteerRequests(session, self.url, self._tokens.sign(self.kind, {"c": who}), self.errors)
        while not self.over:
            try:
                wait = await self.turn(ask, chance)
            except AWAY as error:
                self.errors[type(error).__name__] += 1
                wait = self.away_seconds
            # looks again this often in real time, however long the answer said
            await self.pause(min(wait, LONGEST_PAUSE_SECONDS * max(self.clock.speed, 0.01)))

    async def pause(self, stack_seconds: float) -> None:
        """Waits so long by the stack's clock."""
        left = stack_seconds / max(self.clock.speed, 0.01)
        while left > 0 and not self.over:  # the clock may have been set meanwhile; no pause is much too long
            await asyncio.sleep(min(max(left, LEAST_PAUSE_SECONDS), LONGEST_PAUSE_SECONDS))
            left -= LONGEST_PAUSE_SECONDS

    @property
    def line(self) -> str:
        """What they did, in one line."""
        return f"{dict(self.done)} errors {dict(self.errors)}"
