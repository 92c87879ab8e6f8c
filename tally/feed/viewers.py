"""Viewers of the feed, and the scopes of those who see the same."""

import asyncio
import os
import weakref
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from websockets.asyncio.server import ServerConnection
from websockets.extensions.permessage_deflate import PerMessageDeflate
from websockets.protocol import State

from election.access.identity import Identity
from tally.board.edition import Edition, ViewScope
from tally.feed.frames import FramedMessage, FramedSnapshot, PlainFrames, frames_of, inflate, written
from tally.standing.rounding import Row

RING_BYTES = 32_000_000  # deltas kept for viewers who come back


class FeedSource(Protocol):
    """Source of a feed; the engine's publisher is one."""

    engine_id: str

    @property
    def edition(self) -> Edition | None: ...  # None until there is an election

    def hello(self) -> Row: ...

    def clock_row(self) -> Row: ...

    @property
    def stored_behind(self) -> float: ...


@dataclass(eq=False, slots=True)
class Scope:
    """Viewers who see the same, and the recent deltas as they see them."""

    view_scope: ViewScope
    viewers: set["Viewer"] = field(default_factory=set)
    ring: deque[tuple[int, FramedMessage]] = field(default_factory=deque)
    ring_bytes: int = 0
    snapshot: FramedSnapshot | None = None
    plain: tuple[int, Callable[[], PlainFrames | None]] = (-1, lambda: None)  # its seq, weak reference
    making: asyncio.Lock = field(default_factory=asyncio.Lock)

    def remember(self, seq: int, frames: FramedMessage, most: int) -> None:
        self.ring.append((seq, frames))
        self.ring_bytes += frames.size
        while len(self.ring) > most or self.ring_bytes > RING_BYTES:
            self.ring_bytes -= self.ring.popleft()[1].size

    def forget(self) -> None:
        self.ring.clear()
        self.ring_bytes = 0
        self.snapshot = None
        self.plain = (-1, lambda: None)

    def after(self, seq: int, newest: int) -> list[tuple[int, FramedMessage]] | None:
        """The deltas after `seq` up to `newest`, or None where some are gone."""
        if seq == newest:
            return []
        if seq > newest or not self.ring or self.ring[0][0] > seq + 1:
            return None
        return [item for item in self.ring if item[0] > seq]

    async def latest_snapshot(self, source: FeedSource) -> FramedSnapshot:
        """The last snapshot while the ring reaches back to it, else a new one."""
        async with self.making:  # a thousand viewers coming back at once share one
            edition = source.edition
            assert edition is not None  # a source that had an election keeps one
            known = self.snapshot
            if known is None or self.after(known.seq, edition.seq) is None:
                prepared = edition.snapshot(source.clock_row(), self.view_scope)
                seq = edition.seq
                message, packed = await asyncio.to_thread(written, prepared)
                frames = frames_of(packed, packed=True) if packed else frames_of(message)
                known = FramedSnapshot(seq, frames, packed)
                if source.edition is edition:
                    self.snapshot = known
            return known

    async def frames_for(self, viewer: "Viewer", snapshot: FramedSnapshot) -> Sequence[bytes]:
        """A snapshot's frames as a viewer takes them."""
        if viewer.packs or not snapshot.deflated:
            return snapshot.frames
        async with self.making:
            seq, known = self.plain
            whole = known() if seq == snapshot.seq else None
            if whole is None:
                whole = await asyncio.to_thread(lambda: PlainFrames(frames_of(inflate(snapshot.deflated))))
                self.plain = (snapshot.seq, weakref.ref(whole))
            return whole


@dataclass(eq=False, slots=True)
class Viewer:
    connection: ServerConnection
    scope: Scope
    identity: Identity
    packs: bool = False  # agreed to compression
    current: bool = False
    sent: int = -1  # seq of the last message, -1 before the first
    socket: int = -1  # its file descriptor
    transport: asyncio.Transport = field(init=False)

    def __post_init__(self) -> None:
        self.transport = self.connection.transport

    def write(self, frame: bytes) -> None:
        """Queue a frame. Raises `ConnectionError` where the viewer has gone."""
        if self.connection.protocol.state is not State.OPEN:
            raise ConnectionError("the viewer has gone")
        self.transport.write(frame)

    def take(self, frame: bytes, waiting: int) -> None:
        """Send a frame, behind `waiting` bytes that the network has not taken yet.

        Where none wait the frame goes to the kernel at once: the transport would queue it until the loop
        comes round, a fifth dearer, and the last of 2,000 viewers would get it after all have been queued.
        """
        transport = self.transport
        done = 0
        if not waiting and not transport.is_closing():  # closing: the descriptor may be another's soon
            try:  # noqa: SIM105 (a context manager costs a twentieth of a message)
                done = os.write(self.socket, frame)
            except OSError:  # full or broken: the transport knows what to do
                pass
        if done < len(frame):
            transport.write(frame[done:])


def packs(connection: ServerConnection) -> bool:
    """Whether a viewer takes deflated messages."""
    return any(
        isinstance(e, PerMessageDeflate) and e.local_max_window_bits == 15
        for e in connection.protocol.extensions
    )
