"""Intake's JSON API: form reports, staff decisions, recent readings."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from election.domain.checkin import Kind

RollNumber = Annotated[str, StringConstraints(min_length=1, max_length=32)]  # as the roll has it: 17 or 18/1


class FormReport(BaseModel):
    """`PUT /checkins/{uuid}` from the watcher's form. Times carry an offset; `text` takes the SMS grammar."""

    model_config = ConfigDict(extra="ignore")

    kind: Kind = Kind.COUNT
    precinct_id: str = Field(max_length=64)
    votes: int | None = Field(default=None, ge=0, le=1_000_000)
    observed_at: datetime | None = None
    text: str | None = Field(default=None, max_length=1600)
    struck: list[RollNumber] | None = Field(default=None, max_length=500)  # of kind `voters`: struck off
    unstruck: list[RollNumber] | None = Field(default=None, max_length=500)  # and taken back


class FormPhoto(FormReport):
    """A photo of the form's as intake journals it, and nobody else may: by its SHA-256, with its report."""

    photo: str = Field(default="", max_length=64)
    of: UUID | None = None  # the message of the report that it belongs to


class Decision(BaseModel):
    """`PUT /decisions/{uuid}` from the war room: a staff entry of the log. The service token names who."""

    model_config = ConfigDict(extra="forbid")

    kind: Kind
    account: str = Field(max_length=100)
    precinct_id: str | None = Field(default=None, max_length=64)
    detail: dict[str, Any] = Field(default_factory=dict)


class Receipt(BaseModel):
    """The answer to either: journalled durably (or already had been), and what was understood, in words."""

    id: UUID
    duplicate: bool = False
    reply: str = ""
    asks: bool = False  # nothing is counted yet: the reply is a question, or a refusal
    held: bool = False  # a count waits for its sender's yes: a report of kind `confirm` with the text YES
