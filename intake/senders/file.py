"""A sender that writes texts to a file, a JSON object a line: for demonstrations and rehearsals without a
provider. Writing the same key again is one text, so it is idempotent.
"""

import asyncio
import os
from pathlib import Path

import orjson

from intake.senders.protocol import Order, ProviderUnavailableError
from intake.settings import IntakeSettings


class FileSender:
    name = "file"
    idempotent = True

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = asyncio.Lock()
        self._written: set[str] | None = None

    async def send(self, order: Order) -> str:
        async with self._lock:
            try:
                await asyncio.to_thread(self._write, order)
            except OSError as error:
                raise ProviderUnavailableError(type(error).__name__) from None
        return f"file-{order.key}"

    def _write(self, order: Order) -> None:
        if self._written is None:
            self._written = set(_keys(self._path))
        if order.key in self._written:
            return
        self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        line = {"key": order.key, "from": order.number, "to": order.phone, "text": order.body}
        descriptor = os.open(self._path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)  # it holds phones
        with os.fdopen(descriptor, "ab") as file:
            file.write(orjson.dumps(line, option=orjson.OPT_APPEND_NEWLINE))
        self._written.add(order.key)

    async def close(self) -> None:
        return None


def _keys(path: Path) -> list[str]:
    if not path.exists():
        return []
    found = []
    for line in path.read_bytes().splitlines():
        try:
            found.append(str(orjson.loads(line)["key"]))
        except (ValueError, KeyError, TypeError):
            continue  # a line torn by a crash: its text was never acknowledged
    return found


def sender(settings: IntakeSettings) -> FileSender:
    """The file under intake's folder."""
    return FileSender(settings.folder / "sent.jsonl")
