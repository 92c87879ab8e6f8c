"""Votes by now, of all precincts, watched or not: what was expected without any count of today, and what the
day's state makes of the counts. Pure.

log N(u) = log e + log F(u) + level + t tilt + bend(u) + theta, as in `fit/day_fit.py`, at the time of a row
in place of the close. What the widths are is said there, too; they are those of a minute, like the state.
"""

import numpy as np

from tally.model.constants import Constants
from tally.model.fit.day_fit import DayFit, Finals, Spread, bend_at, lateness, spread
from tally.model.past.expectation import Inputs
from tally.packed.count_columns import Array
from tally.standing.columns import Projection, SpreadByNow


def estimated_now(projection: Projection, state: DayFit) -> Array:
    """Votes cast by now in each precinct: not fewer than were counted, nor more than are projected."""
    share = projection.now_share
    course = lateness(share) * state.tilt + bend_at(state, projection.now_part)
    counted = np.maximum(projection.columns["last_votes"], 0)
    most = np.maximum(projection.mean, counted)
    return np.asarray(np.clip(projection.mean * share * np.exp(course), counted, most))


def widths(inputs: Inputs, prior: DayFit, state: DayFit, projection: Projection, k: Constants) -> SpreadByNow:
    """How far both may be off. `prior`: the state without any count."""
    n = len(inputs.ids)
    by = projection.now_part, projection.now_share
    everywhere, nothing = np.arange(n, dtype=np.intp), np.zeros(n)
    course = (k.precinct_tilt_sd * (1.0 - projection.now_share)) ** 2  # a precinct's own, about its share
    whole = np.ones(n)
    blind = Finals(
        everywhere, nothing, nothing, inputs.precinct_sd**2 + course, nothing, nothing, whole, whole
    )
    own = projection.own_variance + np.where(projection.gain > 0, 0.0, course)
    seen = Finals(everywhere, projection.log_median, projection.gain, own, nothing, nothing,
                  projection.part, projection.share)  # fmt: skip
    expected, estimated = inputs.expected * projection.now_share, estimated_now(projection, state)
    return SpreadByNow(
        _relative(inputs, expected, spread(inputs, prior, blind, expected, k, by)),
        _relative(inputs, estimated, spread(inputs, state, seen, estimated, k, by)),
    )


def _relative(inputs: Inputs, votes: Array, variances: Spread) -> Array:
    """SDs of all and of each county, as parts of their votes."""
    of = np.append(votes.sum(), np.bincount(inputs.county, votes, len(inputs.counties)))
    sds = np.sqrt(np.maximum(np.append(variances.total, variances.counties), 0.0))
    return np.asarray(sds / np.maximum(of, 1e-9))
