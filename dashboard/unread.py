"""Messages nobody could read, as the unread desk shows them: followed from the log, newest first."""

import asyncio
from collections import deque
from typing import Any

import structlog

from dashboard.background import Background
from dashboard.places import Gazetteer
from dashboard.sign_in import Person
from election.checkin import CheckIn, Kind
from election.database import UNREACHABLE, pauses
from election.log import Position, read_after

_LOG = structlog.get_logger()

KEPT = 500
LOOK_SECONDS = 1.0


class Unread:
    """The newest unread messages. `fresh` tells whether the log could be read last time."""

    def __init__(self, background: Background, gazetteer: Gazetteer) -> None:
        self._background = background
        self._gazetteer = gazetteer
        self._messages: deque[CheckIn] = deque(maxlen=KEPT)
        self._count = 0
        self.fresh = False

    async def follow(self) -> None:
        position, rest = Position(), pauses()
        while True:
            try:
                async with self._background.connection() as connection:
                    found, position = await read_after(connection, position, 1_000, [Kind.UNREAD])
            except UNREACHABLE:
                self.fresh = False
                await rest.wait()
                continue
            except Exception:
                _LOG.exception("log unreadable")
                self.fresh = False
                await asyncio.sleep(LOOK_SECONDS * 5)
                continue
            rest.reset()
            self.fresh = True
            self._messages.extend(found)
            self._count += len(found)
            if len(found) < 1_000:
                await asyncio.sleep(LOOK_SECONDS)

    def seen_by(self, who: Person, limit: int = 50) -> dict[str, Any]:
        """The newest messages this person may see: never a phone number."""
        places = self._gazetteer.places
        rows = []
        for message in reversed(self._messages):
            precinct = places.precincts.get(message.precinct_id or "") if places else None
            if who.counties is not None and not (precinct and precinct.county in who.counties):
                continue
            rows.append(
                {
                    "id": str(message.check_in_id),
                    "precinct_id": message.precinct_id,
                    "watcher_id": message.watcher_id,
                    "channel": message.channel.value,
                    "at": message.received_at.timestamp(),
                    "text": str(message.detail.get("text") or ""),
                }
            )
        total = self._count if who.counties is None else len(rows)
        return {"total": total, "messages": rows[:limit], "fresh": self.fresh}
