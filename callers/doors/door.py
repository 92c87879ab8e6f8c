"""What a door is: one building by its street address, and who may be visited behind it. Pure."""

import hmac
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from callers.lists.walk_lists import walking_order

# What parts a flat's number from the street address of its building.
_FLATS = frozenset(
    {"apt", "apartment", "unit", "ste", "suite", "fl", "floor", "rm", "room", "lot", "trlr", "flat"}
)

_LEAST_WORDS = 2  # of a street address


@dataclass(frozen=True, slots=True)
class VoterAddress:
    """A voter and where they live."""

    voter_id: str
    address: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class PersonAtDoor:
    """A voter behind a door on lease. `gone`: an outcome, or why to leave them alone; or empty."""

    lease_id: UUID
    name: str = field(repr=False)
    address: str = field(repr=False)
    language: str
    gone: str = ""


@dataclass(frozen=True, slots=True)
class HeldDoor:
    """A building on lease to one canvasser."""

    door_id: UUID
    precinct_id: str
    expires_at: datetime
    people: tuple[PersonAtDoor, ...]

    @property
    def address(self) -> str:
        """As the first of its people has it, without their flat."""
        return street_address(self.people[0].address) if self.people else ""


def street_address(address: str) -> str:
    """An address without the number of a flat: all who live in one building have one."""
    kept: list[str] = []
    for word in address.replace(",", " , ").split():
        # The third word at the earliest: before it stand a number and a street's name ("9 Floor Street").
        if len(kept) >= _LEAST_WORDS and (word.strip(".").casefold() in _FLATS or word.startswith("#")):
            break
        kept.append(word)
    while kept and kept[-1] == ",":
        kept.pop()
    return " ".join(kept).replace(" ,", ",")


def fingerprint(address: str, key: bytes) -> str:
    """What stands in the tables for a building; equal for equal street addresses however they are written."""
    plain = " ".join(street_address(address).casefold().replace(".", " ").replace(",", " ").split())
    return hmac.digest(key, b"building " + plain.encode(), "sha256").hex()[:32]


def walk(residents: Iterable[VoterAddress], key: bytes) -> tuple[list[str], list[str], list[int]]:
    """A precinct's buildings in walking order, its voters, and the number of the building of each (from 1).

    Without an address nobody can be visited.
    """
    ordered: Sequence[VoterAddress] = sorted(
        (one for one in residents if one.address.strip()),
        key=lambda one: walking_order(street_address(one.address)),
    )
    buildings: dict[str, int] = {}
    places = [buildings.setdefault(fingerprint(one.address, key), len(buildings) + 1) for one in ordered]
    return list(buildings), [one.voter_id for one in ordered], places
