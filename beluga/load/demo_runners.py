"""Simulated runners: watchers without a precinct, who go where the tally says that a count tells most."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta

import aiohttp

from beluga.load.sender import TextSender, WatcherText
from election.access.identity import machine
from election.access.tokens import Tokens
from election.domain.day import Watcher
from election.domain.ids import MessageId, WatcherId
from election.runtime.clock import Clock

RIDE = timedelta(minutes=25)  # stack time, from being sent to the count
REST = timedelta(minutes=10)  # … from the count to the next errand
LEAST_PAUSE_SECONDS = 0.05  # real
WORTH = 1.0  # votes: for less nobody is sent

Votes = Callable[[str, datetime], int]  # at a precinct by then


def runners(phones: Sequence[str]) -> list[Watcher]:
    """A runner for each phone, with no precinct."""
    return [
        Watcher(WatcherId(f"runner{n}"), f"Runner {n}", phone, "en", ()) for n, phone in enumerate(phones, 1)
    ]


def next_errand(worth: Mapping[str, float], taken: set[str]) -> str | None:
    """Where to send the next one: the precinct worth most to which nobody is under way."""
    open_ones = [(value, precinct) for precinct, value in worth.items() if precinct not in taken]
    best = max(open_ones, key=lambda pair: (pair[0], pair[1]), default=(0.0, ""))
    return best[1] if best[0] >= WORTH else None


class DemoRunners:
    """Runners on their way until cancelled. `sent` holds the id of every text that was tried."""

    def __init__(self, tally_url: str, secret: str, clock: Clock, votes: Votes) -> None:
        self._url, self._tokens, self._clock, self._votes = tally_url, Tokens(secret), clock, votes
        self._taken: set[str] = set()
        self.sent: set[MessageId] = set()

    async def work(self, people: Sequence[Watcher], sender: TextSender) -> None:
        """All of them side by side, for ever."""
        async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=15)) as session:
            await asyncio.gather(*(self._one(session, sender, who) for who in people))

    async def _one(self, session: aiohttp.ClientSession, sender: TextSender, who: Watcher) -> None:
        errands = 0
        while True:
            try:
                precinct = next_errand(await self._worth(session), self._taken)
            except (aiohttp.ClientError, OSError, TimeoutError):
                precinct = None
            if precinct is None:
                await self._pause(REST)
                continue
            self._taken.add(precinct)
            await self._pause(RIDE)
            errands += 1
            now = self._clock.now()
            text = WatcherText(
                f"{who.watcher_id}-{errands}", now, who.phone, f"{precinct} {self._votes(precinct, now)}"
            )
            self.sent.add(text.message_id)
            await sender.send(text)
            await self._pause(REST)
            self._taken.discard(precinct)

    async def _worth(self, session: aiohttp.ClientSession) -> dict[str, float]:
        """Value of a count at each precinct, as the tally has it."""
        bearer = {
            "Authorization": f"Bearer {self._tokens.sign('service', machine('demo', 'staff').claims())}"
        }
        async with session.get(f"{self._url}/standings", headers=bearer) as answer:
            if answer.status != 200:
                return {}
            standings = (await answer.json())["standings"]
        return dict(zip(standings["precinct_id"], standings["watcher_value"], strict=True))

    async def _pause(self, stack: timedelta) -> None:
        """Waits until the stack's clock has gone on by so much: it may change its speed meanwhile."""
        until = self._clock.now() + stack
        while self._clock.now() < until:  # noqa: ASYNC110 (a clock in a file wakes nobody)
            await asyncio.sleep(LEAST_PAUSE_SECONDS)
