"""What staff allow to happen without them."""

from dataclasses import dataclass

VOTES_A_CONTACT = 0.1  # taken for granted until calls have been measured


@dataclass(frozen=True, slots=True)
class Limits:
    """When a precinct is opened by itself, for how many, and what a call is taken to be worth."""

    automatic: bool = True
    least_probability: float = 0.7
    least_missing: float = 10.0  # votes; below that a dispatch is not worth a caller's walk to the phone
    most_precincts: int = 500  # open at once by themselves
    most_callers: int = 50  # in one precinct, by themselves
    line_minutes: int = 45  # a wait as long as this makes lag that calls cannot mend
    line_people: int = 100
    votes_per_voter: float = (
        VOTES_A_CONTACT  # a reached voter is worth; measured where there is a control group
    )
    contacts_per_caller: float = 30.0  # voters who listen to one caller until close

    @property
    def votes_per_caller(self) -> float:
        """Brought until close."""
        return self.contacts_per_caller * self.votes_per_voter
