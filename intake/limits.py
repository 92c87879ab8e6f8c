"""Who waits when too many come: refusals, single phones, single addresses, unknown senders before watchers.

Nothing here drops a text. A phone over its limit is kept and counted, and gets one polite answer instead of
many; an address over its limit is asked to come back (429 with a time); under overload unknown senders are
put off (503, the provider sends again) before any watcher is. Pure: the time is handed in, except in
`Doorkeeper`, which holds answers back on the event loop.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Callable

PER_SECOND = 200  # refusals answered a second: forgers wait for each other, not watchers for forgers
LONGEST_WAIT = 10.0  # seconds; providers have given up by then
MOST_REMEMBERED = 50_000  # phones or addresses; the ones unheard longest are forgotten


class Doorkeeper:
    """Answers refusals at a steady pace. A forger's connection waits for its answer, and so sends less."""

    def __init__(self, per_second: float = PER_SECOND) -> None:
        self._gap = 1.0 / per_second
        self._next = 0.0

    def refuse(self, answer: Callable[[], None]) -> None:
        """Gives the answer now if few are refused, else in its turn."""
        loop = asyncio.get_running_loop()
        now = loop.time()
        self._next = min(max(self._next + self._gap, now - 0.1), now + LONGEST_WAIT)  # .1 s may come at once
        if self._next <= now:
            answer()
        else:
            loop.call_at(self._next, answer)


class Allowance:
    """So many events a second for each key on average, and `burst` at once. Times in seconds, any origin."""

    def __init__(self, per_second: float, burst: float, most: int = MOST_REMEMBERED) -> None:
        self._per_second = per_second
        self._burst = burst
        self._most = most
        self._empty_at: OrderedDict[str, float] = OrderedDict()  # when the key will owe nothing any more

    def take(self, key: str, now: float) -> float:
        """0 if the event is within the allowance, else the seconds until the next one would be."""
        if self._per_second <= 0:
            return 0.0
        gap = 1.0 / self._per_second
        owed_until = max(self._empty_at.get(key, now), now) + gap
        excess = owed_until - now - self._burst * gap
        if excess > 1e-9:
            return excess
        self._empty_at[key] = owed_until
        self._empty_at.move_to_end(key)
        if len(self._empty_at) > self._most:
            self._empty_at.popitem(last=False)
        return 0.0

    def __len__(self) -> int:
        return len(self._empty_at)


class Phones:
    """Texts a phone may send before its answers stop; its texts are kept all the same."""

    def __init__(self, per_minute: float, burst: float) -> None:
        self._allowance = Allowance(per_minute / 60, burst)
        self._told: OrderedDict[str, float] = OrderedDict()

    def excess(self, phone: str, now: float) -> str:
        """ "" within the limit; else "tell" (once a minute: say so politely) or "silent"."""
        if not self._allowance.take(phone, now):
            return ""
        if now < self._told.get(phone, now):
            return "silent"
        self._told[phone] = now + 60
        self._told.move_to_end(phone)
        if len(self._told) > MOST_REMEMBERED:
            self._told.popitem(last=False)
        return "tell"
