"""The history of a rehearsal: every send, answer, fault and final read, in order, as JSON lines on disk.

Whatever is judged later is judged from this file alone, so that anybody can judge it again. Times are seconds
of the monotonic clock since the history began; the first line says when that was, with which seed and which
versions. A key is the provider's message id. No phone number and no words of a text are kept.
"""

import json
import threading
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Any, TextIO


class Op(StrEnum):
    """What happened."""

    BEGIN = "begin"  # detail: wall, seed, name, versions
    SEND = "send"  # an attempt began; detail: due (when it should have), attempt
    ACK = "ack"  # detail: duplicate
    REFUSE = "refuse"  # a definite no (4xx): it must never be counted; detail: status
    FAIL = "fail"  # 5xx: may have been kept or not; detail: status
    TIMEOUT = "timeout"  # no answer: may have been kept or not; detail: error
    FAULT = "fault"  # detail: cuts (what is away because of it), number
    TRACE = "trace"  # what shows that a fault happened was seen; key as of the fault; detail: said
    HEAL = "heal"  # key as of the fault
    READ = "read"  # detail: what (stored or tallied), keys (each as often as found), final, foreign
    BEFORE = "before"  # keys that were there before we began; detail: keys
    RECOUNT = "recount"  # detail: proven (true, false or null), said
    BOARD = "board"  # detail: claimed and true age of what the board shows, s
    ALERT = "alert"  # key: its name; detail: firing
    STEP = "step"  # a runbook's command; key: runbook; detail: command, status
    NOTE = "note"  # for people


@dataclass(frozen=True, slots=True)
class Event:
    """One line of a history. `at` is in seconds since it began."""

    at: float
    op: Op
    key: str = ""
    detail: dict[str, Any] = field(default_factory=dict)

    def line(self) -> str:
        """As it stands in the file."""
        said: dict[str, Any] = {"at": round(self.at, 4), "op": self.op.value}
        if self.key:
            said["key"] = self.key
        return json.dumps(said | self.detail, separators=(",", ":"), default=str)

    @classmethod
    def of_line(cls, line: str) -> "Event":
        """Raises `ValueError`, `KeyError` where it is none."""
        said = json.loads(line)
        at, op, key = said.pop("at"), Op(said.pop("op")), said.pop("key", "")
        return cls(float(at), op, key, said)


class EventHistory:
    """Written from any thread; events keep the order in which they were recorded."""

    def __init__(self, path: Path | None = None, **begin: Any) -> None:
        """`path` None keeps it in memory alone. `begin` goes into the first line."""
        self.events: list[Event] = []
        self.path = path
        self._lock = threading.Lock()
        self._file: TextIO | None = None
        self._began = time.monotonic()
        if path is not None:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._file = path.open("w", encoding="utf-8")
        self.record(Op.BEGIN, wall=datetime.now(UTC).isoformat(timespec="milliseconds"), **begin)

    def now(self) -> float:
        """Seconds since the history began."""
        return time.monotonic() - self._began

    def record(self, op: Op, key: str = "", at: float | None = None, **detail: Any) -> Event:
        """`at` defaults to now."""
        with self._lock:
            event = Event(self.now() if at is None else at, op, key, detail)
            self.events.append(event)
            if self._file is not None:
                self._file.write(event.line() + "\n")
        return event

    def close(self) -> None:
        """Everything is on disk when it returns."""
        with self._lock:
            if self._file is not None:
                self._file.close()
                self._file = None


def read_history(path: Path) -> list[Event]:
    """A history from its file, without a last line that a crash cut short. Raises `ValueError`."""
    lines = path.read_text(encoding="utf-8").splitlines()
    events = []
    for number, line in enumerate(lines, start=1):
        try:
            events.append(Event.of_line(line))
        except (ValueError, KeyError) as error:
            if number == len(lines):
                break
            raise ValueError(f"{path}:{number}: no event: {error}") from error
    return events


def of(events: Iterable[Event], *ops: Op) -> Iterator[Event]:
    """The events of these kinds, in order."""
    return (e for e in events if e.op in ops)
