"""Each idle caller has a reason, and who holds a voter has none."""

from datetime import UTC, datetime, timedelta
from uuid import uuid4

from callers.service.idle import WORDS, IdleReasons
from election.wire.callers import LeaseAnswer, VoterOnLease

NOON = datetime(2026, 11, 3, 17, tzinfo=UTC)
VOTER = VoterOnLease(
    lease_id=uuid4(), precinct_id="a", precinct="A", polling_place="A", closes_at=NOON, timezone="UTC",
    expires_at=NOON,
)  # fmt: skip
LONG = timedelta(minutes=10)


def test_the_reason_is_what_the_page_was_answered_last() -> None:
    now = 0.0
    idle = IdleReasons(lambda: now)
    assert idle.why("c1", None) == ""
    assert idle.why("c1", timedelta(seconds=30)) == "between two calls"
    assert idle.why("c1", LONG) == "their page does not ask"
    for reason, words in WORDS.items():
        idle.note("c1", LeaseAnswer(reason=reason))
        assert idle.why("c1", LONG) == words
    idle.note("c1", LeaseAnswer(voter=VOTER))
    assert idle.why("c1", LONG) == "their page does not ask"
    idle.note("c1", LeaseAnswer(reason="language"))
    now = 1000.0
    assert idle.why("c1", LONG) == "their page does not ask", "an old answer explains nothing"
    assert idle.why("c1", LONG, barred=True) == "link taken away"
