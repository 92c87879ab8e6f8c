"""Lists in other hands: CSV for a dialer, sheets on paper; and the outcomes that come back from them.

Each line is a lease, held by the pseudo-caller `list:ID:N` as long as the list is good. So the same
constraints keep everybody else from these voters and phones (law L7), consent is looked up by the same
statement as for any caller, and the same outcomes have the same consequences. One line a phone: the rest of a
household comes with the next list.
"""

import asyncio
import csv
import io
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import cast
from uuid import UUID, uuid4, uuid5

import asyncpg
from pydantic import ValidationError

from callers.errors import CallersError
from callers.people.people import SPOKEN
from callers.queries.statements import statements
from callers.queue.lease import AlreadyRecordedError, CallerOnDuty, Granted
from callers.queue.leases import Queue
from callers.voters.encryption import Encryption
from election.access.audit import record
from election.wire.callers import OutcomeReport

_SQL = statements("lists")
MOST_LINES = 1_000
_AT_A_TIME = 32
_COLUMNS = ("lease_id", "voter_id", "name", "phone", "language", "address", "precinct_id", "until", "outcome")
_SAID = ("outcome", "call_back_at", "language", "said_at", "need", "line_minutes")  # columns that come back
_GONE = {"voted": "has voted", "do_not_call": "do not call", "finished": "called", "no_phone": "no number"}


class UnknownListError(CallersError):
    """There is no such list."""


class TooManyListedError(CallersError):
    """An account has taken as many voters on lists within an hour as it may."""

    def __init__(self, taken: int, most: int) -> None:
        super().__init__(
            f"You have taken {taken:,} voters on lists and sheets within an hour, of {most:,} at most "
            "(BELUGA_LISTED_PER_HOUR). Ask for fewer lines, or later."
        )
        self.taken, self.most = taken, most


@dataclass(frozen=True, slots=True)
class CallListLine:
    """One voter on a list. `gone`: why not to call them any longer, in words; empty while one may."""

    lease_id: UUID
    caller_id: str
    voter_id: str
    name: str = field(repr=False)
    phone: str = field(repr=False)
    address: str = field(repr=False)
    language: str
    gone: str


@dataclass(frozen=True, slots=True)
class CallList:
    list_id: UUID
    precinct_id: str
    kind: str
    until: datetime
    lines: list[CallListLine]


@dataclass
class ImportedOutcomes:
    """What an import of outcomes did. `problems`: line number (the heading is 1) and what to do."""

    recorded: int = 0
    repeated: int = 0
    problems: list[tuple[int, str]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class VoterOrder:
    """Voters that an account wants on a list, a sheet or a walk sheet."""

    order_id: UUID
    account: str
    precinct_id: str
    kind: str
    voters: int


async def take(pool: asyncpg.Pool, order: VoterOrder, per_hour: int, now: datetime) -> None:
    """Counts an order against its account's hour. A precinct's doors looked at again are the same voters.

    Raises `TooManyListedError`.
    """
    since = now - timedelta(hours=1)
    async with pool.acquire() as connection, connection.transaction():
        await connection.execute(_SQL["own_account"], order.account)
        if order.kind == "walk" and await connection.fetchval(
            _SQL["walked_lately"], order.account, order.precinct_id, since
        ):
            return
        taken = int(await connection.fetchval(_SQL["listed_lately"], order.account, since))
        if taken + order.voters > per_hour:
            raise TooManyListedError(taken, per_hour)
        await connection.execute(
            _SQL["take"], order.order_id, order.account, order.precinct_id, order.kind, order.voters, now
        )


class Lists:
    """Makes lists, shows them as they stand, takes their outcomes."""

    def __init__(
        self, pool: asyncpg.Pool, queue: Queue, encryption: Encryption, per_hour: int = 10_000
    ) -> None:
        self._pool = pool
        self._per_hour = per_hour
        self._queue = queue
        self._encryption = encryption

    async def make(
        self,
        precinct_id: str,
        lines: int,
        *,
        kind: str,
        good_for: timedelta,
        account: str,
        now: datetime,
    ) -> CallList:
        """Leases up to `lines` voters of an open precinct to a new list. Audited.

        Raises `TooManyListedError`.
        """
        list_id, taken = uuid4(), 0
        await take(self._pool, VoterOrder(list_id, account, precinct_id, kind, lines), self._per_hour, now)

        async def one(n: int) -> bool:
            holder = CallerOnDuty(f"list:{list_id}:{n:04}", "list", SPOKEN)
            found = await self._queue.grant(holder, precinct_id, now, good_for)
            return isinstance(found, Granted)

        while taken < lines:
            size = min(_AT_A_TIME, lines - taken)
            got = sum(await asyncio.gather(*(one(n) for n in range(taken, taken + size))))
            taken += got
            if got < size:
                break
        until = now + good_for
        async with self._pool.acquire() as proxy, proxy.transaction():
            connection = cast(asyncpg.Connection, proxy)
            await connection.execute(_SQL["taken"], list_id, taken)
            await connection.execute(_SQL["make"], list_id, precinct_id, kind, taken, account, now, until)
            detail = {"list": str(list_id), "lines": taken, "kind": kind, "until": until.isoformat()}
            await record(connection, now, account, "list made", f"precinct:{precinct_id}", detail)
        return await self._read(list_id)

    async def precinct_of(self, list_id: UUID) -> str | None:
        """Whose voters are on a list; None where there is no such list."""
        row = await self._pool.fetchrow(_SQL["one"], list_id)
        return str(row["precinct_id"]) if row else None

    async def show(self, list_id: UUID, account: str, now: datetime) -> CallList:
        """The list as it stands now. Each look at it is audited. Raises `UnknownListError`."""
        found = await self._read(list_id)
        async with self._pool.acquire() as proxy:
            connection = cast(asyncpg.Connection, proxy)
            subject, left = f"precinct:{found.precinct_id}", sum(not line.gone for line in found.lines)
            await record(
                connection, now, account, "list shown", subject, {"list": str(list_id), "lines": left}
            )
        return found

    async def _read(self, list_id: UUID) -> CallList:
        row = await self._pool.fetchrow(_SQL["one"], list_id)
        if row is None:
            raise UnknownListError
        rows = await self._pool.fetch(_SQL["lines"], f"list:{list_id}:", f"list:{list_id};")
        return CallList(list_id, row["precinct_id"], row["kind"], row["until"], [self._line(r) for r in rows])

    def _line(self, row: asyncpg.Record) -> CallListLine:
        person = self._encryption.person(
            row["voter_id"], row["name"] or "", row["phone"], row["sealed"], row["address"] or ""
        )
        gone = row["outcome"] or ""
        if not gone and row["ended_at"] is not None:
            gone = _GONE.get(row["never"] or "", "no longer on this list")
        elif not gone and row["never"]:
            gone = _GONE[row["never"]]
        return CallListLine(
            row["lease_id"], row["caller_id"], row["voter_id"], person.name, person.phone, person.address,
            row["language"] or "", gone,
        )  # fmt: skip

    async def take_outcomes(self, list_id: UUID, content: str, now: datetime) -> ImportedOutcomes:
        """Records `lease_id,outcome` and any of `_SAID`; sent again, it changes nothing.

        As dialers and spreadsheets write it: with or without a byte order mark, "," ";" or tab, "No answer".
        """
        lines = {str(line.lease_id): line for line in (await self._read(list_id)).lines}
        taken = ImportedOutcomes()
        heading, *_ = content.lstrip("\ufeff").partition("\n")
        comma = max(",;\t", key=heading.count)
        rows = csv.DictReader(io.StringIO(content.lstrip("\ufeff")), delimiter=comma)
        if not {"lease_id", "outcome"} <= {name.strip().lower() for name in rows.fieldnames or ()}:
            taken.problems.append((1, "the heading needs the columns lease_id and outcome"))
            return taken
        for number, row in enumerate(rows, start=2):
            said = {name.strip().lower(): (word or "").strip() for name, word in row.items() if name}
            said["outcome"] = "_".join(said["outcome"].lower().split())
            if not said["outcome"]:
                continue  # not called yet
            line = lines.get(said.get("lease_id", ""))
            if line is None:
                taken.problems.append((number, "lease_id: not a line of this list"))
                continue
            given = {k: said[k] for k in _SAID if said.get(k)}
            try:
                report = OutcomeReport.model_validate(
                    {"outcome_id": uuid5(line.lease_id, given["outcome"]), **given}
                )
                done = await self._queue.outcomes.record(line.caller_id, line.lease_id, report, now)
            except ValidationError as error:
                wrong = ", ".join(".".join(map(str, e["loc"])) for e in error.errors())
                taken.problems.append((number, f"{wrong}: cannot be read"))
            except AlreadyRecordedError:
                taken.problems.append((number, "outcome: another one has been recorded before"))
            except ValueError as error:
                taken.problems.append((number, str(error)))
            else:
                taken.recorded += not done.duplicate
                taken.repeated += done.duplicate
        return taken


def as_csv(found: CallList) -> str:
    """What a dialer loads: only who may be called now. The column `outcome` is for what comes back."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(_COLUMNS)
    for line in found.lines:
        if not line.gone:
            writer.writerow(
                (line.lease_id, _inert(line.voter_id), _inert(line.name), line.phone, _inert(line.language),
                 _inert(line.address), _inert(found.precinct_id), found.until.isoformat(), "")
            )  # fmt: skip
    return out.getvalue()


def _inert(words: str) -> str:
    """Text on one line that no spreadsheet takes for a formula (OWASP, CSV injection).

    The phone is left as dialers want it: "+" and digits are a number at worst.
    """
    words = " ".join(words.split())
    return f"'{words}" if words[:1] in ("=", "+", "-", "@") else words
