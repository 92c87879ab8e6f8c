"""Who is probably low though nobody counts there, and where a runner would tell most: apart from lag (L5)."""

import numpy as np

from election.domain.checkin import CheckIn, Kind
from election.wire.feed import PrecinctState, Standing
from tally.board.board_json import board_json, rows_of
from tally.board.edition import DRIFT_ROWS, Edition, PendingUpdate
from tally.packed.columns import Names
from tally.projection.projection import Tally
from tally.standing.rounding import Columns, columns_of_standings
from tests.tally.elections import OPENS, at, entry, small_election

NOON = at(5).timestamp()


def told(behind: float = 0.5, precincts: int = 40, but: tuple[int, ...] = (0, 1)) -> list[CheckIn]:
    """Counts at 11:30 from everywhere but a few; the odd ones (C1) have `behind` of what is expected."""
    share = float(Tally(small_election(1)).inputs.curves.shares(np.array([0]), np.array([4.5 / 13]))[0])
    return [
        entry(10 + p, round(600 * share * (behind if p % 2 else 1.0)), 4.5, f"P{p}", watcher=f"x{p}")
        for p in range(precincts)
        if p not in but
    ]


def test_a_silent_precinct_among_those_behind_is_probably_low_and_lags_not() -> None:
    tally = Tally(small_election(40))
    tally.add(told())
    rows = rows_of(tally.project(NOON))
    low, usual, counted = rows[1], rows[0], rows[3]
    assert low["state"] == usual["state"] == PrecinctState.SILENT
    assert low["p_lagging"] == usual["p_lagging"] == 0.0
    assert low["p_low_unwatched"] > usual["p_low_unwatched"] + 0.2
    assert counted["p_low_unwatched"] == 0.0 and counted["p_lagging"] > 0.5


def test_a_runner_is_worth_most_where_nobody_counts_and_nothing_where_somebody_does() -> None:
    tally = Tally(small_election(40, expected=[600.0] * 2 + [1200.0] + [600.0] * 37))
    tally.add(told(but=(0, 1, 2)))
    rows = rows_of(tally.project(NOON))
    worth = {row["precinct_id"]: row["watcher_value"] for row in rows if row["watcher_value"]}
    assert worth.keys() == {"P0", "P1", "P2"}
    assert max(worth, key=lambda p: worth[p]) in ("P1", "P2")  # behind, and large
    assert worth["P2"] > worth["P0"]
    closed = rows_of(tally.project(at(13.2).timestamp()))
    assert {row["watcher_value"] for row in closed} == {0}


def test_a_count_takes_the_runner_away_at_once_and_a_withdrawal_at_the_next_minute() -> None:
    tally = Tally(small_election(40))
    tally.add(told())
    projection, state = tally.start(NOON)
    before = rows_of(projection, [1])[0]["watcher_value"]
    assert before > 0
    new = entry(900, 100, 5.01, "P1", late=0.0)
    touched = tally.add([new])
    tally.update(projection, state, touched, at(5.012).timestamp())
    assert rows_of(projection, [1])[0]["watcher_value"] == 0
    assert rows_of(tally.project(at(5.012).timestamp()), [1])[0]["watcher_value"] == 0
    tally.add([entry(901, None, 5.02, "P1", Kind.UNDO, late=0.0)])
    assert rows_of(tally.project(at(5.1).timestamp()), [1])[0]["watcher_value"] > 0


def test_values_that_all_move_with_each_count_do_not_send_every_row_at_once() -> None:
    def columns(worth: float) -> Columns:
        silent = PrecinctState.SILENT
        rows = [Standing(precinct_id=f"P{i}", state=silent, watcher_value=worth + i) for i in range(2_000)]
        return columns_of_standings(rows)

    infos = {"precinct_id": Names(f"P{i}" for i in range(2_000))}
    edition = Edition(infos, columns(5_000.0))
    change = edition.advance(PendingUpdate(1.0, np.arange(2_000), columns(100.0)))
    assert change is not None and not change.whole
    assert len(change.standings) == DRIFT_ROWS
    for _ in range(3):  # the rest follows
        change = edition.advance(PendingUpdate(2.0, np.arange(2_000), columns(100.0)))
        assert change is not None and len(change.standings) == DRIFT_ROWS
    assert edition.rows()[7]["watcher_value"] == 107


def test_before_the_polls_open_the_order_is_known_already() -> None:
    tally = Tally(small_election(12, expected=[100.0 * (1 + p) for p in range(12)], registered=3000))
    board = board_json(tally, OPENS.timestamp() - 1800)
    worth = board["standings"]["watcher_value"]
    assert sum(worth) > 0
    assert int(np.argmax(worth)) >= 10  # the largest, all else equal
