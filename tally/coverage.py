"""The coverage guard: when reports come from too few or the wrong places, say so instead of a headline."""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

THIN = 0.01  # below this share of expected votes, nothing can be said of the whole
BLIND_COUNTY = 0.25  # a county with less than this part of everybody's coverage is under-watched
BLIND_SHARE = 0.25  # … and so many expected votes in such counties make the sum a guess


def caveat_of(sums: Mapping[str, NDArray[np.float64]], counties: Sequence[str]) -> str:
    """Why the whole election's projection cannot be trusted, in words; empty when it can.

    `sums` by county: `reporting`, `precincts`, `covered` and `expected` votes.
    """
    expected, covered = sums["expected"], sums["covered"]
    whole = float(expected.sum())
    reporting, precincts = int(sums["reporting"].sum()), int(sums["precincts"].sum())
    if reporting == 0:
        return "No counts yet: the figure is the expectation alone."
    coverage = float(covered.sum()) / max(whole, 1e-9)
    if coverage < THIN:
        return f"Fresh counts cover {100 * coverage:.1f} % of expected votes only: too few to project."
    thin = (covered / np.maximum(expected, 1e-9)) < BLIND_COUNTY * coverage
    unseen = float(expected[thin].sum()) / max(whole, 1e-9)
    if len(counties) > 1 and unseen > BLIND_SHARE:
        worst = [counties[i] for i in np.argsort(-expected * thin, kind="stable")[:3] if thin[i]]
        names = ", ".join(worst)
        return (
            f"{reporting} of {precincts} precincts report, but hardly any in places with "
            f"{100 * unseen:.0f} % of expected votes ({names} …): the figure leans on their neighbours."
        )
    return ""
