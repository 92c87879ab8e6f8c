"""Runners: what a count at each silent precinct would tell as the day stands, and so whom to send where."""

import numpy as np

from election.wire.feed import PrecinctState
from tally.model.constants import Constants
from tally.model.fit.day_fit import DayFit, Finals
from tally.model.past.curve import parts_of_day
from tally.model.past.expectation import Inputs
from tally.model.watcher_plan.visits import Posterior, visits_to
from tally.model.watcher_plan.watcher_value import choose
from tally.packed.count_columns import Array, Codes, CountColumns
from tally.standing.columns import CODE, Projection

RIDE = 1800.0  # seconds until somebody sent now has counted
EARLIEST = 0.08  # part of the day: before, a count says little, and who is sent waits
RUNNERS = 12  # chosen one after another; of the others each one's value after these
LOOKED_AT = 300  # silent precincts whose votes are least known: what a board shows, and a minute bears


class Runners:
    """Values of visits to an election's precincts."""

    def __init__(
        self, inputs: Inputs, site: Codes, planned: tuple[Array, Array], constants: Constants
    ) -> None:
        """`site`: -1, or the number of the polling site that a precinct shares."""
        self._inputs, self._site, self._planned, self._constants = inputs, site, planned, constants

    def values(self, projection: Projection, state: DayFit, table: CountColumns) -> Array:
        """Votes better known by a count at each precinct that is silent and open, as of the projection's
        minute; 0 elsewhere, and where more than `LOOKED_AT` others have more votes unknown.
        """
        n = len(self._inputs.ids)
        found, arrival = np.zeros(n), np.full(n, projection.minute + RIDE)
        silent = projection.codes == CODE[PrecinctState.SILENT.value]
        at = np.flatnonzero(silent & (arrival < table.closes))
        if not len(at):
            return found
        if len(at) > LOOKED_AT:
            unknown = projection.mean[at] * np.sqrt(projection.own_variance[at])
            at = np.sort(at[np.argsort(-unknown, kind="stable")[:LOOKED_AT]])
        part = parts_of_day(arrival, table.opens, table.closes, *self._planned)
        visits = visits_to(self._inputs, self._site, at, np.maximum(part[at], EARLIEST))
        known = known_of(projection)
        posterior = Posterior(self._inputs, state, known, projection.mean, self._constants)
        found[visits.at] = choose(posterior, visits, RUNNERS).value[visits.place]
        return found

    def write(self, projection: Projection, at: Codes) -> None:
        """Write the values of those of the precincts `at` that are silent."""
        silent = projection.codes[at] == CODE[PrecinctState.SILENT.value]
        worth = np.where(silent, projection.visit_value[at], 0.0)
        projection.columns["watcher_value"][at] = np.round(worth, 1)


def known_of(projection: Projection) -> Finals:
    """What sums need of a projection."""
    everywhere, nothing = np.arange(len(projection.ids), dtype=np.intp), np.zeros(0)
    p = projection
    return Finals(everywhere, p.log_median, p.gain, p.own_variance, nothing, nothing, p.part, p.share)
