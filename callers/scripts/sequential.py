"""A test of a difference that stays valid however often one looks at it. Pure.

It is the mixture sequential probability ratio test: with d the difference, v its variance and a normal prior
of spread t on the difference,

    ratio = sqrt(v / (v + t^2)) * exp(d^2 t^2 / (2 v (v + t^2)))

is a likelihood ratio with mean 1 where there is no difference, so by Ville's inequality it ever reaches
1/alpha with probability at most alpha. (Johari, Koomen, Pekelis, Walsh: Always Valid Inference, Operations
Research 70(3), 2022.) The differences that it has not ruled out, |d - d0| <= h with

    h^2 = 2 v (v + t^2) / t^2 * ln(sqrt((v + t^2) / v) / alpha),

are an interval that holds the true one at every look at once with probability 1 - alpha, as far as d is
normal and v known (both nearly so from some dozens of observations on).
"""

from math import exp, log, sqrt


def likelihood_ratio(difference: float, variance: float, spread: float) -> float:
    """Of this difference, against none. `spread` as large as the difference that one expects."""
    both = variance + spread**2
    return sqrt(variance / both) * exp(min(700.0, difference**2 * spread**2 / (2 * variance * both)))


def half_width(variance: float, spread: float, alpha: float) -> float:
    """How far the always-valid interval reaches to either side."""
    both = variance + spread**2
    return sqrt(2 * variance * both / spread**2 * (0.5 * log(both / variance) - log(alpha)))
