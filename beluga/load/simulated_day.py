"""What the watchers of a made-up county text on its election day: a list of texts, the same for a seed.

People are as they are: they count every hour or so, some in words, some in Spanish; a few type a digit too
many and mend it, count since last time instead of since opening, ask things, report lines and broken
machines, strike voters off, or fall silent.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from hashlib import sha256
from zoneinfo import ZoneInfo

import numpy as np

from beluga.county.county import County, fictional_phones
from beluga.county.ground_truth import GroundTruth
from beluga.county.names import INCIDENTS, ODD_TEXTS, SPANISH_INCIDENTS
from beluga.load.call_votes import CallVotes, votes_at
from beluga.load.sender import WatcherText
from election.domain.day import Voter, Watcher

SLIP = 0.03  # a digit too many, then FIX
SINCE_LAST = 0.012  # counted since last time
ODD = 0.012
LINE = 0.07
INCIDENT = 0.012
REDELIVERED = 0.01  # a provider delivers the same text twice
STRIKES_OFF = 0.3  # share of watchers who also text roll numbers
FINAL = 0.8
ROLL_NUMBERS_A_TEXT = 14
QUESTIONS = {
    "es": ("¿A qué hora cierran?", "¿Puedo irme a las 5?"),
    "zh": ("请问几点关门？", "可以提前离开吗？"),
    "vi": ("Mấy giờ đóng cửa?",),
}
Words = Callable[[CallVotes], str]  # a text's, given what calls have brought


@dataclass(frozen=True, slots=True)
class DayText(WatcherText):
    """A watcher's text. `body` is what they would text if nobody were called."""

    words: Words | None = field(default=None, compare=False, repr=False)

    def after_calls(self, called: CallVotes) -> WatcherText:
        """As it is sent: with the votes that calls have brought by the moment it tells of."""
        body = self.words(called) if self.words else self.body
        return WatcherText(self.key, self.at, self.phone, body, self.provider, self.sent_at)


def simulated_day(county: County, day: GroundTruth, seed: int) -> list[DayText]:
    """Every text of the day in the order of sending."""
    nobody = CallVotes(county, day, seed)
    index_of = {p.precinct_id: i for i, p in enumerate(county.election.precincts)}
    voters: dict[str, list[Voter]] = {}
    for voter in county.voters:
        voters.setdefault(voter.precinct_id, []).append(voter)
    texts: list[DayText] = []
    for number, watcher in enumerate(county.election.watchers):
        rng = np.random.default_rng([seed, 11, number])
        provider = "twilio" if number % 3 == 0 else "generic"
        places = [index_of[p] for p in watcher.precinct_ids]
        roll = voters.get(watcher.precinct_ids[0], []) if rng.random() < STRIKES_OFF else []
        for part, (at, said) in enumerate(_texts_of(rng, county, day, watcher, places=places, roll=roll)):
            body, words = (said, None) if isinstance(said, str) else (said(nobody), said)
            key = f"SM{sha256(f'{seed}.{watcher.watcher_id}.{part}'.encode()).hexdigest()[:32]}"
            text = DayText(key, at, watcher.phone, body, provider, words=words)
            texts.append(text)
            if rng.random() < REDELIVERED:
                again = at + timedelta(seconds=float(rng.uniform(1, 120)))
                texts.append(DayText(key, again, watcher.phone, body, provider, words=words))
    texts += _strangers(county, day, seed)
    return sorted(texts, key=lambda t: (t.at, t.key))


def _texts_of(
    rng: np.random.Generator,
    county: County,
    day: GroundTruth,
    watcher: Watcher,
    *,
    places: list[int],
    roll: list[Voter],
) -> Iterator[tuple[datetime, str | Words]]:
    hours = float(day.silent_from[places[0]])
    silent_at = day.opens + timedelta(hours=hours) if np.isfinite(hours) else None
    spanish = watcher.language == "es"
    yield day.opens - _minutes(rng, 5, 40), "LISTO" if spanish else "READY"
    yield day.opens - _minutes(rng, 1, 4), "HERE"
    at = day.opens + _minutes(rng, 20, 75)
    before = day.opens
    last, counted = 0, day.opens
    while at < day.closes:
        if silent_at and at > silent_at:
            return
        votes = day.votes(places[0], at)
        draw = float(rng.random())
        if draw < SLIP and votes > 5:
            yield at, _with_calls(places[0], at, votes, "{}0")
            yield at + _minutes(rng, 2, 5), _with_calls(places[0], at, votes, "FIX {}")
        elif draw < SLIP + SINCE_LAST and votes - last > 0:
            yield at, _with_calls(places[0], at, votes - last, "{}", since=counted)
        else:
            yield at, _count(rng, county, day, places, at=at, language=watcher.language)
        last, counted = votes, at
        if rng.random() < LINE:
            wait = int(rng.integers(2, 16)) * 5
            yield at + _minutes(rng, 0.5, 3), f"FILA {wait}" if spanish else f"LINE {wait}"
        if rng.random() < INCIDENT:
            yield at + _minutes(rng, 1, 9), str(rng.choice(SPANISH_INCIDENTS if spanish else INCIDENTS))
        if rng.random() < ODD:
            yield at + _minutes(rng, 1, 9), str(rng.choice(QUESTIONS.get(watcher.language, ODD_TEXTS)))
        struck = _voted_between(county, day, places[0], roll, after=before, until=at)
        if struck and len(places) == 1:
            yield at + _minutes(rng, 0.5, 2), _strike_off(places[0], struck, before, at)
            before = at
        at += timedelta(minutes=25) + timedelta(hours=float(rng.exponential(0.75)))
    if rng.random() < FINAL and len(places) == 1:
        votes = day.votes(places[0], day.closes)
        yield day.closes + _minutes(rng, 2, 25), _with_calls(places[0], day.closes, votes, "FINAL {}")


def _with_calls(place: int, at: datetime, votes: int, form: str, since: datetime | None = None) -> Words:
    """A count as of `at`, or since then, in words; calls may have brought more."""

    def words(called: CallVotes) -> str:
        more = called.votes(place, at) - (called.votes(place, since) if since else 0)
        return form.format(votes + more)

    return words


def _strike_off(place: int, struck: list[int], after: datetime, until: datetime) -> Words:
    def words(called: CallVotes) -> str:
        numbers = sorted([*struck, *called.struck(place, after, until)])
        return "V " + " ".join(map(str, numbers[:ROLL_NUMBERS_A_TEXT]))

    return words


def _count(
    rng: np.random.Generator,
    county: County,
    day: GroundTruth,
    places: list[int],
    *,
    at: datetime,
    language: str,
) -> Words:
    if len(places) > 1:
        named = [
            _with_calls(i, at, day.votes(i, at), f"{county.election.precincts[i].precinct_id} {{}}")
            for i in places
        ]
        return lambda called: ", ".join(words(called) for words in named)
    votes = day.votes(places[0], at)
    draw = float(rng.random())
    if draw < 0.10:
        earlier = at - _minutes(rng, 3, 20)
        local = earlier.astimezone(ZoneInfo(county.election.day.timezone))
        if earlier > day.opens:
            return _with_calls(places[0], earlier, day.votes(places[0], earlier), f"{{}} at {local:%H:%M}")
    if draw < 0.16 and language == "en":
        return _with_calls(places[0], at, votes, "We have {} voters")
    if draw < 0.24:
        return _with_calls(places[0], at, votes, f"{county.election.precincts[places[0]].precinct_id} {{}}")
    return _with_calls(places[0], at, votes, "{:,}" if draw < 0.27 else "{}")


def _voted_between(
    county: County, day: GroundTruth, place: int, roll: list[Voter], *, after: datetime, until: datetime
) -> list[int]:
    found = []
    for voter in roll:
        when = None if voter.voted else votes_at(county, day, place, int(voter.roll_number))
        if when and after < when <= until:
            found.append(int(voter.roll_number))
    return found


def _strangers(county: County, day: GroundTruth, seed: int) -> Iterator[DayText]:
    """A few texts from unknown phones, which are quarantined."""
    rng = np.random.default_rng([seed, 13])
    known = {w.phone for w in county.election.watchers} | {v.phone for v in county.voters}
    phones = (phone for phone in fictional_phones() if phone not in known)
    for number in range(1 + len(county.election.precincts) // 100):
        at = day.opens + _minutes(rng, 60, 600)
        yield DayText(f"stranger-{seed}-{number}", at, next(phones), str(int(rng.integers(50, 400))))


def _minutes(rng: np.random.Generator, low: float, high: float) -> timedelta:
    return timedelta(minutes=float(rng.uniform(low, high)))
