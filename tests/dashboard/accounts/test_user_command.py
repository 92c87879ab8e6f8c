"""`beluga user` beside a stack: by BELUGA_DATABASE_URL, and by the folder of what runs."""

import asyncio
import os
import re
from pathlib import Path

import asyncpg
import pytest
from typer.testing import CliRunner

from beluga.commands import app
from beluga.stack.stack import RunFile, write_run_file
from election.access import accounts
from election.postgres.database import connect

RUNNER = CliRunner()


def user(*words: str, given: str = "") -> tuple[int, str]:
    result = RUNNER.invoke(app, ["user", *words], input=given)
    return result.exit_code, result.output


@pytest.fixture
def by_state(database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of a stack that runs (this very process, for all the command can tell)."""
    monkeypatch.delenv("BELUGA_DATABASE_URL", raising=False)
    write_run_file(tmp_path, RunFile(os.getpid(), "2026-11-03T12:00:00+00:00", {}, {}, database_url))
    return tmp_path


def test_accounts_are_made_reset_closed_and_listed(by_state: Path) -> None:
    at = ("--state", str(by_state))
    code, said = user(*at, "add", "Sam")
    assert (code, said.startswith("sam can sign in with password ")) == (0, True)
    assert user(*at, "add", "sam")[0] == 1
    code, said = user(*at, "add", "lee", "--role", "lead")
    assert (code, "needs at least one county" in said) == (1, True)
    assert user(*at, "add", "lee", "--role", "lead", "--county", "North", "--county", "South")[0] == 0
    code, said = user(*at, "reset", "sam", "--password-stdin", given="a new long password\n")
    assert (code, said) == (0, "sam can sign in\n")
    assert user(*at, "disable", "nobody")[0] == 1
    assert user(*at, "disable", "lee")[0] == 0
    code, said = user(*at, "list")
    assert said.splitlines() == ["lee\tlead\tNorth, South · disabled", "sam\tstaff\tall counties"]


async def test_the_password_given_is_the_password(by_state: Path, database_url: str) -> None:
    at = ("--state", str(by_state))
    words = ("add", "ada", "--role", "admin", "--password-stdin")
    await asyncio.to_thread(user, *at, *words, given="long enough for us 1\n")
    connection = await connect(database_url)
    try:
        ada = await accounts.find(connection, "ADA")
        assert ada is not None
        assert ada.accepts("long enough for us 1")
        assert not ada.accepts("long enough for us 2")
        assert await connection.fetchval("select action from audit") == "account added"
        with pytest.raises(asyncpg.PostgresError):
            await connection.execute("delete from audit")
    finally:
        await connection.close()


async def test_codes_are_asked_for_and_no_more(by_state: Path, database_url: str) -> None:
    at = ("--state", str(by_state))
    await asyncio.to_thread(user, *at, "add", "ada")
    code, said = await asyncio.to_thread(user, *at, "codes", "ada")
    assert code == 0
    secret = re.search(r"otpauth://totp/Beluga%3Aada\?secret=([A-Z2-7]{32})&", said)
    assert secret
    connection = await connect(database_url)
    try:
        ada = await accounts.find(connection, "ada")
        assert ada is not None
        assert (ada.totp_secret, ada.epoch) == (secret[1], 1)
        assert secret[1] not in repr(ada)
        assert await accounts.use_code(connection, "ada", 7)
        assert not await accounts.use_code(connection, "ada", 7)
        await asyncio.to_thread(user, *at, "codes", "ada", "--off")
        ada = await accounts.find(connection, "ada")
        assert ada is not None
        assert ada.totp_secret is None
    finally:
        await connection.close()
    assert (await asyncio.to_thread(user, *at, "codes", "nobody"))[0] == 1


def test_an_account_is_signed_out_and_given_another_role(by_state: Path) -> None:
    at = ("--state", str(by_state))
    assert user(*at, "add", "sam")[0] == 0
    assert user(*at, "sign-out", "Sam") == (
        0, "sam is signed out everywhere within seconds, and may sign in again\n"
    )  # fmt: skip
    assert user(*at, "sign-out", "nobody")[0] == 1
    code, said = user(*at, "role", "sam", "lead")
    assert (code, "needs at least one county" in said) == (1, True)
    assert user(*at, "role", "sam", "lead", "--county", "North")[0] == 0
    assert user(*at, "list")[1] == "sam\tlead\tNorth\n"
    assert user(*at, "role", "sam", "admin")[0] == 0
    assert user(*at, "list")[1] == "sam\tadmin\tall counties\n"


async def test_a_county_that_is_misspelt_is_an_error(by_state: Path, database_url: str) -> None:
    connection = await connect(database_url)
    await connection.execute(
        "insert into precincts (precinct_id, position, name, registered, county)"
        " values ('a', 0, 'A', 9, 'North')"
    )
    await connection.close()
    words = ("--state", str(by_state), "add", "lee", "--role", "lead", "--county")
    code, said = await asyncio.to_thread(user, *words, "north")
    assert (code, said) == (1, "no such county: north (did you mean North?)\n")
    code, said = await asyncio.to_thread(user, *words, "Elsewhere")
    assert (code, said) == (1, "no such county: Elsewhere (there is North)\n")
    assert (await asyncio.to_thread(user, *words, "North"))[0] == 0


def test_without_a_stack_it_says_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("BELUGA_DATABASE_URL", raising=False)
    code, said = user("--state", str(tmp_path), "list")
    assert (code, "set BELUGA_DATABASE_URL" in said) == (1, True)
