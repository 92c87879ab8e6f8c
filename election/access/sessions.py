"""Sessions that were signed out of: kept here, and in the database for the other services that keep sessions.

A copied cookie is as good as the one it was copied from until both are refused. While the database is away
the session has ended in this process all the same, through its restart too; the others learn of it later.
"""

import asyncio
import hashlib
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import AbstractAsyncContextManager
from datetime import UTC, datetime
from pathlib import Path

import asyncpg
import orjson
import structlog

from election.postgres.database import UNREACHABLE
from election.runtime.atomic_file import replace_file

FILE = "ended-sessions.json"  # in the service's folder
RETRY_SECONDS = 1.0

_FORGET = "delete from ended_sessions where until < now()"
_END = """
insert into ended_sessions (session_id, until) values ($1, $2)
on conflict (session_id) do update set until = greatest(ended_sessions.until, excluded.until)
"""
_NOT_NOW: tuple[type[BaseException], ...] = (*UNREACHABLE, asyncpg.PostgresError)

log = structlog.get_logger()

Connect = Callable[[], AbstractAsyncContextManager[asyncpg.Connection]]


def session_id(secret: str) -> str:
    """The id of the session that holds this secret. The secret cannot be guessed from the id."""
    return hashlib.sha256(f"beluga.session-id.{secret}".encode()).hexdigest()[:32]


class EndedSessions:
    """`end` may be called from any thread; `keep_telling` runs in the loop that `connect` belongs to."""

    def __init__(
        self, folder: Path, connect: Connect, seconds: float, wall: Callable[[], float] = time.time
    ) -> None:
        """`seconds`: how long anything signed in a session may live after it."""
        self._path = folder / FILE
        self._connect = connect
        self._seconds = seconds
        self._wall = wall
        self._until: dict[str, float] = {}
        self._untold: set[str] = set()
        self._turn = threading.Lock()

    def load(self) -> None:
        """Loads the ended sessions from disk; a torn or missing file is no error."""
        try:
            kept = orjson.loads(self._path.read_bytes())
            self._until = {str(one): float(until) for one, until in kept.items()}
        except FileNotFoundError:
            pass
        except (OSError, ValueError, TypeError, AttributeError) as error:
            log.error("ended_sessions_torn", error=str(error), remedy="the database knows those it was told")
        self._untold = set(self._until)

    def has_ended(self, session: str) -> bool:
        """Whether somebody signed out of this session here."""
        return session in self._until

    def end(self, session: str) -> None:
        """Ends a session here, on disk when it returns, and soon elsewhere."""
        with self._turn:
            now = self._wall()
            self._until = {one: until for one, until in self._until.items() if until > now} | {
                session: now + self._seconds
            }
            self._untold.add(session)
            try:
                replace_file(self._path, orjson.dumps(self._until))
            except OSError as error:
                log.error("ended_session_not_kept", error=str(error), remedy="make the folder writable")

    async def tell(self) -> None:
        """Writes the ended sessions that are not in the database yet. Raises as a query does."""
        with self._turn:
            untold, until = set(self._untold), self._until
        if not untold:
            return
        async with self._connect() as connection, connection.transaction():
            await connection.execute(_FORGET)
            await connection.executemany(_END, _rows(untold, until))
        with self._turn:
            self._untold -= untold

    async def keep_telling(self) -> None:
        """Tells the database as soon as it is there, for ever."""
        while True:
            try:
                await self.tell()
            except _NOT_NOW as error:
                log.warning("database_away", work="ended sessions", error=type(error).__name__)
            await asyncio.sleep(RETRY_SECONDS)


def _rows(sessions: set[str], until: Mapping[str, float]) -> list[tuple[str, datetime]]:
    return [(one, datetime.fromtimestamp(until[one], UTC)) for one in sorted(sessions) if one in until]
