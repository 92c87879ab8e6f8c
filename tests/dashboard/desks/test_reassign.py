"""A watcher sent elsewhere from the board: is told so, and from then on counts for the new precinct."""

import asyncio
from typing import Any

import asyncpg
import pytest
from playwright.async_api import Browser, expect

from election.domain.day import Election
from election.postgres.database import connect
from election.postgres.election_store import save_election
from tests.dashboard.office import Office
from tests.dashboard.running import visiting

pytestmark = pytest.mark.asyncio(loop_scope="module")
OLD, NEW, WATCHER = "01-08", "01-16", 7  # Watcher 7 is at the eighth precinct; the other is silent


async def until_row(office: Office, query: str, *values: Any) -> Any:
    """The first row that this query finds, once it finds one."""
    connection = await asyncpg.connect(office.room.database_url)
    try:
        for _ in range(300):
            if (row := await connection.fetchrow(query, *values)) is not None:
                return row
            await asyncio.sleep(0.1)
    finally:
        await connection.close()
    raise AssertionError(f"never a row: {query}")


async def counted_at(office: Office, votes: int) -> Any:
    """Where a count of so many votes landed."""
    return (await until_row(office, "select precinct_id from check_ins where votes = $1", votes))[0]


async def test_a_watcher_sent_elsewhere_counts_there(office: Office, browser: Browser) -> None:
    await office.text("101", watcher=WATCHER)
    assert await counted_at(office, 101) == OLD
    imported = (await until_row(office, "select roster_version from election"))[0]
    async with visiting(browser, office.room, path=f"/?precinct={NEW}") as seen:
        await seen.painted()
        page = seen.page
        await page.click("#panel-more summary")
        await page.fill("#assign-search", "watcher 7")
        await page.click("#assign-found button:has-text('Send Watcher 7 here')")
        await expect(page.locator("#notice")).to_contain_text("is being texted to go to")
        # Told, through the outbox.
        told = await until_row(office, "select phone, body from outbox where purpose = 'reassigned'")
        assert told["phone"] == f"+1215555{WATCHER:04d}"
        assert NEW in told["body"]
        # Counted for, as soon as intake has taken in the new roster: texts that name no precinct.
        await until_row(office, "select 1 from election where roster_version <> $1", imported)
        where = OLD
        for votes in range(102, 130):
            await office.text(str(votes), watcher=WATCHER)
            if (where := await counted_at(office, votes)) == NEW:
                break
        assert where == NEW
        # What was sent before stays where it was, read against the roster of its time.
        before = await until_row(
            office,
            "select m.roster_version, c.precinct_id from messages m join check_ins c using (message_id)"
            " where c.votes = 101",
        )
        assert (before["roster_version"], before["precinct_id"]) == (imported, OLD)
        # The board that is open knows who watches where: its panel, and the list of whom to call.
        await expect(page.locator("#panel .people")).to_contain_text("Watcher 7")
        await expect(page.locator(f"#silent [data-row='{NEW}'] .who")).to_contain_text("Watcher 7")
        assert seen.problems == []


async def test_a_move_outlives_an_import(office: Office) -> None:
    connection = await connect(office.room.database_url)
    election: Election = office.room.feed.election
    async with connection.transaction():
        imported = await save_election(connection, election)
    await connection.close()
    await until_row(office, "select 1 from election where roster_version <> $1", imported)
