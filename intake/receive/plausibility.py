"""What the tally says of each precinct, as last heard: what makes a count look odd while its sender still has
the phone. Best effort: without a feed, or with an old one, answers are given as if nothing were known.

The log never depends on it: whether a count is held is the tally's decision, from the set of all check-ins.
"""

import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

from election.domain.checkin import Channel, Message, Reading
from election.domain.ids import PrecinctId
from election.feed_client.view import FeedView, Rows
from election.wire.feed import PrecinctState
from intake.replies.wording import Hints, doubt_about

HINT_SECONDS = 600.0  # real; an older word about a precinct says nothing about a count that comes now
MOST_DOUBTS = 10_000  # remembered doubts; the oldest are forgotten


@dataclass(frozen=True, slots=True)
class Place:
    """A precinct as the tally last described it. Times are epoch seconds, UTC, of the stack's clock."""

    state: str
    last_votes: int | None = None
    last_observed_at: int | None = None
    last_received_at: int | None = None
    expected_now: float = 0.0
    held: int = 0
    reason: str = ""

    @property
    def silent(self) -> bool:
        return self.state == PrecinctState.SILENT


IntakeView = FeedView[Place, None]  # of what does not change, intake knows more from its roster


def intake_view(monotonic: Callable[[], float] = time.monotonic) -> IntakeView:
    """An empty view, before the first message."""
    return FeedView(Rows(lambda row: Place(**row), tuple(Place.__dataclass_fields__)), monotonic=monotonic)


class Plausibility:
    """Hints for one message at a time. The same number again, in another message, is not doubted again."""

    def __init__(self, feed: IntakeView) -> None:
        self._feed = feed
        self._doubted: OrderedDict[tuple[str, str, int], bytes] = OrderedDict()

    def hints_for(self, message: Message, readings: list[Reading]) -> Hints | None:
        """What `reply_to` may know of the precincts this message counts; None where nothing is known."""
        if message.channel is Channel.STAFF or not self._feed.fresh(HINT_SECONDS):
            return None
        if self._feed.rehearsal not in (None, message.rehearsal):
            return None
        found: dict[PrecinctId, tuple[int | None, float | None]] = {}
        for reading in readings:
            place = self._feed.standings.get(reading.precinct_id or "")
            if reading.votes is None or reading.precinct_id is None or place is None:
                continue
            looked = (reading.observed_at or message.sent_at).timestamp()
            earlier = place.last_observed_at is not None and looked < place.last_observed_at
            # A look before the last accepted one may well be lower: the tally puts it where it belongs.
            hint = (None if earlier else place.last_votes, place.expected_now or None)
            if doubt_about(reading, {reading.precinct_id: hint}) and self._confirmed(message, reading):
                continue
            found[reading.precinct_id] = hint
        return found or None

    def _confirmed(self, message: Message, reading: Reading) -> bool:
        key = (message.sender, str(reading.precinct_id), int(reading.votes or 0))
        first = self._doubted.setdefault(key, message.message_id.bytes)
        while len(self._doubted) > MOST_DOUBTS:
            self._doubted.popitem(last=False)
        return first != message.message_id.bytes
