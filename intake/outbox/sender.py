"""The outbox at work: the leader claims what is due, hands it to a provider, and notes what came of it.

Every intake runs one; the one that leads sends. Texts offered by this process (`offer`) are kept in memory
and stored as soon as PostgreSQL can be reached: an answer to a webhook never waits for it.
"""

import asyncio
import time
from collections import deque
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime, timedelta

import asyncpg
import structlog

from election.postgres.database import UNREACHABLE, connect, pauses
from election.postgres.leadership import Candidate, DeposedError, Term
from election.runtime.clock import Clock
from intake.outbound_settings import OurNumber
from intake.outbox import store
from intake.outbox.metrics import OutboxTelemetry
from intake.replies.purposes import Purpose, Text
from intake.replies.send_rate import Number, TokenBucket, first_awake
from intake.senders import Order, ProviderUnavailableError, Sender, TextRefusedError, UncertainError

LEADERSHIP = "outbox"
LOOK_SECONDS = 0.25  # real; between looks at the outbox when nothing was there
MOST_IN_FLIGHT = 32  # texts handed to a provider at once
MOST_OFFERED = 10_000  # texts kept in memory while PostgreSQL is away; the oldest go first
OFFERED_REST_SECONDS = 20.0  # real; then its connection goes: each costs the server megabytes
SETTLE_TRIES = 20  # an answer of a provider is worth some patience with the database
SHORTEST_VALIDITY = timedelta(seconds=5)
CHORE_SECONDS = 1.0  # real; between rounds of what the leader does beside sending

# An outage, or whatever else the database objects to: said in the log, and tried again.
AWAY: tuple[type[BaseException], ...] = (*UNREACHABLE, asyncpg.PostgresError)

log = structlog.get_logger()

# What the leader does beside sending: reminders, notices. Given its connection and its term.
Chore = Callable[[asyncpg.Connection, Term], Awaitable[None]]


class Outbox:
    """One for each intake. `run()` until cancelled."""

    def __init__(
        self,
        url: str,
        numbers: Sequence[OurNumber],
        senders: dict[str, Sender],
        clock: Clock,
        telemetry: OutboxTelemetry,
        *,
        rehearsal: bool = False,
        templates: Mapping[Purpose, str] | None = None,
    ) -> None:
        self._url = url
        self._templates = dict(templates or {})
        self._rehearsal = rehearsal
        self._clock = clock
        self._telemetry = telemetry
        self._senders = senders
        self._numbers = [
            Number(n.number, n.provider, TokenBucket(*n.budget())) for n in numbers if n.provider in senders
        ]
        self._candidate = Candidate(url, LEADERSHIP)
        self._offered: deque[Text] = deque(maxlen=MOST_OFFERED)
        self._wake = asyncio.Event()
        self.chores: list[Chore] = []

    @property
    def leads(self) -> bool:
        return self._candidate.term is not None

    def offer(self, text: Text) -> None:
        """Sends a text when that is possible, unless it comes too late by then. Never waits."""
        self._offered.append(text)
        self._wake.set()

    async def run(self) -> None:
        """Sends for ever, whatever the database and the providers do."""
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._candidate.run())
                tasks.create_task(self._again_and_again(self._store_offered, self._until_offered))
                tasks.create_task(self._again_and_again(self._lead))
        finally:
            for sender in self._senders.values():
                await sender.close()

    async def _again_and_again(
        self,
        work: Callable[[asyncpg.Connection], Awaitable[None]],
        wanted: Callable[[], Awaitable[None]] | None = None,
    ) -> None:
        """Works on a connection of its own, which is opened once it is `wanted`."""
        rest = pauses()
        while True:
            connection: asyncpg.Connection | None = None
            try:
                if wanted is not None:
                    await wanted()
                connection = await connect(self._url)
                rest.reset()
                await work(connection)
            except DeposedError as error:
                log.warning("outbox_deposed", epoch=error.epoch, newest=error.newest)
            except AWAY as error:
                log.warning("database_away", work="outbox", error=type(error).__name__)
            except Exception:
                log.exception("outbox_failed")
            finally:
                if connection is not None:
                    connection.terminate()
            await rest.wait()

    async def _until_offered(self) -> None:
        while not self._offered:
            self._wake.clear()
            await self._wake.wait()

    async def _store_offered(self, connection: asyncpg.Connection) -> None:
        """Stores what is offered, until nothing has been for a while."""
        while True:
            self._wake.clear()
            while self._offered:
                texts = list(self._offered)
                await store.enqueue(connection, texts)
                for _ in texts:
                    self._offered.popleft()
            try:
                async with asyncio.timeout(OFFERED_REST_SECONDS):
                    await self._wake.wait()
            except TimeoutError:
                return

    # ------------------------------------------------------------------ leading

    async def _lead(self, connection: asyncpg.Connection) -> None:
        candidate = self._candidate
        while True:
            while candidate.term is None:
                candidate.changed.clear()
                await candidate.changed.wait()
            term = candidate.term
            idempotent = [name for name, sender in self._senders.items() if sender.idempotent]
            for state, count in (
                await store.inherit(connection, term, idempotent, self._clock.now())
            ).items():
                log.warning("outbox_inherited", state=state, texts=count)
                self._telemetry.settled.labels(state, "").inc(count)
            next_round = 0.0
            while candidate.term == term:
                if time.monotonic() >= next_round:
                    await self._look_after(connection, term)
                    next_round = time.monotonic() + CHORE_SECONDS
                sent = await self.step(connection, term)
                if not sent:
                    await asyncio.sleep(LOOK_SECONDS)

    async def _look_after(self, connection: asyncpg.Connection, term: Term) -> None:
        for chore in self.chores:
            await chore(connection, term)
        retired = await store.retire(connection, term, self._clock.now())
        for state, count in retired.items():
            self._telemetry.settled.labels(state, "").inc(count)
        self._telemetry.waiting(await store.depth(connection), self._clock.now())

    async def step(self, connection: asyncpg.Connection, term: Term) -> int:
        """Sends what the budget of one number (of each way) allows now; how many texts were claimed."""
        return sum([await self._send_from(connection, term, *turn) for turn in self._turns(time.monotonic())])

    def _turns(self, now: float) -> list[tuple[Number, store.Ways | None]]:
        """The numbers that send now, and by which ways: WhatsApp's where there is one, and another's."""
        by_whatsapp = [number for number in self._numbers if number.by_whatsapp]
        plain = first_awake([number for number in self._numbers if not number.by_whatsapp], now)
        if not by_whatsapp:
            return [(plain, None)] if plain else []
        templates = tuple(purpose.value for purpose in self._templates)
        chosen = first_awake(by_whatsapp, now)
        turns: list[tuple[Number, store.Ways | None]] = []
        if chosen:
            turns.append((chosen, store.Ways(("free", "template"), templates)))
        if plain:  # a phone has SMS, too: where WhatsApp fails, that will do
            ways = ("sms",) if chosen else ("sms", "free", "template")
            turns.append((plain, store.Ways(ways, templates)))
        return turns

    async def _send_from(
        self, connection: asyncpg.Connection, term: Term, number: Number, ways: store.Ways | None
    ) -> int:
        now = time.monotonic()
        room = min(int(number.bucket.refill(now)), MOST_IN_FLIGHT)
        if room < 1:
            await asyncio.sleep(min(number.bucket.wait(), LOOK_SECONDS))
            return 0
        texts = await store.claim(
            connection, term, self._clock.now(), room, number.number, number.provider, self._rehearsal, ways
        )
        if not texts:
            return 0
        number.bucket.spend(sum(text.segments for text in texts))
        outcomes = await asyncio.gather(*(self._hand_over(text, number) for text in texts))
        await self._settle(connection, term.epoch, [o for o in outcomes if o[1] != "waiting"])
        back = [o for o in outcomes if o[1] == "waiting"]
        await store.give_back(connection, term.epoch, [o[0] for o in back], back[0][3] if back else "")
        if any(o[1] == "sent" for o in outcomes):
            number.succeeded()
        elif any(o[1] in ("waiting", "unknown") for o in outcomes) and number.failed(time.monotonic()):
            self._telemetry.rests.labels(number.provider).inc()
            log.error("number_rests", provider=number.provider, reason=outcomes[0][3])
        return len(texts)

    async def _hand_over(self, text: store.Claimed, number: Number) -> tuple[str, str, str, str]:
        """(key, state, the provider's id, reason)."""
        left = max(text.expires_at - self._clock.now(), SHORTEST_VALIDITY)
        template = self._templates.get(Purpose(text.purpose), "") if text.way == "template" else ""
        order = Order(text.key, number.number, text.phone, text.body, left.total_seconds(), template)
        try:
            its_id = await self._senders[number.provider].send(order)
        except ProviderUnavailableError as error:
            return text.key, "waiting", "", str(error)
        except UncertainError as error:
            outcome = (text.key, "unknown", "", str(error))
        except TextRefusedError as error:
            if error.reason == "account":  # our number's fault, not the phone's: another number may do
                return text.key, "waiting", "", error.reason
            outcome = (text.key, "failed", "", error.reason)
        except Exception as error:
            log.exception("sender_failed", provider=number.provider)
            outcome = (text.key, "unknown", "", type(error).__name__)
        else:
            outcome = (text.key, "sent", its_id, "")
        self._telemetry.settled.labels(outcome[1], text.purpose).inc()
        return outcome

    async def _settle(
        self, connection: asyncpg.Connection, epoch: int, outcomes: list[tuple[str, str, str, str]]
    ) -> None:
        """What a provider said is kept in hand until PostgreSQL has it: a lost answer is never had again."""
        now = self._clock.now()
        try:
            await store.settle(connection, epoch, now, outcomes)
        except AWAY:
            await self._settle_elsewhere(epoch, now, outcomes)
            raise

    async def _settle_elsewhere(
        self, epoch: int, now: datetime, outcomes: list[tuple[str, str, str, str]]
    ) -> None:
        rest = pauses()
        for _ in range(SETTLE_TRIES):
            await rest.wait()
            try:
                connection = await connect(self._url)
            except UNREACHABLE:
                continue
            try:
                await store.settle(connection, epoch, now, outcomes)
            except AWAY:
                continue
            finally:
                connection.terminate()
            return
        log.error("outbox_answers_lost", texts=len(outcomes))
