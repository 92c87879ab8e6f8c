"""Voters who come at another hour: known displacements, and what an early noon says of five o'clock."""

from dataclasses import replace

import numpy as np

from tally.model.constants import Constants
from tally.model.past.curve import GRID, Curves, default_curve
from tally.model.past.displacement import displacement
from tests.tally.elections import small_election

K = Constants()
COURSE = default_curve()


def test_its_spread_is_that_of_days_whose_voters_were_displaced() -> None:
    steps = np.diff(COURSE)
    covariance = displacement(steps, K)
    part = (np.arange(GRID) + 1) / GRID
    rng = np.random.default_rng(3)
    apart = (part[:, None] - part[None, :]) / K.displacement_length
    bridge = K.displacement_sd * np.sqrt(4 * part * (1 - part))
    cov = bridge[:, None] * np.exp(-0.5 * apart**2) * bridge[None, :]
    shifts = rng.multivariate_normal(np.zeros(GRID), cov, size=2_000, method="eigh")
    whole = np.append(0.0, np.cumsum(steps))
    shares = np.interp(np.maximum(part - shifts, 1e-3), np.linspace(0, 1, GRID + 1), whole)
    told = np.cov(np.log(shares), rowvar=False)
    noon, five = GRID // 3, 3 * GRID // 4
    for a, b in ((noon, noon), (five, five), (GRID // 2, GRID // 2)):
        assert 0.8 < told[a, b] / covariance[a, b] < 1.25
    assert abs(covariance[-1, -1]) < 1e-12


def test_a_departure_at_noon_says_little_of_five_oclock() -> None:
    factors = Curves(small_election(), replace(K, share_sd_midday=1e-3, share_sd_edge=1e-3)).factors
    noon, five = factors[GRID // 3], factors[3 * GRID // 4]
    assert abs(noon @ five) < 0.2 * np.linalg.norm(noon) * np.linalg.norm(five)
