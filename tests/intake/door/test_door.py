"""What a person's write would do decides whether it is kept: an account of one county changes no other.

The break-ins are written as they were proven: an own precinct in front, another county's behind it. Each must
leave the log as it was.
"""

import json
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import aiohttp
import orjson
import pytest
import pytest_asyncio
import structlog

from beluga.stack.ports import free_port
from election.access import telemetry
from election.access.identity import Identity
from election.access.tokens import Tokens
from election.domain.checkin import STAFF as DECISIONS
from election.domain.checkin import Kind
from election.domain.day import Election
from election.domain.ids import check_in_id, message_id
from election.domain.roster import roster_of
from election.runtime.clock import Clock
from election.wire.intake import Decision
from intake.app import Intake
from intake.door.permission import allowed, effects_of_decision
from intake.hotline.operators import COOKIE
from intake.reading.reader import CLOCK_SLACK
from intake.settings import IntakeSettings
from tests.intake.running import (
    GENERIC_SECRET,
    SECRET,
    a_text,
    an_election,
    import_election,
    phone,
    until_drained,
)

TOKENS = Tokens(SECRET)
STRANGER, DOUBLE = "+12155559998", "+12155559997"
NOWHERE = "postgresql://nobody@127.0.0.1:9/none"


def two_counties() -> Election:
    """12-01 (w1) lies in Kent, 12-02 … 12-04 (w2, w4) in Sussex; w3 has all. B-1 is one of both counties',
    B-2 of Sussex alone.
    """
    election = an_election(4)
    places = tuple(
        replace(
            p,
            county="Kent" if p.precinct_id == "12-01" else "Sussex",
            site_id="B-1" if p.precinct_id in ("12-01", "12-02") else "B-2",
        )
        for p in election.precincts
    )
    coordinated = tuple(replace(w, coordinator="+12155550099") for w in election.watchers)
    return replace(election, precincts=places, watchers=coordinated)


class House:
    """An intake in this process, and people of the war room who write to it."""

    def __init__(
        self, folder: Path, database_url: str, session: aiohttp.ClientSession, clock: Clock | None = None
    ) -> None:
        port = free_port()
        self.url, self.session = f"http://127.0.0.1:{port}", session
        self.intake = Intake(
            IntakeSettings(
                database_url=database_url, state=folder, intake_port=port, secret=SECRET,
                generic_secret=GENERIC_SECRET, journal_ballast_mib=0, outbound_quiet="00:00-00:00",
                feed_url=f"ws://127.0.0.1:{free_port()}",
            ),
            clock,
        )  # fmt: skip
        self.sent = 0

    async def text(self, words: str, sender: str) -> UUID:
        """A text of a watcher or a stranger; the id of its first entry."""
        self.sent += 1
        body, headers = a_text(f"t{self.sent}", words, sender)
        async with self.session.post(f"{self.url}/sms/generic", data=body, headers=headers) as answer:
            assert answer.status == 200, await answer.text()
        return check_in_id(message_id("generic", f"t{self.sent}"), 0)

    async def kept(self) -> int:
        """Messages the journal holds in all."""
        files = self.intake.journal._folder.files.all()
        return sum(file.messages.count(0, file.last_seq) for file in files)

    async def log(self, kind: str) -> list[Any]:
        await until_drained(self.url)
        async with self.intake.outreach.acquire() as connection:
            return list(await connection.fetch("select * from check_ins where kind = $1 order by seq", kind))

    def cookie(self, **claims: Any) -> dict[str, str]:
        return {"Cookie": f"{COOKIE}={TOKENS.sign('staff', claims)}"}

    async def hotline(self, who: dict[str, Any], **report: Any) -> tuple[int, str]:
        async with self.session.put(
            f"{self.url}/hotline/reports/{uuid4()}", json=report, headers=self.cookie(**who)
        ) as answer:
            return answer.status, await answer.text()

    async def decide(self, who: dict[str, Any], kind: str, **decision: Any) -> tuple[int, str]:
        body = {"kind": kind, "account": who["account"], **decision}
        token = TOKENS.sign("service", who)
        async with self.session.put(
            f"{self.url}/decisions/{uuid4()}",
            data=orjson.dumps(body, default=str),
            headers={"Authorization": f"Bearer {token}"},
        ) as answer:
            return answer.status, await answer.text()

    async def upload(self, who: dict[str, Any], lines: str) -> str:
        form = aiohttp.FormData()
        form.add_field("form", TOKENS.sign("hotline-form", who["account"]))
        form.add_field("file", lines.encode(), filename="reports.csv")
        async with self.session.post(
            f"{self.url}/hotline/upload", data=form, headers=self.cookie(**who)
        ) as answer:
            assert answer.status == 200
            return await answer.text()

    async def sheet(self, who: dict[str, Any], precinct: str, watcher: str) -> tuple[int, str]:
        fields = {
            "form": TOKENS.sign("hotline-form", who["account"]), "precinct": precinct, "watcher": watcher,
            "box-1": "30", "id": str(uuid4()),
        }  # fmt: skip
        async with self.session.post(
            f"{self.url}/hotline/grid", data=fields, headers=self.cookie(**who)
        ) as answer:
            return answer.status, await answer.text()

    async def desk(self, who: dict[str, Any], method: str, path: str, body: Any = None) -> tuple[int, Any]:
        token = TOKENS.sign("service", who)
        async with self.session.request(
            method, f"{self.url}{path}", headers={"Authorization": f"Bearer {token}"},
            data=None if body is None else orjson.dumps(body),
        ) as answer:  # fmt: skip
            content = await answer.read()
            return answer.status, orjson.loads(content) if content else None


KENT: dict[str, Any] = {"account": "ken", "role": "lead", "counties": ["Kent"]}
SUSSEX: dict[str, Any] = {"account": "sue", "role": "lead", "counties": ["Sussex"]}
BOTH: dict[str, Any] = {"account": "bo", "role": "lead", "counties": ["Kent", "Sussex"]}
STAFF: dict[str, Any] = {"account": "ann", "role": "staff"}


@pytest_asyncio.fixture
async def house(database_url: str, tmp_path: Path) -> AsyncIterator[House]:
    await import_election(database_url, two_counties())
    async with aiohttp.ClientSession() as session:
        one = House(tmp_path, database_url, session)
        await one.intake.start()
        try:
            await one.intake.rosters.known.wait()
            yield one
        finally:
            await one.intake.stop()


# An own precinct in front, and what the words do elsewhere.
SMUGGLED = [
    {"kind": "count", "text": "12-02 556"},
    {"kind": "count", "text": "fix 12-02 556"},
    {"kind": "fix", "text": "12-02 556"},
    {"kind": "count", "text": "final 12-02 556"},
    {"kind": "count", "text": "UNDO 12-02"},
    {"kind": "undo", "text": "UNDO 12-02"},
    {"kind": "voters", "text": "12-02 101 102 103"},
    {"kind": "count", "text": "V 12-02 101-140"},
    {"kind": "line", "text": "12-02 90 min"},
    {"kind": "incident", "text": "12-02 machine 2 down"},
    {"kind": "count", "text": "HERE 12-02"},
    {"kind": "count", "text": "12-01 300, 12-02 556"},
    {"kind": "count", "text": "School 12-02 556"},
    {"kind": "count", "text": "B-1 556"},  # the building of both counties
    {"kind": "undo", "text": "UNDO B-1"},
]


@pytest.mark.parametrize("report", SMUGGLED, ids=lambda r: r["text"])
async def test_the_hotline_is_judged_by_its_words_not_by_the_precinct_in_front(
    house: House, report: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    before = await house.kept()
    monkeypatch.setattr(telemetry, "_say_again", {})
    with structlog.testing.capture_logs() as logs:
        for watcher in ("", "w1", "w3"):
            status, said = await house.hotline(KENT, precinct_id="12-01", watcher_id=watcher, **report)
            assert (status, "outside your counties" in said) == (422, True)
            assert not any(word in said for word in ("12-02", "Sussex", "w2", "556"))
    assert await house.kept() == before
    assert {line["account"] for line in logs if line["event"] == "not_allowed"} == {KENT["account"]}
    # The same words are anybody's whose counties they concern.
    for who in (BOTH, STAFF):
        assert (await house.hotline(who, precinct_id="12-01", **report))[0] == 200
    assert await house.kept() == before + 2


async def test_the_site_and_the_watcher_of_a_hotline_report_are_judged_too(house: House) -> None:
    await house.text("190", phone(2))
    before = await house.kept()
    refused: tuple[dict[str, Any], ...] = (
        {"precinct_id": "B-1", "votes": 700},  # a number for the building is both counties'
        {"precinct_id": "12-02", "votes": 700},
        {"precinct_id": "12-02", "watcher_id": "w3", "votes": 700},
        {"precinct_id": "12-01", "watcher_id": "w2", "votes": 700},  # in the name of a Sussex watcher
        {"precinct_id": "12-01", "watcher_id": "w2", "kind": "undo"},
        {"precinct_id": "12-01", "watcher_id": "w2", "kind": "ready"},
        {"precinct_id": "12-01", "watcher_id": "w3", "kind": "stop"},  # w3 would be texted nowhere any more
        {"precinct_id": "12-01", "watcher_id": "w3", "text": "STOP"},
        {"precinct_id": "12-02", "kind": "undo", "watcher_id": "w2"},
    )
    for report in refused:
        assert (await house.hotline(KENT, **report))[0] == 422, report
    assert await house.kept() == before
    for report in (
        {"precinct_id": "12-01", "votes": 150},
        {"precinct_id": "12-01", "watcher_id": "w1", "votes": 160},
        {"precinct_id": "12-01", "watcher_id": "w3", "votes": 170},  # who also watches in Sussex, from Kent
        {"precinct_id": "12-01", "text": "fix 165"},
        {"precinct_id": "12-01", "text": "mumble mumble"},
    ):
        assert (await house.hotline(KENT, **report))[0] == 200, report
    assert (await house.hotline(SUSSEX, precinct_id="B-2", votes=300))[0] == 200
    assert (await house.hotline(BOTH, precinct_id="B-1", votes=700))[0] == 200


class Stepping:
    """A clock that is read half a minute later each time."""

    def __init__(self) -> None:
        self._began, self.reads = datetime.now(UTC), 0

    def at(self, read: int) -> datetime:
        return self._began + timedelta(seconds=30 * read)

    def now(self) -> datetime:
        self.reads += 1
        return self.at(self.reads)


async def test_a_question_at_the_door_is_no_count_in_the_journal(database_url: str, tmp_path: Path) -> None:
    """A time to come is asked about; a moment later it has come. What was judged is what is kept."""
    await import_election(database_url, two_counties())
    async with aiohttp.ClientSession() as session:
        clock = Stepping()
        house = House(tmp_path, database_url, session, clock)
        await house.intake.start()
        try:
            await house.intake.rosters.known.wait()
            for ahead in range(6):  # whichever reading of the clock is the door's
                between = clock.at(clock.reads + ahead) + timedelta(seconds=15) + CLOCK_SLACK
                await house.hotline(
                    KENT, precinct_id="12-01", text="12-02 556", observed_at=between.isoformat()
                )
            assert await house.log("question") != []
            assert await house.log("count") == []
        finally:
            await house.intake.stop()


async def test_files_and_sheets_are_judged_line_by_line(house: House) -> None:
    before = await house.kept()
    at = (datetime.now(UTC) - timedelta(minutes=30)).isoformat("T", "seconds")
    lines = (
        "precinct_id,observed_at,votes,source,note\n"
        f"12-02,{at},30,,\nB-1,{at},31,,\n12-01,{at},32,w2,\n12-01,{at},33,w3,\n12-01,{at},34,w1,12-02 556\n"
    )
    page = await house.upload(KENT, lines)
    assert "2 taken, 3 not taken" in page
    assert page.count("outside your counties") == 3
    assert sorted(r["votes"] for r in await house.log("count")) == [33, 34]
    assert {r["precinct_id"] for r in await house.log("count")} == {"12-01"}
    assert await house.kept() == before + 2
    for precinct, watcher, status in (
        ("12-02", "", 404), ("B-1", "", 404), ("12-01", "w2", 200), ("12-01", "w4", 200),
    ):  # fmt: skip
        answer, page = await house.sheet(KENT, precinct, watcher)
        assert answer == status
        assert status == 404 or "outside your counties" in page or "has not come yet" in page
    assert await house.kept() == before + 2


async def test_decisions_are_judged_by_what_they_act_on(house: House) -> None:
    theirs, mine = await house.text("190", phone(2)), await house.text("180", phone(1))
    whole = await house.text("B-1 700", phone(3))
    await house.text("! machine 2 down", phone(2))
    unread = await house.text("mumble mumble hmm zzz", phone(2))
    await house.text("12-02 77", STRANGER)
    own_stranger = await house.text("12-01 78", DOUBLE)
    await until_drained(house.url)
    number = (await house.log("incident"))[0]["detail"]["incident"]
    before = await house.kept()
    refused: list[tuple[str, dict[str, Any]]] = [
        *((kind, {"precinct_id": "12-01", "detail": {"target": theirs}}) for kind in ("accept", "reject")),
        ("reject", {"detail": {"target": theirs}}),
        ("reject", {"detail": {"target": str(theirs).upper()}}),
        ("reject", {"detail": {"target": f"urn:uuid:{theirs}"}}),
        ("reject", {"precinct_id": "12-02", "detail": {"target": mine}}),
        ("reject", {"precinct_id": "12-01", "detail": {"target": whole}}),
        ("reject", {"precinct_id": "12-01", "detail": {"target": uuid4()}}),  # nobody knows it
        ("reject", {"precinct_id": "12-01", "detail": {"target": "nonsense"}}),
        ("reject", {"precinct_id": "12-01", "detail": {}}),
        ("hours", {"precinct_id": "12-02", "detail": {"closes_at": "2026-11-04T03:00:00Z"}}),
        ("hours", {"detail": {"closes_at": "2026-11-04T03:00:00Z"}}),
        ("hours", {"detail": {"closes_at": "2026-11-04T03:00:00Z", "county": "Sussex"}}),
        ("note", {"precinct_id": "12-02", "detail": {"text": "x"}}),
        ("note", {"detail": {"text": "to everybody"}}),
        ("note", {"precinct_id": "B-1", "detail": {"text": "x"}}),
        ("assign", {"precinct_id": "12-01", "detail": {"watcher_id": "w2", "precinct_ids": ["12-01"]}}),
        ("assign", {"precinct_id": "12-01", "detail": {"watcher_id": "w3", "precinct_ids": ["12-01"]}}),
        ("assign", {"precinct_id": "12-01", "detail": {"watcher_id": "w1", "precinct_ids": ["12-02"]}}),
        ("assign", {"precinct_id": "12-01", "detail": {"watcher_id": "w1", "precinct_ids": "12-02"}}),
        ("assign", {"precinct_id": "12-01", "detail": {"precinct_ids": ["12-01"]}}),
        ("assign", {"precinct_id": "12-01", "detail": {"watcher_id": "w9", "precinct_ids": ["12-01"]}}),
        ("tie", {"detail": {"phone": STRANGER, "watcher_id": "w1", "precinct_ids": ["12-01"]}}),
        ("tie", {"detail": {"phone": DOUBLE, "watcher_id": "w2", "precinct_ids": ["12-01"]}}),
        ("tie", {"detail": {"phone": DOUBLE, "watcher_id": "w3"}}),
        ("tie", {"detail": {"phone": DOUBLE, "watcher_id": "w1", "precinct_ids": ["12-02"]}}),
        ("tie", {"detail": {"phone": phone(2), "watcher_id": "w1"}}),  # w2's own phone
        ("tie", {"detail": {"watcher_id": "w1"}}),
        ("resolve", {"detail": {"incident": number, "status": "resolved"}}),
        ("resolve", {"detail": {"incident": str(number), "status": "resolved"}}),
        ("resolve", {"detail": {"incident": 9_999_999, "status": "resolved"}}),
        ("resolve", {"detail": {"incident": float(number), "status": "resolved"}}),
        ("resolve", {"detail": {"desk": "unread", "item": unread}}),
        ("resolve", {"precinct_id": "12-01", "detail": {"desk": "unread", "item": unread}}),
        ("resolve", {"detail": {"desk": "silent", "item": "12-02"}}),
        ("resolve", {"detail": {"desk": "rollcall", "item": "w2"}}),
        ("reread", {"detail": {}}),
    ]
    for kind, decision in refused:
        status, said = await house.decide(KENT, kind, **decision)
        assert status in {403, 422}, (kind, decision, said)
        assert kind == "reread" or "outside your counties" in said
        assert not any(word in said for word in ("Sussex", "12-02", "190"))
    assert await house.kept() == before
    allowed: list[tuple[str, dict[str, Any]]] = [
        ("reject", {"precinct_id": "12-01", "detail": {"target": mine}}),
        ("hours", {"detail": {"closes_at": "2026-11-04T03:00:00Z", "county": "Kent"}}),
        ("note", {"precinct_id": "12-01", "detail": {"text": "opened late"}}),
        ("assign", {"precinct_id": "12-01", "detail": {"watcher_id": "w1", "precinct_ids": ["12-01"]}}),
        ("tie", {"detail": {"phone": DOUBLE, "watcher_id": "w1", "precinct_ids": ["12-01"]}}),
        ("accept", {"detail": {"target": own_stranger}}),
        ("resolve", {"detail": {"desk": "rollcall", "item": "w1"}}),
        ("resolve", {"precinct_id": "12-01", "detail": {"desk": "silent", "item": "12-01"}}),
    ]
    for kind, decision in allowed:
        assert (await house.decide(KENT, kind, **decision))[0] == 200, (kind, decision)
    for kind, decision in (
        ("reject", {"precinct_id": "12-02", "detail": {"target": theirs}}),
        ("resolve", {"detail": {"incident": number, "status": "resolved"}}),
        ("resolve", {"detail": {"desk": "unread", "item": unread}}),
    ):
        assert (await house.decide(SUSSEX, kind, **decision))[0] == 200, (kind, decision)
    assert (await house.decide(BOTH, "reject", detail={"target": whole}))[0] == 200
    assert (await house.decide(STAFF, "note", detail={"text": "to everybody"}))[0] == 200
    assert (await house.decide(STAFF, "reject", detail={"target": uuid4()}))[0] == 200


async def test_a_phone_tied_once_is_not_taken_by_a_lead_of_another_county(house: House) -> None:
    homeless = await house.text("77", STRANGER)  # names no precinct: a tie brings it
    await until_drained(house.url)
    tie = {"phone": STRANGER, "watcher_id": "w2", "precinct_ids": ["12-02"]}
    assert (await house.decide(KENT, "reject", detail={"target": homeless}))[0] == 403  # nobody's as yet
    assert (await house.decide(SUSSEX, "tie", detail=tie))[0] == 200
    await until_drained(house.url)
    stolen = {"phone": STRANGER, "watcher_id": "w1", "precinct_ids": ["12-01"]}
    assert (await house.decide(KENT, "tie", detail=stolen))[0] == 403
    assert (await house.decide(KENT, "reject", detail={"target": homeless}))[0] == 403
    assert (await house.decide(SUSSEX, "reject", detail={"target": homeless}))[0] == 200


async def test_desks_are_worked_by_those_whose_counties_an_item_concerns(house: House) -> None:
    await house.text("9999", phone(2))  # more than are registered: held
    await house.text("12-02 9999", phone(1))  # of a Kent watcher, in Sussex
    await house.text("B-1 9999", phone(3))
    await until_drained(house.url)
    [sussex, strayed, building] = [
        i["id"] for i in (await house.desk(STAFF, "GET", "/desks/held"))[1]["items"]
    ]
    seen = [i["id"] for i in (await house.desk(KENT, "GET", "/desks/held"))[1]["items"]]
    assert seen == [strayed, building]  # their watcher's, and a building's that is theirs, too
    before = await house.kept()
    for item in (sussex, strayed, building):
        for what, body in (
            ("take", None), ("release", None), ("finish", {"key": str(uuid4()), "outcome": "accept"}),
            ("finish", {"key": str(uuid4()), "outcome": "dismiss"}),
        ):  # fmt: skip
            status, said = await house.desk(KENT, "POST", f"/desks/held/{item}/{what}", body)
            assert (status, "12-02" in json.dumps(said)) == (404, False), (item, what)
    assert await house.kept() == before
    assert (await house.desk(SUSSEX, "POST", f"/desks/held/{strayed}/take"))[0] == 200
    accepted = {"key": str(uuid4()), "outcome": "accept"}
    assert (await house.desk(SUSSEX, "POST", f"/desks/held/{strayed}/finish", accepted))[0] == 200
    assert (
        await house.desk(BOTH, "POST", f"/desks/held/{building}/finish", accepted | {"key": str(uuid4())})
    )[0] == 200
    await house.text("12-01 78", DOUBLE)
    await house.text("12-02 79", DOUBLE)
    await until_drained(house.url)
    [item] = (await house.desk(KENT, "GET", "/desks/unknown"))[1]["items"]
    tie = {"key": str(uuid4()), "outcome": "tie", "watcher_id": "w1"}
    assert (await house.desk(KENT, "POST", f"/desks/unknown/{item['id']}/finish", tie))[0] == 403
    assert await house.log("tie") == []
    assert (await house.desk(STAFF, "POST", f"/desks/unknown/{item['id']}/finish", tie))[0] == 200


async def test_the_hotlines_list_offers_what_may_be_reported(house: House) -> None:
    for who, ids in ((KENT, ["12-01"]), (SUSSEX, ["12-02", "12-03", "12-04", "B-2"])):
        async with house.session.get(f"{house.url}/hotline/places", headers=house.cookie(**who)) as answer:
            assert [place[0] for place in (await answer.json())["places"]] == ids


async def test_without_a_database_the_journal_tells_whose_a_report_is(
    database_url: str, tmp_path: Path
) -> None:
    """The roster is on disk; what only the database could tell is refused, and staff go on."""
    await import_election(database_url, two_counties())
    async with aiohttp.ClientSession() as session:
        first = House(tmp_path, database_url, session)
        await first.intake.start()
        await first.intake.rosters.known.wait()
        stored = await first.text("170", phone(1))
        await until_drained(first.url)
        await first.intake.stop()
        away = House(tmp_path, NOWHERE, session)
        away.sent = first.sent
        await away.intake.start()
        try:
            mine, theirs = await away.text("180", phone(1)), await away.text("190", phone(2))
            before = await away.kept()
            assert (await away.decide(KENT, "reject", detail={"target": mine}))[0] == 200
            assert (await away.decide(KENT, "reject", detail={"target": theirs}))[0] == 403
            for detail in ({"target": stored}, {"target": uuid4()}):
                status, said = await away.decide(KENT, "reject", detail=detail)
                assert (status, "database" in said) == (503, True)
            assert (await away.decide(KENT, "resolve", detail={"incident": 1}))[0] == 503
            assert (await away.decide(KENT, "note", precinct_id="12-01", detail={"text": "x"}))[0] == 200
            assert (await away.hotline(KENT, precinct_id="12-01", votes=181))[0] == 200
            assert (await away.hotline(KENT, precinct_id="12-01", text="12-02 556"))[0] == 422
            assert (await away.decide(STAFF, "reject", detail={"target": theirs}))[0] == 200
            assert await away.kept() == before + 4
        finally:
            await away.intake.stop()


async def test_before_a_roster_is_known_nobody_of_some_counties_writes(tmp_path: Path) -> None:
    async with aiohttp.ClientSession() as session:
        house = House(tmp_path, NOWHERE, session)
        await house.intake.start()
        try:
            for status, said in (
                await house.hotline(KENT, precinct_id="12-01", votes=5),
                await house.decide(KENT, "note", precinct_id="12-01", detail={"text": "x"}),
            ):
                assert (status, "list of precincts" in said) == (503, True)
            assert await house.kept() == 0
            assert (await house.hotline(STAFF, precinct_id="12-01", votes=5))[0] == 200
            assert (await house.decide(STAFF, "note", detail={"text": "x"}))[0] == 200
            assert await house.kept() == 2
        finally:
            await house.intake.stop()


def test_every_kind_of_decision_is_bounded_or_everybodys() -> None:
    """A kind that is added one day is refused to leads until somebody says what it does."""
    roster = roster_of(two_counties())
    lead = Identity("ken", "lead", frozenset({"Kent"}))
    for kind in [k for k in Kind if k in DECISIONS]:
        empty = Decision(kind=kind, account="ken")
        bare = allowed(lead, effects_of_decision(empty, [], roster), roster)
        assert bare is (kind is Kind.RESOLVE), kind  # a resolve of nothing does nothing
