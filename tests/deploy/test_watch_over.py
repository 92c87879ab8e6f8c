"""A service that hangs is ended within 15 s by what runs before it in its container; a slow one never is.

Real processes on loopback; only the pace is another, so that a look takes tenths of a second.
"""

import importlib.machinery
import importlib.util
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from types import ModuleType
from urllib.request import urlopen

import pytest
import yaml

from beluga.stack.ports import free_port

ROOT = Path(__file__).parents[2]
WATCH = ROOT / "deploy/watch-over"
PACE = {"BELUGA_WATCH_EVERY": "0.2", "BELUGA_WATCH_PATIENCE": "0.5", "BELUGA_WATCH_GRACE": "60"}
SECONDS = 60.0  # no test waits so long unless something is broken

# Answers after LATE seconds; SIGUSR2 makes it answer with 503, SIGTERM ends it with 7 after a while.
SERVICE = """
import http.server, os, signal, sys, time
class Service(http.server.BaseHTTPRequestHandler):
    status = 200
    def do_GET(self):
        time.sleep(float(os.environ.get("LATE", "0")))
        self.send_response(self.status)
        self.end_headers()
    def log_message(self, *_): pass
def stop(*_):
    server.socket.close()
    time.sleep(float(os.environ.get("STOPS", "0")))
    os._exit(7)
def fail(*_): Service.status = 503
signal.signal(signal.SIGTERM, stop)
signal.signal(signal.SIGUSR2, fail)
server = http.server.ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Service)
print(os.getpid(), flush=True)
server.serve_forever()
"""


@pytest.fixture
def watched() -> Iterator[Callable[..., "tuple[subprocess.Popen[str], int, int]"]]:
    """Starts the service under its watch: the watch, the service's pid, its port."""
    started: list[subprocess.Popen[str]] = []

    def start(**more: str) -> "tuple[subprocess.Popen[str], int, int]":
        port = free_port()
        process = subprocess.Popen(
            [sys.executable, str(WATCH), f"{port}/healthz", sys.executable, "-c", SERVICE, str(port)],
            env=os.environ | PACE | more, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
            start_new_session=True,
        )  # fmt: skip
        started.append(process)
        assert process.stdout is not None
        return process, int(process.stdout.readline()), port

    yield start
    for process in started:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.communicate()


def looks(port: int, number: int) -> None:
    """Waits as long as `number` looks take, by asking ourselves as often."""
    for _ in range(number):
        with urlopen(f"http://127.0.0.1:{port}/", timeout=SECONDS) as answer:
            assert answer.status == 200
        time.sleep(float(PACE["BELUGA_WATCH_EVERY"]))


def test_a_service_that_hangs_is_ended_and_that_is_said(watched: Callable[..., object]) -> None:
    process, pid, port = watched()  # type: ignore[misc]
    looks(port, 3)
    os.kill(pid, signal.SIGSTOP)
    _, said = process.communicate(timeout=SECONDS)
    assert process.returncode == 137
    assert json.loads(said)["event"] == "hung"
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


def test_one_that_answers_that_it_is_unwell_is_ended(watched: Callable[..., object]) -> None:
    process, pid, port = watched()  # type: ignore[misc]
    looks(port, 3)
    os.kill(pid, signal.SIGUSR2)
    process.communicate(timeout=SECONDS)
    assert process.returncode == 137


def test_one_that_is_slow_goes_on(watched: Callable[..., object]) -> None:
    process, pid, port = watched(LATE="0.3")  # type: ignore[misc]
    looks(port, 6)
    assert process.poll() is None
    os.kill(pid, 0)


def test_one_that_starts_slowly_has_its_time(watched: Callable[..., object]) -> None:
    """It has not answered yet: nothing is counted, however often it is asked."""
    process, pid, port = watched(LATE="3")  # type: ignore[misc]
    looks(port, 1)
    assert process.poll() is None
    os.kill(pid, 0)


def test_a_stop_is_passed_on_and_waited_for(watched: Callable[..., object]) -> None:
    """A stopping service has closed its door already; it is not killed for that."""
    process, _, port = watched(STOPS="3")  # type: ignore[misc]
    looks(port, 2)
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=SECONDS)
    assert process.returncode == 7


@pytest.mark.parametrize(
    ("words", "code"), [(["false"], 1), (["sh", "-c", "kill -9 $$"], 137), (["no/such"], 127)]
)
def test_it_ends_as_its_service_ends(words: list[str], code: int) -> None:
    done = subprocess.run(
        [sys.executable, WATCH, "1/healthz", *words], check=False, timeout=SECONDS, capture_output=True
    )
    assert done.returncode == code


def loaded() -> ModuleType:
    loader = importlib.machinery.SourceFileLoader("watch_over", str(WATCH))
    spec = importlib.util.spec_from_loader("watch_over", loader)
    assert spec is not None
    module = importlib.util.module_from_spec(spec)
    loader.exec_module(module)
    return module


def test_a_hung_service_is_found_within_15_seconds() -> None:
    watch = loaded()
    assert watch.EVERY + watch.MISSES * watch.PATIENCE <= 15


def test_every_container_that_serves_is_watched() -> None:
    """All but the databases, whose lease is their watch; and the health page is what is asked."""
    compose = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
    ports = {"intake": 8401, "tally": 8402, "callers": 8403, "dashboard": 8404}
    asked = {name: service.get("command") or [] for name, service in compose["services"].items()}
    for service, port in ports.items():
        for name in (f"{service}1", f"{service}2"):
            assert asked[name][:2] == ["watch-over", f"{port}/healthz"], name
    for name in ("proxy", "etcd1", "etcd2", "etcd3"):
        assert asked[name][0] == "watch-over", name
    assert all(
        compose["services"][name]["restart"] == "unless-stopped"
        for name in asked
        if asked[name][:1] == ["watch-over"]
    )
