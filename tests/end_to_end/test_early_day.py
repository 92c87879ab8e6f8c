"""An early day of its own: its folder, its stack, counts by text, and home again as votes cast already."""

import asyncio
import os
import shutil
import tempfile
from datetime import UTC, datetime
from pathlib import Path

import aiohttp
import pytest

from beluga.load.sender import TextSender, WatcherText
from beluga.stack.ports import free_port_base
from beluga.stack.process import StackProcess
from beluga.stack.stack import RunFile, secrets_of
from election.access.identity import machine
from election.access.tokens import Tokens
from election.folder import read_election, write_election
from tests.beluga.adopt.test_early_days import ELECTION, SITES
from tests.beluga.running import run_beluga

pytestmark = pytest.mark.skipif(
    os.environ.get("BELUGA_REHEARSE") != "1", reason="long: make test-long runs it"
)


async def counted(run: RunFile, secret: str) -> int | None:
    """The last accepted count of the library, as the board's API has it."""
    token = Tokens(secret).sign("service", machine("test", "admin").claims())
    headers = {"Authorization": f"Bearer {token}"}
    async with (
        aiohttp.ClientSession(headers=headers) as web,
        web.get(f"{run.urls['tally']}/precincts/LIB") as answer,
    ):
        votes: int | None = (await answer.json())["standing"]["last_votes"] if answer.status == 200 else None
        return votes


async def test_counts_by_text_on_an_early_day_come_home_as_votes_cast() -> None:
    folder = Path(tempfile.mkdtemp(prefix="beluga-test-"))
    folder.chmod(0o711)
    home, day = folder / "home", folder / "day"
    write_election(home, ELECTION)
    (home / "early_sites.csv").write_text(SITES)
    (home / "voters.csv").write_text("voter_id,precinct_id,name,phone\nv1,0101,Bo,+12155550188\n")
    assert run_beluga("early-day", "begin", home, "2026-10-24", "--into", day).returncode == 0
    options = ("--election", str(day), "--clock", "2026-10-24T15:00-04:00", "--speed", "0")
    stack = StackProcess(folder / "state", free_port_base(), *options)
    try:
        run = await stack.start()
        secrets, at = secrets_of(stack.state), datetime(2026, 10, 24, 19, tzinfo=UTC)
        async with TextSender(run.urls["intake"], run.urls["intake"], secrets) as sender:
            await sender.send(WatcherText("count-1", at, "+12155550101", "151"))
            await sender.send(WatcherText("stop-1", at, "+12155550188", "STOP"))
        for _ in range(100):
            if await counted(run, secrets["secret"]) == 151:
                break
            await asyncio.sleep(0.1)
        done = run_beluga("early-day", "end", home, "2026-10-24", "--state", stack.state)
        assert done.returncode == 0 and "LIB: 151 votes" in done.stdout, done.stdout + done.stderr
        assert "1 voters texted STOP" in done.stdout, done.stdout + done.stderr
    finally:
        await stack.stop()
        voted = {str(p.precinct_id): p.already_voted for p in read_election(home).precincts}
        shutil.rmtree(folder)
    assert voted == {"0101": 101, "0102": 50, "0103": 0}
