"""Each of several intakes on one port is watched by itself; who starts them is watched, too."""

import asyncio
import os
import re
import signal
import sys
from collections.abc import Callable
from pathlib import Path

import aiohttp

from beluga.stack.ports import free_port
from beluga.stack.stack import alive
from beluga.stack.supervisor import Program, Supervisor
from beluga.stack.watchdog import Patience
from chaos.target.target import family
from election.runtime.heartbeat import VARIABLE, Heartbeat, beat
from intake import workers
from tests.intake.running import GENERIC_SECRET, SECRET, IntakeProcess, metric

QUICK = Patience(pause=0.1, answer=2.0, misses=3, away=60.0, start=120.0)

Make = Callable[..., IntakeProcess]


async def until(what: Callable[[], bool], seconds: float = 120.0) -> None:
    async with asyncio.timeout(seconds):
        while not what():
            await asyncio.sleep(0.02)


async def test_a_worker_that_hangs_is_started_again_and_the_other_goes_on(intake_at: Make) -> None:
    intake = intake_at("", more={"BELUGA_INTAKE_WORKERS": "2"})
    await intake.running()
    assert intake.process
    parent = intake.process.pid
    await until(lambda: intake.log.count('"service_ready"') == 2)
    _, hangs, goes_on = family(parent)
    os.kill(hangs, signal.SIGSTOP)
    await until(lambda: intake.log.count('"service_ready"') == 3)
    assert '"worker_hung_killed"' in intake.log
    assert not alive(hangs)
    assert alive(goes_on)
    assert goes_on in family(parent)
    async with aiohttp.ClientSession() as session, asyncio.timeout(30):
        while await metric(session, intake.url, "beluga_hung_restarts_total") != 1:
            await asyncio.sleep(0.1)
    assert intake.end() == 0


async def test_no_worker_is_killed_for_the_time_in_which_its_starter_stood_still(intake_at: Make) -> None:
    """As a whole machine does that is paused: nobody beat, and nobody hangs."""
    intake = intake_at("", more={"BELUGA_INTAKE_WORKERS": "2"})
    await intake.running()
    assert intake.process
    await until(lambda: intake.log.count('"service_ready"') == 2)
    everybody = family(intake.process.pid)
    for pid in everybody:
        os.kill(pid, signal.SIGSTOP)
    await asyncio.sleep(workers.SILENT_SECONDS + 1)
    for pid in everybody:  # the starter first, and a while before the others
        os.kill(pid, signal.SIGCONT)
        await asyncio.sleep(0.3)
    async with aiohttp.ClientSession() as session, asyncio.timeout(30):
        while await metric(session, intake.url, "beluga_intake_workers_counted") != 2:
            await asyncio.sleep(0.1)
    assert family(intake.process.pid) == everybody
    assert "worker_hung" not in intake.log
    intake.end()


async def test_workers_do_not_outlive_who_started_them(intake_at: Make) -> None:
    """They would hold their journals, and whoever is started next could not open them."""
    intake = intake_at("", more={"BELUGA_INTAKE_WORKERS": "2"})
    await intake.running()
    assert intake.process
    await until(lambda: intake.log.count('"service_ready"') == 2)
    workers_of_it = family(intake.process.pid)[1:]
    intake.end(signal.SIGKILL)
    await until(lambda: not any(alive(pid) for pid in workers_of_it))
    assert intake.log.count('"service_stopped"') == 2


async def test_who_starts_the_workers_is_watched_by_its_beat_and_killed_with_them(tmp_path: Path) -> None:
    environment = os.environ | {
        "BELUGA_STATE": str(tmp_path), "BELUGA_INTAKE_PORT": str(free_port()), "BELUGA_SECRET": SECRET,
        "BELUGA_GENERIC_SECRET": GENERIC_SECRET, "BELUGA_INTAKE_WORKERS": "2",
        "BELUGA_JOURNAL_BALLAST_MIB": "0", "BELUGA_DATABASE_URL": "",
    }  # fmt: skip
    program = Program(
        "intake", [sys.executable, "-m", "intake"], tmp_path / "intake.log", env=environment, heartbeat=True,
        patience=QUICK,
    )  # fmt: skip
    log = tmp_path / "intake.log"
    supervisor = Supervisor()
    await supervisor.start(program)
    (child,) = supervisor.children
    await until(lambda: log.read_text().count('"service_ready"') == 2)
    first = child.pid
    assert first is not None
    before = family(first)
    os.kill(first, signal.SIGSTOP)
    await until(lambda: log.read_text().count('"service_ready"') == 4)
    assert child.hung == 1
    assert [pid for pid in before if alive(pid)] == []
    await supervisor.stop()
    assert re.search(r'"service_stopped"', log.read_text())


def test_a_beat_goes_into_a_pipe_and_never_into_a_file(tmp_path: Path, monkeypatch) -> None:
    heartbeat = Heartbeat()
    monkeypatch.setenv(VARIABLE, str(heartbeat.writer))
    assert not heartbeat.heard()
    beat()
    assert heartbeat.heard()
    assert not heartbeat.heard()
    for _ in range(100_000):  # nobody looks: it goes on
        beat()
    assert heartbeat.heard()
    with (tmp_path / "file").open("wb") as file:
        monkeypatch.setenv(VARIABLE, str(file.fileno()))
        beat()
    assert (tmp_path / "file").read_bytes() == b""
    heartbeat.close()
