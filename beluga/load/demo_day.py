"""A made-up county's election day on a stack of its own, until the laws are judged."""

import asyncio
import contextlib
import os
import shutil
import sys
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

from beluga.county.county import County, fictional_phones, write_county, write_watchers
from beluga.county.ground_truth import GroundTruth, ground_truth
from beluga.load.call_votes import CallVotes
from beluga.load.demo_callers import DemoCallers
from beluga.load.demo_canvassers import DemoCanvassers, sign_up_canvassers, voter_of
from beluga.load.demo_drivers import DemoDrivers, sign_up
from beluga.load.demo_runners import DemoRunners, runners
from beluga.load.replay import as_the_clock_runs
from beluga.load.sender import TextSender, WatcherText
from beluga.load.simulated_day import DayText, simulated_day
from beluga.proof.laws import LawsVerdict, Witnesses, check_laws
from beluga.stack.failures import CommandRefusedError
from beluga.stack.postgres import EmbeddedPostgres
from beluga.stack.process import StackProcess
from beluga.stack.stack import DEFAULT_STATE, RunFile, lock, secrets_of
from election.access import accounts
from election.access.tokens import Tokens
from election.domain.day import Watcher
from election.domain.ids import MessageId, PrecinctId
from election.postgres.database import connect, open_pool
from election.runtime.clock import FileClock

LOGIN = "demo"
MARK = "demo"  # a file in the folders that a demo may empty
BEFORE_OPENING = timedelta(minutes=45)
AFTER_CLOSE = timedelta(minutes=40)
MORNING_SPEED = 900.0
CALLERS_AT_WORK = 24
RUNNERS = 3
DRIVERS_AT_WORK, CANVASSERS_AT_WORK = 4, 3
CONTROL_SHARE = "0.05"  # so that `beluga effect` has something to compare
# What Beluga texts of its own accord (reminders to silent precincts, the roll call) goes to a file here.
OUTBOUND = '[{"number": "+18005550100", "provider": "file", "preset": "file"}]'


class DemoDay:
    """A county, its day and a stack of its own. Use as an async context manager."""

    def __init__(self, folder: Path, seed: int, precincts: int, port_base: int) -> None:
        self._folder = folder
        self._seed = seed
        self._precincts = precincts
        self._port_base = port_base
        self._stack: StackProcess | None = None
        self._sent: set[MessageId] = set()
        self.county: County
        self.day: GroundTruth
        self.run: RunFile | None = None
        self._sender: TextSender | None = None
        self._runners: list[Watcher] = []

    async def __aenter__(self) -> "DemoDay":
        election = self._folder / "election"
        self.county = await asyncio.to_thread(write_county, election, self._seed, self._precincts)
        self.day = ground_truth(self.county, self._seed)
        self._runners = runners(spare_phones(self.county)[-RUNNERS:])
        everybody = (*self.county.election.watchers, *self._runners)
        await asyncio.to_thread(write_watchers, election / "watchers.csv", everybody)
        begin = (self.day.opens - BEFORE_OPENING).isoformat()
        self._stack = StackProcess(
            self._folder, self._port_base, "--election", str(election), "--clock", begin, "--speed", "0",
            # whatever the shell says: these phones are made up
            env={"BELUGA_OUTBOUND_NUMBERS": OUTBOUND, "BELUGA_CONTROL_SHARE": CONTROL_SHARE},
        )  # fmt: skip
        self.run = await self._stack.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._stack is not None
        await self._stack.stop()

    @property
    def _secrets(self) -> dict[str, str]:
        return secrets_of(self._folder)

    async def ended(self) -> None:
        """Returns when its stack is gone, be it by `beluga down`."""
        if self._stack is not None:
            await self._stack.ended()

    async def make_login(self) -> str:
        """An administrator's account; returns its password."""
        assert self.run is not None
        password = accounts.new_password()
        connection = await connect(self.run.database_url)
        try:
            await accounts.add(connection, LOGIN, accounts.Role.ADMIN, password)
        finally:
            await connection.close()
        return password

    def caller_link(self) -> str:
        """The page of a caller whom no simulated one stands for."""
        assert self.run is not None
        token = Tokens(self._secrets["secret"]).sign("caller", {"c": self.county.callers[-1].caller_id})
        return f"{self.run.urls['callers']}/c/{token}"

    async def _sign_up(self) -> tuple[list[str], list[str]]:
        """Drivers and canvassers who sign up in the morning; their ids."""
        assert self.run is not None
        connection = await connect(self.run.database_url)
        try:
            return (
                await sign_up(connection, DRIVERS_AT_WORK),
                await sign_up_canvassers(connection, CANVASSERS_AT_WORK),
            )
        finally:
            await connection.close()

    async def live(self, fast_until: datetime | None, speed: float) -> str:
        """The whole day: sends every text when its time has come, while callers work the queue. Returns what
        to say of both.
        """
        assert self.run is not None and self.run.clock_file is not None
        clock = FileClock(Path(self.run.clock_file))
        texts = simulated_day(self.county, self.day, self._seed)
        clock.set(self.day.opens - BEFORE_OPENING, MORNING_SPEED if fast_until else speed)
        called = CallVotes(self.county, self.day, self._seed)
        desk = (self.run.urls["callers"], self._secrets["secret"], clock, self._seed, called)
        callers, drivers, canvassers = DemoCallers(*desk), DemoDrivers(*desk), DemoCanvassers(*desk)
        pool = await open_pool(self.run.database_url, size=1)
        canvassers.voter_of = voter_of(pool)

        def as_sent(text: WatcherText) -> WatcherText:
            return text.after_calls(called) if isinstance(text, DayText) else text

        sent_out = DemoRunners(self.run.urls["tally"], self._secrets["secret"], clock, self._votes(called))
        driving, walking = await self._sign_up()
        calling = [str(caller.caller_id) for caller in self.county.callers[:CALLERS_AT_WORK]]
        at_work = [
            asyncio.create_task(callers.work(calling)),
            asyncio.create_task(drivers.work(driving)),
            asyncio.create_task(canvassers.work(walking)),
        ]
        began = asyncio.get_running_loop().time()
        try:
            async with TextSender(self.run.urls["intake"], self.run.urls["intake"], self._secrets) as sender:
                self._sender = sender
                at_work.append(asyncio.create_task(sent_out.work(self._runners, sender)))
                early = [t for t in texts if fast_until is not None and t.at <= fast_until]
                await as_the_clock_runs(early, sender, clock, as_sent=as_sent)
                if fast_until is not None:
                    clock.set(fast_until, speed)
                await as_the_clock_runs(texts[len(early) :], sender, clock, as_sent=as_sent)
                await _ended(at_work.pop())  # while there is a sender
        finally:
            for task in at_work:
                await _ended(task)
            pool.terminate()
        clock.set(self.day.closes + AFTER_CLOSE, 0.0)
        self._sent = {t.message_id for t in texts} | sent_out.sent
        took = asyncio.get_running_loop().time() - began
        calls, doors = f"calls {callers.line}", f"doors {canvassers.line}"
        errands = f"runners counted {len(sent_out.sent)} times where it told most"
        rides = f"rides {drivers.line}"
        return "\n".join([sender.record.summary(took), calls, doors, rides, called.line(), errands])

    def _votes(self, called: CallVotes) -> Callable[[str, datetime], int]:
        """Votes cast at a precinct by a time, those that calls have brought among them."""
        index = {p.precinct_id: i for i, p in enumerate(self.county.election.precincts)}

        def votes(precinct: str, at: datetime) -> int:
            place = index[PrecinctId(precinct)]
            return self.day.votes(place, at) + called.votes(place, at)

        return votes

    async def judge(self) -> LawsVerdict:
        """Whether the laws held, by three records."""
        assert self.run is not None and self._sender is not None
        witnesses = Witnesses(self.run.database_url, self.run.urls["tally"], self._secrets["secret"])
        return await check_laws(self._sender.record.acknowledged, self._sent, witnesses)

    async def recount(self) -> bool:
        """Whether `beluga recount` finds the standings equal to those rebuilt from the raw messages."""
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "beluga", "recount", "--state", str(self._folder),
            stdin=asyncio.subprocess.DEVNULL, stdout=sys.stderr, env=dict(os.environ),
        )  # fmt: skip
        return await process.wait() == 0


def spare_phones(county: County) -> list[str]:
    """Phones for fiction that nobody of the county has."""
    known = {w.phone for w in county.election.watchers} | {v.phone for v in county.voters}
    return [phone for phone in fictional_phones() if phone not in known]


async def _ended(task: "asyncio.Task[None]") -> None:
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task


def empty_demo(folder: Path) -> None:
    """Forgets an earlier demo in this folder. Raises `StackBusyError` while it runs.

    Raises `CommandRefusedError` where the folder is no demo's: a stack's journal may be all there is.
    """
    others = [path.name for path in (folder.iterdir() if folder.is_dir() else ()) if path.name != MARK]
    if others and not (folder / MARK).exists() and folder.absolute() != (DEFAULT_STATE / "demo").absolute():
        raise CommandRefusedError(
            f"{folder} holds {', '.join(sorted(others)[:3])} and is no demo's: it is not emptied; "
            "name a new folder with --state"
        )
    lock(folder).close()
    (folder / MARK).touch()
    shutil.rmtree(EmbeddedPostgres(folder / "postgres", 0, "").home, ignore_errors=True)
    for name in ("postgres", "intake", "election", "logs", "dashboard", "callers", "tally"):
        shutil.rmtree(folder / name, ignore_errors=True)
    for name in ("clock", "run.json", "stack.json", "secrets.toml", "stack.lock"):
        (folder / name).unlink(missing_ok=True)
