"""Intake's JSON API for the war room's desks: queues, who has taken what, roll call, incidents.

`Authorization: Bearer` with a service token of role lead, staff or admin; a lead sees own counties. Pages are
keyset pages: pass `next` as `after`. Times are ISO 8601, UTC. Documented at `/openapi.json` of intake.
"""

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from election.wire.threads import Photo


class Desk(StrEnum):
    """The queues."""

    UNREAD = "unread"  # messages of known phones that nobody could read
    UNKNOWN = "unknown"  # phones that nobody knows, one item a phone
    HELD = "held"  # counts that intake asked the watcher to confirm, still unconfirmed
    SILENT = "silent"  # precincts without a word, and how far they have been reminded
    INCIDENTS = "incidents"  # open problems
    OUTBOX = "outbox"  # people whom our newest text did not reach, one item a phone
    ROLL_CALL = "rollcall"  # watchers whose phone has not been proven to reach us


class ReminderStep(BaseModel):
    """One step of reminding a silent precinct. `state` is the outbox's: waiting, sent, delivered, failed …"""

    step: int
    to: str  # watcher, backup or coordinator
    watcher_id: str | None = None
    at: datetime
    state: str


# What an incident may be about. The order decides where a text has words of several: what may hurt somebody
# comes first, and what fits nowhere else last.
OTHER = "other"
CATEGORIES = ("safety", "voter_turned_away", "late_opening", "machine", "ballots", "line", OTHER)
MATTERS = frozenset(
    {"late_opening", "machine", "ballots", "line"}
)  # a watcher's word that it is fixed ends them
ANY_MATTER = "any"  # of a word that something is fixed, and not what


class IncidentNote(BaseModel):
    """What was said of an incident: a watcher's text, or a status that staff gave it, with a note."""

    at: datetime
    by: str = ""  # the account; empty: the watcher
    status: str = ""
    category: str = ""  # what staff say it is about; empty: they did not say
    text: str = ""


class WaysNow(BaseModel):
    """What may be sent by WhatsApp now. A watcher who last wrote by it is texted by it: in free words within
    24 hours of that, then by a template approved for the purpose; everything else goes as SMS.
    """

    numbers: int = 0  # that send by WhatsApp
    templates: list[str] = Field(default_factory=list)  # purposes that have one
    waiting: dict[str, int] = Field(default_factory=dict)  # texts by way: free, template, sms
    sms: bool = True  # whether a number sends SMS: without one the rest waits, and expires


class OutboxNow(BaseModel):
    """The outbox as it is: what waits by purpose, and what became of the last day's texts by state."""

    at: datetime
    numbers: int = 0  # that we send from; with none everything waits
    waiting: dict[str, int] = Field(default_factory=dict)
    oldest: datetime | None = None  # of those that wait and may go out
    settled: dict[str, int] = Field(default_factory=dict)
    whatsapp: WaysNow | None = None  # None: no number of ours sends by it


class DeskItem(BaseModel):
    """One line of a desk. Fields that do not apply are empty. Never log words or phones."""

    id: str
    desk: Desk
    at: datetime | None = None
    precinct_id: str | None = None
    county: str = ""
    watcher_id: str | None = None
    channel: str = ""
    phone: str = ""  # unknown, outbox: in full for staff and admins, its last digits for leads
    text: str = ""
    kind: str = ""
    votes: int | None = None
    why: str = ""
    messages: int = 1  # unknown: texts from this phone; incidents: texts of this incident
    number: int | None = None  # incidents
    category: str = ""  # incidents
    status: str = ""  # incidents; outbox: what became of the text; roll call: how far it has come
    photos: list[Photo] = Field(default_factory=list)  # unread, incidents
    history: list[IncidentNote] = Field(default_factory=list)  # incidents, oldest first
    steps: list[ReminderStep] = Field(default_factory=list)
    taken_by: str = ""
    taken_until: datetime | None = None
    watcher_value: float = 0.0  # silent: votes better known if somebody counted there


class DeskPage(BaseModel):
    """`GET /desks/{desk}`. `rehearsal`: these are a rehearsal's, and must be labelled so."""

    desk: Desk
    rehearsal: bool = False
    items: list[DeskItem] = Field(default_factory=list)
    next: str | None = None  # pass as `after`; None: no more
    feed_age_seconds: float | None = None  # silent: how old the standings are (None: never heard)
    outbox: OutboxNow | None = None  # of the whole election, for staff and admins; outbox alone


class DeskCounts(BaseModel):
    """`GET /desks`: how much waits where, at most `MOST_COUNTED` each."""

    rehearsal: bool = False
    waiting: dict[Desk, int] = Field(default_factory=dict)


class ClaimedItem(BaseModel):
    """`POST /desks/{desk}/{id}/take`: yours alone until then. 409 where somebody else has it."""

    desk: Desk
    id: str
    taken_by: str
    taken_until: datetime


class Finish(BaseModel):
    """`POST /desks/{desk}/{id}/finish`: what it was. Idempotent by `key`, made up once by the page.

    `read_as`: the words as they should have been texted (unread). `tie`: whose phone it is (unknown).
    `accept`, `reject`: a count (held). `status`: an incident's. `again`: the same words are sent once more
    (outbox). `answer`: `text` goes to whoever wrote (unread). `dismiss`: seen, and nothing to count.
    """

    model_config = ConfigDict(extra="forbid")

    key: UUID
    outcome: str = Field(pattern="^(dismiss|read_as|tie|accept|reject|status|again|answer)$")
    text: str = Field(default="", max_length=1_600)
    watcher_id: str = Field(default="", max_length=64)
    status: str = Field(default="", max_length=40)
    category: str = Field(default="", max_length=40)  # an incident's, where its words sorted it wrongly
    note: str = Field(default="", max_length=500)


class RollCallCounty(BaseModel):
    """A county's roll call. A watcher of two counties is in both."""

    county: str
    watchers: int = 0
    proven: int = 0
    invited: int = 0
    wrong_number: int = 0
    opted_out: int = 0


class RollCall(BaseModel):
    """`GET /rollcall`: whose phone has been proven to reach us. Lists hold watcher ids."""

    rehearsal: bool = False
    watchers: int = 0
    proven: int = 0
    counties: list[RollCallCounty] = Field(default_factory=list)
    unproven: list[str] = Field(default_factory=list)
    wrong_number: list[str] = Field(default_factory=list)
    opted_out: list[str] = Field(default_factory=list)


class ErrorAnswer(BaseModel):
    """What an error says, and what to do."""

    error: str
    detail: dict[str, Any] = Field(default_factory=dict)
