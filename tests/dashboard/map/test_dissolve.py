"""Counties' outlines: the same area with the inner borders gone, holes kept, crooked neighbours survived."""

import random

import pytest

from dashboard.map.dissolve import Ring, _doubled_area, outline


def cell(x: float, y: float, size: float = 1.0) -> list[Ring]:
    """A square, clockwise."""
    return [[[x, y], [x, y + size], [x + size, y + size], [x + size, y], [x, y]]]


def area(polygons: list[list[Ring]]) -> float:
    return sum(_doubled_area(ring) for polygon in polygons for ring in polygon) / 2


def test_a_block_of_cells_is_one_ring_of_four_corners() -> None:
    (block,) = outline([cell(x, y) for x in range(20) for y in range(10)])
    assert len(block) == 1
    assert sorted(map(tuple, block[0][:-1])) == [(0, 0), (0, 10), (20, 0), (20, 10)]
    assert _doubled_area(block[0]) == 400  # clockwise still


def test_a_hole_stays_a_hole_and_an_island_in_it_an_island() -> None:
    ring = [cell(x, y) for x in range(7) for y in range(7) if not (1 <= x <= 5 and 1 <= y <= 5)]
    found = outline([*ring, cell(3, 3)])
    assert sorted(len(polygon) for polygon in found) == [1, 2]
    assert area(found) == 49 - 25 + 1


@pytest.mark.parametrize("seed", range(20))
def test_any_set_of_cells_keeps_its_area(seed: int) -> None:
    r = random.Random(seed)
    cells = [cell(x, y) for x in range(12) for y in range(12) if r.random() < 0.6]
    assert area(outline(cells)) == pytest.approx(len(cells))


def test_neighbours_whose_corners_do_not_meet_cover_the_same() -> None:
    found = outline([cell(0, 0, 2), cell(2, 0), cell(2, 1)])  # a border of one against two halves
    assert area(found) == pytest.approx(6)


def test_nothing_and_degenerate_shapes_have_no_outline() -> None:
    assert outline([]) == []
    assert outline([[[[0, 0], [0, 0], [0, 0], [0, 0]]]]) == []
