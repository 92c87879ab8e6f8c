"""The roll call of watchers, as the desks show it and start it."""

import asyncpg
import orjson
from aiohttp import web
from pydantic import BaseModel

from intake.desks.access import DeskAccess
from intake.desks.views import (
    DeskAccount,
)
from intake.outbox import store as outbox_store
from intake.outbox.phone_check import attendance, invitations, summary


class RollCallDesk:
    """Who is proven to be reachable, and texts to who is not."""

    def __init__(self, desk: DeskAccess) -> None:
        self._desk = desk

    async def show(
        self, _: web.Request, viewer: DeskAccount, connection: asyncpg.Connection
    ) -> BaseModel | web.Response:
        """Answers the roll call of the viewer's counties."""
        roster = self._desk.roster_at_hand()
        rehearsal = self._desk.rehearsal
        people = await attendance(connection, roster, rehearsal=rehearsal)
        return summary(people, rehearsal=rehearsal, counties=viewer.counties)

    async def invite(
        self, request: web.Request, viewer: DeskAccount, connection: asyncpg.Connection
    ) -> web.Response:
        """Writes invitations, or reminders, to those who are not proven."""
        roster = self._desk.roster_at_hand()
        rehearsal = self._desk.rehearsal
        people = await attendance(connection, roster, rehearsal=rehearsal)
        texts = invitations(
            people, roster, self._desk.now(), self._desk.settings.quiet,
            again=request.match_info["what"] == "remind", rehearsal=rehearsal, counties=viewer.counties,
        )  # fmt: skip
        new = await outbox_store.enqueue(connection, texts)
        return web.Response(
            body=orjson.dumps({"made": len(new), "wanted": len(texts), "rehearsal": rehearsal}),
            content_type="application/json",
        )
