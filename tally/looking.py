"""Looks at the ledger in columns. Most precincts are read straight from the filed columns; tangled ones are
resolved one by one (`Ledger.view`) and laid beside them. Both ways say the same (tests compare them).
"""

from collections.abc import Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from election.checkin import Kind
from tally.counts import ABSENT, Glance, Look, segments
from tally.entries import OPEN, PrecinctView
from tally.filing import CODE, NO_VOTES, NOTHING, Filing

if TYPE_CHECKING:
    from tally.ledger import Ledger

_COUNT, _FINAL, _LINE = CODE[Kind.COUNT], CODE[Kind.FINAL], CODE[Kind.LINE]
_VOTERS, _HERE, _AWAY = CODE[Kind.VOTERS], CODE[Kind.HERE], CODE[Kind.AWAY]
_TIME_BITS = 43  # microseconds in a sort key: 101 days about the middle of the counts seen first
_MIDDLE = 1 << (_TIME_BITS - 1)


class CountOrder:
    """Rows of plain counts in the order of (place, observed, received, id), kept up as rows come."""

    def __init__(self) -> None:
        self._rows = np.zeros(0, dtype=np.int32)
        self._upto = 0
        self._base: float | None = None

    def rows(self, filing: Filing) -> NDArray[np.int32]:
        """All of them. Nearly sorted already: only what came since the last call moves."""
        if self._upto == len(filing):
            return self._rows
        kind, place = filing.column("kind")[self._upto :], filing.column("place")[self._upto :]
        counted = ((kind == _COUNT) | (kind == _FINAL)) & (place >= 0)
        counted &= filing.column("votes")[self._upto :] != NO_VOTES
        fresh = (np.flatnonzero(counted) + self._upto).astype(np.int32)
        self._upto = len(filing)
        if len(fresh):
            rows = np.concatenate([self._rows, fresh])
            observed = filing.column("observed")
            if self._base is None:
                self._base = float(observed[fresh[0]])
            # Rounding and clipping keep the order and make ties; ties are broken by the whole key below.
            moment = np.clip((observed[rows] - self._base) * 1e6 + _MIDDLE, 0, 2 * _MIDDLE - 1)
            key = moment.astype(np.int64)
            del moment
            key |= filing.column("place")[rows].astype(np.int64) << _TIME_BITS
            order = np.argsort(key, kind="stable")
            rows, key = rows[order], key[order]
            tied = np.flatnonzero(key[1:] == key[:-1])
            if len(tied):
                among = np.union1d(tied, tied + 1)
                part = rows[among]
                names = ("low", "high", "received", "observed")
                keys = (*(filing.column(name)[part] for name in names), key[among])
                rows[among] = part[np.lexsort(keys)]
            self._rows = rows
        return self._rows


def everywhere(ledger: "Ledger", as_of: float) -> Look:
    """Every precinct as its entries received by `as_of` have it."""
    filing, n = ledger.filing, len(ledger.ids)
    tangled = np.frombuffer(ledger.tangled, np.bool_)  # sites' places lie behind the precincts'
    look = _Columns(np.arange(n, dtype=np.intp), ledger.opens.copy(), ledger.closes.copy())
    for p in ledger.hours_of:
        look.opens[p], look.closes[p] = ledger.hours(p, as_of)
    received, place = filing.column("received"), filing.column("place")
    known = np.flatnonzero((place >= 0) & (place < n) & (received <= as_of))
    np.maximum.at(look.last_received, place[known], received[known])
    _beside(ledger, look, as_of)
    for p in np.flatnonzero(tangled[:n]).tolist():
        look.put(p, ledger.view(p, as_of), filing)
    rows = ledger.order.rows(filing)
    rows = rows[(received[rows] <= as_of) & ~tangled[place[rows]]]
    none = np.zeros(len(rows), dtype=np.bool_)
    plain = (
        place[rows].astype(np.intp), filing.column("votes")[rows].astype(np.float64),
        filing.column("observed")[rows], none, none, filing.column("kind")[rows] == _FINAL,
        filing.column("sender")[rows].astype(np.intp), filing.column("channel")[rows].copy(), none,
    )  # fmt: skip
    resolved = look.reports()
    if not len(resolved[0]):
        return look.done(plain)
    joined = tuple(np.concatenate(pair) for pair in zip(resolved, plain, strict=True))
    order = np.argsort(joined[0], kind="stable")
    return look.done(tuple(column[order] for column in joined))


def some(ledger: "Ledger", positions: Sequence[int], as_of: float) -> Look:
    """Some precincts (ascending) as their entries received by `as_of` have them."""
    filing = ledger.filing
    at = np.array(positions, dtype=np.intp)
    look = _Columns(at, ledger.opens[at], ledger.closes[at])
    for i, p in enumerate(positions):
        if ledger.tangled[p] or ledger.beside[p]:
            look.put(i, ledger.view(p, as_of), filing)
            continue
        if p in ledger.hours_of:
            look.opens[i], look.closes[i] = ledger.hours(p, as_of)
        look.put_plain(i, p, filing, as_of)
    return look.done(look.reports())


def one(ledger: "Ledger", place: int, as_of: float) -> Glance:
    """One precinct as its entries received by `as_of` have it."""
    filing = ledger.filing
    if ledger.tangled[place] or ledger.beside[place]:
        return _glance(ledger.view(place, as_of), filing)
    hours = ledger.hours(place, as_of) if place in ledger.hours_of else None
    opens, closes = hours or (ledger.opens.item(place), ledger.closes.item(place))
    rows = _plain(place, filing, as_of)
    if not rows:
        return Glance(place, opens, closes)
    kinds, received, votes, observed = filing.kind, filing.received, filing.votes, filing.observed
    sender, channel, none = filing.sender, filing.channel, [False] * len(rows)
    return Glance(
        place, opens, closes, max([received[row] for row in rows]), ABSENT, ABSENT, ABSENT, 0, 0, 0,
        [votes[row] for row in rows], [observed[row] for row in rows], none, none,
        [kinds[row] == _FINAL for row in rows], [sender[row] for row in rows],
        [channel[row] for row in rows],
    )  # fmt: skip


def _glance(view: PrecinctView, filing: Filing) -> Glance:
    """A precinct as resolved."""
    given = (view.last_received, view.line_minutes, view.line_people, view.line_at)
    heard, minutes, people, line_at = (ABSENT if v is None else v for v in given)
    live = view.live
    return Glance(
        view.position, view.opens, view.closes, heard, int(minutes), int(people), line_at,
        len(view.incidents), view.on_post, len(view.struck_off),
        [r.votes for r in live], [r.observed for r in live], [r.asked for r in live],
        [r.accepted_by_staff for r in live], [r.kind is Kind.FINAL for r in live],
        [filing.code(r.sender) for r in live], [r.channel for r in live], any(r.whole for r in live),
    )  # fmt: skip


def _plain(place: int, filing: Filing, as_of: float) -> list[int]:
    """Rows of a precinct that holds nothing but plain counts, in order."""
    received, observed = filing.received, filing.observed
    rows = [row for row in filing.rows_at(place) if received[row] <= as_of]
    rows.reverse()  # the order of arrival, which is nearly always that of looking
    if any(observed[a] >= observed[b] for a, b in pairwise(rows)):
        rows.sort(key=lambda row: (observed[row], received[row], filing.high[row], filing.low[row]))
    return rows


class _Columns:
    """A look in the making."""

    def __init__(self, at: NDArray[np.intp], opens: NDArray[np.float64], closes: NDArray[np.float64]) -> None:
        n = len(at)
        self.at, self.opens, self.closes = at, opens, closes
        self.last_received = np.full(n, float(ABSENT))
        self.line_at = np.full(n, float(ABSENT))
        self.line_minutes = np.full(n, ABSENT, dtype=np.intp)
        self.line_people = np.full(n, ABSENT, dtype=np.intp)
        self.incidents, self.on_post, self.struck_off = np.zeros((3, n), dtype=np.intp)
        self._reports: list[tuple[int, float, float, bool, bool, bool, int, int, bool]] = []

    def put(self, i: int, view: PrecinctView, filing: Filing) -> None:
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
            final, code = r.kind is Kind.FINAL, filing.code(r.sender)
            marks = (r.asked, r.accepted_by_staff, final)
            said = (i, r.votes, r.observed, *marks, code, r.channel, r.whole)
            self._reports.append(said)

    def put_plain(self, i: int, place: int, filing: Filing, as_of: float) -> None:
        """The i-th precinct, which holds nothing but plain counts."""
        received, observed, votes = filing.received, filing.observed, filing.votes
        rows = _plain(place, filing, as_of)
        if not rows:
            return
        self.last_received[i] = max(received[row] for row in rows)
        for row in rows:
            final = filing.kind[row] == _FINAL
            who = (filing.sender[row], filing.channel[row])
            self._reports.append((i, votes[row], observed[row], False, False, final, *who, False))

    def reports(self) -> tuple[NDArray[Any], ...]:
        """Columns of what was put."""
        kinds = (np.intp, np.float64, np.float64, np.bool_, np.bool_, np.bool_, np.intp, np.int8, np.bool_)
        columns = zip(*self._reports, strict=True) if self._reports else ([],) * len(kinds)
        return tuple(np.array(column, dtype=kind) for column, kind in zip(columns, kinds, strict=True))

    def done(self, reports: tuple[NDArray[Any], ...]) -> Look:
        of, votes, observed, asked, sure, final, sender, channel, whole = reports
        slot, starts = segments(of)
        return Look(
            self.at, self.opens, self.closes, self.last_received, self.line_minutes, self.line_people,
            self.line_at, self.incidents, self.on_post, self.struck_off, slot, starts, votes, observed, asked,
            sure, final, sender, of, channel, whole,
        )  # fmt: skip


def _beside(ledger: "Ledger", look: _Columns, as_of: float) -> None:
    """Lines, watchers on post, names struck off and open incidents of precincts that are not tangled."""
    filing, tangled = ledger.filing, ledger.tangled
    kind, place, received = filing.kind, filing.place, filing.received
    lines: dict[int, tuple[tuple[float, float, bytes], int]] = {}
    posts: dict[tuple[int, int], tuple[tuple[float, bytes], bool]] = {}
    struck: dict[int, set[int]] = {}
    for row in ledger.asides:
        p, code = place[row], kind[row]
        if received[row] > as_of or tangled[p]:
            continue
        if code == _LINE:
            order = (filing.observed[row], received[row], filing.id(row))
            if p not in lines or order > lines[p][0]:
                lines[p] = (order, row)
        elif code in (_HERE, _AWAY):
            mark = ((filing.sent(row), filing.id(row)), code == _HERE)
            who = (p, filing.sender[row])
            if who not in posts or mark > posts[who]:
                posts[who] = mark
        elif code == _VOTERS:
            numbers = filing.details.get(row, NOTHING).get("roll_numbers", ())
            struck.setdefault(p, set()).update(map(int, numbers))
    for p, (order, row) in lines.items():
        detail = filing.details.get(row, NOTHING)
        minutes, people = detail.get("minutes"), detail.get("people")
        look.line_at[p] = order[0]
        look.line_minutes[p] = ABSENT if minutes is None else minutes
        look.line_people[p] = ABSENT if people is None else people
    for (p, _), (_, here) in posts.items():
        look.on_post[p] += here
    for p, numbers in struck.items():
        look.struck_off[p] = len(numbers)
    for incident in ledger.incidents(as_of):
        if incident.precinct_id is not None and incident.status in OPEN:
            p = ledger.index[incident.precinct_id]
            if not tangled[p]:
                look.incidents[p] += 1
