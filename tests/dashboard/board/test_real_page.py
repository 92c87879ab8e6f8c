"""The panel draws the page a real tally answers with: the two rooms agree on its fields."""

import asyncio
import json
from datetime import timedelta
from pathlib import Path

import aiohttp
from pydantic import SecretStr

from beluga.stack.ports import free_port
from dashboard.precinct.chart import day_chart, moment
from dashboard.precinct.check_in_list import check_in_list
from dashboard.precinct.panel import _sentence
from election.access.tokens import Tokens
from election.domain.checkin import Kind
from election.postgres.database import connect
from election.runtime.clock import FixedClock
from tally.app import Service
from tally.settings import TallySettings
from tests.tally.days import NOON, OPENS, an_election, an_entry, import_election, store

SECRET = "s" * 40


async def test_chart_sentence_and_list_of_a_real_page(database_url: str, tmp_path: Path) -> None:
    election = an_election()
    precinct = election.precincts[0]
    writer = await connect(database_url)
    await import_election(writer, election)
    note = an_entry("n", 0, None, 60, Kind.NOTE, text="polls opened late")
    counts = [an_entry(f"n{n}", 0, 40 * n, after=55 * n) for n in range(1, 6)]
    slip = an_entry("slip", 0, 2_000, after=285)
    counts.append(slip)
    accept = an_entry("accept", 0, None, 288, Kind.ACCEPT, target=str(slip[1].check_in_id))
    await store(writer, [*counts, note, accept])
    await writer.close()
    settings = TallySettings(
        database_url=database_url, secret=SecretStr(SECRET), tally_port=free_port(), feed_port=free_port(),
        poll_seconds=0.1, state=tmp_path,
    )  # fmt: skip
    token = Tokens(SECRET).sign("service", {"account": "a", "role": "staff"})
    url = f"http://127.0.0.1:{settings.tally_port}/precincts/{precinct.precinct_id}"
    headers = {"Authorization": f"Bearer {token}"}
    page = {}
    async with Service(settings, FixedClock(NOON)).running(), aiohttp.ClientSession() as session:
        for _ in range(200):
            async with session.get(url, headers=headers) as answer:
                page = await answer.json() if answer.status == 200 else {}
            if [r["verdict"] for r in page.get("reports", [])] == ["accepted"] * 6:
                break
            await asyncio.sleep(0.05)
        assert page["standing"]["last_votes"] == 2_000  # as staff decided a moment ago
        # As known before that decision, which is what a replay shows: the page as it was, verdicts and all.
        then = OPENS + timedelta(minutes=286)
        async with session.get(url, headers=headers, params={"at": str(int(then.timestamp()))}) as answer:
            page = await answer.json()
        async with session.get(url, headers=headers, params={"at": str(int(OPENS.timestamp()))}) as answer:
            early = await answer.json()
        assert (early["reports"], early["annotations"], early["standing"]["last_votes"]) == ([], [], None)
    zone = precinct.zone(election.day)
    figure = json.loads(day_chart(page, zone, then, dark=False).to_json())
    drawn = {t.get("name"): t["y"] for t in figure["data"]}
    assert drawn["Accepted"] == [40, 80, 120, 160, 200]
    points = {t["name"]: t["customdata"] for t in figure["data"] if "customdata" in t}
    assert ["2,000"] in (points.get("Held"), points.get("Rejected"))
    assert drawn["projected"][-1] == page["standing"]["projected_final"]
    assert "⚑ polls opened late" in [a["text"] for a in figure["layout"]["annotations"]]
    assert figure["layout"]["xaxis"]["range"][0].endswith("07:00:00")
    assert "last count 200" in json.dumps(_sentence(page, zone), default=str, ensure_ascii=False)
    told = json.dumps(
        check_in_list(page, election.watchers, zone), default=lambda c: c.to_plotly_json(), ensure_ascii=False
    )
    assert election.watchers[0].name in told
    assert "Accept 2,000" in told
    assert moment(page["reports"][0]["received_at"]) <= NOON + timedelta(hours=1)
