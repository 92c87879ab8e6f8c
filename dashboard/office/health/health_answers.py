"""Every service, the database, journal, outbox, feed, disk and alerts, asked how they do.

Each is asked by itself, for a moment: so all is told while the database is away, and while any service is.
"""

import asyncio
import shutil
from contextlib import suppress
from pathlib import Path
from time import monotonic, time

import aiohttp
import orjson
from prometheus_client.parser import text_string_to_metric_families

from dashboard.bridge.async_bridge import AsyncBridge
from dashboard.clients.feed import WarRoomView
from dashboard.office.forms import NOT_ANSWERED
from dashboard.office.health.health import (
    DatabaseAnswer,
    HealthLine,
    ServiceState,
    alert_lines,
    database_lines,
    disk_line,
    feed_lines,
    intake_lines,
    preflight_lines,
    service_line,
    steps_of,
)
from dashboard.office.health.preflight import FILE, last_kept
from dashboard.settings import DashboardSettings

ASKED_SECONDS = 2.0  # of each; what answers later is not well
RUNBOOKS = Path(__file__).parents[3] / "runbooks"

_DATABASE = """
select
  (select count(*) from pg_stat_replication where sync_state in ('sync', 'quorum')) as synchronous,
  (select extract(epoch from now() - max(finished_at)) / 3600 from base_backups)::float8 as backup_hours,
  (select coalesce(jsonb_object_agg(kind, count), '{}') from (select kind, count(*) from alerts
     where rehearsal = $1 and cleared_at is null and acknowledged_by is null group by kind) a) as open_alerts
"""


class HealthAnswers:
    """What each part answers, now; no county's data are in it."""

    def __init__(self, bridge: AsyncBridge, settings: DashboardSettings, feed: WarRoomView) -> None:
        self._bridge, self._settings, self._feed = bridge, settings, feed

    def now(self) -> list[HealthLine]:
        """`lines`, from a thread of the pages."""
        return self._bridge.run(self.lines())

    async def lines(self) -> list[HealthLine]:
        """Asks all of them at once."""
        intake, tally, callers, database = await asyncio.gather(
            self._service("intake"), self._service("tally"), self._service("callers"), self._database()
        )
        used = shutil.disk_usage(self._settings.state)
        return [
            *map(service_line, (intake, tally, callers)),
            *database_lines(database),
            *intake_lines(intake),
            *feed_lines(self._feed.age(), self._feed.stored_behind, tally),
            disk_line(used.free, used.total),
            *preflight_lines(last_kept(self._settings.state / FILE), time()),
            *alert_lines(database),
        ]

    async def _service(self, name: str) -> ServiceState:
        url = str(getattr(self._settings, f"{name}_url"))
        alive, ready, metrics = await asyncio.gather(
            self._get(f"{url}/healthz"), self._get(f"{url}/readyz"), self._get(f"{url}/metrics")
        )
        parts: dict[str, bool] | None = None
        if ready is not None:
            with suppress(orjson.JSONDecodeError, AttributeError):
                parts = {str(k): bool(v) for k, v in orjson.loads(ready).items()}
        return ServiceState(name, alive is not None, parts, _numbers(metrics or b""))

    async def _get(self, url: str) -> bytes | None:
        """What is answered, whatever its status; None where nothing comes in time."""
        session = await self._bridge.session()
        limit = aiohttp.ClientTimeout(total=ASKED_SECONDS)
        try:
            async with session.get(url, timeout=limit) as answer:
                return await answer.read()
        except (aiohttp.ClientError, TimeoutError, OSError):
            return None

    async def _database(self) -> DatabaseAnswer | None:
        began = monotonic()
        try:
            async with asyncio.timeout(ASKED_SECONDS), self._bridge.connection() as connection:
                await connection.fetchval("select 1")
                took = (monotonic() - began) * 1000
                row = await connection.fetchrow(_DATABASE, self._settings.rehearsal)
        except NOT_ANSWERED:
            return None
        assert row is not None
        hosts = self._settings.database_url.count(",") + 1
        backup = self._backup(row["backup_hours"])
        return DatabaseAnswer(took, hosts, row["synchronous"], backup, row["open_alerts"])

    def _backup(self, noted: float | None) -> float | None:
        """Hours since the newest backup: noted by the cluster, or in the one-machine stack's folder."""
        folder = self._settings.state / "backups"
        made = [p.stat().st_mtime for p in folder.iterdir()] if folder.is_dir() else []
        here = (time() - max(made)) / 3600 if made else None
        return min((h for h in (noted, here) if h is not None), default=None)


def _numbers(text: bytes) -> dict[str, float]:
    """Each metric's sum over its labels."""
    found: dict[str, float] = {}
    with suppress(ValueError):
        for family in text_string_to_metric_families(text.decode("utf-8", "replace")):
            for sample in family.samples:
                found[sample.name] = found.get(sample.name, 0.0) + sample.value
    return found


def steps_for(runbook: str) -> str:
    """What a runbook says to do; empty where it does not lie here."""
    try:
        return steps_of((RUNBOOKS / runbook).read_text(encoding="utf-8"))
    except OSError:
        return ""
