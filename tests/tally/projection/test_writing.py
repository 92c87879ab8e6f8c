"""Bands of precincts: their own errors and those that all share have shapes of their own."""

import numpy as np
import pytest

from tally.model.constants import Constants
from tally.model.fit.day_fit import Finals
from tally.projection.sums import Z80, Z95
from tally.projection.writing import reach

K = Constants()


def known(own: float, shared: float, share: float = 0.3) -> Finals:
    one = np.ones(1)
    return Finals(
        np.zeros(1, dtype=np.intp), 6.0 * one, 0.3 * one, own**2 * one, shared**2 * one, shared**2 * one,
        0.3 * one, share * one,
    )  # fmt: skip


def test_a_precincts_own_error_is_as_wide_in_the_morning_as_in_the_evening() -> None:
    (morning, _), (evening, _) = reach(known(0.15, 0, 0.1), True, K), reach(known(0.15, 0, 0.9), True, K)
    assert morning == evening == pytest.approx(0.9 * Z80 * 0.15)


def test_what_all_share_is_stretched_less_than_a_precincts_own() -> None:
    (own, _), (shared, _) = reach(known(0.15, 0.0), True, K), reach(known(0.0, 0.15), True, K)
    assert shared < own


def test_along_a_built_in_course_nothing_is_taken_off_what_all_share() -> None:
    eighty, ninety_five = reach(known(0.0, 0.3), False, K)
    assert eighty == pytest.approx(Z80 * 0.3)
    assert ninety_five == pytest.approx(Z95 * 0.3)
