"""Official counts: what a county or a ministry publishes, exact but for when it was true.

A number is published some minutes after it was counted, and nobody says exactly how many: `official.toml` has
the usual delay, and what is left of it, about ten minutes either way, is 3 % of a day's votes at midday
and less later (J). So an official number speaks almost as a watcher's count does (2 %), and where the two
disagree the precinct is shown as doubtful, with both numbers.
"""

import numpy as np

from tally.packed.count_columns import Array, CountColumns

OFFICIAL_SD = 0.03


def reading(table: CountColumns) -> Array:
    """Variance of each count's reading that is official; 0 of all others."""
    return np.asarray(np.where(table.official, OFFICIAL_SD**2, 0.0))
