"""Rows of plain counts in order of place and time, kept up as rows come."""

import numpy as np
from numpy.typing import NDArray

from election.domain.checkin import Kind
from tally.ledger.entry_store import CODE, NO_VOTES, EntryStore

_COUNT, _FINAL = CODE[Kind.COUNT], CODE[Kind.FINAL]
_TIME_BITS = 43  # microseconds in a sort key: 101 days about the middle of the counts seen first
_MIDDLE = 1 << (_TIME_BITS - 1)


class CountOrder:
    """Rows of plain counts in the order of (place, observed, received, id), kept up as rows come."""

    def __init__(self) -> None:
        self._rows = np.zeros(0, dtype=np.int32)
        self._upto = 0
        self._base: float | None = None

    def rows(self, store: EntryStore) -> NDArray[np.int32]:
        """All of them. Nearly sorted already: only what came since the last call moves."""
        if self._upto == len(store):
            return self._rows
        kind, place = store.column("kind")[self._upto :], store.column("place")[self._upto :]
        counted = ((kind == _COUNT) | (kind == _FINAL)) & (place >= 0)
        counted &= store.column("votes")[self._upto :] != NO_VOTES
        fresh = (np.flatnonzero(counted) + self._upto).astype(np.int32)
        self._upto = len(store)
        if len(fresh):
            rows = np.concatenate([self._rows, fresh])
            observed = store.column("observed")
            if self._base is None:
                self._base = float(observed[fresh[0]])
            # Rounding and clipping keep the order and make ties; ties are broken by the whole key below.
            moment = np.clip((observed[rows] - self._base) * 1e6 + _MIDDLE, 0, 2 * _MIDDLE - 1)
            key = moment.astype(np.int64)
            del moment
            key |= store.column("place")[rows].astype(np.int64) << _TIME_BITS
            order = np.argsort(key, kind="stable")
            rows, key = rows[order], key[order]
            tied = np.flatnonzero(key[1:] == key[:-1])
            if len(tied):
                among = np.union1d(tied, tied + 1)
                part = rows[among]
                high, low = store.ids.halves()
                received = store.column("received")
                keys = (low[part], high[part], received[part], observed[part], key[among])
                rows[among] = part[np.lexsort(keys)]
            self._rows = rows
        return self._rows
