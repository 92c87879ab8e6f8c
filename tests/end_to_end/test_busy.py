"""A stack that is as busy as it can be, on a disk as slow as it can be, is never taken for one that hangs."""

import asyncio
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import aiohttp
import pytest

from beluga.stack.ports import free_port
from beluga.stack.supervisor import Program, Supervisor
from beluga.stack.watchdog import PATIENCE, Reply, asks_health
from chaos.faults.shim import SYNC, build_shim
from tests.intake.running import GENERIC_SECRET, SECRET, a_text

BURN = "while True: pass"
SENDERS = 64
ANSWERS = 12  # of /healthz under load: some fifteen seconds and more


@pytest.fixture
def burners() -> Iterator[None]:
    """Twice as many processes as there are cores, each of which takes all of one that it is given."""
    burning = [
        subprocess.Popen([sys.executable, "-c", BURN]) for _ in range(2 * len(os.sched_getaffinity(0)))
    ]
    yield
    for each in burning:
        each.kill()
        each.wait()


@pytest.mark.skipif(not os.environ.get("BELUGA_REHEARSE"), reason="its burners starve the tests beside it")
async def test_at_full_load_on_a_slow_disk_nobody_is_started_again(tmp_path: Path, burners: None) -> None:
    """Each sync takes longer than a question waits for its answer; `/healthz` waits for none of them."""
    shim = build_shim(tmp_path)
    if shim is None:
        pytest.skip("there is no C compiler")
    (tmp_path / "slow").write_text(f"slow {int(PATIENCE.answer * 1000) + 500}\n")
    port, answered = free_port(), 0
    look = asks_health(f"http://127.0.0.1:{port}")

    async def ask() -> Reply:
        nonlocal answered
        reply = await look()
        answered += reply is Reply.LIVES
        return reply

    environment = os.environ | {
        "BELUGA_STATE": str(tmp_path), "BELUGA_INTAKE_PORT": str(port), "BELUGA_SECRET": SECRET,
        "BELUGA_GENERIC_SECRET": GENERIC_SECRET, "BELUGA_JOURNAL_BALLAST_MIB": "0", "BELUGA_DATABASE_URL": "",
        "LD_PRELOAD": str(shim), SYNC.variable: str(tmp_path / "slow"),
    }  # fmt: skip
    program = Program(
        "intake", [sys.executable, "-m", "intake"], tmp_path / "intake.log", env=environment, ask=ask
    )
    supervisor = Supervisor()
    await supervisor.start(program)
    (child,) = supervisor.children
    acknowledged = 0

    async def send(session: aiohttp.ClientSession, sender: int) -> None:
        nonlocal acknowledged
        n = 0
        while True:
            body, headers = a_text(f"{sender}-{n}", f"{n}")
            async with session.post(f"http://127.0.0.1:{port}/sms/generic", data=body, headers=headers) as r:
                acknowledged += r.status == 200
            n += 1

    async with aiohttp.ClientSession() as session, asyncio.timeout(200):
        while not answered:
            await asyncio.sleep(0.05)
        first, goal = child.pid, answered + ANSWERS
        sending = [asyncio.create_task(send(session, n)) for n in range(SENDERS)]
        while answered < goal:
            await asyncio.sleep(0.05)
        for each in sending:
            each.cancel()
        await asyncio.gather(*sending, return_exceptions=True)
    assert acknowledged >= SENDERS, "the load was a load"
    assert (child.pid, child.restarts, child.hung) == (first, 0, 0)
    await supervisor.stop()
