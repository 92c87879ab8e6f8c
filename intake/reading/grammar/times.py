"""Which moment a texted time means: on the sender's own day, not in the future, not before opening."""

from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from election.domain.day import ElectionDay, Precinct


def moment(
    clock: tuple[int, int, int, str],
    sent_at: datetime,
    day: ElectionDay,
    precinct: Precinct | None,
    before_opening: bool,
) -> datetime | None:
    """The one moment (aware, in the precinct's zone) that `clock` can mean; None where none or two can.

    A time without am/pm may mean the afternoon (`2:15`), never where it is written as on a 24-hour clock.
    `before_opening`: whether the report may be older than the polls' opening (a watcher's arrival).
    """
    hour, minute, second, half = clock
    if minute > 59 or second > 59:
        return None
    zone = precinct.zone(day) if precinct else ZoneInfo(day.timezone)
    now = sent_at.astimezone(zone)
    days = [now.date()]
    if now.date() == day.date + timedelta(days=1):
        days.append(day.date)  # a final count texted after midnight
    hours = _hours(hour, half)
    found: list[datetime] = []
    for date in days:
        opens = precinct.opens_at(day) if precinct else datetime.combine(day.date, day.opens, zone)
        for candidate in hours:
            at = datetime.combine(date, time(candidate, minute, second), zone)
            early = date == day.date and at < opens and not before_opening
            if at <= now and not early:
                found.append(at)
    return found[0] if len(found) == 1 else None


def _hours(hour: int, half: str) -> tuple[int, ...]:
    if half:
        if not 1 <= hour <= 12:
            # `15:30 pm` says the same twice; `15:30 am` contradicts itself
            return (hour,) if half == "p" and 12 < hour < 24 else ()
        return (hour % 12 + (12 if half == "p" else 0),)
    if 1 <= hour <= 12:
        return (hour % 12 + 12, hour) if hour < 12 else (12,)
    return (hour,) if hour < 24 else ()
