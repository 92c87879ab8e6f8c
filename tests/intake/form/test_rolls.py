"""Intake passes a roll on and decides nothing: a bad link, another's precinct, no callers' service."""

import asyncio
from collections.abc import Callable

import aiohttp

from beluga.stack.ports import free_port
from election.access.watcher_links import revoke
from election.postgres.database import connect
from tests.intake.form.test_form import a_link
from tests.intake.running import IntakeProcess, an_election, import_election


async def test_without_the_callers_there_is_no_roll_and_strangers_are_not_passed_on(
    intake_at: Callable[..., IntakeProcess], database_url: str
) -> None:
    await import_election(database_url, an_election())
    nobody = f"http://127.0.0.1:{free_port()}"
    intake = await intake_at(database_url, more={"BELUGA_CALLERS_URL": nobody}).running()
    await intake.until_roster()
    connection = await connect(database_url)
    await revoke(connection, ["w2"])
    await connection.close()
    link = a_link(intake, "w1")
    async with aiohttp.ClientSession() as session:

        async def asked(link: str, precinct: str) -> tuple[int, str]:
            async with session.get(f"{link}/roll/state", params={"precinct": precinct}) as response:
                assert response.headers["Cache-Control"] == "no-store"
                return response.status, response.headers.get("Retry-After", "")

        assert await asked(link, "12-01") == (503, "10"), "the phone goes on with what it has"
        assert await asked(link, "12-02") == (404, ""), "another's precinct is told apart here already"
        assert await asked(link[:-3] + "xxx", "12-01") == (401, "")
        async with asyncio.timeout(30):
            while (await asked(a_link(intake, "w2"), "12-02"))[0] != 401:  # revoked: heard within seconds
                await asyncio.sleep(0.05)
        async with session.get(link) as response:
            assert response.status == 200
