"""Entries in columns: a million check-ins in some seventy megabytes, found by id and by precinct.

Theory of operation. Rows are appended and never change; a row's number is its place in the order of arrival,
so nothing that is published may depend on it. `ids` finds the row of an id; `next_row` chains the rows of one
precinct. What most entries lack (details) is in a dict.
"""

from array import array
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from election.domain.checkin import Channel, Kind
from election.domain.official import SENDER as OFFICIAL
from election.log.columns import Counts
from tally.entries.entries import Entry
from tally.ledger.id_table import IdTable
from tally.packed.columns import Names

KINDS = tuple(Kind)
CODE = {kind: code for code, kind in enumerate(KINDS)}
CHANNEL_CODE = {channel: code for code, channel in enumerate(Channel)}
NOTHING: dict[str, Any] = {}  # the details of an entry without any; nobody writes to it
NO_VOTES = -1
PUBLIC = "public"  # the source of estimates, as report files name it
PUBLIC_CODE = 0
OFFICIAL_CODE = 1
_UNKNOWN = 1  # flag: from an unknown phone
_WORD = (1 << 64) - 1
_LONG = (1 << 31) - 1  # microseconds: 35 minutes


def _exactly(received: NDArray[np.float64], before: NDArray[np.float64]) -> NDArray[np.float64]:
    """Moments `before` whole microseconds before others, to the bit of `datetime.timestamp`."""
    return (np.rint(received * 1e6) - before) / 1e6


class EntryStore:
    """All entries of an election."""

    def __init__(self, places: int) -> None:
        self.ids = IdTable()
        self.place = array("i")  # position of the precinct it names, or -1
        self.kind = array("b")
        self.flags = array("b")
        self.channel = array("b")  # index in `Channel`
        self.observed = array("d")
        self.sent_before = array("i")  # microseconds before it was received; see `sent`
        self.received = array("d")
        self.votes = array("i")
        self.sender = array("i")
        self.next_row = array("i")  # the row before it at the same place, or -1
        self.details: dict[int, dict[str, Any]] = {}
        self.first = array("i", [-1]) * places  # newest row of each place
        self.senders = Names()
        self.senders.add(PUBLIC)
        self.senders.add(OFFICIAL)
        self._sent_long_before: dict[int, float] = {}  # row -> when, where the column is too narrow
        self._read: tuple[Mapping[int, str], NDArray[np.int64], NDArray[np.int32]] | None = None

    def __len__(self) -> int:
        return len(self.ids)

    def code(self, sender: str) -> int:
        """A number for a sender: equal for equal ones, without other meaning."""
        return self.senders.add(sender)

    def row_of(self, key: bytes) -> int:
        """Row of an id, or -1."""
        return self.ids.row_of(key)

    # ------------------------------------------------------------------ adding

    def add(  # noqa: PLR0917
        self, key: int, kind: Kind, place: int, sender: str, times: tuple[float, float, float],
        votes: int | None, unknown: bool, detail: dict[str, Any], channel: Channel,
    ) -> int:  # fmt: skip
        """Files an entry and returns its row; -1 where it is filed already. `key`: its id as a number;
        `times`: observed, sent, received.
        """
        high, low = key >> 64, key & _WORD
        known, slot = self.ids.find(high, low)
        if known >= 0:
            return -1
        row = self.ids.append(high, low, slot)
        self.place.append(place)
        self.kind.append(CODE[kind])
        self.flags.append(_UNKNOWN if unknown else 0)
        self.channel.append(CHANNEL_CODE[channel])
        self.observed.append(times[0])
        before = round((times[2] - times[1]) * 1e6)
        if abs(before) > _LONG or (round(times[2] * 1e6) - before) / 1e6 != times[1]:
            self._sent_long_before[row] = times[1]
            before = 0
        self.sent_before.append(before)
        self.received.append(times[2])
        self.votes.append(NO_VOTES if votes is None else votes)
        self.sender.append(self.code(sender))
        if detail:
            self.details[row] = detail
        if place >= 0:
            self.next_row.append(self.first[place])
            self.first[place] = row
        else:
            self.next_row.append(-1)
        return row

    def add_counts(self, c: Counts, senders: Mapping[int, str]) -> None:
        """Files many plain counts at once, passing over ids that are filed already."""
        new = self.ids.missing(c.high, c.low)
        if not new.all():
            c = Counts(*(getattr(c, name)[new] for name in c.__dataclass_fields__))
        start, n = len(self), len(c)
        before = np.rint((c.received - c.sent) * 1e6)
        far = (np.abs(before) > _LONG) | (_exactly(c.received, before) != c.sent)
        before[far] = 0
        self._sent_long_before.update(
            zip((np.flatnonzero(far) + start).tolist(), c.sent[far].tolist(), strict=True)
        )
        kinds = np.where(c.final, CODE[Kind.FINAL], CODE[Kind.COUNT]).astype(np.int8)
        nothing = np.zeros(n, dtype=np.int8)
        for name, values in (
            ("place", c.place), ("kind", kinds), ("flags", nothing),
            ("channel", c.channel), ("observed", c.observed),
            ("sent_before", before.astype(np.int32)), ("received", c.received),
            ("votes", c.votes), ("sender", self._codes_of(c.sender, senders)),
            ("next_row", self._chained(c.place, start)),
        ):  # fmt: skip
            getattr(self, name).frombytes(np.ascontiguousarray(values).tobytes())
        self.ids.extend(c.high, c.low)

    def _codes_of(self, hashes: NDArray[np.int64], senders: Mapping[int, str]) -> NDArray[np.int32]:
        """`code` of many senders, named by a number each."""
        if self._read is None or self._read[0] is not senders:
            codes = self.senders.extend(list(senders.values()))
            keys = np.fromiter(senders, dtype=np.int64)
            order = np.argsort(keys)
            self._read = (senders, keys[order], codes[order])
        _, keys, codes = self._read
        return np.asarray(codes[np.searchsorted(keys, hashes)])

    def settle(self) -> None:
        """Let go of memory that only reading the whole log needs."""
        self._read = None
        self.ids.trim()
        for name, column in vars(self).items():
            if isinstance(column, array):
                setattr(self, name, array(column.typecode, column))  # without room for more

    def _chained(self, place: NDArray[np.int32], start: int) -> NDArray[np.int32]:
        """Chains new rows, the first of them `start`, to those of their places."""
        order = np.argsort(place, kind="stable")
        sorted_, rows = place[order], (order + start).astype(np.int32)
        before = np.concatenate([rows[:1], rows[:-1]])
        begins = np.flatnonzero(np.concatenate([[True], sorted_[1:] != sorted_[:-1]])) if len(rows) else rows
        first = np.frombuffer(self.first, np.int32).copy()
        before[begins] = first[sorted_[begins]]
        ends = np.append(begins[1:], len(rows)) - 1 if len(rows) else begins
        first[sorted_[ends]] = rows[ends]
        self.first = array("i", first.tobytes())
        chained = np.empty(len(rows), dtype=np.int32)
        chained[order] = before
        return chained

    # ------------------------------------------------------------------ reading

    def rows_at(self, place: int) -> Iterator[int]:
        """The rows that name a place, newest arrival first."""
        row = self.first[place]
        while row >= 0:
            yield row
            row = self.next_row[row]

    def sent(self, row: int) -> float:
        """When its sender sent it, epoch seconds."""
        if row in self._sent_long_before:
            return self._sent_long_before[row]
        return (round(self.received[row] * 1e6) - self.sent_before[row]) / 1e6

    def id(self, row: int) -> bytes:
        return self.ids.id(row)

    def entry(self, row: int) -> Entry:
        """One entry as a value."""
        votes = self.votes[row]
        return Entry(
            id=self.id(row),
            kind=KINDS[self.kind[row]],
            sender=self.senders[self.sender[row]],
            observed=self.observed[row],
            sent=self.sent(row),
            received=self.received[row],
            votes=None if votes == NO_VOTES else votes,
            unknown=bool(self.flags[row] & _UNKNOWN),
            detail=self.details.get(row, NOTHING),
            precinct=self.place[row],
            channel=self.channel[row],
        )

    def column(self, name: str) -> NDArray[Any]:
        """A column as it is now. It is a view: let go of it before anything is added."""
        column: array[Any] = getattr(self, name)
        return np.frombuffer(column, column.typecode) if len(column) else np.zeros(0, column.typecode)

    def sorted_ids(self) -> bytes:
        """All ids, 16 bytes each, in ascending order."""
        return self.ids.sorted()
