"""The one way in: whatever the channel, a report is made durable, then read, then answered."""

import re
from datetime import datetime, timedelta
from functools import lru_cache

import phonenumbers

from election.checkin import Channel, Message
from election.clock import Clock
from intake.hints import Plausibility
from intake.journal import Journal
from intake.journal_file import Draft
from intake.providers import MalformedError, Outcome
from intake.reader import readings_of
from intake.replies import reply_to
from intake.roster_snapshot import Rosters
from intake.telemetry import Telemetry

# A sending time is believed within these bounds of the stack's clock: phones hold texts back for a day
# without signal, and clocks run a little fast. Outside them the time of receipt stands.
OLDEST_SENDING = timedelta(hours=26)
FASTEST_CLOCK = timedelta(minutes=5)

LONGEST_KEY = 200  # characters of a provider's message id; the longest in use have 64
LONGEST_SENDER = 64
NO_ROSTER_REPLY = "Got it. Saved; it will be read as soon as the list of precincts is here."

_E164 = re.compile(r"\+[1-9][0-9]{6,14}")


class Reception:
    """Takes reports of every channel. Raises `JournalUnavailableError` where one cannot be made durable."""

    def __init__(
        self,
        journal: Journal,
        rosters: Rosters,
        clock: Clock,
        telemetry: Telemetry,
        region: str,
        *,
        rehearsal: bool = False,
        plausibility: Plausibility | None = None,
    ) -> None:
        self.journal = journal
        self.rosters = rosters
        self.clock = clock
        self.telemetry = telemetry
        self._region = region
        self._rehearsal = rehearsal
        self._plausibility = plausibility

    async def take(
        self,
        provider: str,
        key: str,
        channel: Channel,
        sender: str,
        *,
        body: str,
        raw: bytes,
        sent_at: datetime | None = None,
    ) -> Outcome:
        """Returns once the report is durable, with the words to answer it.

        A redelivery gets the answer of the first delivery. Raises `MalformedError` on an impossible key.
        """
        if len(key) > LONGEST_KEY or "\0" in key:
            raise MalformedError(
                f"the message id must have at most {LONGEST_KEY} characters, none of them NUL"
            )
        now = self.clock.now()
        if sent_at is None or not now - OLDEST_SENDING <= sent_at <= now + FASTEST_CLOCK:
            sent_at = now
        if channel is Channel.SMS:
            sender = normal_phone(sender, self._region)
        if "\0" in body:  # PostgreSQL's text cannot hold it; `raw` keeps it
            body = body.replace("\0", "\ufffd")
        draft = Draft(provider, key, channel, sender, body, raw, now, sent_at, self.rosters.version,
                      self._rehearsal)  # fmt: skip
        message, duplicate = await self.journal.append(draft)
        if duplicate:
            self.telemetry.duplicates.labels(provider).inc()
        self.telemetry.acknowledged.labels(provider).inc()
        return Outcome(message, duplicate, self.words_for(message))

    def words_for(self, message: Message) -> str:
        """The reply to a message, read against the roster it names where that is at hand."""
        roster = self.rosters.at_hand(message.roster_version)
        if roster is None:
            return "" if message.channel is Channel.STAFF else NO_ROSTER_REPLY
        readings = readings_of(message, roster)
        hints = self._plausibility.hints_for(message, readings) if self._plausibility else None
        return reply_to(readings, message, roster, hints)


def normal_phone(sender: str, region: str) -> str:
    """E.164 of a phone number; short codes and names stay, but never look like `form:` or `staff:`."""
    if _E164.fullmatch(sender):
        return sender
    return _parsed_phone(sender[:LONGEST_SENDER], region)


@lru_cache(maxsize=4096)
def _parsed_phone(sender: str, region: str) -> str:
    try:
        number = phonenumbers.parse(sender, region)
        if phonenumbers.is_possible_number(number):
            return str(phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164))
    except phonenumbers.NumberParseException:
        pass
    return sender.strip().replace("\0", "").replace(":", " ")
