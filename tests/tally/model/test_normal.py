"""The normal distribution against the standard library's."""

import math

import numpy as np

from tally.model.normal import below_normal


def test_it_agrees_with_the_standard_library_everywhere() -> None:
    z = np.concatenate([np.linspace(-40, 40, 4001), [0.0, -0.0, 1e-300, -1e-300, 1e300, -1e300]])
    true = np.array([0.5 * math.erfc(-x / math.sqrt(2)) for x in z])
    assert np.abs(below_normal(z) - true).max() < 1e-15
    near = np.abs(z) < 7  # also as a ratio, where a chance is still of any use
    assert np.abs(below_normal(z[near]) / true[near] - 1).max() < 1e-8


def test_it_never_falls_and_stays_within_0_and_1() -> None:
    found = below_normal(np.linspace(-50, 50, 20_001))
    assert (np.diff(found) >= 0).all()
    assert found[0] == 0.0 or found[0] < 1e-300
    assert found[-1] == 1.0
