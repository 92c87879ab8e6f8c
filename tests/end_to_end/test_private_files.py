"""Nobody else on the machine reads texts, phones or secrets out of a running stack's folder."""

import asyncio
import os
import shutil
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import aiohttp
import pytest

from beluga.stack.ports import free_port_base
from beluga.stack.stack import RunFile, read_run_file, secrets_of
from election.postgres.database import connect
from intake.providers.generic import sign
from tests.intake.running import until_drained

STRANGER = 54_321  # an account without a name, which owns nothing here
TEXTS = 20

READ = 'while IFS= read -r path; do head -c1 "$path" >/dev/null 2>&1 && echo "$path"; done'
# An interpreter in root's private home must be found by an account that may not look there.
AS_NOBODY = [
    "setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups",
    "--inh-caps=+dac_read_search", "--ambient-caps=+dac_read_search",
]  # fmt: skip


def below(state: Path) -> Iterator[tuple[Path, int]]:
    """What is in the folder, but not in PostgreSQL's: that is its account's alone, from the top."""
    for path in sorted(state.rglob("*")):
        if state / "postgres" not in path.parents:
            yield path, path.lstat().st_mode


def open_to_others(state: Path) -> list[str]:
    found = [f"{path} {stat.S_IMODE(mode):o}" for path, mode in below(state) if mode & 0o077]
    own = stat.S_IMODE(state.stat().st_mode)
    return found + ([] if own == (0o711 if os.geteuid() == 0 else 0o700) else [f"{state} {own:o}"])


def readable_by_a_stranger(state: Path) -> list[str]:
    """What another account reads, though it is told every name."""
    done = subprocess.run(
        ["sh", "-c", READ], input="".join(f"{path}\n" for path, mode in below(state) if stat.S_ISREG(mode)),
        capture_output=True, text=True, check=False, user=STRANGER, group=STRANGER, extra_groups=[], cwd="/",
    )  # fmt: skip
    return done.stdout.splitlines()


async def send_texts(run: RunFile, state: Path, label: str) -> None:
    secret = secrets_of(state)["generic_secret"]
    async with aiohttp.ClientSession() as session:
        for n in range(TEXTS):
            body = b'{"id": "%b-%d", "from": "+12155550100", "text": "%d"}' % (label.encode(), n, n)
            headers = sign(secret, body, int(time.time()))
            async with session.post(f"{run.urls['intake']}/sms/generic", data=body, headers=headers) as r:
                assert r.status == 200
    await until_drained(run.urls["intake"])


async def stored(run: RunFile) -> int:
    connection = await connect(run.database_url)
    count: int = await connection.fetchval("select count(*) from messages")
    await connection.close()
    return count


def as_the_old_code_left_it(state: Path) -> None:
    """Folders of 0755 and files of 0644, but what was private then: secrets, addresses, database."""
    state.chmod(0o711)
    for path, mode in below(state):
        if stat.S_ISDIR(mode) and path != state / "postgres":
            path.chmod(0o755)
        elif stat.S_ISREG(mode) and path.name not in ("secrets.toml", "run.json"):
            path.chmod(0o644)


async def test_a_running_stacks_folder_is_private_and_one_of_the_old_codes_becomes_so(stage) -> None:
    before = os.umask(0)  # whoever starts it may have any umask
    try:
        staged = await stage()
    finally:
        os.umask(before)
    state, stack = staged.stack.state, staged.stack
    await send_texts(staged.run, state, "first")
    names = {path.suffix for path, _ in below(state)}
    assert names >= {".journal", ".journal-wal", ".json", ".log", ".toml", ".gz"}
    assert open_to_others(state) == []
    if os.geteuid() == 0:
        assert readable_by_a_stranger(state) == []

    await stack.stop()
    as_the_old_code_left_it(state)
    if os.geteuid() == 0:
        assert readable_by_a_stranger(state), "as it was found"
    run = await stack.start()
    assert await stored(run) == TEXTS
    await send_texts(run, state, "second")
    assert await stored(run) == 2 * TEXTS
    assert open_to_others(state) == []
    if os.geteuid() == 0:
        assert readable_by_a_stranger(state) == []


@pytest.mark.skipif(
    os.geteuid() != 0 or not shutil.which("setpriv"),
    reason="as an ordinary account the test above is this one",
)
async def test_as_an_ordinary_account() -> None:
    home, base = Path(tempfile.mkdtemp(prefix="beluga-test-")), free_port_base()
    shutil.chown(home, "nobody", "nogroup")
    up = [sys.executable, "-m", "beluga", "up", "--state", str(home / "state"), "--port-base", str(base)]
    process = subprocess.Popen(
        [*AS_NOBODY, *up], env=os.environ | {"HOME": str(home)}, cwd=home, umask=0, stdout=subprocess.DEVNULL
    )
    try:
        async with asyncio.timeout(90):
            while not (home / "state" / "run.json").exists() or not read_run_file(home / "state").pids.get(
                "dashboard"
            ):
                assert process.poll() is None
                await asyncio.sleep(0.1)
            while not list((home / "state").glob("intake/journal/*.journal")):
                await asyncio.sleep(0.1)
        found = [(p, m) for p, m in below(home / "state") if m & 0o077]
        assert found == []
        assert (home / "state").stat().st_mode & 0o777 == 0o700
        assert (home / "state" / "postgres").stat().st_mode & 0o777 == 0o700
    finally:
        process.terminate()
        process.wait(60)
        shutil.rmtree(home)
