"""Fixtures of the war room's tests: one browser a module, and a room with its intake."""

import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, expect

from beluga.stack.postgres import EmbeddedPostgres
from tests.dashboard.office import Office, an_office
from tests.dashboard.running import chromium

expect.set_options(timeout=15_000)  # a loaded machine is slow; a condition that never holds still fails


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def browser() -> AsyncIterator[Browser]:
    async with chromium() as one:
        yield one


@pytest.fixture(scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where screenshots go: BELUGA_PICTURES (docs/war-room.md shows some), else a scratch folder."""
    return Path(os.environ.get("BELUGA_PICTURES") or tmp_path_factory.mktemp("pictures"))


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def office(
    postgres: EmbeddedPostgres, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Office]:
    async with an_office(postgres, tmp_path_factory.mktemp("room")) as running:
        yield running
