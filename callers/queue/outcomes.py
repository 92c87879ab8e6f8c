"""What came of calls: recorded once, and owed by who was shown a voter."""

import asyncio
import contextlib
from datetime import datetime
from uuid import UUID

import asyncpg

from callers.queries.statements import statements
from callers.queue.candidates import VoterCandidates
from callers.queue.lease import AlreadyRecordedError, Recorded, UnknownLeaseError, Unreported
from callers.queue.shared_transactions import SharedTransactions
from callers.rules import policy
from callers.voters.encryption import Encryption
from election.postgres.database import UNREACHABLE
from election.wire.callers import Outcome, OutcomeReport

_SQL = statements("leases")
_FIRST_ANALYZE = 128  # calls


class Outcomes:
    """The calls' outcomes in the database."""

    def __init__(
        self, pool: asyncpg.Pool, rules: policy.Rules, candidates: VoterCandidates, encryption: Encryption
    ) -> None:
        self._pool = pool
        self._rules = rules
        self._candidates = candidates
        self._encryption = encryption
        self._recorded = 0
        self._analyze_at = _FIRST_ANALYZE
        self._beside: set[asyncio.Task[None]] = set()
        self._records = SharedTransactions(pool, _SQL["record"])

    async def record(self, caller_id: str, lease_id: UUID, report: OutcomeReport, now: datetime) -> Recorded:
        """Records an outcome once, however often it is sent.

        Raises `UnknownLeaseError`, `AlreadyRecordedError`, and `ValueError` where it needs more words.
        """
        what = policy.consequence(
            report.outcome,
            now,
            self._rules,
            report.call_back_at,
            report.language,
            said_at=report.said_at,
            need=report.need,
            texts=report.texts,
        )
        named = policy.named_time(report.said_at, now, self._rules)
        row = await self._records.row(
            lease_id, lease_id, caller_id, report.outcome_id, report.outcome.value, now,
            what.whole_phone, list(what.rests), what.language, what.move.value,
            [o.value for o in what.counted or (report.outcome,)], named, report.need or "",
            report.line_minutes, report.seats, report.wheelchair, report.texts,
        )  # fmt: skip
        if row["lease"] is None:
            raise UnknownLeaseError
        if row["recorded"]:
            self._keep_plans_fresh()
            self._candidates.due_by(row["precinct_id"], row["rest_until"])
            return Recorded(lease_id, report.outcome, now, False)
        repeated = await self._pool.fetchrow(_SQL["repeated"], report.outcome_id, caller_id)
        if repeated is None or repeated["lease_id"] != lease_id:
            raise AlreadyRecordedError
        return Recorded(lease_id, Outcome(repeated["outcome"]), repeated["at"], True)

    def _keep_plans_fresh(self) -> None:
        """Has the database look at its tables whenever the calls have doubled.

        Plans made while a table was empty take any index for as good as any other, and are kept.
        """
        self._recorded += 1
        if self._recorded < self._analyze_at:
            return
        self._analyze_at *= 2
        task = asyncio.create_task(self._analyze())
        self._beside.add(task)
        task.add_done_callback(self._beside.discard)

    async def _analyze(self) -> None:
        with contextlib.suppress(*UNREACHABLE):
            await self._pool.execute(_SQL["analyze"])

    async def unreported(self, caller_id: str) -> list[Unreported]:
        """Voters shown to a caller whose calls have no outcome yet; the one they hold left out."""
        rows = await self._pool.fetch(_SQL["unreported"], caller_id)
        return [
            Unreported(
                r["lease_id"], self._encryption.person(r["voter_id"], r["name"] or "", "", r["sealed"]).name,
                r["precinct_id"], r["dialled_at"],
            )
            for r in rows
        ]  # fmt: skip

    async def precinct_of(self, caller_id: str, lease_id: UUID) -> str:
        """Where the voter of a caller's lease votes. Raises `UnknownLeaseError`."""
        row = await self._pool.fetchrow(_SQL["check"], lease_id, caller_id)
        if row is None:
            raise UnknownLeaseError
        return str(row["precinct_id"])
