"""An event loop whose time is virtual: minutes of a schedule pass in milliseconds, alike in every run."""

import asyncio
import selectors
from typing import Any


class NoNetwork(selectors.DefaultSelector):
    """Nothing of this world comes from the kernel; not asking it is a tenth of a schedule."""

    def select(self, timeout: float | None = None) -> list[Any]:
        return []


class VirtualLoop(asyncio.SelectorEventLoop):
    """Never waits: when nothing is ready, it is later."""

    def __init__(self) -> None:
        super().__init__(NoNetwork())
        self.virtual = 0.0

    def time(self) -> float:
        return self.virtual

    def _run_once(self) -> None:
        if not self._ready and self._scheduled:
            self.virtual = max(self.virtual, self._scheduled[0]._when)
        super()._run_once()
