"""Rides on the wire: what a driver sees and does, and the war room's desk. Part of the callers' API."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field


class RideState(StrEnum):
    """Where a ride stands. `brought`: the voter is at the polls, and the driver waits to take them home."""

    WANTED = "wanted"
    CLAIMED = "claimed"
    PICKED_UP = "picked_up"
    BROUGHT = "brought"
    RETURNED = "returned"
    CLOSED = "closed"
    CANCELLED = "cancelled"


class RideAct(StrEnum):
    """What is done to a ride: by its driver (the first five), by staff, or by what was heard meanwhile."""

    TAKE = "take"
    PICK_UP = "pick_up"
    BRING = "bring"
    RETURN = "return"
    GIVE_BACK = "give_back"
    ASSIGN = "assign"
    RELEASE = "release"
    CANCEL = "cancel"
    OFFER = "offer"
    LAPSE = "lapse"  # the driver was not heard of in time
    STRIKE_OFF = "strike_off"
    OPT_OUT = "opt_out"
    POLLS_CLOSED = "polls_closed"


DRIVERS_ACTS = (RideAct.TAKE, RideAct.PICK_UP, RideAct.BRING, RideAct.RETURN, RideAct.GIVE_BACK)
STAFFS_ACTS = (RideAct.ASSIGN, RideAct.RELEASE, RideAct.CANCEL)


class RideView(BaseModel):
    """One ride as its driver may see it: name, address and phone only once they have taken it."""

    ride_id: UUID
    state: RideState
    home: bool  # the voter is at the polls: this is the way home
    precinct_id: str
    polling_place: str
    timezone: str
    by_when: datetime  # at the polls; the close where the voter named no time
    seats: int
    wheelchair: bool
    return_trip: bool
    expires_at: datetime | None = None
    name: str = Field(default="", repr=False)
    address: str = Field(default="", repr=False)
    phone: str = Field(default="", repr=False)  # within calling hours


class RideAnswer(BaseModel):
    """`POST /api/rides/next` and each act: the driver's ride, or why there is none, in words."""

    ride: RideView | None = None
    reason: str = ""  # none, too_fast; of an act: voted, opted_out, closed, taken, ended, not_yours, order
    message: str = ""


class RideActReport(BaseModel):
    """`PUT /api/rides/{ride_id}/acts/{act_id}`. Idempotent by the act's id, made up once."""

    model_config = ConfigDict(extra="ignore")

    act: RideAct
    said_at: AwareDatetime | None = None  # by the driver's phone, where it was pressed without a connection


class RideOrder(BaseModel):
    """`POST /rides`: staff ask for a ride on behalf of a voter of the roll."""

    model_config = ConfigDict(extra="forbid")

    ride_id: UUID
    voter_id: str = Field(max_length=200)
    pickup: str = Field(default="", max_length=200)  # empty: the roll's address
    by_when: AwareDatetime | None = None
    seats: int = Field(default=1, ge=1, le=12)
    wheelchair: bool = False
    return_trip: bool = True
    texts: bool = False  # the voter asked to be texted about it


class RideDecision(BaseModel):
    """`POST /rides/{ride_id}`: staff assign it to a driver, take it from them, or cancel it."""

    model_config = ConfigDict(extra="forbid")

    act_id: UUID
    act: RideAct
    driver_id: str = Field(default="", max_length=200)


class RideLine(BaseModel):
    """One ride at the desk. `level`: how long it may still wait (0 calm, 1 rising, 2 urgent)."""

    ride_id: UUID
    voter_id: str
    name: str = Field(repr=False)
    precinct_id: str
    polling_place: str
    address: str = Field(repr=False)
    by_when: datetime
    seats: int
    wheelchair: bool
    return_trip: bool
    home: bool
    state: RideState
    driver_id: str
    driver: str
    wanted_at: datetime
    since: datetime
    level: int
    why: str  # the level, in words; empty: calm
    said: str = ""  # what the voter texted last, today


class DriverLine(BaseModel):
    driver_id: str
    name: str
    seats: int
    wheelchair: bool
    busy: bool
    brought: int  # voters, today
    said: str = ""  # what they texted last, today


class RideList(BaseModel):
    """`GET /rides`: what is not over, unclaimed ones first, then by when; drivers; the day in numbers."""

    rides: list[RideLine]
    drivers: list[DriverLine]
    counts: dict[str, int]


class RideAlarm(BaseModel):
    """Rides of a precinct that nobody has taken and that can hardly wait. No voter is named."""

    precinct_id: str
    rides: int
    sentence: str
