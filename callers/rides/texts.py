"""Who is texted what when a ride has changed. Pure. Only who agreed to texts is: the caller of this looks."""

from callers.rides.ride import Ride
from election.wire.rides import DRIVERS_ACTS, RideAct, RideState

RIDER, DRIVER, FORMER_DRIVER = "rider", "driver", "former driver"


def texts_after(before: Ride, after: Ride, act: RideAct) -> list[tuple[str, str]]:
    """(whom, which words) of an act. Whoever did it themselves is not told that they did."""
    found: list[tuple[str, str]] = []
    if after.state is RideState.CLAIMED and before != after:
        found.append((RIDER, "claimed_home" if after.at_polls else "claimed"))
    if act in (RideAct.GIVE_BACK, RideAct.LAPSE, RideAct.RELEASE) and not before.unclaimed:
        found.append((RIDER, "again"))
    if act in (RideAct.CANCEL, RideAct.POLLS_CLOSED) and after.ended and not before.ended:
        found.append((RIDER, "off"))
    if act is RideAct.ASSIGN and before.driver != after.driver:
        found.append((DRIVER, "assigned"))
    lost = after.ended or after.driver != before.driver
    if lost and not before.unclaimed and not before.ended and act not in DRIVERS_ACTS:
        found.append((FORMER_DRIVER, "over"))
    return found
