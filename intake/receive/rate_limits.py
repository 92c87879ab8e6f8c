"""Who waits when too many come: refusals, single phones, single addresses, unknown senders before watchers.

Nothing here drops a text. A phone over its limit is kept and counted, and gets one polite answer instead of
many; an address over its limit is asked to come back (429 with a time); a source that is refused again and
again is turned away before it is looked at, unless it has signed something lately; under overload unknown
senders are put off (503, the provider sends again) before any watcher is. Pure: the time is handed in,
except in `RefusalPacer`, which holds answers back on the event loop.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Callable

PER_SECOND = 200  # refusals answered a second: forgers wait for each other, not watchers for forgers
LONGEST_WAIT = 10.0  # seconds; providers have given up by then
MOST_HELD = 2_000  # answers held back at once; each keeps a connection open
MOST_REMEMBERED = 50_000  # phones or addresses; the ones unheard longest are forgotten

# A proxy of ours lends each of its connections to whoever is being answered, has a limited number, and asks
# another of us after four seconds (deploy/haproxy.cfg): so what comes through it is held shortly.
PROXIED_WAIT = 1.0  # seconds
MOST_HELD_FOR_PROXIES = 300

TURNED_AWAY = "turned_away"  # the reason under which it is counted
REFUSED_PER_SECOND = 5.0  # refusals of one source a second that are borne, on average
REFUSED_AT_ONCE = 60.0  # and in a burst: a provider whose secret is wrong, a preflight, a rehearsal
LOOKED_PER_SECOND = 20.0  # requests of a source beyond that which are looked at all the same
CLAIMED_PER_SECOND = 200.0  # of those that say they are signed: a hash each, 2 % of a core
PROVEN_SECONDS = 600.0  # so long a source that has signed something is always looked at


class RefusalPacer:
    """Answers refusals at a steady pace. A forger's connection waits for its answer, and so sends less."""

    def __init__(
        self, per_second: float = PER_SECOND, longest: float = LONGEST_WAIT, most: int = MOST_HELD
    ) -> None:
        self._gap = 1.0 / per_second
        self._longest = longest
        self._most = most
        self._next = 0.0
        self.held = 0

    def refuse(self, answer: Callable[[], None]) -> None:
        """Gives the answer now if few are refused or too many wait already, else in its turn."""
        loop = asyncio.get_running_loop()
        now = loop.time()
        if self.held >= self._most:
            answer()
            return
        # a tenth of a second's worth may come at once
        self._next = min(max(self._next + self._gap, now - 0.1), now + self._longest)
        if self._next <= now:
            answer()
        else:
            self.held += 1
            loop.call_at(self._next, self._let_go, answer)

    def _let_go(self, answer: Callable[[], None]) -> None:
        self.held -= 1
        answer()


class TokenBuckets:
    """So many events a second for each key on average, and `burst` at once. Times in seconds, any origin."""

    def __init__(self, per_second: float, burst: float, most: int = MOST_REMEMBERED) -> None:
        self._per_second = per_second
        self._burst = burst
        self._most = most
        self._empty_at: OrderedDict[str, float] = OrderedDict()  # when the key will owe nothing any more

    def wait(self, key: str, now: float) -> float:
        """Seconds until the next event of this key would be within the allowance; nothing is counted."""
        if self._per_second <= 0:
            return 0.0
        gap = 1.0 / self._per_second
        excess = max(self._empty_at.get(key, now), now) + gap - now - self._burst * gap
        return excess if excess > 1e-9 else 0.0

    def take(self, key: str, now: float) -> float:
        """0 if the event is within the allowance, else the seconds until the next one would be."""
        if self._per_second <= 0:
            return 0.0
        excess = self.wait(key, now)
        if excess:
            return excess
        self._empty_at[key] = max(self._empty_at.get(key, now), now) + 1.0 / self._per_second
        self._empty_at.move_to_end(key)
        if len(self._empty_at) > self._most:
            self._empty_at.popitem(last=False)
        return 0.0

    def __len__(self) -> int:
        return len(self._empty_at)


class Sources:
    """What each source has done lately: who is let in, and whose requests are looked at.

    A source is an address (of IPv6 its /64, which one customer has). `per_second` and `at_once` are of new
    connections. Whoever has signed something is let in and looked at, so that a flood from a provider's own
    address, or from behind the same router, does not keep its texts out.
    """

    def __init__(self, per_second: float = 0.0, at_once: float = 1.0) -> None:
        self._connections = TokenBuckets(per_second, at_once)
        self._refused = TokenBuckets(REFUSED_PER_SECOND, REFUSED_AT_ONCE)
        self._looked = TokenBuckets(LOOKED_PER_SECOND, LOOKED_PER_SECOND)
        self._claimed = TokenBuckets(CLAIMED_PER_SECOND, CLAIMED_PER_SECOND)
        self._proven_at: OrderedDict[str, float] = OrderedDict()

    def lets_in(self, source: str, now: float) -> bool:
        """Whether a new connection is served; else it is closed before anything is read."""
        return not self._connections.take(source, now) or self._proven(source, now)

    def put_off(self, source: str, now: float, claims: bool = False) -> float:
        """0: look at its request. Else the seconds after which it may come again, unlooked at.

        `claims`: the request says that it is signed. Such have room of their own, so that a provider behind a
        flood's address is proven by its first text and not by the first that happens to be looked at.
        """
        room = self._claimed if claims else self._looked
        if not self.worn_out(source, now) or not room.take(source, now):
            return 0.0
        return self._refused.wait(source, now)

    def worn_out(self, source: str, now: float) -> bool:
        """Whether its refusals are beyond what is borne."""
        return self._refused.wait(source, now) > 0 and not self._proven(source, now)

    def refused(self, source: str, now: float) -> None:
        """It sent something that was refused."""
        self._refused.take(source, now)

    def signed(self, source: str, now: float) -> None:
        """It sent something rightly signed."""
        self._proven_at[source] = now
        self._proven_at.move_to_end(source)
        if len(self._proven_at) > MOST_REMEMBERED:
            self._proven_at.popitem(last=False)

    def _proven(self, source: str, now: float) -> bool:
        at = self._proven_at.get(source)
        return at is not None and now - at < PROVEN_SECONDS


class Phones:
    """Texts a phone may send before its answers stop; its texts are kept all the same."""

    def __init__(self, per_minute: float, burst: float) -> None:
        self._bucket = TokenBuckets(per_minute / 60, burst)
        self._told: OrderedDict[str, float] = OrderedDict()

    def excess(self, phone: str, now: float) -> str:
        """ "" within the limit; else "tell" (once a minute: say so politely) or "silent"."""
        if not self._bucket.take(phone, now):
            return ""
        if now < self._told.get(phone, now):
            return "silent"
        self._told[phone] = now + 60
        self._told.move_to_end(phone)
        if len(self._told) > MOST_REMEMBERED:
            self._told.popitem(last=False)
        return "tell"
