"""Every connection that PostgreSQL gives to ordinary users is taken and held."""

import asyncio
import secrets
import threading
from typing import Any
from urllib.parse import urlsplit

import asyncpg

from chaos.faults.protocol import Fault, UnavailableError

GUEST = "chaos_guest"  # an ordinary role of the rehearsal's own, dropped when healed
MOST = 500
WAIT_SECONDS = 30.0


class ConnectionsExhausted(Fault):
    """Held by a role without privileges, so that those reserved for the operator stay free."""

    name = "connections_exhausted"
    trace = "the database refuses a guest a further connection"
    needs = ("a database login that may make roles",)

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self._stop = threading.Event()
        self._full = threading.Event()
        self._thread: threading.Thread | None = None
        self.held = 0

    def setup(self) -> None:
        async def may() -> bool:
            connection = await asyncpg.connect(self.target.database_url, timeout=5)
            try:
                return bool(await connection.fetchval("select rolsuper from pg_roles where rolname = user"))
            finally:
                await connection.close()

        try:
            if not asyncio.run(may()):
                raise UnavailableError("the database login may not make roles")
        except (OSError, asyncpg.PostgresError) as error:
            raise UnavailableError(f"the database does not answer: {error}") from None

    def inject(self) -> None:
        self._thread = threading.Thread(target=lambda: asyncio.run(self._hold()), daemon=True)
        self._thread.start()
        if not self._full.wait(WAIT_SECONDS):
            raise UnavailableError("the connections could not be taken in time")

    async def _hold(self) -> None:
        url = self.target.database_url
        password = secrets.token_hex(12)
        operator = await asyncpg.connect(url, timeout=5)
        held: list[asyncpg.Connection] = []
        try:
            await operator.execute(f"drop role if exists {GUEST}")
            await operator.execute(f"create role {GUEST} login password '{password}'")
            parts = urlsplit(url)
            guest = parts._replace(netloc=f"{GUEST}:{password}@{parts.hostname}:{parts.port}").geturl()
            while not self._stop.is_set():
                try:  # again and again: whatever a restart frees is taken as well
                    held.append(await asyncpg.connect(guest, timeout=5))
                    self.held = len(held)
                    if len(held) < MOST:
                        continue
                except asyncpg.PostgresError:
                    self._full.set()
                await asyncio.sleep(0.1)
        finally:
            for connection in held:
                connection.terminate()
            await operator.close()

    def happened(self) -> bool:
        return self.held > 0 and self._full.is_set()

    def heal(self) -> None:
        self._stop.set()
        if self._thread is not None:
            self._thread.join(10)

        async def drop() -> None:
            connection = await asyncpg.connect(self.target.database_url, timeout=5)
            try:
                await connection.execute(
                    "select pg_terminate_backend(pid) from pg_stat_activity where usename = $1", GUEST
                )
                await connection.execute(f"drop role if exists {GUEST}")
            finally:
                await connection.close()

        asyncio.run(drop())
