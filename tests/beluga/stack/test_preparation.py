"""What is done between a database that answers and the services' start."""

import os
from pathlib import Path

import pytest

from beluga.stack.preparation import UPGRADING, DatabaseRequest, StackError, _migrate, prepare
from election.postgres import migrate as migrations
from election.postgres.database import connect
from election.postgres.migrate import Migration, planned

PRE = Migration("9001_pre_next", "pre", "Adds a column.", "alter table audit add column next text")
POST = Migration("9002_post_next", "post", "Takes it away.", "alter table audit drop column next")


async def test_while_the_version_before_may_return_only_what_suits_it_is_applied(
    database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    known = migrations.steps()
    monkeypatch.setattr(migrations, "steps", lambda: [*known, PRE, POST])
    monkeypatch.setenv("BELUGA_STATE", str(tmp_path))
    connection = await connect(database_url)
    try:
        (tmp_path / UPGRADING).touch()
        await _migrate(database_url)
        assert await planned(connection) == [POST]
        (tmp_path / UPGRADING).unlink()
        await _migrate(database_url)
        assert await planned(connection) == []
    finally:
        await connection.close()


async def test_what_was_prepared_or_why_not_comes_back_from_the_process(
    database_url: str, tmp_path: Path
) -> None:
    env = os.environ | {"BELUGA_STATE": str(tmp_path), "BELUGA_SECRET": "s" * 40}
    prepared = await prepare(DatabaseRequest(database_url), env)
    assert (prepared.has_election, prepared.timezone) == (False, "UTC")
    assert prepared.first_account_token
    with pytest.raises(StackError, match=r"cannot reach the database: .*BELUGA_DATABASE_URL"):
        await prepare(DatabaseRequest("postgresql://nobody@127.0.0.1:1/none"), env)
