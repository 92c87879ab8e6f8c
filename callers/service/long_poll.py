"""Callers with nothing to call wait here, in the order they came, and cost next to nothing meanwhile.

Woken one voter, one caller: waking all five thousand for one new precinct would help nobody. A proxy gives a
connection up that is silent for half a minute, so each says a blank now and then; one sweep does it for all,
without waking the tasks behind them.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

BLANK_SECONDS = 25.0  # real; proxies give a silent answer up after thirty
_SWEEP_SECONDS = 1.0


@dataclass(slots=True)
class _Waiting:
    woken: "asyncio.Future[bool]"
    blank: Callable[[], bool]  # says a blank; False where nobody is there any longer
    stands: Callable[[], bool]  # whether they may still call
    said_at: float


class LongPoll:
    """Who waits, longest first."""

    def __init__(self, blank_seconds: float = BLANK_SECONDS) -> None:
        self._blank_seconds = blank_seconds
        self._waiting: OrderedDict[object, _Waiting] = OrderedDict()
        self._sweeping = False
        self.closed = False

    def __len__(self) -> int:
        return len(self._waiting)

    async def wait(
        self,
        seconds: float,
        blank: Callable[[], bool] = lambda: True,
        stands: Callable[[], bool] = lambda: True,
    ) -> bool:
        """Waits until woken (True); False after so many real seconds, once `blank` finds the connection
        gone, or once `stands` says that they may not call.
        """
        if self.closed:
            return False
        place, loop = object(), asyncio.get_running_loop()
        woken: asyncio.Future[bool] = loop.create_future()
        self._waiting[place] = _Waiting(woken, blank, stands, loop.time())
        timer = loop.call_later(seconds, _end, woken, False)
        if not self._sweeping:
            self._sweeping = True
            loop.call_later(_SWEEP_SECONDS, self._sweep)
        try:
            return await woken
        finally:
            timer.cancel()
            self._waiting.pop(place, None)

    def _sweep(self) -> None:
        loop = asyncio.get_running_loop()
        now = loop.time()
        for each in list(self._waiting.values()):
            if now - each.said_at >= self._blank_seconds:
                each.said_at = now
                if not each.blank():
                    _end(each.woken, False)
        self._sweeping = bool(self._waiting)
        if self._sweeping:
            loop.call_later(_SWEEP_SECONDS, self._sweep)

    def recheck(self) -> None:
        """Access has changed: whose was taken away waits no longer."""
        for each in list(self._waiting.values()):
            if not each.stands():
                _end(each.woken, False)

    def close(self) -> None:
        """The service stops: everybody has their answer now, and asks again, elsewhere."""
        self.closed = True
        for each in list(self._waiting.values()):
            _end(each.woken, False)

    def wake(self, number: int) -> int:
        """Wakes those who have waited longest; how many."""
        done = 0
        while self._waiting and done < number:
            _, each = self._waiting.popitem(last=False)
            done += not each.woken.done()
            _end(each.woken, True)
        return done


def _end(woken: "asyncio.Future[bool]", work: bool) -> None:
    if not woken.done():
        woken.set_result(work)
