"""What an outcome means for the next call, and when a voter may be called. Pure: values in, values out.

The database keeps the consequence with each call (`rest_until`, `whole_phone`), so that "may be called" is a
function of the set of calls that were not undone: undoing one restores exactly what was before.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from election.wire.callers import Outcome

NEVER_AGAIN = datetime.max.replace(tzinfo=UTC)  # asyncpg writes it as 'infinity'
AT_ONCE = datetime.min.replace(tzinfo=UTC)  # '-infinity'


@dataclass(frozen=True, slots=True)
class Rules:
    """What the campaign decided. Times of day are the voter's own."""

    call_from: time = time(9)
    call_until: time = time(20, 30)
    no_answer_rest: timedelta = timedelta(minutes=90)
    no_answer_tries: int = 3
    longest_call_back: timedelta = timedelta(hours=12)
    call_back_rest: timedelta = timedelta(hours=1)  # where no time was agreed


@dataclass(frozen=True, slots=True)
class Consequence:
    """`rests[n - 1]`: until when to rest after the nth outcome of this kind (the last one stands for all
    later). `whole_phone`: it holds for everybody on that phone, not for the voter alone."""

    rests: tuple[datetime, ...]
    whole_phone: bool = False
    language: str | None = None


def consequence(
    outcome: Outcome,
    at: datetime,
    rules: Rules,
    call_back_at: datetime | None = None,
    language: str | None = None,
) -> Consequence:
    """What follows from an outcome heard at `at`. Raises `ValueError` where the outcome needs more words."""
    match outcome:
        case Outcome.NO_ANSWER:
            again = (at + rules.no_answer_rest,) * (rules.no_answer_tries - 1)
            return Consequence((*again, NEVER_AGAIN), whole_phone=True)
        case Outcome.CALL_BACK:
            earliest, latest = at + timedelta(minutes=1), at + rules.longest_call_back
            return Consequence((min(max(call_back_at or at + rules.call_back_rest, earliest), latest),))
        case Outcome.OTHER_LANGUAGE:
            if not language:
                raise ValueError("other_language needs the language the voter speaks")
            return Consequence((AT_ONCE,), language=language)
        case Outcome.WRONG_NUMBER | Outcome.DO_NOT_CALL | Outcome.ABUSIVE:
            # Whoever answered does not know the voter, or wants no calls: the whole number rests.
            return Consequence((NEVER_AGAIN,), whole_phone=True)
        case _:
            return Consequence((NEVER_AGAIN,))


def may_dial(at: datetime, zone: str, rules: Rules) -> bool:
    """Whether it is calling time in `zone` at `at`. An unknown zone is never a time to call.

    Local time decides, so the hours hold across a change of daylight saving time.
    """
    try:
        local = at.astimezone(ZoneInfo(zone)).time()
    except (KeyError, OSError, ValueError):  # not a zone
        return False
    return rules.call_from <= local < rules.call_until


def open_zones(at: datetime, zones: Iterable[str], rules: Rules) -> list[str]:
    """Those of `zones` where it is calling time at `at`."""
    return [zone for zone in zones if may_dial(at, zone, rules)]


def local_time_today(at: datetime, time_of_day: str, zone: str) -> datetime | None:
    """`HH:MM` in `zone` on the day it is there at `at`; None where that has passed."""
    hour, minute = map(int, time_of_day.split(":"))
    here = at.astimezone(ZoneInfo(zone))
    then = datetime.combine(here.date(), time(hour, minute), ZoneInfo(zone)).astimezone(UTC)
    return then if then > at else None
