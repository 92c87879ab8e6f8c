"""Tilts of kinds of precincts, learnt from past days' courses."""

import numpy as np
import pytest

from tally.model.past.past_tilts import feature_tilt_sd, past_tilts

PRIOR = 0.05
GRID = np.linspace(0, 1, 61)


def learnt(slope: float, places: int = 100, days: int = 4) -> float:
    """From made-up past days on which places of one more SD of a feature moved by `slope`, up and down."""
    rng = np.random.default_rng(1)
    usual = GRID**0.8
    feature = rng.normal(size=places)
    signs = np.where(np.arange(days) % 2, -1.0, 1.0) * slope
    scopes = {
        f"county:{i}": {
            str(d): usual ** (1 - feature[i] * signs[d] + 0.005 * rng.normal()) for d in range(days)
        }
        for i in range(places)
    }
    past = past_tilts(scopes, {str(d): usual for d in range(days)})
    at = {f"county:{i}": np.array([i]) for i in range(places)}
    return feature_tilt_sd(past, at, feature[:, None], np.ones(places), PRIOR)


def test_days_that_hardly_tilted_narrow_it_and_days_that_did_widen_it() -> None:
    assert learnt(0.0) < 0.04 < PRIOR < 0.07 < learnt(0.15)


@pytest.mark.parametrize(("places", "days"), [(8, 4), (100, 1)])
def test_few_places_or_one_day_keep_the_prior(places: int, days: int) -> None:
    assert learnt(0.15, places, days) == PRIOR


def test_a_tilt_is_read_as_the_power_of_the_curve() -> None:
    usual = GRID**0.8
    scopes = {f"county:{i}": {"a": usual**0.9, "b": usual} for i in range(20)}
    past = past_tilts(scopes, {"a": usual, "b": usual})
    assert past.tilts[0] == pytest.approx([0.1, 0.0], abs=0.005)
