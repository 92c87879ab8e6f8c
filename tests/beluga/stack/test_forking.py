"""Services forked by a supervisor that has loaded them are processes like others, and end as they should."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from beluga.stack.forking import ForkRequest
from beluga.stack.stack import alive

ROOT = Path(__file__).parents[3]
SECONDS = 20.0
# Says what it finds itself to be, then waits for the end or, told so by its environment, ends.
SERVICE = """
import json, os, signal, sys, time
LOADED_BY = os.getpid()
def main():
    numbers = os.listdir("/proc/self/fd")  # one of them was the listing's own
    words = open("/proc/self/cmdline", "rb").read().rstrip(b"\\0").split(b"\\0")
    print(json.dumps({
        "pid": os.getpid(), "session": os.getsid(0), "loaded_here": LOADED_BY == os.getpid(),
        "argv": sys.argv[1:],
        "words": [w.decode() for w in words[1:]], "environment": dict(os.environ), "input": sys.stdin.read(),
        "sigterm": signal.getsignal(signal.SIGTERM) == signal.SIG_DFL,
        "descriptors": [n for n in numbers if int(n) > 2 and os.path.lexists(f"/proc/self/fd/{n}")],
    }))
    if "STATUS" in os.environ:
        return int(os.environ["STATUS"])
    if "BREAKS" in os.environ:
        raise ValueError("it breaks")
    time.sleep(60)
"""
# A supervisor with some spares; reads what to do, a line each, and says what came of it.
SUPERVISOR = """
import asyncio, json, sys
from pathlib import Path
import structlog
structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.stderr))
from beluga.stack.forked_process import Spares
from beluga.stack.forking import fork_spares
from beluga.stack.supervisor import Program, Supervisor
folder = Path(sys.argv[1])
forked = fork_spares(sys.argv[3:], int(sys.argv[2]))
def say(**what): print(json.dumps(what), flush=True)
async def run():
    spares = Spares(forked)
    supervisor = Supervisor(spares=spares)
    while words := await asyncio.to_thread(sys.stdin.readline):
        asked = json.loads(words)
        if asked["do"] == "start":
            command = [sys.executable, "-c", "import time; print('a program', flush=True); time.sleep(60)"]
            program = Program("it", command, folder / "it.log", env=asked["env"], service="a_service")
            await supervisor.start(program)
        elif asked["do"] == "become":
            with (folder / "it.log").open("ab") as out:
                process = spares.become("a_service", asked["env"], out.fileno())
            say(pid=process.pid, status=await process.wait())
            continue
        child = supervisor.children[-1]
        while child.restarts < asked.get("restarts", 0) or child.pid is None:
            await asyncio.sleep(.01)
        say(pid=child.pid, restarts=child.restarts)
    await supervisor.stop()
    spares.close()
asyncio.run(run())
"""


class _Running:
    def __init__(self, folder: Path, module: str = "a_service.__main__", spares: int = 3) -> None:
        self.log = folder / "it.log"
        self._process = subprocess.Popen(
            [sys.executable, "-c", SUPERVISOR, str(folder), str(spares), module],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
            env=os.environ | {"PYTHONPATH": f"{ROOT}:{folder}"},
        )  # fmt: skip
        self.pid = self._process.pid

    def ask(self, **what: Any) -> dict[str, Any]:
        assert self._process.stdin and self._process.stdout
        self._process.stdin.write(json.dumps(what) + "\n")
        self._process.stdin.flush()
        answer: dict[str, Any] = json.loads(self._process.stdout.readline())
        return answer

    def spares(self) -> list[int]:
        """The processes that wait."""
        children = Path(f"/proc/{self.pid}/task/{self.pid}/children").read_text().split()
        return [
            int(pid) for pid in children
            if Path(f"/proc/{pid}/cmdline").read_bytes().startswith(b"beluga-spare")
        ]  # fmt: skip

    def said(self) -> dict[str, Any]:
        """What the last service found itself to be."""
        until(lambda: self.log.exists() and self.log.read_text().endswith("}\n"))
        found: dict[str, Any] = json.loads(self.log.read_text().splitlines()[-1])
        return found

    def end(self) -> None:
        assert self._process.stdin and self._process.stdout
        self._process.stdin.close()
        self._process.wait(SECONDS)
        self._process.stdout.close()


def until(condition: Any) -> None:
    deadline = time.monotonic() + SECONDS
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "a_service").mkdir()
    (tmp_path / "a_service/__main__.py").write_text(SERVICE)
    return tmp_path


@pytest.fixture
def running(folder: Path) -> Iterator[_Running]:
    started = _Running(folder)
    yield started
    started.end()


def test_a_forked_service_is_what_a_program_would_be(running: _Running) -> None:
    started = running.ask(do="start", env={"ITS": "own"})
    found = running.said()
    assert found["pid"] == found["session"] == started["pid"] and not found["loaded_here"]
    assert found["words"] == ["-m", "a_service"] and found["argv"] == []
    assert found["environment"] == {"ITS": "own", "BELUGA_HUNG_RESTARTS": "0"}
    assert found["input"] == "" and found["sigterm"] and found["descriptors"] == []


def test_a_killed_service_is_forked_again_and_no_other_is_touched(running: _Running) -> None:
    other = running.ask(do="start", env={})["pid"]
    first = running.ask(do="start", env={})["pid"]
    os.kill(first, signal.SIGKILL)
    again = running.ask(do="look", restarts=1)
    assert again["pid"] not in {first, other} and alive(other)
    assert "a program" not in running.log.read_text()
    running.end()
    assert not alive(other) and not alive(again["pid"])


@pytest.mark.parametrize(
    ("environment", "status", "words"),
    [({"STATUS": "0"}, 0, ""), ({"STATUS": "3"}, 3, ""), ({"BREAKS": "1"}, 1, "ValueError: it breaks")],
)
def test_how_a_service_ended_is_told(
    running: _Running, environment: dict[str, str], status: int, words: str
) -> None:
    assert running.ask(do="become", env=environment)["status"] == status
    assert words in running.log.read_text()


def test_without_a_spare_services_are_programs(folder: Path) -> None:
    running = _Running(folder, spares=2)
    until(lambda: len(running.spares()) == 2)
    (first, second) = running.spares()
    os.kill(second, signal.SIGKILL)  # it waits, and somebody ends it
    assert running.ask(do="start", env={})["pid"] == first
    assert running.said()["pid"] == first
    os.kill(first, signal.SIGKILL)
    again = running.ask(do="look", restarts=1)
    until(lambda: "a program" in running.log.read_text())
    assert alive(again["pid"])
    running.end()


def test_what_cannot_be_loaded_leaves_programs(folder: Path) -> None:
    running = _Running(folder, "no_such_module_of_ours")
    running.ask(do="start", env={})
    until(lambda: "a program" in running.log.read_text())
    running.end()


def test_without_a_supervisor_nothing_is_left(folder: Path) -> None:
    running = _Running(folder)
    service = running.ask(do="start", env={})["pid"]
    until(lambda: len(running.spares()) == 2)
    waiting = running.spares()
    os.kill(running.pid, signal.SIGKILL)
    until(lambda: not any(map(alive, (service, *waiting))))
    running.end()


def test_names_that_are_no_text_reach_a_service_as_they_are() -> None:
    environment = {"A": "1=2", "B": "", "C": "\udcff"}
    found = ForkRequest.of_message(ForkRequest("tally", environment).message())
    assert (found.name, found.environment) == ("tally", environment)
