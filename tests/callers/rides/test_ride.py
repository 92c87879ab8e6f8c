"""Whatever is done to rides in whatever order: one driver, nobody stranded, what ended stays ended."""

from dataclasses import replace
from datetime import datetime, timedelta
from string import Formatter

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from callers.rides.ride import ENDED, Ride, RideRefusedError, ended_by, step
from callers.rides.urgency import CALM, RISING, URGENT, Unclaimed, level, order, sentence, why
from callers.rides.wording import catalogue, text
from callers.scripts.wording import LANGUAGES
from election.wire.rides import DRIVERS_ACTS, STAFFS_ACTS, RideAct, RideState
from intake.replies.segments import fits, plain
from tests.callers.conftest import NOON

HEARD = (RideAct.LAPSE, RideAct.STRIKE_OFF, RideAct.OPT_OUT, RideAct.POLLS_CLOSED)
DRIVERS = st.sampled_from(["ana", "ben"])


class RideMachine(RuleBasedStateMachine):
    """One ride; the model remembers who sits in whose car."""

    def __init__(self) -> None:
        super().__init__()
        self.ride = Ride()
        self.in_car_of = ""
        self.was_at_polls = False

    @rule(yes=st.booleans())
    def ask_anew(self, yes: bool) -> None:
        if self.ride.ended:
            self.__init__()  # type: ignore[misc]
            self.ride = Ride(return_trip=yes)

    @rule(act=st.sampled_from([RideAct.OFFER, *DRIVERS_ACTS]), driver=DRIVERS)
    def drive(self, act: RideAct, driver: str) -> None:
        before = self.ride
        try:
            self.ride = step(before, act, driver)
        except RideRefusedError as error:
            assert error.reason in {"ended", "taken", "not_yours", "order"}
            assert (error.reason == "ended") == before.ended
            return
        assert before.driver in ("", driver)  # nobody does anything to another's ride
        if act is RideAct.PICK_UP:
            self.in_car_of = driver
        elif act in (RideAct.BRING, RideAct.RETURN):
            self.in_car_of = ""
        if act is RideAct.GIVE_BACK:
            assert not self.in_car_of
            assert self.ride.unclaimed
        self.was_at_polls |= act is RideAct.BRING
        assert self.ride.ended <= (act in (RideAct.BRING, RideAct.RETURN))

    @rule(act=st.sampled_from(STAFFS_ACTS), driver=DRIVERS)
    def decide(self, act: RideAct, driver: str) -> None:
        before = self.ride
        try:
            self.ride = step(before, act, driver)
        except RideRefusedError:
            assert before.ended or (act is RideAct.ASSIGN and before.state in ("picked_up", "brought"))
            return
        if act is not RideAct.ASSIGN:
            self.in_car_of = ""

    @rule(act=st.sampled_from(HEARD))
    def hear(self, act: RideAct) -> None:
        before = self.ride
        self.ride = step(before, act)
        if self.in_car_of or before.ended or before.state is RideState.BROUGHT:
            assert self.ride == before  # who is on the way is driven, whatever was heard
        elif self.was_at_polls:
            assert not self.ride.ended  # and who is at the polls gets home

    @invariant()
    def somebody_drives(self) -> None:
        ride = self.ride
        if not ride.ended:
            assert ride.driver or ride.unclaimed
            assert ride.at_polls == self.was_at_polls
        if self.in_car_of:
            assert (ride.state, ride.driver) == (RideState.PICKED_UP, self.in_car_of)
        if ride.state is RideState.RETURNED:
            assert ride.at_polls
        for driver in ("ana", "ben"):
            assert ride.shown_to(driver) <= (ride.driver == driver and not ride.unclaimed and not ride.ended)


TestRide = RideMachine.TestCase
TestRide.settings = settings(max_examples=60, stateful_step_count=25, deadline=None)


def driven(*acts: RideAct, ride: Ride | None = None, driver: str = "ana") -> Ride:
    ride = ride or Ride()
    for act in acts:
        ride = step(ride, act, driver)
    return ride


def test_to_the_polls_and_home() -> None:
    acts = (RideAct.OFFER, RideAct.TAKE, RideAct.PICK_UP, RideAct.BRING, RideAct.RETURN)
    states = [driven(*acts[: n + 1]).state for n in range(len(acts))]
    assert states == ["wanted", "claimed", "picked_up", "brought", "returned"]
    assert driven(*acts[1:4], ride=Ride(return_trip=False)).state is RideState.CLOSED


def test_a_driver_who_was_offline_is_believed_unless_another_has_the_ride() -> None:
    lapsed = step(driven(RideAct.TAKE), RideAct.LAPSE)
    assert lapsed == Ride()
    assert driven(RideAct.PICK_UP, ride=lapsed).driver == "ana"
    with pytest.raises(RideRefusedError, match="taken"):
        driven(RideAct.PICK_UP, ride=driven(RideAct.TAKE, ride=lapsed, driver="ben"))
    assert driven(RideAct.TAKE, RideAct.BRING).at_polls  # a tap forgotten


def test_who_was_left_at_the_polls_is_wanted_home() -> None:
    left = driven(RideAct.TAKE, RideAct.PICK_UP, RideAct.BRING, RideAct.GIVE_BACK)
    assert left == Ride(RideState.WANTED, "", at_polls=True)
    for heard in HEARD:
        assert step(left, heard) == left
    with pytest.raises(RideRefusedError, match="order"):
        driven(RideAct.TAKE, RideAct.BRING, ride=left, driver="ben")
    assert driven(RideAct.TAKE, RideAct.RETURN, ride=left, driver="ben").state is RideState.RETURNED


def test_a_strike_off_ends_what_has_not_begun() -> None:
    for begun in (Ride(), driven(RideAct.OFFER), driven(RideAct.TAKE)):
        assert step(begun, RideAct.STRIKE_OFF).state is RideState.CLOSED
        assert step(begun, RideAct.OPT_OUT).state is RideState.CANCELLED
    in_car = driven(RideAct.TAKE, RideAct.PICK_UP)
    assert step(in_car, RideAct.STRIKE_OFF) == in_car
    assert [ended_by(a) for a in (RideAct.STRIKE_OFF, RideAct.RETURN, RideAct.CANCEL)] == [
        "strike_off", "driver", "staff",
    ]  # fmt: skip


def test_an_ended_ride_stays_as_it_is() -> None:
    for state in ENDED:
        ride = replace(Ride(), state=state)
        for act in RideAct:
            if act in HEARD:
                assert step(ride, act) == ride
            else:
                with pytest.raises(RideRefusedError, match="ended"):
                    step(ride, act, "ana")


def ride(age: int, left: int, *, home: bool = False) -> Unclaimed:
    return Unclaimed(NOON - timedelta(minutes=age), NOON + timedelta(minutes=left), home)


@pytest.mark.parametrize(
    ("one", "expected"),
    [
        (ride(5, 300), CALM), (ride(20, 300), RISING), (ride(5, 90), RISING), (ride(45, 300), URGENT),
        (ride(1, 45), URGENT), (ride(1, -5), URGENT), (ride(9, -60, home=True), CALM),
        (ride(10, -60, home=True), RISING), (ride(20, 300, home=True), URGENT),
    ],
)  # fmt: skip
def test_unclaimed_rides_rise_with_age_and_with_the_time_that_is_left(one: Unclaimed, expected: int) -> None:
    assert level(one, NOON) == expected
    assert bool(why(one, NOON)) == (expected > CALM)
    later = NOON + timedelta(minutes=7)
    assert level(one, later) >= expected  # it never sinks


def test_the_most_urgent_ride_is_offered_first() -> None:
    calm, rising, urgent = ride(1, 300), ride(25, 300), ride(1, 20)
    at: datetime = NOON
    assert sorted([calm, rising, urgent], key=lambda r: order(r, at)) == [urgent, rising, calm]
    assert sentence([calm, rising], NOON) == ""
    said = "1 voter needs a ride: the first waits 1 min for a driver, due in 20 min"
    assert sentence([urgent, calm], NOON) == said


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_language_says_all_of_it_in_texts_that_fit(language: str) -> None:
    english, ours = catalogue("en"), catalogue(language)
    for part in ("page", "reasons", "texts"):
        assert ours[part].keys() == english[part].keys()
        for key, words in ours[part].items():
            assert fields(words) == fields(english[part][key]), (part, key)
    assert set(english["page"]) >= {act.value for act in DRIVERS_ACTS}
    for key in english["texts"].keys() - {"rehearsal"}:
        said = text(language, key, rehearsal=True, place="Wells Hall", driver="Maria", time="15:30")
        assert fits(plain(said)), (key, said)


def fields(words: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(words) if name}
