"""How long a ride that nobody has taken may still wait. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

DRIVE = timedelta(minutes=45)  # from taking a ride until the voter is at the polls
CALM, RISING, URGENT = 0, 1, 2
_AGE_RISES, _AGE_URGENT = timedelta(minutes=20), timedelta(minutes=45)
_HOME_RISES, _HOME_URGENT = timedelta(minutes=10), timedelta(minutes=20)  # they stand outside the polls


@dataclass(frozen=True, slots=True)
class Unclaimed:
    """A ride that nobody has taken. `due`: when the voter must be at the polls."""

    since: datetime
    due: datetime
    home: bool = False  # the way home


def level(ride: Unclaimed, now: datetime) -> int:
    """0 while it may wait, 1 while it rises, 2 where it is urgent: by its age, and by the time left."""
    age = now - ride.since
    if ride.home:
        return URGENT if age >= _HOME_URGENT else RISING if age >= _HOME_RISES else CALM
    left = ride.due - now
    if age >= _AGE_URGENT or left <= DRIVE:
        return URGENT
    return RISING if age >= _AGE_RISES or left <= 2 * DRIVE else CALM


def order(ride: Unclaimed, now: datetime) -> tuple[int, datetime, datetime]:
    """Sorts rides: the most urgent first, then by when they are due, then the one that waits longest."""
    return -level(ride, now), ride.since if ride.home else ride.due, ride.since


def why(ride: Unclaimed, now: datetime) -> str:
    """The level in words; empty while it may wait."""
    if level(ride, now) is CALM:
        return ""
    waits = f"waits {_minutes(now - ride.since)} for a driver"
    if ride.home:
        return f"at the polls, {waits} home"
    left = ride.due - now
    if left <= timedelta():
        return f"{waits}, due {_minutes(-left)} ago"
    return f"{waits}, due in {_minutes(left)}"


def sentence(rides: Iterable[Unclaimed], now: datetime) -> str:
    """A precinct's rides that cannot wait, in a sentence; empty where none."""
    found = sorted((r for r in rides if level(r, now) is URGENT), key=lambda r: order(r, now))
    if not found:
        return ""
    number = "1 voter needs a ride" if len(found) == 1 else f"{len(found)} voters need a ride"
    return f"{number}: the first {why(found[0], now)}"


def _minutes(time: timedelta) -> str:
    return f"{max(0, int(time.total_seconds() // 60))} min"
