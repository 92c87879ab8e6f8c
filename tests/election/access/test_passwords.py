"""Passwords that anybody would guess are not taken, and nothing else is asked of them."""

import pytest

from election.access import accounts
from election.access.accounts import AccountRefusedError, Role
from election.access.passwords import LEFT, MINIMUM, MOST, OURS, weakness
from election.postgres.database import connect


@pytest.mark.parametrize(
    "password",
    [
        "short", "x" * 40, "abababababababab", "Beluga-Election-2026!", "election2026election",
        "PASSWORD-password-1", "warroom warroom 12", "anna.staff123456", "anna.staffanna.staff",
        "qwertyuiop1234567890", "1q2w3e4r5t6y7u8i", "NovemberNovember26", "iloveyou1234567890",
        "v" * MOST + "erylong",
    ],
)  # fmt: skip
def test_what_anybody_would_try_is_not_taken(password: str) -> None:
    assert weakness(password, "anna.staff")


@pytest.mark.parametrize(
    "password",
    [
        "correct horse battery", "只有我知道的一句很長的話真的很長", "    spaces count, too",
        "0815 4711 90210 1066 42", "anna.staff keeps eleven geese", ("long enough " * 20)[:MOST],
    ],
)  # fmt: skip
def test_any_characters_will_do(password: str) -> None:
    assert weakness(password, "anna.staff") == ""


def test_what_we_make_is_taken() -> None:
    assert [weakness(accounts.new_password(), login) for login in ("ann", "anna.staff", "admin")] == [""] * 3


def test_each_word_of_ours_counts_as_nothing() -> None:
    few = "kzv8xw3m7"
    assert len(few) < LEFT
    assert [word for word in OURS if not weakness(f"{word}{few}{word}", "ann")] == []
    assert [word for word in OURS if weakness(f"{word}{few}{'qj5' * 3}", "ann")] == []


async def test_neither_a_new_account_nor_a_reset_takes_one(database_url: str) -> None:
    database = await connect(database_url)
    with pytest.raises(AccountRefusedError, match="anybody would try first"):
        await accounts.add(database, "anna.staff", Role.STAFF, "anna.staff2026!!")
    assert await accounts.find(database, "anna.staff") is None
    await accounts.add(database, "anna.staff", Role.STAFF, "correct horse battery")
    with pytest.raises(AccountRefusedError, match=str(MINIMUM)):
        await accounts.reset(database, "anna.staff", "too short")
    anna = await accounts.find(database, "anna.staff")
    assert anna is not None
    assert anna.accepts("correct horse battery")
    await database.close()
