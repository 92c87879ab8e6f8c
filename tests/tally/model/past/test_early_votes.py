"""What is left for the day when many have voted already: known truth, made up."""

import math
from dataclasses import replace

import numpy as np
import pytest

from election.domain.day import Election, Method, PastVotes, Precinct
from election.domain.ids import PrecinctId
from tally.model.past.early_votes import PastMethods, in_person, usual_share
from tally.model.past.expectation import inputs_of
from tally.projection.projection import Tally
from tests.tally.elections import DAY

PLACES = 60


def election_of(
    past: dict[str, tuple[float, float]], cast: float, kind: str = "general", seed: int = 5
) -> Election:
    """Precincts of 1,000 voters. `past`: election -> (turnout by all methods, share of it in person; 1 where
    only the total is told). `cast`: part of the roll that has voted already."""
    rng = np.random.default_rng(seed)
    own = np.exp(rng.normal(0, 0.15, PLACES))
    rows = []
    for name, (rate, day) in past.items():
        for i in range(PLACES):
            votes = 1_000 * rate * own[i] * math.exp(rng.normal(0, 0.05))
            parts = {Method.TOTAL: votes} if day == 1 else {
                Method.IN_PERSON: votes * day, Method.MAIL: votes * (1 - day)
            }  # fmt: skip
            rows += [PastVotes(PrecinctId(f"P{i}"), name, v, m, 1_000) for m, v in parts.items()]
    precincts = tuple(
        Precinct(
            PrecinctId(f"P{i}"), f"P{i}", 1_000, county=f"C{i % 4}", already_voted=int(1_000 * cast * own[i])
        )
        for i in range(PLACES)
    )
    return Election(replace(DAY, kind=kind), precincts, history=tuple(rows))


def bands(election: Election) -> tuple[float, float, float]:
    """(expected, lo95, hi95) of the whole before any count."""
    tally = Tally(election)
    total = tally.project_with_total(election.precincts[0].opens_at(election.day).timestamp())[1]
    return total.projected_final, total.lo95, total.hi95


PRIMARIES = {
    "2015-primary": (0.26, 1.0), "2016-primary": (0.39, 1.0), "2017-primary": (0.17, 1.0),
    "2018-primary": (0.20, 1.0), "2019-general": (0.27, 1.0),
}  # fmt: skip


def test_mail_of_a_general_election_does_not_eat_up_what_primaries_expect() -> None:
    # Philadelphia 2020 was such: 34 % of the roll voted early, 32 % on the day; past elections had less mail
    expected, low, high = bands(election_of(PRIMARIES, cast=0.34))
    truth = 0.32 * 1_000 * PLACES
    assert expected > 0.2 * truth
    assert low < truth < high


def test_where_little_is_cast_early_it_is_taken_off() -> None:
    with_mail = inputs_of(election_of({"2022-general": (0.5, 1.0)}, cast=0.05)).expected.sum()
    without = inputs_of(election_of({"2022-general": (0.5, 1.0)}, cast=0.0)).expected.sum()
    assert with_mail == pytest.approx(without - 0.05 * 1_000 * PLACES, rel=0.03)


def test_the_usual_share_of_methods_tells_a_busy_election_from_one_by_mail() -> None:
    past = {"2018-general": (0.5, 0.6), "2020-general": (0.55, 0.5), "2022-general": (0.5, 0.6)}
    usual = inputs_of(election_of(past, cast=0.22))
    more = inputs_of(election_of(past, cast=0.40))
    on_the_day = usual.expected.sum() / 1_000 / PLACES
    assert on_the_day == pytest.approx(0.28, abs=0.04)
    # 40 % cast early of the usual 51 %: partly a busier election (then .47 are left), partly more mail (.11)
    assert 0.2 < more.expected.sum() / 1_000 / PLACES < 0.4
    assert more.level_sd > usual.level_sd


def test_nobody_early_changes_nothing() -> None:
    past = {"2018-general": (0.5, 0.6), "2022-general": (0.5, 0.6)}
    inputs = inputs_of(election_of(past, cast=0.0))
    assert inputs.expected.sum() == pytest.approx(0.3 * 1_000 * PLACES, rel=0.05)
    assert inputs.level_sd == inputs.scales.level


def test_in_person_votes_lie_in_their_band_as_often_as_it_says() -> None:
    rng = np.random.default_rng(11)
    usual, inside = PastMethods(0.0, 0.5), []
    for _ in range(300):
        whole = 50_000 * math.exp(rng.normal(0, 0.25))
        early = whole / (1 + math.exp(-rng.normal(0, 0.5)))
        ones = np.full(10, 0.1)
        cast = ones * early / 1.03  # … and what is still to come
        left = in_person(5e4 * ones, cast, 2e5 * ones, 0.25, np.full(10, 0.17), usual)
        off = abs(math.log((whole - early) / left.votes.sum())) / left.level_sd
        inside.append((off < 1.2816, off < 1.96))
    of80, of95 = np.mean(inside, axis=0)
    assert 0.72 <= of80 <= 0.90
    assert of95 >= 0.90


def test_many_past_elections_tell_their_share_and_none_leaves_it_open() -> None:
    told = usual_share(np.full(8, 0.3), np.ones(8))
    assert told.logit == pytest.approx(math.log(0.3 / 0.7))
    assert told.sd < 0.35
    assert math.isinf(usual_share(np.zeros(0), np.zeros(0)).sd)
