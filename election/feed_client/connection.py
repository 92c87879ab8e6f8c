"""A connection to the tally's feed that outlives the feed's absences: for every service that follows it."""

import asyncio
from typing import Any

import structlog
from websockets.asyncio.client import connect
from websockets.exceptions import WebSocketException

from election.access.identity import machine
from election.access.tokens import Tokens
from election.feed_client.view import FeedView
from election.postgres.database import pauses
from election.runtime.cooperative import in_turns

OPEN_SECONDS = 5.0
CLOSE_SECONDS = 0.5  # a feed that says no goodbye holds up no stop
SILENT_SECONDS = 10.0  # real; beats come every second, so a connection this quiet is dead
SNAPSHOT_BYTES = 256 << 20  # 180,000 precincts are about 90 MB

log = structlog.get_logger()


async def follow_feed(
    view: FeedView[Any, Any], url: str, tokens: Tokens, account: str, *, role: str = "service"
) -> None:
    """Keeps `view` current with the feed at `url`, until cancelled, as `account` in `role`.

    Where a number is missing, the connection is opened anew, for a snapshot. A message that cannot be
    understood counts as a lost connection.
    """
    rest = pauses()
    away = False  # say it once, not every five seconds all night
    while True:
        token = tokens.sign("feed", machine(account, role).claims())
        address = f"{url}{'&' if '?' in url else '?'}token={token}"
        if (
            view.fields
        ):  # a snapshot of a state's every precinct is read at once: the less there is, the better
            address += f"&fields={','.join(view.fields)}"
        try:
            async with connect(
                address, open_timeout=OPEN_SECONDS, close_timeout=CLOSE_SECONDS, max_size=SNAPSHOT_BYTES
            ) as socket:
                log.info("feed_connected")
                away = False
                while await in_turns(view.applying(await asyncio.wait_for(socket.recv(), SILENT_SECONDS))):
                    rest.reset()
                log.warning("feed_gap")
        except (OSError, TimeoutError, WebSocketException, ValueError, KeyError, TypeError) as error:
            if not away:
                log.warning("feed_away", error=type(error).__name__)
            away = True
        view.lost()
        await rest.wait()
