"""How much more, or less, precincts' own levels scatter today than expected, learnt from the day's counts.

The past may have been drawn anew, or none may be known: then what was expected of a precinct's scatter is a
guess, and thousands of counts tell better. Maximum likelihood of normals by its fixed point, squares cut off,
with what was expected as so many counts more. What courses scatter is not taken off the counts' departures: a
precinct that does more than expected has a smaller share of it at any hour, so that on the days looked at
(docs/model.md) evening counts scattered as finals did. Early ones hardly tell.
"""

import numpy as np
from numpy.typing import NDArray

from tally.model.constants import Constants

Array = NDArray[np.float64]

STEPS = 12  # of its fixed point; the last ones move it by less than .01
WILD, TAMED = 6.25, 0.9775  # squares are cut off here; a normal's are then so much in the mean
MOST = 16_384  # counts that the scatter is learnt from: they tell it to a hundredth
UNSURE = 0.5  # counts likelier to be strays do not tell how precincts scatter


def learnt_scatter(  # noqa: PLR0917
    off: Array, own: Array, beside: Array, held: Array, weight: Array, k: Constants
) -> float:
    """The scatter: of the variance `own`, where `beside` is that of readings and counting, and `held` the
    part of it all that places have taken up. `weight`: how much each count tells.
    """
    scatter = 1.0
    squares = off * off / np.maximum(1.0 - held, 0.2)
    for _ in range(STEPS):
        variance = scatter * own + beside
        told = weight * (scatter * own / variance) ** 2
        found = float(np.sum(told * np.minimum(squares / variance, WILD))) / TAMED
        scatter = (k.scatter_faith + scatter * found) / (k.scatter_faith + float(np.sum(told)))
    return round(scatter, 6)
