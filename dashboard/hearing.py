"""The feed as the war room itself hears it: for alerts and for the printed page. Boards listen on their own.

`Hearing` is a value that messages are put into; `hear` keeps one current through the feed's absences.
"""

import asyncio
import time
from collections.abc import Callable
from typing import Any

import orjson

from election.listening import listen
from election.tokens import Tokens

FRESH_SECONDS = 15.0  # real; what is older decides nothing (law L6)
BEHIND_SECONDS = 60.0  # by which the tally may lack what the database stores

Row = dict[str, Any]


class Hearing:
    """What the feed said last: rows as they came, by id. `changed` is set by every word that changes one."""

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self._heard: float | None = None
        self._seq: int | None = None
        self.at = 0.0  # the stack's time of the last word, epoch seconds
        self.behind = 0.0  # seconds by which the tally lacks what the database stores
        self.precincts: dict[str, Row] = {}
        self.standings: dict[str, Row] = {}
        self.aggregates: dict[str, Row] = {}
        self.incidents: dict[str, Row] = {}
        self.changed = asyncio.Event()
        self.roster_changed = asyncio.Event()  # who watches where is another: for whoever waits and clears it

    def age(self) -> float | None:
        """Real seconds since the last word; None before the first snapshot."""
        return None if self._heard is None else self._monotonic() - self._heard

    def fresh(self) -> bool:
        """Whether what was heard may decide anything."""
        age = self.age()
        return age is not None and age <= FRESH_SECONDS and self.behind <= BEHIND_SECONDS

    def take(self, text: str | bytes) -> bool:
        """Takes one message; False where a number is missing and a new snapshot is needed."""
        message = orjson.loads(text)
        kind = message.get("type")
        if kind == "snapshot":
            self._seq = message["seq"]
            self.precincts = {row["precinct_id"]: row for row in _rows(message["precincts"])}
            self.standings = {row["precinct_id"]: row for row in _rows(message["standings"])}
            self.aggregates = {row["scope"]: row for row in message["aggregates"]}
            self.incidents = {row["check_in_id"]: row for row in message["incidents"]}
        elif kind == "delta":
            if self._seq is None or message["seq"] > self._seq + 1:
                return False
            self._seq = message["seq"]
            self.standings |= {row["precinct_id"]: row for row in message["standings"]}
            self.aggregates |= {row["scope"]: row for row in message["aggregates"]}
            self.incidents |= {row["check_in_id"]: row for row in message["incidents"]}
            if "roster" in message.get("news", ()):
                self.roster_changed.set()
        elif kind == "beat":
            self.behind = float(message.get("stored_behind") or 0.0)
            if self._seq is not None and message["seq"] > self._seq:
                return False
        if self._seq is not None and "at" in message:
            self.at = float(message["at"])
            self._heard = self._monotonic()
        if kind in ("snapshot", "delta"):
            self.changed.set()
        return True

    def lost(self) -> None:
        """The connection is gone: numbers begin anew; what was heard stays, and grows old."""
        self._seq = None


def _rows(columns: dict[str, list[Any]]) -> list[Row]:
    return [dict(zip(columns, values, strict=True)) for values in zip(*columns.values(), strict=True)]


async def hear(hearing: Hearing, url: str, tokens: Tokens) -> None:
    """Keeps `hearing` current until cancelled; a feed that is away is tried again for ever."""

    async def take(message: str | bytes) -> bool:
        return hearing.take(message)

    await listen(url, tokens, "war room", take, hearing.lost, role="staff")
