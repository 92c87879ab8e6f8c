"""`beluga check` says what the past expects of the day, and how far it may be wrong."""

from beluga.adopt.expectation import expectation_line
from election.domain.day import Election, PastVotes, Precinct
from election.domain.ids import PrecinctId
from tests.tally.elections import DAY, small_election


def test_a_past_is_told_with_its_widths_and_none_or_a_campaigns_own_figure_is_not() -> None:
    precincts = tuple(Precinct(PrecinctId(f"P{i}"), f"P{i}", 1_000, county=f"C{i % 4}") for i in range(80))
    history = tuple(
        PastVotes(p.precinct_id, e, votes + 5 * i % 40, registered=1_000)
        for e, votes in (("2018", 500), ("2020", 560), ("2022", 480))
        for i, p in enumerate(precincts)
    )
    line = expectation_line(Election(DAY, precincts, history=history))
    assert line.startswith("The past expects 4")
    assert "learnt from 2 past elections" in line
    assert expectation_line(Election(DAY, precincts)) == ""
    assert expectation_line(small_election()) == ""
