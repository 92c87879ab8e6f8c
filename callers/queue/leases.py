"""Leases: one voter at a time to one caller (law L7), with consent looked up as they are granted (law L8).

Theory of operation. A precinct's candidates are read in one query, in calling order, and kept in memory as
*hints*: they may be wrong in every way, for the database judges each grant again (`give_lease`, one
transaction, one round trip). A hint the judge refuses is dropped; when hints run out they are read again, and
only an empty reading means that a precinct has nobody to call. So queues never dry up while voters remain,
several services may share one database, and the common case costs one indexed lookup and one insert. Grants
and outcomes that wait at the same time share a transaction (`queue/shared_transactions.py`).
"""

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID, uuid4

import asyncpg

from callers.dispatch.allocation import CallerPool
from callers.queries.statements import statements
from callers.queue.candidate_cache import CandidateCache, Household, VoterCandidate
from callers.queue.candidates import VoterCandidates, why_nobody
from callers.queue.lease import (
    CallerOnDuty,
    Check,
    Granted,
    NoVoter,
    TooLateError,
    UnknownLeaseError,
)
from callers.queue.outcomes import Outcomes
from callers.queue.shared_transactions import SharedTransactions
from callers.rules import policy
from callers.rules.budgets import Budgets, Origin
from callers.voters.encryption import Encryption, SealedError

_SQL = statements("leases")
_REREAD_SECONDS = 0.5  # real; however many callers ask, an empty precinct is read this often at most
_DUE_REREAD_SECONDS = 5.0  # real; rests that have ended bring voters back
_NOBODY_REREAD_SECONDS = 30.0  # real; where the last reading had nobody of these languages, at this hour
_OLD_SECONDS = 180.0  # real; another service's calls come due, too
_MOST_READINGS = 3  # for one request, where the first readings were all out of date
_FIRST_BATCH, _LARGEST_BATCH = 1, 32  # households tried in one round trip


def calling_url(url: str, *, rehearsal: bool = False) -> str:
    """The URL of a pool for queues: rows by index only, and a rehearsal's tables in a rehearsal.

    Plans made in the morning, while `leases` and `calls` are empty, live on in prepared statements; left to
    itself the planner would scan these tables whole, all day.
    """
    tables = "&search_path=rehearsal,public" if rehearsal else ""
    return f"{url}{'&' if '?' in url else '?'}enable_seqscan=off{tables}"


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
        encryption: Encryption | None = None,
        budgets: Budgets | None = None,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._pool = pool
        self._budgets = budgets or Budgets()
        self._rules = rules
        self._zone_of = zone_of  # a precinct's IANA zone, for voters without their own
        self._lease = lease
        self._encryption = encryption or Encryption("")
        self.candidates = VoterCandidates(pool, weights, monotonic)
        self.outcomes = Outcomes(pool, rules, self.candidates, self._encryption)
        self.variants: tuple[str, ...] = ()  # of the script, while a trial runs
        self.sealed_off = False  # the voters are sealed with another key than ours
        self._in_hand: dict[str, tuple[str, Household]] = {}  # caller -> precinct, rest of the household
        self._grants = SharedTransactions(pool, _SQL["grant"])
        # one lane: who dials is counted before the next one's budgets are judged
        self._dials, self._extends = (
            SharedTransactions(pool, _SQL[n], lanes=1) for n in ("dialled", "extend")
        )

    async def caller(self, caller_id: str, now: datetime) -> CallerOnDuty | None:
        """A volunteer; None where staff do not know them, took their link away, or their event is over."""
        row = await self._pool.fetchrow(_SQL["caller"], caller_id, now)
        if row is None or row["barred"]:
            return None
        caller_pool = CallerPool(frozenset(row["counties"]), row["elsewhere"])
        return CallerOnDuty(
            caller_id, row["name"], tuple(row["languages"]), caller_pool, row["phone_bank"],
            row["page_language"], row["role"],
        )  # fmt: skip

    async def current(self, caller_id: str, now: datetime) -> Granted | None:
        """The lease a caller holds."""
        row = await self._pool.fetchrow(_SQL["current"], caller_id, now)
        return self._granted(row, held=True, shown=row["shown"]) if row else None

    async def grant(
        self, caller: CallerOnDuty, precinct_id: str, now: datetime, lease: timedelta | None = None
    ) -> Granted | NoVoter:
        """The next voter of a precinct for a caller, or the one they hold already. `lease`: how long.

        Raises `SealedError` rather than to set a voter aside whom nobody could read.
        """
        if self.sealed_off:
            raise SealedError
        until = now + (lease or self._lease)
        zone = self._zone_of(precinct_id)
        hints = self.candidates.of(precinct_id)
        place, in_hand = self._in_hand.pop(caller.caller_id, ("", []))
        readings, rereads = hints.readings, 0
        batch = [in_hand] if in_hand and place == precinct_id else []
        size = _FIRST_BATCH
        old = self.candidates.age(hints) > _OLD_SECONDS
        if old or (hints.next_due and hints.next_due <= now):
            await self.candidates.read(precinct_id, hints, now, readings, _DUE_REREAD_SECONDS)
        patience = 0.0 if hints.grown else _NOBODY_REREAD_SECONDS
        for pause in () if batch else (patience, math.inf):
            refusal = hints.refusal(caller.languages, zone, now, self._rules)
            if not refusal:
                break
            if not await self.candidates.read(precinct_id, hints, now, hints.readings, pause):
                return NoVoter(refusal)
            readings = hints.readings
        refused: set[str] = set()
        while True:
            if not batch:
                batch, refused = hints.take(caller.languages, zone, now, self._rules, size)
                size = min(size * 2, _LARGEST_BATCH)
            if not batch:
                pause, enough = (0.0, _MOST_READINGS) if hints.more else (_REREAD_SECONDS, 1)
                if rereads < enough and await self.candidates.read(precinct_id, hints, now, readings, pause):
                    rereads += 1
                    readings = hints.readings
                    size = _FIRST_BATCH  # whoever took many would leave none to those who ask beside them
                    continue
                return why_nobody(hints, refused, now)
            granted = await self._try(caller, precinct_id, zone, (now, until), batch)
            if granted is not None:
                self._put_back(caller, precinct_id, hints, batch, granted)
                return granted
            batch = []

    async def _try(
        self,
        caller: CallerOnDuty,
        precinct_id: str,
        zone: str,
        times: tuple[datetime, datetime],
        batch: Sequence[Household],
    ) -> Granted | None:
        now, until = times
        wanted = [c.voter_id for household in batch for c in household]
        zones = {c.timezone or zone for household in batch for c in household}
        row = await self._grants.row(
            caller.caller_id, uuid4(), caller.caller_id, precinct_id, wanted, list(caller.languages),
            zone, policy.open_zones(now, zones, self._rules), now, until, list(self.variants),
        )  # fmt: skip
        if row["verdict"] == "none":
            return None
        granted = self._granted(row, held=row["verdict"] == "held")
        if granted.held:  # whether they were shown only the lease knows
            current = await self.current(caller.caller_id, now)
            return current if current and current.lease_id == granted.lease_id else granted
        return granted

    def _granted(self, row: asyncpg.Record, *, held: bool, shown: bool = False) -> Granted:
        person = self._encryption.person(row["voter"], row["voter_name"], row["number"], row["secret"])
        return Granted(
            row["lease"], row["voter"], person.name, person.phone, row["tongue"], row["place"], row["ends"],
            row["script"], held, shown,
        )  # fmt: skip

    def _put_back(
        self,
        caller: CallerOnDuty,
        precinct_id: str,
        hints: CandidateCache,
        batch: list[Household],
        granted: Granted,
    ) -> None:
        """The rest of the household stays with its caller; households not reached go back to the front."""
        if granted.held:
            hints.give_back(batch)
            return
        for n, household in enumerate(batch):
            if any(c.voter_id == granted.voter_id for c in household):
                rest: list[VoterCandidate] = [c for c in household if c.voter_id != granted.voter_id]
                if rest:
                    self._in_hand[caller.caller_id] = (precinct_id, rest)
                hints.give_back(batch[n + 1 :])
                return

    async def check(self, caller_id: str, lease_id: UUID, now: datetime) -> Check:
        """Whether a lease may still be called; where not, it is ended. Raises `UnknownLeaseError`."""
        row = await self._pool.fetchrow(_SQL["check"], lease_id, caller_id)
        if row is None:
            raise UnknownLeaseError
        reason = self._objection(row, now)
        if reason and row["ended_at"] is None:
            by = "expired" if reason == "expired" else "revoked"
            await self._pool.execute(_SQL["end"], lease_id, caller_id, now, by, reason)
        person = self._encryption.person(
            row["voter_id"] or "", row["name"] or "", row["phone"], row["sealed"]
        )
        granted = Granted(
            lease_id, row["voter_id"] or "", person.name, person.phone, row["language"] or "",
            row["precinct_id"], row["expires_at"], row["variant"], held=True,
        )  # fmt: skip
        return Check(reason, row["expires_at"], granted)

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

    async def dial(
        self, caller_id: str, lease_id: UUID, now: datetime, origin: Origin | None = None
    ) -> Check:
        """Consent once more, right before the number is dialled (law L8); shows the voter where the budgets
        allow it, and extends the lease.
        """
        found = await self.check(caller_id, lease_id, now)
        if found.reason or found.granted is None:
            return found
        origin, most = origin or Origin(), self._budgets
        row = await self._dials.row(
            lease_id, lease_id, caller_id, now + self._lease, now, now + self._rules.no_answer_rest,
            origin.bank, origin.address, origin.known,
            most.unreported, most.caller, most.bank, most.address, most.seconds, most.hour,
        )  # fmt: skip
        if row["refused"]:
            reason = "unreported" if row["refused"] == "unreported" else "too_fast"
            return Check(reason, found.expires_at, budget=row["refused"])
        if row["expires_at"] is None:
            return Check("ended")
        shown = replace(found.granted, expires_at=row["expires_at"], shown=True)
        return Check("", row["expires_at"], shown, first=row["first"])

    async def heartbeat(self, caller_id: str, lease_id: UUID, now: datetime) -> Check:
        """The caller is still there: consent once more, and the lease is extended."""
        found = await self.check(caller_id, lease_id, now)
        if found.reason:
            return found
        row = await self._extends.row(lease_id, lease_id, caller_id, now + self._lease)
        return Check("" if row["expires_at"] else "ended", row["expires_at"])

    async def release(self, caller_id: str, lease_id: UUID, now: datetime, reason: str = "") -> bool:
        """Gives the voter back; whether the lease was live."""
        ended = await self._pool.fetchval(_SQL["end"], lease_id, caller_id, now, "released", reason)
        self._in_hand.pop(caller_id, None)
        return ended is not None

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
