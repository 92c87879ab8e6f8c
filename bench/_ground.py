"""What a benchmark stands on: a place to write, and the wait for a service it started."""

import asyncio
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import aiohttp

PLACE = Path("build") / "bench"  # on the checkout's disk: /tmp may be memory


@contextmanager
def work_folder() -> Iterator[Path]:
    """An empty folder, removed at the end; readable by others, since a database may live in it."""
    PLACE.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=PLACE.resolve()) as name:
        folder = Path(name)
        folder.chmod(0o755)
        yield folder


async def until_ready(session: aiohttp.ClientSession, url: str, seconds: float = 60.0) -> None:
    """Waits until `/readyz` says yes. Raises `TimeoutError` where it does not in so many seconds."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        try:
            async with session.get(f"{url}/readyz") as answer:
                if answer.status == 200:
                    return
        except aiohttp.ClientError:
            pass
        await asyncio.sleep(0.1)
    raise TimeoutError(f"{url} was not ready within {seconds:.0f} s; its log says why")
