"""Scales learnt from past elections' departures, against made-up ones with known truth."""

import numpy as np

from tally.model.constants import Constants
from tally.model.past.scales import Departure, learnt, priors

K = Constants()
COUNTY = np.repeat(np.arange(20), 100)
GROUP = np.repeat(np.arange(200), 10)


def past(elections: int, county: float, group: float, tau: float, nu: float = 0.0) -> list[Departure]:
    random = np.random.default_rng(3)
    size = random.uniform(100.0, 2000.0, 2000)
    found = []
    for _ in range(elections):
        off = random.normal(0.1) + random.normal(0, county, 20)[COUNTY] + random.normal(0, group, 200)[GROUP]
        found.append(Departure(off + random.normal(0, 1, 2000) * np.sqrt(tau**2 + nu / size), size))
    return found


def test_many_past_elections_tell_their_scales() -> None:
    found = learnt(past(60, 0.12, 0.05, 0.09, 9.0), COUNTY, GROUP, K)
    assert abs(found.county - 0.12) < 0.02
    assert abs(found.group - 0.05) < 0.01
    own = found.precincts(np.array([100.0, 2000.0]))
    assert np.allclose(own, np.sqrt(0.09**2 + 9.0 / np.array([100.0, 2000.0])), rtol=0.12)


def test_one_election_moves_the_priors_part_of_the_way() -> None:
    one, many = (learnt(past(n, 0.2, 0.05, 0.05), COUNTY, GROUP, K) for n in (1, 30))
    assert K.county_sd < one.county < many.county
    assert K.precinct_sd > one.precinct > many.precinct


def test_without_a_past_the_stated_priors_stand_and_the_level_is_that_of_history_alone() -> None:
    found = learnt([], COUNTY, GROUP, K)
    assert (found.county, found.precinct) == (priors(K).county, priors(K).precinct)
    assert found.level == K.level_sd_history


def test_a_landslide_is_of_the_tail_and_not_of_the_core() -> None:
    calm = past(4, 0.06, 0.05, 0.1)
    wild = [*calm[:3], Departure(calm[3].off + 1.5, calm[3].expected)]
    assert learnt(wild, COUNTY, GROUP, K).level < 0.6
