"""What the day came to, from what the other services say. Pure: rows in, figures out.

A precinct was *missed* where its final lies far below what its peers reached, and no alert said that it lags;
a *false alarm* had one and reached what its peers did. Peers: all that have
a final, votes against expected.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

Row = Mapping[str, Any]

FAR_BELOW = 0.85  # of what its peers reached: a lag that somebody should have been told of
WORTH_TELLING = 20  # votes; fewer are the chance of a small precinct


@dataclass(frozen=True, slots=True)
class Ended:
    """A precinct at the end of the day. `short`: votes below what its peers' level would have brought."""

    precinct_id: str
    votes: int | None
    last_at: int | None
    expected: float
    short: float = 0.0


@dataclass(frozen=True, slots=True)
class PrecinctLag:
    """A precinct that was said to lag: what was said and done, and where it ended."""

    precinct_id: str
    raised_at: datetime
    said: str
    acknowledged_by: str
    dispatches: tuple[Row, ...]
    ended: Ended
    final: bool

    @property
    def calls(self) -> int:
        return sum(d["calls"] for d in self.dispatches)

    @property
    def promises(self) -> int:
        return sum(d["promises"] for d in self.dispatches)


@dataclass(frozen=True, slots=True)
class PastProjection:
    """What was projected at an earlier hour; `inside` of `of` finals lay in their 80 % band then, `wide` in
    their 95 % band.
    """

    at: datetime
    projected: float
    lo80: float
    hi80: float
    inside: int
    of: int
    wide: int = 0


@dataclass(frozen=True, slots=True)
class Debrief:
    """The day's figures. `open`: precincts whose polls are open yet."""

    precincts: int
    open: int
    finals: int
    never: int
    counted: int
    expected: float
    projected: float
    missing: tuple[Ended, ...]
    shortfalls: tuple[Ended, ...]
    lagged: tuple[PrecinctLag, ...]
    missed: tuple[Ended, ...]
    false_alarms: tuple[PrecinctLag, ...]


def debrief_of(standings: Sequence[Row], alerts: Sequence[Row], dispatches: Sequence[Row]) -> Debrief:
    """The figures of some precincts. `alerts`: those of lag, the earliest first."""
    finals = _finals(standings)
    expected = sum(s["expected_final"] for s in finals)
    level = sum(s["last_votes"] for s in finals) / expected if expected else 1.0
    ended = {s["precinct_id"]: _ended(s, level) for s in standings}
    done = {s["precinct_id"] for s in finals}
    sent: dict[str, list[Row]] = {}
    for dispatch in dispatches:
        sent.setdefault(dispatch["precinct_id"], []).append(dispatch)
    lagged: dict[str, PrecinctLag] = {}
    for alert in alerts:
        precinct = alert["precinct_id"]
        if precinct in ended and precinct not in lagged:
            lagged[precinct] = PrecinctLag(
                precinct_id=precinct,
                raised_at=alert["raised_at"],
                said=alert["said"],
                acknowledged_by=alert["acknowledged_by"] or "",
                dispatches=tuple(sent.get(precinct, ())),
                ended=ended[precinct],
                final=precinct in done,
            )
    far = {p for p in done if _far_below(ended[p], level)}
    closed = [s for s in standings if s["state"] == "closed"]
    missing = [ended[s["precinct_id"]] for s in closed if s["precinct_id"] not in done]
    return Debrief(
        precincts=len(standings),
        open=len(standings) - len(closed),
        finals=len(done),
        never=sum(s["last_votes"] is None for s in standings),
        counted=sum(s["last_votes"] or 0 for s in standings),
        expected=sum(s["expected_final"] for s in standings),
        projected=sum(s["projected_final"] for s in standings),
        missing=tuple(sorted(missing, key=lambda e: (-e.expected, e.precinct_id))),
        shortfalls=_shortest(ended[p] for p in far),
        lagged=tuple(lagged.values()),
        missed=_shortest(ended[p] for p in far - lagged.keys()),
        false_alarms=tuple(one for one in lagged.values() if one.final and one.ended.short <= 0),
    )


def with_totals(found: Debrief, aggregates: Sequence[Row]) -> Debrief:
    """The figures with the wholes that the board shows, which the tally tells more finely than precincts."""
    if not aggregates:
        return found
    sums = {
        name: sum(a[name] for a in aggregates) for name in ("counted", "expected_final", "projected_final")
    }
    return replace(
        found, counted=sums["counted"], expected=sums["expected_final"], projected=sums["projected_final"]
    )


def moment_of(at: datetime, past: Row, now: Sequence[Row]) -> PastProjection:
    """A snapshot of the past (columns, as the feed has them) against the finals that are in now."""
    total = next((a for a in past["aggregates"] if a["scope"] == "all"), None)
    columns = past["standings"]
    then = {p: i for i, p in enumerate(columns["precinct_id"])}
    finals = [
        s for s in now if s.get("final_in") and s["last_votes"] is not None and s["precinct_id"] in then
    ]
    inside = wide = 0
    for s in finals:
        i = then[s["precinct_id"]]
        inside += columns["lo80"][i] <= s["last_votes"] <= columns["hi80"][i]
        wide += columns["lo95"][i] <= s["last_votes"] <= columns["hi95"][i]
    sums = {name: float(sum(columns[name])) for name in ("projected_final", "lo80", "hi80")}
    if total:  # its band is not the sum of the precincts' bands
        sums = {name: float(total[name]) for name in sums}
    return PastProjection(at, sums["projected_final"], sums["lo80"], sums["hi80"], inside, len(finals), wide)


def _finals(standings: Sequence[Row]) -> list[Row]:
    return [s for s in standings if s.get("final_in") and s["last_votes"] is not None]


def _ended(s: Row, level: float) -> Ended:
    votes = s["last_votes"]
    short = level * s["expected_final"] - votes if votes is not None else 0.0
    return Ended(s["precinct_id"], votes, s["last_observed_at"], s["expected_final"], short)


def _far_below(e: Ended, level: float) -> bool:
    return (e.votes or 0) < FAR_BELOW * level * e.expected and e.short >= WORTH_TELLING


def _shortest(found: Any) -> tuple[Ended, ...]:
    return tuple(sorted(found, key=lambda e: (-e.short, e.precinct_id)))
