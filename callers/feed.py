"""Hears the tally's feed and keeps the standings as last heard. Lives through the feed's absence (law L6)."""

import asyncio
import random
import time
from collections.abc import Callable, Iterator
from typing import Any

import orjson
import structlog
from websockets.asyncio.client import connect
from websockets.exceptions import WebSocketException

from election.slices import in_turns, slices
from election.tokens import Tokens
from election.wire.feed import PrecinctInfo, Standing

_RECONNECT_SECONDS = (
    0.2,
    5.0,
)  # real; first and longest pause, jittered, so that services do not come in step
_OPEN_SECONDS = 5.0
_SILENT_SECONDS = 10.0  # real; beats come every second, so a connection this quiet is dead
_SNAPSHOT_BYTES = 256 << 20  # 180,000 precincts are about 90 MB
_SLICE = 250  # precincts at once, about a millisecond


class Heard:
    """The standings as last heard. `age()` is in real seconds; None before the first word."""

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self._at: float | None = None
        self.precincts: dict[str, PrecinctInfo] = {}
        self.standings: dict[str, Standing] = {}
        self.seq: int | None = None

    def age(self) -> float | None:
        return None if self._at is None else self._monotonic() - self._at

    def fresh(self, limit: float) -> bool:
        age = self.age()
        return age is not None and age <= limit

    def take(self, message: bytes | str) -> bool:
        """Takes one message of the feed; False where numbers are missing and a new snapshot is needed."""
        return all(self.taking(message))

    def taking(self, message: bytes | str) -> Iterator[bool]:
        """As `take`, a slice of the precincts at a time: all at once would keep callers waiting.

        True after each slice; False, and nothing more, where numbers are missing.
        """
        data = orjson.loads(message)
        kind = data.get("type")
        if kind == "snapshot":
            precincts: dict[str, PrecinctInfo] = {}
            for some in slices(_rows(data["precincts"]), _SLICE):
                precincts.update((i.precinct_id, i) for i in map(PrecinctInfo.model_validate, some))
                yield True
            standings: dict[str, Standing] = {}
            for some in slices(_rows(data["standings"]), _SLICE):
                standings.update((s.precinct_id, s) for s in map(Standing.model_validate, some))
                yield True
            self.precincts, self.standings, self.seq = precincts, standings, data["seq"]
        elif kind == "delta":
            if self.seq is None or data["seq"] > self.seq + 1:
                yield False
                return
            if data["seq"] > self.seq:
                for some in slices(iter(data["standings"]), _SLICE):
                    self.standings.update((s.precinct_id, s) for s in map(Standing.model_validate, some))
                    yield True
                self.seq = data["seq"]
        elif kind == "beat" and self.seq is not None and data["seq"] > self.seq:
            yield False
            return
        if self.seq is not None:
            self._at = self._monotonic()


def _rows(columns: dict[str, list[Any]]) -> Iterator[dict[str, Any]]:
    return (dict(zip(columns, values, strict=True)) for values in zip(*columns.values(), strict=True))


async def hear(heard: Heard, url: str, tokens: Tokens, log: structlog.stdlib.BoundLogger) -> None:
    """Keeps `heard` up to date until cancelled; reconnects for ever."""
    pause = _RECONNECT_SECONDS[0]
    while True:
        token = tokens.sign("feed", {"role": "service", "counties": None, "account": "callers"})
        joiner = "&" if "?" in url else "?"
        try:
            async with connect(
                f"{url}{joiner}token={token}", open_timeout=_OPEN_SECONDS, max_size=_SNAPSHOT_BYTES
            ) as socket:
                log.info("feed connected")
                while await in_turns(heard.taking(await asyncio.wait_for(socket.recv(), _SILENT_SECONDS))):
                    pause = _RECONNECT_SECONDS[0]
                log.warning("feed skipped a number, asking for a new snapshot")
        except (OSError, TimeoutError, WebSocketException, ValueError, KeyError) as error:
            log.warning("feed away", error=type(error).__name__)
        heard.seq = None
        await asyncio.sleep(pause * random.uniform(0.5, 1.0))
        pause = min(pause * 2, _RECONNECT_SECONDS[1])
