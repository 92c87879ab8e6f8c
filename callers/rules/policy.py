"""What an outcome means for the next call, and when a voter may be called. Pure: values in, values out.

The database keeps the consequence with each call (`rest_until`, `whole_phone`), so that "may be called" is a
function of the set of calls that were not undone: undoing one restores exactly what was before.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from election.wire.callers import MoveState, NextMove, Outcome

NEVER_AGAIN = datetime.max.replace(tzinfo=UTC)  # asyncpg writes it as 'infinity'
AT_ONCE = datetime.min.replace(tzinfo=UTC)  # '-infinity'
LAST_HOUR = timedelta(hours=1)  # before the close: who has not voted by then has broken a promise
PROMISES = (Outcome.WILL_VOTE, Outcome.WILL_VOTE_AT)
# The voter was not spoken to: tries of one phone, counted together, that take back nothing said before.
NOT_SPOKEN_TO = (Outcome.NO_ANSWER, Outcome.LEFT_MESSAGE, Outcome.SOMEONE_ELSE)
_STAFF_KNOW = frozenset({"papers", "language"})  # nothing of it lies in an election folder


@dataclass(frozen=True, slots=True)
class Rules:
    """What the campaign decided. Times of day are the voter's own."""

    call_from: time = time(9)
    call_until: time = time(20, 30)
    no_answer_rest: timedelta = timedelta(minutes=90)
    no_answer_tries: int = 3
    longest_call_back: timedelta = timedelta(hours=12)
    call_back_rest: timedelta = timedelta(hours=1)  # where no time was agreed
    after_promise: timedelta = timedelta(hours=1)  # asked again so long after the time they named
    at_work_rest: timedelta = timedelta(hours=3)  # where they did not say until when
    information_rest: timedelta = timedelta(hours=2)
    line_rest: timedelta = timedelta(hours=1)
    someone_else_rest: timedelta = timedelta(hours=1)
    message_rest: timedelta = timedelta(hours=3)


@dataclass(frozen=True, slots=True)
class Consequence:
    """`rests[n - 1]`: until when to rest after the nth outcome of this kind (the last one stands for all
    later). `whole_phone`: it holds for everybody on that phone, not for the voter alone. `counted`: outcomes
    that count as of this kind."""

    rests: tuple[datetime, ...]
    whole_phone: bool = False
    language: str | None = None
    move: NextMove = NextMove.NONE
    counted: tuple[Outcome, ...] = ()


def consequence(
    outcome: Outcome,
    at: datetime,
    rules: Rules,
    call_back_at: datetime | None = None,
    language: str | None = None,
    *,
    said_at: datetime | None = None,
    need: str | None = None,
    texts: bool = False,
) -> Consequence:
    """What follows from an outcome heard at `at`. `texts`: they asked to be reminded by text, so that a call
    comes later. Raises `ValueError` where the outcome needs more words.
    """

    said_at = named_time(said_at, at, rules)

    def agreed(again: datetime) -> Consequence:
        earliest, latest = at + timedelta(minutes=1), at + rules.longest_call_back
        return Consequence((min(max(again, earliest), latest),), move=NextMove.CALL)

    match outcome:
        case Outcome.NO_ANSWER | Outcome.LEFT_MESSAGE | Outcome.SOMEONE_ELSE:
            rest = {
                Outcome.LEFT_MESSAGE: rules.message_rest,
                Outcome.SOMEONE_ELSE: rules.someone_else_rest,
            }.get(outcome, rules.no_answer_rest)
            rests = (*(at + rest,) * (rules.no_answer_tries - 1), NEVER_AGAIN)
            return Consequence(rests, whole_phone=True, move=NextMove.RETRY, counted=NOT_SPOKEN_TO)
        case Outcome.CALL_BACK:
            return agreed(call_back_at or at + rules.call_back_rest)
        case Outcome.WILL_VOTE_AT:
            return agreed(max(said_at or at, at) + rules.after_promise * (2 if texts and said_at else 1))
        case Outcome.AT_WORK:
            return agreed(said_at or at + rules.at_work_rest)
        case Outcome.LONG_LINE:
            return agreed(at + rules.line_rest)
        case Outcome.NEEDS_INFORMATION:
            if not need:
                raise ValueError("needs_information needs what: place, hours, papers or language")
            move = NextMove.STAFF if need in _STAFF_KNOW else NextMove.CALL
            return Consequence((at + rules.information_rest,), move=move)
        case Outcome.NEEDS_RIDE:
            return Consequence((NEVER_AGAIN,), move=NextMove.STAFF)
        case Outcome.WILL_VOTE:
            return Consequence((NEVER_AGAIN,), move=NextMove.WATCH)
        case Outcome.OTHER_LANGUAGE:
            if not language:
                raise ValueError("other_language needs the language the voter speaks")
            return Consequence((AT_ONCE,), language=language, move=NextMove.CALL)
        case Outcome.WRONG_NUMBER | Outcome.DO_NOT_CALL | Outcome.ABUSIVE:
            # Whoever answered does not know the voter, or wants no calls: the whole number rests.
            return Consequence((NEVER_AGAIN,), whole_phone=True)
        case _:
            return Consequence((NEVER_AGAIN,))


def named_time(said_at: datetime | None, at: datetime, rules: Rules) -> datetime | None:
    """A time that a voter named, where it is one of this day; None where it cannot be meant."""
    if said_at is None or not at - rules.longest_call_back <= said_at <= at + rules.longest_call_back:
        return None
    return said_at


def move_state(struck_off: bool, now: datetime, closes_at: datetime | None) -> MoveState:
    """How a next move stands. A strike-off keeps it, however late; polls of unknown hours break none."""
    if struck_off:
        return MoveState.KEPT
    return MoveState.BROKEN if closes_at and now >= closes_at - LAST_HOUR else MoveState.OPEN


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
