"""Every stored message read again: what reads differently now, and its correction through intake."""

from dataclasses import dataclass, field

import aiohttp
import asyncpg
import orjson

from beluga.errors import BelugaError
from election.access.identity import machine
from election.access.tokens import Tokens
from election.domain.checkin import CheckIn, Kind
from election.domain.roster import load_roster
from election.log.check_in_log import Position, read_after, read_messages
from election.postgres.database import connect
from election.postgres.election_store import current_roster
from election.wire.intake import Decision
from intake.reading.corrections import key_of
from intake.reading.rereading import Difference, difference, standing_entries, with_ties

ACCOUNT = "reread"
BATCH = 20_000
_PURE_IDENTITY = ("unknown_sender",)


@dataclass(slots=True)
class RereadingDifferences:
    """What reads differently. `by_hand`: a decision cannot take back what stands."""

    messages: int = 0
    differences: list[Difference] = field(default_factory=list)

    @property
    def by_hand(self) -> list[Difference]:
        return [d for d in self.differences if not d.reversible]


class NoRosterToReadError(BelugaError):
    """No election has been imported: nothing to read against."""

    def __str__(self) -> str:
        return str(self.__doc__)


class CorrectionRefusedError(BelugaError):
    """Intake refused a correction; the message says why."""


async def differences(url: str, *, rehearsal: bool = False) -> RereadingDifferences:
    """Reads every message again, as of the present roster and ties. Changes nothing."""
    connection: asyncpg.Connection = await connect(url, patient=True)
    try:
        content = await current_roster(connection)
        if content is None:
            raise NoRosterToReadError
        entries = await _entries(connection, rehearsal)
        roster = with_ties(load_roster(content), entries)
        standing, found = standing_entries(entries), RereadingDifferences()
        async for message in read_messages(connection):
            if message.rehearsal != rehearsal:
                continue
            stands = standing.get(message.message_id)
            if stands is None or any("quarantined" in e.detail for e in stands):
                continue  # staff's own, or not storable as it is
            found.messages += 1
            differs = difference(message, stands, roster)
            if differs is not None and not _only_identity(differs):
                found.differences.append(differs)
        return found
    finally:
        await connection.close()


async def corrected(found: RereadingDifferences, intake_url: str, secret: str) -> int:
    """Puts a decision for each difference that can be put right and returns how many.

    Raises `CorrectionRefusedError`.
    """
    token, done = Tokens(secret).sign("service", machine(ACCOUNT, "admin").claims()), 0
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=30)) as session:
        for one in found.differences:
            if not one.reversible:
                continue
            rereading = one.decision("read differently by beluga reread")
            decision = Decision(
                kind=Kind.REREAD, account=ACCOUNT, detail=rereading.model_dump(mode="json", exclude_none=True)
            )
            async with session.put(
                f"{intake_url}/decisions/{key_of(rereading)}",
                data=decision.model_dump_json(),
                headers={"Authorization": f"Bearer {token}", "Content-Type": "application/json"},
            ) as answer:
                if answer.status == 409:  # somebody else has corrected the same entries
                    continue
                if answer.status != 200:
                    raise CorrectionRefusedError(
                        f"intake answered {answer.status}: {(await answer.text())[:200]}"
                    )
                done += not orjson.loads(await answer.read())["duplicate"]
    return done


async def _entries(connection: asyncpg.Connection, rehearsal: bool) -> list[CheckIn]:
    found: list[CheckIn] = []
    position = Position()
    while True:
        check_ins, position = await read_after(connection, position, BATCH)
        found += [c for c in check_ins if c.rehearsal == rehearsal]
        if len(check_ins) < BATCH:
            return found


def _only_identity(one: Difference) -> bool:
    """Whether nothing but who sent it has become known: the tally takes that from the tie already."""

    def said(entries: tuple[CheckIn, ...]) -> list[object]:
        return [
            (e.kind, e.precinct_id, e.votes, {k: v for k, v in e.detail.items() if k not in _PURE_IDENTITY})
            for e in entries
        ]

    return said(one.standing) == said(one.now)
