"""The coverage guard: thin or lopsided coverage replaces the headline, chance does not."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from election.domain.checkin import Channel, CheckIn, Kind
from election.domain.day import Election, Precinct
from election.domain.ids import PrecinctId
from election.wire.feed import Aggregate
from tally.model.coverage import Coverage, Guard
from tally.projection.projection import Tally
from tests.tally.elections import DAY, at, entry

N = 240  # precincts in counties A, B and C of 80 each; groups of 8


def an_election() -> Election:
    return Election(
        DAY,
        tuple(
            Precinct(PrecinctId(f"P{i}"), f"P{i}", 1_500, "ABC"[i % 3], f"G{i // 8}", expected_votes=600.0)
            for i in range(N)
        ),
    )


def looked(fresh: Callable[[int], bool], channel: Callable[[int], int] = lambda _: 0) -> list[Coverage]:
    """The guard's word where all that are not fresh have never counted."""
    election = an_election()
    tally = Tally(election)
    flags = np.array([fresh(i) for i in range(N)])
    guard = Guard(election, tally.inputs.expected, tally.inputs.county, tally.inputs.group)
    channels = np.array([channel(i) for i in range(N)], dtype=np.int8)
    return guard.look(flags, flags, channels, tally.inputs.expected * 1.1)


def test_no_count_leaves_the_expectation() -> None:
    for said in looked(lambda _: False):
        assert said.caveat == "No counts yet: the figure is the expectation alone."
        assert said.instead.startswith("Expected before the day: ")
        assert said.share == 0


def test_even_coverage_keeps_the_headline() -> None:
    for share in (2, 5, 10):
        rng = np.random.default_rng(share)
        chosen = set(rng.permutation(N)[: N // share].tolist())
        assert looked(lambda i, chosen=chosen: i in chosen)[0].caveat == ""


def test_chance_alone_is_no_skew() -> None:
    """One precinct in ten is watched, at random: many groups of eight have no watcher. That says nothing."""
    for seed in range(20):
        chosen = set(np.random.default_rng(seed).permutation(N)[: N // 10].tolist())
        assert looked(lambda i, chosen=chosen: i in chosen)[0].caveat == ""


def test_a_silent_county_replaces_the_headline_and_is_named() -> None:
    whole, a, b, c = looked(lambda i: i % 3 != 2 and i % 2 == 0)
    assert "33 % of expected votes" in whole.caveat and "(C …)" in whole.caveat
    assert whole.instead == (
        "The 80 of 240 precincts with fresh counts (33 % of expected votes) head for 10 % above expectation; "
        "the rest is not known."
    )
    assert [(t.scope, t.precincts, t.reporting, t.coverage) for t in whole.thin] == [("county:C", 80, 0, 0.0)]
    assert not a.caveat and not b.caveat
    assert c.caveat.startswith("No counts yet")


def test_silent_groups_are_named_within_their_county() -> None:
    a = looked(lambda i: i < 120)[1]
    assert a.caveat and all(t.scope.startswith("group:") for t in a.thin)
    assert len(a.thin) == 5


def test_a_channel_that_has_stopped_is_named() -> None:
    election = an_election()
    tally = Tally(election)
    guard = Guard(election, tally.inputs.expected, tally.inputs.county, tally.inputs.group)
    counted = np.ones(N, dtype=bool)
    channel = np.array([0 if i % 2 else 1 for i in range(N)], dtype=np.int8)
    fresh = channel == 1
    fresh[1] = True  # one text got through
    said = guard.look(counted, fresh, channel, tally.inputs.expected)[0]
    assert said.caveat.startswith("Counts by text message have stopped: of 120 precincts")
    assert said.channels == {"sms": 1, "form": 120}
    assert guard.look(counted, counted, channel, tally.inputs.expected)[0].caveat == ""


@pytest.mark.parametrize("way", ["plain", "resolved"])
def test_an_aggregate_says_by_which_channels_its_counts_came(way: str) -> None:
    log: list[CheckIn] = []
    for i in range(N):
        channel = Channel.FORM if i % 4 == 0 else Channel.SMS
        log.append(replace(entry(i, 150, precinct=f"P{i}", watcher=f"w{i}"), channel=channel))
        if way == "resolved":
            fix = entry(N + i, 140, hours=3.1, precinct=f"P{i}", watcher=f"w{i}", kind=Kind.FIX)
            log.append(replace(fix, channel=Channel.HOTLINE))
    tally = Tally(an_election())
    tally.add(log)
    projection, state = tally.start(at(3.5).timestamp())
    totals: dict[str, Aggregate] = {a.scope: a for a in tally.aggregates(projection, state)}
    expected = {"hotline": N} if way == "resolved" else {"form": N // 4, "sms": 3 * N // 4}
    assert totals["all"].channels == expected
    assert sum(totals["county:A"].channels.values()) == 80
    assert totals["all"].coverage == 1.0 and totals["all"].caveat.startswith("No past day's course")
