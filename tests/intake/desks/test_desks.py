"""The desks through a real service: texts in, queues out, decisions in the log, the ledger at the end."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import aiohttp
import orjson
import pytest_asyncio

from beluga.proof.recount import recounted
from beluga.proof.rereading import corrected, differences
from beluga.stack.ports import free_port
from election.access.tokens import Tokens
from election.domain.checkin import CheckIn, Kind
from election.domain.day import Watcher
from election.domain.ids import PrecinctId, WatcherId
from election.log.check_in_log import Position, read_after
from election.postgres.database import connect
from election.postgres.election_store import load_election
from intake.app import Intake
from intake.settings import IntakeSettings
from tally.entries.entries import Verdict
from tally.ledger.ledger import Ledger
from tests.intake.running import (
    GENERIC_SECRET,
    SECRET,
    a_text,
    an_election,
    import_election,
    phone,
    until_drained,
)

STRANGER = "+12155559999"
NUMBERS = [{"number": "+18005550000", "provider": "file", "preset": "file"}]


class Service:
    """An intake in this very process, on a port and a folder of its own."""

    def __init__(self, folder: Path, database_url: str) -> None:
        self.state = folder
        port = free_port()
        self.url = f"http://127.0.0.1:{port}"
        self.intake = Intake(
            IntakeSettings(
                database_url=database_url, state=folder, intake_port=port, secret=SECRET,
                generic_secret=GENERIC_SECRET, journal_ballast_mib=0, outbound_numbers=NUMBERS,
                outbound_quiet="00:00-00:00", feed_url=f"ws://127.0.0.1:{free_port()}",
            )
        )  # fmt: skip

    async def __aenter__(self) -> "Service":
        await self.intake.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.intake.stop()


class Desk:
    """An intake with an election, and a war room's eye on it."""

    def __init__(self, process: Service, url: str, session: aiohttp.ClientSession) -> None:
        self.process, self.database_url, self.session = process, url, session
        self.sent = 0

    async def text(self, words: str, sender: str = phone(1)) -> dict[str, Any]:
        self.sent += 1
        body, headers = a_text(f"t{self.sent}", words, sender)
        async with self.session.post(f"{self.process.url}/sms/generic", data=body, headers=headers) as answer:
            assert answer.status == 200, await answer.text()
            found: dict[str, Any] = await answer.json()
            return found

    async def ask(
        self,
        method: str,
        path: str,
        body: Any = None,
        role: str = "staff",
        account: str = "ann",
        **token: Any,
    ) -> tuple[int, Any]:
        signed = Tokens(SECRET).sign("service", {"account": account, "role": role} | token)
        async with self.session.request(
            method,
            f"{self.process.url}{path}",
            data=orjson.dumps(body) if body is not None else None,
            headers={"Authorization": f"Bearer {signed}"},
        ) as answer:
            content = await answer.read()
            return answer.status, orjson.loads(content) if content else None

    async def items(self, desk: str, **who: Any) -> list[dict[str, Any]]:
        await until_drained(self.process.url)
        status, page = await self.ask("GET", f"/desks/{desk}", **who)
        assert status == 200, page
        return list(page["items"])

    async def finish(
        self, desk: str, item: str, outcome: str, account: str = "ann", **more: Any
    ) -> tuple[int, Any]:
        body = {"key": str(uuid4()), "outcome": outcome} | more
        found = await self.ask("POST", f"/desks/{desk}/{item}/finish", body, account=account)
        await until_drained(self.process.url)
        return found

    async def log(self) -> list[CheckIn]:
        await until_drained(self.process.url)
        connection = await connect(self.database_url)
        try:
            return (await read_after(connection, Position()))[0]
        finally:
            await connection.close()

    async def counts(self) -> list[int]:
        """What the tally's ledger holds as live counts."""
        connection = await connect(self.database_url)
        election = await load_election(connection)
        await connection.close()
        assert election
        ledger = Ledger(election)
        ledger.add(await self.log())
        return [r.votes for p in range(len(election.precincts)) for r in ledger.view(p).live]

    async def quarantined(self) -> int:
        connection = await connect(self.database_url)
        election = await load_election(connection)
        await connection.close()
        assert election
        ledger = Ledger(election)
        ledger.add(await self.log())
        views = [ledger.view(p) for p in range(len(election.precincts))]
        return sum(s.verdict is Verdict.QUARANTINED for v in views for s in v.decided)


@pytest_asyncio.fixture
async def desk(database_url: str, tmp_path: Path) -> AsyncIterator[Desk]:
    election = an_election()
    places = tuple(
        replace(p, county="Kent" if p.precinct_id == "12-01" else "Sussex") for p in election.precincts
    )
    await import_election(database_url, replace(election, precincts=places))
    async with Service(tmp_path, database_url) as process, aiohttp.ClientSession() as session:
        await process.intake.rosters.known.wait()
        yield Desk(process, database_url, session)


async def until(condition: Callable[[], Awaitable[bool]], seconds: float = 20.0) -> None:
    async with asyncio.timeout(seconds):
        while not await condition():
            await asyncio.sleep(0.05)


async def test_two_people_never_work_on_the_same_message(desk: Desk) -> None:
    await desk.text("the dog sat on the ballot thing hmm")
    (item,) = await desk.items("unread")
    takes = await asyncio.gather(
        *(desk.ask("POST", f"/desks/unread/{item['id']}/take", account=f"p{n}") for n in range(12))
    )
    assert sorted(status for status, _ in takes) == [200] + [409] * 11
    (winner,) = [answer["taken_by"] for status, answer in takes if status == 200]
    assert (await desk.items("unread"))[0]["taken_by"] == winner
    assert (await desk.ask("POST", f"/desks/unread/{item['id']}/take", account=winner))[0] == 200, (
        "again, the same"
    )
    loser = "p0" if winner != "p0" else "p1"
    status, said = await desk.finish("unread", item["id"], "dismiss", account=loser)
    assert (status, winner in said["error"]) == (409, True)
    await desk.ask("POST", f"/desks/unread/{item['id']}/release", account=winner)
    assert (await desk.ask("POST", f"/desks/unread/{item['id']}/take", account=loser))[0] == 200
    assert (await desk.finish("unread", item["id"], "dismiss", account=loser))[0] == 200
    assert await desk.items("unread") == []
    assert (await desk.ask("POST", f"/desks/unread/{item['id']}/take"))[0] == 409, "done is done"


async def test_the_second_question_in_a_row_is_a_persons(desk: Desk) -> None:
    assert "Reply YES for" in (await desk.text("412 zzz"))["reply"]
    assert await desk.items("unread") == []
    assert "A person will" in (await desk.text("418 qqq"))["reply"]
    (item,) = await desk.items("unread")
    assert item["text"] == "418 qqq"
    status, _ = await desk.finish("unread", item["id"], "read_as", text="418")
    assert status == 200
    assert await desk.items("unread") == []
    assert await desk.counts() == [418]


async def test_pages_show_each_message_once_in_order(desk: Desk) -> None:
    for n in range(7):
        await desk.text(f"zzz qqq {'x' * n} hmm")
    await until_drained(desk.process.url)
    seen, after = [], ""
    while True:
        status, page = await desk.ask("GET", f"/desks/unread?limit=3&after={after}")
        assert status == 200
        seen += [i["id"] for i in page["items"]]
        after = page["next"]
        if not after:
            break
    assert len(seen) == len(set(seen)) == 7
    assert (await desk.ask("GET", "/desks/unread?after=!!"))[0] == 422
    assert (await desk.ask("GET", "/desks/unread?limit=9999"))[0] == 422
    assert (await desk.ask("GET", "/desks/nowhere"))[0] == 404


async def test_a_phone_tied_to_a_watcher_has_its_earlier_counts(desk: Desk) -> None:
    assert "not on our list" in (await desk.text("412", STRANGER))["reply"]
    await desk.text("425", STRANGER)
    assert await desk.counts() == []
    (item,) = await desk.items("unknown")
    assert (item["phone"], item["messages"]) == (STRANGER, 2)
    assert (await desk.finish("unknown", item["id"], "tie", watcher_id="nobody"))[0] == 422
    assert (await desk.finish("unknown", item["id"], "tie", watcher_id="w1"))[0] == 200
    assert sorted(await desk.counts()) == [412, 425]
    assert await desk.items("unknown") == []
    sent = desk.process.state / "intake" / "sent.jsonl"

    async def told() -> bool:
        return sent.exists() and STRANGER in sent.read_text()

    await until(told)  # and the phone hears of it
    assert (await recounted(desk.database_url)).proven


async def test_a_message_nobody_could_read_counts_once_staff_have_said_what_it_means(desk: Desk) -> None:
    await desk.text("fourhundred twelvish folks hmm")
    (item,) = await desk.items("unread")
    assert (await desk.finish("unread", item["id"], "read_as", text="gibberish again hmm"))[0] == 422
    status, _ = await desk.ask(
        "POST", f"/desks/unread/{item['id']}/finish",
        {"key": str(uuid4()), "outcome": "read_as", "text": "412"}, role="lead", counties=["Kent"],
    )  # fmt: skip
    assert status == 403
    assert (await desk.finish("unread", item["id"], "read_as", text="412"))[0] == 200
    assert await desk.items("unread") == []
    assert await desk.counts() == [412]
    (entry,) = [e for e in await desk.log() if e.kind is Kind.COUNT]
    assert entry.watcher_id == "w1"
    assert entry.sent_at < entry.received_at, "sent when it was sent, counted since staff said so"
    assert (await recounted(desk.database_url)).proven


async def test_reread_corrects_what_a_later_roster_reads_otherwise(desk: Desk) -> None:
    await desk.text("12-04 300")  # no such precinct yet
    await desk.text("12-01 200")
    assert await desk.counts() == [200]
    election = an_election(4)
    watchers = (Watcher(WatcherId("w1"), "One", phone(1), "en", (PrecinctId("12-01"), PrecinctId("12-04"))),)
    await import_election(desk.database_url, replace(election, watchers=watchers))
    found = await differences(desk.database_url)
    assert [d.message.body for d in found.differences] == ["12-04 300"]
    before = await desk.log()
    assert await corrected(found, desk.process.url, SECRET) == 1
    after = await desk.log()
    assert after[: len(before)] == before, "the log is only ever added to"
    assert sorted(await desk.counts()) == [200, 300]
    assert (await recounted(desk.database_url)).proven
    assert not (await differences(desk.database_url)).differences, "and there is nothing left to correct"
    assert await corrected(found, desk.process.url, SECRET) == 0, "twice is once"
    assert sorted(await desk.counts()) == [200, 300]


async def test_follow_ups_join_the_open_problem_and_have_its_number(desk: Desk) -> None:
    first = (await desk.text("! machine 2 down"))["reply"]
    second = (await desk.text("! the technician is here"))["reply"]
    await desk.text("! voter turned away, not on the list", phone(2))
    number = first.split("no. ")[1].split(" ")[0]
    assert f"no. {number} " in second
    one, two = await desk.items("incidents")
    assert (str(one["number"]), one["messages"], one["category"]) == (number, 2, "machine")
    assert two["category"] == "voter_turned_away"
    assert (await desk.finish("incidents", one["id"], "status", status="assigned"))[0] == 200
    assert [i["status"] for i in await desk.items("incidents")] == ["assigned", "open"]
    assert (await desk.finish("incidents", one["id"], "status", status="resolved"))[0] == 200
    assert [i["id"] for i in await desk.items("incidents")] == [two["id"]]
    third = (await desk.text("! machine 2 down again"))["reply"]
    assert f"no. {number} " not in third, "a solved problem that comes back is a new one"


async def test_held_counts_wait_until_confirmed_or_decided(desk: Desk) -> None:
    assert "Sure?" in (await desk.text("1900"))["reply"]
    await desk.text("1950", phone(2))
    mine, theirs = await desk.items("held")
    assert (mine["votes"], mine["why"]) == (1900, "above_registered")
    await desk.text("FIX 190")
    assert [i["id"] for i in await desk.items("held")] == [theirs["id"]], "the watcher answered"
    assert (await desk.finish("held", theirs["id"], "reject"))[0] == 200
    assert await desk.items("held") == []
    assert await desk.counts() == [190]


async def test_leads_see_their_counties_and_strangers_nothing(desk: Desk) -> None:
    await desk.text("mumble mumble hmm zzz")  # w1, Kent
    await desk.text("mumble mumble hmm zzz", phone(2))  # w2, Sussex
    await desk.text("12-01 77", STRANGER)
    kent: dict[str, Any] = {"role": "lead", "counties": ["Kent"]}
    assert [i["watcher_id"] for i in await desk.items("unread", **kent)] == ["w1"]
    (unknown,) = await desk.items("unknown", **kent)
    assert unknown["phone"] == "…9999"
    sussex = [i for i in await desk.items("unread") if i["watcher_id"] == "w2"]
    assert (await desk.ask("POST", f"/desks/unread/{sussex[0]['id']}/take", **kent))[0] == 404
    assert (await desk.ask("GET", "/desks/unread", role="lead"))[0] == 401  # of no county
    assert (await desk.ask("GET", "/desks/unread", role="caller"))[0] == 403
    async with desk.session.get(f"{desk.process.url}/desks/unread") as answer:
        assert answer.status == 401
    status, counts = await desk.ask("GET", "/desks")
    assert (status, counts["waiting"]["unread"], counts["waiting"]["unknown"]) == (200, 2, 1)


async def test_the_roll_call_knows_who_is_proven_and_invites_the_rest_once(desk: Desk) -> None:
    await desk.text("READY")
    await until_drained(desk.process.url)
    status, roll = await desk.ask("GET", "/rollcall")
    assert (status, roll["proven"], roll["watchers"], roll["unproven"]) == (200, 1, 3, ["w2", "w3"])
    assert [(c["county"], c["proven"]) for c in roll["counties"]] == [("Kent", 1), ("Sussex", 0)]
    assert (await desk.ask("POST", "/rollcall/invite"))[1]["made"] == 2
    assert (await desk.ask("POST", "/rollcall/invite"))[1]["made"] == 0
    await desk.text("STOP", phone(2))
    await until_drained(desk.process.url)
    assert (await desk.ask("GET", "/rollcall"))[1]["opted_out"] == ["w2"]
    assert (await desk.ask("POST", "/rollcall/remind"))[1]["wanted"] == 1, "not to those who said STOP"


async def test_without_a_database_the_desks_say_so_and_texts_are_still_taken(tmp_path: Path) -> None:
    nowhere = "postgresql://nobody@127.0.0.1:9/none"
    async with Service(tmp_path, nowhere) as process, aiohttp.ClientSession() as session:
        lonely = Desk(process, "", session)
        assert (await lonely.text("412"))["duplicate"] is False
        status, said = await lonely.ask("GET", "/desks/unread")
        assert (status, "database" in said["error"]) == (503, True)


_TEXT = """
insert into outbox (key, purpose, priority, phone, watcher_id, precinct_id, body, segments, rehearsal,
                    made_at, not_before, expires_at, state, settled_at, reason)
values ($1, $2, 4, $3, $4, $5, $6, 1, false, $7::timestamptz, $7, $7::timestamptz + interval '1 hour', $8,
        $7::timestamptz + interval '5 seconds', $9)
"""


async def test_whom_no_text_reached_is_called_or_texted_again_by_one_person(desk: Desk) -> None:
    now = datetime.now(UTC) - timedelta(minutes=10)
    link = "Please report: https://x.example/w/secret"
    connection = await connect(desk.database_url)
    for n, (key, number, state, reason) in enumerate([
        ("wrong", 1, "undelivered", "unknown_number"),
        ("mended", 2, "failed", "carrier"), ("mended later", 2, "delivered", ""),
        ("late", 3, "expired", "too_late"),
    ]):  # fmt: skip
        at = now + timedelta(seconds=n)
        where = ("w-1", "12-01") if number == 1 else (None, None)
        await connection.execute(_TEXT, key, "reminder", phone(number), *where, link, at, state, reason)
    status, page = await desk.ask("GET", "/desks/outbox")
    assert status == 200, page
    (item,) = page["items"]  # one a phone, and none where a later text arrived
    assert (item["status"], item["why"], item["kind"]) == ("undelivered", "unknown_number", "reminder")
    assert "secret" not in item["text"]
    assert page["outbox"]["settled"] == {"undelivered": 1, "failed": 1, "delivered": 1, "expired": 1}
    assert (await desk.ask("GET", "/desks"))[1]["waiting"]["outbox"] == 1
    # Leads see those of their counties, and not the whole outbox.
    for county, found in (("Kent", 1), ("Sussex", 0)):
        _, page = await desk.ask("GET", "/desks/outbox", role="lead", account="k", counties=[county])
        assert (len(page["items"]), page["outbox"]) == (found, None)
    assert (await desk.ask("POST", f"/desks/outbox/{item['id']}/take"))[0] == 200
    assert (await desk.ask("POST", f"/desks/outbox/{item['id']}/take", account="bob"))[0] == 409
    # Pressed twice, sent once; the deed is an entry of the log.
    body = {"key": str(uuid4()), "outcome": "again", "note": "she has signal again"}
    for _ in range(2):
        status, said = await desk.ask("POST", f"/desks/outbox/{item['id']}/finish", body)
        assert status == 200, said
    sent = await connection.fetch("select phone, body, purpose from outbox where key like 'again:%'")
    assert [tuple(row) for row in sent] == [(phone(1), link, "reminder")]
    assert (await desk.ask("GET", "/desks/outbox"))[1]["items"] == []
    (entry,) = [e for e in await desk.log() if e.kind is Kind.RESOLVE]
    assert (entry.precinct_id, entry.detail["again"], entry.detail["note"]) == (
        "12-01", True, "she has signal again",
    )  # fmt: skip
    await connection.close()


async def test_whoever_is_not_proven_is_one_persons_to_call(desk: Desk) -> None:
    await desk.text("READY")
    items = await desk.items("rollcall")
    assert phone(1) not in str(items)
    assert {i["status"] for i in items} == {"not invited"}
    one = items[0]
    assert one["watcher_id"] == one["id"]
    path = f"/desks/rollcall/{one['id']}"
    assert (await desk.ask("POST", f"{path}/take"))[0] == 200
    assert (await desk.ask("POST", f"{path}/take", account="bob"))[0] == 409
    assert (await desk.ask("POST", "/desks/rollcall/nobody/take"))[0] == 404
    assert (await desk.finish("rollcall", one["id"], "accept"))[0] == 422
    assert (await desk.finish("rollcall", one["id"], "dismiss", note="will text tonight"))[0] == 200
    again = await desk.items("rollcall")  # still to be proven, and free again
    assert [(i["id"], i["taken_by"]) for i in again] == [(i["id"], "") for i in items]
    assert [e.detail["note"] for e in await desk.log() if e.kind is Kind.RESOLVE] == ["will text tonight"]
    _, page = await desk.ask("GET", "/desks/rollcall", role="lead", account="k", counties=["Nowhere"])
    assert page["items"] == []


async def test_an_incident_tells_its_whole_course(desk: Desk) -> None:
    await desk.text("! machine 2 is down")
    await desk.text("! now machine 3 too")
    (item,) = await desk.items("incidents")
    await desk.finish("incidents", item["id"], "status", status="assigned", note="given to lee")
    (item,) = await desk.items("incidents")
    assert [(s["by"], s["status"], s["text"]) for s in item["history"]] == [
        ("", "", "machine 2 is down"), ("", "", "now machine 3 too"), ("ann", "assigned", "given to lee"),
    ]  # fmt: skip


async def test_staff_say_what_an_incident_is_about(desk: Desk) -> None:
    await desk.text("! the thing at the door")
    (item,) = await desk.items("incidents")
    assert item["category"] == "other"
    status, answer = await desk.finish("incidents", item["id"], "status", status="open", category="door")
    assert status == 422
    assert "late_opening" in str(answer)
    await desk.finish("incidents", item["id"], "status", status="open", category="late_opening")
    await desk.text("! machine 2 is down")  # what staff said stands, whatever words follow
    (item,) = await desk.items("incidents")
    assert (item["category"], item["status"], item["messages"]) == ("late_opening", "open", 2)
    assert [s["category"] for s in item["history"]] == ["", "late_opening", ""]
