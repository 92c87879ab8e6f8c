"""`BELUGA_ACKNOWLEDGE=replicated`: a message is acknowledged once PostgreSQL has it too.

PostgreSQL's commit returns when its synchronous standby has the row. Where that takes longer than
`LONGEST_WAIT` (a failover, a database away), the journal alone must do: the message is acknowledged all the
same, and counted as local only. Either way it was in the journal first.

Only the first messages of an outage wait: once one has waited in vain, the journal does at once, until
PostgreSQL is seen to store again. Making everybody wait would not make the database come back sooner.
"""

import asyncio
from collections import deque
from collections.abc import Callable

from election.domain.checkin import Message

LONGEST_WAIT = (
    0.5  # seconds; a busy cluster commits in a tenth of it, and nobody goes a second without an answer
)

OnReplicated = Callable[[bool], None]  # True: replicated; False: local only


class Replication:
    """Who waits for the drain, in the order of the journal."""

    def __init__(self, longest_wait: float = LONGEST_WAIT) -> None:
        self._longest_wait = longest_wait
        self._waiting: dict[str, deque[tuple[int, float, OnReplicated]]] = {}
        self._timer: asyncio.TimerHandle | None = None
        self.away = False  # somebody waited in vain, and nothing has been stored since

    def wait(self, message: Message, on_replicated: OnReplicated) -> None:
        """Calls `on_replicated` when the message is replicated, or after `LONGEST_WAIT`; at once while
        `away`.
        """
        if self.away:
            on_replicated(False)
            return
        loop = asyncio.get_running_loop()
        until = loop.time() + self._longest_wait
        self._waiting.setdefault(message.journal, deque()).append((message.journal_seq, until, on_replicated))
        if self._timer is None:
            self._timer = loop.call_at(until, self._give_up)

    def stored(self, label: str, seq: int) -> None:
        """PostgreSQL holds everything of the journal `label` up to `seq`."""
        self.away = False
        queue = self._waiting.get(label)
        while queue and queue[0][0] <= seq:
            queue.popleft()[2](True)

    def _give_up(self) -> None:
        """One has waited in vain: all who wait are told, for the rest would wait for the same."""
        self._timer = None
        if not any(self._waiting.values()):
            self._waiting.clear()
            return
        loop = asyncio.get_running_loop()
        until = min(queue[0][1] for queue in self._waiting.values() if queue)
        if until > loop.time():
            self._timer = loop.call_at(until, self._give_up)
            return
        self.away = True
        waiting, self._waiting = self._waiting, {}
        for queue in waiting.values():
            for _, _, on_replicated in queue:
                on_replicated(False)
