"""The silent desk's own deed: the next reminder of chosen precincts now, and not when it is due."""

from datetime import timedelta

import asyncpg
from aiohttp import web
from pydantic import BaseModel, ValidationError

from election.wire.desks import ReminderAnswer, ReminderOrder
from intake.desks.access import DeskAccess, DeskRefusedError
from intake.desks.views import DeskAccount
from intake.outbox import store as outbox_store
from intake.outbox.reminders import BEHIND_SECONDS, FEED_SECONDS, Reminders, made_since


class SilentDesk:
    """Texts to those who watch in silent precincts."""

    def __init__(self, desk: DeskAccess) -> None:
        self._desk = desk

    async def remind(
        self, request: web.Request, viewer: DeskAccount, connection: asyncpg.Connection
    ) -> web.Response | BaseModel:
        """Makes the next step of each chosen precinct that is silent and the viewer's; no step twice."""
        desk, roster, now = self._desk, self._desk.roster_at_hand(), self._desk.now()
        try:
            order = ReminderOrder.model_validate_json(await request.read())
        except ValidationError:
            raise DeskRefusedError(422, "Name at least one precinct, at most a thousand.") from None
        if not desk.feed.fresh(FEED_SECONDS, behind=BEHIND_SECONDS):
            words = (
                "Nobody is texted on an old word: the tally has not been heard lately. Try again in a moment."
            )
            raise DeskRefusedError(409, words)
        asked = {p for p in order.precinct_ids if viewer.sees(p, roster)}
        settings = desk.settings
        reminders = Reminders(
            desk.feed, desk.pipeline.rosters, desk.pipeline.clock, interval=timedelta(0),
            quiet=settings.quiet, region=settings.phone_region, rehearsal=desk.rehearsal,
        )  # fmt: skip
        made = await made_since(connection, now - timedelta(days=1), rehearsal=desk.rehearsal)
        texts = [t for t in reminders.plan(roster, made, now)[0] if t.precinct_id in asked]
        new = await outbox_store.enqueue(connection, texts)
        reached = {t.precinct_id for t in texts}
        return ReminderAnswer(
            made=len(new), precincts=len(reached), nobody=len(asked - reached), rehearsal=desk.rehearsal
        )
