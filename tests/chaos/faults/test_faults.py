"""Faults hurt while they last and are healed whatever dies; the proxy does what Toxiproxy's words say."""

import contextlib
import json
import os
import signal
import socket
import socketserver
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from chaos.faults import FAULTS
from chaos.faults.heal import HealList, outstanding
from chaos.faults.processes import Frozen
from chaos.faults.protocol import UnavailableError
from chaos.faults.proxy import Proxy, Toxic
from chaos.faults.shim import SYNC, build_shim
from chaos.target.target import Target, alive

SLEEPER = [sys.executable, "-c", "import time; time.sleep(60)"]


def until(condition: Callable[[], bool], seconds: float = 15.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.01)


def frozen(pid: int) -> bool:
    return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] == "T"


@pytest.fixture
def sleeper() -> Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen(SLEEPER)
    yield process
    process.kill()
    process.wait()


@pytest.fixture
def target(tmp_path: Path, sleeper: subprocess.Popen[bytes]) -> Target:
    (tmp_path / "run.json").write_text(
        json.dumps({"pids": {"intake": sleeper.pid}, "rehearsal": True, "urls": {}, "ports": {}})
    )
    return Target.of_state(tmp_path)


def test_a_frozen_process_thaws_and_healing_twice_is_harmless(
    target: Target, tmp_path: Path, sleeper
) -> None:
    heals = HealList(tmp_path / "heal.jsonl")
    number = heals.inject(Frozen(target, {"service": "intake"}))
    until(lambda: frozen(sleeper.pid))
    heals.heal(number)
    until(lambda: not frozen(sleeper.pid))
    heals.heal(number)
    assert heals.heal_all() == 0
    heals.close()


def test_a_torn_file_is_an_older_one_and_healing_takes_away_what_nobody_has_put_away(
    target: Target, tmp_path: Path, sleeper: subprocess.Popen[bytes]
) -> None:
    target.journal.mkdir(parents=True)
    whole = target.journal / "20261103T170000-abc.journal"
    whole.write_bytes(b"SQLite format 3\0" + bytes(8_176))
    heals = HealList(tmp_path / "heal.jsonl")
    number = heals.inject(FAULTS["journal_torn"](target, {}))
    torn = min(target.journal.glob("*.journal"))
    assert torn != whole
    assert torn.read_bytes()[:16] != whole.read_bytes()[:16]
    assert torn.stat().st_size == whole.stat().st_size
    sleeper.wait(10)  # intake is killed, so that it looks at its files anew
    for _ in range(2):
        heals.heal(number)
        assert list(target.journal.iterdir()) == [whole]
    heals.close()


def test_the_guardian_heals_when_the_rehearsal_is_killed(target: Target, tmp_path: Path, sleeper) -> None:
    script = (
        "import sys, time; from pathlib import Path; from chaos.target.target import Target;"
        "from chaos.faults.heal import HealList; from chaos.faults.processes import Frozen;"
        "t = Target.of_state(Path(sys.argv[1]));"
        "HealList(Path(sys.argv[1]) / 'heal.jsonl').inject(Frozen(t, {'service': 'intake'}));"
        "print('frozen', flush=True); time.sleep(60)"
    )
    dying = subprocess.Popen([sys.executable, "-c", script, str(tmp_path)], stdout=subprocess.PIPE)
    assert dying.stdout is not None
    assert dying.stdout.readline() == b"frozen\n"
    until(lambda: frozen(sleeper.pid))
    os.kill(dying.pid, signal.SIGKILL)
    dying.wait()
    dying.stdout.close()
    until(lambda: not frozen(sleeper.pid))
    until(lambda: not outstanding(tmp_path / "heal.jsonl"))


def test_a_stranger_with_the_same_number_is_left_alone(target: Target, sleeper) -> None:
    fault = Frozen(target, {"service": "intake"}, {"pids": [[sleeper.pid, 1]]})
    os.kill(sleeper.pid, signal.SIGSTOP)
    until(lambda: frozen(sleeper.pid))
    fault.heal()
    assert frozen(sleeper.pid)
    os.kill(sleeper.pid, signal.SIGCONT)


def test_what_fails_halfway_is_healed_at_once(target: Target, tmp_path: Path, sleeper) -> None:
    class HalfDone(Frozen):
        def inject(self) -> None:
            super().inject()
            raise UnavailableError("no further")

    heals = HealList(tmp_path / "heal.jsonl")
    with pytest.raises(UnavailableError):
        heals.inject(HalfDone(target, {"service": "intake"}))
    until(lambda: not frozen(sleeper.pid))
    assert not outstanding(tmp_path / "heal.jsonl")
    heals.close()


def test_every_fault_heals_although_it_was_never_injected(target: Target) -> None:
    for name, kind in FAULTS.items():
        if name != "connections_exhausted":  # its healing asks the database
            kind(target, {"service": "intake", "hours": 2, "mode": "eio"}).heal()


def test_held_down_is_killed_again_and_again(target: Target, tmp_path: Path, sleeper) -> None:
    heals = HealList(tmp_path / "heal.jsonl")
    number = heals.inject(FAULTS["held_down"](target, {"service": "intake"}))
    until(lambda: sleeper.poll() is not None)
    second = subprocess.Popen(SLEEPER)
    (tmp_path / "run.json").write_text(json.dumps({"pids": {"intake": second.pid}, "rehearsal": True}))
    until(lambda: second.poll() is not None)
    heals.heal(number)
    heals.close()


def test_pressure_is_bounded_and_ends(target: Target, tmp_path: Path) -> None:
    heals = HealList(tmp_path / "heal.jsonl")
    fault = FAULTS["pressure"](target, {"workers": 1, "mebibytes": 4, "seconds": 30})
    number = heals.inject(fault)
    pids = [pid for pid, _ in fault.found["pids"]]
    assert all(alive(pid) for pid in pids)
    heals.heal(number)
    assert not any(alive(pid) for pid in pids)
    heals.close()


def test_a_real_day_is_refused(tmp_path: Path) -> None:
    from chaos.target.target import NoTargetError

    (tmp_path / "run.json").write_text(json.dumps({"pids": {}, "rehearsal": False}))
    with pytest.raises(NoTargetError, match="not a rehearsal"):
        Target.of_state(tmp_path)


def test_the_shim_fails_fsync_of_journals_only_while_told(tmp_path: Path) -> None:
    library = build_shim(tmp_path / "shim")
    if library is None:
        pytest.skip("there is no C compiler")
    control = tmp_path / "control"
    script = (
        "import os, sys\n"
        "for name in ('a.journal', 'b.other'):\n"
        "    fd = os.open(os.path.join(sys.argv[1], name), os.O_CREAT | os.O_RDWR)\n"
        "    try:\n        os.fsync(fd); print('ok')\n"
        "    except OSError as e:\n        print(e.errno)\n"
    )

    def said() -> list[str]:
        done = subprocess.run(
            [sys.executable, "-c", script, str(tmp_path)], capture_output=True, text=True, check=True,
            env=os.environ | {"LD_PRELOAD": str(library), SYNC.variable: str(control)},
        )  # fmt: skip
        return done.stdout.split()

    assert said() == ["ok", "ok"]
    control.write_text("eio 100\n")
    assert said() == ["5", "ok"]
    control.write_text("slow 5\n")
    assert said() == ["ok", "ok"]


# ---------------------------------------------------------------------- the proxy


class _Echo(socketserver.BaseRequestHandler):
    def handle(self) -> None:
        try:
            while data := self.request.recv(65_536):
                self.request.sendall(data)
        except OSError:
            pass


class _Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    allow_reuse_address = True


@pytest.fixture
def proxy() -> Iterator[Proxy]:
    with _Server(("127.0.0.1", 0), _Echo) as server:
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        running = Proxy("127.0.0.1", server.server_address[1]).start()
        yield running
        running.stop()
        running.stop()
        server.shutdown()


def through(proxy: Proxy, data: bytes = b"hello", timeout: float = 5.0) -> tuple[bytes, float]:
    began = time.monotonic()
    with socket.create_connection(("127.0.0.1", proxy.port), timeout) as link:
        link.sendall(data)
        got = b""
        while len(got) < len(data):
            piece = link.recv(65_536)
            if not piece:
                break
            got += piece
    return got, time.monotonic() - began


def test_without_toxics_everything_passes(proxy: Proxy) -> None:
    data = os.urandom(300_000)
    assert through(proxy, data)[0] == data


@pytest.mark.parametrize("stream", ["upstream", "downstream"])
def test_latency_delays_one_way(proxy: Proxy, stream: str) -> None:
    proxy.add("slow", Toxic("latency", stream, {"latency": 200}))
    got, seconds = through(proxy)
    assert (got, seconds >= 0.2) == (b"hello", True)
    proxy.remove("slow")
    assert through(proxy)[0] == b"hello"


def test_bandwidth_is_limited(proxy: Proxy) -> None:
    proxy.add("thin", Toxic("bandwidth", "downstream", {"rate": 100}))
    got, seconds = through(proxy, b"x" * 30_000)
    assert len(got) == 30_000
    assert seconds >= 0.25


def test_slices_arrive_whole(proxy: Proxy) -> None:
    proxy.add("slices", Toxic("slicer", "downstream", {"average_size": 7, "delay": 100}))
    data = os.urandom(500)
    assert through(proxy, data)[0] == data


def test_timeout_swallows_then_closes(proxy: Proxy) -> None:
    proxy.add("hole", Toxic("timeout", "upstream", {"timeout": 100}))
    assert through(proxy)[0] == b""


def test_a_reset_is_a_reset(proxy: Proxy) -> None:
    proxy.add("rst", Toxic("reset_peer", "upstream", {"timeout": 10}))
    with pytest.raises(ConnectionResetError):
        through(proxy)


def test_down_refuses_and_recovers(proxy: Proxy) -> None:
    proxy.add("off", Toxic("down"))
    with contextlib.suppress(OSError):
        assert through(proxy)[0] == b""
    proxy.remove()
    assert through(proxy)[0] == b"hello"


def test_words_it_does_not_know_are_refused() -> None:
    with pytest.raises(ValueError, match="choose of"):
        Toxic("gremlin")
