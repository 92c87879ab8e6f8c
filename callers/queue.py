"""Leases: one voter at a time to one caller (law L7), with consent looked up as they are granted (law L8).

Theory of operation. A precinct's candidates are read in one query, in calling order, and kept in memory as
*hints*: they may be wrong in every way, for the database judges each grant again (`grant_lease`, one
transaction, one round trip). A hint the judge refuses is dropped; when hints run out they are read again, and
only an empty reading means that a precinct has nobody to call. So queues never dry up while voters remain,
several services may share one database, and the common case costs one indexed lookup and one insert.
"""

import asyncio
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID, uuid4

import asyncpg

from callers import policy
from callers.statements import statements
from election.wire.callers import Outcome, OutcomeReport

_SQL = statements("leases")
_REREAD_SECONDS = 0.5  # real; however many callers ask, an empty precinct is read this often at most
_DUE_REREAD_SECONDS = 5.0  # real; rests that have ended bring voters back
_OLD_SECONDS = 60.0  # real
_FIRST_BATCH, _LARGEST_BATCH = 1, 32  # households tried in one round trip


def by_index(url: str) -> str:
    """The URL of a pool for queues, which looks rows up by index only.

    Plans made in the morning, while `leases` and `calls` are empty, live on in prepared statements; left to
    itself the planner would scan these tables whole, all day.
    """
    return f"{url}{'&' if '?' in url else '?'}enable_seqscan=off"


class UnknownLeaseError(Exception):
    """There is no such lease of this caller."""


class AlreadyRecordedError(Exception):
    """This lease has another outcome; undo it first."""


class TooLateError(Exception):
    """It can no longer be undone."""


@dataclass(frozen=True, slots=True)
class CallerOnDuty:
    caller_id: str
    name: str
    languages: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Granted:
    """A live lease and the voter it shows."""

    lease_id: UUID
    voter_id: str
    name: str
    phone: str = field(repr=False)
    language: str
    precinct_id: str
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Nobody:
    """Why there is no voter: resting, hours, language, empty; `until` is when somebody's rest ends."""

    reason: str
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Check:
    """A lease looked up again. `reason` is empty while it may be called."""

    reason: str
    expires_at: datetime | None = None
    phone: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Recorded:
    lease_id: UUID
    outcome: Outcome
    at: datetime
    duplicate: bool


@dataclass(frozen=True, slots=True)
class _Candidate:
    voter_id: str
    phone: str = field(repr=False)
    language: str
    timezone: str | None


_Household = list[_Candidate]


@dataclass
class _Hints:
    """One precinct's candidates in calling order, by household."""

    households: deque[_Household] = field(default_factory=deque)
    read_at: float = -1e9  # monotonic, real seconds
    readings: int = 0
    next_due: datetime | None = None
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)


class Queue:
    """The queue's operations on the database. `now` is always the stack clock's time."""

    def __init__(
        self,
        pool: asyncpg.Pool,
        rules: policy.Rules,
        zone_of: Callable[[str], str],
        *,
        lease: timedelta = timedelta(minutes=10),
        weights: tuple[float, float] = (1.0, 1.0),
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._pool = pool
        self._rules = rules
        self._zone_of = zone_of  # a precinct's IANA zone, for voters without their own
        self._lease = lease
        self._weights = weights
        self._monotonic = monotonic
        self._hints: dict[str, _Hints] = {}
        self._in_hand: dict[str, tuple[str, _Household]] = {}  # caller -> precinct, rest of the household

    async def caller(self, caller_id: str) -> CallerOnDuty | None:
        """Who calls, or None where staff do not know them or took their link away."""
        row = await self._pool.fetchrow(_SQL["caller"], caller_id)
        if row is None or row["barred"]:
            return None
        return CallerOnDuty(caller_id, row["name"], tuple(row["languages"]))

    async def current(self, caller_id: str, now: datetime) -> Granted | None:
        """The lease a caller holds."""
        row = await self._pool.fetchrow(_SQL["current"], caller_id, now)
        return _granted(row, row["lease_id"], row["expires_at"]) if row else None

    async def grant(self, caller: CallerOnDuty, precinct_id: str, now: datetime) -> Granted | Nobody:
        """The next voter of a precinct for a caller who holds none."""
        zone = self._zone_of(precinct_id)
        hints = self._hints.setdefault(precinct_id, _Hints())
        place, in_hand = self._in_hand.pop(caller.caller_id, ("", []))
        readings, reread = hints.readings, False
        batch = [in_hand] if in_hand and place == precinct_id else []
        size = _FIRST_BATCH
        old = self._monotonic() - hints.read_at > _OLD_SECONDS  # another service's calls come due, too
        if old or (hints.next_due and hints.next_due <= now):
            await self._read(precinct_id, hints, now, readings, _DUE_REREAD_SECONDS)
        refused: set[str] = set()
        while True:
            if not batch:
                batch, refused = self._take(hints, caller, zone, now, size)
                size = min(size * 2, _LARGEST_BATCH)
            if not batch:
                if not reread and await self._read(precinct_id, hints, now, readings, _REREAD_SECONDS):
                    reread = True
                    size = _LARGEST_BATCH
                    batch, refused = self._take(hints, caller, zone, now, size)
                if not batch:
                    return self._nobody(hints, refused, now)
            granted = await self._try(caller, precinct_id, zone, now, batch)
            if granted is not None:
                self._put_back(caller, precinct_id, hints, batch, granted)
                return granted
            batch = []

    def _take(
        self, hints: _Hints, caller: CallerOnDuty, zone: str, now: datetime, size: int
    ) -> tuple[list[_Household], set[str]]:
        """Takes up to `size` households this caller may call from the hints; the others keep their places."""
        taken: list[_Household] = []
        kept: list[_Household] = []
        refused: set[str] = set()
        dialling = _Zones(now, self._rules)
        while hints.households and len(taken) < size:
            household = hints.households.popleft()
            fits = [c for c in household if not c.language or c.language in caller.languages]
            if not fits:
                refused.add("language")
            elif not any(dialling.open(c.timezone or zone) for c in fits):
                refused.add("hours")
            else:
                taken.append(household)
                continue
            kept.append(household)
        hints.households.extendleft(reversed(kept))
        return taken, refused

    async def _try(
        self, caller: CallerOnDuty, precinct_id: str, zone: str, now: datetime, batch: Sequence[_Household]
    ) -> Granted | None:
        wanted = [c.voter_id for household in batch for c in household]
        zones = {c.timezone or zone for household in batch for c in household}
        lease_id, until = uuid4(), now + self._lease
        row = await self._pool.fetchrow(
            _SQL["grant"], lease_id, caller.caller_id, precinct_id, wanted, list(caller.languages),
            zone, policy.open_zones(now, zones, self._rules), now, until,
        )  # fmt: skip
        return _granted(row, lease_id, until) if row else None

    def _put_back(
        self,
        caller: CallerOnDuty,
        precinct_id: str,
        hints: _Hints,
        batch: Sequence[_Household],
        granted: Granted,
    ) -> None:
        """The rest of the household stays with its caller; households not reached go back to the front."""
        unused: list[_Household] = []
        for n, household in enumerate(batch):
            if any(c.voter_id == granted.voter_id for c in household):
                rest = [c for c in household if c.voter_id != granted.voter_id]
                if rest:
                    self._in_hand[caller.caller_id] = (precinct_id, rest)
                unused = list(batch[n + 1 :])
                break
        hints.households.extendleft(reversed(unused))

    async def _read(
        self, precinct_id: str, hints: _Hints, now: datetime, readings: int, pause: float
    ) -> bool:
        """Reads the candidates unless somebody just did; whether there are newer ones than `readings`."""
        async with hints.lock:
            if hints.readings != readings:
                return True
            if self._monotonic() - hints.read_at < pause:
                return False
            rows = await self._pool.fetch(_SQL["candidates"], precinct_id, now, *self._weights)
            households: dict[str, _Household] = {}
            hints.next_due = None
            for row in rows:
                if row["rest_until"] is None or row["rest_until"] <= now:
                    candidate = _Candidate(row["voter_id"], row["phone"], row["language"], row["timezone"])
                    households.setdefault(row["phone"], []).append(candidate)
                elif hints.next_due is None or row["rest_until"] < hints.next_due:
                    hints.next_due = row["rest_until"]
            hints.households = deque(households.values())
            hints.read_at = self._monotonic()
            hints.readings += 1
            return True

    def _nobody(self, hints: _Hints, refused: set[str], now: datetime) -> Nobody:
        for reason in ("hours", "language"):
            if reason in refused:
                return Nobody(reason)
        if hints.next_due and hints.next_due > now:
            return Nobody("resting", hints.next_due)
        return Nobody("empty")

    async def check(self, caller_id: str, lease_id: UUID, now: datetime) -> Check:
        """Whether a lease may still be called; where not, it is ended. Raises `UnknownLeaseError`."""
        row = await self._pool.fetchrow(_SQL["check"], lease_id, caller_id)
        if row is None:
            raise UnknownLeaseError
        reason = self._objection(row, now)
        if reason and row["ended_at"] is None:
            by = "expired" if reason == "expired" else "revoked"
            await self._pool.execute(_SQL["end"], lease_id, caller_id, now, by, reason)
        return Check(reason, row["expires_at"], row["phone"])

    def _objection(self, row: asyncpg.Record, now: datetime) -> str:
        if row["ended_at"] is not None:
            return str(row["ended_reason"] or row["ended_by"])
        if row["expires_at"] <= now:
            return "expired"
        if row["never"]:
            return str(row["never"])
        if row["closes_at"] is None:
            return "stopped"
        if row["closes_at"] <= now:
            return "closed"
        zone = row["timezone"] or self._zone_of(row["precinct_id"])
        return "" if policy.may_dial(now, zone, self._rules) else "hours"

    async def dial(self, caller_id: str, lease_id: UUID, now: datetime) -> Check:
        """Consent once more, right before the number is dialled (law L8); extends the lease."""
        return await self._confirm("dialled", caller_id, lease_id, now)

    async def heartbeat(self, caller_id: str, lease_id: UUID, now: datetime) -> Check:
        """The caller is still there: consent once more, and the lease is extended."""
        return await self._confirm("extend", caller_id, lease_id, now)

    async def _confirm(self, statement: str, caller_id: str, lease_id: UUID, now: datetime) -> Check:
        found = await self.check(caller_id, lease_id, now)
        if found.reason:
            return found
        times = (now, now + self._lease) if statement == "dialled" else (now + self._lease,)
        expires_at = await self._pool.fetchval(_SQL[statement], lease_id, caller_id, *times)
        return Check("" if expires_at else "ended", expires_at, found.phone)

    async def release(self, caller_id: str, lease_id: UUID, now: datetime, reason: str = "") -> bool:
        """Gives the voter back; whether the lease was live."""
        ended = await self._pool.fetchval(_SQL["end"], lease_id, caller_id, now, "released", reason)
        self._in_hand.pop(caller_id, None)
        return ended is not None

    async def record(self, caller_id: str, lease_id: UUID, report: OutcomeReport, now: datetime) -> Recorded:
        """Records an outcome once, however often it is sent.

        Raises `UnknownLeaseError`, `AlreadyRecordedError`, and `ValueError` where it needs more words.
        """
        what = policy.consequence(report.outcome, now, self._rules, report.call_back_at, report.language)
        row = await self._pool.fetchrow(
            _SQL["record"], lease_id, caller_id, report.outcome_id, report.outcome.value, now,
            what.whole_phone, list(what.rests), what.language,
        )  # fmt: skip
        if row is None or row["lease"] is None:
            raise UnknownLeaseError
        if row["recorded"]:
            self._comes_back(row["precinct_id"], row["rest_until"])
            return Recorded(lease_id, report.outcome, now, False)
        repeated = await self._pool.fetchrow(_SQL["repeated"], report.outcome_id, caller_id)
        if repeated is None or repeated["lease_id"] != lease_id:
            raise AlreadyRecordedError
        return Recorded(lease_id, Outcome(repeated["outcome"]), repeated["at"], True)

    def _comes_back(self, precinct_id: str, at: datetime | None) -> None:
        """Somebody of this precinct may be called again at `at`: read the candidates again by then."""
        hints = self._hints.get(precinct_id)
        if hints and at and (hints.next_due is None or at < hints.next_due):
            hints.next_due = at

    async def undo(self, caller_id: str, lease_id: UUID, now: datetime, window: timedelta) -> Granted | None:
        """Withdraws an outcome younger than `window`. Raises `TooLateError`.

        The voter comes back to the caller where nobody holds voter, phone or caller by now.
        """
        async with self._pool.acquire() as connection, connection.transaction():
            undone = await connection.fetchval(_SQL["undo"], lease_id, caller_id, now, now - window)
            if undone is None:
                raise TooLateError
        try:
            await self._pool.execute(_SQL["reopen"], lease_id, caller_id, now + self._lease)
        except asyncpg.UniqueViolationError:  # somebody was granted the voter in between: theirs
            return None
        current = await self.current(caller_id, now)
        return current if current and current.lease_id == lease_id else None

    async def sweep(self, now: datetime) -> int:
        """Ends leases that ran out; how many."""
        return len(await self._pool.fetch(_SQL["sweep"], now))


class _Zones:
    """`policy.may_dial` at one moment, each zone asked once."""

    def __init__(self, now: datetime, rules: policy.Rules) -> None:
        self._now, self._rules = now, rules
        self._known: dict[str, bool] = {}

    def open(self, zone: str) -> bool:
        if zone not in self._known:
            self._known[zone] = policy.may_dial(self._now, zone, self._rules)
        return self._known[zone]


def _granted(row: asyncpg.Record, lease_id: UUID, until: datetime) -> Granted:
    return Granted(
        lease_id, row["voter_id"], row["name"], row["phone"], row["language"], row["precinct_id"], until
    )
