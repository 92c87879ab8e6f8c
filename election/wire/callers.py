"""The callers' JSON API: leases and outcomes for a caller's page, dispatches for the war room.

A caller authenticates with `Authorization: Bearer` and the token of their link; the war room with a service
token. Times are ISO 8601 with an offset. Documented at `/openapi.json` of the service.
"""

from datetime import datetime
from enum import StrEnum
from typing import Literal
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from election.wire.rides import RideAlarm


class Outcome(StrEnum):
    """What came of a call. What follows from each: `callers/rules/policy.py`."""

    WILL_VOTE = "will_vote"
    ALREADY_VOTED = "already_voted"
    NO_ANSWER = "no_answer"
    CALL_BACK = "call_back"
    WRONG_NUMBER = "wrong_number"
    DO_NOT_CALL = "do_not_call"
    REFUSED = "refused"
    MOVED = "moved"
    OTHER_LANGUAGE = "other_language"
    ABUSIVE = "abusive"  # the caller was abused; their captain sees it
    WILL_VOTE_AT = "will_vote_at"  # `said_at`: when
    NEEDS_RIDE = "needs_ride"
    NEEDS_INFORMATION = "needs_information"  # `need`: what
    AT_WORK = "at_work"  # `said_at`: until when
    SOMEONE_ELSE = "someone_else"  # of the household, answered
    LONG_LINE = "long_line"  # at the polling place, as the voter says; `line_minutes`
    LEFT_MESSAGE = "left_message"


class NextMove(StrEnum):
    """What follows from an outcome, at a time that `callers/rules/policy.py` sets."""

    CALL = "call"  # called again at an agreed time, before others
    RETRY = "retry"  # nobody was reached: called again after a rest
    STAFF = "staff"  # staff see to it
    WATCH = "watch"  # said they will vote: only a strike-off is waited for
    NONE = ""


class MoveState(StrEnum):
    """How a next move stands: `kept` once the voter is struck off, `broken` from an hour before the close."""

    OPEN = "open"
    KEPT = "kept"
    BROKEN = "broken"


Need = Literal["place", "hours", "papers", "language"]


class VoterOnLease(BaseModel):
    """The one voter a caller holds, and may call until `expires_at` (a heartbeat extends it).

    `voter_id`, `name`, `phone` and `script` are empty until the caller dials (`shown`): the answer to `dial`
    brings them. Who gives a voter back without dialling has seen nobody.
    """

    lease_id: UUID
    voter_id: str = ""
    name: str = ""
    phone: str = ""
    language: str = ""
    precinct_id: str
    precinct: str
    polling_place: str
    closes_at: datetime
    timezone: str
    expires_at: datetime
    script: list[str] = Field(default_factory=list)
    opens_at: datetime | None = None
    said_before: str = ""  # on an earlier call, in words; empty until the caller dials
    missing_at_start: int = 0  # votes missing in the precinct when this dispatch began
    missing_now: int | None = None  # None: the tally has not been heard for a while
    shown: bool = False  # dialled: who it is stands above


class CallUnreported(BaseModel):
    """A voter shown before, whose outcome has not come: `PUT /api/outcomes/{lease_id}` takes it."""

    lease_id: UUID
    name: str = Field(repr=False)
    precinct: str
    timezone: str
    dialled_at: datetime


class LeaseAnswer(BaseModel):
    """`POST /api/lease`: a voter, or why there is none and when to ask again (stack seconds)."""

    voter: VoterOnLease | None = None
    # a key: no_dispatch, hours, resting, language, empty, too_fast, unreported, unreachable_database
    reason: str = ""
    message: str = ""  # the same in words
    ask_again_seconds: float = 0.0
    unreported: list[CallUnreported] = Field(
        default_factory=list
    )  # `unreported`: say first what came of these


class LeaseId(BaseModel):
    """`POST /api/heartbeat`, `POST /api/dial`, `POST /api/release`."""

    model_config = ConfigDict(extra="ignore")

    lease_id: UUID


class LeaseStatus(BaseModel):
    """Whether the lease still stands: consent was looked up again just now. If not, do not call."""

    live: bool
    phone: str = Field(default="", repr=False)  # the answer to `dial` alone
    expires_at: datetime | None = None
    # expired, voted, do_not_call, hours, closed, stopped, ended; too_fast (429) and unreported: still yours,
    # and not shown now
    reason: str = ""
    message: str = ""
    voter: VoterOnLease | None = Field(default=None, repr=False)  # the answer to `dial` alone: who it is
    ask_again_seconds: float = 0.0  # too_fast: when to dial again (stack seconds)


class OutcomeReport(BaseModel):
    """`PUT /api/outcomes/{lease_id}`. Idempotent by `outcome_id`, which the client makes up once."""

    model_config = ConfigDict(extra="ignore")

    outcome_id: UUID
    outcome: Outcome
    call_back_at: AwareDatetime | None = None
    call_back_local: str | None = Field(default=None, pattern=r"^([01]\d|2[0-3]):[0-5]\d$")  # at the precinct
    language: str | None = Field(default=None, pattern="^[a-z]{2,3}$")
    said_at: AwareDatetime | None = None  # a time the voter named: will_vote_at, at_work
    said_local: str | None = Field(default=None, pattern=r"^([01]\d|2[0-3]):[0-5]\d$")  # at the precinct
    need: Need | None = None  # needs_information
    line_minutes: int | None = Field(default=None, ge=0, le=600)  # long_line
    seats: int | None = Field(default=None, ge=1, le=12)  # needs_ride: how many ride along
    wheelchair: bool = False  # needs_ride
    texts: bool = False  # needs_ride, will_vote_at: the voter asked to be texted about it


class ScriptTrialOrder(BaseModel):
    """`POST /trials`: which words work better. The rule is stated here, before the first call."""

    model_config = ConfigDict(extra="forbid")

    variants: dict[str, dict[str, list[str]]] = Field(min_length=2, max_length=6)  # name -> language -> lines
    alpha: float = Field(default=0.05, gt=0, lt=0.5)  # chance of naming a winner where there is none
    spread: float = Field(default=0.05, gt=0, le=1)  # the size of difference one expects, as a share
    most_answers: int = Field(default=2_000, ge=30)  # of each variant; then it ends undecided


class VariantView(BaseModel):
    """One row of the outcome table. `low` and `high`: 95 % interval of `rate`, promises among answers."""

    variant: str
    calls: int
    answers: int
    promises: int
    rate: float
    low: float
    high: float


class TrialView(BaseModel):
    """`GET /trials`: the live trial, else the last one."""

    over: bool
    winner: str | None
    sentence: str
    started_at: datetime
    alpha: float
    spread: float
    most_answers: int
    variants: list[VariantView]


class ListOrder(BaseModel):
    """`POST /lists`: voters for a dialer or a sheet; nobody else calls them while it is good."""

    model_config = ConfigDict(extra="forbid")

    precinct_id: str = Field(max_length=64)
    lines: int = Field(default=100, ge=1, le=1_000)
    kind: str = Field(default="dialer", pattern="^(dialer|sheet)$")
    hours: float = Field(default=2, gt=0, le=14)


class ListView(BaseModel):
    list_id: UUID
    precinct_id: str
    lines: int
    until: datetime
    csv_path: str  # the list as CSV; its outcomes come back by POST to the same path


class LineProblem(BaseModel):
    line: int
    problem: str


class RecordedOutcomes(BaseModel):
    """`POST /lists/{list_id}`: CSV `lease_id,outcome[,call_back_at][,language]`. Send it again freely."""

    recorded: int
    repeated: int
    problems: list[LineProblem]


class PhoneBankOrder(BaseModel):
    """`POST /phone-banks`: volunteers sign themselves up with its code until it ends."""

    model_config = ConfigDict(extra="forbid")

    name: str = Field(min_length=1, max_length=80)
    most_callers: int = Field(default=200, ge=1, le=10_000)
    hours: float = Field(default=12, gt=0, le=48)
    role: Literal["caller", "driver", "canvasser"] = "caller"  # what its volunteers do


class PhoneBankView(BaseModel):
    code: str
    name: str
    most_callers: int
    joined: int
    ends_at: datetime
    join_path: str  # below the address of this service, as callers reach it
    captain_path: str  # who is on, rates, idle: for the captain alone
    role: Literal["caller", "driver", "canvasser"] = "caller"


class PhoneBanks(BaseModel):
    phone_banks: list[PhoneBankView]


class CallerAtWork(BaseModel):
    """One line of `GET /floor`. Minutes of stack time; null where it does not apply."""

    caller_id: str
    name: str
    languages: list[str]
    precinct_id: str
    minutes_on_call: float | None
    minutes_idle: float | None
    calls: int
    calls_last_hour: int
    answered: int
    abusive: int
    barred: bool
    phone_bank: str = ""  # its code; empty: known by name
    joined_from: str = ""  # fingerprint of the address they signed up from
    shown: int = 0  # voters shown today
    unreported: int = 0  # of these, without an outcome and no longer held
    given_back: int = 0  # voters given back today, shown or not
    odd: bool = False  # so many unreported or given back that somebody should look
    why_idle: str = ""  # idle: why they have nobody to call, in words


class CanvasserAtWork(BaseModel):
    """Who walks where. Minutes of stack time; null where it does not apply."""

    caller_id: str
    name: str
    precinct_id: str  # where they hold doors, or held the last ones; empty: nowhere yet
    precinct: str = ""
    doors: int  # held now
    left: int  # voters behind these, not visited yet
    visited: int  # doors of today
    told: int  # outcomes of today
    reached: int  # of these, spoken to
    minutes_idle: float | None  # since their last act, where they hold no doors
    why_idle: str = ""
    barred: bool = False
    phone_bank: str = ""


class DriverAtWork(BaseModel):
    """Who drives, and who waits for a ride. No rider is named."""

    caller_id: str
    name: str
    seats: int
    precinct_id: str  # of their ride, or of the last one
    precinct: str = ""
    ride: str  # its state; empty: none
    minutes: float | None  # in that state
    brought: int  # voters, today
    minutes_idle: float | None  # since their last act, where they have no ride
    why_idle: str = ""
    phone_bank: str = ""


class SignUps(BaseModel):
    """Volunteers who signed up from one address (a fingerprint: nobody reads an address back)."""

    address: str
    callers: int
    barred: int
    shown: int
    first_at: datetime
    last_at: datetime


class PromiseCount(BaseModel):
    """Voters of a precinct who said within an hour that they will vote, by what came of it."""

    precinct_id: str
    precinct: str
    hour: datetime  # its beginning, when they said so
    open: int
    kept: int
    broken: int


class NextMoveCount(BaseModel):
    """Voters whose last word this was, by what came of it."""

    outcome: Outcome
    move: NextMove
    open: int
    kept: int
    broken: int


class NextMoveLine(BaseModel):
    """One voter who waits for a next move. No name: who may see one looks the id up in the roll."""

    voter_id: str
    precinct_id: str
    outcome: Outcome
    move: NextMove
    at: datetime  # when it was said
    due_at: datetime | None  # None: no time of its own
    said_at: datetime | None
    need: str
    line_minutes: int | None
    state: MoveState


class NextMoveList(BaseModel):
    """`GET /next-moves?move=`: what is still open, soonest first; at most 2,000."""

    moves: list[NextMoveLine]


class CallHour(BaseModel):
    """A precinct's calls of one hour: voters spoken to, and those who promised to vote."""

    precinct_id: str
    precinct: str
    hour: datetime  # its beginning
    calls: int
    reached: int
    promised: int
    doors: int = 0  # of the calls: visits at a door


class ListPace(BaseModel):
    """How far a list is. At the last hour's pace a share `by_close` will have been reached at `until`."""

    listed: int | None  # voters left, and those done with; None: not counted
    reached: int
    left: int | None
    per_hour: float | None  # voters; None: calling has hardly begun
    by_close: float | None
    until: datetime


class DispatchPace(BaseModel):
    """A precinct open for calling, with its list."""

    precinct_id: str
    precinct: str
    pace: ListPace


class FloorView(BaseModel):
    """`GET /floor`: who calls now, and what came of today's calls. No voter is named."""

    callers: list[CallerAtWork]
    waiting: int  # pages open at this service with nothing to call
    outcomes: dict[str, int]
    sign_ups: list[SignUps] = Field(default_factory=list)  # the most first
    held_back: dict[str, int] = Field(
        default_factory=dict
    )  # refusals by budget, at this service since its start
    promises: list[PromiseCount] = Field(default_factory=list)
    next_moves: list[NextMoveCount] = Field(default_factory=list)
    hours: list[CallHour] = Field(default_factory=list)
    precincts: list[DispatchPace] = Field(default_factory=list)
    canvassers: list[CanvasserAtWork] = Field(default_factory=list)
    drivers: list[DriverAtWork] = Field(default_factory=list)


class BarOrder(BaseModel):
    """`PUT /floor/{caller_id}`: takes a caller's link away, or gives it back."""

    barred: bool


class LinkOrder(BaseModel):
    """`POST /links`: a link of a volunteer, or of a phone bank's captain (`subject` its code; "": of all)."""

    kind: Literal["captain", "caller", "driver", "canvasser"]
    subject: str = Field(max_length=200)


class LinkView(BaseModel):
    path: str  # below the address of this service, as people reach it


class LinksOrder(BaseModel):
    """`POST /links/end`: ends every link of these volunteers or phone banks; the next one is good."""

    kind: Literal["captain", "caller", "driver", "canvasser"]
    subjects: list[str] = Field(default_factory=list, max_length=10_000)
    everybody: bool = False


class LinksEnded(BaseModel):
    subjects: int


class View(BaseModel):
    """One look at a voter: by whom, when, and whether they dialled."""

    lease_id: UUID
    voter_id: str
    precinct_id: str
    caller_id: str
    granted_at: datetime
    dialled_at: datetime | None
    ended_by: str | None


class Views(BaseModel):
    """`GET /views?voter=ID` or `?caller=ID`, newest first."""

    views: list[View]


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


class PauseOrder(BaseModel):
    """`PUT /dispatches/{precinct_id}/pause`: a dispatch rests until staff let it go on."""

    model_config = ConfigDict(extra="forbid")

    paused: bool


class ScriptOrder(BaseModel):
    """`PUT /script`: what callers say from now on, by language; others keep what they have."""

    model_config = ConfigDict(extra="forbid")

    lines: dict[str, list[str]] = Field(min_length=1, max_length=20)


class ScriptView(BaseModel):
    """`GET /script`. `trial`: several are tried, and none can be changed until that ends."""

    lines: dict[str, list[str]]
    trial: bool
    said: str  # by whom and when it was changed, or how the last trial ended; empty: our own


class DispatchLimits(BaseModel):
    """`PUT /dispatch-limits`: what may happen without staff. Holds within seconds, on every service."""

    model_config = ConfigDict(extra="forbid")

    automatic: bool
    least_probability: float = Field(ge=0, le=1)  # certainty of lag
    least_missing: float = Field(ge=0)  # votes
    most_precincts: int = Field(ge=0)  # open at once by themselves
    most_callers: int = Field(ge=1)  # in one precinct by themselves
    line_minutes: int = Field(ge=1)  # a wait as long as this holds a dispatch
    line_people: int = Field(ge=1)


class LimitsView(DispatchLimits):
    """`GET /dispatch-limits`. `set_by` is empty while the service's settings hold."""

    set_by: str = ""


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
    calling: int = 0  # callers who hold a voter there now; `callers_now` counts who waits there, too
    promises: int = 0  # of these calls: they will vote
    why_idle: str = ""  # where nobody calls and nothing holds it: why, in words
    remaining: int | None = None  # voters left at all, those who rest for now with them
    paused_by: str = ""  # staff, who let it rest


class Proposal(BaseModel):
    """What the service would send where, for staff to accept with one tap."""

    precinct_id: str
    precinct: str = ""
    callers: int
    missing: int
    reachable: int
    sentence: str
    votes: float = 0.0  # that these callers are expected to bring by close
    urgent: bool = True  # surely behind, by what staff set; else one that is watched


class DispatchEndView(BaseModel):
    """What came of a dispatch that is over: the newest one of a precinct that is behind."""

    precinct_id: str
    ended_at: datetime
    reason: str
    calls: int = 0
    promises: int = 0


class PastDispatch(BaseModel):
    """One line of `GET /dispatches/history`: a dispatch of the day, and what came of it."""

    precinct_id: str
    automatic: bool
    started_at: datetime
    started_by: str
    missing_at_start: int
    ended_at: datetime | None = None
    ended_reason: str = ""
    calls: int = 0
    promises: int = 0


class DispatchHistory(BaseModel):
    """`GET /dispatches/history`: the day's dispatches, the earliest first."""

    dispatches: list[PastDispatch]


class ObstacleView(BaseModel):
    """A precinct that is behind where callers cannot help now, and why."""

    precinct_id: str
    reason: str


class ReachedHour(BaseModel):
    """Households first spoken to within an hour, by what they said of having voted."""

    at: float  # mean time of these calls, epoch seconds
    reached: int
    voted: int  # said that they have
    expected: float  # sum of their turnout scores, 0..1 each
    struck: int  # voters of the precinct struck off by then


class ReachedPrecinct(BaseModel):
    """Who was spoken to in a precinct, of those listed there who have not voted early."""

    precinct_id: str
    listed: int
    expected: float  # sum of the list's turnout scores
    hours: list[ReachedHour]


class DispatchList(BaseModel):
    """`GET /dispatches`. `feed_age_seconds`: how old the standings behind it are (None: never heard)."""

    dispatches: list[DispatchView]
    proposals: list[Proposal] = Field(default_factory=list)
    ended: list[DispatchEndView] = Field(default_factory=list)
    obstacles: list[ObstacleView] = Field(default_factory=list)
    rides: list[RideAlarm] = Field(default_factory=list)  # nobody has taken them, and they can wait no longer
    feed_age_seconds: float | None = None
    reached: list[ReachedPrecinct] = Field(default_factory=list)  # asked for with `?reached=1` alone


class RollState(BaseModel):
    """`GET /roll/state`, for a watcher's phone: what is struck off, and which roll is in force there."""

    precinct_id: str
    voters: int
    names: bool  # whether the roll comes with names
    version: str  # another one: fetch the roll anew
    struck: list[str] = Field(default_factory=list)  # by whomever, as far as the log has been read
    key: str = ""  # opens the roll with names (base64); to be kept nowhere
    gone_in_seconds: float  # real ones: an hour after the polls close nothing of it is left on a phone
