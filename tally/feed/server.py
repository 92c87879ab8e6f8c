"""The feed: hello, one snapshot, then numbered deltas, and a beat each second in which nothing changed, or in
which the age of what is shown did.

Theory of operation. A message is encoded and framed once for all viewers of a scope (server frames are not
masked), so a viewer costs one `write` to its socket. A viewer is *current* (gets each frame as it is
published) or *catching up*: it has its own task, which sends a snapshot fragment by fragment and then the
deltas published since, never more than one fragment ahead of what the network takes. A current viewer whose
buffer has filled goes back to catching up, so a stalled tab holds at most one buffer of bytes, however long
it sleeps, and wakes to a fresh snapshot. Messages are compressed once for all viewers who agreed to it (each
by itself, so that one viewer's history does not matter).
"""

import asyncio
import os
import weakref
import zlib
from collections import deque
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, Protocol
from urllib.parse import parse_qs, urlsplit

import structlog
from prometheus_client import CollectorRegistry, Counter, Gauge
from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed
from websockets.extensions.permessage_deflate import PerMessageDeflate, ServerPerMessageDeflateFactory
from websockets.frames import Frame, Opcode
from websockets.http11 import Request, Response
from websockets.protocol import State

from election.access.accounts import WAR_ROOM
from election.access.identity import Admission, Identity
from election.access.tokens import BadTokenError
from election.wire.feed import VERSION
from tally.board.edition import WHOLE, Change, Edition, ViewScope, encode
from tally.settings import TallySettings
from tally.standing.rounding import Row

TOKEN_AGE = 24 * 3600  # seconds of real time
FRAGMENT = 65_536  # bytes of a snapshot in flight to one viewer
RING_BYTES = 32_000_000  # deltas kept for viewers who come back
BEAT_SECONDS = 1.0
BACKLOG = 4_096  # connections not yet taken in (the kernel's limit is net.core.somaxconn)
PING_SECONDS = 20.0
OPEN_SECONDS = 10.0  # for a viewer's whole request; half of one is not waited for
COMPRESS_ABOVE = 1_024  # bytes
SNAPSHOT_LEVEL, DELTA_LEVEL = 3, 1  # zlib's: a snapshot is made seldom, a delta up to five times a second
ENDED = 4401  # close code: this access was taken away; ask for a new token, or sign in
RSV1 = 0x40  # marks a deflated message in its first frame


class Source(Protocol):
    """What the feed publishes; the engine is one."""

    engine_id: str

    @property
    def edition(self) -> Edition | None: ...  # None until there is an election

    def hello(self) -> Row: ...

    def clock_row(self) -> Row: ...

    @property
    def stored_behind(self) -> float: ...


@dataclass(frozen=True, slots=True)
class _Snapshot:
    """A large one is kept deflated only: plain, it weighs ten times as much, and few ask for it."""

    seq: int
    frames: Sequence[bytes]
    deflated: bytes = b""  # what the frames carry, where they are packed


class _Whole(list[bytes]):
    """A snapshot's plain frames, shared by all who are being sent them, and gone with the last of these."""

    __slots__ = ("__weakref__",)


@dataclass(frozen=True, slots=True)
class _Frames:
    """A message, framed once; `packed` is what goes to those who agreed to compression."""

    plain: bytes
    packed: bytes

    @property
    def size(self) -> int:
        return len(self.plain) + (len(self.packed) if self.packed is not self.plain else 0)

    def of(self, viewer: "_Viewer") -> bytes:
        return self.packed if viewer.packs else self.plain


@dataclass(eq=False, slots=True)
class _Scope:
    """Viewers who see the same, and the recent deltas as they see them."""

    view_scope: ViewScope
    viewers: set["_Viewer"] = field(default_factory=set)
    ring: deque[tuple[int, "_Frames"]] = field(default_factory=deque)
    ring_bytes: int = 0
    snapshot: _Snapshot | None = None
    plain: tuple[int, Callable[[], _Whole | None]] = (-1, lambda: None)  # which snapshot's, a weak reference
    making: asyncio.Lock = field(default_factory=asyncio.Lock)

    def remember(self, seq: int, frames: "_Frames", most: int) -> None:
        self.ring.append((seq, frames))
        self.ring_bytes += frames.size
        while len(self.ring) > most or self.ring_bytes > RING_BYTES:
            self.ring_bytes -= self.ring.popleft()[1].size

    def forget(self) -> None:
        self.ring.clear()
        self.ring_bytes = 0
        self.snapshot = None
        self.plain = (-1, lambda: None)

    def after(self, seq: int, newest: int) -> list[tuple[int, "_Frames"]] | None:
        """The deltas after `seq` up to `newest`, or None where some are gone."""
        if seq == newest:
            return []
        if seq > newest or not self.ring or self.ring[0][0] > seq + 1:
            return None
        return [item for item in self.ring if item[0] > seq]


@dataclass(eq=False, slots=True)
class _Viewer:
    connection: ServerConnection
    scope: _Scope
    identity: Identity
    packs: bool = False  # agreed to compression
    current: bool = False
    sent: int = -1  # seq of the last message, -1 before the first
    socket: int = -1  # its file descriptor
    transport: asyncio.Transport = field(init=False)

    def __post_init__(self) -> None:
        self.transport = self.connection.transport

    def take(self, frame: bytes, waiting: int) -> None:
        """Sends a frame, behind `waiting` bytes that the network has not taken yet.

        Where none wait the frame goes to the kernel at once: the transport would queue it until the loop
        comes round, a fifth dearer, and the last of 2,000 viewers would hear it after all have been queued.
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


MAY_LOOK = WAR_ROOM | {"service"}


class Feed:
    """Serves one source to many viewers. The source calls `publish` and `restart`."""

    def __init__(
        self, source: Source, admission: Admission, settings: TallySettings, registry: CollectorRegistry
    ) -> None:
        self._source = source
        self._admission = admission
        self._settings = settings
        self._scopes: dict[ViewScope, _Scope] = {WHOLE: _Scope(WHOLE)}
        self._tasks: set[asyncio.Task[None]] = set()
        self._quiet = True
        self._log = structlog.get_logger().bind(part="feed")
        self._viewers = Gauge("beluga_feed_viewers", "Viewers connected.", registry=registry)
        self._connected = Counter("beluga_feed_connected", "Viewers who connected.", registry=registry)
        self._messages = Counter("beluga_feed_messages", "Messages sent to viewers.", registry=registry)
        self._resyncs = Counter(
            "beluga_feed_resyncs", "Snapshots sent in place of missed deltas.", registry=registry
        )
        self._refused = Counter("beluga_feed_refused", "Viewers refused.", ["why"], registry=registry)

    @asynccontextmanager
    async def serving(self) -> AsyncIterator[int]:
        """Listens while the context is open; yields the port."""
        deflate = ServerPerMessageDeflateFactory(
            server_no_context_takeover=True, client_no_context_takeover=True
        )
        async with serve(
            self._view,
            self._settings.host,
            self._settings.feed_port,
            process_request=self._admit,
            compression=None,
            extensions=[deflate],
            open_timeout=OPEN_SECONDS,
            max_size=4_096,
            max_queue=4,
            ping_interval=PING_SECONDS,
            ping_timeout=PING_SECONDS,
            close_timeout=2,
            write_limit=FRAGMENT,
            server_header=None,
            # Viewers who come back at once wait here for a moment. Those who find no room are heard again
            # after 1, 3, 7, 15 and 31 seconds.
            backlog=BACKLOG,
        ) as server:
            beats = asyncio.create_task(self._beat())
            try:
                yield next(iter(server.sockets)).getsockname()[1]
            finally:
                for task in (beats, *self._tasks):
                    task.cancel()
                await asyncio.gather(beats, *self._tasks, return_exceptions=True)

    # ------------------------------------------------------------------ who may look

    def _admit(self, connection: ServerConnection, request: Request) -> Response | None:
        query = parse_qs(urlsplit(request.path).query)
        try:
            identity = self._admission.read("feed", query.get("token", [""])[0], TOKEN_AGE)
        except BadTokenError:
            self._refused.labels("token").inc()
            return connection.respond(
                HTTPStatus.UNAUTHORIZED, "The token is wrong or too old: log in again.\n"
            )
        if self._source.edition is None:
            self._refused.labels("no election").inc()
            return connection.respond(HTTPStatus.SERVICE_UNAVAILABLE, "No election has been imported yet.\n")
        if sum(len(scope.viewers) for scope in self._scopes.values()) >= self._settings.feed_viewers:
            self._refused.labels("full").inc()
            return connection.respond(HTTPStatus.SERVICE_UNAVAILABLE, "Too many viewers: try again soon.\n")
        since = query.get("since", [""])[0]
        resumes = query.get("engine", [""])[0] == self._source.engine_id and since.isdigit()
        connection.identity = identity  # type: ignore[attr-defined]
        connection.since = int(since) if resumes else None  # type: ignore[attr-defined]
        return None

    async def _view(self, connection: ServerConnection) -> None:
        identity: Identity = connection.identity  # type: ignore[attr-defined]
        view_scope = view_scope_of(identity)
        scope = self._scopes.setdefault(view_scope, _Scope(view_scope))
        descriptor = connection.transport.get_extra_info("socket").fileno()
        viewer = _Viewer(connection, scope, identity, _packs(connection), socket=descriptor)
        scope.viewers.add(viewer)
        self._viewers.inc()
        self._connected.inc()
        try:
            if not self._admission.stands(identity):  # ended while hands were shaken
                await connection.close(ENDED, "this access has ended")
                return
            self._write(viewer, text_frame(encode(self._source.hello())))
            await self._catch_up(viewer, connection.since)  # type: ignore[attr-defined]
            async for _ in connection:  # viewers have nothing to say; this ends when they leave
                pass
        except ConnectionClosed:
            pass
        finally:
            self._viewers.dec()
            scope.viewers.discard(viewer)
            if not scope.viewers and view_scope != WHOLE:
                self._scopes.pop(view_scope, None)

    def recheck(self) -> None:
        """Shows out whoever's access has been taken away: call it whenever that may have changed."""
        for scope in self._scopes.values():
            for viewer in scope.viewers:
                if not self._admission.stands(viewer.identity):
                    self._show_out(viewer)

    def _show_out(self, viewer: _Viewer) -> None:
        """From the close frame on nothing is written; who does not answer it is cut off after two seconds."""
        viewer.current = False
        self._spawn(viewer.connection.close(ENDED, "this access has ended"))

    # ------------------------------------------------------------------ catching up

    async def _catch_up(self, viewer: _Viewer, since: int | None = None) -> None:
        """Sends what is missing and makes the viewer current."""
        scope, connection = viewer.scope, viewer.connection
        try:
            while True:
                edition = self._source.edition
                if edition is None:
                    return
                missing = None if since is None else scope.after(since, edition.seq)
                if missing is None:
                    if since is not None or viewer.sent >= 0:
                        self._resyncs.inc()
                    since = await self._send_snapshot(viewer)
                    continue
                while missing:
                    since, frames = missing.pop(0)
                    self._write(viewer, frames.of(viewer))
                    viewer.sent = since
                    if connection.transport.get_write_buffer_size() > FRAGMENT:
                        await connection.drain()
                        break
                if since == edition.seq and edition is self._source.edition:
                    viewer.current = True
                    return
        except (ConnectionClosed, ConnectionError):
            pass  # the viewer has gone: its handler ends by itself

    async def _send_snapshot(self, viewer: _Viewer) -> int:
        snapshot = await self._snapshot(viewer.scope)
        for frame in await self._frames_for(viewer, snapshot):
            self._write(viewer, frame)
            await viewer.connection.drain()
        viewer.sent = snapshot.seq
        return snapshot.seq

    async def _snapshot(self, scope: _Scope) -> _Snapshot:
        """The last snapshot while the ring reaches back to it, else a new one."""
        async with scope.making:  # a thousand viewers coming back at once share one
            edition = self._source.edition
            assert edition is not None  # a source that had an election keeps one
            known = scope.snapshot
            if known is None or scope.after(known.seq, edition.seq) is None:
                written = edition.snapshot(self._source.clock_row(), scope.view_scope)
                seq = edition.seq
                message, packed = await asyncio.to_thread(_written, written)
                frames = frames_of(packed, packed=True) if packed else frames_of(message)
                known = _Snapshot(seq, frames, packed)
                if self._source.edition is edition:
                    scope.snapshot = known
            return known

    async def _frames_for(self, viewer: _Viewer, snapshot: _Snapshot) -> Sequence[bytes]:
        if viewer.packs or not snapshot.deflated:
            return snapshot.frames
        scope = viewer.scope
        async with scope.making:
            seq, known = scope.plain
            whole = known() if seq == snapshot.seq else None
            if whole is None:
                whole = await asyncio.to_thread(lambda: _Whole(frames_of(_inflate(snapshot.deflated))))
                scope.plain = (snapshot.seq, weakref.ref(whole))
            return whole

    # ------------------------------------------------------------------ publishing

    def publish(self, change: Change) -> None:
        """Sends a change to everybody who is current."""
        edition = self._source.edition
        if edition is None:
            return
        self._quiet = False
        for scope in self._scopes.values():
            if change.whole:
                scope.forget()
                for viewer in scope.viewers:
                    if viewer.current:
                        self._set_aside(viewer)
                continue
            message = edition.delta_bytes(change, scope.view_scope)
            frames = _framed(message, any(viewer.packs for viewer in scope.viewers))
            scope.remember(change.seq, frames, self._settings.feed_ring)
            self._broadcast(scope, frames, change.seq)

    def restart(self) -> None:
        """The numbering starts anew (another election): everybody reconnects and gets hello and snapshot."""
        for scope in self._scopes.values():
            scope.forget()
            for viewer in list(scope.viewers):
                viewer.current = False
                self._spawn(viewer.connection.close(1012, "the tally starts anew"))

    def _broadcast(self, scope: _Scope, frames: _Frames, seq: int) -> None:
        limit = self._settings.feed_buffer
        sent = 0
        plain, packed = frames.plain, frames.packed
        for viewer in scope.viewers:
            if not viewer.current:
                continue
            waiting = viewer.transport.get_write_buffer_size()
            if waiting > limit:
                self._set_aside(viewer)
            elif viewer.connection.protocol.state is State.OPEN:
                viewer.take(packed if viewer.packs else plain, waiting)
                viewer.sent = seq
                sent += 1
        self._messages.inc(sent)

    def _set_aside(self, viewer: _Viewer) -> None:
        viewer.current = False
        self._spawn(self._come_back(viewer))

    async def _come_back(self, viewer: _Viewer) -> None:
        try:
            await viewer.connection.drain()
        except (ConnectionClosed, ConnectionError):
            return
        await self._catch_up(viewer, viewer.sent)

    def _write(self, viewer: _Viewer, frame: bytes) -> None:
        if viewer.connection.protocol.state is not State.OPEN:
            raise ConnectionError("the viewer has gone")
        viewer.connection.transport.write(frame)
        self._messages.inc()

    def _spawn(self, coroutine: Any) -> None:
        task = asyncio.create_task(coroutine)
        self._tasks.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            self._log.error("viewer_task_failed", exc_info=error)

    async def _beat(self) -> None:
        speed, told = 1.0, 0.0
        while True:
            self._quiet = True
            await asyncio.sleep(BEAT_SECONDS)
            edition = self._source.edition
            clock, before = self._source.clock_row(), speed
            speed = clock["speed"]
            behind = round(self._source.stored_behind, 1)
            # A rehearsal's clock jumps and changes speed, the database goes and comes back: of that viewers
            # must hear also while deltas flow.
            moved = speed != 1.0 or speed != before or abs(behind - told) > BEAT_SECONDS
            if edition is None or not (self._quiet or moved):
                continue
            told = behind
            beat = {
                "type": "beat",
                "v": VERSION,
                "seq": edition.seq,
                "at": clock["now"],
                "speed": speed,
                "stored_behind": behind,
            }
            frames = _framed(encode(beat))
            for scope in self._scopes.values():
                self._broadcast(scope, frames, edition.seq)


def view_scope_of(identity: Identity) -> ViewScope:
    """What a feed or service token lets its bearer see. Raises `BadTokenError` for roles that see nothing."""
    if identity.role not in MAY_LOOK:
        raise BadTokenError("this role has no board")
    return ViewScope(identity.counties, identity.role in WAR_ROOM)


def text_frame(message: bytes) -> bytes:
    """One WebSocket frame that carries a whole text message, uncompressed."""
    return bytes(Frame(Opcode.TEXT, message).serialize(mask=False))


def frames_of(message: bytes, packed: bool = False) -> list[bytes]:
    """A text message as fragments (RFC 6455, 5.4); `packed` marks it as deflated (RFC 7692)."""
    parts = [message[i : i + FRAGMENT] for i in range(0, len(message), FRAGMENT)]
    frames = [
        bytearray(
            Frame(Opcode.TEXT if i == 0 else Opcode.CONT, part, fin=i == len(parts) - 1).serialize(mask=False)
        )
        for i, part in enumerate(parts)
    ]
    if packed:
        frames[0][0] |= RSV1
    return [bytes(frame) for frame in frames]


def _framed(message: bytes, packs: bool = False) -> _Frames:
    """One frame, and a deflated one where somebody takes it and it is worth while."""
    plain = text_frame(message)
    if not packs or len(message) <= COMPRESS_ABOVE:
        return _Frames(plain, plain)
    packed = bytearray(Frame(Opcode.TEXT, _deflate(message, DELTA_LEVEL)).serialize(mask=False))
    packed[0] |= RSV1
    return _Frames(plain, bytes(packed))


def _packs(connection: ServerConnection) -> bool:
    """Whether a viewer takes deflated messages."""
    return any(
        isinstance(e, PerMessageDeflate) and e.local_max_window_bits == 15
        for e in connection.protocol.extensions
    )


def _written(snapshot: Callable[[], bytes]) -> tuple[bytes, bytes]:
    """A snapshot's bytes, and deflated where that is worth while."""
    message = snapshot()
    return message, _deflate(message) if len(message) > COMPRESS_ABOVE else b""


def _inflate(packed: bytes) -> bytes:
    return zlib.decompressobj(-15).decompress(packed + b"\x00\x00\xff\xff")


def _deflate(message: bytes, level: int = SNAPSHOT_LEVEL) -> bytes:
    packer = zlib.compressobj(level=level, wbits=-15)
    return (packer.compress(message) + packer.flush(zlib.Z_SYNC_FLUSH))[:-4]
