"""The supervisor starts again what dies and takes everything along when it ends."""

import asyncio
import os
import signal
import sys
from dataclasses import replace
from pathlib import Path

from beluga.stack.local_stack import service_program
from beluga.stack.stack import SERVICES, Ports, alive
from beluga.stack.supervisor import Program, Supervisor


def _program(folder: Path, code: str) -> Program:
    return Program("it", [sys.executable, "-c", code], folder / "it.log")


async def test_a_killed_child_starts_again_and_stops_with_the_rest(tmp_path: Path) -> None:
    supervisor = Supervisor()
    await supervisor.start(_program(tmp_path, "import time; time.sleep(60)"))
    (child,) = supervisor.children
    first = child.pid
    assert first is not None
    os.kill(first, signal.SIGKILL)
    async with asyncio.timeout(10):
        while child.pid in {None, first}:
            await asyncio.sleep(0.01)
    second = child.pid
    assert child.restarts == 1 and second is not None and alive(second)
    await supervisor.stop()
    assert not alive(second)


async def test_where_memory_is_short_texts_go_on(tmp_path: Path) -> None:
    """Of one machine's processes the kernel takes one that gives way: not intake, not who keeps them all."""
    programs = {name: service_program(name, Ports.from_base(8400), tmp_path, {}) for name in SERVICES}
    assert programs.pop("intake").gives_way == 0
    assert {program.gives_way for program in programs.values()} == {500}
    supervisor = Supervisor()
    waits = _program(tmp_path, "import time; time.sleep(60)")
    await supervisor.start(replace(waits, gives_way=500))
    (child,) = supervisor.children
    assert Path(f"/proc/{child.pid}/oom_score_adj").read_text().strip() == "500"
    await supervisor.stop()


async def test_a_child_that_keeps_dying_is_started_less_and_less_often(tmp_path: Path) -> None:
    supervisor = Supervisor()
    await supervisor.start(_program(tmp_path, "print('x')"))
    (child,) = supervisor.children
    async with asyncio.timeout(15):
        while child.restarts < 3:
            await asyncio.sleep(0.01)
    await supervisor.stop()
    assert (tmp_path / "it.log").read_text().count("x") <= 4


async def test_a_child_that_ignores_sigterm_is_killed(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr("beluga.stack.supervisor.STOP_SECONDS", 0.3)
    supervisor = Supervisor()
    code = "import signal, time; signal.signal(15, signal.SIG_IGN); print('deaf', flush=True); time.sleep(60)"
    await supervisor.start(_program(tmp_path, code))
    (child,) = supervisor.children
    async with asyncio.timeout(10):
        while "deaf" not in (tmp_path / "it.log").read_text():
            await asyncio.sleep(0.01)
    pid = child.pid
    await supervisor.stop()
    assert pid is not None and not alive(pid)


async def test_a_long_log_moves_aside_while_it_is_written(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr("beluga.stack.supervisor.LOG_BYTES", 100)
    supervisor = Supervisor()
    code = "import time\nfor n in range(1000): print('a line of the log', n, flush=True); time.sleep(.01)"
    await supervisor.start(_program(tmp_path, code))
    (child,) = supervisor.children
    log = tmp_path / "it.log"
    async with asyncio.timeout(10):
        while log.stat().st_size <= 200:
            await asyncio.sleep(0.01)
        child.rotate_log()
        assert (tmp_path / "it.log.1").stat().st_size > 200
        while not log.stat().st_size:
            await asyncio.sleep(0.01)
    assert b"\0" not in log.read_bytes(), "it goes on at the new end"
    await supervisor.stop()
