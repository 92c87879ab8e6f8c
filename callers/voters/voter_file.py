"""The voter roll and the callers as imported: bulk in, bulk out.

Importing again changes only what changed. Calls, leases and strike-offs name voters by id and outlive it.
"""

from collections.abc import AsyncIterator, Iterable
from dataclasses import replace
from operator import attrgetter
from typing import NamedTuple

import asyncpg

from callers.voters.encryption import Encryption, LateKeyError, Person, SealedError
from election.domain.day import Caller, Voter
from election.domain.ids import CallerId, PrecinctId, VoterId

LOAD_SECONDS = 1800.0  # ten million voters on a slow disk

_COLUMNS = (
    "voter_id", "precinct_id", "roll_number", "name", "phone", "language", "support", "turnout", "voted",
    "do_not_call", "timezone", "address", "sealed",
)  # fmt: skip
_NAMES = ", ".join(_COLUMNS)
_values = attrgetter(*_COLUMNS[:-1])

_STAGE = "create temporary table voters_incoming (like voters) on commit drop"

# A changed voter leaves and comes back: two voters may have swapped roll numbers, which are unique.
_DROP_CHANGED = f"""
delete from voters v where not exists (
    select from voters_incoming i
    where i.voter_id = v.voter_id
      and ({", ".join(f"i.{c}" for c in _COLUMNS)}) is not distinct from
          ({", ".join(f"v.{c}" for c in _COLUMNS)})
)
"""  # noqa: S608

_GONE = """
select count(*) from voters v where not exists (select from voters_incoming i where i.voter_id = v.voter_id)
"""

_ADD_MISSING = f"""
insert into voters ({_NAMES})
select {_NAMES} from voters_incoming i
where not exists (select from voters v where v.voter_id = i.voter_id)
"""  # noqa: S608

_SAVE_CALLERS = """
insert into callers (caller_id, name, contact, languages, counties, elsewhere)
select * from jsonb_to_recordset($1::jsonb)
    as c(caller_id text, name text, contact text, languages text[], counties text[], elsewhere boolean)
on conflict (caller_id) do update set
    name = excluded.name, contact = excluded.contact, languages = excluded.languages,
    counties = excluded.counties, elsewhere = excluded.elsewhere
"""

_CALLED_UNSEALED = """
select (select sealed is null from voters limit 1)
   and (exists (select from public.calls) or exists (select from rehearsal.calls))
"""

# One whose link was taken away stays known, so that a later import does not give it back.
_DROP_CALLERS = """
delete from callers
where not barred and phone_bank = '' and role = 'caller' and caller_id <> all ($1::text[])
"""


class RollChange(NamedTuple):
    """What an import did to the roll: voters that were on it, new ones, changed ones, and those gone."""

    before: int
    added: int
    changed: int
    removed: int

    @property
    def voters(self) -> int:
        return self.before + self.added - self.removed


def _row(voter: Voter, encryption: Encryption) -> tuple[object, ...]:
    if not encryption:
        return (*_values(voter), None)
    hidden = replace(voter, name="", phone=encryption.phone(voter.phone), address="")
    person = Person(voter.name, voter.phone, voter.address)
    return (*_values(hidden), encryption.close(voter.voter_id, person))


async def save_voters(
    connection: asyncpg.Connection, voters: Iterable[Voter], encryption: Encryption | None = None
) -> RollChange:
    """Makes the roll equal to these voters, as they stream. Call it within a transaction.

    With a key in `encryption` names, phones and addresses are stored sealed. An empty roll takes the voters
    directly, which halves the time of a first import. Raises `asyncpg.UniqueViolationError` where an id or a
    precinct's roll number is repeated, `SealedError` where a sealed roll would become a readable one or get
    another key (calls and opt-outs name phones as the old one did), `LateKeyError`.
    """
    encryption = encryption or Encryption("")
    first = not await connection.fetchval("select exists (select from voters)")
    if not await opens(connection, encryption):
        raise SealedError
    if encryption and not first and await connection.fetchval(_CALLED_UNSEALED):
        raise LateKeyError
    if not first:
        await connection.execute(_STAGE)
    done = await connection.copy_records_to_table(
        "voters" if first else "voters_incoming",
        columns=_COLUMNS,
        records=(_row(voter, encryption) for voter in voters),
        timeout=LOAD_SECONDS,
    )
    change = RollChange(0, _rows(done), 0, 0)
    if not first:
        await connection.execute("analyze voters_incoming", timeout=LOAD_SECONDS)
        before = await count_voters(connection)
        removed = int(await connection.fetchval(_GONE, timeout=LOAD_SECONDS))
        changed = _rows(await connection.execute(_DROP_CHANGED, timeout=LOAD_SECONDS)) - removed
        added = _rows(await connection.execute(_ADD_MISSING, timeout=LOAD_SECONDS)) - changed
        change = RollChange(before, added, changed, removed)
    await connection.execute("analyze voters", timeout=LOAD_SECONDS)
    return change


def _rows(done: str) -> int:
    """How many rows a statement says that it touched."""
    return int(done.rsplit(maxsplit=1)[-1])


async def opens(connection: asyncpg.Connection | asyncpg.Pool, encryption: Encryption) -> bool:
    """Whether this key opens the roll. One voter stands for all: an import seals all or none."""
    row = await connection.fetchrow("select voter_id, sealed from voters limit 1")
    if row is None or row["sealed"] is None:
        return True
    try:
        encryption.person(row["voter_id"], "", "", row["sealed"])
    except SealedError:
        return False
    return True


async def save_callers(connection: asyncpg.Connection, callers: Iterable[Caller]) -> None:
    """Makes the callers equal to these; who is barred stays barred. Call it within a transaction."""
    rows = [
        {
            "caller_id": c.caller_id, "name": c.name, "contact": c.email_or_phone, "languages": c.languages,
            "counties": c.counties, "elsewhere": c.elsewhere,
        }
        for c in callers
    ]  # fmt: skip
    await connection.execute(_DROP_CALLERS, [row["caller_id"] for row in rows])
    await connection.execute(_SAVE_CALLERS, rows)


async def count_voters(connection: asyncpg.Connection) -> int:
    """How many voters the roll holds."""
    return int(await connection.fetchval("select count(*) from voters", timeout=LOAD_SECONDS))


async def read_voters(
    connection: asyncpg.Connection, encryption: Encryption | None = None
) -> AsyncIterator[Voter]:
    """The roll by precinct and roll number, opened. Call it within a transaction. Raises `SealedError`."""
    opener = encryption or Encryption("")
    statement = (
        f"select {_NAMES} from voters order by precinct_id, length(roll_number), roll_number, voter_id"  # noqa: S608
    )
    async for row in connection.cursor(statement, prefetch=5_000, timeout=LOAD_SECONDS):
        values = dict(row) | {
            "voter_id": VoterId(row["voter_id"]),
            "precinct_id": PrecinctId(row["precinct_id"]),
        }
        person = opener.person(
            row["voter_id"], row["name"], row["phone"], values.pop("sealed"), row["address"]
        )
        values |= {"name": person.name, "phone": person.phone, "address": person.address}
        yield Voter(**values)


async def read_callers(connection: asyncpg.Connection) -> tuple[Caller, ...]:
    """Callers by id."""
    rows = await connection.fetch(
        "select caller_id, name, contact, languages, counties, elsewhere from callers"
        " where phone_bank = '' and role = 'caller'"
        ' order by caller_id collate "C"'
    )
    return tuple(
        Caller(
            CallerId(r["caller_id"]),
            r["name"],
            r["contact"],
            tuple(r["languages"]),
            tuple(r["counties"]),
            r["elsewhere"],
        )
        for r in rows
    )
