"""Doubt: how far an accepted count may be none of its precinct's (another's code, a slip that looks right).

The gate leaves out what cannot be true; what remains is a mixture. A genuine count's departure from all the
state explains is Student-t(4) with the model's variance; a stray one is normal with the wide `bad_sd`. The
strays' share is learnt from the day itself by expectation-maximisation, apart for precincts with one, two and
more accepted counts: a precinct that has been heard of once at 6 pm is far likelier a stray than one of six
counts in agreement. Box & Tiao (1968) treat outliers so; the EM step is Dempster, Laird & Rubin (1977).
"""

import numpy as np
from numpy.typing import NDArray

from tally.constants import Constants

Array = NDArray[np.float64]
Codes = NDArray[np.intp]
Rates = tuple[float, float, float]  # by accepted counts: one, two, more
LADDER = tuple(i / 40 for i in range(1, 81))  # departures tried, to a factor of e^2
TAME = 0.05  # up to this doubt, off (1 - doubt) still grows with off
STEPS = 15  # of expectation-maximisation; the last ones move the shares by less than .001


def doubts(off: Array, variance: Array, support: Codes, rates: Rates, k: Constants) -> tuple[Array, Array]:
    """(probability that each count is a stray, how much of its departure `off` to follow). Elementwise.

    Followed is off (1 - doubt), but no less than for any smaller departure: a count that looks wilder is
    doubted more, and raising it must not lower the projection.
    """
    rate = np.array(rates)[_kinds(support)]
    doubt = _stray(off, variance, rate, k)
    followed = np.abs(off) * (1.0 - doubt)
    wild = np.flatnonzero(doubt > TAME)
    if len(wild):
        v, odds, size, best = variance[wild], rate[wild], np.abs(off[wild]), followed[wild]
        for rung in LADDER:
            if rung >= size.max():
                break
            smaller = rung * (1.0 - _stray(np.full(len(wild), rung), v, odds, k))
            best = np.where(rung < size, np.maximum(best, smaller), best)
        followed[wild] = best
    return doubt, np.asarray(np.sign(off) * followed)


def _stray(off: Array, variance: Array, rate: Array, k: Constants) -> Array:
    good, bad = _densities(off, variance, k)
    return np.asarray(rate * bad / (rate * bad + (1.0 - rate) * good))


def strays(
    off: Array, variance: Array, support: Codes, start: Rates, k: Constants, *, steps: int = STEPS
) -> tuple[Rates, Array]:
    """(share of strays among precincts with one, two and more accepted counts, probability of each count).

    `steps` of expectation-maximisation from the shares `start`; they stay near `bad_rate` where few tell.
    """
    good, bad = _densities(off, variance, k)
    against, kinds = good / np.maximum(bad, 1e-12), _kinds(support)
    among = [np.flatnonzero(kinds == kind) for kind in range(3)]
    one, two, more = (_share(against[a], rate, k, steps) for a, rate in zip(among, start, strict=True))
    rate = np.array((one, two, more))[kinds]
    return (one, two, more), rate / (rate + (1.0 - rate) * against)


def _share(against: Array, rate: float, k: Constants, steps: int) -> float:
    for _ in range(steps):
        found = float(np.sum(1.0 / (1.0 + (1.0 - rate) / rate * against)))
        rate = (k.bad_rate * k.bad_faith + found) / (k.bad_faith + len(against))
    return round(rate, 6)


def _kinds(support: Codes) -> Codes:
    return np.asarray(np.clip(support, 1, 3) - 1, dtype=np.intp)


def _densities(off: Array, variance: Array, k: Constants) -> tuple[Array, Array]:
    """Of a genuine and of a stray count's departure."""
    q = 1.0 + off * off / (4.0 * variance)
    good = 0.375 / (q * q * np.sqrt(q * variance))
    z = off / k.bad_sd
    return good, 0.3989422804 / k.bad_sd * np.exp(-0.5 * z * z)
