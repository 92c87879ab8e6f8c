"""The official source, asked over real HTTP on the loopback: politely, and nobody else."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

import pytest
from aiohttp import web

from election.domain.checkin import Channel, Kind, Message
from election.domain.official import OfficialSource
from election.domain.roster import roster_of
from election.postgres.database import connect
from election.runtime.clock import FixedClock
from intake.journal.writer import Journal
from intake.metrics.intake import Telemetry
from intake.official.client import OfficialClient, Published, fit_address
from intake.official.following import JITTER, MOST_BACK_OFF, OfficialFollower
from intake.official.published import OfficialUnreadError, counts_of
from intake.reading.reader import check_ins_of, readings_of
from intake.receive.pipeline import IngestPipeline, PipelineOptions
from intake.roster.snapshot import Rosters
from tests.intake.drain.test_drain import rosters_at
from tests.intake.running import an_election, import_election

AT = datetime(2026, 11, 3, 17, 0, tzinfo=UTC)  # noon there
ROSTER = roster_of(an_election())


@dataclass
class Office:
    """A county's server: a file with an ETag, or whatever it is told to answer."""

    port: int = 0
    body: bytes = b""
    tag: str = '"1"'
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    asked: list[dict[str, str]] = field(default_factory=list)

    @property
    def source(self) -> OfficialSource:
        return OfficialSource(f"http://127.0.0.1:{self.port}/turnout.csv", "csv", "Precinct", "Votes")

    def put(self, body: str, tag: str) -> None:
        self.body, self.tag = body.encode(), tag

    async def answer(self, request: web.Request) -> web.Response:
        self.asked.append(dict(request.headers))
        if self.status == 200 and request.headers.get("If-None-Match") == self.tag:
            return web.Response(status=304)
        return web.Response(status=self.status, body=self.body, headers={"ETag": self.tag} | self.headers)


@pytest.fixture
async def office() -> AsyncIterator[Office]:
    made, app = Office(), web.Application()
    app.router.add_route("*", "/{path:.*}", made.answer)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    made.port = runner.addresses[0][1]
    yield made
    await runner.cleanup()


@asynccontextmanager
async def no_database() -> AsyncIterator[Any]:
    raise ConnectionError("away")
    yield


@dataclass
class Intake:
    journal: Journal
    pipeline: IngestPipeline
    poller: OfficialFollower

    async def messages(self) -> list[Message]:
        return await self.journal.latest(100)


@asynccontextmanager
async def intake(folder: Path, acquire: Any = no_database) -> AsyncIterator[Intake]:
    journal = await Journal.open(folder / "journal")
    pipeline = IngestPipeline(
        journal, await rosters_at(folder), FixedClock(AT), Telemetry(), PipelineOptions("US", rehearsal=True)
    )
    client = OfficialClient(loopback=True, most_bytes=10_000)
    yield Intake(
        journal, pipeline, OfficialFollower(pipeline, acquire, folder / "kept.json", client, Random(1))
    )
    await client.close()
    await journal.close()


FIRST = "Precinct,Votes,Note\n12-01,412,x\n12-02,318,\nB-1,700,\n99-99,5,\n12-03,many,\n"


async def test_each_new_number_is_one_message_and_the_office_is_asked_for_changes_alone(
    tmp_path: Path, office: Office
) -> None:
    office.put(FIRST, '"1"')
    async with intake(tmp_path) as here:
        assert await here.poller.look(office.source) == 3  # a site's number is one, too
        assert await here.poller.look(office.source) == 0
        assert office.asked[1]["If-None-Match"] == '"1"' and "Beluga" in office.asked[0]["User-Agent"]
        office.put(FIRST.replace("412", "455"), '"2"')
        assert await here.poller.look(office.source) == 1
        messages = await here.messages()
    assert {m.channel for m in messages} == {Channel.CSV} and {m.sender for m in messages} == {"official"}
    assert json.loads(messages[0].raw) == {"Precinct": "12-01", "Votes": "412", "Note": "x"}  # as published
    (entry,) = check_ins_of(messages[-1], readings_of(messages[-1], ROSTER), ROSTER)
    assert (entry.kind, entry.precinct_id, entry.votes) == (Kind.COUNT, "12-01", 455)
    assert (entry.watcher_id, entry.sender, entry.detail) == (None, "official", {})
    assert entry.observed_at == AT - office.source.delay


async def test_after_a_restart_the_same_file_counts_nothing_again(tmp_path: Path, office: Office) -> None:
    office.put(FIRST, '"1"')
    for _ in range(2):
        async with intake(tmp_path) as here:
            await here.poller.look(office.source)
            assert len(await here.messages()) == 3


async def test_failures_are_borne_with_longer_and_longer_pauses(tmp_path: Path, office: Office) -> None:
    async with intake(tmp_path) as here:
        poller, pace = here.poller, office.source.every.total_seconds()
        assert pace <= poller.pause(office.source) <= pace * (1 + JITTER)
        office.status = 503
        for failures in range(1, 6):
            assert await poller.look(office.source) == 0
            times = min(2**failures, MOST_BACK_OFF)
            assert times * pace <= poller.pause(office.source) <= times * pace * (1 + JITTER)
        office.status = 200
        office.put("Other,Votes\n12-01,4\n", '"2"')  # read, and not what official.toml says
        assert await poller.look(office.source) == 0 and poller.failures == 6
        office.put(FIRST, '"2"')  # the same tag: what could not be read was not kept as read
        assert await poller.look(office.source) == 3 and poller.failures == 0


async def test_it_is_asked_at_its_pace(tmp_path: Path, office: Office) -> None:
    office.put(FIRST, '"1"')
    pace = office.source.every.total_seconds()
    async with intake(tmp_path) as here:
        (tmp_path / "kept.json").write_text(json.dumps(office.source.as_row()))
        rosters, here.pipeline.rosters = here.pipeline.rosters, Rosters(tmp_path / "none")
        await here.poller.step(99.0)  # no roster yet: asked as soon as there is one
        assert office.asked == []
        here.pipeline.rosters = rosters
        for now, asked in ((100.0, 1), (100.0 + pace - 1, 1), (100.0 + pace * (1 + JITTER), 2)):
            await here.poller.step(now)  # the database is away: the one last known
            assert len(office.asked) == asked


async def test_a_file_that_is_too_large_or_leads_elsewhere_is_left(office: Office) -> None:
    client = OfficialClient(loopback=True, most_bytes=1_000)
    address = office.source.address

    async def why(to: str = address) -> str:
        with pytest.raises(OfficialUnreadError) as told:
            await client.changed(to, Published())
        return str(told.value)

    office.body = b"x" * 2_000
    assert await why() == "it is larger than 0 KiB"
    private = ("http://10.0.0.1/", "https://169.254.169.254/latest", "http://[::ffff:10.0.0.1]/", "file:///x")
    for where in private:
        office.status, office.headers = 302, {"Location": where}
        before = len(office.asked)
        assert "address" in await why(), where
        assert len(office.asked) == before + 1
    office.headers = {"Location": address}
    assert await why() == "it moves on and on"
    await client.close()
    outside = OfficialClient(loopback=False)  # on the day: neither this machine nor a name that leads to it
    ours = ("https://127.0.0.1/", "https://localhost/", "https://[::1]/", "https://10.1.2.3/")
    for where in (address, *ours):
        with pytest.raises(OfficialUnreadError):
            await outside.changed(where, Published())
    await outside.close()
    assert client.asks(address) and not client.asks("https://elections.example.gov/turnout.csv")
    assert outside.asks("https://elections.example.gov/turnout.csv")


def test_only_public_addresses_are_connected_to_and_in_a_rehearsal_only_this_machine() -> None:
    inside = ["10.0.0.1", "192.168.1.1", "169.254.169.254", "127.0.0.1", "::1", "fe80::1%eth0", "fd00::1",
              "::ffff:127.0.0.1", "0.0.0.0", "224.0.0.1", "100.64.0.1"]  # fmt: skip
    assert [a for a in inside if fit_address(a, loopback=False)] == []
    assert fit_address("93.184.216.34", loopback=False) and not fit_address("93.184.216.34", loopback=True)
    assert fit_address("127.0.0.1", loopback=True) and fit_address("::1", loopback=True)


def test_times_aliases_and_json_are_read_and_what_is_no_count_is_left_out() -> None:
    source = OfficialSource(
        "https://x.example/", "json", "id", "cast", "at", "data.rows", delay=timedelta(minutes=9)
    )
    rows = [
        {"id": "12-01", "cast": 41, "at": "2026-11-03T11:30"},
        {"id": "12-02", "cast": "1,041", "at": "no time"},
        {"id": "12-03", "cast": True, "at": "2026-11-03T11:30"}, {"id": "nowhere", "cast": 1, "at": ""},
    ]  # fmt: skip
    content = json.dumps({"data": {"rows": rows}}).encode()
    found = counts_of(content, source, ROSTER, AT)
    assert [(c.precinct_id, c.votes, c.timed) for c in found.counts] == [("12-01", 41, True)]
    assert found.counts[0].observed_at == datetime(2026, 11, 3, 16, 30, tzinfo=UTC)
    assert (found.unread, found.unknown) == (2, 1)
    untimed = counts_of(content, replace(source, time=""), ROSTER, AT)
    assert untimed.counts[1].votes == 1041
    assert untimed.counts[0].observed_at == AT - timedelta(minutes=9)
    table = OfficialSource("https://x.example/", "csv", "Precinct", "Votes")
    assert counts_of("Precinct;Votes\n12-01;7\n".encode("utf-8-sig"), table, ROSTER, AT).counts[0].votes == 7


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"{", "it is not JSON"), (b'{"data": 3}', "there is nothing at 'data.rows'"),
        (b'{"data": {"rows": [1]}}', "there is no list of objects"),
        (b'{"data": {"rows": [{"id": 1}]}}', "there is no column 'cast' (but id)"),
    ],
)  # fmt: skip
def test_a_file_that_is_something_else_says_what_to_mend(content: bytes, said: str) -> None:
    source = OfficialSource("https://x.example/", "json", "id", "cast", rows="data.rows")
    with pytest.raises(OfficialUnreadError) as told:
        counts_of(content, source, ROSTER, AT)
    assert str(told.value).startswith(said)


async def test_the_elections_source_is_asked_and_the_one_last_known_while_the_database_is_away(
    tmp_path: Path, database_url: str
) -> None:
    source = OfficialSource(
        "https://x.example/a.csv", "csv", "Precinct", "Votes", every=timedelta(minutes=20)
    )
    await import_election(database_url, replace(an_election(), official=source))

    @asynccontextmanager
    async def acquire() -> AsyncIterator[Any]:
        connection = await connect(database_url)
        try:
            yield connection
        finally:
            await connection.close()

    other = replace(source, votes="Ballots")
    async with intake(tmp_path, acquire) as here:
        assert await here.poller.source() == source
        here.poller._due = 1e9  # not due for long
        await import_election(database_url, replace(an_election(), official=other))
        assert await here.poller.source() == other
        assert here.poller._due == 0.0  # another one is asked at once
        await import_election(database_url, replace(an_election(), official=source))
        assert await here.poller.source() == source
    async with intake(tmp_path) as here:
        assert await here.poller.source() == source
    await import_election(database_url, an_election())
    async with intake(tmp_path, acquire) as here:
        assert await here.poller.source() is None
    async with intake(tmp_path) as here:
        assert await here.poller.source() is None
