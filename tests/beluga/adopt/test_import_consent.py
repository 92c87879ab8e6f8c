"""An import shows what it would do to the election that is there, and does not take its place unasked."""

import asyncio
import os
import pty
import re
import shutil
import sys
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import asyncpg
import pytest
import pytest_asyncio

from beluga.adopt.import_plan import ImportPlan
from beluga.adopt.importing import Today, import_folder
from callers.voters.voter_file import RollChange
from election.domain.checkin import Channel, CheckIn, Kind, Message
from election.domain.day import Election, Precinct, Watcher
from election.domain.ids import MessageId, PrecinctId, WatcherId, check_in_id
from election.folder import Findings, read_election, write_election
from election.log.check_in_log import append
from election.postgres.database import connect
from election.postgres.election_store import load_election
from tests.beluga.running import ROOT, environment, in_process, waiting_for_a_lock
from tests.callers.conftest import DAY

NOW = datetime(2026, 11, 3, 18, tzinfo=UTC)


def election(precincts: int = 20, watchers: int = 20) -> Election:
    places = tuple(Precinct(PrecinctId(f"{n:02}"), f"Hall {n}", 900, "North") for n in range(precincts))
    people = tuple(
        Watcher(WatcherId(f"w{n:02}"), f"Watcher {n}", f"+1215555{100 + n:04}", "en", (PrecinctId("00"),))
        for n in range(watchers)
    )
    return Election(DAY, places, watchers=people)


@pytest_asyncio.fixture
async def there(database_url: str, tmp_path: Path) -> AsyncIterator[asyncpg.Connection]:
    """A database in which the election above has been imported from `tmp_path/county`."""
    connection = await connect(database_url)
    write_election(tmp_path / "county", election())
    await import_folder(connection, tmp_path / "county", Findings())
    yield connection
    await connection.close()


@pytest.fixture
def other(tmp_path: Path, shared: Path) -> Path:
    """Another county's folder."""
    write_election(tmp_path / "other", read_election(shared / "data" / "sample_county"))
    return tmp_path / "other"


async def beluga(*words: str | Path, url: str, **more: str) -> tuple[int, str]:
    return await asyncio.to_thread(in_process, *words, url=url, **more)


async def count(connection: asyncpg.Connection, precinct: str, received_at: datetime) -> None:
    """A check-in from there."""
    key = MessageId(uuid4())
    times = {"observed_at": received_at, "sent_at": received_at, "received_at": received_at}
    message = Message(
        key, "generic", str(key), Channel.SMS, "+12155550100", "412", b"412", received_at, received_at, ""
    )
    entry = CheckIn(
        check_in_id=check_in_id(key, 0), message_id=key, part=0, kind=Kind.COUNT, channel=Channel.SMS,
        precinct_id=PrecinctId(precinct), watcher_id=None, sender="+12155550100", votes=412, **times,
    )  # fmt: skip
    await append(connection, [message], [entry])


async def test_another_countys_folder_does_not_take_this_ones_place_unasked(
    there: asyncpg.Connection, database_url: str, other: Path
) -> None:
    status, said = await beluga("import", other, url=database_url)
    assert status == 1
    assert "6 added, 0 changed, 20 removed of 20: 00, 01" in said
    assert "another election would take the place of 'Sample'" in said
    assert "20 of 20 precincts would go" in said
    assert "--confirm Sample" in said
    assert await load_election(there) == election()
    status, said = await beluga("import", other, "--confirm", "Sample County general", url=database_url)
    assert status == 1
    assert await load_election(there) == election()
    status, said = await beluga("import", other, "--confirm", "Sample", url=database_url)
    assert status == 0, said
    assert await load_election(there) == read_election(other)


async def test_the_same_folder_and_small_changes_ask_nothing(
    there: asyncpg.Connection, database_url: str, tmp_path: Path
) -> None:
    status, said = await beluga("import", tmp_path / "county", url=database_url)
    assert status == 0, said
    assert "nothing differs" in said
    fewer = election(precincts=18, watchers=18)  # a tenth of each goes
    renamed = replace(fewer.precincts[3], name="Library")
    fewer = replace(fewer, precincts=(*fewer.precincts[:3], renamed, *fewer.precincts[4:]))
    write_election(tmp_path / "county", fewer)
    status, said = await beluga("import", tmp_path / "county", url=database_url)
    assert status == 0, said
    assert "0 added, 1 changed, 2 removed of 20: 18, 19" in said
    assert "0 added, 0 changed, 2 removed of 20: w18, w19" in said
    assert await load_election(there) == fewer


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        (election(precincts=17), "3 of 20 precincts would go"),
        (election(watchers=17), "3 of 20 watchers would go"),
        (replace(election(), day=replace(DAY, name="Primary")), "take the place of 'Sample'"),
        (replace(election(), day=replace(DAY, date=DAY.date.replace(day=4))), "2026-11-04 instead of"),
    ],
)
async def test_what_somebody_must_mean(
    there: asyncpg.Connection, database_url: str, tmp_path: Path, changed: Election, why: str
) -> None:
    write_election(tmp_path / "county", changed)
    status, said = await beluga("import", tmp_path / "county", "--dry-run", url=database_url)
    assert (status, why in said, "would ask for --confirm Sample" in said) == (0, True, True), said
    status, said = await beluga("import", tmp_path / "county", url=database_url)
    assert (status, why in said) == (1, True), said
    assert await load_election(there) == election()
    status, said = await beluga("import", tmp_path / "county", "--confirm", "Sample", url=database_url)
    assert status == 0, said
    assert await load_election(there) == changed


async def test_a_roll_that_has_lost_a_part_asks(
    there: asyncpg.Connection, database_url: str, tmp_path: Path
) -> None:
    def roll(*numbers: int, name: str = "N") -> None:
        lines = [f"v{n},00,{n},{name},\n" for n in numbers]
        content = "".join(["voter_id,precinct_id,roll_number,name,phone\n", *lines])
        (tmp_path / "county" / "voters.csv").write_text(content)

    roll(*range(10))
    assert (await beluga("import", tmp_path / "county", url=database_url))[0] == 0
    roll(*range(1, 12), name="M")  # one in ten goes, two come, nine have another name
    status, said = await beluga("import", tmp_path / "county", url=database_url)
    assert (status, "2 added, 9 changed, 1 removed of 10" in said) == (0, True), said
    roll(*range(3, 12), name="M")
    status, said = await beluga("import", tmp_path / "county", url=database_url)
    assert (status, "2 of 11 voters would go" in said) == (1, True), said
    assert await there.fetchval("select count(*) from voters") == 11


async def test_a_dry_run_changes_nothing(
    there: asyncpg.Connection, database_url: str, tmp_path: Path
) -> None:
    grown = election(precincts=21)
    write_election(tmp_path / "county", grown)
    status, said = await beluga("import", tmp_path / "county", "--dry-run", url=database_url)
    assert (status, "1 added, 0 changed, 0 removed" in said, "nothing was changed" in said) == (0, True, True)
    assert await load_election(there) == election()
    await there.execute("delete from watchers; delete from precincts; delete from election")
    status, said = await beluga("import", tmp_path / "county", "--dry-run", url=database_url)
    assert (status, "21 precincts" in said) == (0, True), said
    assert await load_election(there) is None


async def test_a_precinct_that_has_reported_today_stays_unless_told(
    there: asyncpg.Connection, database_url: str, tmp_path: Path
) -> None:
    now = datetime.now(UTC)
    await count(there, "18", now - timedelta(hours=30))
    await count(there, "19", now - timedelta(hours=3))
    write_election(tmp_path / "county", election(precincts=19))
    more = ("--confirm", "Sample")  # to mean it is not to have looked
    status, said = await beluga("import", tmp_path / "county", *more, url=database_url)
    assert status == 1
    assert "1 precincts that would go have check-ins today (19)" in said
    assert "--remove-reporting" in said
    assert await load_election(there) == election()
    write_election(tmp_path / "county", election(precincts=18))
    status, said = await beluga("import", tmp_path / "county", "--remove-reporting", url=database_url)
    assert status == 0, said
    assert len((await load_election(there) or election()).precincts) == 18


async def test_todays_are_those_of_the_stacks_own_clock(there: asyncpg.Connection, tmp_path: Path) -> None:
    await count(there, "19", NOW)
    write_election(tmp_path / "county", election(precincts=19))
    plans: list[ImportPlan] = []
    for today in (
        Today(NOW + timedelta(hours=3)), Today(NOW + timedelta(hours=25)), Today(NOW, rehearsal=True),
    ):  # fmt: skip
        await import_folder(
            there, tmp_path / "county", Findings(), agree=plans.append, today=today, dry_run=True
        )
    assert [plan.reporting for plan in plans] == [("19",), (), ()]


class Terminal:
    """A command that asks on a terminal."""

    def __init__(self) -> None:
        self._ours, self.theirs = pty.openpty()
        self._said = b""

    async def until(self, words: str) -> str:
        """Reads until it has said that."""
        while words.encode() not in self._said:
            self._said += await asyncio.wait_for(asyncio.to_thread(os.read, self._ours, 4096), 30)
        return self._said.decode()

    def type(self, words: str) -> None:
        os.write(self._ours, words.encode() + b"\n")


async def asked(folder: Path, url: str) -> tuple[Terminal, asyncio.subprocess.Process]:
    terminal = Terminal()
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "beluga", "import", str(folder), cwd=ROOT, env=environment(url),
        stdin=terminal.theirs, stdout=terminal.theirs, stderr=terminal.theirs,
    )  # fmt: skip
    await terminal.until("type Sample")
    return terminal, process


async def test_on_a_terminal_the_name_is_asked_for(
    there: asyncpg.Connection, database_url: str, other: Path
) -> None:
    terminal, process = await asked(other, database_url)
    terminal.type("yes")
    assert "nothing was changed" in await terminal.until("nothing was changed")
    assert await process.wait() == 1
    assert await load_election(there) == election()
    terminal, process = await asked(other, database_url)
    assert await there.fetchval("select count(*) from pg_locks where locktype = 'advisory'") == 0, (
        "nobody waits"
    )
    terminal.type("Sample")
    await terminal.until("imported 6 precincts")
    assert await process.wait() == 0
    assert await load_election(there) == read_election(other)


async def test_what_changes_while_somebody_is_asked_is_not_done(
    there: asyncpg.Connection, database_url: str, other: Path, tmp_path: Path
) -> None:
    terminal, process = await asked(other, database_url)
    await import_folder(there, _with_one_more(tmp_path), Findings())
    terminal.type("Sample")
    await terminal.until("changed while you were asked")
    assert await process.wait() == 1
    assert len((await load_election(there) or election()).precincts) == 21


def _with_one_more(tmp_path: Path) -> Path:
    write_election(tmp_path / "more", election(precincts=21))
    return tmp_path / "more"


async def test_an_import_is_compared_with_what_the_one_before_it_has_left(
    there: asyncpg.Connection, database_url: str, tmp_path: Path
) -> None:
    """Both confirm the election that was there when they began; the second finds another one."""
    first, second = tmp_path / "first", tmp_path / "second"
    for folder, name in ((first, "Primary"), (second, "Runoff")):
        write_election(folder, replace(election(), day=replace(DAY, name=name)))
    async with there.transaction():
        await there.execute("lock table election in exclusive mode")
        one = asyncio.create_task(beluga("import", first, "--confirm", "Sample", url=database_url))
        eye = await connect(database_url)
        await waiting_for_a_lock(eye, "%insert into election%")
        two = asyncio.create_task(beluga_process(second, database_url))
        await waiting_for_a_lock(eye, "select pg_advisory_xact_lock%")
        await eye.close()
    assert (await one)[0] == 0
    status, said = await two
    assert status == 1
    assert "the election that is there is not 'Sample'" in said
    assert (await load_election(there) or election()).day.name == "Primary"


async def beluga_process(folder: Path, url: str) -> tuple[int, str]:
    """In a process of its own: two runners in one would share their output."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "beluga", "import", str(folder), "--confirm", "Sample",
        cwd=ROOT, env=environment(url), stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
    )  # fmt: skip
    said, _ = await process.communicate()
    return process.returncode or 0, said.decode()


def test_plans_are_equal_only_where_they_would_do_the_same() -> None:
    plan = ImportPlan(election(), election(precincts=21), voters=RollChange(10, 0, 0, 1))
    assert plan == ImportPlan(election(), election(precincts=21), voters=RollChange(10, 0, 0, 1))
    assert plan != ImportPlan(election(), election(precincts=22), voters=RollChange(10, 0, 0, 1))
    assert plan != replace(plan, voters=RollChange(10, 0, 1, 1))
    assert plan != replace(plan, reporting=("01",))


def test_nobodys_phone_or_name_is_shown() -> None:
    changed = election()
    changed = replace(changed, watchers=(replace(changed.watchers[0], phone="+12155550999"),))
    said = "\n".join(ImportPlan(election(), changed).lines())
    assert re.search(r"watchers +0 added, 1 changed, 19 removed of 20: w01, w02", said)
    assert "555" not in said and "Watcher" not in said


async def test_a_demo_does_not_empty_what_is_no_demos(tmp_path: Path) -> None:
    state = tmp_path / "state"
    (state / "intake" / "journal").mkdir(parents=True)
    (state / "intake" / "journal" / "0001.db").write_text("acknowledged")
    for more in ([], ["--check"]):
        status, said = await beluga("demo", "--state", state, *more, url="")
        assert (status, "is not emptied" in said) == (1, True), said
    assert (state / "intake" / "journal" / "0001.db").read_text() == "acknowledged"
    shutil.rmtree(state)
