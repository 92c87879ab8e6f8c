"""A reread as entries of the log: a staff decision that says how an earlier message should have been read.

The decision carries the corrected readings themselves, not the wish to read again. So its entries are a pure
function of its own message, whatever the grammar becomes later: a recount gives them again (decision 0010).
What the message was first read as stays in the log; counts among it are rejected, incidents resolved.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid5

from pydantic import BaseModel, ConfigDict, Field

from election.domain.checkin import COUNTED, STAFF, Channel, CheckIn, Kind, Message, Reading
from election.domain.ids import PrecinctId, WatcherId, check_in_id
from intake.reading.incidents import number_of

MOST_ENTRIES = 50  # readings of one message; the grammar gives at most a few
REVERSIBLE = frozenset(Kind) - {Kind.FIX, Kind.UNDO, Kind.VOTERS}  # what a decision can take back
_NOT_CORRECTIONS = STAFF | {Kind.UNREAD}


class CorrectedEntry(BaseModel):
    """One corrected reading. `observed_at` carries an offset."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    kind: Kind
    precinct_id: str | None = Field(default=None, max_length=64)
    votes: int | None = Field(default=None, ge=0, le=1_000_000)
    observed_at: datetime
    detail: dict[str, Any] = Field(default_factory=dict)


class Rereading(BaseModel):
    """`detail` of a `reread` decision. `supersedes`: entries of the message that no longer stand."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    message: UUID
    item: UUID  # the message's first entry: what the desks show
    supersedes: list[UUID] = Field(max_length=MOST_ENTRIES)
    rejects: list[UUID] = Field(default_factory=list, max_length=MOST_ENTRIES)
    resolves: list[int] = Field(default_factory=list, max_length=MOST_ENTRIES)
    sender: str = Field(max_length=64)
    watcher_id: str | None = Field(default=None, max_length=64)
    channel: Channel
    sent_at: datetime
    entries: list[CorrectedEntry] = Field(max_length=MOST_ENTRIES)
    why: str = Field(default="", max_length=500)


def rereading_of(
    message: Message, standing: list[CheckIn], corrected: list[CheckIn], why: str = ""
) -> Rereading:
    """The decision that puts `corrected` in the place of `standing`, the entries of `message` so far."""
    return Rereading(
        message=message.message_id,
        item=check_in_id(message.message_id, 0),
        supersedes=[e.check_in_id for e in standing],
        rejects=[e.check_in_id for e in standing if e.kind in COUNTED],
        resolves=[number_of(e) for e in standing if e.kind is Kind.INCIDENT],
        sender=message.sender,
        watcher_id=next((e.watcher_id for e in corrected), None),
        channel=message.channel,
        sent_at=message.sent_at,
        entries=[
            CorrectedEntry(
                kind=e.kind,
                precinct_id=e.precinct_id,
                votes=e.votes,
                observed_at=e.observed_at,
                detail=e.detail,
            )
            for e in corrected
            if e.kind not in _NOT_CORRECTIONS
        ],
        why=why,
    )


def key_of(rereading: Rereading) -> UUID:
    """The decision's key: the same for everybody who corrects the same entries, so that one of them wins."""
    return uuid5(rereading.message, "".join(sorted(str(i) for i in rereading.supersedes)))


def checked(detail: Mapping[str, Any]) -> Rereading:
    """A decision's `detail`. Raises `ValueError` where it is no rereading."""
    rereading = Rereading.model_validate(dict(detail))
    if any(entry.kind in _NOT_CORRECTIONS for entry in rereading.entries):
        raise ValueError("a reread corrects a watcher's words: no staff entries")
    if rereading.sent_at.tzinfo is None or any(e.observed_at.tzinfo is None for e in rereading.entries):
        raise ValueError("a reread's times need their offset from UTC")
    return rereading


def entries_of(message: Message, reading: Reading) -> list[CheckIn]:
    """The log's entries of a reread: itself, the corrected readings, and what takes the old ones back."""
    rereading = checked(reading.detail)
    itself = rereading.model_dump(mode="json", include={"message", "item", "supersedes", "why"})
    staff: dict[str, Any] = {
        "channel": Channel.STAFF,
        "watcher_id": None,
        "sender": message.sender,
        "sent_at": message.sent_at,
    }
    theirs: dict[str, Any] = {
        "channel": rereading.channel,
        "watcher_id": WatcherId(rereading.watcher_id) if rereading.watcher_id else None,
        "sender": rereading.sender,
        "sent_at": rereading.sent_at.astimezone(UTC),
    }
    plan: list[dict[str, Any]] = [
        staff | {"kind": Kind.REREAD, "detail": itself, "observed_at": message.sent_at}
    ]
    plan += [
        theirs
        | {
            "kind": e.kind,
            "precinct_id": PrecinctId(e.precinct_id) if e.precinct_id else None,
            "votes": e.votes,
            "observed_at": e.observed_at.astimezone(UTC),
            "detail": e.detail | {"reread": str(rereading.message)},
        }
        for e in rereading.entries
    ]
    plan += [
        staff | {"kind": Kind.REJECT, "detail": {"target": str(i)}, "observed_at": message.sent_at}
        for i in rereading.rejects
    ]
    plan += [
        staff
        | {
            "kind": Kind.RESOLVE,
            "detail": {"incident": n, "status": "reread"},
            "observed_at": message.sent_at,
        }
        for n in rereading.resolves
    ]
    found = []
    for part, row in enumerate(plan):
        fields: dict[str, Any] = {"precinct_id": None} | row
        found.append(
            CheckIn(
                check_in_id=check_in_id(message.message_id, part),
                message_id=message.message_id,
                part=part,
                received_at=message.received_at,
                rehearsal=message.rehearsal,
                **fields,
            )
        )
    return found
