"""Checks laws L1 and L2 after a rehearsal, comparing three records kept apart from each other.

*Acknowledged* is what the sender wrote down; *stored* is what PostgreSQL holds; *tallied* is what the tally
says it counts from. They are compared as sets of ids, so that one loss cannot hide behind one invention.
"""

import asyncio
import time
from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass
from uuid import UUID

import aiohttp
import asyncpg

from election.access.identity import machine
from election.access.tokens import Tokens
from election.domain.ids import MessageId, check_in_id

# Texts only: what staff decide or watchers type into forms while a rehearsal runs is not the rehearsal's.
_STORED = "select message_id from messages where channel = 'sms'"
_ENTRIES = "select check_in_id, message_id from check_ins"
POLL_SECONDS = 0.25


@dataclass(frozen=True, slots=True)
class LawsVerdict:
    """How many, and which laws failed. `lost` and `duplicated` are of acknowledged messages."""

    acknowledged: int
    stored: int
    tallied: int
    lost: int
    duplicated: int
    invented: int

    @property
    def held(self) -> bool:
        counts_agree = self.acknowledged == self.stored == self.tallied
        return counts_agree and not (self.lost or self.duplicated or self.invented)

    def line(self) -> str:
        """The one line that ends a rehearsal."""
        words = (
            f"acknowledged {self.acknowledged}, stored {self.stored}, tallied {self.tallied}, "
            f"lost {self.lost}, duplicated {self.duplicated}"
        )
        return words + (f", invented {self.invented}" if self.invented else "")


@dataclass(frozen=True, slots=True)
class Witnesses:
    """Where the records are. `before` holds the ids of texts stored before the rehearsal began."""

    database_url: str
    tally_url: str
    secret: str
    before: frozenset[MessageId] = frozenset()


async def stored_texts(database_url: str) -> frozenset[MessageId]:
    """Ids of every text that PostgreSQL holds."""
    connection = await asyncpg.connect(database_url, timeout=5)
    try:
        return frozenset(MessageId(row[0]) for row in await connection.fetch(_STORED))
    finally:
        await connection.close()


async def check_laws(
    acknowledged: Collection[MessageId],
    sent: Collection[MessageId],
    witnesses: Witnesses,
    patience: float = 60.0,
) -> LawsVerdict:
    """Waits up to `patience` seconds for everything acknowledged to arrive, then judges.

    `sent` holds every id that was ever tried: a text may be taken although its answer got lost.
    """
    deadline = time.monotonic() + patience
    while True:
        try:
            verdict = await _judge(set(acknowledged), set(sent), witnesses)
            if verdict.held or time.monotonic() > deadline:
                return verdict
        except (aiohttp.ClientError, OSError, asyncpg.PostgresError, asyncpg.InterfaceError):
            if time.monotonic() > deadline:
                raise
        await asyncio.sleep(POLL_SECONDS)


async def _judge(acknowledged: set[MessageId], sent: set[MessageId], witnesses: Witnesses) -> LawsVerdict:
    connection = await asyncpg.connect(witnesses.database_url, timeout=5)
    try:
        messages = Counter(MessageId(row[0]) for row in await connection.fetch(_STORED))
        entries = {row[0]: row[1] for row in await connection.fetch(_ENTRIES)}
    finally:
        await connection.close()
    counted = Counter(await tallied_ids(witnesses.tally_url, witnesses.secret))
    # A message is tallied when its first entry is (that id follows from its own) and none is lacking.
    lacking = {message for entry, message in entries.items() if entry not in counted}
    tallied = {m for m in acknowledged if check_in_id(m, 0) in counted and m not in lacking}
    stored = acknowledged & messages.keys()
    return LawsVerdict(
        acknowledged=len(acknowledged),
        stored=len(stored),
        tallied=len(tallied),
        lost=len(acknowledged - (stored & tallied)),
        duplicated=sum(n - 1 for n in messages.values()) + sum(n - 1 for n in counted.values()),
        invented=len(messages.keys() - sent - witnesses.before) + len(counted.keys() - entries.keys()),
    )


async def tallied_ids(tally_url: str, secret: str) -> list[UUID]:
    """Ids of the check-ins that the tally counts from, as it says itself."""
    token = Tokens(secret).sign("service", machine("rehearsal", "staff").claims())
    async with (
        aiohttp.ClientSession() as session,
        session.get(f"{tally_url}/check-ins/ids", headers={"Authorization": f"Bearer {token}"}) as answer,
    ):
        answer.raise_for_status()
        content = await answer.read()
    return [UUID(bytes=content[at : at + 16]) for at in range(0, len(content), 16)]
