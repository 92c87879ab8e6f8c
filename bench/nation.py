"""A country's election day, simulated: one cluster for all of it beside one a state, and what waits where.

`python -m bench.nation [--seed 1]`, two seconds. Texts arrive by watchers' habits (about the full hour, and
all at the close, in each state's own time); every queue is served at the rate that `beluga capacity` and
docs/journal.md give for it, as measured on two cores. Two things go wrong at the worst moment: the database
is away for a failover, and a tally restarts. The baseline is the single cluster, in the same run. This is
arithmetic on measured rates, and no measurement of a country.
"""

import argparse
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from beluga.readiness import capacity
from beluga.readiness.capacity import ACKS_PER_CORE, CHECK_INS_FOLLOWED, FEED_MICROSECONDS, LEASES_PER_SECOND

WATCHERS, VIEWERS, CALLERS = 200_000, 20_000, 100_000
# Seats in the House of Representatives from 2023 on (and one for the District), by the offset from UTC that
# most of the state has in November: a measure of size that nobody disputes.
SEATS = {
    -5: {"CT": 5, "DE": 1, "DC": 1, "FL": 28, "GA": 14, "IN": 9, "KY": 6, "ME": 2, "MD": 8, "MA": 9, "MI": 13,
         "NH": 2, "NJ": 12, "NY": 26, "NC": 14, "OH": 15, "PA": 17, "RI": 2, "SC": 7, "VT": 1, "VA": 11,
         "WV": 2},
    -6: {"AL": 7, "AR": 4, "IL": 17, "IA": 4, "KS": 4, "LA": 6, "MN": 8, "MS": 4, "MO": 8, "NE": 3, "ND": 1,
         "OK": 5, "SD": 1, "TN": 9, "TX": 38, "WI": 8},
    -7: {"AZ": 9, "CO": 8, "ID": 2, "MT": 2, "NM": 3, "UT": 4, "WY": 1},
    -8: {"CA": 52, "NV": 4, "OR": 6, "WA": 10},
    -9: {"AK": 1},
    -10: {"HI": 2},
}  # fmt: skip
OPENS, CLOSES = 7, 20  # local hours
REPORTS = 13  # on the hour, from the first after opening
SPREAD_SECONDS = 240.0  # standard deviation of a report about its hour
CLOSE_SECONDS = 420.0  # mean delay of the close's count
QUESTIONS = 0.05  # share of answers that ask, and go first
DRAIN_ROWS = 10_000.0  # rows/s: what `python -m bench.drain` must reach
FAILOVER_SECONDS = 22
DAY = 86_400 + 12 * 3600  # s from midnight UTC, Hawaii's evening included
Curve = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Load:
    """What one cluster bears: texts in each second since midnight UTC."""

    name: str
    share: float  # of the country
    texts: Curve


def states(random: np.random.Generator) -> list[Load]:
    """One load a state; their sum is the country's."""
    seats = sum(sum(names.values()) for names in SEATS.values())
    found = []
    for offset, names in SEATS.items():
        for name, size in names.items():
            found.append(Load(name, size / seats, _texts(random, round(WATCHERS * size / seats), offset)))
    return found


def _texts(random: np.random.Generator, watchers: int, offset: int) -> Curve:
    hours = np.arange(OPENS + 1, OPENS + 1 + REPORTS) * 3600.0
    reports = hours + random.normal(0, SPREAD_SECONDS, (watchers, REPORTS))
    finals = CLOSES * 3600 + random.exponential(CLOSE_SECONDS, watchers)
    at = np.concatenate([reports.ravel(), finals]) - offset * 3600
    return np.bincount(np.clip(at, 0, DAY - 1).astype(int), minlength=DAY).astype(float)


def backlog(arrivals: Curve, rate: float, away: slice | None = None) -> Curve:
    """How many wait at the end of each second, served at `rate` a second, and not at all while `away`."""
    served = np.full(len(arrivals), rate)
    if away is not None:
        served[away] = 0.0
    drift = np.cumsum(arrivals - served)
    return np.asarray(drift - np.minimum(np.minimum.accumulate(drift), 0.0))


def waits(arrivals: Curve, rate: float, ahead: Curve | None = None) -> Curve:
    """Seconds until the text that arrives in each second is served, where `ahead` goes before it."""
    whole = arrivals if ahead is None else arrivals + ahead
    return backlog(whole, rate) / rate


def within(values: Curve, weights: Curve, share: float) -> float:
    """The value within which this share of the weight lies."""
    order = np.argsort(values, kind="stable")
    reached = np.cumsum(weights[order])
    return float(values[order][np.searchsorted(reached, share * reached[-1])])


def worst_second(texts: Curve) -> int:
    return int(np.argmax(np.convolve(texts, np.ones(FAILOVER_SECONDS), "valid")))


@dataclass(frozen=True, slots=True)
class Found:
    """One cluster's day. Times in seconds."""

    peak: float  # texts/s, over 10 s
    journal: float  # texts that wait for the database when it returns
    caught_up: float  # from its return until they are stored
    restart: float  # of a tally after the last close
    replies: dict[str, float]  # p95 of a reply's wait, by carrier
    questions: dict[str, float]
    processes: int  # tallies, for the feed's viewers
    leases: float  # share of what one database bore


def day(load: Load) -> Found:
    """Everything at once, with one number to send from."""
    texts = load.texts
    begins = worst_second(texts)
    waiting = backlog(texts, DRAIN_ROWS, slice(begins, begins + FAILOVER_SECONDS))
    after = waiting[begins + FAILOVER_SECONDS :]
    segments = texts * capacity.SEGMENTS_PER_REPLY
    asking, thanking = segments * QUESTIONS, segments * (1 - QUESTIONS)
    replies, questions = {}, {}
    for carrier, rate in capacity.CARRIER_TEXTS_PER_SECOND.items():
        replies[carrier] = within(waits(thanking, rate, asking), thanking, 0.95)
        questions[carrier] = within(waits(asking, rate), asking, 0.95)
    feed = VIEWERS * load.share * capacity.MESSAGES_PER_VIEWER * FEED_MICROSECONDS.value / 1e6
    return Found(
        peak=float(np.convolve(texts, np.ones(10) / 10, "valid").max()),
        journal=float(waiting[begins + FAILOVER_SECONDS - 1]),
        caught_up=float(np.argmax(after < DRAIN_ROWS / 10)) + 1
        if (after < DRAIN_ROWS / 10).any()
        else np.inf,
        restart=float(texts.sum()) / CHECK_INS_FOLLOWED.value,
        replies=replies,
        questions=questions,
        processes=max(2, int(np.ceil(feed / capacity.FEED_SHARE)) + 1),
        leases=CALLERS * load.share * capacity.CALLS_PER_CALLER_HOUR / 3600 / LEASES_PER_SECOND.value,
    )


def _time(seconds: float) -> str:
    for limit, unit, name in ((120, 1, "s"), (7200, 60, "min")):
        if seconds < limit:
            return f"{seconds / unit:.0f} {name}"
    return f"{seconds / 3600:.1f} h"


def report(name: str, found: Found) -> str:
    """One cluster's day in a few lines."""
    lines = [
        name,
        f"  peak {found.peak:,.0f} texts/s, {found.peak / ACKS_PER_CORE.value:.1%} of one core's",
        f"  database away {FAILOVER_SECONDS} s at the worst moment: {found.journal:,.0f} texts wait, "
        f"all stored {_time(found.caught_up)} after it is back",
        f"  a tally restarts in {_time(found.restart)}; {found.processes} tallies for the viewers; "
        f"leases {found.leases:.0%} of what one database bore",
    ]
    for carrier, wait in found.replies.items():
        asked = _time(found.questions[carrier])
        lines.append(
            f"  {carrier:<14} 95 % of questions within {asked}, of other replies within {_time(wait)}"
        )
    return "\n".join(lines) + "\n"


def main() -> None:
    """Prints the country as one cluster, the largest and the median state, and who waits for a reply."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--seed", type=int, default=1)
    loads = states(np.random.default_rng(parser.parse_args().seed))
    country = Load("the country", 1.0, np.sum([load.texts for load in loads], axis=0))
    print(f"{country.texts.sum():,.0f} texts of {WATCHERS:,} watchers in {len(loads)} states\n")
    ordered = sorted(loads, key=lambda load: -load.share)
    print(report("one cluster and one number for all (baseline)", day(country)))
    for which, load in (("largest", ordered[0]), ("median", ordered[len(ordered) // 2])):
        print(report(f"a cluster and a number a state; the {which}: {load.name}", day(load)))
    days = [day(load) for load in loads]
    print(f"of {len(loads)} states, in how many 5 % of the replies wait over a minute")
    for carrier in days[0].replies:
        print(f"  {carrier:<14} {sum(found.replies[carrier] > 60 for found in days)}")


if __name__ == "__main__":
    main()
