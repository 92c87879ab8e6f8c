"""Calls bring votes in the made-up county: counts and strike-offs tell of them, and of nothing else."""

from collections import Counter
from datetime import timedelta

import pytest

from beluga.county.county import County, make_county
from beluga.county.ground_truth import GroundTruth, ground_truth
from beluga.load.call_votes import DRIVEN, CallVotes, votes_at
from beluga.load.simulated_day import DayText, simulated_day


@pytest.fixture(scope="module")
def county() -> County:
    return make_county(1, 24)


@pytest.fixture(scope="module")
def day(county: County) -> GroundTruth:
    return ground_truth(county, 1)


@pytest.fixture(scope="module")
def texts(county: County, day: GroundTruth) -> list[DayText]:
    return simulated_day(county, day, 1)


def called(county: County, day: GroundTruth, convinced: float) -> CallVotes:
    """Everybody listened, two hours after the polls opened."""
    found = CallVotes(county, day, 1, convinced)
    for voter in county.voters:
        found.contact(str(voter.voter_id), day.opens + timedelta(hours=2))
    return found


def test_where_nobody_is_called_the_day_is_as_it_was(
    county: County, day: GroundTruth, texts: list[DayText]
) -> None:
    nobody = CallVotes(county, day, 1)
    assert [t.after_calls(nobody).body for t in texts] == [t.body for t in texts]
    assert nobody.line() == "truth: 0 contacts brought 0 votes, 0.0 for each hundred"


def test_who_would_have_stayed_at_home_is_counted_and_struck_off_later(
    county: County, day: GroundTruth, texts: list[DayText]
) -> None:
    everybody = called(county, day, 1.0)
    first, last = day.opens + timedelta(hours=2, minutes=15), day.opens + timedelta(hours=4)
    changed = Counter[str]()
    for text in texts:
        sent = text.after_calls(everybody)
        assert (sent.key, sent.at, sent.phone) == (text.key, text.at, text.phone)
        if text.at < first:
            assert sent.body == text.body
        elif sent.body != text.body:
            changed[text.body.split()[0] if text.body[0].isalpha() else "count"] += 1
    assert changed["V"] > 3 and changed["FINAL"] > 3 and changed["count"] > 50
    place = 0
    home = [
        v for v in county.voters
        if v.precinct_id == county.election.precincts[place].precinct_id and not v.voted
        and votes_at(county, day, place, int(v.roll_number)) is None
    ]  # fmt: skip
    assert everybody.votes(place, first) == 0
    assert everybody.votes(place, last) == len(home) > 10
    assert sorted(everybody.struck(place, first, last)) == sorted(int(v.roll_number) for v in home)


def test_a_share_of_them_comes_and_a_second_call_changes_nothing(county: County, day: GroundTruth) -> None:
    once, all_of_them = called(county, day, 0.25), called(county, day, 1.0)
    assert once.brought / all_of_them.brought == pytest.approx(0.25, abs=0.04)
    before = once.brought
    for voter in county.voters:
        once.contact(str(voter.voter_id), day.opens + timedelta(hours=5))
    assert once.brought == before
    assert once.contacts == 2 * len(county.voters)


def test_after_close_nobody_votes(county: County, day: GroundTruth) -> None:
    late = CallVotes(county, day, 1, 1.0)
    for voter in county.voters:
        late.contact(str(voter.voter_id), day.closes - timedelta(minutes=10))
    assert late.brought == 0


def test_who_is_brought_to_the_polls_votes_there_and_who_only_asked_does_not(
    county: County, day: GroundTruth
) -> None:
    found, at = CallVotes(county, day, 1), day.opens + timedelta(hours=2)
    for n, voter in enumerate(county.voters):
        found.asked_for_ride(f"ride {n}", str(voter.voter_id))
    assert (found.contacts, found.brought) == (len(county.voters), 0)
    for n in range(len(county.voters)):
        found.driven(f"ride {n}", at)
        found.driven(f"ride {n}", at)  # a second time changes nothing
    places = {p.precinct_id: i for i, p in enumerate(county.election.precincts)}
    home = sum(
        not v.voted and votes_at(county, day, places[v.precinct_id], int(v.roll_number)) is None
        for v in county.voters
    )
    assert found.brought == pytest.approx(DRIVEN * home, rel=0.05)
    assert sum(found.votes(i, at + timedelta(minutes=15)) for i in places.values()) == found.brought
