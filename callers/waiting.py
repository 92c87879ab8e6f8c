"""Callers with nothing to call wait here, in the order they came, and cost nothing until there is work."""

import asyncio
from collections import OrderedDict


class WaitingRoom:
    """Woken one voter, one caller: waking all five thousand for one new precinct would help nobody."""

    def __init__(self) -> None:
        self._waiting: OrderedDict[object, asyncio.Future[bool]] = OrderedDict()

    def __len__(self) -> int:
        return len(self._waiting)

    async def wait(self, seconds: float) -> bool:
        """Until woken (True) or so many real seconds have passed."""
        place, loop = object(), asyncio.get_running_loop()
        woken: asyncio.Future[bool] = loop.create_future()
        self._waiting[place] = woken
        timer = loop.call_later(seconds, _wake, woken, False)
        try:
            return await woken
        finally:
            timer.cancel()
            self._waiting.pop(place, None)

    def wake(self, number: int) -> int:
        """Wakes those who have waited longest; how many."""
        done = 0
        while self._waiting and done < number:
            _, woken = self._waiting.popitem(last=False)
            done += not woken.done()
            _wake(woken, True)
        return done


def _wake(woken: "asyncio.Future[bool]", work: bool) -> None:
    if not woken.done():
        woken.set_result(work)
