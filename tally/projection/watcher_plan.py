"""The plan of watchers: where the next ones should stand, before the day, from the election folder alone.

Those of `watchers.csv` count as placed. Everybody is taken to have counted once, at one time of the day: the
covariance of a day's fit does not depend on what is counted, so that it is known before.
"""

import math
from dataclasses import dataclass, replace
from datetime import datetime, time

import numpy as np

from election.domain.day import Election
from election.domain.ids import PrecinctId
from tally.ledger.places import PlaceIndex
from tally.ledger.poll_hours import PollHours
from tally.model.constants import Constants
from tally.model.fit.day_fit import DayFit, Finals, noise
from tally.model.fit.fit import Rows, fit
from tally.model.past.curve import parts_of_day
from tally.model.past.expectation import Inputs, inputs_of
from tally.model.watcher_plan.visits import Posterior, Visits, total_spread, visits_to
from tally.model.watcher_plan.watcher_value import Z80, VisitChoice, choose
from tally.packed.count_columns import Array, Codes
from tally.projection.projection import site_codes

NOTHING = np.zeros(0)


@dataclass(frozen=True)
class PlannedVisit:
    """Where one watcher should stand."""

    precinct_ids: tuple[PrecinctId, ...]  # several: the rooms of one polling site
    site_id: str
    name: str
    county: str
    expected: float  # votes
    narrowing: float  # votes by which half the total's 80 % band becomes narrower
    lag: float  # votes missing that would be seen, where it lags
    watched: int  # precincts of the county that have a watcher by then
    precincts: int  # … of so many

    @property
    def why(self) -> str:
        """Why here, in words."""
        words = (
            f"± {self.narrowing:,.0f} votes off the total's band; {self.lag:,.0f} missing seen where it lags"
        )
        place = f" in {self.county}" if self.county else ""
        return f"{words}; {self.watched:,} of {self.precincts:,} precincts{place} watched"


@dataclass(frozen=True)
class WatcherPlan:
    """Where the next watchers should stand, the most telling first."""

    visits: tuple[PlannedVisit, ...]
    by: time  # everybody has counted once by then
    placed: int  # precincts of `watchers.csv`
    expected: float  # votes of the election
    half_bands: tuple[float, ...]  # half the total's 80 % band, votes: now, and after each visit
    bound: float  # of the best possible plan, this one reaches so much at least (`watcher_value`)


def unwatched(election: Election) -> list[int]:
    """Positions of the precincts that nobody watches: nobody there, nor at their polling site."""
    have = {precinct for watcher in election.watchers for precinct in watcher.precinct_ids}
    sites = {p.site_id for p in election.precincts if p.precinct_id in have and p.site_id}
    return [
        i for i, p in enumerate(election.precincts) if p.precinct_id not in have and p.site_id not in sites
    ]


def plan_watchers(
    election: Election, watchers: int, by: time | None = None, constants: Constants | None = None
) -> WatcherPlan:
    """The most telling places for so many more watchers. `by`: local time; by default three fifths of the
    day after its opening, when calls can still help.
    """
    k, places = constants or Constants(), PlaceIndex(election)
    inputs, hours = inputs_of(election, k, places.ids), PollHours(election, places)
    by = by or _three_fifths(election)
    at = np.array([datetime.combine(election.day.date, by, p.zone(election.day)).timestamp()
                   for p in election.precincts])  # fmt: skip
    part = parts_of_day(at, hours.opens, hours.closes, hours.opens, hours.closes)
    bare = np.array(unwatched(election), dtype=np.intp)
    site = site_codes(places)
    posterior = before_the_day(inputs, np.setdiff1d(np.arange(len(part)), bare), part, watchers, k)
    visits = visits_to(inputs, site, bare, part[bare])
    choice = choose(posterior, visits, watchers)
    half = Z80 * np.sqrt(np.maximum(choice.variance, 0.0))
    return WatcherPlan(
        tuple(_worded(election, inputs, visits, choice)), by, len(part) - len(bare),
        float(inputs.expected.sum()), tuple(half.tolist()), choice.bound,
    )  # fmt: skip


def before_the_day(inputs: Inputs, placed: Codes, part: Array, more: int, k: Constants) -> Posterior:
    """What would be known if the precincts `placed` had been counted once, each at its part of the day.

    `more`: how many are still to be placed: how far silent precincts are unlike watched ones is asked as of
    a day that has heard of those too.
    """
    n = len(inputs.ids)
    share = inputs.curves.shares(np.arange(n), part)
    told = placed[share[placed] >= k.earliest]
    votes = inputs.expected * share
    state = fit(inputs, Rows(told, np.zeros(len(told)), part[told], share[told], votes[told]), k, rounds=1)
    state = replace(state, rows=len(told) + more, smear=1.0)
    own = inputs.precinct_sd**2
    gain = np.zeros(n)
    gain[told] = own[told] / (own[told] + noise(inputs, told, share[told], votes[told], k))
    heard = gain > 0
    learnt = state.rows / (state.rows + k.watched_faith)
    ahead = np.where(heard, 0.0, learnt * inputs.watched_ahead * inputs.precinct_sd)
    median = np.log(inputs.expected) - ahead
    known = Finals(np.arange(n), median, gain, own * (1.0 - gain), NOTHING, NOTHING,
                   np.where(heard, part, 1.0), np.where(heard, share, 1.0))  # fmt: skip
    return Posterior(inputs, _against_peers(inputs, state, known, median, k), known, np.exp(median), k)


def _against_peers(inputs: Inputs, state: DayFit, known: Finals, median: Array, k: Constants) -> DayFit:
    """The state with the level of everybody put in."""
    mean = np.exp(median)
    load = total_spread(Posterior(inputs, state, known, mean, k)).load / mean.sum()
    return replace(state, peer_load=load, peer_level=math.log(mean.sum() / inputs.expected.sum()))


def _three_fifths(election: Election) -> time:
    """Three fifths of the day, to the full half hour."""
    opens, closes = (60 * t.hour + t.minute for t in (election.day.opens, election.day.closes))
    minutes = round((opens + 0.6 * max(closes - opens, 0)) / 30) * 30
    return time(minutes // 60 % 24, minutes % 60)


def _worded(election: Election, inputs: Inputs, visits: Visits, choice: VisitChoice) -> list[PlannedVisit]:
    counties = len(inputs.counties)
    watched = np.bincount(inputs.county, minlength=counties)
    all_of = watched.copy()
    watched -= np.bincount(inputs.county[visits.at], minlength=counties)
    ends = np.append(visits.starts[1:], len(visits.at))
    found = []
    for place in choice.order.tolist():
        members = [election.precincts[i] for i in visits.at[visits.starts[place] : ends[place]].tolist()]
        county = inputs.county[visits.at[visits.starts[place]]]
        watched[county] += len(members)
        found.append(PlannedVisit(
            tuple(p.precinct_id for p in members), members[0].site_id, members[0].name, members[0].county,
            float(inputs.expected[visits.at[visits.starts[place] : ends[place]]].sum()),
            float(choice.narrowing[place]), float(choice.lag[place]),
            int(watched[county]), int(all_of[county]),
        ))  # fmt: skip
    return found
