"""A free port stays free until its process listens on it."""

import subprocess
import sys
from pathlib import Path

from beluga.stack import ports

ASK = "from beluga.stack.ports import free_port; import sys; print(free_port(), flush=True); sys.stdin.read()"


def given_to_clients() -> range:
    low, high = Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split()
    return range(int(low), int(high) + 1)


def test_no_connection_of_a_client_takes_it() -> None:
    clients = given_to_clients()
    assert all(ports.free_port() not in clients for _ in range(20))
    assert ports.free_port_base() not in clients


def test_a_port_told_to_one_process_is_not_told_to_another() -> None:
    with subprocess.Popen(
        [sys.executable, "-c", ASK], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as other:
        assert other.stdout is not None and other.stdin is not None
        theirs = int(other.stdout.readline())
        assert not ports._claim(theirs)
        other.stdin.close()
    assert ports._claim(theirs), "its claim ends with the process"


def test_a_process_is_not_told_the_same_port_twice() -> None:
    told = [ports.free_port() for _ in range(100)]
    assert len(set(told)) == len(told)
