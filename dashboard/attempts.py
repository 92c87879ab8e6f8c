"""How often one may fail to sign in. Pure: times are handed in, seconds of a monotonic clock.

Failures count per (login, address) and per address, never per login alone: whoever types wrong passwords for
everybody's login locks out their own address and nobody else.
"""

from collections import deque

WINDOW = 300.0  # seconds a failure is remembered
PER_LOGIN = 6  # failures for one login from one address
PER_ADDRESS = 40  # a war room behind one router shares an address
REMEMBERED = 20_000  # keys kept at most


class Attempts:
    """Recent failures. Not thread-safe by itself: callers hold a lock."""

    def __init__(self) -> None:
        self._failures: dict[tuple[str, str], deque[float]] = {}

    def wait(self, login: str, address: str, now: float) -> float:
        """Seconds until another attempt is allowed; 0 when it is allowed now."""
        return max(
            self._remaining((login, address), PER_LOGIN, now),
            self._remaining(("", address), PER_ADDRESS, now),
        )

    def failed(self, login: str, address: str, now: float) -> None:
        for key in ((login, address), ("", address)):
            self._failures.setdefault(key, deque(maxlen=PER_ADDRESS)).append(now)
        while len(self._failures) > REMEMBERED:
            self._failures.pop(next(iter(self._failures)))

    def succeeded(self, login: str, address: str) -> None:
        self._failures.pop((login, address), None)

    def _remaining(self, key: tuple[str, str], allowed: int, now: float) -> float:
        failures = self._failures.get(key)
        while failures and failures[0] <= now - WINDOW:
            failures.popleft()
        if not failures or len(failures) < allowed:
            return 0.0
        return failures[-allowed] + WINDOW - now
