"""What services were started with: told once, kept with its time until it changes, secrets never."""

from collections.abc import AsyncIterator

import asyncpg
import pytest_asyncio
from pydantic import Field, SecretStr

from election.postgres.database import connect
from election.postgres.service_settings import ServiceSetting, read_all, shown_settings, tell
from election.runtime.settings import SharedSettings


@pytest_asyncio.fixture
async def connection(database_url: str) -> AsyncIterator[asyncpg.Connection]:
    opened = await connect(database_url)
    yield opened
    await opened.close()


class SomeSettings(SharedSettings):
    """A service's."""

    pace: float = Field(default=4.0, description="A pace.")
    api_key: SecretStr = Field(default=SecretStr("hidden-9"), description="A secret.")


async def told(connection: asyncpg.Connection, pace: float, by: str) -> dict[str, ServiceSetting]:
    settings = SomeSettings(pace=pace, database_url="postgresql://ada:lovelace@db/beluga")
    await tell(connection, "some service", shown_settings(settings), host="h1", by=by)
    return {each.name: each for each in await read_all(connection) if each.service == "some service"}


async def test_a_change_says_when_by_whom_and_what_it_was(connection: asyncpg.Connection) -> None:
    first = await told(connection, 4.0, "ada@h1")
    again = await told(connection, 4.0, "bo@h1")
    assert again["BELUGA_PACE"] == first["BELUGA_PACE"], "what is as it was keeps its time and its author"
    assert first["BELUGA_PACE"].was is None
    changed = (await told(connection, 2.5, "bo@h1"))["BELUGA_PACE"]
    assert (changed.value, changed.was, changed.changed_by) == ("2.5", "4.0", "bo@h1")
    assert changed.since > first["BELUGA_PACE"].since


async def test_no_secret_is_told_nor_a_setting_that_is_gone(connection: asyncpg.Connection) -> None:
    await told(connection, 4.0, "ada@h1")
    await tell(connection, "some service", {"BELUGA_PACE": "4.0"}, host="h1", by="ada@h1")
    left = [each.name for each in await read_all(connection) if each.service == "some service"]
    assert left == ["BELUGA_PACE"]
    shown = shown_settings(SomeSettings(database_url="postgresql://ada:lovelace@db/beluga"))
    assert "lovelace" not in str(shown) and "hidden-9" not in str(shown)
    assert shown["BELUGA_API_KEY"] == "set, not shown"
