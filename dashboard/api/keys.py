"""The API's keys at hand: followed in the database, judged in memory, each at its own rate.

While the database is away the keys that were known stay good; before any were read nobody can be judged, and
requests are answered 503.
"""

import asyncio
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from time import monotonic as real_monotonic

import asyncpg
import structlog

from dashboard.bridge.async_bridge import AsyncBridge
from election.access import api_keys
from election.access.access_list import CHANNEL, POLL_SECONDS
from election.access.api_keys import ApiKey
from election.postgres.database import UNREACHABLE
from election.postgres.pg_watch import watch

AWAY: tuple[type[BaseException], ...] = (*UNREACHABLE, asyncpg.PostgresError)

_LOG = structlog.get_logger()

NOTED_SECONDS = 20.0  # real, between two writings of how often keys were used
MINUTE = 60.0
AT_ONCE = 0.25  # of a minute's requests that may come together
READ_AGAIN_SECONDS = 3600.0  # reading is audited once an hour for each key and scope


@dataclass
class _Bucket:
    """Requests that one key may still make, as of `at` (monotonic)."""

    left: float
    at: float


class ApiKeys:
    """Which keys are open. Threads ask it; the background loop keeps it current."""

    def __init__(self, monotonic: Callable[[], float] = real_monotonic) -> None:
        self._monotonic = monotonic
        self._known: dict[str, ApiKey] | None = None
        self._turn = threading.Lock()
        self._buckets: dict[str, _Bucket] = {}
        self._uses: dict[str, int] = {}
        self._read: dict[tuple[str, str], float] = {}

    @property
    def known(self) -> bool:
        """Whether the keys have been read yet."""
        return self._known is not None

    async def adopt(self, keys: Sequence[ApiKey]) -> None:
        """Puts what the database says in force."""
        with self._turn:
            self._known = {key.key_id: key for key in keys if key.revoked_at is None}
            self._buckets = {k: b for k, b in self._buckets.items() if k in self._known}

    def find(self, text: str) -> ApiKey | None:
        """The open key that this is, else None."""
        key_id, secret = api_keys.parts_of(text)
        key = (self._known or {}).get(key_id)
        return key if key is not None and key.opens(secret) else None

    def wait(self, key: ApiKey) -> float:
        """Takes one request of the key's rate; else the seconds until there is one."""
        most, now = max(1.0, key.a_minute * AT_ONCE), self._monotonic()
        with self._turn:
            bucket = self._buckets.setdefault(key.key_id, _Bucket(most, now))
            bucket.left = min(most, bucket.left + (now - bucket.at) * key.a_minute / MINUTE)
            bucket.at = now
            if bucket.left < 1:
                return (1 - bucket.left) * MINUTE / key.a_minute
            bucket.left -= 1
            self._uses[key.key_id] = self._uses.get(key.key_id, 0) + 1
        return 0.0

    def first_read(self, key: ApiKey, what: str) -> bool:
        """Whether this reading is the first for an hour: those are audited."""
        now = self._monotonic()
        with self._turn:
            last = self._read.get((key.key_id, what))
            if last is not None and now - last < READ_AGAIN_SECONDS:
                return False
            self._read[(key.key_id, what)] = now
        return True

    async def follow(self, url: str) -> None:
        """Keeps up with the database for ever; being without one is no error."""
        await watch(url, CHANNEL, api_keys.read_all, self.adopt, "API keys", POLL_SECONDS)

    async def keep_noting(self, bridge: AsyncBridge) -> None:
        """Writes down how often keys were used, now and then."""
        while True:
            await asyncio.sleep(NOTED_SECONDS)
            try:
                async with bridge.connection() as connection:
                    await self.note(connection)
            except AWAY as error:
                _LOG.warning("database_away", work="uses of API keys", error=type(error).__name__)

    async def note(self, connection: asyncpg.Connection) -> None:
        """Writes down the uses so far; where that fails they are kept for the next time."""
        with self._turn:
            uses, self._uses = self._uses, {}
        if not uses:
            return
        try:
            await api_keys.note_uses(connection, uses)
        except BaseException:
            with self._turn:
                for key_id, count in uses.items():
                    self._uses[key_id] = self._uses.get(key_id, 0) + count
            raise
