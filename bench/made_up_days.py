"""Days of kinds that no data at hand show, made up with known truth. `python -m bench.made_up_days`

The model's constants come from four countries. What would go wrong elsewhere: watchers who choose where they
stand, who round, who are voters and write down their own number; a past of one election, or of another kind,
or with much mail; precincts of unequal size; a long day; a landslide; a course of another country. Truth is
drawn otherwise than the model thinks: courses are bent day by day, counties and precincts have habits, levels
are uniform or far away. Printed, for each kind and hour: how far the total is off, how often bands of
reporting precincts and of totals held. No constant was chosen on these days.
"""

import argparse
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bench.days import SCORERS, Case, measured, scorer
from election.domain.checkin import Channel, CheckIn, Kind
from election.domain.day import CurvePoint, Election, ElectionDay, Method, PastVotes, Precinct
from election.domain.ids import PrecinctId, check_in_id, message_id
from tally.model.constants import Constants
from tally.model.past.curve import GRID, default_curve

Array = NDArray[np.float64]
DAY = date(2026, 11, 3)
PARTS = np.linspace(0, 1, GRID + 1)
ROUND = np.array([10.0, 50.0, 100.0])


@dataclass(frozen=True)
class Country:
    """What a kind of day is like; what is not said is as usual."""

    precincts: int = 600
    counties: int = 12
    groups: int = 60
    size_sd: float = 0.5  # of log registered voters
    past: int = 4
    past_kind: str = "general"
    level: float = 0.0  # today's, beside what elections do
    level_sd: float = 0.18
    own_sd: float = 0.12
    opens: int = 7
    closes: int = 20
    curve: str = "counties"  # whose past courses are told: counties, all, none, or of another country
    mail: float = 0.0  # share of past votes that came by mail
    mail_today: float = 0.0
    methods: bool = False  # the past tells mail apart
    watch: float = 0.3
    every: float = 1.5
    pull: float = 0.0
    dirty: float = 0.02
    public: float = 0.0
    rounded: float = 0.0  # share of watchers who round, and are no less trusted
    voters: bool = False  # volunteers tell their own number as they vote, once, by their own watch


KINDS = {
    "plain": Country(),
    "small county": Country(precincts=60, counties=2, groups=8),
    "no places": Country(counties=1, groups=600),
    "unequal sizes": Country(size_sd=1.6),
    "they choose where to stand": Country(pull=0.6),
    "the public estimates": Country(public=0.9),
    "watchers round": Country(rounded=0.7),
    "many wrong reports": Country(dirty=0.12),
    "few watchers": Country(watch=0.05),
    "voters' own numbers": Country(voters=True, watch=0.35, pull=0.4),
    "one past election": Country(past=1),
    "past of another kind": Country(past_kind="municipal", level=0.45),
    "landslide up": Country(level=0.4),
    "landslide down": Country(level=-0.4),
    "redrawn": Country(own_sd=0.35),
    "a day of 16 hours": Country(opens=7, closes=23),
    "course of all, one day": Country(past=1, curve="all"),
    "course of another country": Country(curve="another"),
    "no course": Country(curve="none"),
    "mail told apart": Country(mail=0.25, mail_today=0.3, methods=True),
    "mail not told apart": Country(mail=0.25, mail_today=0.3),
}


def bent(course: Array, rng: np.random.Generator, sd: float) -> Array:
    """Another day's course: voters come at other times, hours are busier or idler."""
    shift = np.interp(PARTS, (0, 0.2, 0.5, 0.8, 1), np.append(np.append(0, rng.normal(0, sd, 3)), 0))
    moved = np.interp(np.clip(PARTS - shift, 0, 1), PARTS, course)
    hours = np.exp(np.interp(PARTS[1:], np.linspace(0, 1, 13), rng.normal(0, 3 * sd, 13)))
    steps = np.maximum(np.diff(np.maximum.accumulate(moved)), 1e-6) * hours
    return np.append(0.0, np.cumsum(steps / steps.sum()))


def made_up(name: str, seed: int, clocks: list[float], simulate: Callable[..., Any]) -> Case:
    """One day of a kind."""
    c = KINDS[name]
    rng = np.random.default_rng([seed, len(name)])
    n = c.precincts
    group = np.sort(rng.integers(0, c.groups, n)) if c.groups < n else np.arange(n)
    county = group * c.counties // c.groups
    roll = np.maximum(rng.lognormal(6.8, c.size_sd, n), 80).round()
    usual = np.log(0.45) + rng.normal(0, 0.1, c.counties)[county] + rng.normal(0, 0.15, n)
    course = bent(default_curve(), rng, 0.03)
    habit = rng.normal(0, 0.08, c.counties)

    def turnout(level: float) -> Array:
        off = level + rng.normal(0, 0.06, c.counties)[county] + rng.normal(0, 0.06, c.groups)[group]
        return np.asarray(np.exp(np.minimum(usual + off + rng.normal(0, c.own_sd, n), np.log(0.93))))

    names = [f"{2024 - 2 * i}-11-05-{c.past_kind}" for i in range(c.past)]
    history, points = [], []
    for past in names:
        votes = roll * turnout(float(rng.uniform(-1.7, 1.7)) * c.level_sd)
        mail = votes * np.clip(c.mail * np.exp(rng.normal(0, 0.2, n)), 0, 0.9)
        told = {Method.IN_PERSON: votes - mail, Method.MAIL: mail} if c.methods else {Method.TOTAL: votes}
        history += [
            PastVotes(PrecinctId(f"P{i}"), past, float(v[i].round()), method, int(roll[i]))
            for method, v in told.items() for i in range(n)
        ]  # fmt: skip
        whole = bent(course if c.curve != "another" else PARTS**1.5, rng, 0.02)
        scopes = [("all", whole)]
        if c.curve == "counties":
            tilt = habit + rng.normal(0, 0.04, c.counties)
            scopes += [(f"county:C{k}", whole ** (1 - tilt[k])) for k in range(c.counties)]
        for scope, shares in scopes if c.curve != "none" else ():
            hours = range(c.opens + 1, c.closes)
            at = [(h - c.opens) / (c.closes - c.opens) for h in hours]
            read = np.interp(at, PARTS, shares).tolist()
            points += [CurvePoint(scope, time(h), share, past) for h, share in zip(hours, read, strict=True)]
    everybody = roll * turnout(c.level + float(rng.uniform(-1.7, 1.7)) * c.level_sd)
    by_mail = np.floor(everybody * np.clip(c.mail_today * np.exp(rng.normal(0, 0.2, n)), 0, 0.9))
    final = np.maximum(everybody - by_mail, 5).round()
    today = bent(course, rng, 0.02)
    tilt = (habit + rng.normal(0, 0.04, c.counties))[county] + rng.normal(0, 0.09, n)
    shares = today[None, :] ** (1 - tilt[:, None])
    counts = np.array([
        np.append(0, np.cumsum(rng.multinomial(int(v), np.diff(s))))
        for v, s in zip(final, shares, strict=True)
    ], dtype=float)  # fmt: skip
    day = ElectionDay("Made up, general", DAY, "UTC", time(c.opens), time(c.closes), kind="general")
    places = tuple(
        Precinct(
            PrecinctId(f"P{i}"), f"P{i}", int(roll[i]), f"C{county[i]}",
            f"G{group[i]}" if c.groups < n else "", already_voted=int(by_mail[i]),
        )
        for i in range(n)
    )  # fmt: skip
    election = Election(day, places, history=tuple(history), curve=tuple(points))
    rates: dict[int, list[float]] = {}
    for h in history:
        rates.setdefault(int(h.precinct_id[1:]), []).append(h.votes)
    expected = np.array([sum(rates[i]) / c.past for i in range(n)])
    watch = _voters if c.voters else simulate
    unit, hour, votes, received, public = watch(counts, expected, float(c.closes - c.opens), seed, c)
    if c.rounded:
        who = rng.random(n) < c.rounded
        to = ROUND[rng.integers(0, len(ROUND), n)]
        votes = np.where(who[unit], np.round(votes / to[unit]) * to[unit], votes)
    opens = datetime(DAY.year, DAY.month, DAY.day, c.opens, tzinfo=UTC).timestamp()
    entries = list(_entries(unit, opens + 3600 * hour, opens + 3600 * received, votes, public))
    times = {clock: opens + 3600 * (clock - c.opens) for clock in clocks}
    return Case(name, seed, election, entries, counts[:, -1], expected, times)


def _voters(counts: Array, expected: Array, hours: float, seed: int, c: Country) -> Any:
    """Volunteers who tell the number that they were, as they vote; their watch goes wrong, and so do they."""
    rng = np.random.default_rng(seed)
    n, truth = len(counts), counts[:, -1]
    z = np.log(truth / expected)
    odds = np.exp(c.pull * (z - z.mean()) / z.std())
    unit = rng.choice(n, int(2 * c.watch * n), p=odds / odds.sum())
    at = np.array([np.interp(rng.random() * counts[u, -1], counts[u], PARTS) * hours for u in unit])
    votes = np.array([np.interp(a / hours, PARTS, counts[u]) for u, a in zip(unit, at, strict=True)])
    votes = np.where(rng.random(len(unit)) < 0.1, np.round(votes / 10) * 10, np.floor(votes) + 1)
    said = np.clip(np.round((at + rng.normal(0, 0.12, len(at))) * 12) / 12, 0.02, hours)
    late = rng.random(len(at)) < 0.01
    said = np.where(late, np.clip(said - 2, 0.02, hours), said)
    wrong = rng.random(len(unit)) < c.dirty
    unit = np.where(wrong, rng.integers(0, n, len(unit)), unit)
    return unit, said, votes, np.maximum(at, said) + rng.exponential(0.5, len(at)), np.zeros(len(unit), bool)


def _entries(unit: Array, at: Array, received: Array, votes: Array, public: Array) -> Iterator[CheckIn]:
    for j in np.argsort(received, kind="stable"):
        key = message_id("bench", f"{j}")
        moment, there = (datetime.fromtimestamp(float(v[j]), UTC) for v in (at, received))
        source = "public" if public[j] else "watcher"
        yield CheckIn(
            check_in_id(key, 0), key, 0, Kind.COUNT, Channel.CSV, PrecinctId(f"P{int(unit[j])}"), None,
            source, moment, there, there, int(votes[j]),
        )  # fmt: skip


def main() -> None:
    import pandas as pd  # type: ignore[import-untyped]

    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--kinds", default="", help="comma between them; all")
    p.add_argument("--days", type=int, default=10, help="of each kind")
    p.add_argument("--times", default="10,12,15,18")
    p.add_argument("--set", action="append", default=[], help="a constant, as level_sd=.2")
    p.add_argument("--scorers", type=Path, default=SCORERS)
    a = p.parse_args()
    default = Constants()
    given = dict(pair.split("=") for pair in a.set)
    k = replace(default, **{name: type(getattr(default, name))(v) for name, v in given.items()})
    module = scorer(a.scorers, "score_days")
    clocks = [float(t) for t in a.times.split(",")]
    columns = ["bias", "ape", "mape", "c80", "c95", "t80", "t95", "width"]
    for name in a.kinds.split(",") if a.kinds else KINDS:
        rows = [
            row
            for seed in range(a.days)
            for row in measured(made_up(name, seed, clocks, module.simulate), k, module.auc)
        ]
        table = pd.DataFrame(rows).groupby("time")[columns].mean()
        print(f"{name}\n{table.round(3).to_string()}", flush=True)


if __name__ == "__main__":
    main()
