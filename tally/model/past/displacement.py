"""Displacement: voters who come at another hour than on other days, and are as many.

Today's voters at part u of the day are those of part u - tau(u) on past days, so that the share in by u
departs by -f(u) tau(u) and its logarithm by -f/F tau, with f the rate of voting. tau is a Gaussian process
whose SD vanishes at both ends: nobody votes before the polls open or after they close. Unlike a busy hour,
which lifts all shares after it, an early morning is made up for by the afternoon: whole days of three
countries departed at noon and at five o'clock hardly with regard to each other (docs/model.md).
"""

import numpy as np
from numpy.typing import NDArray

from tally.model.constants import Constants

Array = NDArray[np.float64]
SMOOTH = 0.05  # of the day, over which the rate of voting is read


def displacement(steps: Array, k: Constants) -> Array:
    """Covariance of log cumulative share at the end of each of the day's `steps` (their shares)."""
    count = len(steps)
    part = (np.arange(count) + 1) / count
    apart = part[:, None] - part[None, :]
    near = np.exp(-0.5 * (apart / SMOOTH) ** 2)
    rate = near @ (steps * count) / near.sum(axis=1)
    sd = k.displacement_sd * np.sqrt(4.0 * part * (1.0 - part)) * rate / np.cumsum(steps)
    together = np.exp(-0.5 * (apart / k.displacement_length) ** 2)
    return np.asarray(sd[:, None] * together * sd[None, :])
