"""`beluga callers …` against the running service, and `beluga purge` with its certificate."""

import asyncio
import json
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import aiohttp
import asyncpg
import pytest
from typer.testing import CliRunner

from beluga.commands import app
from election.runtime.clock import FileClock
from tests.callers.conftest import NOON, add_callers, add_election, add_voters, open_precinct
from tests.callers.service_process import (
    SECRET,
    TOKENS,
    Service,
    a_voter,
    as_staff,
    dial,
    feed,
    outcome,
    ready,
    service,
    web,
)

__all__ = ["feed", "service", "web"]  # fixtures

TRIAL = """
alpha = 0.05
spread = 0.05
most_answers = 100
[variants.plan]
en = ["Hello {name}, what time will you go to {place}?"]
[variants.plain]
en = ["Hello {name}, the polls close at {closes}."]
"""


async def beluga(*words: str) -> tuple[int, str]:
    """The command's exit status and what it printed (in a thread: it asks the service over HTTP)."""
    done = await asyncio.to_thread(CliRunner().invoke, app, list(words))
    return done.exit_code, done.output


async def test_links_are_ended_by_command(
    service: Callable[[], Service],
    connection: asyncpg.Connection,
    web: aiohttp.ClientSession,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    await add_election(connection, ["a"])
    await add_callers(connection, 2)
    one = service()
    await ready(web, one)
    monkeypatch.setenv("BELUGA_CALLERS_URL", one.url)
    monkeypatch.setenv("BELUGA_SECRET", SECRET)
    state = ("--state", str(tmp_path))

    async def link(*words: str) -> str:
        status, said = await beluga("callers", *words, *state)
        assert status == 0, said
        return said.split()[-1]

    async def ends(address: str) -> None:
        for _ in range(400):
            async with web.get(address) as response:
                if response.status == 401:
                    return
            await asyncio.sleep(0.05)
        raise AssertionError(f"{address} is still good")

    async def is_good(address: str) -> bool:
        async with web.get(address) as response:
            return response.status == 200

    old = {name: await link("link", name) for name in ("c0", "c1")}
    bank, all_banks = await link("bank", "Town hall"), await link("captain")
    code = await connection.fetchval("select code from phone_banks")
    assert (await beluga("callers", "link", "nobody", *state))[0] == 1
    assert (await beluga("callers", "revoke", *state))[0] == 1
    status, said = await beluga("callers", "revoke", "c0", "nobody", *state)
    assert (status, "nobody. Nothing was changed." in said) == (1, True)
    assert await is_good(old["c0"])
    status, said = await beluga("callers", "revoke", "c0", *state)
    assert (status, said.startswith("links of 1 callers ended")) == (0, True)
    await ends(old["c0"])
    assert await is_good(old["c1"])
    assert await is_good(await link("link", "c0"))
    assert (await beluga("callers", "revoke", "--captains", code, *state))[0] == 0
    await ends(bank)
    assert await is_good(all_banks)
    assert (await beluga("callers", "revoke", "--all-captains", "--all", *state))[0] == 0
    await ends(all_banks)
    await ends(old["c1"])
    assert await is_good(await link("captain"))
    async with web.get(f"{one.url}/phone-banks", headers=as_staff()) as response:
        again = (await response.json())["phone_banks"][0]["captain_path"]
    assert await is_good(one.url + again)
    lead = TOKENS.sign("service", {"account": "lee", "role": "lead", "counties": ["North"]})
    headers = {"Authorization": f"Bearer {lead}"}
    for path, order in (
        ("/links", {"kind": "caller", "subject": "c0"}),
        ("/links/end", {"kind": "caller", "subjects": ["c0"]}),
    ):
        async with web.post(one.url + path, json=order, headers=headers) as response:
            assert response.status == 403, "a caller is of no county"
    assert await connection.fetchval("select count(*) from audit where action = 'caller links ended'") == 2


async def test_lists_phone_banks_and_scripts_by_command(
    service: Callable[[], Service],
    connection: asyncpg.Connection,
    database_url: str,
    web: aiohttp.ClientSession,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    await add_election(connection, ["a"])
    await add_voters(connection, "a", 30)
    await add_callers(connection, 1)
    await open_precinct(connection, "a")
    one = service()
    await ready(web, one)
    await a_voter(web, one, 0)
    monkeypatch.setenv("BELUGA_CALLERS_URL", one.url)
    monkeypatch.setenv("BELUGA_SECRET", SECRET)
    state = ("--state", str(tmp_path))
    status, said = await beluga("callers", "link", "c0", *state)
    assert status == 0, said
    async with web.get(said.strip()) as response:
        assert "Hall a" in await response.text()
    status, said = await beluga("callers", "link", "nobody", *state)
    assert (status, "There is no such caller." in said) == (1, True)  # only the service can be asked here
    monkeypatch.setenv("BELUGA_DATABASE_URL", database_url)
    status, said = await beluga("callers", "link", "c00", *state)
    assert (status, said) == (1, "no such caller: c00 (did you mean c0?)\n")
    await connection.execute("update callers set barred = true where caller_id = 'c0'")
    status, said = await beluga("callers", "link", "c0", *state)
    assert (status, "has been taken off" in said) == (1, True)
    await connection.execute("update callers set barred = false where caller_id = 'c0'")
    status, said = await beluga("callers", "bank", "Town hall", *state)
    assert status == 0
    async with web.get(said.split()[1]) as response:
        assert response.status == 200
    status, said = await beluga("callers", "captain", *state)
    async with web.get(said.strip()) as response:
        assert "Caller 0" in await response.text()
    out = tmp_path / "list.csv"
    status, said = await beluga("callers", "list", "a", "--lines", "5", "--out", str(out), *state)
    assert status == 0, said
    lines = out.read_text().splitlines()
    assert len(lines) == 6
    list_id = said.split()[1].rstrip(":")
    out.write_text("\n".join([lines[0], lines[1] + "will_vote", lines[2] + "no_answer", lines[3]]))
    status, said = await beluga("callers", "outcomes", list_id, str(out), *state)
    assert (status, said.strip()) == (0, "2 recorded, 0 known already")
    trial = tmp_path / "trial.toml"
    trial.write_text(TRIAL)
    status, said = await beluga("callers", "scripts", str(trial), *state)
    assert status == 0, said
    status, said = await beluga("callers", "scripts", str(trial), *state)
    assert (status, said.strip()) == (1, "A trial runs already; end it first.")
    # from now on every voter hears one of the two, the same whoever calls
    heard: dict[str, int] = {"what time": 0, "polls close": 0}
    for n in range(20):
        FileClock(tmp_path / "clock").set(NOON + timedelta(minutes=n), 1.0)  # at a caller's pace
        voter = await a_voter(web, one, 0)
        shown = (await dial(web, one, 0, voter["lease_id"]))["voter"]
        for words in heard:
            heard[words] += words in shown["script"][0]
        if all(heard.values()):
            break
        await outcome(web, one, 0, voter["lease_id"], "will_vote")
    assert all(heard.values()), heard
    status, said = await beluga("callers", "scripts", *state)
    assert "plan" in said
    assert "plain" in said


async def test_a_purge_needs_the_elections_name_and_signs_what_it_did(
    connection: asyncpg.Connection, database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await add_election(connection, ["a"])
    await add_voters(connection, "a", 7)
    await add_callers(connection, 2)
    await connection.execute("insert into opt_outs values ('+1', true, $1)", NOON)
    monkeypatch.setenv("BELUGA_DATABASE_URL", database_url)
    monkeypatch.setenv("BELUGA_SECRET", SECRET)
    paper = tmp_path / "purge.json"
    status, said = await beluga("purge", "--certificate", str(paper))
    assert status == 1
    assert "nothing was removed" in said
    assert await connection.fetchval("select count(*) from voters") == 7
    status, said = await beluga("purge", "--confirm", "Sample", "--certificate", str(paper))
    assert status == 0, said
    words = json.loads(paper.read_text())
    assert (words["removed"]["public.voters"], words["removed"]["public.callers"]) == (7, 2)
    assert set(words["left"].values()) == {0}
    assert (await beluga("purge", "--check", str(paper)))[0] == 0
    words["removed"]["public.voters"] = 8
    paper.write_text(json.dumps(words))
    assert (await beluga("purge", "--check", str(paper)))[0] == 1
    assert await connection.fetchval("select count(*) from audit where action = 'voters purged'") == 1
