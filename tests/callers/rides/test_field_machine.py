"""Callers, canvassers and drivers do anything in any order, over one database: nobody has two at once (L7),
nobody is visited or fetched who may not be (L8), and a ride is what was done to it.
"""

import asyncio
from collections.abc import Coroutine
from datetime import timedelta
from typing import Any, ClassVar
from uuid import UUID, uuid4

import asyncpg
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from callers.dispatch.allocation import ANYWHERE
from callers.doors.doors import Doors
from callers.queue.lease import AlreadyRecordedError, CallerOnDuty, Granted
from callers.queue.leases import Queue
from callers.rides.ride import Ride, RideRefusedError, step
from callers.rides.ride_row import DriverOnDuty, PlaceTimes
from callers.rides.rides import Rides
from callers.rules.policy import Rules
from callers.voters.encryption import Encryption
from election.postgres.database import open_pool
from election.wire.callers import Outcome, OutcomeReport
from election.wire.rides import DRIVERS_ACTS, RideAct
from tests.callers.conftest import CLOSES, NOON, ZONE, add_voters, open_precinct

CAL = CallerOnDuty("cal", "Cal", ("en",))
WALKERS = [CallerOnDuty(n, n.title(), ("en",), role="canvasser") for n in ("ana", "ben")]
DRIVERS = [DriverOnDuty(n, n.title(), "en", 3, False, ANYWHERE) for n in ("dee", "eli")]
VOTERS, HOUSEHOLD = 8, 2
UNDO = timedelta(seconds=10)
PLACES = PlaceTimes(lambda p: f"Hall {p}", lambda _: ZONE, lambda _: CLOSES, lambda _: "")
SAID = [Outcome.NEEDS_RIDE, Outcome.NEEDS_RIDE, Outcome.NO_ANSWER, Outcome.REFUSED, Outcome.WILL_VOTE]
_CLEAN = """
delete from calls; delete from voters_shown; delete from leases; delete from door_leases;
delete from ride_acts; delete from rides; delete from agreed_texts;
delete from strike_offs; delete from opt_outs
"""
_TWO_AT_ONCE = """
select (select count(*) from leases l join leases o on o.ended_at is null and l.lease_id < o.lease_id
            and (o.voter_id = l.voter_id or (o.phone = l.phone and o.door_id is distinct from l.door_id))
        where l.ended_at is null)
     + (select count(*) - count(distinct (precinct_id, building)) from door_leases where ended_at is null)
     + (select count(*) - count(distinct voter_id) from rides where ended_at is null)
     + (select count(*) - count(distinct driver_id) from rides where ended_at is null and driver_id <> '')
     + (select count(*) from leases l where l.ended_at is null and not exists (
            select from leases o where o.phone = l.phone and o.ended_at is null and o.housemate = 0))
"""
_ACTS = "select ride_id, act, by from ride_acts order by ride_id, xmin::text::bigint, ctid"
_ASKED = "select outcome_id from calls where outcome = 'needs_ride' and undone_at is null and at <= $1"


class FieldMachine(RuleBasedStateMachine):
    """A street of four houses, one caller, two canvassers, two drivers."""

    loop: asyncio.AbstractEventLoop
    pool: asyncpg.Pool
    seen: ClassVar[set[str]] = set()  # states of rides, and how doors ended

    def __init__(self) -> None:
        super().__init__()
        ticks = iter(range(10**9))
        self.queue = Queue(self.pool, Rules(), lambda _: ZONE, monotonic=lambda: float(next(ticks)) * 10)
        self.doors = Doors(
            self.pool,
            self.queue.outcomes,
            Rules(),
            lambda _: ZONE,
            secret="a secret",
            encryption=Encryption(""),
        )
        self.rides = Rides(self.pool, PLACES, Encryption(""))
        self.now = NOON
        self.left_alone: set[str] = set()  # struck off
        self.stopped: set[str] = set()  # phones
        self.sent: list[tuple[UUID, UUID, RideAct, str]] = []  # acts that were taken
        self.run(self.pool.execute(_CLEAN))

    def run(self, work: Coroutine[Any, Any, Any]) -> Any:
        return self.loop.run_until_complete(work)

    @rule(outcome=st.sampled_from(SAID))
    def call(self, outcome: Outcome) -> None:
        found = self.run(self.queue.grant(CAL, "a", self.now))
        if isinstance(found, Granted):
            assert found.voter_id not in self.left_alone and found.phone not in self.stopped
            report = OutcomeReport(outcome_id=uuid4(), outcome=outcome)
            self.run(self.queue.outcomes.record("cal", found.lease_id, report, self.now))

    @rule(walker=st.sampled_from(WALKERS))
    def walk(self, walker: CallerOnDuty) -> None:
        self.run(self.doors.take(walker, "a", self.now))

    @rule(
        walker=st.sampled_from(WALKERS),
        pick=st.integers(0, 9),
        outcome=st.sampled_from(SAID),
        knocks=st.booleans(),
    )
    def visit(self, walker: CallerOnDuty, pick: int, outcome: Outcome, knocks: bool) -> None:
        doors = self.run(self.doors.held(walker.caller_id, self.now))
        people = [one for door in doors for one in door.people if not one.gone]
        for one in people:
            number = one.name.removeprefix("Voter ")
            assert f"a/{number}" not in self.left_alone
        if not people:
            return
        if knocks:
            self.run(self.doors.extend(walker.caller_id, self.now))
        lease, report = (
            people[pick % len(people)].lease_id,
            OutcomeReport(outcome_id=uuid4(), outcome=outcome),
        )
        try:
            self.run(self.doors.record(walker.caller_id, lease, report, self.now))
        except AlreadyRecordedError:
            return
        assert self.run(self.doors.record(walker.caller_id, lease, report, self.now)).duplicate

    @rule(walker=st.sampled_from(WALKERS))
    def go_home(self, walker: CallerOnDuty) -> None:
        self.run(self.doors.give_back(walker.caller_id, self.now))

    @rule()
    def round(self) -> None:
        self.run(self.rides.round(self.now, UNDO))
        asked = {row["outcome_id"] for row in self.run(self.pool.fetch(_ASKED, self.now - UNDO))}
        made = {row["ride_id"] for row in self.run(self.pool.fetch("select ride_id from rides"))}
        assert asked == made, "a ride for each who asked, once"
        for one in self.run(self.rides.rows.live()):
            begun = one.ride.at_polls or one.ride.state == "picked_up"
            assert begun or one.voter_id not in self.left_alone, "nobody is fetched who has voted"
            assert begun or one.row["phone"] not in self.stopped

    @initialize(riders=st.integers(1, 2))
    def somebody_needs_a_ride(self, riders: int) -> None:
        for _ in range(riders):
            self.call(Outcome.NEEDS_RIDE)
        self.now += timedelta(minutes=1)
        self.round()

    @rule(driver=st.sampled_from(DRIVERS), acts=st.integers(1, 4))
    def drive_on(self, driver: DriverOnDuty, acts: int) -> None:
        """What a driver does next who does all in order: looks for a ride, takes it, and so on."""
        following = {"wanted": RideAct.TAKE, "claimed": RideAct.PICK_UP, "picked_up": RideAct.BRING}
        for _ in range(acts):
            found = self.run(self.rides.offer(driver, self.now))
            if found is None:
                return
            if found.ride.unclaimed:
                assert not found.ride.shown_to(driver.driver_id)
            act = RideAct.RETURN if found.ride.at_polls else following[found.ride.state]
            self.act(found.ride_id, act, driver)

    @rule(driver=st.sampled_from(DRIVERS), act=st.sampled_from(DRIVERS_ACTS), pick=st.integers(0, 9))
    def do_anything_to_a_ride(self, driver: DriverOnDuty, act: RideAct, pick: int) -> None:
        rides = self.run(self.pool.fetch("select ride_id from rides order by wanted_at"))
        if rides:
            self.act(rides[pick % len(rides)]["ride_id"], act, driver)

    def act(self, ride_id: UUID, act: RideAct, driver: DriverOnDuty) -> None:
        deed = (ride_id, uuid4(), act, driver.driver_id)
        try:
            done = self.run(self.rides.act(*deed, self.now))
        except RideRefusedError:
            return
        self.sent.append(deed)
        self.seen.add(done.ride.state)

    @rule(pick=st.integers(0, 99))
    def send_again(self, pick: int) -> None:
        """What was taken once is answered again, and changes nothing."""
        if self.sent:
            before = self.run(self.pool.fetchval("select count(*) from ride_acts where by in ('dee', 'eli')"))
            self.run(self.rides.act(*self.sent[pick % len(self.sent)], self.now))
            after = self.run(self.pool.fetchval("select count(*) from ride_acts where by in ('dee', 'eli')"))
            assert before == after

    @rule(number=st.integers(0, VOTERS - 1))
    def strike_off(self, number: int) -> None:
        self.left_alone.add(f"a/{number}")
        self.run(self.pool.execute(
            "insert into strike_offs values ('a', $1, gen_random_uuid(), $2) on conflict do nothing",
            str(number), self.now,
        ))  # fmt: skip

    @rule(number=st.integers(0, VOTERS - 1))
    def stop(self, number: int) -> None:
        phone = self.run(self.pool.fetchval("select phone from voters where voter_id = $1", f"a/{number}"))
        self.stopped.add(phone)
        self.run(self.pool.execute(
            "insert into opt_outs values ($1, true, $2) on conflict do nothing", phone, self.now
        ))  # fmt: skip

    @rule(minutes=st.sampled_from([0.2, 4, 31, 46]))
    def time_passes(self, minutes: float) -> None:
        self.now += timedelta(minutes=minutes)
        self.run(self.doors.sweep(self.now))

    @invariant()
    def nobody_is_held_by_two(self) -> None:
        assert self.run(self.pool.fetchval(_TWO_AT_ONCE)) == 0

    def teardown(self) -> None:
        """Each ride's acts, one after the other, lead to what is stored of it."""
        rides: dict[UUID, Ride] = {}
        for row in self.run(self.pool.fetch(_ACTS)):
            ride = rides.get(row["ride_id"], Ride())
            rides[row["ride_id"]] = step(ride, RideAct(row["act"]), row["by"])
        for row in self.run(self.pool.fetch("select ride_id, state, driver_id, at_polls from rides")):
            ride = rides.get(row["ride_id"], Ride())
            stored = row["state"], row["driver_id"], row["at_polls"]
            assert stored == (ride.state, ride.driver, ride.at_polls)
            self.seen.add(ride.state)
        doors = self.run(self.pool.fetch("select ended_by from door_leases"))
        self.seen.update(row["ended_by"] or "" for row in doors)


def test_any_sequence_of_calls_visits_and_rides_keeps_the_laws(database_url: str) -> None:
    loop = asyncio.new_event_loop()

    async def prepare() -> asyncpg.Pool:
        pool = await open_pool(database_url, 2)
        async with pool.acquire() as proxy:
            connection: Any = proxy
            await add_voters(connection, "a", VOTERS, household=HOUSEHOLD)
            await connection.execute(
                "update voters set address = (1 + roll_number::int / 2) || ' Elm Street'"
            )
            await open_precinct(connection, "a")
            for driver in DRIVERS:
                await connection.execute(
                    "insert into callers (caller_id, name, role) values ($1, $1, 'driver')", driver.driver_id
                )
                await connection.execute(
                    "insert into drivers (caller_id, seats) values ($1, 3)", driver.driver_id
                )
        return pool

    FieldMachine.loop = loop
    FieldMachine.pool = loop.run_until_complete(prepare())
    try:
        run_state_machine_as_test(
            FieldMachine,
            settings=settings(
                max_examples=100, stateful_step_count=12, deadline=None, derandomize=True, database=None,
                suppress_health_check=list(HealthCheck),
            ),
        )  # fmt: skip
        states = {"claimed", "picked_up", "brought", "returned"}
        assert FieldMachine.seen >= states | {"done", "given_back", "expired"}
    finally:
        loop.run_until_complete(FieldMachine.pool.close())
        loop.close()
