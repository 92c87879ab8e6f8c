"""What people in the made-up county answer whom calls or knocks, and what their answers bring."""

import random
from collections.abc import Mapping
from datetime import datetime, timedelta
from uuid import uuid4

from beluga.load.call_votes import CallVotes
from election.wire.callers import Outcome

# How calls end, roughly as phone banks report it.
OUTCOMES = {
    Outcome.NO_ANSWER: 46,
    Outcome.WILL_VOTE: 28,
    Outcome.ALREADY_VOTED: 9,
    Outcome.REFUSED: 6,
    Outcome.WRONG_NUMBER: 5,
    Outcome.CALL_BACK: 4,
    Outcome.DO_NOT_CALL: 1,
    Outcome.MOVED: 1,
    Outcome.NEEDS_RIDE: 1,
}
LISTENED = frozenset({Outcome.WILL_VOTE, Outcome.REFUSED, Outcome.CALL_BACK, Outcome.DO_NOT_CALL})


def drawn(chance: random.Random, called: CallVotes | None, voter_id: str, now: datetime) -> Outcome:
    """How a conversation ends. Whoever listens says whether they voted, where the county's truth has it."""
    outcome = chance.choices(list(OUTCOMES), list(OUTCOMES.values()))[0]
    voted = called.has_voted(voter_id, now) if called and voter_id else None
    if voted and outcome in (*LISTENED, Outcome.NEEDS_RIDE):
        return Outcome.ALREADY_VOTED
    return Outcome.WILL_VOTE if voted is False and outcome is Outcome.ALREADY_VOTED else outcome


def report_of(outcome: Outcome, now: datetime) -> dict[str, str]:
    """The outcome as a volunteer's page sends it."""
    report = {"outcome_id": str(uuid4()), "outcome": outcome.value}
    if outcome is Outcome.CALL_BACK:
        report["call_back_at"] = (now + timedelta(hours=1)).isoformat()
    return report


def bring(called: CallVotes | None, voter_id: str, report: Mapping[str, str], now: datetime) -> None:
    """Tells the county's truth of a conversation that may bring a vote."""
    if not called or not voter_id:
        return
    if report["outcome"] in LISTENED:
        called.contact(voter_id, now)
    elif report["outcome"] == Outcome.NEEDS_RIDE:
        called.asked_for_ride(report["outcome_id"], voter_id)
