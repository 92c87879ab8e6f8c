"""The day's totals every few minutes, by scope, as the feed told them; kept on disk for a restart.

The feed says how things are now; a chart of the day needs how they were. The board of a past minute could
be asked for (`/replay`), but projecting the whole election for each point would keep the tally from its work.
"""

import asyncio
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import orjson
import structlog

from dashboard.clients.feed import FRESH_SECONDS, WarRoomView

_LOG = structlog.get_logger()

STEP = 300  # seconds of the stack's time between two points
LOOK_SECONDS = 1.0
FILE = "day.jsonl"
ALL = "all"


@dataclass(frozen=True, slots=True)
class DayPoint:
    """A scope's totals at a time. `projected`, `estimated` and their bounds are None where counts carry none.

    Votes by then of all precincts: `expected` and `estimated`. Of those counted, each at the time of its
    last count: `counted` and `expected_counted`.
    """

    at: int  # epoch seconds
    counted: int
    expected: float
    expected_final: float
    projected: float | None
    lo80: float | None
    hi80: float | None
    expected_lo80: float | None = None  # None, with what follows: kept or told before they were known
    expected_hi80: float | None = None
    estimated: float | None = None
    estimated_lo80: float | None = None
    estimated_hi80: float | None = None
    expected_counted: float | None = None


class DayRecord:
    """Points by scope (`all`, `county:NAME`), oldest first."""

    def __init__(self, feed: WarRoomView, folder: Path) -> None:
        self._feed, self._file = feed, folder / FILE
        self._points: dict[str, list[DayPoint]] = {}
        self._last = 0
        self._load()

    def points(self, scope: str) -> list[DayPoint]:
        """A scope's points, the present one last while the feed is fresh."""
        kept = list(self._points.get(scope, ()))
        if self._feed.fresh(FRESH_SECONDS) and (now := self._now(scope, _expected(self._feed))) is not None:
            if kept and kept[-1].at >= now.at:
                kept.pop()
            kept.append(now)
        return kept

    async def run(self) -> None:
        """Takes a point every `STEP` of the stack's time, while the feed is fresh."""
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            try:
                self.look()
            except OSError as error:
                _LOG.warning("day_record_unwritten", error=repr(error))

    def look(self) -> None:
        """Takes a point where one is due."""
        at = int(self._feed.at // STEP) * STEP
        if not self._feed.fresh(FRESH_SECONDS) or at == self._last:
            return
        if at < self._last:  # another day, or a rehearsal begun anew
            self._points.clear()
            self._file.unlink(missing_ok=True)
        self._last = at
        expected = _expected(self._feed)
        found = {scope: self._now(scope, expected) for scope in self._feed.aggregates}
        taken = {scope: point for scope, point in found.items() if point is not None}
        self._file.parent.mkdir(parents=True, exist_ok=True)
        with self._file.open("ab") as file:
            file.write(orjson.dumps({scope: asdict(point) for scope, point in taken.items()}) + b"\n")
        self._keep(taken)

    def _keep(self, taken: dict[str, DayPoint]) -> None:
        for scope, point in taken.items():
            self._points.setdefault(scope, []).append(point)

    def _now(self, scope: str, expected: dict[str, float]) -> DayPoint | None:
        row = self._feed.aggregates.get(scope)
        if row is None:
            return None
        told = not row.get("caveat")
        by_now = _known(row, "expected_now")
        return DayPoint(
            at=int(self._feed.at),
            counted=int(row["counted"]),
            expected=round(expected.get(scope, 0.0), 1) if by_now is None else by_now,
            expected_final=float(row["expected_final"]),
            projected=float(row["projected_final"]) if told else None,
            lo80=float(row["lo80"]) if told else None,
            hi80=float(row["hi80"]) if told else None,
            expected_lo80=_known(row, "expected_lo80"),
            expected_hi80=_known(row, "expected_hi80"),
            estimated=_known(row, "estimated_now") if told else None,
            estimated_lo80=_known(row, "estimated_lo80") if told else None,
            estimated_hi80=_known(row, "estimated_hi80") if told else None,
            expected_counted=_known(row, "expected_counted"),
        )

    def _load(self) -> None:
        try:
            lines = self._file.read_bytes().splitlines()
        except OSError:
            return
        for line in lines:
            try:
                self._keep({scope: DayPoint(**point) for scope, point in orjson.loads(line).items()})
            except (orjson.JSONDecodeError, TypeError, AttributeError):
                continue  # torn: the process ended as it wrote
        self._last = max((points[-1].at // STEP * STEP for points in self._points.values()), default=0)


def _known(row: dict[str, Any], name: str) -> float | None:
    """A field that a tally of an earlier version does not tell."""
    return None if row.get(name) is None else float(row[name])


def _expected(feed: WarRoomView) -> dict[str, float]:
    """Votes expected by now, by scope: of a tally that does not tell them."""
    found: dict[str, float] = {ALL: 0.0}
    for precinct_id, standing in feed.standings.items():
        expected = float(standing.get("expected_now") or 0.0)
        info: dict[str, Any] = feed.precincts.get(precinct_id) or {}
        scope = f"county:{info.get('county', '')}"
        found[scope] = found.get(scope, 0.0) + expected
        found[ALL] += expected
    return found
