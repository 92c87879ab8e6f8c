"""Who holds a caller's link, remembered for a moment: every request of a page asks."""

import time
from collections.abc import Sequence

from callers.people.people import People
from callers.queue.lease import CallerOnDuty
from callers.queue.leases import Queue
from callers.scripts.wording import LANGUAGES
from callers.service.database_clock import DatabaseClock

_CALLER_SECONDS = 10.0  # real; how long a barred caller may go on


class CallerLinks:
    """Callers' links as staff and callers change them at this service."""

    def __init__(self, queue: Queue, people: People, at: DatabaseClock) -> None:
        self._queue = queue
        self._people = people
        self._time = at
        self._callers: dict[str, tuple[CallerOnDuty | None, float]] = {}

    async def volunteer(self, caller_id: str) -> CallerOnDuty | None:
        """Returns who holds a link, whatever their role; None where staff took it away or never gave it."""
        known = self._callers.get(caller_id)
        if known is None or time.monotonic() - known[1] > _CALLER_SECONDS:
            known = (await self._queue.caller(caller_id, self._time.now()), time.monotonic())
            self._callers[caller_id] = known
        return known[0]

    async def speak(self, caller: CallerOnDuty, languages: Sequence[str]) -> None:
        """A caller says what they speak with voters. Raises `ValueError` for none."""
        await self._people.speak(caller.caller_id, languages)
        self._callers.pop(caller.caller_id, None)

    async def page_in(self, caller: CallerOnDuty, language: str) -> None:
        """A caller reads their page in this language. Raises `ValueError` for one that it does not have."""
        if language not in LANGUAGES:
            raise ValueError("a language of the page")
        await self._people.page_in(caller.caller_id, language)
        self._callers.pop(caller.caller_id, None)

    async def bar(self, caller_id: str, account: str, *, barred: bool) -> bool:
        """Takes a caller's link away, or gives it back; whether there is such a caller."""
        self._callers.pop(caller_id, None)
        return await self._people.bar(caller_id, account, self._time.now(), barred=barred)
