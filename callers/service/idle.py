"""Why each caller, canvasser or driver has nothing to do: what their page was answered last.

Pure but for what it remembers. Of this service alone: whose page asks another one is not known here, and
the words say no more than that.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from election.wire.callers import LeaseAnswer

_KEPT = 900.0  # real seconds; an answer older than this explains nothing
_AWAY = timedelta(minutes=2)  # stack time without a word after which a page is taken for closed
WORDS = {
    "no_dispatch": "no precinct where they may call is open",
    "hours": "outside calling hours",
    "resting": "everybody left was called lately",
    "language": "nobody left speaks their languages",
    "empty": "every open list is used up",
    "too_fast": "asks faster than voters are shown",
    "unreported": "has not said what came of the last calls",
    "choose": "has chosen no precinct",
    "none_open": "no precinct is open for visits",
    "not_open": "the precinct they chose is not open",
    "none": "no ride fits their car",
    "no_car": "no car of theirs is known",
}


@dataclass(frozen=True, slots=True)
class _Answered:
    reason: str
    at: float


class IdleReasons:
    """The last reason by caller; none while they hold a voter."""

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self._answered: dict[str, _Answered] = {}

    def note(self, caller_id: str, answer: LeaseAnswer) -> None:
        """Remembers what a caller was answered."""
        self.hear(caller_id, "" if answer.voter else answer.reason)

    def hear(self, volunteer_id: str, reason: str) -> None:
        """Remembers why a caller, canvasser or driver was given nobody; empty: they were."""
        if reason:
            self._answered[volunteer_id] = _Answered(reason, self._monotonic())
        else:
            self._answered.pop(volunteer_id, None)

    def why(self, caller_id: str, idle: timedelta | None, *, barred: bool = False) -> str:
        """Why they call nobody; empty where they do."""
        if idle is None:
            return ""
        if barred:
            return "link taken away"
        known = self._answered.get(caller_id)
        if known and self._monotonic() - known.at < _KEPT:
            return WORDS.get(known.reason, known.reason)
        return "their page does not ask" if idle > _AWAY else "between two calls"
