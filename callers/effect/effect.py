"""The votes that a contact brings: called households against the control group. Pure.

Theory of operation. A *household* is everybody on one phone; chance (`control_group.py`) decided beforehand
which of them are called. Of either kind only those count whose turn in a queue came: a called one then went
to a caller, a control one was passed over at the same place of the same order. So until its turn nothing
tells one kind from the other, and what differs afterwards, calls brought about. With y the votes of a
household after its turn and x the contacts with it (calls in which somebody listened; none in the control
group), a contact brings

    e = (mean y of called - mean y of control) / mean x of called,

the effect on those who can be reached (Angrist, Imbens, Rubin, JASA 91, 1996). Whoever did not answer
counts as called: leaving them out would compare people who are at home with everybody. Its variance, by
linearization,

    v = (var(y - e x) / n of called + var(y) / n of control) / (mean x)^2

goes into the same test as the trials of scripts (`scripts/sequential.py`), whose interval is valid at every
look. While polls are open e is what was brought so far, and some who were called would have come later
anyhow.

Households differ much in how many votes they were expected to have anyhow (size, the campaign's turnout
scores), and that has nothing to do with calls. So like are compared with like, in *strata* of the same
expectation: each mean above is the strata's, weighed by the households in them, and v is the sum of theirs
with the weights squared (post-stratification; Miratrix, Sekhon, Yu, JRSS B 75, 2013).
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from callers.rules.limits import VOTES_A_CONTACT
from callers.scripts.sequential import half_width

LEAST_HOUSEHOLDS = 30  # of each kind, before a normal approximation says anything
LEAST_CONTACTS = 30
LEAST_STRATUM = 10  # households of each kind
LEAST_VOTES = 5  # of each kind
ALPHA = 0.05
SPREAD = 0.1  # votes a contact: the size of effect that the test is keenest on
LEAST_WORTH = 0.005  # votes a contact, for dispatch


@dataclass(frozen=True, slots=True)
class Prior:
    """What a contact is taken to bring before anything is known, in votes, and how sure that is."""

    votes: float = VOTES_A_CONTACT
    spread: float = 0.05


@dataclass(frozen=True, slots=True)
class HouseholdCounts:
    """Sums over the households of one kind: y votes, x contacts."""

    households: int = 0
    y: int = 0
    x: int = 0
    yy: int = 0
    xy: int = 0
    xx: int = 0

    def __add__(self, other: "HouseholdCounts") -> "HouseholdCounts":
        return HouseholdCounts(
            self.households + other.households, self.y + other.y, self.x + other.x,
            self.yy + other.yy, self.xy + other.xy, self.xx + other.xx,
        )  # fmt: skip

    @property
    def rate(self) -> float:
        """Votes a household."""
        return self.y / self.households if self.households else 0.0

    def variance(self, effect: float) -> float:
        """Of the mean of y - effect * x."""
        n = self.households
        total = self.y - effect * self.x
        squares = self.yy - 2 * effect * self.xy + effect**2 * self.xx
        return max(squares - total**2 / n, 0.0) / (n - 1) / n


def sums_of(households: Iterable[tuple[int, int, int]]) -> HouseholdCounts:
    """Of (votes, contacts, how many such households)."""
    found = HouseholdCounts()
    for y, x, n in households:
        found += HouseholdCounts(n, n * y, n * x, n * y * y, n * x * y, n * x * x)
    return found


@dataclass(frozen=True, slots=True)
class Stratum:
    """Households that were expected to have alike many votes, of both kinds."""

    called: HouseholdCounts
    control: HouseholdCounts

    def __add__(self, other: "Stratum") -> "Stratum":
        return Stratum(self.called + other.called, self.control + other.control)

    @property
    def enough(self) -> bool:
        return min(self.called.households, self.control.households) >= LEAST_STRATUM


@dataclass(frozen=True, slots=True)
class Effect:
    """Votes a contact brings, from `low` to `high`; None with too few data, and `lacking` says of what."""

    called: HouseholdCounts
    control: HouseholdCounts
    votes: float | None = None
    variance: float = 0.0
    low: float | None = None
    high: float | None = None
    lacking: str = ""


def effect_of(strata: Sequence[Stratum], alpha: float = ALPHA) -> Effect:
    """What calls brought by now, with an interval that is valid however often one asks. Strata in order."""
    called = sum((s.called for s in strata), HouseholdCounts())
    control = sum((s.control for s in strata), HouseholdCounts())
    if lacking := _lacking(called, control):
        return Effect(called, control, lacking=lacking)
    merged = _large_enough(strata)
    households = called.households + control.households
    weights = [(s.called.households + s.control.households) / households for s in merged]
    pairs = list(zip(weights, merged, strict=True))
    contacts = sum(w * s.called.x / s.called.households for w, s in pairs)
    votes = sum(w * (s.called.rate - s.control.rate) for w, s in pairs) / contacts
    variance = sum(w**2 * (s.called.variance(votes) + s.control.variance(0.0)) for w, s in pairs)
    if not variance:
        return Effect(called, control, lacking="every household votes alike")
    variance /= contacts**2
    half = half_width(variance, SPREAD, alpha)
    return Effect(called, control, votes, variance, votes - half, votes + half)


def _large_enough(strata: Sequence[Stratum]) -> list[Stratum]:
    """Neighbours together until each has enough households of either kind."""
    merged: list[Stratum] = []
    for stratum in strata:
        if merged and not merged[-1].enough:
            merged[-1] += stratum
        else:
            merged.append(stratum)
    if len(merged) > 1 and not merged[-1].enough:
        last = merged.pop()
        merged[-1] += last
    return merged


def _lacking(called: HouseholdCounts, control: HouseholdCounts) -> str:
    for name, kind in (("called", called), ("control", control)):
        if kind.households < LEAST_HOUSEHOLDS:
            return f"{kind.households} {name} households, at least {LEAST_HOUSEHOLDS} needed"
        if kind.y < LEAST_VOTES:
            return f"{kind.y} votes of {name} households, at least {LEAST_VOTES} needed"
    if called.x < LEAST_CONTACTS:
        return f"{called.x} contacts, at least {LEAST_CONTACTS} needed"
    return ""


def shrunk(found: Effect, prior: Prior | None = None) -> float:
    """Votes a contact brings for dispatch: the estimate drawn to the prior, by certainty (normal, conjugate).

    Never negative: a precinct to which nobody would be sent again would never show that calls help after all.
    """
    prior = prior or Prior()
    if found.votes is None:
        return prior.votes
    certainty, known = 1 / prior.spread**2, 1 / found.variance
    return max(LEAST_WORTH, (prior.votes * certainty + found.votes * known) / (certainty + known))
