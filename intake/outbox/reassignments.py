"""Where staff sent watchers, made part of the roster: their next text then counts for the new precinct.

Follows the log's ASSIGN decisions and keeps in force the imported roster with each watcher's newest move in
it. A text read before keeps the roster it was read against, so a recount reads it as it was (law L4). Moves
outlive an import: who was sent somewhere is there until sent elsewhere. A rehearsal's moves end with it.
"""

import asyncpg
import structlog

from election.domain.checkin import CheckIn, Kind
from election.log.check_in_log import Position, read_after
from election.postgres import election_store as store
from election.postgres.leadership import Term

BATCH = 1_000

log = structlog.get_logger()


class Reassignments:
    """A chore of the outbox's leader."""

    def __init__(self, *, rehearsal: bool = False) -> None:
        self._rehearsal = rehearsal
        self._position = Position()
        self._newest: dict[str, CheckIn] = {}  # by watcher
        self._heard = False  # of any move at all, also of the other mode's
        self._settled = ""  # the version in force when it was last right

    async def __call__(self, connection: asyncpg.Connection, term: Term) -> None:
        """One round; where it fails, the next round does all of it again."""
        entries, position = await read_after(connection, self._position, BATCH, (Kind.ASSIGN,))
        for entry in entries:
            self.take(entry)
        self._position = position
        if entries:
            self._settled = ""
        if not self._heard or len(entries) == BATCH:
            return  # nothing to put into the roster, or not yet all of it
        in_force = await connection.fetchval("select roster_version from election")
        if in_force is None or in_force == self._settled:
            return
        async with connection.transaction():
            await term.fence(connection)
            moved = await store.move_watchers(connection, self.posts())
        self._settled = moved or in_force
        if moved:
            log.info("watchers_moved", roster=moved, watchers=len(self._newest))

    def take(self, entry: CheckIn) -> None:
        """One decision; of two about a watcher the later one holds, whichever comes first."""
        self._heard = True
        watcher, posts = entry.detail.get("watcher_id"), entry.detail.get("precinct_ids")
        if entry.rehearsal != self._rehearsal or not watcher or not isinstance(posts, list):
            return
        known = self._newest.get(str(watcher))
        if known is None or known.sort_key < entry.sort_key:
            self._newest[str(watcher)] = entry

    def posts(self) -> dict[str, list[str]]:
        """Where each watcher who was moved is now."""
        return {w: [str(p) for p in entry.detail["precinct_ids"]] for w, entry in self._newest.items()}
