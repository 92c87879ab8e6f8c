"""Messages as rows of a journal file: how they are written and read. One thread's, as the file is."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import apsw
import orjson

from election.domain.checkin import Channel, Message
from election.domain.ids import message_id
from intake.journal.draft import MessageDraft

LARGEST_STATEMENT = 128  # rows; one statement for each number of them, compiled when first needed

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_REHEARSAL = "rehearsal:"  # before the roster's version: the message belongs to a rehearsal

_COLUMNS = (
    "seq, provider, provider_message_id, channel, sender, body, raw, received_at, sent_at, roster_version"
)

_FIND = f"""
select {_COLUMNS.replace("raw,", "hex(raw),")} from messages where provider = ? and provider_message_id = ?
"""  # noqa: S608 (constants only)

_FIND_ALL = f"""
select {_COLUMNS.replace("raw,", "hex(raw),")} from messages
where (provider, provider_message_id) in (select value ->> 0, value ->> 1 from json_each(?))
"""  # noqa: S608 (constants only)

_UNDRAINED = """
select json_group_array(json_array(seq, provider, provider_message_id, channel, sender, body, hex(raw),
                                   received_at, sent_at, roster_version))
from (select * from messages where seq > ? order by seq limit ?)
"""


class MessageRows:
    """Reads the messages of one open file, whose journal is `label`."""

    def __init__(self, db: apsw.Connection, label: str) -> None:
        self._db = db
        self._label = label

    def _rows(self, statement: str, values: Sequence[Any]) -> Any:
        return self._db.execute(statement, values).fetchall()

    def find(self, provider: str, provider_message_id: str) -> Message | None:
        """The message with this key, if it is in this file."""
        rows = self._rows(_FIND, (provider, provider_message_id))
        return self._message(rows[0]) if rows else None

    def find_all(self, keys: Sequence[tuple[str, str]]) -> dict[tuple[str, str], Message]:
        """The messages with these keys that are in this file."""
        found = [self._message(row) for row in self._rows(_FIND_ALL, (orjson.dumps(keys).decode(),))]
        return {(message.provider, message.provider_message_id): message for message in found}

    def after(self, seq: int, limit: int) -> list[Message]:
        """At most `limit` messages behind row `seq`, in order."""
        [[text]] = self._rows(_UNDRAINED, (seq, limit))
        return [self._message(row) for row in orjson.loads(text)]

    def count(self, after: int, through: int) -> int:
        """How many messages have `after < seq <= through`."""
        query = "select count(*) from messages where seq > ? and seq <= ?"
        [[count]] = self._rows(query, (after, through))
        return int(count)

    def _message(self, row: Sequence[Any]) -> Message:
        seq, provider, key, channel, sender, body, raw, received, sent, roster = row
        return Message(
            message_id(provider, key), provider, key, Channel(channel), sender, body, bytes.fromhex(raw),
            _EPOCH + timedelta(microseconds=received), _EPOCH + timedelta(microseconds=sent),
            roster.removeprefix(_REHEARSAL), self._label, seq, roster.startswith(_REHEARSAL),
        )  # fmt: skip


def _insert(rows: int) -> str:
    values = ", ".join(["(?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"] * rows)
    return f"insert or ignore into messages ({_COLUMNS}) values {values}"  # noqa: S608 (constants only)


INSERTS = {rows: _insert(rows) for rows in range(1, LARGEST_STATEMENT + 1)}


def bindings(drafts: Sequence[MessageDraft], first_seq: int) -> list[Any]:
    """The values of an `INSERTS` statement, its first row numbered `first_seq`."""
    values: list[Any] = []
    for seq, d in enumerate(drafts, first_seq):
        values += (
            seq, d.provider, d.provider_message_id, d.channel.value, d.sender, d.body, d.raw,
            (d.received_at - _EPOCH) // _MICROSECOND, (d.sent_at - _EPOCH) // _MICROSECOND,
            _REHEARSAL + d.roster_version if d.rehearsal else d.roster_version,
        )  # fmt: skip
    return values
