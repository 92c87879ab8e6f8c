"""Hears the tally's feed and keeps the standings as last heard. Lives through the feed's absence (law L6)."""

import time
from collections.abc import Callable, Iterator
from typing import Any

import orjson

from election.listening import listen
from election.slices import in_turns, slices
from election.tokens import Tokens
from election.wire.feed import PrecinctInfo, Standing

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

    def lost(self) -> None:
        """The connection is gone: numbers begin anew; what was heard stays, and grows old."""
        self.seq = None

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


async def hear(heard: Heard, url: str, tokens: Tokens) -> None:
    """Keeps `heard` up to date until cancelled; a feed that is away is tried again for ever."""
    await listen(url, tokens, "callers", lambda message: in_turns(heard.taking(message)), heard.lost)
