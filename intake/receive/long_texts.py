"""Long texts that come in parts: each part is durable and acknowledged at once, and they are read as one.

The parts wait for each other, 20 s at most; then what is there is read together. The text they make up is a
message of its own in the journal, so that its reading is proven like any other's (law L4). A part that comes
later is read by itself. What waits is kept in memory only: after a restart the journal says which parts have
not been read yet.
"""

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

import orjson

from election.domain.checkin import Message
from intake.reading.text_parts import PART, WHOLE, part_of, whole_key

WAIT_SECONDS = 20.0  # real; networks deliver the parts of a text within a few
MOST_LOOKED_AT = 20_000  # of the journal's last messages, after a restart: minutes of the busiest day
MOST_WAITING = 5_000  # texts of which parts are missing; with more the oldest are read as they are

Key = tuple[str, str, str, int]  # provider, sender, ref, how many parts
# Puts a whole text into the journal: the parts it is made of, in order, and its key and raw bytes.
Join = Callable[[list[Message], str, bytes], None]


@dataclass(slots=True)
class _Waiting:
    """`parts` by number."""

    parts: dict[int, Message] = field(default_factory=dict)
    timer: asyncio.TimerHandle | None = None


class LongTexts:
    """The texts of which parts are missing. `join` is called once for every part that arrives."""

    def __init__(self, join: Join, wait_seconds: float = WAIT_SECONDS) -> None:
        self._join = join
        self._wait_seconds = wait_seconds
        self._waiting: dict[Key, _Waiting] = {}

    def arrived(self, message: Message) -> None:
        """A part that is durable, and has not been here before."""
        found = part_of(message.provider_message_id)
        if found is None:
            return
        key = (message.provider, message.sender, found.ref, found.of)
        waiting = self._waiting.get(key)
        if waiting is not None and found.number in waiting.parts:
            if waiting.parts[found.number].message_id == message.message_id:
                return
            self._read(key)  # the sender's next text under the same ref
            waiting = None
        if waiting is None:
            while len(self._waiting) >= MOST_WAITING:
                self._read(next(iter(self._waiting)))
            waiting = self._waiting[key] = _Waiting()
            waiting.timer = asyncio.get_running_loop().call_later(self._wait_seconds, self._read, key)
        waiting.parts[found.number] = message
        if len(waiting.parts) == found.of:
            self._read(key)

    def _read(self, key: Key) -> None:
        waiting = self._waiting.pop(key, None)
        if waiting is None:
            return
        if waiting.timer:
            waiting.timer.cancel()
        parts = [waiting.parts[number] for number in sorted(waiting.parts)]
        keys = [part.provider_message_id for part in parts]
        self._join(parts, whole_key(keys), orjson.dumps({"parts": keys}))

    def again(self, messages: Iterable[Message]) -> None:
        """After a restart: the parts among the journal's last messages that no whole text names."""
        parts: dict[str, Message] = {}
        read: set[str] = set()
        for message in messages:
            if message.provider_message_id.startswith(PART):
                parts[message.provider_message_id] = message
            elif message.provider_message_id.startswith(WHOLE):
                read |= keys_in(message)
        for key, message in parts.items():
            if key not in read:
                self.arrived(message)


def keys_in(whole: Message) -> set[str]:
    """The keys of the parts that a whole text is made of."""
    try:
        keys = orjson.loads(whole.raw)["parts"]
    except (ValueError, TypeError, KeyError):
        return set()
    return {key for key in keys if isinstance(key, str)} if isinstance(keys, list) else set()
