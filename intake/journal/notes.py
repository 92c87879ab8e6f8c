"""What a journal file holds beside its messages: marks, quarantine, facts. One thread's, as the file is."""

from collections.abc import Sequence
from contextlib import suppress
from typing import Any

import apsw

_MARK = """
insert into marks values (?, ?) on conflict (label) do update set drained = max(drained, excluded.drained)
"""


class JournalNotes:
    """Notes of one open file."""

    def __init__(self, db: apsw.Connection) -> None:
        self._db = db

    def _rows(self, statement: str, values: Sequence[Any] = ()) -> Any:
        return self._db.execute(statement, values).fetchall()

    def marks(self) -> dict[str, int]:
        """How far each journal, by label, was known to be drained when this file was last written."""
        return dict(self._rows("select label, drained from marks"))

    def write(self, marks: dict[str, int]) -> None:
        """Notes how far journals are drained; losing such a note costs repetition only."""
        self._db.execute("begin immediate")
        try:
            self.put(marks)
            self._db.execute("commit")
        except apsw.Error:
            roll_back(self._db)
            raise

    def put(self, marks: dict[str, int]) -> None:
        """As `write`, within the transaction that is under way."""
        for label, seq in marks.items():
            self._db.execute(_MARK, (label, seq))

    def quarantine(self, label: str, seq: int, reason: str) -> None:
        self._db.execute("insert or ignore into quarantine values (?, ?, ?)", (label, seq, reason))

    def settle_fact(self, name: str, value: str) -> str:
        """The value under `name`: the first one ever given, durably."""
        self._db.execute("insert or ignore into facts values (?, ?)", (name, value))
        return self.fact(name) or value

    def fact(self, name: str) -> str | None:
        rows = self._rows("select value from facts where name = ?", (name,))
        return str(rows[0][0]) if rows else None

    def probe(self) -> None:
        """Writes something and takes it back. Raises `apsw.Error` where the disk does not take it."""
        self._db.execute("insert or replace into facts values ('probe', hex(zeroblob(32768)))")
        self._db.execute("delete from facts where name = 'probe'")


def roll_back(db: apsw.Connection) -> None:
    """Ends a transaction that failed; the caller has the error that matters."""
    with suppress(apsw.Error):
        if db.in_transaction:
            db.execute("rollback")
