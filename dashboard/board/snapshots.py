"""A printable page of the board every quarter of an hour, kept on disk: a dead network still leaves paper.

The page is one HTML file without scripts, so any machine opens and prints it. It names watchers' phones,
since paper is for the hour when nothing else works; the files are readable by this service's account alone.
"""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import flask
import structlog
from jinja2 import Environment, PackageLoader

from dashboard.accounts.sign_in import needs_role, person
from dashboard.alerts.conditions import OPEN
from dashboard.clients.feed import FRESH_SECONDS, Row, WarRoomView
from dashboard.languages import add_words, noted, retold, tr
from dashboard.map.places import Gazetteer, MapPlaces
from dashboard.settings import DashboardSettings
from election.access.accounts import WAR_ROOM, Role
from election.runtime.clock import Clock

_LOG = structlog.get_logger()

LOOK_SECONDS = 2.0
KEPT = 200  # files; at four an hour, two days
LISTED_WORK, LISTED_SILENT, LISTED_INCIDENTS = 24, 16, 10  # so many fit one printed page beside the counties
LISTED_COUNTIES = 70
WORDS = {
    "lagging": noted("▼ Behind"), "watch": noted("◆ Watch"), "on_pace": noted("● On pace"),
    "silent": noted("◌ Silent"), "doubtful": noted("? Doubtful"), "closed": noted("■ Closed"),
}  # fmt: skip
_TEMPLATES = Environment(loader=PackageLoader("dashboard", "templates"), autoescape=True)
add_words(_TEMPLATES)


def page_of(
    feed: WarRoomView, places: MapPlaces, counties: Sequence[str] | None, now: datetime, rehearsal: bool
) -> str:
    """The page as HTML, of these counties (None: all)."""

    def mine(row: Row) -> bool:
        county = (feed.precincts.get(str(row.get("precinct_id"))) or {}).get("county")
        return counties is None or county in counties

    standings = [s for s in feed.standings.values() if mine(s)]
    work = [s for s in standings if s["state"] in ("lagging", "watch")]
    work.sort(key=lambda s: (-s["p_lagging"] * s["shortfall"], s["precinct_id"]))
    silent = [s for s in standings if s["state"] == "silent" and s["precinct_id"] in places.watchers_of]
    silent.sort(key=lambda s: (s["last_received_at"] or 0, -s["expected_final"]))
    incidents = [i for i in feed.incidents.values() if i["status"] in OPEN and mine(i)]
    incidents.sort(key=lambda i: -i["at"])
    totals = [
        a for scope, a in sorted(feed.aggregates.items())
        if scope != "all" and (counties is None or scope.removeprefix("county:") in counties)
    ]  # fmt: skip
    zone = ZoneInfo(places.day.timezone)
    return _TEMPLATES.get_template("snapshot.html").render(
        day=places.day,
        now=now.astimezone(zone),
        heard=datetime.fromtimestamp(feed.at, UTC).astimezone(zone) if feed.at else None,
        fresh=feed.fresh(FRESH_SECONDS),
        rehearsal=rehearsal,
        counties=counties,
        total=feed.aggregates.get("all") if counties is None else None,
        totals=totals[:LISTED_COUNTIES],
        more_counties=len(totals) - LISTED_COUNTIES,
        behind=sum(s["state"] == "lagging" for s in standings),
        silent_all=sum(s["state"] == "silent" for s in standings),
        precincts=len(standings),
        work=work[:LISTED_WORK],
        work_all=len(work),
        silent=silent[:LISTED_SILENT],
        silent_watched=len(silent),
        incidents=incidents[:LISTED_INCIDENTS],
        incidents_all=len(incidents),
        name=lambda p: (feed.precincts.get(str(p)) or {}).get("name") or p or "–",
        people=lambda p: places.watchers_of.get(p, [])[:2],
        local=lambda at: (
            datetime.fromtimestamp(at, UTC).astimezone(zone).strftime("%H:%M") if at else tr("never")
        ),
        words=WORDS,
        retold=retold,
    )


class Snapshots:
    """Writes the page when its time has come. `folder` holds one file a time, named by the stack's UTC."""

    def __init__(
        self,
        settings: DashboardSettings,
        feed: WarRoomView,
        gazetteer: Gazetteer,
        clock: Clock,
        folder: Path,
    ) -> None:
        self._settings = settings
        self._feed = feed
        self._gazetteer = gazetteer
        self._clock = clock
        self.folder = folder

    async def run(self) -> None:
        """Until cancelled. A page of a feed long gone says so, and is written all the same."""
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            try:
                if self._feed.at and self._gazetteer.places:
                    await asyncio.to_thread(self._write_due)
            except OSError as error:
                _LOG.warning("snapshot_not_written", error=str(error))
            except Exception:
                _LOG.exception("snapshot_failed")

    def _write_due(self) -> None:
        now, every = self._clock.now(), timedelta(minutes=self._settings.snapshot_minutes)
        due = datetime.fromtimestamp(now.timestamp() // every.total_seconds() * every.total_seconds(), UTC)
        file = self.folder / f"{due:%Y-%m-%dT%H%M}Z.html"
        if file.exists():
            return
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        fresh = file.with_suffix(".new")
        fresh.touch(0o600)
        fresh.write_text(self.page(None), "utf-8")
        fresh.replace(file)
        for old in sorted(self.folder.glob("*.html"))[:-KEPT]:
            old.unlink()

    def page(self, counties: Sequence[str] | None) -> str:
        """The page as of now. Raises `LookupError` before the feed's first snapshot."""
        places = self._gazetteer.places
        if places is None or not self._feed.at:
            raise LookupError("nothing heard yet")
        return page_of(self._feed, places, counties, self._clock.now(), self._settings.rehearsal)

    def names(self) -> list[str]:
        """Kept pages, newest first."""
        return sorted((file.name for file in self.folder.glob("*.html")), reverse=True)


def add_snapshots(server: flask.Flask, snapshots: Snapshots) -> None:
    """Adds `/snapshot` (now, the viewer's counties), `/snapshots` and `/snapshots/NAME` (kept ones)."""

    @server.get("/snapshot")
    @needs_role(*WAR_ROOM)
    def now() -> Any:
        who = person()
        assert who is not None
        try:
            return snapshots.page(who.counties)
        except LookupError:
            return tr("The feed has not been heard yet; try again in a moment."), 503

    @server.get("/snapshots")
    @needs_role(Role.STAFF, Role.ADMIN)
    def kept() -> Any:
        return flask.render_template("snapshots.html", names=snapshots.names(), folder=snapshots.folder)

    @server.get("/snapshots/<name>")
    @needs_role(Role.STAFF, Role.ADMIN)
    def one(name: str) -> Any:
        if name not in snapshots.names():
            flask.abort(404)
        return flask.Response((snapshots.folder / name).read_text("utf-8"), mimetype="text/html")
