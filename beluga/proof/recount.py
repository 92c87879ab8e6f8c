"""A recount: every stored message read again, compared with the log and the live standings (law L4)."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, replace

import aiohttp
import asyncpg
import orjson

from beluga.errors import BelugaError
from election.access.identity import machine
from election.access.tokens import Tokens
from election.domain.checkin import GRAMMAR, CheckIn, Kind, Message
from election.domain.ids import CheckInId, MessageId
from election.domain.roster import Roster, load_roster
from election.log.check_in_log import Position, read_after, read_messages
from election.postgres.database import connect
from election.postgres.election_store import load_election, roster
from intake.reading.reader import check_ins_of, readings_of
from tally.board.board_json import board_bytes
from tally.projection.projection import Tally

BATCH = 20_000
TRIES = 3  # a check-in stored between our reading and the tally's answer is no difference: look again


@dataclass(frozen=True, slots=True)
class Recount:
    """What a recount found. `same_bytes` is None where no live tally was asked."""

    messages: int
    check_ins: int
    missing: int = 0  # read from the messages, and not stored
    extra: int = 0  # stored, and in no message
    different: int = 0  # stored otherwise than they read
    unread_rosters: int = 0  # messages whose roster is not kept
    older: int = 0  # messages of an older grammar: their readings were taken as stored
    same_bytes: bool | None = None

    @property
    def proven(self) -> bool:
        differences = self.missing + self.extra + self.different + self.unread_rosters
        return not differences and self.same_bytes is not False

    def __str__(self) -> str:
        live = {None: "no live tally asked", True: "the live standings are the same, byte for byte"}
        said = live.get(self.same_bytes, "THE LIVE STANDINGS DIFFER")
        older = ""
        if self.older:
            again = self.messages - self.older - self.unread_rosters
            older = f" ({again} read again, {self.older} of an older grammar taken as stored)"
        return (
            f"recounted {self.messages} messages{older}, {self.check_ins} check-ins: missing {self.missing}, "
            f"extra {self.extra}, different {self.different}, rosters lost {self.unread_rosters}; {said}"
        )


class NoElectionError(BelugaError):
    """No election has been imported: nothing to recount."""

    def __str__(self) -> str:
        return str(self.__doc__)


async def recounted(
    url: str, tally_url: str = "", secret: str = "", rehearsal: bool | None = None
) -> Recount:
    """Recounts a database, and compares with the live tally at `tally_url` where one is named.

    `rehearsal`: which entries that tally counts; None: all of them.
    """
    connection = await connect(url, patient=True)
    try:
        for _ in range(TRIES):
            found = await _once(connection, tally_url, secret, rehearsal)
            if found.proven:
                break
        return found
    finally:
        await connection.close()


async def _once(
    connection: asyncpg.Connection, tally_url: str, secret: str, rehearsal: bool | None = None
) -> Recount:
    election = await load_election(connection)
    if election is None:
        raise NoElectionError
    live = await _standings(tally_url, secret) if tally_url else None
    stored = await _stored(connection)
    corrected = corrected_first_readings(stored)
    rebuilt: dict[CheckInId, CheckIn] = {}
    rosters: dict[str, Roster | None] = {}
    messages = lost = different = older = 0
    by_message: dict[MessageId, list[CheckIn]] = defaultdict(list)
    for entry in stored.values():
        by_message[entry.message_id].append(entry)
    async for message in read_messages(connection):
        messages += 1
        if message.grammar != GRAMMAR:
            older += 1
            rebuilt.update((c.check_in_id, c) for c in by_message[message.message_id])
            continue
        version = message.roster_version
        if version not in rosters:
            content = await roster(connection, version)
            rosters[version] = load_roster(content) if content else None
        known = rosters[version]
        if known is None:
            lost += 1
            continue
        aside = corrected.get(str(message.message_id))
        for check_in in aside or entries_of(message, known, stored):
            rebuilt[check_in.check_in_id] = check_in
            kept = stored.get(check_in.check_in_id)
            different += kept is not None and kept != check_in
    found = Recount(
        messages,
        len(rebuilt),
        missing=len(rebuilt.keys() - stored.keys()),
        extra=len(stored.keys() - rebuilt.keys()),
        different=different,
        unread_rosters=lost,
        older=older,
    )
    if live is None:
        return found
    tally = Tally(election)
    tally.add(c for c in rebuilt.values() if rehearsal is None or c.rehearsal == rehearsal)
    return replace(found, same_bytes=board_bytes(tally, float(orjson.loads(live)["as_of"])) == live)


def entries_of(message: Message, known: Roster, stored: Mapping[CheckInId, CheckIn]) -> list[CheckIn]:
    """A message read again. One that intake had to quarantine (its words cannot be stored) stays as it is."""
    read = check_ins_of(message, readings_of(message, known), known)
    first = stored.get(read[0].check_in_id)
    return [first] if first is not None and "quarantined" in first.detail else read


def corrected_first_readings(stored: Mapping[CheckInId, CheckIn]) -> dict[str, list[CheckIn]]:
    """First readings, by message, that a reread has put aside: today's grammar may read the words otherwise.

    They stand in the log as they were; what counts in their place is in the reread's own message.
    """
    aside = {
        str(item): str(c.detail.get("message"))
        for c in stored.values()
        if c.kind is Kind.REREAD
        for item in c.detail.get("supersedes", ())
    }
    found: dict[str, list[CheckIn]] = {}
    for c in stored.values():
        if str(c.check_in_id) in aside and str(c.message_id) == aside[str(c.check_in_id)]:
            found.setdefault(str(c.message_id), []).append(c)
    return found


async def _stored(connection: asyncpg.Connection) -> dict[CheckInId, CheckIn]:
    found: dict[CheckInId, CheckIn] = {}
    position = Position()
    while True:
        check_ins, position = await read_after(connection, position, BATCH)
        found.update((c.check_in_id, c) for c in check_ins)
        if len(check_ins) < BATCH:
            return found


async def _standings(tally_url: str, secret: str) -> bytes | None:
    token = Tokens(secret).sign("service", machine("recount", "admin").claims())
    timeout = aiohttp.ClientTimeout(total=60)
    async with (
        aiohttp.ClientSession(timeout=timeout) as session,
        session.get(f"{tally_url}/standings", headers={"Authorization": f"Bearer {token}"}) as answer,
    ):
        answer.raise_for_status()
        return await answer.read()
