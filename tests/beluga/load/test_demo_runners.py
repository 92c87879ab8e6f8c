"""The demo's runners go where the tally says that a count tells most, never two to one place."""

from beluga.county.county import make_county
from beluga.load.demo_day import RUNNERS, spare_phones
from beluga.load.demo_runners import next_errand, runners


def test_the_next_errand_is_the_one_worth_most_that_nobody_has() -> None:
    worth = {"a": 3.0, "b": 40.0, "c": 12.0, "d": 0.0}
    assert next_errand(worth, set()) == "b"
    assert next_errand(worth, {"b"}) == "c"
    assert next_errand(worth, {"a", "b", "c"}) is None  # for nothing nobody is sent
    assert next_errand({}, set()) is None


def test_runners_have_phones_of_their_own_and_no_precinct() -> None:
    county = make_county(1, 40)
    people = runners(spare_phones(county)[-RUNNERS:])
    known = {w.phone for w in county.election.watchers} | {v.phone for v in county.voters}
    assert len({who.phone for who in people} - known) == RUNNERS
    assert all(who.precinct_ids == () for who in people)
