"""Messages, readings and check-ins: the three forms one report takes on its way.

A *message* is what arrived, byte for byte. A *reading* is what the grammar understood in it; a message has
one or more. A *check-in* is a reading with its place in the log: who, where, when. Staff decisions are
check-ins too (channel `staff`), so that a recount from raw messages reproduces them.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType
from typing import Any, NamedTuple

from election.domain.ids import CheckInId, MessageId, PrecinctId, WatcherId

GRAMMAR = 4  # of how messages are read (intake/reading): grows where the same words read differently


class Kind(StrEnum):
    """What a text, a form entry or a staff decision says."""

    COUNT = "count"  # cumulative in-person votes
    FIX = "fix"  # supersedes the sender's last report there
    UNDO = "undo"  # withdraws the sender's last report there
    FINAL = "final"  # count at close
    VOTERS = "voters"  # roll numbers struck off
    LINE = "line"  # wait in minutes, or people
    INCIDENT = "incident"
    HERE = "here"
    AWAY = "away"
    READY = "ready"  # roll call
    HELP = "help"  # detail.about: what is asked that the election folder knows; answered at once
    STOP = "stop"
    START = "start"
    QUESTION = "question"  # could be read two ways: nothing is counted, the answer asks
    UNREAD = "unread"  # nobody could read it: kept for the war room's desk
    CONFIRM = "confirm"  # yes: to the sender's open question, if there is one; detail.choice: one of two
    DENY = "deny"  # no: the same
    NOTED = "noted"  # a reaction, thanks, an automatic reply: kept, on no desk, unanswered
    RESOLVED = "resolved"  # the sender's open incident is over
    # staff decisions
    ACCEPT = "accept"  # detail.target: check-in id
    REJECT = "reject"  # detail.target: check-in id
    HOURS = "hours"  # detail.opens_at / detail.closes_at: ISO 8601, UTC; precinct_id, or detail.county
    TIE = "tie"  # detail.phone, detail.watcher_id, detail.precinct_ids
    ASSIGN = "assign"  # detail.watcher_id, detail.precinct_ids
    NOTE = "note"  # detail.text: an annotation ("polls opened late")
    RESOLVE = "resolve"  # detail.incident, detail.status; or detail.desk, detail.item: seen, nothing to count
    ASKED = "asked"  # detail.of, detail.sender: intake asked the sender of a count whether it is right
    REREAD = "reread"  # detail.message, detail.item, detail.supersedes, detail.entries (decision 0010)


COUNTED = frozenset({Kind.COUNT, Kind.FIX, Kind.FINAL})
OF_SITES = COUNTED | {Kind.UNDO}  # what may be said of a whole polling site
STAFF = frozenset(
    {
        Kind.ACCEPT, Kind.REJECT, Kind.HOURS, Kind.TIE, Kind.ASSIGN, Kind.NOTE, Kind.RESOLVE, Kind.ASKED,
        Kind.REREAD,
    }
)  # fmt: skip


class Channel(StrEnum):
    SMS = "sms"
    FORM = "form"
    HOTLINE = "hotline"
    CSV = "csv"
    STAFF = "staff"


class Message(NamedTuple):
    """What arrived, before anybody read it. Times are UTC.

    `sent_at` is the provider's or phone's own time where it gives a credible one, else `received_at`.
    `incident_number` (the journal's row number) names an incident without asking a database.
    """

    message_id: MessageId
    provider: str
    provider_message_id: str
    channel: Channel
    sender: str  # E.164 phone, or `form:WATCHER`, `staff:LOGIN`
    body: str  # the words as sent (for a form or a decision: its JSON)
    raw: bytes  # the request body, untouched
    received_at: datetime
    sent_at: datetime
    roster_version: str  # the roster it was first read against
    journal: str = ""  # which journal took it
    journal_seq: int = 0
    rehearsal: bool = False  # taken while intake rehearsed: never mixed with election day
    grammar: int = GRAMMAR  # the version that read it


class Reading(NamedTuple):
    """One thing a message says. Fields that do not apply are None / False / empty."""

    kind: Kind
    precinct_id: PrecinctId | None = None
    votes: int | None = None
    observed_at: datetime | None = None  # aware; None means "when it was sent"
    roll_numbers: tuple[int, ...] = ()
    minutes: int | None = None
    people: int | None = None
    text: str | None = None  # an incident's words
    held: str | None = None  # why a count waits for confirmation, e.g. above_registered
    off_roster: bool = False  # a known watcher reports a precinct that is not theirs
    unknown_sender: bool = False
    question: str | None = None  # which question to ask (a catalogue key)
    guess: str | None = None  # the text that would confirm the likely meaning
    detail: Mapping[str, Any] = MappingProxyType({})  # staff decisions


@dataclass(frozen=True, slots=True)
class CheckIn:
    """One entry of the append-only log. Never updated, never deleted.

    `sort_key` orders entries without regard to arrival (law L3).
    """

    check_in_id: CheckInId
    message_id: MessageId
    part: int
    kind: Kind
    channel: Channel
    precinct_id: PrecinctId | None
    watcher_id: WatcherId | None
    sender: str
    observed_at: datetime
    sent_at: datetime
    received_at: datetime
    votes: int | None = None
    detail: dict[str, Any] = field(default_factory=dict)
    rehearsal: bool = False  # as its message

    @property
    def sort_key(self) -> tuple[datetime, datetime, bytes]:
        return (self.observed_at, self.received_at, self.check_in_id.bytes)
