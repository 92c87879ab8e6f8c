"""Doors on the wire: what a canvasser's phone holds of a walk list. Part of the callers' API."""

from datetime import datetime
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field


class PersonView(BaseModel):
    """A voter behind a door. `gone`: what was said, or why to leave them alone; empty: to be visited."""

    lease_id: UUID
    name: str = Field(repr=False)
    address: str = Field(default="", repr=False)  # with the flat, where there is one
    language: str = ""
    gone: str = ""  # an outcome, or voted, do_not_call, finished, hours, ended


class DoorView(BaseModel):
    """One building, this canvasser's alone until the lease is over: then a phone forgets it."""

    door_id: UUID
    address: str = Field(repr=False)
    left_seconds: float  # real ones, unless the canvasser does something
    people: list[PersonView]


class WalkPlace(BaseModel):
    """A precinct whose doors may be asked for."""

    precinct_id: str
    name: str


class DoorsAnswer(BaseModel):
    """The doors a canvasser holds in walking order; without any, why, and where there may be some."""

    doors: list[DoorView] = Field(default_factory=list)
    precinct_id: str = ""
    precinct: str = ""
    polling_place: str = ""
    opens_at: datetime | None = None
    closes_at: datetime | None = None
    timezone: str = "UTC"
    places: list[WalkPlace] = Field(default_factory=list)
    reason: str = ""  # choose, not_open, hours, empty, too_fast
    message: str = ""


class DoorsOrder(BaseModel):
    """`POST /api/doors/next`: more doors, up to a batch; who holds some gets more of the same precinct."""

    model_config = ConfigDict(extra="ignore")

    precinct_id: str = Field(default="", max_length=64)
