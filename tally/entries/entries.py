"""Entries of a precinct and their results: the ledger's values."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from election.domain.checkin import Kind

FOREVER = float("inf")
OPEN = ("open", "acknowledged", "assigned")  # what an incident is until it is dealt with


class Verdict(StrEnum):
    """Result of a count."""

    ACCEPTED = "accepted"
    HELD = "held"  # waits for confirmation or a decision
    REJECTED = "rejected"
    SUPERSEDED = "superseded"  # by a FIX, or by reading its message again
    WITHDRAWN = "withdrawn"  # by an UNDO
    QUARANTINED = "quarantined"  # from an unknown phone


@dataclass(frozen=True, slots=True)
class Report:
    """One count of one precinct. Times are epoch seconds; a bare FIX has the time of what it supersedes."""

    check_in_id: bytes
    observed: float
    received: float
    sent: float
    votes: int
    sender: str
    kind: Kind
    asked: bool = False  # intake asked the watcher to confirm it
    accepted_by_staff: bool = False
    confirmed: bool = False  # its sender said yes when asked
    channel: int = 0  # index in `Channel`
    whole: bool = False  # of the whole polling site: `votes` are of all its precincts together

    @property
    def sort_key(self) -> tuple[float, float, bytes]:
        return (self.observed, self.received, self.check_in_id)


@dataclass(frozen=True, slots=True)
class DecidedCount:
    """A count that is out of the gate's hands, and why in words."""

    report: Report
    verdict: Verdict
    reason: str


@dataclass(frozen=True, slots=True)
class OpenIncident:
    """An incident as reported, with its status now."""

    number: int
    check_in_id: bytes
    precinct_id: str | None
    text: str
    at: float
    status: str


@dataclass(frozen=True, slots=True)
class PrecinctView:
    """A precinct's entries, resolved as of a time. `live` is what the gate judges, in `sort_key` order."""

    position: int
    live: tuple[Report, ...] = ()
    decided: tuple[DecidedCount, ...] = ()
    struck_off: frozenset[int | str] = frozenset()
    line_minutes: int | None = None
    line_people: int | None = None
    line_at: float | None = None
    incidents: tuple[OpenIncident, ...] = ()
    on_post: int = 0
    last_received: float | None = None  # last word of any kind
    last_count_received: float | None = None  # last count, whatever became of it
    opens: float = 0.0
    closes: float = 0.0


@dataclass(frozen=True, slots=True)
class Entry:
    """A check-in as the ledger knows it. `sender` is the watcher where known, else the phone or login."""

    id: bytes
    kind: Kind
    sender: str
    observed: float
    sent: float
    received: float
    votes: int | None
    unknown: bool
    detail: dict[str, Any]
    precinct: int  # position, or -1
    channel: int = 0  # index in `Channel`

    @property
    def sort_key(self) -> tuple[float, float, bytes]:
        return (self.observed, self.received, self.id)

    @property
    def sending(self) -> tuple[float, bytes]:
        """The order in which its sender sent it."""
        return (self.sent, self.id)


def incident_number(check_in_id: bytes, detail: dict[str, Any]) -> int:
    """The number intake gave it; without one, a number made of its id."""
    number = whole(detail.get("incident"))
    return number if number >= 0 else int.from_bytes(check_in_id[:4], "big") | 1 << 32


def id_bytes(value: object) -> bytes:
    """An id in a decision's detail; empty where it is none."""
    try:
        return UUID(str(value)).bytes
    except ValueError:
        return b""


def whole(value: object) -> int:
    """A number in a decision's detail; -1 where it is none."""
    try:
        return int(str(value))
    except ValueError:
        return -1


def when(value: object, otherwise: float) -> float:
    """A time in a decision's detail, epoch seconds."""
    if not value:
        return otherwise
    try:
        return datetime.fromisoformat(str(value)).timestamp()
    except ValueError:
        return otherwise
