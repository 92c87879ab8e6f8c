"""How often one may fail to sign in. Pure: times are handed in, seconds of a monotonic clock.

Failures count per (login, address) and per address, never per login alone: wrong passwords typed for
many logins lock out the address they come from and no other. A browser that this login was signed in from
before counts by itself, so that a stranger behind the war room's own router locks out no one who works there
(OWASP's device cookies). An address counts as its network (IPv6: /64).

One-time codes count by the half-way session as well, which is what a right password opens: few tries, and the
password is asked for again, wherever they come from.
"""

from collections import deque

from election.access.addresses import network_of

WINDOW = 300.0  # seconds a failure is remembered
PER_LOGIN = 6  # failures for one login from one address, or from one known browser
PER_ADDRESS = 40  # a war room behind one router shares an address
PER_HALFWAY = 5  # wrong codes for one password typed
REMEMBERED = 20_000  # keys kept at most
_HALFWAY = "half-way session"  # in the place of a login; what stands beside it is no network


class Attempts:
    """Recent failures. `browser` marks a known one, "" a strange one. Callers hold a lock."""

    def __init__(self) -> None:
        self._failures: dict[tuple[str, str], deque[float]] = {}

    def wait(self, login: str, address: str, now: float, browser: str = "") -> float:
        """Seconds until another attempt is allowed; 0 when it is allowed now."""
        return max(self._remaining(key, now) for key in _keys(login, address, browser))

    def failed(self, login: str, address: str, now: float, browser: str = "") -> None:
        for key in _keys(login, address, browser):
            self._note(key, now)

    def succeeded(self, login: str, address: str, browser: str = "") -> None:
        self._failures.pop(_keys(login, address, browser)[0], None)

    def wrong_code(self, halfway: str, now: float) -> None:
        """A wrong one-time code of a half-way session. `failed` counts where it came from."""
        self._note(_halfway_key(halfway), now)

    def codes_spent(self, halfway: str, now: float) -> bool:
        """Whether a half-way session has had its tries; a code that is right now is refused, too."""
        return self._remaining(_halfway_key(halfway), now) > 0

    def _note(self, key: tuple[str, str], now: float) -> None:
        self._failures.setdefault(key, deque(maxlen=PER_ADDRESS)).append(now)
        while len(self._failures) > REMEMBERED:
            self._failures.pop(next(iter(self._failures)))

    def _remaining(self, key: tuple[str, str], now: float) -> float:
        failures, allowed = self._failures.get(key), _allowed(key)
        while failures and failures[0] <= now - WINDOW:
            failures.popleft()
        if not failures or len(failures) < allowed:
            return 0.0
        return failures[-allowed] + WINDOW - now


def _keys(login: str, address: str, browser: str) -> tuple[tuple[str, str], ...]:
    network = network_of(address)
    return ((login, f"browser {browser}"),) if browser else ((login, network), ("", network))


def _halfway_key(halfway: str) -> tuple[str, str]:
    return (_HALFWAY, halfway)


def _allowed(key: tuple[str, str]) -> int:
    if key[0] == _HALFWAY:
        return PER_HALFWAY
    return PER_LOGIN if key[0] else PER_ADDRESS
