"""Polling sites: one number for several precincts, shared out.

Where precincts share a room or a box, a watcher may know one number for all of them, N. A check-in says so by
naming the site where it would name a precinct. The model's unit stays the precinct: N is shared out in the
proportion of what each was expected to have by then, e_p F_p(u), to whole votes that sum to N (largest
remainders, ties to the first). What that cannot know stays in the band: with w_p the shares, a site's count
shows only the mean sum(w theta) of its precincts' own levels, so that the variance left of theta_p is
own (1 - w_p^2 own / (own sum(w^2) + noise)), where a count of its own leaves own (1 - own / (own + noise)).
That precincts of a site then err against each other is left out of sums: their bands are a little too wide.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from tally.model.past.curve import parts_of_day
from tally.model.past.expectation import Inputs
from tally.packed.count_columns import Array, CountColumns


def allocated(votes: int, weights: Sequence[float]) -> list[int]:
    """Whole votes in the proportion of the weights, which sum to `votes`."""
    whole = sum(weights)
    exact = [votes * w / whole for w in weights]
    found = [int(v) for v in exact]
    most = sorted(range(len(weights)), key=lambda i: (found[i] - exact[i], i))
    for i in most[: votes - sum(found)]:
        found[i] += 1
    return found


class Sites:
    """Shares out sites' counts. Hours are those planned, so that a share depends on the count alone."""

    def __init__(
        self, sites: Mapping[str, tuple[int, ...]], inputs: Inputs, planned: tuple[Array, Array]
    ) -> None:
        self._inputs, self._planned = inputs, planned
        self._members = {position: members for members in sites.values() for position in members}

    def shared_out(self, table: CountColumns) -> CountColumns:
        """The look with each site's count in place of which its precinct's share stands; `allotted` has, for
        each report, w of its precinct and sum(w^2) of its site (both 1 for a precinct's own).
        """
        if not table.whole.any():
            return table
        votes = table.votes.copy()
        w, squares = np.ones(len(votes)), np.ones(len(votes))
        for i in np.flatnonzero(table.whole).tolist():
            position = int(table.at[table.owner[i]])
            members = self._members[position]
            at_close = bool(table.final[i])
            weights = self._expected(members, float(table.observed[i]), at_close)
            mine = members.index(position)
            votes[i] = allocated(int(votes[i]), weights)[mine]
            parts = [weight / sum(weights) for weight in weights]
            w[i], squares[i] = parts[mine], sum(part * part for part in parts)
        return replace(table, votes=votes, allotted=(w, squares))

    def _expected(self, members: Sequence[int], observed: float, at_close: bool) -> list[float]:
        """Votes expected of each precinct by then."""
        at = np.array(members, dtype=np.intp)
        expected = self._inputs.expected[at]
        if not at_close:
            opens, closes = (column[at] for column in self._planned)
            part = parts_of_day(np.full(len(at), observed), opens, closes, opens, closes)
            expected = expected * np.maximum(self._inputs.curves.shares(at, part), 1e-4)
        found: list[float] = expected.tolist()
        return found
