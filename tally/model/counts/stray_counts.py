"""Doubt: how far an accepted count may be none of its precinct's (another's code, a slip that looks right).

The gate leaves out what cannot be true; what remains is a mixture. A genuine count's departure from all the
state explains is Student-t(4) with the model's variance. A stray one has another precinct's size: it lies
about the difference of a usual precinct's size and this one's (`centre`), normal with the SD of sizes or the
wide `bad_sd`, so that a village's code with a town's count is told from a village that votes. The strays'
share is learnt from the day itself by expectation-maximisation, apart for precincts with one, two and more
accepted counts: a precinct that has been heard of once at 6 pm is far likelier a stray than one of six counts
in agreement. Box & Tiao (1968) treat outliers so; the EM step is Dempster, Laird & Rubin (1977).
"""

import numpy as np
from numpy.typing import NDArray

from tally.model.constants import Constants

Array = NDArray[np.float64]
Codes = NDArray[np.intp]
Rates = tuple[float, float, float]  # by accepted counts: one, two, more
Others = tuple[Array, float]  # where another precinct's count would lie, and its SD
RUNG = 0.05  # apart are the departures between which the peak is sought
RUNGS = 40  # to a factor of e^2
HALVINGS = 30  # of a rung, towards the peak
TAME = 0.05  # up to this doubt, off (1 - doubt) still grows with off
STEPS = 15  # of expectation-maximisation; the last ones move the shares by less than .001


def doubts(  # noqa: PLR0917
    off: Array, variance: Array, support: Codes, rates: Rates, k: Constants, others: Others | None = None
) -> tuple[Array, Array]:
    """(probability that each count is a stray, how much of its departure `off` to follow). Elementwise.

    Followed is off (1 - doubt) up to where that is largest, and from there on no less than there: a count
    that looks wilder is doubted more, and raising it must not lower the projection.
    """
    rate = np.array(rates)[_kinds(support)]
    centre, sd = others or (np.zeros(len(off)), k.bad_sd)
    size, centre = np.abs(off), np.where(off < 0, -centre, centre)
    doubt = _stray(size, variance, rate, (centre, sd))
    followed = size * (1.0 - doubt)
    wild = np.flatnonzero(doubt > TAME)
    if len(wild):
        v, odds, away = variance[wild], rate[wild], (centre[wild], sd)
        peak = np.minimum(_peaks(v, odds, away), size[wild])
        followed[wild] = np.maximum(followed[wild], peak * (1.0 - _stray(peak, v, odds, away)))
    return doubt, np.asarray(np.sign(off) * followed)


def _peaks(variance: Array, rate: Array, others: Others) -> Array:
    """The smallest departure at which departure (1 - doubt) is at a maximum; infinite where it has none.

    With doubt = 1 / (1 + a), the sign of the derivative is that of 1 + a + off a'/a: bracketed, then halved.
    """
    centre, sd = others

    def rising(off: Array) -> NDArray[np.bool_]:
        against = 1.0 / np.maximum(_stray(off, variance, rate, (centre, sd)), 1e-300) - 1.0
        square = off * off
        steeper = off * (off - centre) / sd**2
        return np.asarray(1.0 + against + steeper > 5.0 * square / (4.0 * variance + square))

    low, high = np.zeros(len(rate)), np.full(len(rate), np.inf)
    for rung in range(1, RUNGS + 1):
        open_ = np.isinf(high)
        if not open_.any():
            break
        up = rising(np.full(len(rate), rung * RUNG))
        low = np.where(open_ & up, rung * RUNG, low)
        high = np.where(open_ & ~up, rung * RUNG, high)
    found = np.flatnonzero(np.isfinite(high))
    variance, rate, low, top = variance[found], rate[found], low[found], high[found]
    centre = centre[found]
    for _ in range(HALVINGS):
        middle = (low + top) / 2.0
        up = rising(middle)
        low, top = np.where(up, middle, low), np.where(up, top, middle)
    high[found] = low
    return high


def _stray(off: Array, variance: Array, rate: Array, others: Others) -> Array:
    good, bad = _densities(off, variance, others)
    return np.asarray(rate * bad / (rate * bad + (1.0 - rate) * good))


def strays(  # noqa: PLR0917
    off: Array,
    variance: Array,
    support: Codes,
    start: Rates,
    k: Constants,
    others: Others | None = None,
    *,
    steps: int = STEPS,
) -> tuple[Rates, Array]:
    """(share of strays among precincts with one, two and more accepted counts, probability of each count).

    `steps` of expectation-maximisation from the shares `start`; they stay near `bad_rate` where few tell.
    """
    good, bad = _densities(off, variance, others or (0.0, k.bad_sd))
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


def _densities(off: Array, variance: Array, others: tuple[Array | float, float]) -> tuple[Array, Array]:
    """Of a genuine and of a stray count's departure."""
    q = 1.0 + off * off / (4.0 * variance)
    good = 0.375 / (q * q * np.sqrt(q * variance))
    centre, sd = others
    z = (off - centre) / sd
    return good, 0.3989422804 / sd * np.exp(-0.5 * z * z)
