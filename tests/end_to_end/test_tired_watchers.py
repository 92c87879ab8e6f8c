"""Every hard text and dialogue of tired people through the services, from signed webhook to tally and feed.

One intake and one tally run; each dialogue has precincts and watchers of its own, and all dialogues go on
turn by turn together. At the end a recount gives the same standings, byte for byte (law L4).
"""

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import aiohttp
import orjson
import pytest
import pytest_asyncio

from beluga.proof.recount import recounted
from beluga.stack.ports import free_port
from election.domain.checkin import CheckIn, Kind
from election.domain.day import Election
from election.domain.ids import PrecinctId, WatcherId, message_id
from election.folder import read_election
from election.log.check_in_log import Position, read_after
from election.postgres.database import connect
from election.runtime.clock import FixedClock
from intake.app import Intake
from intake.settings import IntakeSettings
from tally.app import Service
from tally.board.board_json import rows_of
from tally.settings import TallySettings
from tests.intake.running import GENERIC_SECRET, a_text, import_election, until_drained

SECRET = "t" * 40
AT = datetime.fromisoformat("2026-11-03T10:20:00-05:00")
CLOSE = datetime.fromisoformat("2026-11-03T20:10:00-05:00")


def lines(path: Path) -> list[dict[str, Any]]:
    return [orjson.loads(line) for line in path.read_bytes().splitlines()]


@dataclass(frozen=True)
class Copy:
    """One dialogue's own precincts and phones: `12-01` becomes `112-01` …, a phone has other digits."""

    number: int

    def place(self, text: str) -> str:
        return re.sub(r"\b(12|7)(?=-\d\d\b)", lambda m: str(int(m[1]) + 100 + 20 * self.number), text)

    def phone(self, phone: str) -> str:
        return f"+1215555{self.number + 10:02}{phone[-2:]}"

    def of(self, election: Election) -> Election:
        def mine(precinct_id: str) -> PrecinctId:
            return PrecinctId(self.place(precinct_id))

        return replace(
            election,
            precincts=tuple(
                replace(p, precinct_id=mine(p.precinct_id), name=f"{p.name} of {self.number}", aliases=(),
                        site_id=f"{p.site_id}-{self.number}")
                for p in election.precincts
            ),
            watchers=tuple(
                replace(w, watcher_id=WatcherId(f"{w.watcher_id}-{self.number}"), phone=self.phone(w.phone),
                        precinct_ids=tuple(map(mine, w.precinct_ids)))
                for w in election.watchers
            ),
        )  # fmt: skip


class Services:
    """An intake and a tally that follow each other, with a clock set by hand."""

    def __init__(self, url: str, intake: Intake, tally: Service, clock: FixedClock) -> None:
        self.database_url, self.intake, self.tally, self.clock = url, intake, tally, clock
        self.address = f"http://127.0.0.1:{intake.settings.intake_port}"

    async def send(
        self, session: aiohttp.ClientSession, key: str, phone: str, text: str, at: datetime
    ) -> str:
        body, headers = a_text(key, text, phone, sent_at=at.isoformat())
        async with session.post(f"{self.address}/sms/generic", data=body, headers=headers) as answer:
            assert answer.status == 200
            return str(orjson.loads(await answer.read())["reply"])

    async def log(self) -> list[CheckIn]:
        await until_drained(self.address)
        connection = await connect(self.database_url)
        try:
            return (await read_after(connection, Position(), 100_000))[0]
        finally:
            await connection.close()

    async def caught_up(self) -> None:
        """Waits until the tally has all that is stored, and intake has heard of it."""
        stored = len(await self.log())
        async with asyncio.timeout(30):
            while (await self.tally.engine.ask(lambda tally, *_: len(tally.ledger)) or 0) < stored:
                await asyncio.sleep(0.01)
            feed = self.intake.outreach.feed
            while {p: row.last_votes for p, row in feed.standings.items() if row.last_votes is not None} != (
                await self.counts()
            ):
                self.clock.at += timedelta(milliseconds=20)  # what the tally publishes goes by its clock
                await asyncio.sleep(0.01)

    async def counts(self) -> dict[str, int]:
        """Each precinct's last believed count, as the board says it."""

        def rows(tally: Any, *_: Any) -> dict[str, int]:
            found = rows_of(tally.project(self.clock.now().timestamp()))
            return {r["precinct_id"]: r["last_votes"] for r in found if r["last_votes"] is not None}

        said: dict[str, int] = await self.tally.engine.ask(rows)
        return said

    async def live(self, election: Election) -> dict[str, tuple[int | None, list[int]]]:
        """Each precinct's last live count, whatever the gate thinks of it, and who is struck off."""

        def views(tally: Any, *_: Any) -> dict[str, tuple[int | None, list[int]]]:
            found = {}
            for place, precinct in enumerate(election.precincts):
                view = tally.ledger.view(place)
                found[str(precinct.precinct_id)] = (
                    view.live[-1].votes if view.live else None, sorted(view.struck_off)
                )  # fmt: skip
            return found

        said: dict[str, tuple[int | None, list[int]]] = await self.tally.engine.ask(views)
        return said


@pytest.fixture(scope="module")
def dialogues(shared: Path) -> list[dict[str, Any]]:
    return lines(shared / "data" / "sms_dialogues.jsonl")


@pytest.fixture(scope="module")
def county(shared: Path, dialogues: list[dict[str, Any]]) -> Election:
    election = read_election(shared / "data" / "sample_county")
    copies = [Copy(n).of(election) for n in range(len(dialogues))]
    return replace(
        election,
        precincts=election.precincts + tuple(p for c in copies for p in c.precincts),
        watchers=election.watchers + tuple(w for c in copies for w in c.watchers),
    )


@pytest_asyncio.fixture
async def services(database_url: str, county: Election, tmp_path: Path) -> AsyncIterator[Services]:
    await import_election(database_url, county)
    clock = FixedClock(AT.astimezone(UTC))
    common: dict[str, Any] = {"database_url": database_url, "secret": SECRET, "state": tmp_path}
    feed = free_port()
    tally = Service(TallySettings(**common, tally_port=free_port(), feed_port=feed), clock)
    intake = Intake(
        IntakeSettings(
            **common, intake_port=free_port(), feed_url=f"ws://127.0.0.1:{feed}",
            generic_secret=GENERIC_SECRET,
            journal_ballast_mib=0,
        ),
        clock,
    )  # fmt: skip
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(tally.running())
        await intake.start()
        stack.push_async_callback(intake.stop)
        await intake.rosters.known.wait()
        yield Services(database_url, intake, tally, clock)


def is_right(row: dict[str, Any], entries: list[CheckIn]) -> bool:
    """As bench/score_sms.py judges a text's readings."""
    said = [
        {"kind": e.kind.value, "precinct_id": e.precinct_id, "votes": e.votes, **e.detail} for e in entries
    ]
    never = row.get("never", {})
    guesses = [str(e["guess"]) for e in said if e.get("guess")]
    if never.get("any_guess") and guesses:
        return False
    if any(
        re.search(rf"(?<!\w){re.escape(bad)}(?!\w)", g) for g in guesses for bad in never.get("guess", ())
    ):
        return False
    if {e["kind"] for e in said} & set(never.get("kinds", ())):
        return False
    return any(
        len(way) == len(said)
        and all(all(got.get(k) == v for k, v in want.items()) for want, got in zip(way, said, strict=True))
        for way in row["accept"]
    )


async def test_hard_texts_and_dialogues_through_the_services(
    services: Services, county: Election, dialogues: list[dict[str, Any]], shared: Path
) -> None:
    texts = lines(shared / "data" / "sms_hard.jsonl")
    turns = max(len(row["turns"]) for row in dialogues)
    async with aiohttp.ClientSession() as session:
        for turn in range(turns):
            for n, row in enumerate(dialogues):
                if turn < len(row["turns"]):
                    phone, text = row["turns"][turn]
                    at = AT + turn * timedelta(seconds=20 if row.get("same_minute") else 60)
                    copy = Copy(n)
                    services.clock.at = max(services.clock.at, at.astimezone(UTC))
                    await services.send(session, f"d{n}.{turn}", copy.phone(phone), copy.place(text), at)
            await services.caught_up()
        stands, log = await services.live(county), await services.log()
        for n, row in sorted(enumerate(texts), key=lambda pair: pair[1].get("at", "2026-11-03T10:20")):
            at = datetime.fromisoformat(row.get("at", AT.isoformat()))
            services.clock.at = max(services.clock.at, at.astimezone(UTC))
            await services.send(session, f"h{n}", row["from"], row["text"], at)
    wrong = []
    for n, row in enumerate(dialogues):
        copy = Copy(n)
        mine = {copy.place(str(p)) for p in ("12-01", "12-02", "12-03", "12-04", "7-11", "7-12")}
        counted = {p: votes for p, (votes, _) in stands.items() if p in mine and votes is not None}
        struck = {p: rolls for p, (_, rolls) in stands.items() if p in mine and rolls}
        phones = {copy.phone(phone) for phone, _ in row["turns"]}
        told = [e for e in log if e.sender in phones]
        if counted != {copy.place(p): v for p, v in row.get("counted", {}).items()} and "counted" in row:
            wrong.append((row["name"], counted))
        if "struck" in row and struck != {copy.place(p): v for p, v in row["struck"].items()}:
            wrong.append((row["name"], struck))
        if {e.kind.value for e in told} & set(row.get("never", ())):
            wrong.append((row["name"], told))
        if "incidents" in row and sum(e.kind is Kind.INCIDENT for e in told) != row["incidents"]:
            wrong.append((row["name"], told))
    assert not wrong
    by_message: dict[Any, list[CheckIn]] = {}
    for entry in sorted(await services.log(), key=lambda e: e.part):
        by_message.setdefault(entry.message_id, []).append(entry)
    missed = [
        (row["text"], [e.kind for e in by_message[message_id("generic", f"h{n}")]])
        for n, row in enumerate(texts)
        if not is_right(row, by_message[message_id("generic", f"h{n}")])
    ]
    assert not missed
    await services.caught_up()
    tally_url = f"http://127.0.0.1:{services.tally.settings.tally_port}"
    assert (await recounted(services.database_url, tally_url, SECRET)).proven
