"""How often one may fail to sign in. Pure: times are handed in, seconds of a monotonic clock.

Failures count per (login, address) and per address, never per login alone: whoever types wrong passwords for
everybody's login locks out their own address and nobody else. A browser that this login was signed in from
before counts by itself, so that a stranger behind the war room's own router locks out nobody who works there
(OWASP's device cookies).
"""

from collections import deque

WINDOW = 300.0  # seconds a failure is remembered
PER_LOGIN = 6  # failures for one login from one address, or from one known browser
PER_ADDRESS = 40  # a war room behind one router shares an address
REMEMBERED = 20_000  # keys kept at most


class Attempts:
    """Recent failures. `browser` marks a known one, "" a strange one. Callers hold a lock."""

    def __init__(self) -> None:
        self._failures: dict[tuple[str, str], deque[float]] = {}

    def wait(self, login: str, address: str, now: float, browser: str = "") -> float:
        """Seconds until another attempt is allowed; 0 when it is allowed now."""
        return max(self._remaining(key, now) for key in _keys(login, address, browser))

    def failed(self, login: str, address: str, now: float, browser: str = "") -> None:
        for key in _keys(login, address, browser):
            self._failures.setdefault(key, deque(maxlen=PER_ADDRESS)).append(now)
        while len(self._failures) > REMEMBERED:
            self._failures.pop(next(iter(self._failures)))

    def succeeded(self, login: str, address: str, browser: str = "") -> None:
        self._failures.pop(_keys(login, address, browser)[0], None)

    def _remaining(self, key: tuple[str, str], now: float) -> float:
        failures, allowed = self._failures.get(key), PER_LOGIN if key[0] else PER_ADDRESS
        while failures and failures[0] <= now - WINDOW:
            failures.popleft()
        if not failures or len(failures) < allowed:
            return 0.0
        return failures[-allowed] + WINDOW - now


def _keys(login: str, address: str, browser: str) -> tuple[tuple[str, str], ...]:
    return ((login, f"browser {browser}"),) if browser else ((login, address), ("", address))
