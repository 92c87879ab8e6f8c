"""`BELUGA_ACKNOWLEDGE=replicated`: a message is acknowledged once PostgreSQL has it too.

PostgreSQL's commit returns when its synchronous standby has the row. Where that takes longer than a second
(a failover, a database away), the journal alone must do: the message is acknowledged all the same, and
counted as local only. Either way it was in the journal first.
"""

import asyncio
from collections import deque
from collections.abc import Callable

from election.checkin import Message

LONGEST_WAIT = 0.8  # seconds; then the journal alone must do, so that nobody goes a second without an answer

Told = Callable[[bool], None]  # True: replicated; False: local only


class Replication:
    """Who waits for the drain, in the order of the journal."""

    def __init__(self, longest_wait: float = LONGEST_WAIT) -> None:
        self._longest_wait = longest_wait
        self._waiting: dict[str, deque[tuple[int, float, Told]]] = {}
        self._timer: asyncio.TimerHandle | None = None

    def wait(self, message: Message, told: Told) -> None:
        """Calls `told` when the message is replicated, or after `LONGEST_WAIT`."""
        loop = asyncio.get_running_loop()
        until = loop.time() + self._longest_wait
        self._waiting.setdefault(message.journal, deque()).append((message.journal_seq, until, told))
        if self._timer is None:
            self._timer = loop.call_at(until, self._give_up)

    def stored(self, label: str, seq: int) -> None:
        """PostgreSQL holds everything of the journal `label` up to `seq`."""
        queue = self._waiting.get(label)
        while queue and queue[0][0] <= seq:
            queue.popleft()[2](True)

    def _give_up(self) -> None:
        loop = asyncio.get_running_loop()
        self._timer, now = None, loop.time()
        for label, queue in list(self._waiting.items()):
            while queue and queue[0][1] <= now:
                queue.popleft()[2](False)
            if not queue:
                del self._waiting[label]
        if self._waiting:
            self._timer = loop.call_at(min(queue[0][1] for queue in self._waiting.values()), self._give_up)
