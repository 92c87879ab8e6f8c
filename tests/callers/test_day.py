"""A day of calls, visits and rides on the real service, reconciled to the last outcome (`make test-long`)."""

import os
import subprocess
import sys

import pytest


@pytest.mark.skipif(not os.environ.get("BELUGA_REHEARSE"), reason="long: BELUGA_REHEARSE=1")
@pytest.mark.timeout(1500)
def test_a_day_of_calls_adds_up() -> None:
    size = ["--callers", "500", "--voters", "100000", "--precincts", "200", "--calls-a-day", "100000"]
    size += ["--canvassers", "25", "--drivers", "10"]
    command = [sys.executable, "-m", "bench.calling_day", *size, "--hours", "14", "--speed", "120"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
