"""The coverage guard: how far fresh counts reach, and the sentence shown where that is not far enough.

A projection leans on the places that report. Where those are too few, or not those that matter (whole
counties or groups silent, a channel gone quiet), the headline of an aggregate gives way to `instead`, and
`caveat` says why. Chance alone leaves some places without a watcher: only what is missing beyond chance is
skew. Obama 2012's Gordon showed an hour of false alarm where poll watchers had fewer phones (Alter,
*The Center Holds*; law L5).
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from election.domain.checkin import Channel
from election.domain.day import Election
from tally.packed.columns import Texts
from tally.packed.count_columns import segments

Array = NDArray[np.float64]
Codes = NDArray[np.intp]
Flags = NDArray[np.bool_]

THIN = 0.01  # below this share of expected votes, nothing can be said of the whole
BLIND_PLACE = 0.25  # a place with less than this part of everybody's coverage is under-watched
BLIND_SHARE = 0.25  # … and so many expected votes in such places, beyond chance, make the sum a guess
CHANNEL_SHARE = 0.2  # a channel that so many precincts reported by …
CHANNEL_FRESH = 0.25  # … and of which fewer are fresh than this part of the others, has stopped
NAMED = 5  # under-watched places named with an aggregate
CHANNELS = tuple(Channel)
_SPOKEN = {
    Channel.SMS: "text message", Channel.FORM: "the form", Channel.HOTLINE: "the hotline",
    Channel.CSV: "upload", Channel.STAFF: "staff",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class PlaceCoverage:
    """How far fresh counts reach in one place. `coverage`: share of its expected votes."""

    scope: str  # "county:X" or "group:X"
    precincts: int
    reporting: int
    coverage: float


@dataclass(frozen=True, slots=True)
class Coverage:
    """The guard's word on one aggregate."""

    share: float  # of expected votes with a fresh count
    caveat: str = ""  # why the headline cannot be trusted; empty when it can
    instead: str = ""  # what can be said in its place
    channels: dict[str, int] = field(default_factory=dict)  # fresh precincts, by channel of the newest count
    thin: tuple[PlaceCoverage, ...] = ()  # under-watched places, those with most expected votes first


class Guard:
    """Knows an election's places; asked again whenever aggregates are made."""

    def __init__(self, election: Election, expected: Array, county: Codes, group: Codes) -> None:
        self._expected, self._county, self._group = expected, county, group
        n_groups = int(group.max()) + 1 if len(group) else 0
        counties = [""] * (int(county.max()) + 1 if len(county) else 0)
        groups = [""] * n_groups
        self._group_county = np.zeros(n_groups, dtype=np.intp)
        for p, c, g in zip(election.precincts, county.tolist(), group.tolist(), strict=True):
            counties[c], groups[g] = p.county, p.group
            self._group_county[g] = c
        self._counties, self._groups = Texts(counties), Texts(groups)

    def look(self, counted: Flags, fresh: Flags, channel: NDArray[np.int8], mean: Array) -> list[Coverage]:
        """The whole election first, then every county. `counted`: precincts with an accepted count;
        `channel`: index in `CHANNELS` of the newest one; `mean`: projected votes.
        """
        counties, groups = self._places(self._county, fresh), self._places(self._group, fresh)
        whole = _Sums(*(np.array([v.sum()]) for v in counties.all))
        everywhere = np.zeros(len(fresh), dtype=np.intp)
        one = (whole, counties, np.zeros(len(self._counties), dtype=np.intp), "county", self._counties)
        if len(self._counties) <= 1:
            one = (whole, groups, np.zeros(len(self._groups), dtype=np.intp), "group", self._groups)
        each = (counties, groups, self._group_county, "group", self._groups)
        found: list[Coverage] = []
        for (scopes, places, of, kind, names), codes in ((one, everywhere), (each, self._county)):
            n = len(scopes.expected)
            reporting, ahead = np.bincount(codes, counted, n), np.bincount(codes, mean * fresh, n)
            by_channel = [
                (
                    np.bincount(codes, counted & (channel == i), n),
                    np.bincount(codes, fresh & (channel == i), n),
                )
                for i in range(len(CHANNELS))
            ]
            blind, unseen = _blind(scopes, places, of)
            thin = _thin(places, of, blind, kind, names)
            for s in range(n):
                used = {
                    CHANNELS[i].value: (int(c[s]), int(f[s])) for i, (c, f) in enumerate(by_channel) if c[s]
                }
                scope = _Scope(
                    float(scopes.expected[s]), float(scopes.covered[s]), int(scopes.precincts[s]),
                    int(scopes.fresh[s]), int(reporting[s]), float(ahead[s]),
                )  # fmt: skip
                found.append(_said(scope, float(unseen[s]), used, thin.get(s, ())))
        return found

    def _places(self, codes: Codes, fresh: Flags) -> "_Sums":
        n = int(codes.max()) + 1 if len(codes) else 0
        return _Sums(
            np.bincount(codes, minlength=n).astype(float),
            np.bincount(codes, fresh, n).astype(float),
            np.bincount(codes, self._expected, n).astype(float),
            np.bincount(codes, self._expected * fresh, n).astype(float),
        )


@dataclass(frozen=True, slots=True)
class _Sums:
    precincts: Array
    fresh: Array
    expected: Array
    covered: Array

    @property
    def all(self) -> tuple[Array, Array, Array, Array]:
        return self.precincts, self.fresh, self.expected, self.covered


@dataclass(frozen=True, slots=True)
class _Scope:
    expected: float
    covered: float
    precincts: int
    fresh: int
    reporting: int
    ahead: float  # votes that the fresh ones head for

    @property
    def share(self) -> float:
        return self.covered / max(self.expected, 1e-9)


def _blind(scopes: _Sums, places: _Sums, of: Codes) -> tuple[Flags, Array]:
    """(which places are under-watched, share of each scope's expected votes in them beyond chance)."""
    coverage = scopes.covered / np.maximum(scopes.expected, 1e-9)
    blind = places.covered < BLIND_PLACE * coverage[of] * places.expected
    rate = np.minimum(scopes.fresh / np.maximum(scopes.precincts, 1.0), 1.0)
    by_chance = (1.0 - rate[of]) ** places.precincts  # a place of so many precincts has no watcher at all
    beyond = np.bincount(of, places.expected * (blind - by_chance), len(scopes.expected))
    return blind, np.asarray(beyond / np.maximum(scopes.expected, 1e-9))


def _thin(
    places: _Sums, of: Codes, blind: Flags, kind: str, names: Sequence[str]
) -> dict[int, tuple[PlaceCoverage, ...]]:
    """Under-watched places by scope, those with most expected votes first."""
    chosen = np.flatnonzero(blind & (places.expected > 0))
    chosen = chosen[np.lexsort((chosen, -places.expected[chosen], of[chosen]))]
    who, starts = segments(of[chosen])
    found = {}
    for scope, start, end in zip(who.tolist(), starts[:-1].tolist(), starts[1:].tolist(), strict=True):
        found[scope] = tuple(
            PlaceCoverage(
                f"{kind}:{names[p]}", int(places.precincts[p]), int(places.fresh[p]),
                round(float(places.covered[p] / places.expected[p]), 3),
            )
            for p in chosen[start : min(end, start + NAMED)].tolist()
        )  # fmt: skip
    return found


def _said(
    scope: _Scope, unseen: float, channels: dict[str, tuple[int, int]], thin: tuple[PlaceCoverage, ...]
) -> Coverage:
    """The guard's word, given the share of expected votes under-watched beyond chance."""
    caveat = _caveat(scope, unseen, channels, thin)
    instead = ""
    if caveat and not scope.fresh:
        instead = f"Expected before the day: {scope.expected:,.0f}."
    elif caveat:
        known = scope.ahead / max(scope.covered, 1e-9) - 1.0
        direction = "above" if known >= 0 else "below"
        instead = (
            f"The {scope.fresh:,} of {scope.precincts:,} precincts with fresh counts "
            f"({100 * scope.share:.0f} % of expected votes) head for {100 * abs(known):.0f} % {direction} "
            "expectation; the rest is not known."
        )
    fresh = {name: fresh for name, (_, fresh) in channels.items()}
    return Coverage(round(scope.share, 4), caveat, instead, fresh, thin)


def _caveat(
    scope: _Scope, unseen: float, channels: dict[str, tuple[int, int]], thin: tuple[PlaceCoverage, ...]
) -> str:
    if scope.reporting == 0:
        return "No counts yet: the figure is the expectation alone."
    if scope.share < THIN:
        return f"Fresh counts cover {100 * scope.share:.1f} % of expected votes only: too few to project."
    for name, (counted, fresh) in channels.items():
        others, others_fresh = scope.reporting - counted, scope.fresh - fresh
        if counted < CHANNEL_SHARE * scope.reporting or not others:
            continue
        if fresh / counted < CHANNEL_FRESH * others_fresh / others:
            return (
                f"Counts by {_SPOKEN[Channel(name)]} have stopped: of {counted:,} precincts that sent theirs "
                f"so, {fresh:,} have a fresh one. The figure leans on the others."
            )
    if unseen > BLIND_SHARE and thin:
        names = ", ".join(place.scope.partition(":")[2] or "no name" for place in thin[:3])
        return (
            f"{scope.fresh:,} of {scope.precincts:,} precincts report, but hardly any in places with "
            f"{100 * unseen:.0f} % of expected votes more than chance would leave out ({names} …): "
            "the figure leans on their neighbours."
        )
    return ""
