"""A stack made for the occasion, with every fault that this machine allows, and gone afterwards."""

import asyncio
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from beluga.county.county import write_county
from beluga.county.ground_truth import ground_truth
from beluga.stack.ports import free_port_base
from beluga.stack.process import StackProcess
from beluga.stack.stack import NoStackError, alive, read_run_file
from chaos.faults import deploy
from chaos.faults.disk import no_small_disk, small_disk
from chaos.faults.shim import DEPLOY, NAMES, SPIN, SYNC, build_shim
from chaos.target.target import Target

PRECINCTS = 400  # as a county has: at a few dozen, their thousands of counts would keep the gate busy
SPEED = 60.0  # stack seconds a second: a run spans a morning
STOP_SECONDS = 90.0  # s that a stack may take to end
PREFIX, OWNER = "beluga-rehearse-", "owner"  # of folders; a file in each holds our process id
MEBIBYTES = 96  # of the journal's small disk


@contextmanager
def own_stack(seed: int, precincts: int = PRECINCTS) -> Iterator[tuple[Target, Path]]:
    """A stack of our own on a made-up county, ready for every fault that this machine allows."""
    sweep()
    with ExitStack() as cleanup:
        # outside of private folders: PostgreSQL may have to run under another account
        base = Path(tempfile.mkdtemp(prefix=PREFIX))
        cleanup.callback(shutil.rmtree, base, True)
        (base / OWNER).write_text(str(os.getpid()))
        base.chmod(0o711)
        state, folder = base / "state", base / "election"
        county = write_county(folder, seed, precincts)
        opens = ground_truth(county, seed).opens
        state.mkdir(mode=0o711)
        environment = {
            "BELUGA_JOURNAL_BALLAST_MIB": "4",
            **{control.variable: str(control.file(state)) for control in (SYNC, NAMES, DEPLOY, SPIN)},
            "PYTHONPATH": os.pathsep.join(filter(None, (str(deploy.DEPLOYED), os.environ.get("PYTHONPATH")))),
        }
        if small_disk(state / "intake", MEBIBYTES):
            cleanup.callback(no_small_disk, state / "intake")
        library = build_shim()
        if library is not None:
            environment["LD_PRELOAD"] = str(library)
        stack = StackProcess(
            state, free_port_base(), "--election", str(folder), "--clock", opens.isoformat(),
            "--speed", str(SPEED), env=environment,
        )  # fmt: skip
        loop = asyncio.new_event_loop()
        cleanup.callback(_end_successor, state)  # a runbook may have started the stack anew
        cleanup.callback(loop.close)
        cleanup.callback(lambda: loop.run_until_complete(stack.stop()))
        loop.run_until_complete(stack.start())
        target = Target.of_state(state)
        yield target, folder


def sweep() -> None:
    """Takes away what rehearsals that were killed have left: their folder, and the small disk in it."""
    for owner in Path(tempfile.gettempdir()).glob(f"{PREFIX}*/{OWNER}"):
        try:
            dead = not alive(int(owner.read_text()))
        except (OSError, ValueError):
            continue  # another account's, or just being made
        state = owner.parent / "state"
        if dead and any(alive(pid) for pid in _pids(state)):
            with suppress(subprocess.TimeoutExpired):
                _end_successor(state)  # a runbook had started the stack anew, and nobody was left to end it
        if dead and not any(alive(pid) for pid in _pids(state)):
            with suppress(OSError):
                no_small_disk(state / "intake")
                shutil.rmtree(owner.parent, ignore_errors=True)


def _pids(state: Path) -> list[int]:
    with suppress(NoStackError):
        run = read_run_file(state)
        return [run.pid, *run.pids.values()]
    return []


def _end_successor(state: Path) -> None:
    if (state / "run.json").exists():
        command = [sys.executable, "-m", "beluga", "down", "--state", str(state)]
        subprocess.run(command, check=False, capture_output=True, timeout=STOP_SECONDS)
