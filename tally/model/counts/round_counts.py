"""Watchers who round: what their counts are worth, told by the digits of those before.

Nobody's true counts all end in 00. A precinct whose counts so far are all multiples of ten, fifty or a
hundred is likely to have a watcher who rounds to that: m of them are unit^m times as likely as of one who
counts. How many precincts round is learnt from the day, by expectation-maximisation with a prior. A count is
judged by the counts *before* it and by what is expected by then, never by its own digits or size: raising
it from 299 to 300 must not lower a projection.
"""

import numpy as np

from tally.packed.count_columns import Array, Codes, CountColumns, Flags

Shares = tuple[float, float, float]  # of precincts, by unit
UNITS = np.array([10.0, 50.0, 100.0])
PRIOR = np.array([0.01, 0.005, 0.005])  # before the day says otherwise (judgement) …
FAITH = 20.0  # … worth so many precincts
NOBODY: Shares = (0.0, 0.0, 0.0)
NONE_WORTH = 2e-3  # where fewer round, nothing is made of digits
LEAST, MOST = 2, 8  # counts looked back at: one is round by chance, more say the same
STEPS = 12
DIGITS = 6


def learnt_shares(table: CountColumns) -> Shares:
    """Share of precincts that round to each unit, by all their counts but the newest."""
    if not len(table.votes):
        return NOBODY
    count, tens = _before(table, _counted(table), 10)
    last = table.starts[1:] - 1
    told = count[last] >= LEAST
    rounded = last[told & (tens[last] == count[last])]
    exact = int(told.sum()) - len(rounded)
    if not len(rounded):
        return _tuple(FAITH * PRIOR / (FAITH + exact))
    odds = _odds(table, rounded, count)
    share = PRIOR
    for _ in range(STEPS):
        chance = share * odds
        chance /= (chance.sum(axis=1) + 1.0 - share.sum())[:, None]
        share = (FAITH * PRIOR + chance.sum(axis=0)) / (FAITH + exact + len(rounded))
    return _tuple(share)


def rounding(table: CountColumns, shares: Shares) -> Array | None:
    """Variance of each count by rounding, in votes; None where nobody is likely to round."""
    if not len(table.votes) or max(shares) < NONE_WORTH:
        return None
    counted = _counted(table)
    count, tens = _before(table, counted, 10)
    rows = np.flatnonzero(counted & (count >= LEAST) & (tens == count))
    share = np.array(shares)
    chance = share * _odds(table, rows, count)
    chance /= (chance.sum(axis=1) + 1.0 - share.sum())[:, None]
    found = np.zeros(len(table.votes))
    found[rows] = chance @ (UNITS**2 / 12.0)
    return found


def _counted(table: CountColumns) -> Flags:
    """Which reports are a watcher's count; 0 is a multiple of everything."""
    return np.asarray(~table.guess & ~table.official & (table.votes > 0))


def _before(table: CountColumns, counted: Flags, unit: int) -> tuple[Codes, Codes]:
    """How many counts each report's precinct had before it, and how many of them were multiples of `unit`."""
    multiple = counted & (table.votes.astype(np.int32) % unit == 0)
    first = np.repeat(table.starts[:-1], np.diff(table.starts))
    every, some = (np.append(0, np.cumsum(flags)) for flags in (counted, multiple))
    return every[:-1] - every[first], some[:-1] - some[first]


def _odds(table: CountColumns, rows: Codes, count: Codes) -> Array:
    """Likelihood of the counts before each of `rows` by unit, against a watcher's who counts."""
    counted = _counted(table)
    looked = np.minimum(count[rows], MOST)[:, None]
    all_of = np.stack([_before(table, counted, int(u))[1][rows] == count[rows] for u in UNITS], axis=1)
    return np.where(all_of, UNITS**looked, 0.0)


def _tuple(share: Array) -> Shares:
    ten, fifty, hundred = (round(float(s), DIGITS) for s in share)
    return ten, fifty, hundred
