"""Leadership: of two services that run the same, one acts, and a deposed one is fenced.

Theory of operation. A candidate that gets the session's advisory lock `name` raises the epoch of that name
in the table `leadership`; the epoch is its *term*. Dying frees the lock at once, since the session ends. A
leader that is frozen or cut off keeps its session, so it also renews a time stamp; a candidate that finds it
`LEASE_SECONDS` old ends that session. Neither is enough by itself: a leader may freeze between looking and
writing. So everything a leader does happens in a transaction that begins with `Term.fence`:

- the fence takes the row `for key share` and compares epochs; an older term raises `DeposedError`;
- raising the epoch takes the row `for update`, so it waits for every transaction already past its fence.

Hence invariant: transactions of term n commit before any of term n+1 begins its work. Renewing changes no key
and waits for nobody.
"""

import asyncio
import os
import socket
from contextlib import suppress
from dataclasses import dataclass

import asyncpg
import structlog

from election.errors import ElectionError
from election.postgres.database import UNREACHABLE, connect, pauses

RENEW_SECONDS = 1.0  # between a leader's signs of life, and between a candidate's tries
LEASE_SECONDS = 6.0  # without one, a candidate deposes it; well above a failover's stall of connections
FENCED_IDLE = "5s"  # a leader frozen inside a transaction holds its successor up no longer

_TRY = "select pg_try_advisory_lock(hashtextextended('beluga.leadership.' || $1, 0))"
_ENSURE = "insert into leadership (name) values ($1) on conflict do nothing"
_SEIZE = "select epoch from leadership where name = $1 for update"
_RAISE = """
update leadership
set epoch = epoch + 1, holder = $2, backend = pg_backend_pid(), renewed_at = clock_timestamp()
where name = $1 returning epoch
"""
_RENEW = """
update leadership set renewed_at = clock_timestamp() where name = $1 and epoch = $2 returning true
"""
# The backend must be the one that holds this very lock: process ids are used again.
_DEPOSE = """
select pg_terminate_backend(l.backend)
from leadership l join pg_locks k on k.pid = l.backend and k.locktype = 'advisory' and k.granted
where l.name = $1 and l.renewed_at < clock_timestamp() - make_interval(secs => $2)
  and ((k.classid::bigint << 32) | k.objid::bigint) = hashtextextended('beluga.leadership.' || $1, 0)
"""
_FENCE = "select epoch from leadership where name = $1 for key share"

# What ends a term: whatever the database says, this service cannot know that it still leads.
LOST: tuple[type[BaseException], ...] = (*UNREACHABLE, asyncpg.PostgresError)

log = structlog.get_logger()


class DeposedError(ElectionError):
    """Another service leads now: what this one was about to do is the other's to do."""

    def __init__(self, name: str, epoch: int, newest: int | None) -> None:
        super().__init__(f"{name}: term {epoch} is over, term {newest} leads")
        self.name, self.epoch, self.newest = name, epoch, newest


@dataclass(frozen=True, slots=True)
class Term:
    """One leader's time. `epoch` is higher than that of every leader before."""

    name: str
    epoch: int

    async def fence(self, connection: asyncpg.Connection) -> None:
        """Call first in every transaction that acts as leader. Raises `DeposedError`."""
        if not connection.is_in_transaction():
            raise ValueError("a fence holds for its transaction: open one first")
        await connection.execute(f"set local idle_in_transaction_session_timeout = '{FENCED_IDLE}'")
        newest = await connection.fetchval(_FENCE, self.name)
        if newest != self.epoch:
            raise DeposedError(self.name, self.epoch, newest)


class Candidate:
    """Stands for one leadership as long as `run()` runs. `term` is None while another leads."""

    def __init__(self, url: str, name: str, *, lease_seconds: float = LEASE_SECONDS) -> None:
        self._url = url
        self._name = name
        self._lease_seconds = lease_seconds
        self._holder = f"{socket.gethostname()}:{os.getpid()}"
        self._connection: asyncpg.Connection | None = None
        self.term: Term | None = None
        self.changed = asyncio.Event()  # set whenever `term` changes; whoever waits clears it

    async def run(self) -> None:
        """Campaigns and leads until cancelled, whatever the database does."""
        rest = pauses()
        try:
            while True:
                try:
                    await self.step()
                    rest.reset()
                    await asyncio.sleep(RENEW_SECONDS)
                except LOST as error:
                    log.warning("leadership_lost", leadership=self._name, error=type(error).__name__)
                    await self.resign()
                    await rest.wait()
        finally:
            await self.resign()

    async def step(self) -> Term | None:
        """One try to lead, or one renewal. Raises what the database raises."""
        if self._connection is None or self._connection.is_closed():
            self._set(None)
            self._connection = await connect(self._url)
        connection = self._connection
        async with asyncio.timeout(self._lease_seconds):
            if self.term is None:
                if await connection.fetchval(_TRY, self._name):
                    self._set(await self._take(connection))
                else:
                    await connection.execute(_DEPOSE, self._name, self._lease_seconds)
            elif not await self._renew(connection, self.term):
                raise ConnectionError("another term has begun")
        return self.term

    async def _take(self, connection: asyncpg.Connection) -> Term:
        await connection.execute(_ENSURE, self._name)
        async with connection.transaction():
            await connection.fetchval(_SEIZE, self._name)  # waits for whoever is past the fence
            epoch = await connection.fetchval(_RAISE, self._name, self._holder)
        return Term(self._name, int(epoch))

    async def _renew(self, connection: asyncpg.Connection, term: Term) -> bool:
        async with connection.transaction():
            await connection.execute("set local synchronous_commit = off")  # a sign of life, not a record
            return bool(await connection.fetchval(_RENEW, term.name, term.epoch))

    async def resign(self) -> None:
        """Gives the leadership up; the next candidate's try succeeds."""
        self._set(None)
        if self._connection is not None:
            connection, self._connection = self._connection, None
            with suppress(*LOST):
                await connection.close(timeout=1)
            connection.terminate()

    def _set(self, term: Term | None) -> None:
        if term != self.term:
            self.term = term
            self.changed.set()
            log.info("leadership_changed", leadership=self._name, epoch=term.epoch if term else None)
