"""The outline of many shapes as one: borders that two of them share disappear. Pure.

Neighbouring precincts are drawn with the same corners, each border once in either sense. All rings are wound
the same way, so a border between two members is met in both senses and cancels; what remains are the outer
borders and the holes. Where corners do not meet exactly, a hairline of both borders remains inside, which
encloses nothing. The outline is then thinned to what a map of that size can show.
"""

import itertools
from collections import defaultdict
from collections.abc import Iterable

Point = tuple[float, float]
Ring = list[list[float]]

FINEST = 1 / 1_000  # of the outline's extent; a map of a state is a thousand pixels wide


def outline(polygons: Iterable[list[Ring]]) -> list[list[Ring]]:
    """Polygons (outer ring clockwise, holes against it) of the same area with the inner borders gone."""
    ahead: dict[Point, list[Point]] = defaultdict(list)
    for polygon in polygons:
        for ring in polygon:
            corners = [(p[0], p[1]) for p in ring]
            for a, b in itertools.pairwise(corners):
                if a == b:
                    continue
                back = ahead.get(b)
                if back and a in back:
                    back.remove(a)
                else:
                    ahead[a].append(b)
    rings = list(_rings(ahead))
    if not rings:
        return []
    finest = FINEST * max(_extent(rings))
    outer = [thin for ring in rings if _doubled_area(ring) > 0 and len(thin := _thinned(ring, finest)) > 3]
    holes = [thin for ring in rings if _doubled_area(ring) < 0 and len(thin := _thinned(ring, finest)) > 3]
    found: list[list[Ring]] = [[ring] for ring in outer]
    for hole in holes:
        around = [polygon for polygon in found if _inside(hole[0], polygon[0])]
        if around:  # the smallest that holds it
            min(around, key=lambda polygon: _doubled_area(polygon[0])).append(hole)
    return found


def _rings(ahead: dict[Point, list[Point]]) -> Iterable[Ring]:
    """Closed rings made of what edges are left, each used once."""
    for start in list(ahead):
        while ahead[start]:
            path, at = [start], start
            while ahead[at]:
                at = ahead[at].pop()
                path.append(at)
                if at == start:
                    yield [list(point) for point in path]
                    break


def _extent(rings: list[Ring]) -> tuple[float, float]:
    xs, ys = [p[0] for ring in rings for p in ring], [p[1] for ring in rings for p in ring]
    return max(xs) - min(xs), max(ys) - min(ys)


def _doubled_area(ring: Ring) -> float:
    """Positive for a clockwise ring."""
    return sum((b[0] - a[0]) * (b[1] + a[1]) for a, b in itertools.pairwise(ring))


def _thinned(ring: Ring, finest: float) -> Ring:
    """The ring without points nearer than `finest` to the line through those kept (Douglas, Peucker)."""
    half = len(ring) // 2
    if half < 2:
        return ring
    keep = {0, half, len(ring) - 1}
    open_ = [(0, half), (half, len(ring) - 1)]
    while open_:
        first, last = open_.pop()
        (ax, ay), (bx, by) = ring[first], ring[last]
        length = ((bx - ax) ** 2 + (by - ay) ** 2) ** 0.5
        far, at = finest, 0
        for i in range(first + 1, last):
            x, y = ring[i]
            off = (
                abs((bx - ax) * (ay - y) - (ax - x) * (by - ay)) / length
                if length
                else _apart(ring[i], ring[first])
            )
            if off > far:
                far, at = off, i
        if at:
            keep.add(at)
            open_ += [(first, at), (at, last)]
    return [ring[i] for i in sorted(keep)]


def _apart(a: list[float], b: list[float]) -> float:
    return float(((a[0] - b[0]) ** 2 + (a[1] - b[1]) ** 2) ** 0.5)


def _inside(point: list[float], ring: Ring) -> bool:
    """Whether a ray from the point to the east crosses the ring an odd number of times."""
    x, y = point
    odd = False
    for (ax, ay), (bx, by) in itertools.pairwise(ring):
        if (ay > y) != (by > y) and x < (bx - ax) * (y - ay) / (by - ay) + ax:
            odd = not odd
    return odd
