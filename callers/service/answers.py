"""What a caller is answered: leases, refusals and outcomes as wire types, in the caller's language."""

from collections.abc import Sequence

from callers.dispatch.live_dispatches import LiveDispatches
from callers.dispatch.places import Places
from callers.queue.lease import CallerOnDuty, Check, Granted, NoVoter, Unreported
from callers.queue.next_moves import PastOutcome
from callers.scripts import wording as scripts
from callers.scripts.ab_tests import Trials
from callers.service.database_clock import DatabaseClock
from election.wire.callers import CallUnreported, LeaseAnswer, LeaseStatus, VoterOnLease

_ASK_AGAIN = {"no_dispatch": 30.0, "hours": 600.0, "language": 120.0, "empty": 60.0, "resting": 60.0}


class Answers:
    """Words and figures for callers."""

    def __init__(self, at: DatabaseClock, places: Places, dispatches: LiveDispatches, trials: Trials) -> None:
        self._time = at
        self._places = places
        self._dispatches = dispatches
        self._trials = trials

    def unreported(self, one: Unreported) -> CallUnreported:
        """Returns a call whose outcome is owed."""
        place = self._places.get(one.precinct_id)
        return CallUnreported(
            lease_id=one.lease_id, name=one.name, precinct=place.name if place else one.precinct_id,
            timezone=place.zone if place else "UTC", dialled_at=one.dialled_at,
        )  # fmt: skip

    def none(
        self,
        caller: CallerOnDuty,
        why: NoVoter,
        wait: float | None = None,
        due: Sequence[Unreported] = (),
    ) -> LeaseAnswer:
        """Returns why there is no voter, and when to ask again. `wait`: stack seconds, where known."""
        seconds = _ASK_AGAIN.get(why.reason, 30.0) if wait is None else wait
        until = ""
        if why.until:
            seconds = min(600.0, max(5.0, (why.until - self._time.now()).total_seconds()))
            zone = next((self._places.zone(p) for p in self._dispatches.live), "") or "UTC"
            until = scripts.local(why.until, zone)
        words = scripts.reason(caller.reads, why.reason, until)
        return LeaseAnswer(
            reason=why.reason,
            message=words,
            ask_again_seconds=seconds,
            unreported=[self.unreported(one) for one in due],
        )

    def show(self, caller: CallerOnDuty, granted: Granted, before: PastOutcome | None = None) -> VoterOnLease:
        """Returns a lease as its caller may see it: the voter only once they are dialled."""
        place = self._places.get(granted.precinct_id)
        zone = place.zone if place else "UTC"
        closes_at = place.closes_at if place else granted.expires_at
        name = place.name if place else granted.precinct_id
        language = granted.language or _spoken(caller)
        live = self._dispatches.live.get(granted.precinct_id)
        found = VoterOnLease(
            lease_id=granted.lease_id,
            language=granted.language,
            precinct_id=granted.precinct_id,
            precinct=name,
            polling_place=name,
            closes_at=closes_at,
            timezone=zone,
            opens_at=place.opens_at if place else None,
            expires_at=granted.expires_at,
            missing_at_start=round(live.row["missing_at_start"]) if live else 0,
            missing_now=self._dispatches.missing_now(granted.precinct_id),
        )
        if not granted.shown:
            return found
        closes = scripts.local(closes_at, zone)
        lines = self._trials.lines(granted.variant, language)
        return found.model_copy(
            update={
                "voter_id": granted.voter_id,
                "name": granted.name,
                "phone": granted.phone,
                "script": scripts.script(language, granted.name, caller.name, name, closes, lines),
                "said_before": _said_before(caller, before, zone) if before else "",
                "shown": True,
            }
        )

    def still(self, caller: CallerOnDuty, found: Check) -> LeaseStatus:
        """Returns whether a lease stands, with the reason where it does not."""
        if not found.reason:
            return LeaseStatus(live=True, expires_at=found.expires_at)
        key = "hours_now" if found.reason == "hours" else found.reason
        words = scripts.reason(caller.reads, key)
        return LeaseStatus(live=False, reason=found.reason, message=words)


def _said_before(caller: CallerOnDuty, before: PastOutcome, zone: str) -> str:
    words = scripts.words(caller.reads)
    said = words[before.outcome.value]
    if before.said_at:
        said += f" ({scripts.local(before.said_at, zone)})"
    return words["said_before"].format(time=scripts.local(before.at, zone), outcome=said)


def _spoken(caller: CallerOnDuty) -> str:
    return caller.languages[0] if caller.languages else "en"
