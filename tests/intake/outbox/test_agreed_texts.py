"""Texts that voters and drivers agreed to go out once; what their phones text starts nothing."""

from datetime import UTC, datetime, time
from pathlib import Path

import asyncpg

from election.domain.checkin import Channel, Kind
from election.postgres.leadership import Term
from election.runtime.clock import FixedClock
from election.wire.desks import Desk
from intake.desks.store import BEGINNING, queue
from intake.journal.writer import Journal
from intake.metrics.intake import Telemetry
from intake.outbox import store
from intake.outbox.agreed_texts import AgreedTexts
from intake.receive.pipeline import IngestPipeline, PipelineOptions
from intake.replies.purposes import QuietHours
from tests.intake.drain.test_drain import AT, rosters_at
from tests.intake.outbox.test_sender import connection, say, term
from tests.intake.running import phone

__all__ = ["connection", "term"]  # fixtures
NOW = datetime(2026, 11, 3, 15, tzinfo=UTC)
RIDER, STRANGER = "+12155550190", "+12155550191"
QUIET = QuietHours(time(21), time(8))
_DOWN = """
insert into agreed_texts (key, phone, body, zone, rehearsal, made_at)
values ('ride:1', $1, 'Your ride is noted.', 'America/New_York', false, $2)
"""


async def test_a_riders_thanks_is_answered_by_nobody_and_a_watchers_count_as_ever(tmp_path: Path) -> None:
    journal = await Journal.open(tmp_path / "journal")
    options = PipelineOptions("US", agreed={RIDER, phone(1)})
    pipeline = IngestPipeline(journal, await rosters_at(tmp_path), FixedClock(AT), Telemetry(), options)

    async def reply(sender: str, body: str) -> str:
        key = f"{sender} {body}"
        return (await pipeline.submit_and_wait("t", key, Channel.SMS, sender, body=body, raw=b"")).reply

    for words in ("thanks", "412", "when does my driver come?", "STOP"):
        assert not await reply(RIDER, words), words
    assert await reply(RIDER, "HELP"), "answered whoever asks"
    assert await reply(STRANGER, "412"), "of whom we know nothing"
    assert "412" in await reply(phone(1), "412"), "a watcher who rides is a watcher"
    await journal.close()


async def test_each_goes_out_once_and_its_phone_waits_at_no_desk(
    connection: asyncpg.Connection, term: Term
) -> None:
    await connection.execute(_DOWN, RIDER, NOW)
    chore = AgreedTexts(FixedClock(NOW), quiet=QUIET)
    for _ in range(2):
        await chore(connection, term)
    (text,) = await store.claim(connection, term, NOW, 9, "+18005550000", "file")
    assert (text.phone, text.purpose, text.body) == (RIDER, "agreed", "Your ride is noted.")
    for sender in (RIDER, STRANGER):
        await say(connection, Kind.COUNT, sender, NOW, unknown_sender=True)
    waiting = await queue(connection, Desk.UNKNOWN, False, BEGINNING, 10, None)
    assert [row["sender"] for row in waiting] == [STRANGER]


async def test_what_lay_too_long_and_what_a_rehearsal_wrote_stay(
    connection: asyncpg.Connection, term: Term
) -> None:
    await connection.execute(_DOWN, RIDER, datetime(2026, 11, 3, 13, tzinfo=UTC))
    await AgreedTexts(FixedClock(NOW), quiet=QUIET)(connection, term)
    await connection.execute("update agreed_texts set made_at = $1, rehearsal = true", NOW)
    await AgreedTexts(FixedClock(NOW), quiet=QUIET)(connection, term)
    assert await connection.fetchval("select count(*) from outbox") == 0
