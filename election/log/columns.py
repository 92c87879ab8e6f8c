"""The whole log as of one moment, plain counts in columns: for a reader of everything after a restart.

Nearly all of a day's log are counts with nothing to them but who, where, when and how many. PostgreSQL sends
those as rows of one width (a binary COPY), which NumPy takes as they are: ten times as fast as row by row.
What is more than a plain count follows one by one. Both come from one snapshot, below its oldest running
transaction, so that `Position` behind them is as gap-safe as `election.log.check_in_log.read_after`'s.
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import asyncpg
import numpy as np
from numpy.typing import NDArray

from election.domain.checkin import CheckIn
from election.errors import ElectionError
from election.log.check_in_log import Position, _check_in

BLOCK = 65_536  # counts handed on at once

_JOINED = "from check_ins c left join precincts p using (precinct_id)"
_READABLE = "c.xid < pg_snapshot_xmin(pg_current_snapshot()) and ($1::boolean is null or c.rehearsal = $1)"
_PLAIN = """coalesce(c.kind in ('count', 'final') and c.votes is not null and c.detail = '{}'
                     and p.precinct_id is not null, false)"""
_WHO = "coalesce(nullif(c.watcher_id, ''), c.sender)"
_COUNTS = f"""
select c.check_in_id, p.position, c.observed_at, c.sent_at, c.received_at, c.votes,
       hashtextextended({_WHO}, 0), c.kind = 'final',
       array_position(array['sms', 'form', 'hotline', 'csv', 'staff'], c.channel) - 1
{_JOINED} where {_READABLE} and {_PLAIN}
"""
_SENDERS = f"""
select hashtextextended(who, 0) as hash, who
from (select distinct {_WHO} as who from check_ins c
      where {_READABLE} and c.kind in ('count', 'final')) senders
"""  # noqa: S608  (more than send plain counts: without a join, which costs as much as reading them)
_MEMORY = "set local work_mem = '64MB'"  # a large election's senders and precincts without a file on disk
_REST = f"""
select c.check_in_id, c.message_id, c.part, c.kind, c.channel, c.precinct_id, c.watcher_id, c.sender,
       c.observed_at, nullif(c.sent_at, c.observed_at) as sent_at,
       nullif(c.received_at, c.sent_at) as received_at, c.votes,
       nullif(c.detail, '{{}}') as detail, c.rehearsal, c.xid, c.seq
{_JOINED} where {_READABLE} and not {_PLAIN}
"""
_END = """
select xid, seq from check_ins where xid < pg_snapshot_xmin(pg_current_snapshot())
order by xid desc, seq desc limit 1
"""

_HEADER = 19  # bytes before the first row of a binary COPY
# A row as PostgreSQL sends it: the number of fields, then the length and the bytes of each.
_FIELDS = (
    (("high", ">u8"), ("low", ">u8")), (("place", ">i4"),), (("observed", ">i8"),), (("sent", ">i8"),),
    (("received", ">i8"),), (("votes", ">i4"),), (("sender", ">i8"),), (("final", "?"),),
    (("channel", ">i4"),),
)  # fmt: skip
_WIRE = np.dtype([("fields", ">i2")] + [
    part for i, field in enumerate(_FIELDS) for part in ((f"length{i}", ">i4"), *field)
])  # fmt: skip
_LENGTHS = tuple((f"length{i}", np.dtype(list(field)).itemsize) for i, field in enumerate(_FIELDS))
_EPOCH = 946_684_800_000_000  # PostgreSQL counts microseconds from 2000


@dataclass(frozen=True, slots=True)
class Counts:
    """Plain counts. Times are epoch seconds, exactly those of `datetime.timestamp()`; the id in two halves.

    `sender` is a number: `senders` of `Log` names it.
    """

    high: NDArray[np.uint64]
    low: NDArray[np.uint64]
    place: NDArray[np.int32]  # position of the precinct
    observed: NDArray[np.float64]
    sent: NDArray[np.float64]
    received: NDArray[np.float64]
    votes: NDArray[np.int32]
    sender: NDArray[np.int64]
    final: NDArray[np.bool_]
    channel: NDArray[np.int8]  # index in `Channel`

    def __len__(self) -> int:
        return len(self.high)


class TwoSendersError(ElectionError):
    """Two senders have the same hash: read the log row by row."""


@dataclass(frozen=True, slots=True)
class Log:
    """The log as of one moment. Read both `counts` and `rest`, in any order, within the context."""

    connection: asyncpg.Connection
    rehearsal: bool | None
    position: Position
    senders: Mapping[int, str]  # who, by the number in `Counts.sender`

    async def counts(self, take: Callable[[Counts], Awaitable[None]]) -> None:
        """Hands all plain counts to `take`, in no order, block by block; waits for it."""
        pending = bytearray()
        begun = False

        async def parse(data: bytes) -> None:
            nonlocal begun
            pending.extend(data)
            if not begun and len(pending) >= _HEADER:
                del pending[:_HEADER]
                begun = True
            if len(pending) >= BLOCK * _WIRE.itemsize:
                await hand_on()

        async def hand_on() -> None:
            whole = len(pending) // _WIRE.itemsize * _WIRE.itemsize
            rows = bytes(memoryview(pending)[:whole])
            del pending[:whole]
            await take(_columns(rows))

        await self.connection.copy_from_query(_COUNTS, self.rehearsal, output=parse, format="binary")
        await hand_on()  # the end is marked by fewer bytes than a row has

    async def rest(self) -> AsyncIterator[list[CheckIn]]:
        """Everything that is more than a plain count, in no order."""
        cursor = await self.connection.cursor(_REST, self.rehearsal)
        while rows := await cursor.fetch(20_000):
            yield [_check_in(row) for row in rows]


@asynccontextmanager
async def whole_log(connection: asyncpg.Connection, rehearsal: bool | None = None) -> AsyncIterator[Log]:
    """The log as of now. `rehearsal`: a rehearsal's entries (True), the day's own (False), or all (None).

    The connection should be patient (`election.postgres.database.connect`). Raises `TwoSendersError`.
    """
    async with connection.transaction(isolation="repeatable_read", readonly=True):
        await connection.execute(_MEMORY)
        end = await connection.fetchrow(_END)
        position = Position(end["xid"], end["seq"]) if end else Position()
        senders: dict[int, str] = {}
        for row in await connection.fetch(_SENDERS, rehearsal):
            if senders.setdefault(row["hash"], row["who"]) != row["who"]:
                raise TwoSendersError(TwoSendersError.__doc__)
        yield Log(connection, rehearsal, position, senders)


def _columns(data: bytes) -> Counts:
    rows: NDArray[Any] = np.frombuffer(data, _WIRE)
    for name, length in _LENGTHS:
        if not (rows[name] == length).all():
            raise ValueError(f"a row of another width ({name}): PostgreSQL speaks another format")

    def seconds(name: str) -> NDArray[np.float64]:
        return np.asarray((rows[name].astype(np.int64) + _EPOCH) / 1e6)

    return Counts(
        rows["high"].astype(np.uint64), rows["low"].astype(np.uint64), rows["place"].astype(np.int32),
        seconds("observed"), seconds("sent"), seconds("received"), rows["votes"].astype(np.int32),
        rows["sender"].astype(np.int64), rows["final"].copy(), rows["channel"].astype(np.int8),
    )  # fmt: skip
