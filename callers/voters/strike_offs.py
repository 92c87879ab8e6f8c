"""Follows the log: strike-offs take voters out of the queues, STOP takes a phone out (law L8).

Both are functions of all that was ever said (a strike-off stands unless it was taken back later), so the log
is simply read again from the beginning at every start, and two services may follow side by side. Strike-offs
from phones we do not know would let anybody silence calls: they wait until staff tie the phone to a watcher.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

import asyncpg
import structlog

from callers.queries.statements import statements
from callers.voters.encryption import Encryption
from election.domain.checkin import CheckIn, Kind
from election.log.check_in_log import WAKE_CHANNEL, Position, read_after
from election.postgres.database import UNREACHABLE, connect, pauses

_KINDS = (Kind.VOTERS, Kind.TIE, Kind.STOP, Kind.START)
_LOOK_SECONDS = 1.0  # real; also without a wake-up, which may get lost
_CONSENT, _LEASES = statements("consent"), statements("leases")


class StrikeOff(NamedTuple):
    """One number struck off, or taken back."""

    precinct_id: str
    roll_number: str
    check_in_id: UUID
    received_at: datetime
    said_at: datetime
    struck: bool = True


@dataclass
class StrikeOffs:
    """What the log says so far about strike-offs that wait for a tie.

    `rehearsal` keeps to a rehearsal's strike-offs or to the day's own: an exercise must not take real voters
    out of the queues. Opt-outs count whenever they were said.
    """

    rehearsal: bool = False
    encryption: Encryption = field(default_factory=lambda: Encryption(""))
    tied: dict[str, str | None] = field(default_factory=dict)  # phone -> the watcher's only precinct
    waiting: dict[str, list[CheckIn]] = field(default_factory=dict)

    def take(self, entries: Iterable[CheckIn]) -> list[StrikeOff]:
        """The strike-offs that now count, and those taken back."""
        rows: list[StrikeOff] = []
        for entry in entries:
            if entry.rehearsal != self.rehearsal:
                continue
            if entry.kind is Kind.TIE:
                phone = str(entry.detail.get("phone", ""))
                places = entry.detail.get("precinct_ids") or []
                self.tied[phone] = places[0] if len(places) == 1 else None
                for earlier in self.waiting.pop(phone, []):
                    rows += _rows(earlier, self.tied[phone])
            elif entry.kind is Kind.VOTERS:
                if entry.detail.get("unknown_sender") and entry.sender not in self.tied:
                    self.waiting.setdefault(entry.sender, []).append(entry)
                else:
                    rows += _rows(entry, self.tied.get(entry.sender))
        return rows


def _rows(entry: CheckIn, place: str | None) -> list[StrikeOff]:
    precinct = entry.precinct_id or place
    if not precinct:
        return []
    struck = [*(entry.detail.get("roll_numbers") or ()), *(entry.detail.get("roll_texts") or ())]
    words = [(n, True) for n in struck] + [(n, False) for n in entry.detail.get("unstruck") or ()]
    return [
        StrikeOff(precinct, _texted(n), entry.check_in_id, entry.received_at, entry.observed_at, said)
        for n, said in words
    ]


def one_a_number(rows: Iterable[StrikeOff]) -> list[StrikeOff]:
    """Of each number the first word, with the time of the last: in the order in which rows are locked."""
    found: dict[tuple[str, str], StrikeOff] = {}
    for row in sorted(rows, key=lambda r: (r.precinct_id, r.roll_number, r.received_at, r.check_in_id)):
        first = found.setdefault((row.precinct_id, row.roll_number), row)
        if row.said_at > first.said_at:
            found[row.precinct_id, row.roll_number] = first._replace(said_at=row.said_at)
    return list(found.values())


def _texted(number: object) -> str:
    """A roll number as the roll has it: digits without leading zeros, or text such as `18/1`."""
    text = str(number).strip()
    return str(int(text)) if text.isdecimal() else text


async def apply(
    connection: asyncpg.Connection, known: StrikeOffs, entries: list[CheckIn], now: datetime
) -> tuple[int, int]:
    """Stores what entries say and ends the leases they forbid; (new strike-offs, leases revoked)."""
    rows = known.take(entries)
    struck, back = (one_a_number(r for r in rows if r.struck is said) for said in (True, False))
    words = sorted(
        (
            (known.encryption.phone(e.sender), e.kind is Kind.STOP, e.sent_at)
            for e in entries
            if e.kind in (Kind.STOP, Kind.START)
        ),
        key=lambda word: (word[2], word[1]),
    )
    latest = {phone: (stop, at) for phone, stop, at in words}  # one line a phone: upserts refuse two
    async with connection.transaction():
        stored = (
            await connection.fetch(_CONSENT["strike_off"], *map(list, list(zip(*struck, strict=True))[:5]))
            if struck
            else []
        )
        if back:
            await connection.execute(
                _CONSENT["withdraw"],
                *(
                    [getattr(r, name) for r in back]
                    for name in ("precinct_id", "roll_number", "check_in_id", "said_at")
                ),
            )
        changed = []
        if latest:
            phones = sorted(latest)
            changed = await connection.fetch(
                _CONSENT["opt_out"], phones, [latest[p][0] for p in phones], [latest[p][1] for p in phones]
            )
        revoked = []
        if stored or changed:
            revoked = await connection.fetch(
                _LEASES["revoke"],
                now,
                list({row["precinct_id"] for row in stored}),
                [row["phone"] for row in changed],
            )
    return len(stored), len(revoked)


async def follow(
    url: str,  # `queue.calling_url`: a rehearsal's strike-offs have their own table
    now: Callable[[], datetime],
    on_batch: Callable[[int, int], Awaitable[None]],
    log: structlog.stdlib.BoundLogger,
    *,
    rehearsal: bool = False,
    encryption: Encryption | None = None,
) -> None:
    """Follows the log until cancelled; outlives the database. `on_batch(strike_offs, revoked)` after each."""
    rest = pauses()
    while True:
        try:
            connection = await connect(url)
        except UNREACHABLE as error:
            log.warning("database_away", work="strike-offs", error=type(error).__name__)
            await rest.wait()
            continue
        try:
            await _follow(
                connection, StrikeOffs(rehearsal, encryption or Encryption("")), now, on_batch, rest.reset
            )
        except UNREACHABLE as error:
            log.warning("database_away", work="strike-offs", error=type(error).__name__)
            await rest.wait()
        finally:
            connection.terminate()


async def _follow(
    connection: asyncpg.Connection,
    known: StrikeOffs,
    now: Callable[[], datetime],
    on_batch: Callable[[int, int], Awaitable[None]],
    on_success: Callable[[], None],
) -> None:
    wake = asyncio.Event()
    await connection.add_listener(WAKE_CHANNEL, lambda *_: wake.set())
    position = Position()
    while True:
        wake.clear()
        entries, behind = await read_after(connection, position, kinds=_KINDS)
        if entries:
            await on_batch(*await apply(connection, known, entries, now()))
            position = behind
            continue
        on_success()
        try:
            async with asyncio.timeout(_LOOK_SECONDS):
                await wake.wait()
        except TimeoutError:
            continue
