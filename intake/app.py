"""The service: puts the parts together, serves them, and stops cleanly."""

import asyncio
import signal
from collections.abc import Coroutine
from contextlib import suppress
from typing import Any

import structlog
from aiohttp import web

from election.access.access_list import AccessList
from election.access.addresses import Proxies
from election.access.identity import Admission
from election.access.telemetry import AccessTelemetry
from election.access.tokens import Tokens
from election.runtime.clock import Clock, open_clock
from election.runtime.heap import give_back_once_started
from election.runtime.heartbeat import keep_beating
from election.runtime.private_files import private_folder, private_state
from election.runtime.telemetry import add_health
from election.runtime.whole_requests import HALF_SENT_SECONDS, whole_requests
from intake.background import OutreachServices
from intake.desks.decisions import add_decisions
from intake.door.door import WriteDoor
from intake.drain.drain import Drain
from intake.form.endpoint import add_form
from intake.hotline.endpoint import add_hotline
from intake.hotline.operators import Operators
from intake.hotline.paper import add_paper
from intake.journal.writer import Journal
from intake.metrics.intake import Telemetry, keep_fresh
from intake.metrics.workers import metrics_text
from intake.openapi.document import add_openapi
from intake.pages.files import add_pages
from intake.reading.reader import prepare
from intake.receive.long_texts import MOST_LOOKED_AT
from intake.receive.pipeline import IngestPipeline, PipelineOptions
from intake.receive.rate_limits import Phones, Sources
from intake.receive.replicated_ack import Replication
from intake.replies.send_rate import WHATSAPP
from intake.roster.links import Links
from intake.roster.snapshot import Rosters
from intake.settings import IntakeSettings
from intake.webhook.address_limits import doorman, limit_addresses
from intake.webhook.endpoint import add_webhooks
from intake.webhook.fast_path import Fronts, RawHandler

BACKLOG = 4_096  # connections waiting to be accepted: a surge waits rather than fails
IN_FLIGHT_SECONDS = 10.0  # how long a stopping intake lets requests finish; providers give up after 10 to 15
WORKER_SEQS = 10_000_000  # row numbers (and so incident numbers) of one worker's journal begin this far apart

log = structlog.get_logger()


class Intake:
    """One intake: journal, rosters, drain and the web application. `start()`, then `stop()`."""

    def __init__(self, settings: IntakeSettings, clock: Clock | None = None) -> None:
        self.settings = settings
        self.clock = clock or open_clock(settings.clock_file)
        self.telemetry = Telemetry()
        self.rosters = Rosters(settings.folder)
        self.journal: Journal
        self.drain: Drain
        self._pipeline: IngestPipeline
        self._tokens = Tokens(settings.secret.get_secret_value())
        self.access = AccessList(settings.folder)
        counted = AccessTelemetry(self.telemetry.registry)
        self._admission = Admission(self._tokens, self.access.still_open, counted.account)
        self.links = Links(settings.folder, self._tokens)
        self.outreach = OutreachServices(settings, self.clock, self._admission, self.telemetry, self.rosters)
        self._tasks: list[asyncio.Task[None]] = []
        self._runner: web.AppRunner | None = None
        self._listener: asyncio.Server | None = None
        self._fronts: Fronts
        self._raw_handlers: dict[str, RawHandler] = {}
        self._sources = Sources(settings.address_requests_per_second, settings.address_requests_at_once)
        self.replication = Replication() if settings.acknowledge == "replicated" else None
        self._leaving = False

    async def start(self) -> None:
        """Serves from here on, whether or not there is a database. Raises `OSError`,
        `JournalUnavailableError` where another intake holds the journal.
        """
        settings = self.settings
        await asyncio.to_thread(private_state, settings.state)
        await asyncio.to_thread(private_folder, settings.folder)
        await asyncio.to_thread(prepare)
        await asyncio.to_thread(self.rosters.load)
        await asyncio.to_thread(self.links.load)
        await asyncio.to_thread(self.access.load)
        self.journal = await Journal.open(
            settings.journal_folder,
            self.clock,
            settings.journal_rotate_mib << 20,
            settings.journal_ballast_mib << 20,
            first_seq=settings.intake_worker * WORKER_SEQS,
        )
        self.drain = Drain(
            self.journal,
            self.rosters,
            settings.database_url,
            self.telemetry,
            batch=settings.drain_batch,
            linger=settings.drain_linger_ms / 1000,
            stored=self.replication.stored if self.replication else None,
        )
        self._runner = web.AppRunner(
            self._application(),
            access_log=None,
            shutdown_timeout=IN_FLIGHT_SECONDS,
            handle_signals=False,
            keepalive_timeout=HALF_SENT_SECONDS,
        )
        self._pipeline.remember(await self.journal.latest(MOST_LOOKED_AT))
        await self._runner.setup()
        lets_in = doorman(Proxies(settings.trusted_proxies), self._sources, self.telemetry)
        self._fronts = Fronts(self._raw_handlers, settings.body_limit_bytes, self._runner.server, lets_in)
        self._listener = await asyncio.get_running_loop().create_server(
            self._fronts,
            settings.host,
            settings.intake_port,
            backlog=BACKLOG,
            reuse_address=True,
            reuse_port=settings.intake_workers > 1,
        )
        self.telemetry.serving.set(1)
        self._run(keep_fresh(self._set_gauges), "gauges")
        self._run(self._fronts.sweep(), "fronts")
        for name, work in self.outreach.work(self._pipeline):
            self._run(work, name)
        if settings.database_url:
            self._run(self.rosters.follow(settings.database_url), "rosters")
            self._run(self.links.follow(settings.database_url), "links")
            self._run(self.access.follow(settings.database_url), "access list")
            self._run(self.drain.run(), "drain")
        give_back_once_started()
        log.info("service_ready", port=settings.intake_port, undrained=self.journal.depth)

    async def stop(self) -> None:
        """Says that it goes, finishes what is in flight, tries to empty the journal, and closes it."""
        self._leaving = True
        if self._listener:
            await asyncio.sleep(self.settings.stop_notice_seconds)
            self._listener.close()
            await self._fronts.stop(IN_FLIGHT_SECONDS)
        if self._runner:
            await self._runner.cleanup()
            self.telemetry.serving.set(0)
        running = {task for task in self._tasks if not task.done()}
        while running:  # again and again: a cancellation that a library swallows must not keep us
            for task in running:
                task.cancel()
            _, running = await asyncio.wait(running, timeout=1.0)
        await self.outreach.close()
        if self.settings.database_url:
            await self.drain.finish(self.settings.stop_drain_seconds)
        await self.journal.close()
        log.info("service_stopped", undrained=self.journal.depth)

    def _application(self) -> web.Application:
        settings = self.settings
        pipeline = IngestPipeline(
            self.journal,
            self.rosters,
            self.clock,
            self.telemetry,
            PipelineOptions(
                settings.phone_region,
                rehearsal=settings.rehearsal,
                plausibility=self.outreach.plausibility,
                numbers=self.outreach.numbers.numbered,
                reply_elsewhere=self.outreach.reply_elsewhere,
                phones=Phones(settings.phone_texts_per_minute, settings.phone_texts_at_once),
                replication=self.replication,
                agreed=self.outreach.agreed_phones,
                ours=frozenset(n.number.removeprefix(WHATSAPP) for n in settings.outbound_numbers),
            ),
        )
        self._pipeline = pipeline
        app = web.Application(
            client_max_size=settings.body_limit_bytes,
            middlewares=[
                whole_requests(HALF_SENT_SECONDS),
                limit_addresses(settings, self._sources, self.telemetry),
            ],
        )
        self._raw_handlers = add_webhooks(app, settings, pipeline, self._sources)
        add_pages(app)
        add_form(app, self.links, pipeline, settings, self.outreach.shelf, rolls=self.outreach.roll_numbers)
        operators = Operators(self._admission, self._tokens, settings)
        door = WriteDoor(self.journal, self.rosters, self.outreach.acquire)
        add_hotline(app, operators, pipeline, door, settings.rehearsal)
        add_paper(app, operators, pipeline, door, settings.watchers_number, settings.rehearsal)
        add_decisions(app, self._admission, pipeline, door)
        self.outreach.add_to(app, pipeline, door)
        add_openapi(app)
        add_health(
            app, self.telemetry.registry, self._ready, self._metrics_text, leaving=lambda: self._leaving
        )
        return app

    async def _ready(self) -> dict[str, bool]:
        # Not the database: intake works without it. And it takes texts while an old file of its is torn, but
        # somebody must look: whoever sends requests on should go by `journal` alone (deploy/haproxy.cfg).
        return {"journal": self.journal.healthy, "journal_whole": not self.journal.torn}

    async def _metrics_text(self) -> bytes:
        self._set_gauges()
        return await asyncio.to_thread(metrics_text, self.telemetry.registry)

    def _set_gauges(self) -> None:
        depth = self.journal.depth
        local_only = 0 if self.drain.connected else depth
        self.telemetry.set_state(depth, local_only, len(self.journal.torn), self.journal.slowest_commit())

    def _run(self, work: Coroutine[Any, Any, None], name: str) -> None:
        task = asyncio.create_task(work, name=name)
        task.add_done_callback(_say_if_failed)
        self._tasks.append(task)


def _say_if_failed(task: asyncio.Task[None]) -> None:
    if not task.cancelled() and (error := task.exception()):
        log.error("task_failed", task=task.get_name(), exc_info=error)


async def serve(settings: IntakeSettings) -> None:
    """Runs until SIGTERM or SIGINT."""
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopping.set)
    beating = asyncio.create_task(keep_beating(), name="heartbeat")  # from the start to the last of the stop
    beating.add_done_callback(lambda _: stopping.set())  # an orphan would keep its journal from a successor
    intake = Intake(settings)
    await intake.start()
    try:
        await stopping.wait()
    finally:
        with suppress(asyncio.CancelledError):
            await intake.stop()
        beating.cancel()
