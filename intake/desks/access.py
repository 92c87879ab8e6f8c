"""What the desks' handlers share: who asks, a connection for the request, refusals as answers."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import asyncpg
import structlog
from aiohttp import web
from pydantic import BaseModel

from election.access.identity import Admission
from election.access.telemetry import say_refused
from election.access.tokens import BadTokenError
from election.domain.roster import Roster
from election.postgres.database import UNREACHABLE
from election.wire.desks import Desk
from election.wire.threads import Photo
from intake.desks.decisions import MAY_DECIDE, TOKEN_SECONDS
from intake.desks.views import (
    DeskAccount,
)
from intake.door.door import WriteDoor
from intake.errors import IntakeError
from intake.photos.shelf import COMING, PhotoShelf
from intake.receive.http_answers import bearer, refuse
from intake.receive.pipeline import IngestPipeline
from intake.receive.plausibility import IntakeView
from intake.settings import IntakeSettings

PROVIDER = "staff"
AWAY: tuple[type[BaseException], ...] = (*UNREACHABLE, asyncpg.PostgresError)

log = structlog.get_logger()

Acquire = Callable[[], Any]  # an async context manager that yields a connection; raises UNREACHABLE


class DeskRefusedError(IntakeError):
    """A request that a desk turns down. `words`: what the person there is told."""

    def __init__(self, status: int, words: str) -> None:
        super().__init__(words)
        self.status = status
        self.words = words


@dataclass(frozen=True, slots=True)
class DeskAccess:
    """What handlers work with. `acquire` lends a connection."""

    settings: IntakeSettings
    admission: Admission
    pipeline: IngestPipeline
    feed: IntakeView
    acquire: Acquire
    door: WriteDoor
    shelf: PhotoShelf

    @property
    def rehearsal(self) -> bool:
        """Whether these desks are a rehearsal's."""
        return self.settings.rehearsal

    @property
    def roster(self) -> Roster | None:
        """The current roster; None before the first import."""
        return self.pipeline.rosters.current

    def now(self) -> datetime:
        """Stack time."""
        return self.pipeline.clock.now()

    def roster_at_hand(self) -> Roster:
        """The current roster. Raises `DeskRefusedError` before the first import."""
        if self.roster is None:
            raise DeskRefusedError(503, "The list of watchers is not here yet.")
        return self.roster

    async def with_states(self, photos: Sequence[Photo]) -> list[Photo]:
        """The photos with what has become of each."""
        return await asyncio.to_thread(_states_of, self.shelf, photos) if photos else []

    def guarded(
        self,
        work: Callable[[web.Request, DeskAccount, asyncpg.Connection], Awaitable[web.Response | BaseModel]],
    ) -> Callable[[web.Request], Awaitable[web.Response]]:
        """Returns a handler that reads who asks, lends a connection and answers refusals."""

        async def handle(request: web.Request) -> web.Response:
            try:
                viewer = self._viewer(request)
                async with self.acquire() as connection:
                    answer = await work(request, viewer, connection)
            except DeskRefusedError as error:
                return refuse(self.pipeline, PROVIDER, error.status, "desk", error.words)
            except AWAY as error:
                log.warning("database_away", work="desk", error=type(error).__name__)
                words = "The database cannot be reached. Nothing was changed; try again in a moment."
                return refuse(self.pipeline, PROVIDER, 503, "no_database", words)
            if isinstance(answer, BaseModel):
                return web.Response(body=answer.model_dump_json().encode(), content_type="application/json")
            return answer

        return handle

    def _viewer(self, request: web.Request) -> DeskAccount:
        try:
            who = self.admission.read("service", bearer(request), TOKEN_SECONDS)
        except BadTokenError:
            raise DeskRefusedError(401, "Sign in again: the token is missing or too old.") from None
        if who.role not in MAY_DECIDE:
            say_refused(who.account, "desks", "role")
            raise DeskRefusedError(403, "Only leads, staff and admins work at the desks.")
        return DeskAccount(
            who.account, who.role, None if who.counties is None else tuple(sorted(who.counties))
        )


def _states_of(shelf: PhotoShelf, photos: Sequence[Photo]) -> list[Photo]:
    """The photos with what has become of each. Blocks for the disk."""
    shown = []
    for photo in photos:
        record = shelf.record(photo.message_id, photo.number)
        known = {"state": record.state, "why": record.why} if record else {"state": COMING}
        shown.append(photo.model_copy(update=known))
    return shown


def desk_of(request: web.Request) -> Desk:
    """Returns the desk that a path names. Raises `DeskRefusedError`."""
    try:
        return Desk(request.match_info["desk"])
    except ValueError:
        raise DeskRefusedError(404, f"The desks are: {', '.join(Desk)}.") from None
