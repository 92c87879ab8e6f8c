"""What a lease is, what became of one, and why there is none; the errors of the queue."""

from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from callers.dispatch.allocation import ANYWHERE, CallerPool
from callers.errors import CallersError
from election.wire.callers import Outcome


class UnknownLeaseError(CallersError):
    """There is no such lease of this caller."""


class AlreadyRecordedError(CallersError):
    """This lease has another outcome; undo it first."""


class TooLateError(CallersError):
    """It can no longer be undone."""


@dataclass(frozen=True, slots=True)
class CallerOnDuty:
    """A caller, or a volunteer of another `role`, whose link is good."""

    caller_id: str
    name: str
    languages: tuple[str, ...]
    caller_pool: CallerPool = ANYWHERE
    bank: str = ""  # the phone bank they signed up at; empty: known by name
    page_language: str = ""  # empty: the first they speak
    role: str = "caller"

    @property
    def reads(self) -> str:
        """The language of their page."""
        return self.page_language or (self.languages[0] if self.languages else "en")


@dataclass(frozen=True, slots=True)
class Granted:
    """A live lease and its voter, whom the caller may see once they are `shown`."""

    lease_id: UUID
    voter_id: str
    name: str
    phone: str = field(repr=False)
    language: str
    precinct_id: str
    expires_at: datetime
    variant: str = ""  # of the script
    held: bool = False  # the caller had it already
    shown: bool = False  # the caller has dialled them


@dataclass(frozen=True, slots=True)
class NoVoter:
    """Why there is no voter: resting, hours, language, empty; `until` is when the next rest ends."""

    reason: str
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Check:
    """A lease looked up again. `reason` is empty while it may be called; `budget`: what keeps it from being
    shown now. `granted` has the voter; `first`: they have not been shown before.
    """

    reason: str
    expires_at: datetime | None = None
    granted: Granted | None = None
    budget: str = ""
    first: bool = False

    @property
    def phone(self) -> str:
        """The number, where one may be called."""
        return self.granted.phone if self.granted and not self.reason else ""


@dataclass(frozen=True, slots=True)
class Unreported:
    """A voter shown whose call has no outcome yet."""

    lease_id: UUID
    name: str = field(repr=False)
    precinct_id: str
    dialled_at: datetime


@dataclass(frozen=True, slots=True)
class Recorded:
    """An outcome as it stands; `duplicate`: it had been recorded before."""

    lease_id: UUID
    outcome: Outcome
    at: datetime
    duplicate: bool
