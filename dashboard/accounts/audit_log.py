"""The audit log from the war room's side: a deed is written down even while the database is away.

A deed that cannot be stored waits in a file and is stored, in order, as soon as the database is back.
"""

import asyncio
from datetime import datetime
from pathlib import Path
from typing import Any

import orjson
import structlog

from dashboard.bridge.async_bridge import AsyncBridge
from election.access import audit
from election.access.audit import Deed
from election.postgres.database import UNREACHABLE
from election.runtime.clock import Clock

_LOG = structlog.get_logger()

RETRY_SECONDS = 3.0


class AuditLog:
    """Appends deeds; used inside the background loop."""

    def __init__(self, bridge: AsyncBridge, clock: Clock, folder: Path) -> None:
        self._bridge = bridge
        self._clock = clock
        self._waiting = folder / "audit-waiting.jsonl"
        self._turn = asyncio.Lock()

    async def record(self, account: str, action: str, subject: str, detail: dict[str, Any]) -> None:
        row = {
            "at": self._clock.now(),
            "account": account,
            "action": action,
            "subject": subject,
            "detail": detail,
        }
        async with self._turn:
            with self._waiting.open("ab") as file:
                file.write(orjson.dumps(row) + b"\n")
            try:
                await self._store()
            except UNREACHABLE as error:
                _LOG.warning("database_away", work="audit log", error=type(error).__name__)

    async def flush(self) -> None:
        """Keeps storing what waits."""
        while True:
            await asyncio.sleep(RETRY_SECONDS)
            async with self._turn:
                try:
                    await self._store()
                except UNREACHABLE:
                    pass
                except Exception:
                    _LOG.exception("audit_log_failed")

    async def _store(self) -> None:
        if not self._waiting.exists():
            return
        rows = [orjson.loads(line) for line in self._waiting.read_bytes().splitlines() if line]
        async with self._bridge.connection() as connection, connection.transaction():
            for row in rows:
                await audit.record(connection, **(row | {"at": datetime.fromisoformat(row["at"])}))
        self._waiting.unlink()

    async def latest(self, limit: int, account: str | None = None) -> list[Deed]:
        """The newest deeds, newest first; of one account where named."""
        async with self._bridge.connection() as connection:
            return await audit.latest(connection, limit, account)
