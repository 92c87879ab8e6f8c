"""What a running stack's tally answers the command line."""

from pathlib import Path

import aiohttp

from beluga.stack.stack import read_run_file, secrets_of
from election.access.identity import machine
from election.access.tokens import Tokens

SECONDS = 10.0


async def tally_answer(state: Path, path: str) -> bytes:
    """The answer at `path`, for all counties.

    Raises `NoStackError` where none runs in this folder, `aiohttp.ClientError`, `TimeoutError`.
    """
    run = read_run_file(state)
    token = Tokens(secrets_of(state)["secret"]).sign("service", machine("command line", "admin").claims())
    timeout = aiohttp.ClientTimeout(total=SECONDS)
    async with (
        aiohttp.ClientSession(timeout=timeout, headers={"Authorization": f"Bearer {token}"}) as session,
        session.get(f"{run.urls['tally']}{path}", raise_for_status=True) as answer,
    ):
        return await answer.read()
