"""A service that hangs is found and started again; one that is slow, starting or stopping is let alone."""

import asyncio
import os
import signal
import sys
from pathlib import Path

import pytest

from beluga.stack.ports import free_port
from beluga.stack.stack import alive
from beluga.stack.supervisor import Program, Supervisor
from beluga.stack.watchdog import PATIENCE, Patience, Reply, Watchdog, asks_health

QUICK = Patience(pause=0.05, answer=0.2, misses=3, away=2.0, start=30.0)
REAL = Patience(pause=0.05, answer=1.5, misses=3, away=60.0, start=60.0)  # a machine may be busy with others

# Serves /healthz until it is sent /hang, when its event loop spins; tells what it was told of its past.
SERVICE = """
import asyncio, os, sys
from aiohttp import web
from types import SimpleNamespace
from election.runtime.telemetry import configure_logs
configure_logs("it", SimpleNamespace(log_level="info", log_format="json"))
async def healthz(_): return web.json_response({"ok": True})
async def past(_): return web.Response(text=os.environ["BELUGA_HUNG_RESTARTS"])
async def hang(_):
    while True: pass
app = web.Application()
app.add_routes([web.get("/healthz", healthz), web.get("/past", past), web.get("/hang", hang)])
web.run_app(app, host="127.0.0.1", port=int(sys.argv[1]), print=None, access_log=None)
"""


class Answers:
    """What each question finds: seconds until an answer (None: there is none), or that nobody listens."""

    def __init__(self, *script: float | Reply | None) -> None:
        self._script = list(script)
        self.asked = 0

    async def __call__(self) -> Reply:
        self.asked += 1
        does = self._script[min(self.asked, len(self._script)) - 1]
        if isinstance(does, Reply):
            return does
        await asyncio.sleep(1e9 if does is None else does)
        return Reply.LIVES


async def test_three_misses_in_a_row_are_a_hang() -> None:
    answers = Answers(0.0, None, None, None)
    async with asyncio.timeout(30):
        assert "no answer" in await Watchdog(answers, QUICK).until_hung()
    assert answers.asked == 4


async def test_an_answer_that_comes_late_is_an_answer() -> None:
    """Each takes longer than a question waits; two are missed, and an answer comes before the third is."""
    answers = Answers(*[0.45] * 12, None)
    async with asyncio.timeout(60):
        assert "no answer for" in await Watchdog(answers, QUICK).until_hung()
    assert answers.asked > 12, "it was not given up before it was silent for good"


async def test_who_is_starting_or_stopping_is_given_time() -> None:
    away = [Reply.AWAY] * 10
    async with asyncio.timeout(30):
        never = Patience(pause=0.01, answer=0.2, misses=3, away=0.1, start=1.0)
        assert "since its start" in await Watchdog(Answers(*away), never).until_hung()
        gone = Patience(pause=0.01, answer=0.2, misses=3, away=0.3, start=60.0)
        answers = Answers(*away, 0.0, Reply.AWAY)
        assert "nobody listens" in await Watchdog(answers, gone).until_hung()
    assert answers.asked > 11, "ten refusals at the start were none too many"


def test_a_hang_is_found_in_time_to_start_again_within_fifteen_seconds() -> None:
    assert PATIENCE.pause + PATIENCE.misses * PATIENCE.answer <= 8.0


@pytest.mark.parametrize("how", ["spinning", "stopped"])
async def test_a_hung_child_is_killed_and_started_again(tmp_path: Path, how: str) -> None:
    port = free_port()
    look, known = asks_health(f"http://127.0.0.1:{port}"), asyncio.Event()

    async def ask() -> Reply:
        reply = await look()
        if reply is Reply.LIVES:
            known.set()
        return reply

    supervisor = Supervisor()
    program = Program(
        "it", [sys.executable, "-c", SERVICE, str(port)], tmp_path / "it.log",
        ask=ask, patience=REAL,
    )  # fmt: skip
    await supervisor.start(program)
    (child,) = supervisor.children
    first = child.pid
    assert first is not None
    async with asyncio.timeout(120):
        assert await said(port, "/past") == b"0"
        await known.wait()  # at its start it would be given more time
        if how == "spinning":
            _, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(b"GET /hang HTTP/1.1\r\nHost: x\r\n\r\n")
        else:
            os.kill(first, signal.SIGSTOP)
        while child.pid in {None, first}:
            await asyncio.sleep(0.01)
        assert await said(port, "/past") == b"1", "it knows, and counts it in its metrics"
    assert child.hung == child.restarts == 1
    assert not alive(first)
    if how == "spinning":
        assert "in hang" in (tmp_path / "it.log").read_text(), "where it hung stands in its log"
    await supervisor.stop()


async def said(port: int, path: str) -> bytes:
    """The body of an answer, once there is one."""
    while True:
        try:
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(f"GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode())
            answer = await reader.read()
            writer.close()
        except OSError:
            answer = b""
        if answer:
            return answer.rpartition(b"\r\n\r\n")[2]
        await asyncio.sleep(0.02)


async def test_a_child_that_stops_in_its_own_time_is_no_hang(tmp_path: Path) -> None:
    """Told to stop by hand, it closes its port at once and finishes what is in flight."""
    port = free_port()
    code = SERVICE.replace("web.run_app", "import signal, time\nweb.run_app") + "time.sleep(1.5)\n"
    supervisor = Supervisor()
    program = Program(
        "it", [sys.executable, "-c", code, str(port)], tmp_path / "it.log",
        ask=asks_health(f"http://127.0.0.1:{port}"), patience=REAL,
    )  # fmt: skip
    await supervisor.start(program)
    (child,) = supervisor.children
    async with asyncio.timeout(60):
        await said(port, "/past")
        first = child.pid
        assert first is not None
        os.kill(first, signal.SIGTERM)
        while child.pid in {None, first}:
            await asyncio.sleep(0.01)
    assert (child.restarts, child.hung) == (1, 0)
    await supervisor.stop()


async def test_who_closes_connections_at_once_lives(tmp_path: Path) -> None:
    async def close(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.close()

    async def unwell(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b'HTTP/1.1 503 x\r\nContent-Length: 12\r\n\r\n{"ok": false}')
        writer.close()

    for serve, reply in ((close, Reply.LIVES), (unwell, Reply.AWAY)):
        server = await asyncio.start_server(serve, "127.0.0.1", 0)
        url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        assert await asks_health(url)() is reply
        server.close()


async def test_what_cannot_be_said_on_a_full_disk_keeps_nobody_down(tmp_path: Path) -> None:
    said_of: list[int] = []

    def tell() -> None:
        if len(said_of) < 3:
            said_of.append(0)
            raise OSError(28, "No space left on device")
        said_of.append(1)

    supervisor = Supervisor(tell)
    await supervisor.start(
        Program("it", [sys.executable, "-c", "import time; time.sleep(60)"], tmp_path / "l")
    )
    (child,) = supervisor.children
    first = child.pid
    assert first is not None
    os.kill(first, signal.SIGKILL)
    async with asyncio.timeout(30):
        while child.pid in {None, first}:
            await asyncio.sleep(0.01)
    await supervisor.stop()
