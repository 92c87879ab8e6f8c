"""How the stack under test is started again, which a runbook may need while everything is down."""

import time
from datetime import datetime, timedelta

from chaos.target.target import Target


class StartOptions:
    """Names for a runbook's commands, as last seen."""

    def __init__(self, target: Target) -> None:
        self._target = target
        self._known: dict[str, str] = {}
        self._known_at = 0.0

    def names(self) -> dict[str, str]:
        """While everything is down, how it was started is as known as before."""
        found = self._target.commands.names()
        if "BELUGA_UP" in found:
            self._known, self._known_at = found, time.monotonic()
        else:
            found["BELUGA_UP"] = _later(self._known.get("BELUGA_UP", ""), time.monotonic() - self._known_at)
        return found


def _later(options: str, seconds: float) -> str:
    """`beluga up`'s options with the rehearsal's clock as it would stand by now."""
    words = options.split()
    if "--clock" not in words:
        return options
    clock, speed = words.index("--clock") + 1, float(words[words.index("--speed") + 1])
    words[clock] = (datetime.fromisoformat(words[clock]) + timedelta(seconds=seconds * speed)).isoformat()
    return " ".join(words)
