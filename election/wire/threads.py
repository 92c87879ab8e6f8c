"""Intake's JSON API for watcher threads: everything said with one watcher, oldest first, for the war room.

`Authorization: Bearer` with a service token of role lead, staff or admin; a lead sees watchers of own
counties. Never log words or phones.
"""

from datetime import datetime
from enum import StrEnum

from pydantic import BaseModel, Field


class Way(StrEnum):
    """Whose words a turn is."""

    IN = "in"  # the watcher's: text, form, or what an operator typed in for them
    OUT = "out"  # ours
    STAFF = "staff"  # what staff decided or noted about it; the watcher does not see that


class Photo(BaseModel):
    """A photo of a message. `GET /photos/{message_id}/{number}` once it is kept; `/small` is its thumbnail.

    `state`: kept, coming (being fetched), refused (`why`), or purged.
    """

    message_id: str
    number: int = 0
    state: str = "coming"
    why: str = ""


class ThreadTurn(BaseModel):
    """One thing said. Fields that do not apply are empty."""

    id: str
    at: datetime
    way: Way
    by: str = ""  # staff's account
    channel: str = ""  # sms, form, hotline, csv; of ours: outbox, answer
    text: str = ""
    kinds: list[str] = Field(default_factory=list)  # what was understood, or what staff decided
    precinct_ids: list[str] = Field(default_factory=list)
    votes: list[int] = Field(default_factory=list)
    purpose: str = ""  # of ours: why
    state: str = ""  # of ours: waiting, sent, delivered, failed …; answered: in the provider's request
    why: str = ""
    photos: list[Photo] = Field(default_factory=list)


class CannedAnswer(BaseModel):
    """An answer at hand. `label` is English, `text` in the watcher's language."""

    key: str
    label: str
    text: str


class WatcherThread(BaseModel):
    """`GET /threads/{watcher}` and `GET /desks/{desk}/{item}/thread`: at most the newest `LONGEST_THREAD`."""

    watcher_id: str | None = None  # None: a phone that nobody knows
    language: str = ""
    rehearsal: bool = False
    turns: list[ThreadTurn] = Field(default_factory=list)
    more: bool = False  # there was more before
    answers: list[CannedAnswer] = Field(default_factory=list)
    unanswerable: str = ""  # why no text can be sent now, in words; empty: one can


class PrecinctPhotos(BaseModel):
    """`GET /precincts/{precinct}/photos`: what came from there in pictures, newest first."""

    rehearsal: bool = False
    photos: list[Photo] = Field(default_factory=list)
