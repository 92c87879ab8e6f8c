"""The stack's time for leases: several services must agree on it though their machines' clocks do not.

A rehearsal's clock is shared already. The system's is corrected to the database's, which all services share:
otherwise a machine an hour ahead would end everybody else's leases (law L7 would hold, but voters would be
called twice).
"""

import time
from datetime import UTC, datetime, timedelta

import asyncpg

from election.runtime.clock import Clock, SystemClock

_MEASURE_SECONDS = 10.0  # real
_NOTICEABLE = timedelta(milliseconds=50)  # below it a round trip's asymmetry is all we would correct


class DatabaseClock:
    """`now()` by the database's clock (or the rehearsal's); `measure` now and then."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._offset = timedelta()
        self._measured_at = -1e9

    @property
    def speed(self) -> float:
        return self._clock.speed

    @property
    def offset(self) -> timedelta:
        """What is added to this machine's clock."""
        return self._offset

    def now(self) -> datetime:
        return self._clock.now() + self._offset

    async def measure(self, connection: asyncpg.Pool | asyncpg.Connection) -> None:
        """Compares the clocks, at most every ten seconds, by the middle of one round trip."""
        if not isinstance(self._clock, SystemClock):
            return
        if time.monotonic() - self._measured_at < _MEASURE_SECONDS:
            return
        before = self._clock.now()
        theirs: datetime = await connection.fetchval("select clock_timestamp()")
        offset = theirs.astimezone(UTC) - (before + (self._clock.now() - before) / 2)
        self._offset = offset if abs(offset) > _NOTICEABLE else timedelta()
        self._measured_at = time.monotonic()
