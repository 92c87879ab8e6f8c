"""The tally's feed as the war room's process reads it: rows as they come, for alerts and for the printed
page.

Boards open the feed on their own.
"""

import time
from collections.abc import Callable
from typing import Any

from election.feed_client.view import FeedView, RowReader

FRESH_SECONDS = 15.0  # real; what is older decides nothing (law L6)

Row = dict[str, Any]
WarRoomView = FeedView[Row, Row]


def war_room_view(monotonic: Callable[[], float] = time.monotonic) -> WarRoomView:
    """An empty view, before the first message."""
    return FeedView(RowReader(_as_it_is), RowReader(_as_it_is), monotonic=monotonic)


def _as_it_is(row: Row) -> Row:
    return row
