"""The ledger in columns. Most precincts are read straight from the filed columns; those that need resolution
are resolved one by one (`Ledger.view`) and laid beside them. Both ways agree (tests compare them).
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from election.domain.checkin import Kind
from tally.entries.entries import FOREVER, OPEN, PrecinctView
from tally.entries.strikes import RollNumber, said_struck, standing_strikes
from tally.ledger.entry_store import CODE, NOTHING, OFFICIAL_CODE, PUBLIC_CODE, EntryStore
from tally.ledger.ledger import Ledger
from tally.packed.count_columns import ABSENT, CountColumns, segments

_FINAL, _LINE = CODE[Kind.FINAL], CODE[Kind.LINE]
_VOTERS, _HERE, _AWAY = CODE[Kind.VOTERS], CODE[Kind.HERE], CODE[Kind.AWAY]


def all_precincts(ledger: Ledger, as_of: float = FOREVER) -> CountColumns:
    """Every precinct as its entries received by `as_of` have it."""
    store, n = ledger.store, len(ledger.ids)
    unresolved = np.frombuffer(ledger.needs_resolution, np.bool_)  # sites' places lie behind the precincts'
    table = _Columns(np.arange(n, dtype=np.intp), ledger.hours.opens.copy(), ledger.hours.closes.copy())
    for p in ledger.hours.decided:
        table.opens[p], table.closes[p] = ledger.hours.of(p, as_of)
    received, place = store.column("received"), store.column("place")
    known = np.flatnonzero((place >= 0) & (place < n) & (received <= as_of))
    np.maximum.at(table.last_received, place[known], received[known])
    _beside(ledger, table, as_of)
    for p in np.flatnonzero(unresolved[:n]).tolist():
        table.put(p, ledger.view(p, as_of), store)
    rows = ledger.order.rows(store)
    rows = rows[(received[rows] <= as_of) & ~unresolved[place[rows]]]
    plain = _plain(place[rows].astype(np.intp), rows, store)
    resolved = table.reports()
    return table.done(_joined(resolved, plain) if len(resolved[0]) else plain)


def subset(ledger: Ledger, positions: Sequence[int], as_of: float = FOREVER) -> CountColumns:
    """Some precincts (ascending) as their entries received by `as_of` have them."""
    store = ledger.store
    at = np.array(positions, dtype=np.intp)
    table = _Columns(at, ledger.hours.opens[at], ledger.hours.closes[at])
    for i, p in enumerate(positions):
        if ledger.needs_resolution[p] or ledger.beside[p]:
            table.put(i, ledger.view(p, as_of), store)
            continue
        if p in ledger.hours.decided:
            table.opens[i], table.closes[i] = ledger.hours.of(p, as_of)
        table.put_plain(i, ledger.busy.rows(p, as_of), store)
    return table.done(table.with_busy(table.reports(), store))


def _plain(owner: NDArray[np.intp], rows: NDArray[np.int32], store: EntryStore) -> tuple[NDArray[Any], ...]:
    """Columns of plain counts, each of its `owner`."""
    none = np.zeros(len(rows), dtype=np.bool_)
    return (
        owner, store.column("votes")[rows].astype(np.float64), store.column("observed")[rows], none, none,
        store.column("kind")[rows] == _FINAL, store.column("sender")[rows].astype(np.intp),
        store.column("channel")[rows].copy(), none,
    )  # fmt: skip


def _joined(some: tuple[NDArray[Any], ...], others: tuple[NDArray[Any], ...]) -> tuple[NDArray[Any], ...]:
    """Columns of reports laid together, by owner."""
    joined = tuple(np.concatenate(pair) for pair in zip(some, others, strict=True))
    order = np.argsort(joined[0], kind="stable")
    return tuple(column[order] for column in joined)


class _Columns:
    """`CountColumns` in the making."""

    def __init__(self, at: NDArray[np.intp], opens: NDArray[np.float64], closes: NDArray[np.float64]) -> None:
        n = len(at)
        self.at, self.opens, self.closes = at, opens, closes
        self.last_received = np.full(n, float(ABSENT))
        self.line_at = np.full(n, float(ABSENT))
        self.line_minutes = np.full(n, ABSENT, dtype=np.intp)
        self.line_people = np.full(n, ABSENT, dtype=np.intp)
        self.incidents, self.on_post, self.struck_off = np.zeros((3, n), dtype=np.intp)
        self._reports: list[tuple[int, float, float, bool, bool, bool, int, int, bool]] = []
        self._busy: list[tuple[int, NDArray[np.int32]]] = []

    def put(self, i: int, view: PrecinctView, store: EntryStore) -> None:
        """The i-th precinct as resolved."""
        self.opens[i], self.closes[i] = view.opens, view.closes
        self.last_received[i] = ABSENT if view.last_received is None else view.last_received
        line = (view.line_at, view.line_minutes, view.line_people)
        self.line_at[i], self.line_minutes[i], self.line_people[i] = (
            ABSENT if v is None else v for v in line
        )
        self.incidents[i], self.on_post[i] = len(view.incidents), view.on_post
        self.struck_off[i] = len(view.struck_off)
        for r in view.live:
            final, code = r.kind is Kind.FINAL, store.code(r.sender)
            marks = (r.asked, r.accepted_by_staff or r.confirmed, final)
            said = (i, r.votes, r.observed, *marks, code, r.channel, r.whole)
            self._reports.append(said)

    def put_plain(self, i: int, rows: NDArray[np.int32] | list[int], store: EntryStore) -> None:
        """The i-th precinct, which holds nothing but plain counts, in order."""
        if not len(rows):
            return
        if not isinstance(rows, list):
            self.last_received[i] = store.column("received")[rows].max()
            self._busy.append((i, rows))
            return
        received, observed, votes = store.received, store.observed, store.votes
        self.last_received[i] = max(received[row] for row in rows)
        for row in rows:
            final = store.kind[row] == _FINAL
            who = (store.sender[row], store.channel[row])
            self._reports.append((i, votes[row], observed[row], False, False, final, *who, False))

    def with_busy(self, reports: tuple[NDArray[Any], ...], store: EntryStore) -> tuple[NDArray[Any], ...]:
        """The reports put so far and those of busy precincts."""
        if not self._busy:
            return reports
        owner = np.repeat([i for i, _ in self._busy], [len(rows) for _, rows in self._busy])
        return _joined(reports, _plain(owner, np.concatenate([rows for _, rows in self._busy]), store))

    def reports(self) -> tuple[NDArray[Any], ...]:
        """Columns of the reports put so far."""
        kinds = (np.intp, np.float64, np.float64, np.bool_, np.bool_, np.bool_, np.intp, np.int8, np.bool_)
        columns = zip(*self._reports, strict=True) if self._reports else ([],) * len(kinds)
        return tuple(np.array(column, dtype=kind) for column, kind in zip(columns, kinds, strict=True))

    def done(self, reports: tuple[NDArray[Any], ...]) -> CountColumns:
        of, votes, observed, asked, sure, final, sender, channel, whole = reports
        slot, starts = segments(of)
        return CountColumns(
            self.at, self.opens, self.closes, self.last_received, self.line_minutes, self.line_people,
            self.line_at, self.incidents, self.on_post, self.struck_off, slot, starts, votes, observed, asked,
            sure, final, sender, of, channel, whole, sender == PUBLIC_CODE,
            sender == OFFICIAL_CODE,
        )  # fmt: skip


def _beside(ledger: Ledger, table: _Columns, as_of: float) -> None:
    """Lines, watchers on post, names struck off and open incidents of precincts that need no resolution."""
    store, unresolved = ledger.store, ledger.needs_resolution
    kind, place, received, observed = store.kind, store.place, store.received, store.observed
    lines: dict[int, tuple[tuple[float, float, bytes], int]] = {}
    posts: dict[tuple[int, int], tuple[tuple[float, bytes], bool]] = {}
    struck: dict[int, set[RollNumber]] = {}
    strikes: dict[int, list[int]] = {}  # rows, to be looked at again where a strike-off was taken back
    unstruck: set[int] = set()
    for row in ledger.asides:
        p, code = place[row], kind[row]
        if received[row] > as_of or unresolved[p]:
            continue
        if code == _LINE:
            order = (observed[row], received[row], store.id(row))
            if p not in lines or order > lines[p][0]:
                lines[p] = (order, row)
        elif code in (_HERE, _AWAY):
            mark = ((store.sent(row), store.id(row)), code == _HERE)
            who = (p, store.sender[row])
            if who not in posts or mark > posts[who]:
                posts[who] = mark
        elif code == _VOTERS:
            detail = store.details.get(row, NOTHING)
            struck.setdefault(p, set()).update(said_struck(detail))
            strikes.setdefault(p, []).append(row)
            if "unstruck" in detail:
                unstruck.add(p)
    for p, (order, row) in lines.items():
        detail = store.details.get(row, NOTHING)
        minutes, people = detail.get("minutes"), detail.get("people")
        table.line_at[p] = order[0]
        table.line_minutes[p] = ABSENT if minutes is None else minutes
        table.line_people[p] = ABSENT if people is None else people
    for (p, _), (_, here) in posts.items():
        table.on_post[p] += here
    for p in unstruck:
        struck[p] = set(
            standing_strikes(
                ((observed[row], received[row], store.id(row)), store.details.get(row, NOTHING))
                for row in strikes[p]
            )
        )
    for p, numbers in struck.items():
        table.struck_off[p] = len(numbers)
    for incident in ledger.incidents.known(as_of):
        if incident.precinct_id is not None and incident.status in OPEN:
            p = ledger.index[incident.precinct_id]
            if not unresolved[p]:
                table.incidents[p] += 1
