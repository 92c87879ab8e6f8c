"""What the tally says of each precinct, as last heard: what makes a count look odd while its sender still has
the phone. Best effort: without a feed, or with an old one, answers are given as if nothing were known.

The log never depends on it: whether a count is held is the tally's decision, from the set of all check-ins.
"""

import time
from collections import OrderedDict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from election.domain.checkin import Channel, Message, Reading
from election.domain.ids import PrecinctId
from election.feed_client.view import FeedView, RowReader
from election.wire.feed import PrecinctState
from intake.replies.inquiries import PlaceNow
from intake.replies.wording import Hints, doubt_about

HINT_SECONDS = 600.0  # real; an older word about a precinct says nothing about a count that comes now
ONCE = 90.0  # seconds within which the same number is a redelivery, not a confirmation
MOST_DOUBTS = 10_000  # remembered doubts; the oldest are forgotten


@dataclass(frozen=True, slots=True)
class LatestStanding:
    """A precinct as the tally last described it. Times are epoch seconds, UTC, of the stack's clock."""

    state: str
    last_votes: int | None = None
    last_observed_at: int | None = None
    last_received_at: int | None = None
    expected_now: float = 0.0
    held: int = 0
    reason: str = ""
    watcher_value: float = 0.0

    @property
    def silent(self) -> bool:
        return self.state == PrecinctState.SILENT


IntakeView = FeedView[LatestStanding, None]  # of what does not change, intake knows more from its roster


def intake_view(monotonic: Callable[[], float] = time.monotonic) -> IntakeView:
    """An empty view, before the first message."""
    return FeedView(
        RowReader(lambda row: LatestStanding(**row), tuple(LatestStanding.__dataclass_fields__)),
        monotonic=monotonic,
    )


def hint_of(
    place: LatestStanding, looked: float, opened: float | None
) -> tuple[int | None, float | None, float | None]:
    """What a count looked at then may be measured by: the last one, what is expected by now, and since then.

    `opened`: when the polls there opened, epoch seconds; what is expected since is its part of that.
    """
    last, at = place.last_votes, place.last_observed_at
    # A look before the last accepted one may well be lower: the tally puts it where it belongs.
    if at is not None and looked < at:
        last = None
    since = None
    if last is not None and at is not None and opened is not None and looked > opened and place.expected_now:
        since = place.expected_now * max(looked - max(at, opened), 0.0) / (looked - opened)
    return last, place.expected_now or None, since


class Plausibility:
    """Hints for one message at a time. The same number again, in another message, is not doubted again."""

    def __init__(
        self,
        feed: IntakeView,
        opened: Callable[[PrecinctId], float | None] | None = None,
        hours: Callable[[PrecinctId], tuple[datetime, datetime] | None] | None = None,
        not_on_roll: Callable[[PrecinctId, Iterable[int]], list[int]] | None = None,
    ) -> None:
        """`not_on_roll`: which numbers struck off the roll there lacks.

        `opened`: when the polls of a precinct open, epoch seconds, where that is known; `hours`: when they
        open and close, as staff last decided.
        """
        self._not_on_roll = not_on_roll or (lambda precinct_id, numbers: [])
        self._feed = feed
        self._hours = hours or (lambda precinct_id: None)
        self._opened = opened or (lambda precinct_id: None)
        self._doubted: OrderedDict[tuple[str, str, int], tuple[bytes, float]] = OrderedDict()

    def hints_for(self, message: Message, readings: list[Reading]) -> Hints | None:
        """What `reply_to` may know of the precincts this message counts; None where nothing is known."""
        if message.channel is Channel.STAFF or not self._feed.fresh(HINT_SECONDS):
            return None
        if self._feed.rehearsal not in (None, message.rehearsal):
            return None
        found: dict[PrecinctId, tuple[int | None, float | None, float | None]] = {}
        for reading in readings:
            place = self._feed.standings.get(reading.precinct_id or "")
            if reading.votes is None or reading.precinct_id is None or place is None:
                continue
            looked = (reading.observed_at or message.sent_at).timestamp()
            hint = hint_of(place, looked, self._opened(reading.precinct_id))
            if doubt_about(reading, {reading.precinct_id: hint}) and self._confirmed(message, reading):
                continue
            found[reading.precinct_id] = hint
        return found or None

    def place_now(self, precinct_id: PrecinctId) -> PlaceNow:
        """What is known of a precinct now: its hours, and its last count where the tally's word is fresh."""
        place = self._feed.standings.get(precinct_id)
        fresh = place is not None and self._feed.fresh(HINT_SECONDS)
        return PlaceNow(
            self._hours(precinct_id),
            place.last_votes if place and fresh else None,
            place.last_observed_at if place and fresh else None,
            counts_known=fresh,
            not_on_roll=partial(self._not_on_roll, precinct_id),
        )

    def _confirmed(self, message: Message, reading: Reading) -> bool:
        key = (message.sender, str(reading.precinct_id), int(reading.votes or 0))
        sent = message.sent_at.timestamp()
        first, at = self._doubted.setdefault(key, (message.message_id.bytes, sent))
        while len(self._doubted) > MOST_DOUBTS:
            self._doubted.popitem(last=False)
        return first != message.message_id.bytes and abs(sent - at) > ONCE
