"""In-person votes expected where part of the votes is cast already, early or by mail.

Known of a place are T', all votes expected from the past, and E, those cast already. In-person votes are
I = T - E, but E says something of T, too: never is T below E, and where the past tells which share Q of the
votes is usually cast early, E / Q is a second guess at T. On a grid of log T,

    p(log T | E) ~ Student-t((log T - log T') / sd) x p(log E | T),

    p(log E | T) = Normal(logit(E / T); logit Q, between elections) / (1 - E / T)   where the past tells Q,
                 = (1 - E / T)^(IN_PERSON - 1)                                        where it does not:

a small E alone says nothing of T, and that nearly everybody voted early is unlikely. First the whole election
is asked, then each precinct about what the whole is now expected to do. Centre and SD of log I come from the
same posterior: what is left of a large difference is known badly, and the bands say so.
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

STILL_COMING = 0.03  # of what is cast already, mail that arrives on the day: of voters who stay away, too (J)
IN_PERSON = 2.0  # exponent of the in-person share, plus one: a share of none is unlikely (J)
SHARE_SD = 0.6  # of logit Q between elections where few tell it (J)
SHARE_FAITH = 2.0  # … worth so many elections
PLACE_SD = 0.4  # of logit Q between precincts of one election (J)
LEAST = 0.01  # of all votes, cast in person
POINTS = 241
REACH = 8.0  # scales of log T either side that are looked at
TAIL = 3.0
AT_ONCE = 4_096  # precincts


@dataclass(frozen=True, slots=True)
class PastMethods:
    """Share of votes cast early, as past elections had it: its logit's centre and SD; infinite: none told."""

    logit: float = 0.0
    sd: float = math.inf


@dataclass(frozen=True, slots=True)
class InPerson:
    """What is left for the day: votes by precinct, and SDs of their logarithms."""

    votes: Array
    level_sd: float  # what all precincts share
    wider: Array  # each precinct's own SD, times that of its votes by all methods
    shared_wider: float  # the same of counties and groups


def usual_share(shares: Array, weight: Array) -> PastMethods:
    """Shares of votes cast early in past elections, each of so much weight."""
    if not len(shares):
        return PastMethods()
    logits = _logit(shares)
    centre = float(np.average(logits, weights=weight))
    squares = float(np.sum((logits - centre) ** 2))
    sd = math.sqrt((SHARE_FAITH * SHARE_SD**2 + squares) / (SHARE_FAITH + len(logits) - 1.0))
    return PastMethods(centre, sd * math.sqrt(1.0 + 1.0 / len(logits)))


def in_person(  # noqa: PLR0917
    total: Array, cast: Array, roll: Array, level_sd: float, own_sd: Array, usual: PastMethods
) -> InPerson:
    """Votes left for the day of those expected by all methods (`total`), when `cast` are in already."""
    early = np.minimum(cast * (1.0 + STILL_COMING), roll * (1.0 - LEAST))
    whole, cast_now, voters = (np.array([v.sum()]) for v in (total, early, roll))
    level = np.array([level_sd])
    centre, sd, ratio = _left(whole, cast_now, voters, level, usual, TAIL)
    left, spread, votes = float(centre[0]), float(sd[0]), np.empty(len(total))
    today = PastMethods(float(_logit(early.sum() / (early.sum() + left))), PLACE_SD)
    wider = np.empty(len(total))
    for i in range(0, len(total), AT_ONCE):
        here = slice(i, i + AT_ONCE)
        at = total[here] * ratio[0]
        votes[here], own, _ = _left(at, early[here], roll[here], own_sd[here], today, 0.0)
        wider[here] = own / own_sd[here]
    none = early <= 0
    votes = np.where(none, total * ratio[0], votes * left / max(float(votes.sum()), 1e-9))
    return InPerson(votes, spread, np.where(none, 1.0, wider), max(spread / level_sd, 1.0))


def _left(  # noqa: PLR0917
    total: Array, early: Array, roll: Array, sd: Array, usual: PastMethods, tail: float
) -> tuple[Array, Array, Array]:
    """(median of I, half of what its middle 68 % span in log, median of T over what was expected) of each
    place. `tail`: of a Student-t; 0 is the normal.
    """
    z = np.linspace(-REACH, REACH, POINTS)[None, :]
    least = np.maximum(early / (1.0 - LEAST), 1e-9)
    # where hardly anything fits between what is cast and what was expected, look from what is cast upwards
    middle = np.log(np.maximum(np.maximum(total, least), 1.0))
    log_t = middle[:, None] + z * sd[:, None]
    apart = (log_t - np.log(np.maximum(total, 1.0))[:, None]) / sd[:, None]
    likely = -2.0 * np.log1p(apart * apart / tail) if tail else -0.5 * apart * apart
    t = np.exp(log_t)
    share = np.clip(early[:, None] / t, 1e-9, 1.0 - 1e-9)
    if math.isinf(usual.sd):
        likely = likely + (IN_PERSON - 1.0) * np.log1p(-share)
    else:
        away = (_logit(share) - usual.logit) / usual.sd
        likely = likely - 0.5 * away * away - np.log1p(-share)
    # rolls have errors, and people register at the polls
    possible = (t >= least[:, None]) & (t <= 1.1 * np.maximum(roll, least * 1.1)[:, None])
    likely = np.where(possible, likely, -np.inf)
    w = np.exp(likely - likely.max(axis=1, keepdims=True))
    below = np.cumsum(w, axis=1) / w.sum(axis=1, keepdims=True)
    t_low, t_middle, t_high = (np.exp(_at(below, log_t, chance)) for chance in (0.16, 0.5, 0.84))
    left = np.maximum(t_middle - early, 0.1)
    span = np.log(np.maximum(t_high - early, 0.1) / np.maximum(t_low - early, 0.1))
    return left, np.maximum(span / 2.0, 1e-3), t_middle / np.maximum(total, 1.0)


def _at(below: Array, x: Array, chance: float) -> Array:
    """Quantiles of rows, linear between points."""
    rows = np.arange(len(below))
    after = np.clip(np.argmax(below >= chance, axis=1), 1, below.shape[1] - 1)
    low, high = below[rows, after - 1], below[rows, after]
    part = np.clip((chance - low) / np.maximum(high - low, 1e-12), 0.0, 1.0)
    return np.asarray(x[rows, after - 1] + part * (x[rows, after] - x[rows, after - 1]))


def _logit(share: Array | float) -> Array:
    kept = np.clip(share, 1e-6, 1.0 - 1e-6)
    return np.asarray(np.log(kept / (1.0 - kept)))
