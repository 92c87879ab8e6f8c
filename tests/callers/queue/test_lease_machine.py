"""Any sequence of queue operations keeps the laws: one caller one voter (L7), consent (L8), nobody stuck."""

import asyncio
from collections.abc import Coroutine
from datetime import timedelta
from typing import Any, get_args
from uuid import uuid4

import asyncpg
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from callers.lists.dialer_lists import Lists
from callers.queue.lease import AlreadyRecordedError, CallerOnDuty, Granted, TooLateError
from callers.queue.leases import Queue
from callers.queue.next_moves import NextMoves
from callers.rules.policy import PROMISES, Rules, may_dial
from callers.voters.encryption import Encryption
from election.postgres.database import open_pool
from election.wire.callers import Need, NextMove, Outcome, OutcomeReport
from tests.callers.conftest import NOON, ZONE, add_voters, open_precinct

CALLERS = [CallerOnDuty(f"c{n}", f"C {n}", ("en",) if n else ("en", "es")) for n in range(3)]
VOTERS, HOUSEHOLD = 9, 3
LEASE = timedelta(minutes=10)
MOVES = [move for move in NextMove if move is not NextMove.NONE]


class QueueMachine(RuleBasedStateMachine):
    """Two services' queues over one database; the model remembers who said no and who was called when."""

    url = ""
    loop: asyncio.AbstractEventLoop
    pool: asyncpg.Pool

    def __init__(self) -> None:
        super().__init__()
        ticks = iter(range(10**9))
        self.queues = [Queue(self.pool, Rules(), lambda _: ZONE, monotonic=lambda: float(next(ticks)) * 10)
                       for _ in range(2)]  # fmt: skip
        self.moves = NextMoves(self.pool, lambda _: None)
        self.now = NOON
        self.forbidden_voters: set[str] = set()  # struck off
        self.forbidden_phones: set[str] = set()  # opted out
        self.leases: list[tuple[str, Granted]] = []
        self.resting = False  # a line or an incident holds the dispatch
        self.run(self._clean())

    def run(self, work: Coroutine[Any, Any, Any]) -> Any:
        return self.loop.run_until_complete(work)

    async def _clean(self) -> None:
        await self.pool.execute(
            "truncate leases, calls, strike_offs, opt_outs, dispatches, call_lists;"
            " update voters set do_not_call = false, voted = false"
        )
        async with self.pool.acquire() as connection:
            await open_precinct(connection, "a", NOON + timedelta(hours=20))  # type: ignore[arg-type]

    @rule(service=st.integers(0, 1), caller=st.sampled_from(CALLERS))
    def ask(self, service: int, caller: CallerOnDuty) -> None:
        found = self.run(self.queues[service].grant(caller, "a", self.now))
        if isinstance(found, Granted):
            assert found.held or not self.resting
            assert found.voter_id not in self.forbidden_voters
            assert found.phone not in self.forbidden_phones
            assert may_dial(self.now, ZONE, Rules())
            self.leases.append((caller.caller_id, found))

    @rule()
    def all_ask_at_once(self) -> None:
        async def everybody() -> list[Any]:
            asks = [q.grant(c, "a", self.now) for c in CALLERS for q in self.queues]
            return await asyncio.gather(*asks)

        found = self.run(everybody())
        owners = [c.caller_id for c in CALLERS for _ in self.queues]
        self.leases += [(o, f) for o, f in zip(owners, found, strict=True) if isinstance(f, Granted)]

    @rule()
    def hold_or_resume(self) -> None:
        self.resting = not self.resting
        self.run(self.pool.execute("update dispatches set hold = $1", "a line" if self.resting else ""))

    @rule(lines=st.integers(1, 4), service=st.integers(0, 1))
    def make_a_list(self, lines: int, service: int) -> None:
        lists = Lists(self.pool, self.queues[service], Encryption(""))
        made = self.run(lists.make("a", lines, kind="dialer", good_for=LEASE, account="lea", now=self.now))
        assert not (made.lines and self.resting)
        for line in made.lines:
            assert line.voter_id not in self.forbidden_voters
            assert line.phone not in self.forbidden_phones

    @precondition(lambda self: self.leases)
    @rule(pick=st.integers(0, 99), outcome=st.sampled_from(sorted(Outcome)), service=st.integers(0, 1),
          named=st.sampled_from([None, 0, 60, 240]), need=st.sampled_from(get_args(Need)))  # fmt: skip
    def finish(self, pick: int, outcome: Outcome, service: int, named: int | None, need: Need) -> None:
        caller, lease = self.leases[-1 - pick % min(3, len(self.leases))]
        said_at = None if named is None else self.now + timedelta(minutes=named)
        report = OutcomeReport(outcome_id=uuid4(), outcome=outcome, language="es", said_at=said_at, need=need)
        try:
            self.run(self.queues[service].outcomes.record(caller, lease.lease_id, report, self.now))
        except AlreadyRecordedError:
            return
        # sent again, it changes nothing
        assert self.run(
            self.queues[1 - service].outcomes.record(caller, lease.lease_id, report, self.now)
        ).duplicate

    @precondition(lambda self: self.leases)
    @rule()
    def undo(self) -> None:
        caller, lease = self.leases[-1]
        try:
            self.run(self.queues[0].undo(caller, lease.lease_id, self.now, timedelta(seconds=10)))
        except TooLateError:
            return

    @precondition(lambda self: self.leases)
    @rule(dials=st.booleans())
    def still_there(self, dials: bool) -> None:
        caller, lease = self.leases[-1]
        act = self.queues[0].dial if dials else self.queues[0].heartbeat
        found = self.run(act(caller, lease.lease_id, self.now))
        if not found.reason:
            assert lease.voter_id not in self.forbidden_voters
            assert lease.phone not in self.forbidden_phones

    @precondition(lambda self: self.leases)
    @rule()
    def release(self) -> None:
        caller, lease = self.leases[-1]
        self.run(self.queues[1].release(caller, lease.lease_id, self.now))

    @rule(number=st.integers(0, VOTERS - 1))
    def strike_off(self, number: int) -> None:
        self.forbidden_voters.add(f"a/{number}")
        self.run(self.pool.execute(
            "insert into strike_offs values ('a', $1, gen_random_uuid(), $2) on conflict do nothing",
            str(number), self.now,
        ))  # fmt: skip

    @rule(number=st.integers(0, VOTERS - 1))
    def opt_out(self, number: int) -> None:
        phone = self.run(self.pool.fetchval("select phone from voters where voter_id = $1", f"a/{number}"))
        self.forbidden_phones.add(phone)
        self.run(self.pool.execute(
            "insert into opt_outs values ($1, true, $2) on conflict do nothing", phone, self.now
        ))  # fmt: skip

    @rule(minutes=st.sampled_from([0.05, 1, 11, 91, 300]))
    def time_passes(self, minutes: float) -> None:
        self.now += timedelta(minutes=minutes)

    @rule()
    def look_at_next_moves(self) -> None:
        """A voter waits with one promise at most; nobody struck off waits, nor for a call who said STOP."""
        at = self.now
        waiting = [r for m in MOVES for r in self.run(self.moves.waiting(m, "ann", at, lambda _: True))]
        promised = [row["voter_id"] for row in waiting if row["outcome"] in PROMISES]
        assert len(promised) == len(set(promised))
        assert not {row["voter_id"] for row in waiting} & self.forbidden_voters
        called = [row["voter_id"] for row in waiting if row["move"] in ("call", "retry")]
        phones = self.run(self.pool.fetch("select phone from voters where voter_id = any($1)", called))
        assert not {row["phone"] for row in phones} & self.forbidden_phones
        found = self.run(self.moves.counted(at))
        kept = sum(one.kept for one in found)
        assert sum(one.open for one in found) >= len(waiting)
        assert kept == 0 or self.forbidden_voters

    @rule()
    def sweep(self) -> None:
        self.run(self.queues[0].sweep(self.now))
        stuck = "select count(*) from leases where ended_at is null and expires_at <= $1"
        assert self.run(self.pool.fetchval(stuck, self.now)) == 0

    @invariant()
    def one_caller_one_voter(self) -> None:
        row = self.run(self.pool.fetchrow(
            "select count(*) as n, count(distinct voter_id) as voters, count(distinct phone) as phones,"
            " count(distinct caller_id) as callers from leases where ended_at is null"
        ))  # fmt: skip
        assert row["n"] == row["voters"] == row["phones"] == row["callers"]

    @invariant()
    def nobody_is_leased_while_resting_or_finished(self) -> None:
        """No live lease was granted at a time at which an earlier call still held its voter or phone back."""
        broken = self.run(self.pool.fetch(
            "select l.lease_id from leases l join calls c on c.phone = l.phone and c.undone_at is null"
            " where l.ended_at is null and c.lease_id <> l.lease_id and c.at < l.granted_at"
            " and (c.whole_phone or c.voter_id = l.voter_id) and c.rest_until > l.granted_at"
        ))  # fmt: skip
        assert broken == []

    @invariant()
    def nobody_is_leased_who_was_dialled_lately_whatever_came_of_it(self) -> None:
        """No live lease was granted within the rest after a dial whose outcome had not come."""
        broken = self.run(self.pool.fetch(
            "select l.lease_id from leases l join leases o on o.phone = l.phone and o.lease_id <> l.lease_id"
            " where l.ended_at is null and o.ended_at <= l.granted_at and o.ended_by <> 'outcome'"
            " and l.granted_at < o.dialled_at + interval '90 minutes'"
            " and not exists (select from calls c where c.lease_id = o.lease_id)"
        ))  # fmt: skip
        assert broken == []


def test_any_sequence_of_operations_keeps_the_laws(database_url: str) -> None:
    loop = asyncio.new_event_loop()

    async def prepare() -> asyncpg.Pool:
        pool = await open_pool(database_url, 6)
        async with pool.acquire() as connection:
            await add_voters(connection, "a", VOTERS, household=HOUSEHOLD)  # type: ignore[arg-type]
        return pool

    QueueMachine.loop = loop
    QueueMachine.pool = loop.run_until_complete(prepare())
    try:
        run_state_machine_as_test(
            QueueMachine,
            settings=settings(
                max_examples=25, stateful_step_count=25, deadline=None, derandomize=True,
                suppress_health_check=list(HealthCheck),
            ),
        )  # fmt: skip
    finally:
        loop.run_until_complete(QueueMachine.pool.close())
        loop.close()
