"""The tally's feed as callers read it: precincts and standings as wire types. Outlives the feed (law L6)."""

import time
from collections.abc import Callable

from election.feed_client.view import FeedView, RowReader
from election.wire.feed import PrecinctInfo, Standing

CallersView = FeedView[Standing, PrecinctInfo]


def callers_view(monotonic: Callable[[], float] = time.monotonic) -> CallersView:
    """An empty view, before the first message."""
    return FeedView(
        RowReader(Standing.model_validate), RowReader(PrecinctInfo.model_validate), monotonic=monotonic
    )
