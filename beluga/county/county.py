"""A made-up county for demonstrations and rehearsals: an election folder, the same for the same seed.

Phones come from the range reserved for fiction, +1 AAA 555-0100 to 555-0199, in as many area codes as needed.
"""

import csv
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, time
from itertools import cycle
from pathlib import Path
from typing import Any

import numpy as np
import phonenumbers
from numpy.typing import NDArray

from beluga.county.map import draw_map
from beluga.county.names import FIRST, LAST, PLACES, ROOMS, TOWNS
from election.domain.day import (
    Caller,
    CurvePoint,
    Election,
    ElectionDay,
    Method,
    PastVotes,
    Precinct,
    Voter,
    Watcher,
)
from election.domain.ids import CallerId, PrecinctId, VoterId, WatcherId

DAY = ElectionDay(
    "Beluga County general election (made up)",
    date(2026, 11, 3),
    "America/New_York",
    time(7, 0),
    time(20, 0),
    ("en", "es", "zh", "vi"),
)
VOTERS_PER_PRECINCT = (95, 150)
WATCHED = 0.78  # share of precincts with a watcher
HOUSEHOLD = 2.3  # voters a phone
HOUSES, STREETS = (
    40,
    ("Elm Street", "Oak Avenue", "Mill Lane", "Station Road", "Church Street"),
)  # of a street
LANGUAGES = ("en", "es", "zh", "vi")
LANGUAGE_SHARES = (0.72, 0.19, 0.05, 0.04)
CALLERS = 40

# Past elections: share of the roll that voted in person, early, by mail.
PAST = {
    "2022-11-08": (0.345, 0.06, 0.115),
    "2023-11-07": (0.215, 0.03, 0.06),
    "2024-11-05": (0.435, 0.10, 0.165),
    "2025-11-04": (0.235, 0.04, 0.075),
}
LIKE_TODAY = (0.36, 0.07, 0.12)
# Share of the day's in-person votes cast in each hour from 7 to 20: before work, at noon, after work.
HOURLY = np.array([9.8, 9.2, 8.1, 7.2, 6.6, 6.9, 6.5, 6.3, 6.9, 8.2, 10.1, 8.7, 5.5])


@dataclass(frozen=True, slots=True)
class County:
    """An election with its people, and what only its maker knows.

    `town[i]` belongs to precinct i; `rate[i]` is its lasting willingness to vote (log, 0 is average).
    """

    election: Election
    voters: tuple[Voter, ...]
    callers: tuple[Caller, ...]
    town: NDArray[np.int64]
    rate: NDArray[np.float64]


def fictional_phones() -> Iterator[str]:
    """Numbers reserved for fiction, E.164, in an order that never changes."""
    for npa in range(201, 990):
        if phonenumbers.is_valid_number(phonenumbers.parse(f"+1{npa}5550100")):
            yield from (f"+1{npa}555{line:04d}" for line in range(100, 200))


def make_county(seed: int, precincts: int = 400) -> County:
    """The county of a seed. `precincts` is at least 8."""
    rng = np.random.default_rng([seed, precincts])
    towns = min(len(TOWNS), max(1, precincts // 6))
    drawn = draw_map(rng, precincts, towns)
    town_rate = rng.normal(0, 0.10, towns)
    rate = np.clip(town_rate[drawn.town] + rng.normal(0, 0.14, precincts), -0.35, 0.35)
    places = _precincts(rng, drawn.town, drawn.centre, rate)
    geometry = {
        p.precinct_id: {"type": "Polygon", "coordinates": [[list(point) for point in ring]]}
        for p, ring in zip(places, drawn.rings, strict=True)
    }
    phones = fictional_phones()
    watchers = tuple(_watchers(rng, places, phones))
    election = Election(
        day=DAY,
        precincts=places,
        history=tuple(_history(rng, places, rate)),
        curve=tuple(_curve(rng, towns)),
        watchers=watchers,
        geometry=geometry,
    )
    # Fiction has 45,100 phones: in a large county some households of different precincts share one.
    voters = tuple(_voters(rng, places, cycle(list(phones))))
    return County(election, voters, tuple(_callers(rng)), drawn.town, rate)


def write_county(folder: Path, seed: int, precincts: int = 400) -> County:
    """Writes the county's election folder, and returns the county."""
    county = make_county(seed, precincts)
    write_folder(folder, county)
    return county


def _precincts(
    rng: np.random.Generator,
    town: NDArray[np.int64],
    centre: NDArray[np.float64],
    rate: NDArray[np.float64],
) -> tuple[Precinct, ...]:
    names = [pattern.format(word) for pattern, words in PLACES for word in words]
    names += [f"Fire House {n}" for n in range(1, max(40, len(town) - len(names)) + 1)]
    names = [names[i] for i in rng.permutation(len(names))[: len(town)]]
    registered = np.clip(rng.lognormal(np.log(1250), 0.33, len(town)), 600, 2500).astype(int)
    found: list[Precinct] = []
    numbers: dict[int, int] = {}
    rooms = 0
    for index, place in enumerate(town.tolist()):
        numbers[place] = numbers.get(place, 0) + 1
        number = numbers[place]
        name, site = names[index], f"S{index + 1:03d}"
        # Some polling places serve two precincts, in the school and in its gym.
        if found and rng.random() < 0.1 and town[index - 1] == place and found[-1].site_id == f"S{index:03d}":
            name, site = f"{found[-1].name} {ROOMS[rooms % len(ROOMS)]}", found[-1].site_id
            rooms += 1
        in_person, early, mail = LIKE_TODAY
        roll = int(registered[index])
        found.append(
            Precinct(
                PrecinctId(f"{place + 1:02d}-{number:02d}"),
                name,
                roll,
                county=TOWNS[place],
                group="city" if place == 0 else "town",
                site_id=site,
                expected_votes=round(roll * in_person * float(np.exp(rate[index])), 1),
                already_voted=int(roll * (early + mail) * np.exp(rate[index] / 2)),
                lat=float(centre[index, 0]),
                lon=float(centre[index, 1]),
            )
        )
    return tuple(found)


def _history(
    rng: np.random.Generator, precincts: Sequence[Precinct], rate: NDArray[np.float64]
) -> Iterator[PastVotes]:
    for election, shares in PAST.items():
        noise = rng.normal(0, 0.09, (len(precincts), 3))
        roll = rng.uniform(0.93, 1.01, len(precincts))
        for index, precinct in enumerate(precincts):
            registered = int(precinct.registered * roll[index])
            for column, method in enumerate((Method.IN_PERSON, Method.EARLY, Method.MAIL)):
                share = shares[column] * np.exp(rate[index] + noise[index, column])
                votes = int(registered * min(float(share), 0.6))
                yield PastVotes(precinct.precinct_id, election, votes, method, registered)


def cumulative(hourly: NDArray[np.float64]) -> NDArray[np.float64]:
    """Cumulative shares at 07:00, 08:00 … 20:00 (0 … 1) of votes an hour."""
    return np.concatenate([[0.0], np.cumsum(hourly) / hourly.sum()])


def _curve(rng: np.random.Generator, towns: int) -> Iterator[CurvePoint]:
    for election in ("2022-11-08", "2024-11-05"):
        day = HOURLY * np.exp(rng.normal(0, 0.06, len(HOURLY)))
        scopes = {"all": day}
        for town in range(towns):
            scopes[f"county:{TOWNS[town]}"] = day * np.exp(rng.normal(0, 0.05, len(day)))
        for scope, hourly in scopes.items():
            for hour, share in enumerate(cumulative(hourly)[1:], start=8):
                yield CurvePoint(scope, time(hour, 0), round(float(share), 5), election)


def _watchers(
    rng: np.random.Generator, precincts: Sequence[Precinct], phones: Iterator[str]
) -> Iterator[Watcher]:
    number, index = 0, 0
    while index < len(precincts):
        precinct, index = precincts[index], index + 1
        if rng.random() >= WATCHED:
            continue
        places = [precinct.precinct_id]
        # One watcher for both rooms of a shared polling place.
        if index < len(precincts) and precincts[index].site_id == precinct.site_id:
            places.append(precincts[index].precinct_id)
            index += 1
        number += 1
        language = str(rng.choice(LANGUAGES, p=LANGUAGE_SHARES))
        yield Watcher(
            WatcherId(f"w{number:04d}"),
            _name(rng),
            next(phones),
            language,
            tuple(places),
            backup_phone=next(phones) if rng.random() < 0.1 else None,
            coordinator=f"{precinct.county} desk",
            shift_start=time(6, 30),
            shift_end=time(20, 30),
        )


def _voters(
    rng: np.random.Generator, precincts: Sequence[Precinct], phones: Iterator[str]
) -> Iterator[Voter]:
    number = 0
    for precinct in precincts:
        count = int(rng.integers(*VOTERS_PER_PRECINCT))
        rolls = np.sort(rng.choice(np.arange(1, precinct.registered + 1), count, replace=False))
        languages = rng.choice(LANGUAGES, count, p=LANGUAGE_SHARES)
        support = np.clip(rng.normal(72, 16, count), 5, 100).astype(int)
        draws = rng.random((count, 3))
        phone, house = next(phones), 0
        for k in range(count):
            number += 1
            if draws[k, 0] < 1 / HOUSEHOLD and k:
                phone, house = next(phones), house + 1
            yield Voter(
                VoterId(f"v{number:06d}"),
                precinct.precinct_id,
                str(int(rolls[k])),
                _name(rng),
                phone,
                language=str(languages[k]),
                support=int(support[k]),
                voted=bool(draws[k, 1] < 0.16),
                do_not_call=bool(draws[k, 2] < 0.03),
                address=f"{1 + house % HOUSES} {STREETS[house // HOUSES % len(STREETS)]}",
            )


def _callers(rng: np.random.Generator) -> Iterator[Caller]:
    for number in range(1, CALLERS + 1):
        extra = ("en", *((str(rng.choice(LANGUAGES[1:])),) if rng.random() < 0.4 else ()))
        yield Caller(
            CallerId(f"c{number:03d}"), _name(rng), f"caller{number:03d}@beluga.example", tuple(extra)
        )


def _name(rng: np.random.Generator) -> str:
    return f"{FIRST[int(rng.integers(len(FIRST)))]} {LAST[int(rng.integers(len(LAST)))]}"


def write_folder(folder: Path, county: County) -> None:
    """Writes the county as an election folder (docs: the election folder)."""
    folder.mkdir(parents=True, exist_ok=True)
    election, day = county.election, county.election.day
    (folder / "election.toml").write_text(
        f'name = "{day.name}"\ndate = {day.date.isoformat()}\ntimezone = "{day.timezone}"\n'
        f'opens = "{day.opens:%H:%M}"\ncloses = "{day.closes:%H:%M}"\n'
        f"languages = {json.dumps(list(day.languages))}\n",
        encoding="utf-8",
    )
    _write(folder / "precincts.csv", election.precincts, "precinct_id name registered county group site_id"
           " expected_votes already_voted lat lon")  # fmt: skip
    _write(folder / "history.csv", election.history, "precinct_id election votes registered method")
    _write(folder / "curve.csv", election.curve, "scope election time share")
    write_watchers(folder / "watchers.csv", election.watchers)
    _write(folder / "voters.csv", county.voters, "voter_id precinct_id roll_number name phone language"
           " support voted do_not_call address")  # fmt: skip
    _write(folder / "callers.csv", county.callers, "caller_id name email_or_phone languages")
    features = [
        {"type": "Feature", "properties": {"precinct_id": p}, "geometry": geometry}
        for p, geometry in election.geometry.items()
    ]
    (folder / "precincts.geojson").write_text(
        json.dumps({"type": "FeatureCollection", "features": features}, separators=(",", ":")),
        encoding="utf-8",
    )


def write_watchers(path: Path, watchers: Iterable[Watcher]) -> None:
    """Writes watchers.csv."""
    _write(path, watchers, "watcher_id name phone language precinct_ids backup_phone coordinator shift_start"
           " shift_end")  # fmt: skip


def _write(path: Path, rows: Iterable[Any], columns: str) -> None:
    names = columns.split()
    with path.open("w", newline="", encoding="utf-8") as file:
        out = csv.writer(file, lineterminator="\n")
        out.writerow(names)
        out.writerows([_cell(getattr(row, name)) for name in names] for row in rows)


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, tuple):
        return ";".join(value)
    if isinstance(value, time):
        return f"{value:%H:%M}"
    return str(value)
