"""Votes that calls bring to the made-up county: the truth that `beluga effect` is held against.

Somebody who listens to a caller and would have stayed at home votes after all with the probability CONVINCED,
a while later; who would have voted anyhow does so when they would have. Who asked for a ride and is brought
to the polls votes there with the probability DRIVEN. Nothing else of the day changes.
"""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from beluga.county.county import County
from beluga.county.ground_truth import GroundTruth

CONVINCED = 0.25
DRIVEN = 0.9  # who was brought to the polls and would have stayed at home votes there
_AT_POLLS_MINUTES = (3.0, 15.0)
LEAST_MINUTES, MOST_MINUTES = 15.0, 120.0  # from the call to the vote


@dataclass(frozen=True, slots=True)
class CallVote:
    """A vote that a call, or a ride asked for on one, brought."""

    place: int  # index of the precinct
    roll_number: int
    at: datetime


class CallVotes:
    """What calls have brought so far. Votes come later than the call, so what is past never changes."""

    def __init__(self, county: County, day: GroundTruth, seed: int, convinced: float = CONVINCED) -> None:
        self._county = county
        self._day = day
        self._seed = seed
        self._convinced = convinced
        places = {p.precinct_id: i for i, p in enumerate(county.election.precincts)}
        self._voters = {str(v.voter_id): (places[v.precinct_id], int(v.roll_number)) for v in county.voters}
        self._stay = {
            str(v.voter_id): self._voters[str(v.voter_id)]
            for v in county.voters
            if not v.voted and votes_at(county, day, places[v.precinct_id], int(v.roll_number)) is None
        }
        self._at: dict[int, list[CallVote]] = {}
        self._asked: set[str] = set()
        self._riders: dict[str, str] = {}  # by ride
        self.contacts = 0
        self.drives = 0

    def has_voted(self, voter_id: str, at: datetime) -> bool:
        """What somebody says truthfully who is asked at a time: whether they have voted, brought or not."""
        if voter_id not in self._voters:
            return False
        place, number = self._voters[voter_id]
        anyhow = votes_at(self._county, self._day, place, number)
        return (anyhow is not None and anyhow <= at) or any(
            vote.roll_number == number and vote.at <= at for vote in self._at.get(place, ())
        )

    def contact(self, voter_id: str, at: datetime) -> None:
        """Somebody listened to a caller. The first time decides."""
        self.contacts += 1
        if voter_id in self._asked or voter_id not in self._stay:
            return
        self._asked.add(voter_id)
        chance = random.Random(f"{self._seed} {voter_id}")
        when = at + timedelta(minutes=chance.uniform(LEAST_MINUTES, MOST_MINUTES))
        if chance.random() < self._convinced and when < self._day.closes:
            place, number = self._stay[voter_id]
            self._at.setdefault(place, []).append(CallVote(place, number, when))

    def asked_for_ride(self, ride_id: str, voter_id: str) -> None:
        """Somebody listened, and said that they need a ride: it alone decides whether they vote."""
        self.contacts += 1
        self._riders[ride_id] = voter_id

    def driven(self, ride_id: str, at: datetime) -> None:
        """A voter was brought to the polls."""
        self.drives += 1
        voter_id = self._riders.get(ride_id, "")
        if voter_id in self._asked or voter_id not in self._stay:
            return
        self._asked.add(voter_id)
        chance = random.Random(f"{self._seed} {voter_id} driven")
        when = at + timedelta(minutes=chance.uniform(*_AT_POLLS_MINUTES))
        if chance.random() < DRIVEN and when < self._day.closes:
            place, number = self._stay[voter_id]
            self._at.setdefault(place, []).append(CallVote(place, number, when))

    def votes(self, place: int, until: datetime) -> int:
        """How many more have voted at a precinct by then."""
        return sum(vote.at <= until for vote in self._at.get(place, ()))

    def struck(self, place: int, after: datetime, until: datetime) -> Sequence[int]:
        """Roll numbers of those who voted between."""
        return [vote.roll_number for vote in self._at.get(place, ()) if after < vote.at <= until]

    @property
    def brought(self) -> int:
        """Votes in all."""
        return sum(map(len, self._at.values()))

    def line(self) -> str:
        """The truth in one line."""
        hundred = 100 * self.brought / self.contacts if self.contacts else 0.0
        said = f"{self.contacts:,} contacts brought {self.brought:,} votes"
        rides = f"; {self.drives:,} driven to the polls" if self.drives else ""
        return f"truth: {said}, {hundred:.1f} for each hundred{rides}"


def votes_at(county: County, day: GroundTruth, place: int, roll_number: int) -> datetime | None:
    """When somebody votes in person without being called; None if never.

    By a scramble of the roll number: whether and when somebody votes has nothing to do with the alphabet.
    """
    rank = (roll_number * 7919) % county.election.precincts[place].registered
    return day.voted_by(place, float(rank))
