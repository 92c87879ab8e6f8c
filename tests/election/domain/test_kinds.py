"""Kinds of elections, read from names."""

import pytest

from election.domain.kinds import ElectionKind, kind_of


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("2012-10-01-parliament", "general"),
        ("2014-07-12-runoff", "runoff"),
        ("Presidential run-off 2019", "runoff"),
        ("primary_2019", "primary"),
        ("2023 Municipal Primary", "primary"),
        ("Municipal election 2023", "municipal"),
        ("2020-09-20-referendum", "referendum"),
        ("Élections européennes", "european"),
        ("Special election, ward 3", "special"),
        ("G2020", ""),
        ("2024-06-09", ""),
    ],
)
def test_a_kind_is_read_from_the_name(name: str, kind: str) -> None:
    assert kind_of(name) == kind


def test_what_is_given_goes_before_the_name() -> None:
    assert kind_of("2024-06-09 president", "primary") is ElectionKind.PRIMARY
    assert kind_of("2024-06-09 president", "G") is ElectionKind.GENERAL
