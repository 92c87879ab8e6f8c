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
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qs, urlsplit

import structlog
from prometheus_client import CollectorRegistry, Counter, Gauge
from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed
from websockets.extensions.permessage_deflate import ServerPerMessageDeflateFactory
from websockets.http11 import Request, Response
from websockets.protocol import State

from election.access.accounts import WAR_ROOM
from election.access.identity import Admission, Identity
from election.access.tokens import BadTokenError
from election.wire.feed import VERSION
from tally.board.edition import WHOLE, Change, ViewScope, encode
from tally.feed.frames import FRAGMENT, FramedMessage, framed, text_frame
from tally.feed.viewers import FeedSource, Scope, Viewer, packs
from tally.settings import TallySettings
from tally.standing.rounding import FIELDS

TOKEN_AGE = 24 * 3600  # seconds of real time
BEAT_SECONDS = 1.0
BACKLOG = 4_096  # connections not yet taken in (the kernel's limit is net.core.somaxconn)
PING_SECONDS = 20.0
OPEN_SECONDS = 10.0  # for a viewer's whole request; half of one is not waited for
ENDED = 4401  # close code: this access was taken away; ask for a new token, or sign in


MAY_LOOK = WAR_ROOM | {"service"}


class Feed:
    """Serves one source to many viewers. The source calls `publish` and `restart`."""

    def __init__(
        self, source: FeedSource, admission: Admission, settings: TallySettings, registry: CollectorRegistry
    ) -> None:
        self._source = source
        self._admission = admission
        self._settings = settings
        self._scopes: dict[ViewScope, Scope] = {WHOLE: Scope(WHOLE)}
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
        connection.fields = query.get("fields", [""])[0]  # type: ignore[attr-defined]
        connection.since = int(since) if resumes else None  # type: ignore[attr-defined]
        return None

    async def _view(self, connection: ServerConnection) -> None:
        identity: Identity = connection.identity  # type: ignore[attr-defined]
        view_scope = view_scope_of(identity, connection.fields)  # type: ignore[attr-defined]
        scope = self._scopes.setdefault(view_scope, Scope(view_scope))
        descriptor = connection.transport.get_extra_info("socket").fileno()
        viewer = Viewer(connection, scope, identity, packs(connection), socket=descriptor)
        scope.viewers.add(viewer)
        self._viewers.inc()
        self._connected.inc()
        try:
            if not self._admission.stands(identity):  # ended while hands were shaken
                await connection.close(ENDED, "this access has ended")
                return
            viewer.write(text_frame(encode(self._source.hello())))
            self._messages.inc()
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
        """Show out viewers whose access has been taken away: call it whenever that may have changed.

        From the close frame on nothing is written; a viewer that does not answer it is cut off after 2 s.
        """
        for scope in self._scopes.values():
            for viewer in scope.viewers:
                if not self._admission.stands(viewer.identity):
                    viewer.current = False
                    self._spawn(viewer.connection.close(ENDED, "this access has ended"))

    # ------------------------------------------------------------------ catching up

    async def _catch_up(self, viewer: Viewer, since: int | None = None) -> None:
        """Send missing messages, and make the viewer current."""
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
                    viewer.write(frames.of(viewer.packs))
                    self._messages.inc()
                    viewer.sent = since
                    if connection.transport.get_write_buffer_size() > FRAGMENT:
                        await connection.drain()
                        break
                if since == edition.seq and edition is self._source.edition:
                    viewer.current = True
                    return
        except (ConnectionClosed, ConnectionError):
            pass  # the viewer has gone: its handler ends by itself

    async def _send_snapshot(self, viewer: Viewer) -> int:
        snapshot = await viewer.scope.latest_snapshot(self._source)
        for frame in await viewer.scope.frames_for(viewer, snapshot):
            viewer.write(frame)
            self._messages.inc()
            await viewer.connection.drain()
        viewer.sent = snapshot.seq
        return snapshot.seq

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
            frames = framed(message, any(viewer.packs for viewer in scope.viewers))
            scope.remember(change.seq, frames, self._settings.feed_ring)
            self._broadcast(scope, frames, change.seq)

    def restart(self) -> None:
        """The numbering starts anew (another election): everybody reconnects and gets hello and snapshot."""
        for scope in self._scopes.values():
            scope.forget()
            for viewer in list(scope.viewers):
                viewer.current = False
                self._spawn(viewer.connection.close(1012, "the tally starts anew"))

    def _broadcast(self, scope: Scope, frames: FramedMessage, seq: int) -> None:
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

    def _set_aside(self, viewer: Viewer) -> None:
        viewer.current = False
        self._spawn(self._come_back(viewer))

    async def _come_back(self, viewer: Viewer) -> None:
        try:
            await viewer.connection.drain()
        except (ConnectionClosed, ConnectionError):
            return
        await self._catch_up(viewer, viewer.sent)

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
            frames = framed(encode(beat))
            for scope in self._scopes.values():
                self._broadcast(scope, frames, edition.seq)


def view_scope_of(identity: Identity, fields: str = "") -> ViewScope:
    """Scope of a feed or service token's bearer; `fields`: of standings it asks for alone, by commas.

    Only a service is heard on that: people's pages share one feed, and each choice costs one more. Names
    that this tally does not know are left out. Raises `BadTokenError` for roles that see nothing.
    """
    if identity.role not in MAY_LOOK:
        raise BadTokenError("this role has no board")
    asked = set(fields.split(",")) if identity.role == "service" else set()
    return ViewScope(
        identity.counties, identity.role in WAR_ROOM, tuple(name for name in FIELDS if name in asked)
    )
