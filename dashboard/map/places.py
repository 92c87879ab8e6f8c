"""The election as the board needs it: precincts, counties, shapes; kept on disk to outlive a database.

`MapPlaces` is a value built once for an import of the election; `Gazetteer` holds the current one, looks for
a newer import now and then, and keeps the last on disk.
"""

import asyncio
import gzip
import hashlib
import heapq
import math
from dataclasses import asdict, dataclass, field, replace
from datetime import date, time
from functools import cached_property
from pathlib import Path
from time import sleep
from typing import Any

import orjson
import structlog

from dashboard.bridge.async_bridge import AsyncBridge
from dashboard.map.drawing import drawing
from dashboard.map.geography import county_features, middle, precinct_features
from election.domain.day import ElectionDay, Precinct, Watcher
from election.domain.roster import load_roster
from election.postgres.database import UNREACHABLE, pauses
from election.postgres.election_store import current_roster, load_election
from election.runtime.heap import give_back
from election.runtime.private_files import private_folder, private_state

DRAW_ALL = 2_500  # precincts; above it counties are drawn first
LOOK_AGAIN_SECONDS = 5.0  # how soon a newer import of the election, or a watcher sent elsewhere, is noticed
BREATH_SECONDS = 0.05  # between counties, so that answering comes first

_LOG = structlog.get_logger()


@dataclass(frozen=True)
class MapPlaces:
    """Everything the pages know of the election without asking anyone."""

    day: ElectionDay
    precincts: dict[str, Precinct]
    watchers: tuple[Watcher, ...]
    geometry: dict[str, dict[str, Any]] = field(repr=False)
    version: str = ""  # of the import: names and shapes
    roster: str = ""  # of who watches where, which staff change during the day

    @cached_property
    def counties(self) -> tuple[str, ...]:
        return tuple(sorted({p.county for p in self.precincts.values()}))

    @cached_property
    def watchers_of(self) -> dict[str, list[Watcher]]:
        found: dict[str, list[Watcher]] = {}
        for watcher in self.watchers:
            for precinct_id in watcher.precinct_ids:
                found.setdefault(precinct_id, []).append(watcher)
        return found

    @cached_property
    def watcher_of_id(self) -> dict[str, Watcher]:
        return {str(watcher.watcher_id): watcher for watcher in self.watchers}

    def may_reach(self, watcher: Watcher, counties: tuple[str, ...] | None) -> bool:
        """Whether somebody limited to these counties may see this watcher: one of their posts lies there."""
        return counties is None or any(
            p in self.precincts and self.precincts[p].county in counties for p in watcher.precinct_ids
        )

    @cached_property
    def middles(self) -> dict[str, tuple[float, float]]:
        """Degrees (east, north) of each precinct that has a place: its own, else the middle of its shape."""
        found = {
            p.precinct_id: (p.lon, p.lat)
            for p in self.precincts.values()
            if p.lat is not None and p.lon is not None
        }
        for precinct_id, shape in self.geometry.items():
            if precinct_id not in found and precinct_id in self.precincts and (at := middle(shape)):
                found[self.precincts[precinct_id].precinct_id] = at
        return {str(key): at for key, at in found.items()}

    def name_of(self, place_id: str) -> str:
        """A precinct's name, or a polling site's: that of the building, for all its precincts; else ""."""
        precinct = self.precincts.get(place_id)
        if precinct is not None:
            return precinct.name
        here = next((p for p in self.precincts.values() if place_id and p.site_id == place_id), None)
        return f"{here.name}, whole building" if here else ""

    def same_site(self, precinct_id: str) -> list[Precinct]:
        """The other precincts that vote in the same building."""
        site = self.precincts[precinct_id].site_id
        return [
            p for p in self.precincts.values() if site and p.site_id == site and p.precinct_id != precinct_id
        ]

    def nearest(self, precinct_id: str, count: int) -> list[Precinct]:
        """The closest other precincts, nearest first; none where this one has no place."""
        here = self.middles.get(precinct_id)
        if here is None:
            return []
        narrow = math.cos(math.radians(here[1]))

        def apart(other: str) -> float:
            east, north = self.middles[other]
            return math.hypot((east - here[0]) * narrow, north - here[1])

        closest = heapq.nsmallest(count + 1, self.middles, key=apart)
        return [self.precincts[p] for p in closest if p != precinct_id][:count]

    def seen_by(self, counties: tuple[str, ...] | None) -> list[Precinct]:
        """The precincts of these counties; of all where `counties` is None."""
        return [p for p in self.precincts.values() if counties is None or p.county in counties]

    def drawn_by_county(self, counties: tuple[str, ...] | None) -> bool:
        """Whether counties come first on the map, because there are too many precincts to draw at once."""
        return len(self.seen_by(counties)) > DRAW_ALL

    def county_shapes(self, counties: tuple[str, ...] | None) -> bytes:
        return orjson.dumps(drawing(county_features(self.seen_by(counties), self.geometry)))

    def precinct_shapes(self, counties: tuple[str, ...] | None) -> bytes:
        return orjson.dumps(drawing(precinct_features(self.seen_by(counties), self.geometry)))


class Gazetteer:
    """Holds the current `MapPlaces`; `places` is None until the election was seen once."""

    def __init__(self, bridge: AsyncBridge, folder: Path, told: asyncio.Event) -> None:
        """`told` says that there is something new to look at, sooner than by the clock."""
        self._bridge = bridge
        self._told = told
        self._file = folder / "places.json.gz"
        self._shapes: dict[tuple[str, ...], bytes] = {}
        self.places: MapPlaces | None = None
        private_state(folder.parent)
        private_folder(folder)
        try:
            self.places = _load(gzip.decompress(self._file.read_bytes()))
        except FileNotFoundError:
            pass
        except (OSError, EOFError, ValueError, KeyError, TypeError) as error:
            _LOG.warning("places_unreadable", error=repr(error))

    async def watch(self) -> None:
        """Keeps `places` current; survives a database that comes and goes."""
        rest = pauses()
        warm = ""
        while True:
            try:
                await self._look()
                if self.places and self.places.version != warm:
                    warm = self.places.version
                    await asyncio.to_thread(self._warm)
                    await asyncio.to_thread(give_back)
            except UNREACHABLE as error:
                _LOG.warning("database_away", work="places", error=type(error).__name__)
                await rest.wait()
            except Exception:
                _LOG.exception("election_unreadable")
                await asyncio.sleep(LOOK_AGAIN_SECONDS)
            else:
                rest.reset()
                try:
                    async with asyncio.timeout(LOOK_AGAIN_SECONDS if self.places else 0.5):
                        await self._told.wait()
                except TimeoutError:
                    pass
                self._told.clear()

    def look_now(self) -> None:
        """Takes what was changed a moment ago, from a page's thread. Raises one of `UNREACHABLE`."""
        self._bridge.run(self._look())

    async def _look(self) -> None:
        known = self.places
        async with self._bridge.connection() as connection:
            row = await connection.fetchrow("select imported_at::text as mark, roster_version from election")
            if row is None:
                return
            version, roster_version = _version(row["mark"]), row["roster_version"]
            if known and (known.version, known.roster) == (version, roster_version):
                return
            content = await current_roster(connection)
            same = known is not None and known.version == version
            election = None if same else await load_election(connection)
        roster = await asyncio.to_thread(load_roster, content) if content is not None else None
        if roster is None:
            return
        watchers = tuple(roster.watchers.values())
        if same and known is not None:
            places = replace(known, watchers=watchers, roster=roster.version)
        elif election is None:
            return
        else:
            places = MapPlaces(
                day=election.day,
                precincts={p.precinct_id: p for p in election.precincts},
                watchers=watchers,
                geometry={str(key): shape for key, shape in election.geometry.items()},
                version=version,
                roster=roster.version,
            )
        packed = await asyncio.to_thread(lambda: gzip.compress(_dump(places), 1))
        fresh = self._file.with_suffix(".new")
        fresh.write_bytes(packed)
        fresh.chmod(0o600)  # it names watchers and their phones
        fresh.replace(self._file)
        self.places = places
        if not same:
            self._shapes.clear()
        _LOG.info("election_loaded", precincts=len(places.precincts), version=version, roster=places.roster)

    def _warm(self) -> None:
        """Shapes are made before the first board asks for them: the first view's, then each county's."""
        places = self.places
        if places is None:
            return
        by_county = places.drawn_by_county(None)
        self.shapes("counties" if by_county else "precincts", None)
        for county in places.counties if by_county else ():
            sleep(BREATH_SECONDS)
            self.shapes("precincts", (county,))

    def shapes(self, kind: str, counties: tuple[str, ...] | None) -> bytes:
        """A drawing as gzipped JSON of "counties" or "precincts". Raises `LookupError` before an election."""
        if self.places is None:
            raise LookupError("no election yet")
        key = (self.places.version, kind, *(counties if counties is not None else ("*",)))
        if key not in self._shapes:
            places = self.places
            made = places.county_shapes(counties) if kind == "counties" else places.precinct_shapes(counties)
            self._shapes[key] = gzip.compress(made, 5)
        return self._shapes[key]


def _version(mark: str) -> str:
    return hashlib.sha256(mark.encode()).hexdigest()[:12]


def _dump(places: MapPlaces) -> bytes:
    return orjson.dumps(
        {
            "version": places.version,
            "roster": places.roster,
            "day": asdict(places.day),
            "precincts": [asdict(p) for p in places.precincts.values()],
            "watchers": [asdict(w) for w in places.watchers],
            "geometry": places.geometry,
        }
    )


def _load(content: bytes) -> MapPlaces:
    data = orjson.loads(content)
    day = data["day"]
    times = ("opens", "closes", "shift_start", "shift_end")

    def value(row: dict[str, Any]) -> dict[str, Any]:
        row = {k: time.fromisoformat(v) if k in times and v else v for k, v in row.items()}
        return {k: tuple(v) if isinstance(v, list) else v for k, v in row.items()}

    day = value(day) | {"date": date.fromisoformat(day["date"])}
    precincts = [Precinct(**value(row)) for row in data["precincts"]]
    return MapPlaces(
        day=ElectionDay(**day),
        precincts={p.precinct_id: p for p in precincts},
        watchers=tuple(Watcher(**value(row)) for row in data["watchers"]),
        geometry=data["geometry"],
        version=data["version"],
        roster=data.get("roster", ""),
    )
