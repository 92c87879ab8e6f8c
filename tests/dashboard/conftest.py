"""Fixtures of the war room's tests: one browser a module."""

from collections.abc import AsyncIterator

import pytest_asyncio
from playwright.async_api import Browser, expect

from tests.dashboard.running import chromium

expect.set_options(timeout=15_000)  # a loaded machine is slow; a condition that never holds still fails


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def browser() -> AsyncIterator[Browser]:
    async with chromium() as one:
        yield one
