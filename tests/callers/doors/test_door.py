"""What one building is, and in which order they are walked. Pure."""

import pytest

from callers.doors.door import VoterAddress, fingerprint, street_address, walk

KEY = b"a key of this test"


@pytest.mark.parametrize(
    ("address", "street"),
    [
        ("9 Elm Street", "9 Elm Street"),
        ("9 Elm Street Apt 4", "9 Elm Street"),
        ("9 Elm Street, apt. 4B, Kent", "9 Elm Street"),
        ("9 Elm Street #4", "9 Elm Street"),
        ("9 Elm Street, Unit 4", "9 Elm Street"),
        ("Unit 4", "Unit 4"),  # nothing else is known of it
        ("9 Floor Street", "9 Floor Street"),
        ("", ""),
    ],
)
def test_a_flat_is_no_part_of_a_street_address(address: str, street: str) -> None:
    assert street_address(address) == street


def test_a_building_is_one_however_its_address_is_written() -> None:
    written = ("9 Elm St. Apt 4", "9 elm st, #2", "9  ELM ST")
    assert len({fingerprint(address, KEY) for address in written}) == 1
    assert fingerprint("9 Elm St", KEY) != fingerprint("11 Elm St", KEY)
    assert fingerprint("9 Elm St", KEY) != fingerprint("9 Elm St", b"another"), "nobody can try all addresses"


def test_buildings_come_up_the_odd_side_and_down_the_even_one_with_all_who_live_there() -> None:
    people = [
        ("a", "4 Elm St"),
        ("b", "1 Elm St Apt 2"),
        ("c", "3 Elm St"),
        ("d", "1 Elm St Apt 1"),
        ("e", " "),
    ]
    buildings, voters, places = walk([VoterAddress(v, address) for v, address in people], KEY)
    assert buildings == [fingerprint(f"{n} Elm St", KEY) for n in (1, 3, 4)]
    assert sorted(zip(voters, places, strict=True)) == [("a", 3), ("b", 1), ("c", 2), ("d", 1)]
