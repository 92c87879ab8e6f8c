"""Long texts in parts: durable at once, read as one, in any order, after any repetition and a restart."""

import asyncio
from pathlib import Path

import aiohttp
import orjson
import pytest

from beluga.proof.recount import recounted
from election.domain.checkin import CheckIn, Kind, Message
from election.log.check_in_log import Position, read_after
from election.postgres.database import connect
from intake.reading.text_parts import TextPart, part_key, part_of, whole_key
from intake.receive.long_texts import LongTexts
from tests.intake.desks.test_desks import Service
from tests.intake.running import a_text, an_election, import_election, until_drained
from tests.intake.sample import sms

WORDS = ("412. There is a man at the door with a kn", "ife and he shouts at the voters", " who stand in line")


def parts(ref: str = "7") -> list[Message]:
    return [
        sms(text)
        ._replace(provider_message_id=(key := part_key(TextPart(ref, n, 3), f"id{n}")))
        ._replace(message_id=sms(key).message_id)
        for n, text in enumerate(WORDS, 1)
    ]


class Journal:
    """What was joined: (texts in order, key)."""

    def __init__(self, wait_seconds: float = 3600) -> None:
        self.joined: list[tuple[list[str], str]] = []
        self.long_texts = LongTexts(self.join, wait_seconds)

    def join(self, found: list[Message], key: str, raw: bytes) -> None:
        self.joined.append(([message.body for message in found], key))
        assert orjson.loads(raw) == {"parts": [message.provider_message_id for message in found]}


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0), (1, 1, 0, 2), (0, 2, 0, 2, 1), (2, 0, 1, 1)])
async def test_parts_are_read_as_one_in_any_order_and_after_any_repetition(order) -> None:
    journal, found = Journal(), parts()
    complete = max(order.index(n) for n in range(3)) + 1
    for n in order[:complete]:
        journal.long_texts.arrived(found[n])
    assert journal.joined == [(list(WORDS), whole_key(m.provider_message_id for m in found))]


async def test_what_is_there_is_read_when_the_rest_does_not_come_and_a_late_part_by_itself() -> None:
    journal, found = Journal(wait_seconds=0), parts()
    journal.long_texts.arrived(found[0])
    journal.long_texts.arrived(found[2])
    while not journal.joined:
        await asyncio.sleep(0)
    journal.long_texts.arrived(found[1])
    while len(journal.joined) < 2:
        await asyncio.sleep(0)
    assert [texts for texts, _ in journal.joined] == [[WORDS[0], WORDS[2]], [WORDS[1]]]


async def test_a_ref_used_again_is_another_text() -> None:
    journal, found = Journal(), parts()
    journal.long_texts.arrived(found[0])
    again = found[0]._replace(provider_message_id=part_key(TextPart("7", 1, 3), "new"), body="second")
    journal.long_texts.arrived(again._replace(message_id=sms("new").message_id))
    assert [texts for texts, _ in journal.joined] == [[WORDS[0]]]


async def read_log(url: str, service: str) -> list[CheckIn]:
    await until_drained(service)
    connection = await connect(url)
    try:
        return (await read_after(connection, Position()))[0]
    finally:
        await connection.close()


async def test_a_danger_cut_in_two_is_one_incident_also_after_a_restart(
    database_url: str, tmp_path: Path
) -> None:
    await import_election(database_url, an_election())

    async def send(session: aiohttp.ClientSession, url: str, n: int) -> dict[str, object]:
        body, headers = a_text(f"p{n}", WORDS[n - 1], part_ref="7", part=n, parts=3)
        async with session.post(f"{url}/sms/generic", data=body, headers=headers) as answer:
            assert answer.status == 200
            found: dict[str, object] = await answer.json()
            return found

    async with aiohttp.ClientSession() as session:
        async with Service(tmp_path, database_url) as process:
            await process.intake.rosters.known.wait()
            assert (await send(session, process.url, 3))["reply"] == ""
            assert (await send(session, process.url, 1))["duplicate"] is False
            assert (await send(session, process.url, 1))["duplicate"] is True
            assert [e.kind for e in await read_log(database_url, process.url)] == [Kind.NOTED] * 2
        async with Service(tmp_path, database_url) as process:
            await process.intake.rosters.known.wait()
            await send(session, process.url, 2)
            while len(entries := await read_log(database_url, process.url)) < 5:
                await asyncio.sleep(0.02)
    said = [e for e in entries if e.kind is not Kind.NOTED]
    assert [(e.kind, e.votes) for e in said] == [(Kind.COUNT, 412), (Kind.INCIDENT, None)]
    assert said[1].detail["text"] == "".join(WORDS)
    assert part_of("part:7:3/3:p3") == TextPart("7", 3, 3)
    found = await recounted(database_url)
    assert (found.messages, found.proven) == (4, True)
