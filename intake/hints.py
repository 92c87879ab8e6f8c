"""What the tally says of each precinct, as last heard: what makes a count look odd while its sender still has
the phone. Best effort: without a feed, or with an old one, answers are given as if nothing were known.

The log never depends on it: whether a count is held is the tally's decision, from the set of all check-ins.
"""

import time
from collections import OrderedDict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import orjson

from election.checkin import Channel, Message, Reading
from election.ids import PrecinctId
from election.listening import listen
from election.slices import in_turns, slices
from election.tokens import Tokens
from election.wire.feed import State
from intake.replies import Hints, doubt_about

HINT_SECONDS = 600.0  # real; an older word about a precinct says nothing about a count that comes now
SLICE = 250  # precincts at once, about a millisecond
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
        return self.state == State.SILENT


_FIELDS = tuple(Place.__dataclass_fields__)


class Heard:
    """The feed as last heard. Ages are in real seconds; None before the first word."""

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self._at: float | None = None
        self.places: dict[str, Place] = {}
        self.seq: int | None = None
        self.rehearsal: bool | None = None
        self.stored_behind = 0.0  # seconds since the tally last had everything the database stores

    def age(self) -> float | None:
        return None if self._at is None else self._monotonic() - self._at

    def lost(self) -> None:
        """The connection is gone: numbers begin anew; what was heard stays, and grows old."""
        self.seq = None

    def fresh(self, seconds: float) -> bool:
        """Whether the last word is at most so old."""
        age = self.age()
        return age is not None and age <= seconds

    def take(self, text: bytes | str) -> bool:
        """Takes one message of the feed; False where a number is missing: then reconnect."""
        return all(self.taking(text))

    def taking(self, text: bytes | str) -> Iterator[bool]:
        """As `take`, a slice of the precincts at a time: 20,000 at once would keep webhooks waiting.

        True after each slice; False, and nothing more, where a number is missing.
        """
        data = orjson.loads(text)
        kind = data.get("type")
        if kind == "hello":
            self.rehearsal = bool(data.get("rehearsal"))
            return
        if kind == "snapshot":
            columns = data["standings"]
            rows = zip(columns["precinct_id"], *(columns[name] for name in _FIELDS), strict=True)
            places: dict[str, Place] = {}
            for some in slices(rows, SLICE):
                places.update((precinct_id, Place(*values)) for precinct_id, *values in some)
                yield True
            self.places, self.seq, self.stored_behind = places, data["seq"], 0.0
        elif kind == "delta":
            if self.seq is None or data["seq"] > self.seq + 1:
                yield False
                return
            for changed in slices(iter(data["standings"]), SLICE):
                self.places.update((row["precinct_id"], _place(row)) for row in changed)
                yield True
            self.seq = max(self.seq, data["seq"])
        elif kind == "beat":
            if self.seq is not None and data["seq"] > self.seq:
                yield False
                return
            self.stored_behind = float(data.get("stored_behind") or 0.0)
        if self.seq is not None:
            self._at = self._monotonic()


def _place(row: dict[str, Any]) -> Place:
    return Place(**{name: row[name] for name in _FIELDS if name in row})


async def hear(heard: Heard, url: str, tokens: Tokens) -> None:
    """Keeps `heard` up to date until cancelled; a feed that is away is tried again for ever."""
    await listen(url, tokens, "intake", lambda message: in_turns(heard.taking(message)), heard.lost)


class Plausibility:
    """Hints for one message at a time. The same number again, in another message, is not doubted again."""

    def __init__(self, heard: Heard) -> None:
        self._heard = heard
        self._doubted: OrderedDict[tuple[str, str, int], bytes] = OrderedDict()

    def hints_for(self, message: Message, readings: list[Reading]) -> Hints | None:
        """What `reply_to` may know of the precincts this message counts; None where nothing is known."""
        if message.channel is Channel.STAFF or not self._heard.fresh(HINT_SECONDS):
            return None
        if self._heard.rehearsal not in (None, message.rehearsal):
            return None
        found: dict[PrecinctId, tuple[int | None, float | None]] = {}
        for reading in readings:
            place = self._heard.places.get(reading.precinct_id or "")
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
