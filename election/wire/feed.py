"""The tally's feed, version 1: hello, one snapshot, then numbered deltas and beats. See docs/feed.md.

All times are seconds since the epoch, UTC (the stack's clock: a rehearsal's may run fast). Votes are
in-person votes. Shares and probabilities are 0..1.
"""

from enum import StrEnum
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

VERSION = 1


class PrecinctState(StrEnum):
    """How a precinct stands. Silence is not lag (law L5)."""

    LAGGING = "lagging"
    WATCH = "watch"
    ON_PACE = "on_pace"
    SILENT = "silent"
    DOUBTFUL = "doubtful"
    CLOSED = "closed"


class _Wire(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


class PrecinctInfo(_Wire):
    """What does not change with reports. Part of the snapshot."""

    precinct_id: str
    name: str
    county: str = ""
    group: str = ""
    site_id: str = ""
    registered: int
    already_voted: int = 0
    opens_at: int
    closes_at: int
    timezone: str
    lat: float | None = None
    lon: float | None = None


class Standing(_Wire):
    """A precinct as the tally sees it now."""

    precinct_id: str
    state: PrecinctState
    reason: str = ""  # one sentence for people
    reports: int = 0  # counts accepted
    held: int = 0  # counts waiting for confirmation or a decision
    last_votes: int | None = None  # last accepted count
    last_observed_at: int | None = None
    last_received_at: int | None = None  # last word of any kind from here
    expected_now: float = 0.0
    expected_final: float = 0.0
    projected_final: float = 0.0
    lo80: float = 0.0
    hi80: float = 0.0
    lo95: float = 0.0
    hi95: float = 0.0
    p_lagging: float = 0.0
    shortfall: float = 0.0  # expected_final - projected_final where positive, votes
    gap: float = 0.0  # log ratio to peers: below 0 behind, above 0 ahead
    line_minutes: int | None = None
    line_people: int | None = None
    incidents: int = 0  # open ones
    on_post: int = 0  # watchers who said HERE
    struck_off: int = 0  # distinct roll numbers reported
    final_in: int = 0  # 1: the last accepted count is the one at close
    p_low_unwatched: float = (
        0.0  # where no count speaks (p_lagging is 0): that it would lag, by its like alone
    )
    watcher_value: float = 0.0  # where it is silent and open: votes better known if somebody counted there


class CoverageByPlace(_Wire):
    """How far fresh counts reach in one place. `coverage`: share of its expected votes."""

    scope: str  # "county:X" or "group:X"
    precincts: int
    reporting: int
    coverage: float


class Aggregate(_Wire):
    """A county or the whole election. `coverage`: share of expected votes with a fresh report.

    Where `caveat` is not empty, show `instead` in place of the projection, and the caveat as its reason.
    """

    scope: str  # "all" or "county:X"
    precincts: int
    reporting: int
    silent: int = 0
    lagging: int = 0
    closed: int = 0  # precincts whose polls have closed
    finals: int = 0  # … with their count at close
    coverage: float
    counted: int  # sum of last accepted counts
    expected_final: float
    projected_final: float
    lo80: float
    hi80: float
    lo95: float
    hi95: float
    # Votes by now. Like with like: `estimated_now` beside `expected_now` are both of all precincts;
    # `counted` beside `expected_counted` both of those that count, each at the time of its last count.
    # The bands are 80 %: of what is expected without any count of today, and of the estimate with them.
    expected_now: float = 0.0
    expected_lo80: float = 0.0
    expected_hi80: float = 0.0
    estimated_now: float = 0.0
    estimated_lo80: float = 0.0
    estimated_hi80: float = 0.0
    expected_counted: float = 0.0
    caveat: str = ""  # why the headline cannot be trusted, in words; empty when it can
    instead: str = ""  # what can be said in its place
    channels: dict[str, int] = Field(
        default_factory=dict
    )  # fresh precincts, by channel of their newest count
    thin: list[CoverageByPlace] = Field(default_factory=list)  # under-watched places inside, at most 5


class Incident(_Wire):
    number: int
    check_in_id: str
    precinct_id: str | None
    text: str
    at: int
    status: str = "open"


class UnreadMessage(_Wire):
    """A text that nobody could read, waiting for a person."""

    id: str  # its check-in: the item at the unread desk
    at: int  # received
    precinct_id: str | None = None
    watcher_id: str | None = None
    channel: str = "sms"
    text: str = ""  # as sent, cut to 300 characters


class Desks(_Wire):
    """What waits for people at the war room's desks, in the viewer's counties, by the log alone."""

    unread: int = 0
    unknown: int = 0  # phones that nobody knows
    held: int = 0  # counts intake asked about, neither confirmed nor decided
    messages: list[UnreadMessage] = Field(default_factory=list)  # the oldest unread ones, at most 30


class Dispatch(_Wire):
    """A precinct open for calling."""

    precinct_id: str
    automatic: bool = False
    callers_wanted: int | None = None
    callers_now: int = 0
    callers_allocated: int = 0
    started_at: int
    started_by: str = ""
    reason: str = ""
    hold: str = ""  # why it rests for now
    missing_at_start: int = 0
    calls: int = 0
    calling: int | None = None  # callers who hold a voter there now
    reachable: int | None = None  # voters who may be called now; None: not counted
    promises: int = 0  # of these calls
    why_idle: str = ""  # where nobody calls and nothing holds it
    remaining: int | None = None  # voters left at all, those who rest for now with them


class CallProposal(_Wire):
    """Whom the call desk would send where, for staff to accept."""

    precinct_id: str
    callers: int
    missing: int
    reachable: int
    sentence: str
    votes: float = 0.0  # expected by close
    urgent: bool = True  # surely behind; else one that is watched


class DispatchEnd(_Wire):
    """A dispatch that is over, of a precinct that is behind."""

    precinct_id: str
    ended_at: int
    reason: str
    calls: int = 0
    promises: int = 0


class CallObstacle(_Wire):
    """A precinct that is behind where callers cannot help now."""

    precinct_id: str
    reason: str


class UnclaimedRides(_Wire):
    """Rides of a precinct that nobody has taken and that can wait no longer. No voter is named."""

    precinct_id: str
    rides: int
    sentence: str


class ReachedTurnout(_Wire):
    """Votes cast in a silent precinct by what people reached there said: an estimate no watcher sent. It is
    never part of the standings.
    """

    precinct_id: str
    at: int
    reached: int  # households
    voted: int  # of these, said that they have voted
    votes: int
    lo80: int
    hi80: int
    lo95: int
    hi95: int


class ReachedCheck(_Wire):
    """How people reached stand to the counts, in precincts that have both."""

    precincts: int = 0
    inside: int = 0  # whose count lay in the 80 % interval that the others gave
    ratio: float = 1.0  # of what people reached say to what was counted; estimates are rid of it
    calibrated: bool = False


class Calls(_Wire):
    """The call desk, in the viewer's counties, as it last answered."""

    dispatches: list[Dispatch] = Field(default_factory=list)
    proposals: list[CallProposal] = Field(default_factory=list)  # the most urgent, at most 100
    ended: list[DispatchEnd] = Field(default_factory=list)
    obstacles: list[CallObstacle] = Field(default_factory=list)
    rides: list[UnclaimedRides] = Field(default_factory=list)
    reached: list[ReachedTurnout] = Field(default_factory=list)  # of silent precincts
    reached_check: ReachedCheck | None = None
    silent_since: int | None = None  # it has not answered since then: all this is old. None: it answers


class FeedClock(_Wire):
    now: float
    speed: float = 1.0


class Hello(_Wire):
    type: Literal["hello"] = "hello"
    v: int = VERSION
    engine: str  # changes when the numbering starts anew
    election: str
    date: str
    timezone: str
    rehearsal: bool = False
    clock: FeedClock


class Snapshot(_Wire):
    """Everything, columnar: `precincts[name][i]` and `standings[name][i]` belong to `precinct_id[i]`."""

    type: Literal["snapshot"] = "snapshot"
    v: int = VERSION
    seq: int
    at: float
    clock: FeedClock
    precincts: dict[str, list[object]]
    standings: dict[str, list[object]]
    aggregates: list[Aggregate]
    incidents: list[Incident] = Field(default_factory=list)
    desks: Desks | None = None  # None: not for this viewer's role
    calls: Calls | None = None  # None: the same, or the call desk has never been heard


class Delta(_Wire):
    """What changed since `seq - 1`: whole standings of the precincts named, aggregates that changed.

    `desks` and `calls` replace what was there; None: unchanged. `news` names what has changed and is not
    here: a page that shows it asks for it (the war room's alerts, a desk's queue; `docs/feed.md`).
    """

    type: Literal["delta"] = "delta"
    v: int = VERSION
    seq: int
    at: float
    standings: list[Standing] = Field(default_factory=list)
    aggregates: list[Aggregate] = Field(default_factory=list)
    incidents: list[Incident] = Field(default_factory=list)
    desks: Desks | None = None
    calls: Calls | None = None
    news: list[str] = Field(default_factory=list)


class Beat(_Wire):
    """The tally lives, and this is its clock. Sent each second in which no delta went out, or the clock runs
    at another speed than real time (a rehearsal's)."""

    type: Literal["beat"] = "beat"
    v: int = VERSION
    seq: int
    at: float
    speed: float = 1.0  # stack seconds a second
    stored_behind: float = 0.0  # seconds since the follower last heard from the database
