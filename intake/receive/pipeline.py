"""The one way in: whatever the channel, a report is made durable, then read, then answered."""

import asyncio
from collections.abc import Callable, Container, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from time import monotonic

import structlog

from election.domain.checkin import Channel, Kind, Message, Reading
from election.domain.phones import normal_phone
from election.runtime.clock import Clock
from intake.journal.draft import MessageDraft
from intake.journal.writer import Journal, JournalUnavailableError
from intake.metrics.intake import Telemetry
from intake.providers import IngestResult, MalformedError
from intake.reading.reader import readings_of, watcher_of
from intake.reading.text_parts import PART
from intake.receive.asking import IN_A_ROW, PhoneDialogues, alarm, asked_about, handed_over
from intake.receive.long_texts import LongTexts
from intake.receive.plausibility import Plausibility
from intake.receive.rate_limits import Phones
from intake.receive.replicated_ack import Replication
from intake.replies.wording import alarm_reply, doubt_about, handed_over_reply, refused_above, reply_to
from intake.roster.snapshot import Rosters

# A sending time is believed within these bounds of the stack's clock: phones hold texts back for a day
# without signal, and clocks run a little fast. Outside them the time of receipt stands.
OLDEST_SENDING = timedelta(hours=26)
FASTEST_CLOCK = timedelta(minutes=5)
LATE = timedelta(hours=1)  # on its way: somebody's backlog, or somebody's clock

_ASKED_OF_US = frozenset({Kind.HELP, Kind.START})  # words that are answered whoever sends them

SHED_WAITING = 5_000  # messages waiting for the disk, beyond which unknown senders are put off
MOST_REMEMBERED = 5_000  # messages read again at a start, a quarter of a second
LONGEST_KEY = 200  # characters of a provider's message id; the longest in use have 64
NO_ROSTER_REPLY = "Got it. Saved; it will be read as soon as the list of precincts is here."

SLOW_DOWN_REPLY = "All your texts are saved. You sent many, so answers pause for a minute."

log = structlog.get_logger()

OnDurable = Callable[[IngestResult | JournalUnavailableError], None]


@dataclass(frozen=True, slots=True)
class PipelineOptions:
    """How texts are read and answered. `numbers` gives incidents their numbers; `reply_elsewhere` sends a
    reply that the webhook's answer cannot carry; `replication` has the answer wait for the database, too;
    `agreed`: phones of voters and drivers, whose texts start nothing.
    `ours` are the numbers we send from: what they text is kept and never answered, or two would talk all day.
    """

    region: str  # phones without a country code are dialled there
    rehearsal: bool = False
    plausibility: Plausibility | None = None
    numbers: Callable[[Message, list[Reading]], list[Reading]] | None = None
    reply_elsewhere: Callable[[Message, str], None] | None = None
    phones: Phones | None = None
    replication: Replication | None = None
    agreed: Container[str] = ()
    ours: frozenset[str] = frozenset()


class IngestPipeline:
    """Takes reports of every channel. Raises `JournalUnavailableError` where one cannot be made durable."""

    def __init__(
        self,
        journal: Journal,
        rosters: Rosters,
        clock: Clock,
        telemetry: Telemetry,
        options: PipelineOptions,
    ) -> None:
        self.journal = journal
        self.rosters = rosters
        self.clock = clock
        self.telemetry = telemetry
        self._region = options.region
        self._rehearsal = options.rehearsal
        self._plausibility = options.plausibility
        self._numbers = options.numbers
        self._reply_elsewhere = options.reply_elsewhere
        self._phones = options.phones or Phones(per_minute=0, burst=0)
        self.replication = options.replication
        self._agreed = options.agreed
        self._ours = options.ours
        self._questions = PhoneDialogues()
        self.long_texts = LongTexts(self._join)
        self._to_read: list[tuple[_Submission, MessageDraft]] = []  # of this turn of the event loop

    async def submit_and_wait(
        self,
        provider: str,
        key: str,
        channel: Channel,
        sender: str,
        *,
        body: str,
        raw: bytes,
        sent_at: datetime | None = None,
    ) -> IngestResult:
        """Returns once the report is durable, with the words to answer it.

        A redelivery gets the answer of the first delivery. Raises `MalformedError` on an impossible key.
        """
        future: asyncio.Future[IngestResult] = asyncio.get_running_loop().create_future()
        self.submit(
            provider,
            key,
            channel,
            sender,
            body=body,
            raw=raw,
            sent_at=sent_at,
            on_durable=partial(_settle, future),
        )
        return await future

    def submit(
        self,
        provider: str,
        key: str,
        channel: Channel,
        sender: str,
        *,
        body: str,
        raw: bytes,
        on_durable: OnDurable,
        sent_at: datetime | None = None,
    ) -> None:
        """As `submit_and_wait`, without waiting: `on_durable` is called with the outcome, or with the error
        that says it is not durable. Raises the same errors where that is known at once.
        """
        if len(key) > LONGEST_KEY or "\0" in key:
            raise MalformedError(
                f"the message id must have at most {LONGEST_KEY} characters, none of them NUL"
            )
        now = self.clock.now()
        if sent_at is None:
            sent_at = now
        elif not now - OLDEST_SENDING <= sent_at <= now + FASTEST_CLOCK:
            self.telemetry.incredible_times.inc()
            sent_at = now
        elif now - sent_at > LATE:
            self.telemetry.late_texts.inc()
        if channel is Channel.SMS:
            sender = normal_phone(sender, self._region)
            if self.journal.waiting > SHED_WAITING and not self._known(sender):
                raise JournalUnavailableError("too busy for unknown senders; the provider sends it again")
        if "\0" in body:  # PostgreSQL's text cannot hold it; `raw` keeps it
            self.telemetry.garbled_texts.inc()
            body = body.replace("\0", "\ufffd")
        draft = MessageDraft(provider, key, channel, sender, body, raw, now, sent_at, self.rosters.version,
                      self._rehearsal)  # fmt: skip
        waiting = _Submission(self, on_durable)
        self.journal.put(draft, waiting.durable)
        if channel is Channel.SMS:  # read while the disk syncs, so that the answer is ready when it has
            if not self._to_read:
                asyncio.get_running_loop().call_soon(self._read_arrived)
            self._to_read.append((waiting, draft))

    def _join(self, parts: list[Message], key: str, raw: bytes) -> None:
        """Keeps the text that `parts` make up, and answers it as any other."""
        first = parts[0]
        try:
            self.submit(
                first.provider, key, Channel.SMS, first.sender, body="".join(part.body for part in parts),
                raw=raw, sent_at=min(part.sent_at for part in parts), on_durable=_said_if_lost,
            )  # fmt: skip
        except JournalUnavailableError as error:
            _said_if_lost(error)

    def remember(self, messages: Sequence[Message]) -> None:
        """After a restart: what the journal's last messages asked, and the parts that are not read yet."""
        self.long_texts.again(messages)
        since = self.clock.now() - IN_A_ROW
        for message in messages[-MOST_REMEMBERED:]:
            roster = self.rosters.at_hand(message.roster_version)
            if roster is None or message.channel is not Channel.SMS or message.sent_at < since:
                continue
            if watcher_of(message, roster) is not None:
                self._questions.turn(message, readings_of(message, roster))

    def _read_arrived(self) -> None:
        """Reads what came in during one turn of the event loop."""
        arrived, self._to_read = self._to_read, []
        at_hand = self.rosters.at_hand
        for waiting, draft in arrived:
            roster = at_hand(draft.roster_version)
            if roster is not None:
                waiting.readings = readings_of(draft, roster)

    def acknowledge(
        self,
        on_durable: OnDurable,
        message: Message,
        duplicate: bool,
        readings: list[Reading] | None,
        replicated: bool,
    ) -> None:
        """Answers a message that is durable. `readings`: what it says, where that is known already."""
        self.telemetry.acknowledge(message.provider, duplicate, local_only=not replicated)
        if not duplicate and message.provider_message_id.startswith(PART):
            self.long_texts.arrived(message)
        reply, asked = self._answer_to(message, duplicate, readings)
        result = IngestResult(message, duplicate, reply)
        if asked is None or duplicate:
            self._tell(on_durable, result)
        else:  # the question is an entry of its own, and durable before its answer can come
            self.journal.put(asked, lambda _: self._tell(on_durable, result))

    def _tell(self, on_durable: OnDurable, result: IngestResult) -> None:
        on_durable(result)
        if self._reply_elsewhere is not None and not result.duplicate:
            self._reply_elsewhere(result.message, result.reply)

    def _answer_to(
        self, message: Message, duplicate: bool, readings: list[Reading] | None
    ) -> tuple[str, MessageDraft | None]:
        """The reply, unless its phone has had too many (that is said once a minute) or is our own; and what
        it asks.
        """
        if message.sender in self._ours:
            return "", None
        if message.channel is Channel.SMS and not duplicate:
            excess = self._phones.excess(message.sender, monotonic())
            if excess:
                self.telemetry.unanswered.inc()
                return (SLOW_DOWN_REPLY if excess == "tell" else ""), None
        return self._words_for(message, readings)

    def _known(self, sender: str) -> bool:
        roster = self.rosters.current
        return roster is not None and roster.watcher(sender) is not None

    def words_for(self, message: Message, readings: list[Reading] | None = None) -> str:
        """The reply to a message, as `readings` or else as read against its roster, where that is at hand."""
        return self._words_for(message, readings)[0]

    def _words_for(
        self, message: Message, readings: list[Reading] | None = None
    ) -> tuple[str, MessageDraft | None]:
        """`words_for`, and the question about a count that the tally's word makes doubtful."""
        roster = self.rosters.at_hand(message.roster_version)
        if roster is None:
            return ("" if message.channel is Channel.STAFF else NO_ROSTER_REPLY), None
        if readings is None:
            readings = readings_of(message, roster)
        watcher = roster.watcher(message.sender) if message.channel is Channel.SMS else None
        if watcher is not None:
            turn = self._questions.turn(message, readings)
            if turn.part is not None:
                return handed_over_reply(watcher, roster), handed_over(message, turn.part, watcher.watcher_id)
            if turn.alarm:
                return alarm_reply(watcher, roster), alarm(message)
            readings = turn.said
        elif message.sender in self._agreed and not any(r.kind in _ASKED_OF_US for r in readings):
            return "", None
        if self._numbers is not None:
            readings = self._numbers(message, readings)
        hints = self._plausibility.hints_for(message, readings) if self._plausibility else None
        asked = asked_about(message, readings, roster, hints) if hints else None
        look_up = self._plausibility.place_now if self._plausibility else None
        return reply_to(readings, message, roster, hints, look_up), asked

    def asks(self, message: Message) -> bool:
        """Whether the reply is a question: something in the message is not counted until it is answered."""
        return self.asks_and_holds(message)[0]

    def asks_and_holds(self, message: Message) -> tuple[bool, bool]:
        """`asks`, and whether a count in the message waits for its sender to say that it is right."""
        judged = self._judged(message)
        asks = any(
            doubted or refused or r.kind in (Kind.QUESTION, Kind.UNREAD) for r, doubted, refused in judged
        )
        return asks, any(doubted and not refused for _, doubted, refused in judged)

    def _judged(self, message: Message) -> list[tuple[Reading, bool, bool]]:
        """Each reading, whether it is held or doubted, and whether it is refused; none without a roster."""
        roster = self.rosters.at_hand(message.roster_version)
        if roster is None:
            return []
        readings = readings_of(message, roster)
        hints = self._plausibility.hints_for(message, readings) if self._plausibility else None
        return [
            (r, bool(r.held or doubt_about(r, hints)), refused_above(r, roster) is not None) for r in readings
        ]


class _Submission:
    """One message on its way to the disk, and what it says."""

    __slots__ = ("_on_durable", "_pipeline", "readings")

    def __init__(self, pipeline: IngestPipeline, on_durable: OnDurable) -> None:
        self._pipeline = pipeline
        self._on_durable = on_durable
        self.readings: list[Reading] | None = None

    def durable(self, result: tuple[Message, bool] | JournalUnavailableError) -> None:
        if isinstance(result, JournalUnavailableError):
            self._on_durable(result)
            return
        message, duplicate = result
        readings = None if duplicate else self.readings  # the answer is to the one first stored
        pipeline = self._pipeline
        if pipeline.replication is None or duplicate:
            pipeline.acknowledge(self._on_durable, message, duplicate, readings, True)
        else:
            acknowledge = partial(pipeline.acknowledge, self._on_durable, message, duplicate, readings)
            pipeline.replication.wait(message, acknowledge)


def _said_if_lost(outcome: IngestResult | JournalUnavailableError) -> None:
    """A whole text that the disk would not take: its parts are kept, and read at the next start."""
    if not isinstance(outcome, IngestResult):
        log.error("long_text_not_kept", error=str(outcome), remedy="look at the disk, then restart intake")


def _settle(future: "asyncio.Future[IngestResult]", result: IngestResult | JournalUnavailableError) -> None:
    if future.cancelled():
        return
    if isinstance(result, IngestResult):
        future.set_result(result)
    else:
        future.set_exception(result)
