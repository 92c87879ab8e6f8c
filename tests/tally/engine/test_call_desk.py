"""What the call desk does reaches the board: at a change of its tables, and marked when it falls silent."""

import asyncio
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from uuid import UUID

import pytest
from aiohttp import web
from pydantic import SecretStr

import tally.engine.call_desk
from beluga.stack.ports import free_port
from election.access.identity import Admission
from election.access.tokens import Tokens
from election.postgres.database import connect
from election.runtime.clock import FixedClock
from election.wire.callers import DispatchList, DispatchView, Proposal, ReachedHour, ReachedPrecinct
from election.wire.feed import Calls
from tally.engine.call_desk import CallDesk
from tally.settings import TallySettings
from tally.standing.rounding import Row

SECRET = "s" * 40
NOON = datetime(2026, 11, 3, 17, tzinfo=UTC)
_OPEN = """
insert into dispatches (dispatch_id, precinct_id, automatic, started_at, started_by, reason, closes_at)
values (gen_random_uuid(), '1-01', true, now(), 'callers', 'behind', now() + interval '5 hours')
"""


class Desk:
    """Answers as the callers' service does, with the types both share."""

    def __init__(self) -> None:
        self.asked = 0
        self.answers = True
        self.callers_now = 0

    async def dispatches(self, request: web.Request) -> web.Response:
        token = request.headers["Authorization"].removeprefix("Bearer ")
        assert Tokens(SECRET).read("service", token, max_age=300)["role"] == "service"
        self.asked += 1
        if not self.answers:
            raise web.HTTPServiceUnavailable
        view = DispatchView(
            dispatch_id=UUID(int=1), precinct_id="1-01", automatic=True, callers_now=self.callers_now,
            started_at=NOON, started_by="callers", reason="61 behind", missing_at_start=61,
        )  # fmt: skip
        offer = Proposal(precinct_id="1-02", callers=2, missing=30, reachable=90, sentence="Send 2 callers")
        listed = DispatchList(dispatches=[view], proposals=[offer], feed_age_seconds=0.5)
        if request.query.get("reached") == "1":
            hour = ReachedHour(at=NOON.timestamp(), reached=40, voted=9, expected=20, struck=0)
            listed.reached = [ReachedPrecinct(precinct_id="1-03", listed=900, expected=450, hours=[hour])]
        return web.Response(text=listed.model_dump_json(), content_type="application/json")


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(15):
        while not condition():
            await asyncio.sleep(0.01)


async def test_a_change_of_its_tables_is_heard_and_its_silence_too(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tally.engine.call_desk, "SILENT_SECONDS", 0.3)
    desk, port, heard = Desk(), free_port(), list[Row]()
    app = web.Application()
    app.router.add_get("/dispatches", desk.dispatches)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    settings = TallySettings(
        database_url=database_url, secret=SecretStr(SECRET), callers_url=f"http://127.0.0.1:{port}",
        calls_seconds=600,
    )  # fmt: skip
    estimated = list[Sequence[ReachedPrecinct]]()

    async def estimate(reached: Sequence[ReachedPrecinct]) -> Row:
        estimated.append(reached)
        row = {"precinct_id": "1-03", "at": 0, "reached": 40, "voted": 9, "votes": 200}
        return {"reached": [row | dict.fromkeys(("lo80", "hi80", "lo95", "hi95"), 200)], "reached_check": {}}

    calls = CallDesk(settings, Admission(Tokens(SECRET)), FixedClock(NOON), heard.append, estimate)
    task = asyncio.create_task(calls.run())
    writer = await connect(database_url)
    try:
        await until(lambda: desk.asked >= 2)  # at the start, and when the channel has been heard
        first = Calls.model_validate(heard[-1])
        assert (first.dispatches[0].precinct_id, first.dispatches[0].started_at) == (
            "1-01", int(NOON.timestamp()),
        )  # fmt: skip
        assert first.proposals[0].sentence == "Send 2 callers"
        assert first.silent_since is None
        desk.callers_now = 3
        await writer.execute(_OPEN)
        await until(lambda: heard[-1]["dispatches"][0]["callers_now"] == 3)
        desk.answers = False
        await asyncio.sleep(0.3)
        await writer.execute("update dispatches set hold = 'no lines'")
        await until(lambda: heard[-1]["silent_since"] is not None)
        assert [[r.precinct_id for r in each] for each in estimated] == [["1-03"]], "asked once in a while"
        assert Calls.model_validate(heard[-1]).reached[0].votes == 200  # and kept meanwhile
        assert heard[-1]["dispatches"][0]["callers_now"] == 3  # the last known, and since when it is old
        assert abs(heard[-1]["silent_since"] - NOON.timestamp()) < 60
        desk.answers = True
        await writer.execute("update dispatches set hold = ''")
        await until(lambda: heard[-1]["silent_since"] is None)
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await writer.close()
        await runner.cleanup()
