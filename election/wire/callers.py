"""The callers' JSON API: leases and outcomes for a caller's page, dispatches for the war room.

A caller authenticates with `Authorization: Bearer` and the token of their link; the war room with a service
token. Times are ISO 8601 with an offset. Documented at `/openapi.json` of the service.
"""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field


class Outcome(StrEnum):
    """What came of a call. What follows from each: `callers/policy.py`."""

    WILL_VOTE = "will_vote"
    ALREADY_VOTED = "already_voted"
    NO_ANSWER = "no_answer"
    CALL_BACK = "call_back"
    WRONG_NUMBER = "wrong_number"
    DO_NOT_CALL = "do_not_call"
    REFUSED = "refused"
    MOVED = "moved"
    OTHER_LANGUAGE = "other_language"


class VoterOnLease(BaseModel):
    """The one voter a caller may see, and may call until `expires_at` (a heartbeat extends it)."""

    lease_id: UUID
    voter_id: str
    name: str
    phone: str
    language: str = ""
    precinct_id: str
    precinct: str
    polling_place: str
    closes_at: datetime
    timezone: str
    expires_at: datetime
    script: list[str] = Field(default_factory=list)
    missing_at_start: int = 0  # votes missing in the precinct when this dispatch began
    missing_now: int | None = None  # None: the tally has not been heard for a while


class LeaseAnswer(BaseModel):
    """`POST /api/lease`: a voter, or why there is none and when to ask again (stack seconds)."""

    voter: VoterOnLease | None = None
    reason: str = ""  # a key: no_dispatch, hours, resting, language, unreachable_database, busy
    message: str = ""  # the same in words
    ask_again_seconds: float = 0.0


class LeaseId(BaseModel):
    """`POST /api/heartbeat`, `POST /api/dial`, `POST /api/release`."""

    model_config = ConfigDict(extra="ignore")

    lease_id: UUID


class StillYours(BaseModel):
    """Whether the lease still stands: consent was looked up again just now. If not, do not call."""

    live: bool
    phone: str = Field(default="", repr=False)  # the answer to `dial` alone
    expires_at: datetime | None = None
    reason: str = ""  # expired, voted, do_not_call, hours, closed, stopped, ended
    message: str = ""


class OutcomeReport(BaseModel):
    """`PUT /api/outcomes/{lease_id}`. Idempotent by `outcome_id`, which the client makes up once."""

    model_config = ConfigDict(extra="ignore")

    outcome_id: UUID
    outcome: Outcome
    call_back_at: datetime | None = None
    language: str | None = Field(default=None, pattern="^[a-z]{2,3}$")


class OutcomeReceipt(BaseModel):
    lease_id: UUID
    outcome: Outcome
    duplicate: bool = False
    undo_until: datetime


class DispatchOrder(BaseModel):
    """`POST /dispatches`: staff send callers to a precinct. None: as many as the allocation gives."""

    model_config = ConfigDict(extra="forbid")

    precinct_id: str = Field(max_length=64)
    callers_wanted: int | None = Field(default=None, ge=1, le=10_000)


class DispatchView(BaseModel):
    """A precinct open for calling. `reason` and `hold` are sentences for people."""

    dispatch_id: UUID
    precinct_id: str
    precinct: str = ""
    automatic: bool
    callers_wanted: int | None = None
    callers_now: int = 0
    callers_allocated: int = 0
    started_at: datetime
    started_by: str
    reason: str
    hold: str = ""
    missing_at_start: int = 0
    missing_now: int | None = None
    reachable: int | None = None
    calls: int = 0


class Proposal(BaseModel):
    """What the service would send where, for staff to accept with one tap."""

    precinct_id: str
    precinct: str = ""
    callers: int
    missing: int
    reachable: int
    sentence: str


class DispatchList(BaseModel):
    """`GET /dispatches`. `feed_age_seconds`: how old the standings behind it are (None: never heard)."""

    dispatches: list[DispatchView]
    proposals: list[Proposal] = Field(default_factory=list)
    feed_age_seconds: float | None = None
