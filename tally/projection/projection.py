"""The tally itself: ledger, gate and model joined into standings as of a time.

The live engine and `beluga project` both call `Tally.project`. What is published is a pure function of the
set of check-ins and the time asked: the day's *state* is fitted at whole minutes from what was received by
then; a precinct with entries since that minute is gated and projected anew with the same state, at the
time its newest entry was received. An engine that updates precinct by precinct (`Tally.update`) therefore
ends at the same bytes as one that starts from nothing. Both take the same steps over columns of reports
(`CountColumns`); sentences are worded when they are read.
"""

import math
from collections.abc import Iterable
from dataclasses import replace

import numpy as np

from election.domain.checkin import CheckIn
from election.domain.day import Election
from election.wire.feed import Aggregate
from tally.entries.entries import DecidedCount, Verdict
from tally.ledger import columns_view
from tally.ledger.ledger import Ledger
from tally.ledger.places import PlaceIndex
from tally.model.constants import Constants
from tally.model.counts import round_counts
from tally.model.counts.verdicts import NOTHING_REJECTED, GateResult, Judged
from tally.model.coverage import Guard
from tally.model.fit.day_fit import DayFit, peers
from tally.model.fit.fit import NO_ROWS, fit
from tally.model.fit.site_shares import Sites
from tally.model.past.expectation import Inputs, inputs_of
from tally.packed.columns import Names, SparseColumn, Texts
from tally.packed.count_columns import Codes, CountColumns
from tally.projection.gating import Gating
from tally.projection.runners import Runners
from tally.projection.so_far import widths
from tally.projection.sums import aggregates
from tally.projection.writing import StandingWriter
from tally.standing.columns import Projection
from tally.standing.describe import Zones
from tally.standing.rounding import Columns

MINUTE = 60.0


class Tally:
    """An election's ledger and model. Not thread-safe: one thread adds and asks (or hold a lock)."""

    def __init__(self, election: Election, constants: Constants | None = None) -> None:
        self.constants = constants or Constants()
        self.day = election.day
        self.ledger = Ledger(election)
        self.posts = self.ledger.assignments
        self.inputs: Inputs = inputs_of(election, self.constants, self.ledger.ids)
        self.places = places_of(election, self.ledger.ids)
        self._planned = self.ledger.hours.opens, self.ledger.hours.closes
        self.gating = Gating(self.inputs, self.constants, self._planned)
        zones = Zones([p.zone(election.day) for p in election.precincts])
        self._writer = StandingWriter(self.inputs, self.constants, self.gating, zones)
        self._sites = Sites(self.ledger.places.sites, self.inputs, self._planned)
        self.site_codes = site_codes(self.ledger.places)
        self._runners = Runners(self.inputs, self.site_codes, self._planned, self.constants)
        self._prior = fit(self.inputs, NO_ROWS, self.constants)
        self._guard = Guard(election, self.inputs.expected, self.inputs.county, self.inputs.group)

    def add(self, check_ins: Iterable[CheckIn]) -> set[int]:
        """File check-ins; returns the positions whose standing may change."""
        return self.ledger.add(check_ins)

    # ------------------------------------------------------------------ slow: the state, every minute

    def fit(self, minute: float) -> DayFit:
        """The day's state from everything received by `minute`."""
        return self._fit(columns_view.all_precincts(self.ledger, minute))[0]

    def _fit(self, table: CountColumns) -> tuple[DayFit, GateResult]:
        k, table, gating = self.constants, self._sites.shared_out(table), self.gating
        guess_sd = gating.guess_sd(table)
        rounders = round_counts.learnt_shares(table)
        measured = gating.measure(table, guess_sd, rounders)
        first = fit(self.inputs, gating.ungated(table, measured), k, rounds=3)
        state = fit(self.inputs, gating.rows(table, measured, first), k, rounds=2)
        # once more, now that slips no longer pull the state
        state = fit(self.inputs, gating.rows(table, measured, state), k)
        state = replace(state, guess_sd=guess_sd, rounders=rounders)
        # and by the state that updates and pages will be judged with
        gated = gating.judge(table, state, measured)
        return peers(self.inputs, state, gating.latest(gated, state), k), gated

    def project(self, as_of: float) -> Projection:
        """Standings as of a time (epoch seconds), a pure function of the set of check-ins and `as_of`."""
        return self.project_with_total(as_of)[0]

    def project_with_total(self, as_of: float) -> tuple[Projection, Aggregate]:
        """`project`, and the whole election's sums."""
        minute = math.floor(as_of / MINUTE) * MINUTE
        projection, state = self.start(minute)
        self.update(projection, state, self.ledger.touched_between(minute, as_of), as_of)
        projection.as_of = as_of
        return projection, self.aggregates(projection, state)[0]

    def start(self, minute: float) -> tuple[Projection, DayFit]:
        """Fit the state as of a whole minute and project every precinct with it."""
        return self.begin(minute, columns_view.all_precincts(self.ledger, minute))

    def begin(self, minute: float, table: CountColumns) -> tuple[Projection, DayFit]:
        """`start` from columns of every precinct taken before: does not read the ledger, so that another
        thread may go on filing and updating meanwhile.
        """
        state, gated = self._fit(table)
        projection = Projection(self.inputs.ids, minute)
        self._writer.write(projection, state, gated, np.full(len(table.at), minute), self._planned)
        projection.visit_value = self._runners.values(projection, state, table)
        self._runners.write(projection, table.at)
        projection.widths = widths(self.inputs, self._prior, state, projection, self.constants)
        return projection, state

    # ------------------------------------------------------------------ fast: the precincts touched

    def update(self, projection: Projection, state: DayFit, positions: Iterable[int], as_of: float) -> None:
        """Project some precincts anew with the same state; each at the time of its newest word."""
        at = sorted(positions)
        if not at:
            return
        for p in at:
            projection.updated[p] = as_of
        table = self._sites.shared_out(columns_view.subset(self.ledger, at, as_of))
        clocks = np.array([self.ledger.last_word(p, as_of, projection.minute) for p in at])
        self._writer.write(projection, state, self.gating.judge(table, state), clocks, self._planned)
        self._runners.write(projection, table.at)

    def judged(self, projection: Projection, state: DayFit, position: int) -> Judged:
        """One precinct's counts as they were judged for its row in `projection`, with words."""
        as_of = projection.updated.get(position, projection.minute)
        view = self.ledger.view(position, as_of)
        table = self._sites.shared_out(columns_view.subset(self.ledger, [position], as_of))
        gated = self.gating.judge(table, state)
        left = gated.rejections.get(0, NOTHING_REJECTED).reasons
        settled = list(view.decided)
        for i, (held, reason) in left.items():
            settled.append(DecidedCount(view.live[i], Verdict.HELD if held else Verdict.REJECTED, reason))
        settled.sort(key=lambda s: s.report.sort_key)
        accepted = tuple(r for i, r in enumerate(view.live) if i not in left)
        shares = {r.check_in_id: int(n) for r, n in zip(view.live, table.votes, strict=True) if r.whole}
        return Judged(view, accepted, tuple(settled), shares)

    def aggregates(self, projection: Projection, state: DayFit) -> list[Aggregate]:
        """The whole election first (scope "all"), then every county."""
        return aggregates(self.inputs, self._guard, projection, state, self.constants)


def site_codes(places: PlaceIndex) -> Codes:
    """-1, or the number of the polling site that a precinct shares."""
    found = np.full(len(places.ids), -1, dtype=np.intp)
    for code, members in enumerate(places.sites.values()):
        found[list(members)] = code
    return found


def places_of(election: Election, ids: Names) -> Columns:
    """Columns of the feed's `PrecinctInfo` that no decision changes."""
    precincts, home = election.precincts, election.day.timezone
    found: Columns = {"precinct_id": ids, "timezone": Texts(p.timezone or home for p in precincts)}
    for name in ("name", "county", "group", "site_id"):
        found[name] = Texts(getattr(p, name) for p in precincts)
    for name in ("registered", "already_voted"):
        found[name] = np.array([getattr(p, name) for p in precincts], dtype=np.int32)
    for name in ("lat", "lon"):
        found[name] = SparseColumn([getattr(p, name) for p in precincts])
    return found
