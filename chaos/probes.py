"""What experiments ask: steady states and what people can still do during a fault."""

import asyncio
import contextlib
import time

import asyncpg

from chaos.history import Op
from chaos.session import current
from chaos.target import SERVICES
from chaos.witness import get


def ready(service: str, seconds: float = 60.0) -> bool:
    """Whether a service says it is ready, within `seconds`."""
    target = current().target
    deadline = time.monotonic() + seconds
    while True:
        with contextlib.suppress(OSError, KeyError, ValueError):
            get(f"{target.url(service)}/readyz")
            return True
        if time.monotonic() > deadline:
            return False
        time.sleep(0.1)


def all_ready(seconds: float = 60.0) -> bool:
    """Whether all four services are ready."""
    return all(ready(service, seconds) for service in SERVICES)


def acknowledges(texts: int = 5, seconds: float = 5.0) -> bool:
    """Whether texts have been acknowledged in the last moment (by the load under way)."""
    history = current().history
    deadline = time.monotonic() + seconds
    since = history.now()
    while time.monotonic() < deadline:
        if sum(e.op is Op.ACK and e.at > since for e in list(history.events)) >= texts:
            return True
        time.sleep(0.05)
    return False


def operator_gets_in(seconds: float = 5.0) -> bool:
    """Whether the operator's login to the database still works."""

    async def look() -> bool:
        try:
            connection = await asyncpg.connect(current().target.database_url, timeout=seconds)
        except (OSError, TimeoutError, asyncpg.PostgresError):
            return False
        await connection.close()
        return True

    return asyncio.run(look())


def alert_fires(name: str, seconds: float = 30.0) -> bool:
    """Whether an alert fires within `seconds`; fired once since the experiment began is enough."""
    history = current().history
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if any(e.op is Op.ALERT and e.key == name and e.detail.get("firing") for e in list(history.events)):
            return True
        time.sleep(0.1)
    return False
