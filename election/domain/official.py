"""An official second source of counts: turnout that a county or a ministry publishes through the day."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

SENDER = "official"  # of its counts in the log
FORMATS = ("csv", "json")


@dataclass(frozen=True, slots=True)
class OfficialSource:
    """Where it is published, and how its columns are read. `official.toml` of the election folder.

    `precinct` and `votes` name columns (of JSON: fields of the objects at `rows`, names joined by dots);
    `time`: the column of the moment at which a number was true, empty where there is none: then it is
    `delay` older than our reading of it.
    """

    address: str
    format: str
    precinct: str
    votes: str
    time: str = ""
    rows: str = ""
    every: timedelta = timedelta(minutes=10)
    delay: timedelta = timedelta(0)

    def as_row(self) -> dict[str, Any]:
        """As it is stored."""
        return {
            "address": self.address, "format": self.format, "precinct": self.precinct, "votes": self.votes,
            "time": self.time, "rows": self.rows, "every_minutes": self.every.total_seconds() / 60,
            "delay_minutes": self.delay.total_seconds() / 60,
        }  # fmt: skip


def source_of(row: Mapping[str, Any]) -> OfficialSource:
    """From what is stored."""
    address, kind, precinct, votes, time, rows = (
        str(row.get(name, "")) for name in ("address", "format", "precinct", "votes", "time", "rows")
    )
    every, delay = (timedelta(minutes=float(row[name])) for name in ("every_minutes", "delay_minutes"))
    return OfficialSource(address, kind, precinct, votes, time, rows, every, delay)
