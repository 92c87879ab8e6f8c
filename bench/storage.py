"""Bytes of disk a text: in PostgreSQL's tables and indexes, in its write-ahead log, and in intake's journal.

`python -m bench.storage [--texts 20000]`. Texts as Twilio sends them, one in five more than a number, in
batches of a busy minute. Beside them, from the same run, the bytes that came over the wire: nobody stores
fewer without throwing something away.
"""

import argparse
import asyncio
import random
import secrets
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlencode

from beluga.stack.ports import free_port
from beluga.stack.postgres import EmbeddedPostgres
from bench.intake_acks import bench_roster
from election.domain.checkin import Channel
from election.domain.roster import load_roster
from election.log import check_in_log as election_log
from election.postgres.database import connect
from election.postgres.migrate import migrate
from intake.journal.draft import MessageDraft
from intake.journal.writer import Journal
from intake.reading.reader import check_ins_of, readings_of

AT = datetime(2026, 11, 3, 17, 0, tzinfo=UTC)
BATCH = 50
_TABLES = "select sum(pg_total_relation_size(name)) from unnest(array['messages', 'check_ins']) name"


def draft(number: int, version: str, chance: random.Random) -> MessageDraft:
    """One text, with the fields that Twilio's webhook has."""
    text = f"{number % 1500}"
    if chance.random() < 0.2:
        text = chance.choice([f"{text} votes", f"12-01 {text}", "LINE 20", "V 17 23 45-48", "! machine down"])
    key, phone = f"SM{secrets.token_hex(16)}", f"+1215555{number % 400:04}"
    raw = urlencode(
        {"ToCountry": "US", "ToState": "PA", "SmsMessageSid": key, "NumMedia": "0", "ToCity": "",
         "FromZip": "", "SmsSid": key, "FromState": "PA", "SmsStatus": "received", "FromCity": "",
         "Body": text, "FromCountry": "US", "To": "+12155550100", "ToZip": "", "NumSegments": "1",
         "MessageSid": key, "AccountSid": f"AC{secrets.token_hex(16)}", "From": phone,
         "ApiVersion": "2010-04-01"}
    ).encode()  # fmt: skip
    return MessageDraft("twilio", key, Channel.SMS, phone, text, raw, AT, AT, version)


async def measure(url: str, texts: int, folder: Path) -> None:
    connection = await connect(url)
    await migrate(connection)
    roster, chance = load_roster(bench_roster()), random.Random(1)
    journal = await Journal.open(folder / "journal")
    empty: int = await connection.fetchval(_TABLES)
    log_before = await connection.fetchval("select pg_current_wal_lsn()")
    wire = 0
    for start in range(0, texts, BATCH):
        drafts = [draft(n, roster.version, chance) for n in range(start, min(start + BATCH, texts))]
        wire += sum(len(d.raw) for d in drafts)
        messages = [m for m, _ in await asyncio.gather(*(journal.append(d) for d in drafts))]
        check_ins = [c for m in messages for c in check_ins_of(m, readings_of(m, roster), roster)]
        await election_log.append(connection, messages, check_ins)
    await journal.close()
    tables = await connection.fetchval(_TABLES) - empty
    log = await connection.fetchval("select pg_current_wal_lsn() - $1", log_before)
    await connection.close()
    journalled = sum(f.stat().st_size for f in (folder / "journal").glob("*.journal*"))
    for name, size in (("over the wire (baseline)", wire), ("tables and indexes", tables),
                       ("write-ahead log", log), ("journal", journalled)):  # fmt: skip
        print(f"{name:<26} {size / texts:8,.0f} bytes a text   {size / wire:5.2f} x")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--texts", type=int, default=20_000)
    texts = parser.parse_args().texts
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as name:
        server = EmbeddedPostgres(Path(name) / "postgres", free_port(), secrets.token_hex(8))
        server.start()
        try:
            asyncio.run(measure(server.url_of("postgres"), texts, Path(name)))
        finally:
            server.stop()


if __name__ == "__main__":
    main()
