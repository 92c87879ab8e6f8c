"""A ride's states, and what leads from one to the next. Pure: no clock, no database.

Theory of operation. A ride is *wanted* until a driver takes it. The driver who looks for a ride is offered
one at a time, and nobody else is meanwhile (an offer is a lease, as a caller's is); taken, it is *claimed*,
and an offer or a claim that is not heard of in time lapses. From *picked up* on the voter sits in a car, and
nobody but staff takes the ride from its driver. A voter who does not want to be taken home is done with at
the polls (*closed*); otherwise the ride is *brought* until they are home. A driver who cannot wait gives a
brought ride back: it is wanted again, `at_polls`, and what is left is the way home. Being struck off ends a
ride that has not begun; a voter in a car, or far from home, is still driven.

Two things hold whatever comes in whatever order: an ended ride stays as it is, and a driver who reports late
what they did (no connection) is believed unless somebody else has the ride by now.
"""

from dataclasses import dataclass, replace

from callers.errors import CallersError
from election.wire.rides import RideAct, RideState

ENDED = frozenset({RideState.RETURNED, RideState.CLOSED, RideState.CANCELLED})
_WAITING = frozenset({RideState.WANTED, RideState.CLAIMED})  # nobody sits in a car yet
# Why a ride ended, by what ended it; whatever a driver does is theirs.
_ENDERS = {
    RideAct.STRIKE_OFF: "strike_off", RideAct.OPT_OUT: "opt_out", RideAct.POLLS_CLOSED: "polls_closed",
    RideAct.CANCEL: "staff",
}  # fmt: skip


class RideRefusedError(CallersError):
    """The ride cannot be done that to. `reason`: ended, taken, not_yours, order."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Ride:
    """What of a ride decides what may follow. `driver`: who has it, or is offered it while it is wanted."""

    state: RideState = RideState.WANTED
    driver: str = ""
    at_polls: bool = False
    return_trip: bool = True

    @property
    def ended(self) -> bool:
        return self.state in ENDED

    @property
    def unclaimed(self) -> bool:
        """Whether no driver has taken it."""
        return self.state is RideState.WANTED

    def shown_to(self, driver: str) -> bool:
        """Whether this driver may see name and address: only while the ride is theirs."""
        return bool(driver) and self.driver == driver and not self.ended and not self.unclaimed


def ended_by(act: RideAct) -> str:
    """Who ended a ride that this act ended."""
    return _ENDERS.get(act, "driver")


def step(ride: Ride, act: RideAct, driver: str = "") -> Ride:
    """The ride after an act; `driver`: whose act it is, or to whom staff assign it.

    Raises `RideRefusedError`. Acts of what was heard (a strike-off, a lapse) change nothing where they do not
    apply, and are never refused.
    """
    match act:
        case RideAct.LAPSE | RideAct.STRIKE_OFF | RideAct.OPT_OUT | RideAct.POLLS_CLOSED:
            return _heard(ride, act)
        case RideAct.ASSIGN | RideAct.RELEASE | RideAct.CANCEL:
            return _decided(ride, act, driver)
    if ride.ended:
        raise RideRefusedError("ended")
    if ride.driver not in ("", driver):
        raise RideRefusedError("taken")
    return _driven(ride, act, driver)


def _driven(ride: Ride, act: RideAct, driver: str) -> Ride:
    """The act of a driver where nobody else has the ride."""
    match act:
        case RideAct.OFFER if ride.unclaimed:
            return replace(ride, driver=driver)
        case RideAct.TAKE if ride.state in _WAITING:
            return replace(ride, state=RideState.CLAIMED, driver=driver)
        case RideAct.PICK_UP if ride.state in _WAITING:
            return replace(ride, state=RideState.PICKED_UP, driver=driver)
        case RideAct.BRING if not ride.at_polls:
            there = RideState.BROUGHT if ride.return_trip else RideState.CLOSED
            return replace(ride, state=there, driver=driver, at_polls=True)
        case RideAct.RETURN if ride.at_polls:
            return replace(ride, state=RideState.RETURNED, driver=driver)
        case RideAct.GIVE_BACK if ride.state is not RideState.PICKED_UP:
            if ride.driver != driver:
                raise RideRefusedError("not_yours")
            return replace(ride, state=RideState.WANTED, driver="")
    raise RideRefusedError("order")


def _decided(ride: Ride, act: RideAct, driver: str) -> Ride:
    """The act of staff."""
    if ride.ended:
        raise RideRefusedError("ended")
    if act is RideAct.CANCEL:
        return replace(ride, state=RideState.CANCELLED)
    if act is RideAct.RELEASE:
        return replace(ride, state=RideState.WANTED, driver="")
    if ride.state not in _WAITING:
        raise RideRefusedError("taken")
    return replace(ride, state=RideState.CLAIMED, driver=driver)


def _heard(ride: Ride, act: RideAct) -> Ride:
    """The ride after what was heard meanwhile."""
    if ride.state not in _WAITING:
        return ride
    if act is RideAct.LAPSE:
        return replace(ride, state=RideState.WANTED, driver="")
    if ride.at_polls:  # whatever was heard, they must get home
        return ride
    return replace(ride, state=RideState.CANCELLED if act is RideAct.OPT_OUT else RideState.CLOSED)
