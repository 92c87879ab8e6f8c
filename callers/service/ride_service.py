"""Rides as drivers and staff are answered: who may see what of one, and why there is none, in words."""

from collections.abc import Callable
from datetime import datetime, timedelta
from uuid import UUID

from callers.queue.lease import CallerOnDuty
from callers.rides import urgency
from callers.rides.ride import RideRefusedError
from callers.rides.ride_row import RideRow
from callers.rides.ride_rows import UnknownRideError
from callers.rides.rides import MOST_TAKEN, Rides
from callers.rides.wording import reason
from callers.rules.policy import may_dial
from callers.service.calling_service import CallingService
from election.access.audit import record
from election.wire.rides import (
    DriverLine,
    RideAct,
    RideActReport,
    RideAlarm,
    RideAnswer,
    RideLine,
    RideList,
    RideView,
)

_SAID = 300  # characters of a text at the desk
_LOOKED = timedelta(minutes=15)  # a desk that stays open is one look


class RideService:
    """What the driver's page and the desk ask; one for each application."""

    def __init__(self, service: CallingService) -> None:
        self._service = service
        self._looked: dict[str, datetime] = {}

    @property
    def _rides(self) -> Rides:
        return self._service.rides

    async def current(self, driver: CallerOnDuty) -> RideView | None:
        """The ride a driver has, or is offered."""
        found = await self._rides.held(driver.caller_id, self._service.time.now())
        return self._shown(found, driver.caller_id) if found else None

    async def next(self, driver: CallerOnDuty) -> RideAnswer:
        """The ride a driver has, else one offered to them alone, else why there is none."""
        found = await self._next(driver)
        self._service.idle.hear(driver.caller_id, found.reason)
        return found

    async def _next(self, driver: CallerOnDuty) -> RideAnswer:
        now = self._service.time.now()
        car = await self._rides.rows.driver(driver.caller_id)
        if car is None:
            return _none(driver, "no_car")
        held = await self._rides.held(driver.caller_id, now)
        if held is None and await self._rides.rows.taken_lately(driver.caller_id, now) >= MOST_TAKEN:
            return _none(driver, "too_fast")
        found = held or await self._rides.offer(car, now)
        return RideAnswer(ride=self._shown(found, driver.caller_id)) if found else _none(driver, "none")

    async def act(
        self, driver: CallerOnDuty, ride_id: UUID, act_id: UUID, report: RideActReport
    ) -> RideAnswer:
        """Does what a driver pressed, once. Raises `UnknownRideError`, `RideRefusedError`."""
        now = self._service.time.now()
        if (
            report.act is RideAct.TAKE
            and await self._rides.rows.taken_lately(driver.caller_id, now) >= MOST_TAKEN
        ):
            raise RideRefusedError("too_fast")
        counted = self._service.metrics.ride_acts
        try:
            done = await self._rides.act(
                ride_id, act_id, report.act, driver.caller_id, now, _believed(report.said_at, now)
            )
        except RideRefusedError as error:
            counted.labels(report.act.value, error.reason).inc()
            raise
        counted.labels(report.act.value, "done").inc()
        mine = done.ride.driver == driver.caller_id and not done.ride.ended
        return RideAnswer(ride=self._shown(done, driver.caller_id) if mine else None)

    def _shown(self, found: RideRow, driver_id: str) -> RideView:
        """What this driver may see of a ride: who and where only while it is theirs."""
        row, ride, service = found.row, found.ride, self._service
        zone = service.places.zone(found.precinct_id)
        shown = RideView(
            ride_id=found.ride_id, state=ride.state, home=ride.at_polls, precinct_id=found.precinct_id,
            polling_place=service.places.name(found.precinct_id), timezone=zone or "UTC",
            by_when=self._rides.places.due(row), seats=row["seats"], wheelchair=row["wheelchair"],
            return_trip=ride.return_trip, expires_at=row["expires_at"],
        )  # fmt: skip
        if not ride.shown_to(driver_id):
            return shown
        person = found.person
        hours = may_dial(service.time.now(), row["timezone"] or zone, service.settings.rules)
        phone = person.phone if hours and not row["opted_out"] else ""
        return shown.model_copy(update={"name": person.name, "address": person.address, "phone": phone})

    # ------------------------------------------------------------------ staff

    async def desk(self, account: str, sees: Callable[[str], bool]) -> RideList:
        """The desk's rides: unclaimed first, the most urgent of them at the top. The look is audited."""
        now, rides = self._service.time.now(), self._rides
        found = [one for one in await rides.rows.live() if sees(one.precinct_id)]
        if found and now - self._looked.get(account, now - _LOOKED) >= _LOOKED:
            self._looked[account] = now
            async with self._service.pool.acquire() as connection:
                await record(connection, now, account, "rides looked at", "rides", {"rides": len(found)})  # type: ignore[arg-type]
        people = await rides.rows.drivers(now)
        said = await rides.rows.said([one.person.phone for one in found] + [d["phone"] for d in people], now)
        lines = [
            self.line(one, now).model_copy(update={"said": said.get(one.person.phone, "")[:_SAID]})
            for one in found
        ]
        lines.sort(key=lambda one: (one.driver_id != "" and one.state != "wanted", -one.level, one.by_when))
        counts: dict[str, int] = {}
        for row in await rides.rows.counts(now):
            if sees(row["precinct_id"]):
                counts[row["state"]] = counts.get(row["state"], 0) + row["n"]
        drivers = [
            DriverLine(
                driver_id=d["caller_id"], name=d["name"], seats=d["seats"], wheelchair=d["wheelchair"],
                busy=d["busy"], brought=d["brought"], said=said.get(d["phone"], "")[:_SAID],
            )
            for d in people
        ]  # fmt: skip
        return RideList(rides=lines, drivers=drivers, counts=counts)

    async def of_rider(self, words: str, account: str, sees: Callable[[str], bool]) -> RideList:
        """The day's rides of riders by this name, where `sees` says so. The look is audited, not the name."""
        now = self._service.time.now()
        found = [one for one in await self._rides.rows.of_rider(words, now) if sees(one.precinct_id)]
        async with self._service.pool.acquire() as connection:
            await record(connection, now, account, "rider looked for", "rides", {"rides": len(found)})  # type: ignore[arg-type]
        return RideList(rides=[self.line(one, now) for one in found], drivers=[], counts={})

    def line(self, found: RideRow, now: datetime) -> RideLine:
        """One ride as staff see it."""
        row, ride, waits = found.row, found.ride, self._rides.rows.unclaimed(found.row)
        open_ = ride.unclaimed and not ride.ended
        return RideLine(
            ride_id=found.ride_id, voter_id=found.voter_id, name=found.person.name,
            precinct_id=found.precinct_id, polling_place=self._service.places.name(found.precinct_id),
            address=found.person.address, by_when=waits.due, seats=row["seats"],
            wheelchair=row["wheelchair"], return_trip=ride.return_trip, home=ride.at_polls,
            state=ride.state, driver_id=ride.driver, driver=row["driver"] or "", wanted_at=row["wanted_at"],
            since=row["since"], level=urgency.level(waits, now) if open_ else 0,
            why=urgency.why(waits, now) if open_ else "",
        )  # fmt: skip

    async def alarms(self, sees: Callable[[str], bool]) -> list[RideAlarm]:
        """Precincts where rides can wait no longer, without a voter's name."""
        if self._service.queue.sealed_off:
            return []
        now = self._service.time.now()
        by_place: dict[str, list[urgency.Unclaimed]] = {}
        for one in await self._rides.rows.live():
            if one.ride.unclaimed and sees(one.precinct_id):
                by_place.setdefault(one.precinct_id, []).append(self._rides.rows.unclaimed(one.row))
        found = []
        for precinct_id, waiting in by_place.items():
            if said := urgency.sentence(waiting, now):
                urgent = sum(urgency.level(one, now) == urgency.URGENT for one in waiting)
                found.append(RideAlarm(precinct_id=precinct_id, rides=urgent, sentence=said))
        return found


def _none(driver: CallerOnDuty, key: str) -> RideAnswer:
    return RideAnswer(reason=key, message=reason(driver.reads, key))


def refused(driver: CallerOnDuty, error: RideRefusedError | UnknownRideError) -> RideAnswer:
    """Why an act was not done, for the driver."""
    return _none(driver, error.reason if isinstance(error, RideRefusedError) else "ended")


def _believed(said_at: datetime | None, now: datetime) -> datetime | None:
    """When it was pressed, by the phone, where that can be."""
    return said_at if said_at and now - timedelta(hours=20) <= said_at <= now else None
