"""What experiments ask: steady states and what people can still do during a fault."""

import asyncio
import contextlib
import subprocess
import time

import asyncpg

from chaos.judge.history import Op
from chaos.judge.observer import UNASKED, board_is_fresh, get, read
from chaos.session.session import current
from chaos.target.target import SERVICES


def ready(service: str, seconds: float = 60.0) -> bool:
    """Whether a service says it is ready, within `seconds`."""
    target = current().target
    deadline = time.monotonic() + seconds
    while True:
        with contextlib.suppress(OSError, KeyError, ValueError):
            get(f"{target.inside(service)}/readyz")
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


def access_ended(seconds: float = 5.0) -> bool:
    """Whether every copied key is refused, and the open feed closed, within `seconds`."""
    keys = current().keys
    return keys is not None and keys.ended_within(float(seconds))


def alert_ceases(name: str, seconds: float = 60.0) -> bool:
    """Whether an alert that fired is silent again within `seconds`."""
    session = current()
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if name not in session.alerts.firing:
            return True
        time.sleep(0.1)
    return False


def waits_cancelled(label: str = "synchronous_waits_cancelled") -> bool:
    """Whether the fault of this label, still under way, has cancelled any wait: else it has shown nothing."""
    session = current()
    fault = session.heals.under_way(session.faults.get(label, ""))
    cancelled = getattr(fault, "cancelled", 0)
    session.history.record(Op.NOTE, said=f"{cancelled} waits for the standby were cancelled")
    return cancelled > 0


def everything_counted(seconds: float = 60.0) -> bool:
    """Whether all that has been acknowledged until now is in the tally within `seconds`."""
    session = current()
    acked = {e.key for e in list(session.history.events) if e.op is Op.ACK}
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        with contextlib.suppress(*UNASKED):
            if acked <= set(read(session.target).tallied):
                return True
        time.sleep(0.5)
    return False


def preflight_says(check: str, passed: bool, front: bool = True) -> bool:
    """Whether `beluga preflight` passes (or fails) this check; of the TLS front, or of an unknown name."""
    session = current()
    url = session.front.url if front and session.front is not None else "https://beluga.invalid"
    keep = () if session.target.runbook else ("--keep",)  # in a state folder, of which those have none
    done = subprocess.run(
        session.target.commands.beluga("preflight", "--url", url, *keep), env=session.environment(),
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    lines = [line.split() for line in done.stdout.splitlines()]
    said = [line[0] for line in lines if len(line) > 1 and line[1] == check]
    session.history.record(Op.NOTE, said=f"preflight of {url}: {check} {said}")
    return said == (["pass"] if passed else ["FAIL"])


def migration_fails() -> bool:
    """Whether `beluga migrate` says no (and not that there was nothing to do)."""
    session = current()
    done = subprocess.run(
        session.target.commands.beluga("migrate"), env=session.environment(), capture_output=True, text=True,
        timeout=60, check=False,
    )  # fmt: skip
    session.history.record(Op.NOTE, said=f"migrate: {done.returncode} {done.stderr.strip()[-200:]}")
    return done.returncode == 1


def board_elsewhere(seconds: float = 10.0) -> bool:
    """Whether a board that does not hang at headquarters is fresh."""
    return board_is_fresh(current().target, seconds)
