"""The outbox's plain facts: what a text is for, how urgent, how long it may wait. Values only, no I/O.

A text has a *key*, which says why it is sent (`reply:{message}`, `reminder:{precinct}:{since}:2:{watcher}`):
the database holds each key once, so that nobody is texted twice for one reason, whoever asks and how often.
"""

from dataclasses import dataclass
from datetime import datetime, time, timedelta
from enum import StrEnum
from hashlib import sha256
from zoneinfo import ZoneInfo

from election.domain.day import Watcher
from election.domain.roster import Roster
from intake.languages.catalogues import Catalogue
from intake.replies.segments import fits, plain, segments
from intake.replies.wording import catalogue_for

LONGEST_BODY = 1_000  # characters


class Purpose(StrEnum):
    """Why we text somebody."""

    QUESTION = "question"  # they wait with the phone in their hand
    OPT_OUT = "opt_out"  # the one text that follows a STOP or START
    REPLY = "reply"
    ANSWER = "answer"  # of staff, to somebody who wrote
    REASSIGNED = "reassigned"
    REMINDER = "reminder"
    ROLL_CALL = "roll_call"
    THANKS = "thanks"
    AGREED = "agreed"  # to a voter or driver who asked for it: a ride, a reminder of their promise


# Lower goes first. A question waits for nobody; a thank-you for everybody.
PRIORITY = {
    Purpose.QUESTION: 0,
    Purpose.OPT_OUT: 1,
    Purpose.REPLY: 2,
    Purpose.ANSWER: 2,
    Purpose.REASSIGNED: 3,
    Purpose.AGREED: 3,
    Purpose.REMINDER: 4,
    Purpose.ROLL_CALL: 5,
    Purpose.THANKS: 6,
}
# How long a text is worth sending. An answer that comes an hour later confuses; a reminder is out of date.
LIFETIME = {
    Purpose.QUESTION: timedelta(minutes=15),
    Purpose.OPT_OUT: timedelta(minutes=30),
    Purpose.REPLY: timedelta(minutes=15),
    Purpose.ANSWER: timedelta(hours=1),
    Purpose.REASSIGNED: timedelta(hours=4),
    Purpose.AGREED: timedelta(minutes=30),
    Purpose.REMINDER: timedelta(minutes=20),
    Purpose.ROLL_CALL: timedelta(hours=12),
    Purpose.THANKS: timedelta(hours=2),
}
# Only what answers a person may go out in quiet hours: they are awake, and asked.
ANSWERS = frozenset({Purpose.QUESTION, Purpose.OPT_OUT, Purpose.REPLY, Purpose.ANSWER})
# Only these may reach a phone that said STOP: the confirmation of that very word.
AFTER_STOP = frozenset({Purpose.OPT_OUT})


@dataclass(frozen=True, slots=True)
class QuietHours:
    """Local times between which we begin no conversation; `start` may be later than `end` (over midnight)."""

    start: time
    end: time

    def holds(self, at: datetime, zone: ZoneInfo) -> bool:
        """Whether `at` lies in them."""
        local = at.astimezone(zone).time()
        if self.start <= self.end:
            return self.start <= local < self.end
        return local >= self.start or local < self.end

    def over(self, at: datetime, zone: ZoneInfo) -> datetime:
        """When they next end; `at` itself outside them."""
        return _next(self.end, at, zone) if self.holds(at, zone) else at

    def begin(self, at: datetime, zone: ZoneInfo) -> datetime:
        """When they next begin after `at`."""
        return _next(self.start, at, zone)


def _next(clock: time, after: datetime, zone: ZoneInfo) -> datetime:
    local = after.astimezone(zone)
    found = datetime.combine(local.date(), clock, zone)
    if found <= local:
        found = datetime.combine(local.date() + timedelta(days=1), clock, zone)
    return found.astimezone(after.tzinfo)


@dataclass(frozen=True, slots=True)
class Window:
    """When a text may go out: from `opens` until before `closes`."""

    opens: datetime
    closes: datetime


def window(purpose: Purpose, now: datetime, zone: ZoneInfo, quiet: QuietHours) -> Window:
    """When a text made `now` may go out. It never crosses midnight, nor (unless it answers) quiet hours.

    So a text of election day is never delivered on the morning after.
    """
    opens = now if purpose in ANSWERS else quiet.over(now, zone)
    closes = min(opens + LIFETIME[purpose], _next(time(0), opens, zone))
    if purpose not in ANSWERS:
        closes = min(closes, quiet.begin(opens, zone))
    return Window(opens, closes)


@dataclass(frozen=True, slots=True)
class Text:
    """A text to be sent. `phone` is E.164."""

    key: str
    purpose: Purpose
    phone: str
    body: str
    made_at: datetime
    window: Window
    watcher_id: str | None = None
    precinct_id: str | None = None
    rehearsal: bool = False

    @property
    def segments(self) -> int:
        """What it costs of a number's budget."""
        return max(1, segments(self.body))


def worded(
    template: str, watcher: Watcher | None, roster: Roster, /, *, rehearsal: bool, **fields: object
) -> str:
    """An `outbound` template in the watcher's language, labelled where it is a rehearsal's.

    Where it would need another segment, the longest field is cut and shows it.
    """
    catalogue: Catalogue = catalogue_for(watcher, roster)
    pattern = catalogue.outbound[template]
    label = catalogue.outbound["rehearsal"] if rehearsal else ""
    said = {name: str(value) for name, value in fields.items()}
    body = plain(label + pattern.format(**said))
    while not fits(body):
        name = max(said, key=lambda field: len(said[field]), default="")
        if not name or len(said[name]) < 8:
            break
        said[name] = said[name].rstrip(".")[:-4].rstrip(" ,;") + ".."
        body = plain(label + pattern.format(**said))
    return body


def keyed(*parts: object, rehearsal: bool) -> str:
    """A key made of its parts; a rehearsal's is another one, so that election day's text still goes out."""
    return ":".join(str(part) for part in (("rehearsal",) if rehearsal else ()) + parts)


def mark_of(phone: str) -> str:
    """Stands for a phone in a key: keys are logged, phones are not."""
    return sha256(phone.encode()).hexdigest()[:12]


def zone_of(watcher: Watcher, roster: Roster) -> ZoneInfo:
    """Where a watcher's day passes: the zone of their first precinct, else the election's."""
    for precinct_id in watcher.precinct_ids:
        if precinct_id in roster.precincts:
            return roster.precincts[precinct_id].zone(roster.day)
    return ZoneInfo(roster.day.timezone)
