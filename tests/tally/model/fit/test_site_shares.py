"""Several precincts at one polling site, reported as one number: shared out, with what that cannot know."""

import random
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from beluga.proof.report_entries import check_in_of
from election.domain.checkin import CheckIn, Kind
from election.domain.day import Election
from election.folder import FolderError, read_reports
from tally.board.board_json import board_bytes
from tally.entries.sites import sites_of
from tally.ledger import columns_view
from tally.model.fit.site_shares import allocated
from tally.projection.projection import Tally
from tally.standing.columns import Projection
from tests.tally.elections import at, entry, small_election
from tests.tally.projection.test_laws import LAWS, moments

SITE = "Town Hall"
MEMBERS = ("P4", "P5", "P6")
_ALONE = small_election(12, [600.0 if p != 5 else 300.0 for p in range(12)])
ELECTION = replace(
    _ALONE,
    precincts=tuple(
        replace(p, site_id=SITE if p.precinct_id in MEMBERS else "Hall 7" if p.precinct_id == "P7" else "")
        for p in _ALONE.precincts
    ),
)
HERE = [4, 5, 6]
NOON = at(5.0).timestamp()


def project(log: list[CheckIn], as_of: float = NOON, election: Election = ELECTION) -> Projection:
    tally = Tally(election)
    tally.add(log)
    return tally.project(as_of)


def votes(log: list[CheckIn], as_of: float = NOON) -> list[int]:
    return [int(v) for v in project(log, as_of).columns["last_votes"][HERE]]


@LAWS
@given(st.integers(0, 5_000), st.lists(st.floats(0.01, 900), min_size=1, max_size=6))
def test_a_number_is_shared_out_whole_and_in_proportion(number: int, weights: list[float]) -> None:
    found = allocated(number, weights)
    assert sum(found) == number
    for part, weight in zip(found, weights, strict=True):
        assert abs(part - number * weight / sum(weights)) < 1 + 1e-6


def test_only_sites_that_precincts_share_are_places() -> None:
    assert sites_of(ELECTION) == {SITE: (4, 5, 6)}


def test_a_site_called_as_a_precinct_is_that_precinct() -> None:
    called = {"P4": "P4", "P5": "P4", "P6": "P4"}
    election = replace(
        ELECTION,
        precincts=tuple(replace(p, site_id=called.get(p.precinct_id, "")) for p in ELECTION.precincts),
    )
    assert sites_of(election) == {}
    columns = project([entry(1, 501, 4.0, "P4")], election=election).columns
    assert [int(v) for v in columns["last_votes"][HERE]] == [501, -1, -1]  # no word of the others


def test_a_sites_number_becomes_its_precincts_counts_by_what_each_was_expected_to_have() -> None:
    log = [entry(1, 501, 4.0, SITE)]
    assert votes(log) == [201, 100, 200]
    seen = project(log)
    assert sum(seen.columns["reports"]) == 3  # a count of each, and nobody else's
    assert "share of the site's count" in seen.columns["reason"][4]
    assert seen.columns["last_received_at"][5] == int(at(4.05).timestamp())


def test_a_share_says_less_than_a_count_of_ones_own() -> None:
    shared = project([entry(1, 501, 4.0, SITE)])
    own = project([entry(1 + i, n, 4.0, f"P{4 + i}") for i, n in enumerate((201, 100, 200))])
    silent = project([])
    for p in HERE:
        assert own.own_variance[p] < shared.own_variance[p] < silent.own_variance[p]
        assert shared.columns["hi80"][p] - shared.columns["lo80"][p] > 1.0 * (
            own.columns["hi80"][p] - own.columns["lo80"][p]
        )
        assert shared.gain[p] > 0
    # of the site as a whole both know as much
    assert np.isclose(shared.mean[HERE].sum(), own.mean[HERE].sum(), rtol=0.02)


def test_the_precinct_that_weighs_most_at_its_site_learns_most() -> None:
    found = project([entry(1, 501, 4.0, SITE)])
    assert found.own_variance[5] > found.own_variance[4]  # half its size


def test_a_sites_number_is_corrected_and_withdrawn_like_any_other() -> None:
    log = [entry(1, 501, 4.0, SITE), entry(2, 450, 4.2, SITE, Kind.FIX)]
    assert sum(votes(log)) == 450
    assert votes([*log, entry(3, None, 4.4, SITE, Kind.UNDO)]) == [-1, -1, -1]


def test_what_was_looked_at_last_speaks() -> None:
    site, own = entry(1, 501, 4.0, SITE), entry(2, 190, 4.5, "P4")
    assert votes([site, own]) == [190, 100, 200]
    later = entry(3, 580, 4.8, SITE)
    assert sum(votes([site, own, later])) == 580
    tally = Tally(ELECTION)
    tally.add([site, own, later])
    judged = tally.judged(*tally.start(NOON), 4)
    assert [(r.votes, r.whole) for r in judged.accepted] == [(501, True), (580, True)]
    assert [s.reason for s in judged.decided] == ["the whole polling site was counted later"]
    first, last = (judged.shares[r.check_in_id] for r in judged.accepted)
    assert (first, last) == (201, votes([later])[0])  # what of it is this precinct's


def test_a_slip_is_held_at_every_precinct_of_the_site() -> None:
    held = project([entry(1, 5_010, 4.0, SITE)]).columns["held"]
    assert held[HERE].tolist() == [1, 1, 1] and held.sum() == 3


@pytest.mark.parametrize("word", ["Hall 7", "Nowhere"])
def test_a_place_that_is_neither_precinct_nor_shared_site_counts_nowhere(word: str) -> None:
    tally = Tally(ELECTION)
    assert tally.add([entry(1, 100, 4.0, word)]) == set()
    assert tally.project(NOON).columns["reports"].sum() == 0


def test_a_file_of_reports_may_name_a_site_where_they_are_projected(tmp_path: Path) -> None:
    path = tmp_path / "reports.csv"
    path.write_text(f"precinct_id,observed_at,votes\n{SITE},11:00,501\nP1,11:00,200\n")
    places, tally = ELECTION.places(), Tally(ELECTION)
    assert places[SITE].registered == 4_500
    tally.add(check_in_of(r, places[r.precinct_id]) for r in read_reports(path, ELECTION, sites=True))
    assert tally.project(NOON).columns["last_votes"][[1, *HERE]].tolist() == [200, 201, 100, 200]
    with pytest.raises(FolderError, match="no precinct"):
        read_reports(path, ELECTION)


@st.composite
def logs(draw: st.DrawFn) -> list[CheckIn]:
    """What is said of a site and of its precincts, by two watchers and a stranger, some of it corrected."""
    found = []
    for number in range(1, draw(st.integers(1, 14)) + 1):
        kind = draw(st.sampled_from([Kind.COUNT, Kind.COUNT, Kind.COUNT, Kind.FIX, Kind.UNDO, Kind.FINAL]))
        place = draw(st.sampled_from([SITE, SITE, "P4", "P5", "P1"]))
        watcher, sender = draw(st.sampled_from([("w1", "+1"), ("w2", "+2"), (None, "+3")]))
        detail = {} if watcher else {"unknown_sender": True}
        n = None if kind is Kind.UNDO else draw(st.integers(0, 1_500))
        hours, late = draw(st.integers(2, 50)) / 4, draw(st.sampled_from([0.05, 1.0]))
        found.append(entry(number, n, hours, place, kind, watcher, late, sender, **detail))
    if draw(st.booleans()):
        target = str(found[0].check_in_id)
        kind = draw(st.sampled_from([Kind.ACCEPT, Kind.REJECT]))
        found.append(entry(900, None, 3.0, None, kind, None, 0.0, "staff:ann", target=target))
        tie = {"phone": "+3", "watcher_id": "w2", "precinct_ids": ["P4"]}
        found.append(entry(901, None, 6.0, None, Kind.TIE, None, 0.0, "staff:ann", **tie))
    return found


@LAWS
@given(logs(), moments, st.integers(0, 2**32))
def test_order_repetition_and_batches_do_not_matter(log: list[CheckIn], as_of: float, seed: int) -> None:
    chance, whole, other = random.Random(seed), Tally(ELECTION), Tally(ELECTION)
    whole.add(log)
    shuffled = log + log[::2]
    chance.shuffle(shuffled)
    minute = as_of - 3_600.0
    other.add(c for c in shuffled if c.received_at.timestamp() <= minute)
    projection, state = other.start(minute)
    for check_in in shuffled:  # what has come since, one by one: as the engine takes it in
        if minute < check_in.received_at.timestamp() <= as_of:
            other.update(projection, state, other.add([check_in]), as_of)
    other.update(projection, state, other.ledger.touched_between(minute, as_of), as_of)
    expected, _ = whole.start(minute)
    whole.update(expected, state, whole.ledger.touched_between(minute, as_of), as_of)
    assert projection.wire_columns() == expected.wire_columns()
    other.add(shuffled)
    assert board_bytes(other, as_of) == board_bytes(whole, as_of)


@LAWS
@given(logs(), moments)
def test_as_known_then_and_looking_at_all_or_at_each_say_the_same(log: list[CheckIn], as_of: float) -> None:
    whole, known = Tally(ELECTION), Tally(ELECTION)
    whole.add(log)
    known.add(c for c in log if c.received_at.timestamp() <= as_of)
    assert board_bytes(whole, as_of) == board_bytes(known, as_of)
    each = columns_view.subset(whole.ledger, range(12), as_of)
    for name in ("slot", "votes", "observed", "whole", "owner", "last_received", "sender"):
        assert np.array_equal(
            getattr(columns_view.all_precincts(whole.ledger, as_of), name), getattr(each, name)
        ), name
