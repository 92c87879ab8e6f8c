"""The map of a made-up county: irregular precincts that share their borders exactly, grouped into towns.

Points are strewn more densely around the towns, relaxed a little, and become Voronoi cells; mirroring them
over the county's outline closes the outer cells along it. Each border is then bent like a stream or a road,
once for both neighbours, so that no gap opens between them.
"""

from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray

Points = NDArray[np.float64]

CENTRE_LAT, CENTRE_LON = 40.31, -77.05
RADIUS_KM = 24.0
KM_PER_DEGREE = 111.32
RELAXATIONS = 3
BEND = 0.11  # a border's midpoint moves by at most this share of its length
BENDS = 2  # how often a border is halved and bent


@dataclass(frozen=True, slots=True)
class CountyMap:
    """Per precinct: its town (0 is the largest), its middle (lat, lon) and its ring (lon, lat)."""

    town: NDArray[np.int64]
    centre: Points
    rings: tuple[tuple[tuple[float, float], ...], ...]


def draw_map(rng: np.random.Generator, precincts: int, towns: int) -> CountyMap:
    """A county of `precincts` cells in `towns` towns; every town gets at least one."""
    waves = rng.uniform(-1, 1, (6, 2)) / np.arange(2, 8)[:, None] * 0.16
    centres, weights = _towns(rng, towns, waves)
    points = _strewn(rng, precincts, waves, centres, weights)
    for _ in range(RELAXATIONS):
        cells = _cells(points, waves)
        points = np.array([_centroid(ring) for ring, _ in cells])
    cells = _cells(points, waves)
    bent = _bent_rings(rng, cells)
    distance = np.linalg.norm(points[:, None] - centres[None], axis=2) - 0.16 * weights
    town = distance.argmin(axis=1)
    for missing in set(range(towns)) - set(town.tolist()):
        town[distance[:, missing].argmin()] = missing
    order = np.lexsort((points[:, 0], -points[:, 1].round(1), town))
    middles = np.array([_centroid(ring) for ring, _ in cells])
    lat, lon = _degrees(middles)
    rings = []
    for index in order:
        ring_lat, ring_lon = _degrees(bent[index])
        ring = [(round(float(x), 5), round(float(y), 5)) for x, y in zip(ring_lon, ring_lat, strict=True)]
        rings.append((*ring, ring[0]))
    centre = np.column_stack([lat, lon])[order].round(5)
    return CountyMap(town=town[order].astype(np.int64), centre=centre, rings=tuple(rings))


def _outline(angle: NDArray[np.float64], waves: Points) -> NDArray[np.float64]:
    k = np.arange(2, 8)[:, None]
    return np.asarray(1 + (waves[:, :1] * np.cos(k * angle) + waves[:, 1:] * np.sin(k * angle)).sum(axis=0))


def _towns(rng: np.random.Generator, towns: int, waves: Points) -> tuple[Points, NDArray[np.float64]]:
    """One city near the middle, the others around it."""
    angle = rng.uniform(0, 2 * np.pi) + np.arange(towns - 1) * 2 * np.pi / max(towns - 1, 1)
    angle = angle + rng.uniform(-0.25, 0.25, len(angle))
    radius = _outline(angle, waves) * rng.uniform(0.5, 0.75, len(angle))
    ring = np.column_stack([radius * np.cos(angle), radius * np.sin(angle)])
    centres = np.vstack([rng.uniform(-0.1, 0.1, (1, 2)), ring])
    return centres, np.concatenate([[1.0], rng.uniform(0.2, 0.6, towns - 1)])


def _strewn(
    rng: np.random.Generator, count: int, waves: Points, centres: Points, weights: NDArray[np.float64]
) -> Points:
    found: list[Points] = []
    while sum(map(len, found)) < count:
        tries = rng.uniform(-1.5, 1.5, (4 * count, 2))
        inside = np.hypot(*tries.T) < 0.97 * _outline(np.arctan2(tries[:, 1], tries[:, 0]), waves)
        near = np.linalg.norm(tries[:, None] - centres[None], axis=2)
        density = 0.16 + (weights * np.exp(-((near / 0.22) ** 2))).sum(axis=1)
        found.append(tries[inside & (rng.random(len(tries)) < density / 1.3)])
    return np.vstack(found)[:count]


def _cells(points: Points, waves: Points) -> list[tuple[Points, list[int]]]:
    """Each point's cell: its corners in order round the point, and their numbers (shared by neighbours)."""
    angle = np.arctan2(points[:, 1], points[:, 0])
    radius = np.hypot(*points.T)
    edge = _outline(angle, waves)
    mirrored = points * ((2 * edge - radius) / np.maximum(radius, 1e-9))[:, None]
    far = 6 * np.array([[1, 0], [-1, 0], [0, 1], [0, -1]], dtype=float)
    triangles, middles = _triangles(np.vstack([points, mirrored, far]))
    cells = []
    corner_of, which = triangles.ravel(), np.repeat(np.arange(len(triangles)), 3)
    by_point = np.argsort(corner_of, kind="stable")
    ends = np.searchsorted(corner_of[by_point], np.arange(len(points) + 1))
    for index, point in enumerate(points):
        corners = which[by_point[ends[index] : ends[index + 1]]]
        offsets = middles[corners] - point
        corners = corners[np.argsort(np.arctan2(offsets[:, 1], offsets[:, 0]))]
        cells.append((middles[corners], corners.tolist()))
    return cells


def _triangles(points: Points) -> tuple[NDArray[np.intp], Points]:
    """Delaunay's triangles, (n, 3) numbers of points, and the middles of their circles: Voronoi's corners."""
    found = shapely.get_parts(shapely.delaunay_triangles(shapely.multipoints(points)))
    corners = shapely.get_coordinates(found).reshape(-1, 4, 2)[:, :3]
    number = {tuple(point): i for i, point in enumerate(points.tolist())}
    triangles = np.array(
        [[number[tuple(c)] for c in triangle] for triangle in corners.tolist()], dtype=np.intp
    )
    (ax, ay), (bx, by), (cx, cy) = (corners[:, i].T for i in range(3))
    twice = 2 * (ax * (by - cy) + bx * (cy - ay) + cx * (ay - by))
    a, b, c = ax * ax + ay * ay, bx * bx + by * by, cx * cx + cy * cy
    x = (a * (by - cy) + b * (cy - ay) + c * (ay - by)) / twice
    y = (a * (cx - bx) + b * (ax - cx) + c * (bx - ax)) / twice
    return triangles, np.column_stack([x, y])


def _bent_rings(rng: np.random.Generator, cells: list[tuple[Points, list[int]]]) -> list[Points]:
    bends: dict[tuple[int, int], Points] = {}
    rings = []
    for ring, corners in cells:
        parts = []
        for i, (a, b) in enumerate(zip(corners, [*corners[1:], corners[0]], strict=True)):
            key = (min(a, b), max(a, b))
            if key not in bends:
                start, end = ring[i], ring[(i + 1) % len(ring)]
                line = np.array([start, end] if a < b else [end, start])
                bends[key] = _bent(rng, line)
            parts.append((bends[key] if a < b else bends[key][::-1])[:-1])
        rings.append(np.vstack(parts))
    return rings


def _bent(rng: np.random.Generator, line: Points) -> Points:
    for _ in range(BENDS):
        step = np.diff(line, axis=0)
        across = np.column_stack([-step[:, 1], step[:, 0]])
        middle = line[:-1] + step / 2 + across * rng.uniform(-BEND, BEND, (len(step), 1))
        merged = np.empty((2 * len(line) - 1, 2))
        merged[::2], merged[1::2] = line, middle
        line = merged
    return line


def _centroid(ring: Points) -> Points:
    after = np.roll(ring, -1, axis=0)
    cross = ring[:, 0] * after[:, 1] - after[:, 0] * ring[:, 1]
    return np.asarray(((ring + after) * cross[:, None]).sum(axis=0) / (3 * cross.sum()))


def _degrees(points: Points) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    lat = CENTRE_LAT + points[:, 1] * RADIUS_KM / KM_PER_DEGREE
    lon = CENTRE_LON + points[:, 0] * RADIUS_KM / KM_PER_DEGREE / np.cos(np.radians(CENTRE_LAT))
    return lat, lon
