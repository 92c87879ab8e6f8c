"""Canvassers and drivers for the call floor: who is where, what they did, who idles and why. No voter."""

from collections.abc import Callable
from datetime import datetime, timedelta

from callers.service.calling_service import CallingService
from election.wire.callers import CanvasserAtWork, DriverAtWork

_QUIET = timedelta(minutes=20)  # a canvasser who holds doors and says nothing for so long is shown as idle


def _minutes(since: datetime | None, now: datetime) -> float | None:
    return None if since is None else round(max(now - since, timedelta(0)).total_seconds() / 60, 1)


async def canvassers(
    service: CallingService, sees: Callable[[str], bool], now: datetime
) -> list[CanvasserAtWork]:
    """Canvassers where `sees` says so."""
    found = []
    for row in await service.doors.canvassers(now):
        if not sees(row["precinct_id"]):
            continue
        quiet = now - row["seen_at"] if row["seen_at"] else None
        idle = None if row["doors"] else quiet
        if row["doors"] and quiet is not None and quiet >= _QUIET and not row["barred"]:
            why = "holds doors and has told nothing lately"
        else:
            why = service.idle.why(row["caller_id"], idle, barred=row["barred"])
        names = ("caller_id", "name", "precinct_id", "doors", "left", "visited", "told", "reached", "barred",
                 "phone_bank")  # fmt: skip
        found.append(
            CanvasserAtWork(
                **{name: row[name] for name in names},
                precinct=service.places.name(row["precinct_id"]) if row["precinct_id"] else "",
                minutes_idle=None if row["doors"] else _minutes(row["seen_at"], now),
                why_idle=why,
            )
        )
    return found


async def drivers(service: CallingService, sees: Callable[[str], bool], now: datetime) -> list[DriverAtWork]:
    """Drivers where `sees` says so, by the precinct of their ride or of the last one."""
    found = []
    for row in await service.rides.rows.at_work(now):
        if not sees(row["precinct_id"]):
            continue
        idle = now - row["seen_at"] if row["seen_at"] and not row["busy"] else None
        names = ("caller_id", "name", "seats", "precinct_id", "ride", "brought", "phone_bank")
        found.append(
            DriverAtWork(
                **{name: row[name] for name in names},
                precinct=service.places.name(row["precinct_id"]) if row["precinct_id"] else "",
                minutes=_minutes(row["since"], now) if row["busy"] else None,
                minutes_idle=None if row["busy"] else _minutes(row["seen_at"], now),
                why_idle=service.idle.why(row["caller_id"], idle),
            )
        )
    return found
