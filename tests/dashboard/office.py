"""A war room with a real intake behind it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import asyncpg

from beluga.stack.ports import free_port
from beluga.stack.postgres import EmbeddedPostgres
from tests.dashboard.running import SECRET, Room, make_election, war_room
from tests.intake.running import IntakeProcess, a_text

STRANGER = "+12155559999"


class Office:
    """A war room and the intake behind it."""

    def __init__(self, room: Room, intake: IntakeProcess) -> None:
        self.room, self.intake, self._texts = room, intake, 0

    async def text(self, words: str, watcher: int | None = None) -> None:
        """A text of the watcher of the precinct at this place in the list; of a stranger where None."""
        self._texts += 1
        sender = STRANGER if watcher is None else f"+1215555{watcher:04d}"
        body, headers = a_text(f"t{self._texts}", words, sender)
        url = f"{self.intake.url}/sms/generic"
        async with (
            aiohttp.ClientSession() as session,
            session.post(url, data=body, headers=headers) as answer,
        ):
            assert answer.status == 200, await answer.text()

    async def logged(self, kind: str) -> list[Any]:
        """What the log holds of this kind, oldest first."""
        connection = await asyncpg.connect(self.room.database_url)
        try:
            return list(await connection.fetch("select * from check_ins where kind = $1 order by seq", kind))
        finally:
            await connection.close()

    async def until_logged(self, kind: str, count: int) -> list[Any]:
        for _ in range(200):
            if len(found := await self.logged(kind)) >= count:
                return found
            await asyncio.sleep(0.1)
        raise AssertionError(f"never {count} of {kind}")


@asynccontextmanager
async def an_office(postgres: EmbeddedPostgres, state: Path, **settings: str) -> AsyncIterator[Office]:
    """A war room of 30 precincts in two counties, with an intake that hears its feed."""
    port = free_port()
    async with war_room(postgres, make_election(30, counties=2), state, f"http://127.0.0.1:{port}") as room:
        more = settings | {
            "BELUGA_SECRET": SECRET,
            "BELUGA_CLOCK_FILE": str(state / "clock"),
            "BELUGA_FEED_URL": f"ws://127.0.0.1:{room.feed.port}",
        }
        intake = IntakeProcess(state / "intake", room.database_url, more=more, port=port)
        await intake.running()
        await intake.until_roster()
        try:
            yield Office(room, intake)
        finally:
            intake.end()
