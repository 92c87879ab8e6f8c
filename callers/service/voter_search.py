"""Finds the next voter for a caller among the precincts that are open."""

import asyncio
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from callers.dispatch.allocation import CallerPool
from callers.dispatch.live_dispatches import LiveDispatches
from callers.dispatch.views import Live
from callers.queue.lease import CallerOnDuty, Granted, NoVoter
from callers.queue.leases import Queue
from callers.rules.policy import NEVER_AGAIN

_DRY_SECONDS = 5.0  # real; a precinct without a voter for these languages is not asked again so long
_SEARCHED_ALONE = 10  # precincts, before callers wait for each other
_LONGEST_SEARCH = 2.0  # real seconds through precincts without a voter
_HOPE = ("no_dispatch", "empty", "language", "hours", "resting")


@dataclass
class _Search:
    """One caller's search through every precinct, for all who are alike."""

    over: asyncio.Event = field(default_factory=asyncio.Event)
    found: Granted | NoVoter | None = None


class VoterSearch:
    """The search, and what it remembers of precincts that had no voter."""

    def __init__(self, queue: Queue, dispatches: LiveDispatches) -> None:
        self._queue = queue
        self._dispatches = dispatches
        self._dry: dict[tuple[str, tuple[str, ...]], tuple[float, NoVoter]] = {}
        self._searches: dict[tuple[tuple[str, ...], CallerPool], _Search] = {}
        self._nobody: dict[tuple[tuple[str, ...], CallerPool], tuple[Mapping[str, Live], NoVoter]] = {}

    async def find(self, caller: CallerOnDuty, now: datetime) -> Granted | NoVoter:
        """Returns a voter of any precinct that runs, or why there is none.

        In the evening thousands of callers find no voter where they are. When one of those who are alike
        (languages and pool) has searched many precincts in vain, the others wait for what that one finds:
        voters there, or none until the dispatches are read again, each second.
        """
        live, alike = self._dispatches.live, (caller.languages, caller.caller_pool)
        known = self._nobody.get(alike)
        if known and known[0] is live:
            return known[1]
        where = self._dispatches.callers
        for precinct in where.first_choices(
            caller.caller_id, caller.caller_pool, lambda p: self._dispatches.runs(p, now)
        ):
            found = await self._from_precinct(caller, precinct, now)
            if isinstance(found, Granted):
                return found
        search = _Search()
        try:
            search.found = await self._everywhere(caller, now, search)
        finally:
            if self._searches.get(alike) is search:
                del self._searches[alike]
            search.over.set()
        return search.found

    async def _everywhere(self, caller: CallerOnDuty, now: datetime, search: _Search) -> Granted | NoVoter:
        live, nobody, began = self._dispatches.live, self._nobody, time.monotonic()
        alike = caller.languages, caller.caller_pool
        why = NoVoter("no_dispatch")
        for n, precinct in enumerate(self._dispatches.all_choices(caller.caller_id, caller.caller_pool, now)):
            while n >= _SEARCHED_ALONE and (other := self._searches.setdefault(alike, search)) is not search:
                await other.over.wait()
                if isinstance(other.found, NoVoter):
                    return other.found
                if other.found:
                    found = await self._from_precinct(caller, other.found.precinct_id, now)
                    if isinstance(found, Granted):
                        return found
            found = await self._from_precinct(caller, precinct, now)
            if isinstance(found, Granted):
                return found
            why = _more_hopeful(why, found)
            if time.monotonic() - began > _LONGEST_SEARCH:
                break  # what was found dry is passed over by the next who searches
        else:
            nobody[alike] = live, why  # unless more may be called meanwhile
        return why

    async def _from_precinct(self, caller: CallerOnDuty, precinct: str, now: datetime) -> Granted | NoVoter:
        key = (precinct, caller.languages)
        dry = self._dry.get(key)
        if dry and time.monotonic() < dry[0]:
            return dry[1]
        found = await self._queue.grant(caller, precinct, now)
        if isinstance(found, NoVoter):
            self._dry[key] = (time.monotonic() + _DRY_SECONDS, found)
        return found

    def more_to_call(self, precincts: Mapping[str, int]) -> None:
        """Forgets that there was no voter in these precincts: more may be called there now."""
        self._dry = {key: found for key, found in self._dry.items() if key[0] not in precincts}
        self._nobody = {}


def _more_hopeful(one: NoVoter, other: NoVoter) -> NoVoter:
    """Returns, of two precincts' reasons, the one with the sooner chance of work."""
    if one.reason == other.reason and one.until and other.until:
        return min(one, other, key=lambda why: why.until or NEVER_AGAIN)
    return max(one, other, key=lambda why: _HOPE.index(why.reason) if why.reason in _HOPE else -1)
