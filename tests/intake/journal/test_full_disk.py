"""A full disk refuses texts, and keeps nobody from starting: neither intake, nor with its logs on it, too."""

import errno
import os
import signal
import subprocess
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import aiohttp
import apsw
import pytest

from election.runtime.clock import FixedClock
from intake.journal.folder import JournalFolder, JournalUnavailableError
from intake.journal.writer import Journal
from tests.intake.drain.test_drain import AT, a_draft
from tests.intake.running import IntakeProcess, a_text

Make = Callable[..., IntakeProcess]


class SmallDisk:
    """A file system of a few MiB, with a filler that takes every byte that is left."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._filler = folder / "filler"

    def fill(self) -> None:
        descriptor = os.open(self._filler, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        try:
            for size in (1 << 16, 1 << 12, 1):
                with suppress(OSError):
                    while True:
                        os.write(descriptor, b"\0" * size)
        finally:
            os.close(descriptor)

    def take_what_a_restart_frees(self, state: Path) -> None:
        """The index of the write-ahead log goes with the machine, and SQLite makes it anew."""
        for index in state.rglob("*-shm"):
            index.unlink()
        self.fill()

    def empty(self) -> None:
        self._filler.unlink()


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[SmallDisk]:
    folder = tmp_path / "small"
    folder.mkdir()
    if subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=6m", "tmpfs", str(folder)], check=False
    ).returncode:
        pytest.skip("only root may mount a small disk")
    yield SmallDisk(folder)
    subprocess.run(["umount", "-l", str(folder)], check=True)


async def status_of(session: aiohttp.ClientSession, url: str, path: str) -> int:
    async with session.get(f"{url}{path}") as response:
        await response.read()
        return response.status


async def send(session: aiohttp.ClientSession, url: str, key: str, text: str = "412") -> int:
    body, headers = a_text(key, text)
    async with session.post(f"{url}/sms/generic", data=body, headers=headers) as response:
        await response.read()
        return response.status


async def until_it_lives(intake: IntakeProcess, session: aiohttp.ClientSession) -> None:
    while True:
        assert intake.process is not None
        assert intake.process.poll() is None, intake.log
        with suppress(aiohttp.ClientError):
            if await status_of(session, intake.url, "/healthz") == 200:
                return


async def test_a_killed_intake_starts_again_on_a_full_disk(
    disk: SmallDisk, intake_at: Make, tmp_path: Path
) -> None:
    """State folder, journal and log are on the full disk. The ballast goes first; then there is none."""
    intake = intake_at("", more={"BELUGA_JOURNAL_BALLAST_MIB": "1"})
    intake.state = disk.folder / "state"
    acknowledged = []
    ballast = intake.state / "intake" / "journal" / "ballast"
    async with aiohttp.ClientSession() as session:
        await intake.running()
        for n in range(20):
            assert await send(session, intake.url, f"before-{n}") == 200
            acknowledged.append(f"before-{n}")
        disk.fill()
        n = 0
        while await send(session, intake.url, f"filling-{n}", "x" * 900) == 200:
            acknowledged.append(f"filling-{n}")
            n += 1
        assert await status_of(session, intake.url, "/readyz") == 503

        intake.end(signal.SIGKILL)
        assert ballast.exists()
        disk.take_what_a_restart_frees(intake.state)
        intake.start()
        await until_it_lives(intake, session)
        assert not ballast.exists(), "it made room to open the journal"
        assert await send(session, intake.url, "in the ballast's room") == 200
        acknowledged.append("in the ballast's room")

        disk.fill()
        while await send(session, intake.url, f"filling-{n}", "x" * 900) == 200:
            acknowledged.append(f"filling-{n}")
            n += 1
        intake.end(signal.SIGKILL)
        disk.take_what_a_restart_frees(intake.state)
        intake.start()
        await until_it_lives(intake, session)
        assert await send(session, intake.url, "refused") == 503
        async with session.get(f"{intake.url}/readyz") as response:
            assert (response.status, (await response.json())["journal"]) == (503, False)
        assert intake.process
        assert intake.process.poll() is None

        disk.empty()
        while await status_of(session, intake.url, "/readyz") != 200:
            pass
        assert await send(session, intake.url, "after") == 200
        acknowledged.append("after")
        assert "journal_torn" not in intake.log
    intake.end()
    folder = JournalFolder(intake.state / "intake" / "journal", FixedClock(AT), 1 << 30)
    kept = []
    while found := folder.backlog.undrained(1_000):
        kept += [m.provider_message_id for m in found.messages]
        folder.backlog.mark(found.label, found.messages[-1].journal_seq)
    folder.close()
    assert set(kept) >= set(acknowledged)
    assert len(kept) == len(set(kept))


async def test_what_waits_is_drained_once_there_is_room_to_open_it(disk: SmallDisk) -> None:
    """Without another text that would wake the drain; and row numbers go on where they were."""
    folder = disk.folder / "journal"
    journal = await Journal.open(folder, FixedClock(AT))
    kept = [(await journal.append(a_draft(f"{n}", "412", "r")))[0] for n in range(5)]
    copy = {path.name: path.read_bytes() for path in folder.iterdir()}  # as kill -9 leaves it
    await journal.close()
    for path in folder.iterdir():
        path.unlink()
    for name, content in copy.items():
        if not name.endswith("-shm"):
            (folder / name).write_bytes(content)
    disk.fill()
    journal = await Journal.open(folder, FixedClock(AT))
    assert not journal.healthy
    assert journal.torn == []
    with pytest.raises(JournalUnavailableError):
        await journal.append(a_draft("refused", "412", "r"))
    assert await journal.undrained(10) is None
    disk.empty()
    await journal.arrived.wait()
    waiting = await journal.undrained(10)
    assert waiting is not None
    assert waiting.messages == kept
    message, _ = await journal.append(a_draft("after", "412", "r"))
    assert message.journal_seq == kept[-1].journal_seq + 1
    await journal.close()


def test_the_ballast_is_not_what_fills_the_disk(disk: SmallDisk) -> None:
    folder = disk.folder / "journal"
    folder.mkdir()
    JournalFolder(folder, FixedClock(AT), 1 << 30, ballast_bytes=4 << 20).close()
    assert not (folder / "ballast").exists()
    JournalFolder(folder, FixedClock(AT), 1 << 30, ballast_bytes=1 << 20).close()
    assert (folder / "ballast").stat().st_size == 1 << 20


def test_another_failure_to_open_is_none_of_room(tmp_path: Path) -> None:
    (tmp_path / "in-the-way").write_text("")
    with pytest.raises((OSError, apsw.Error)) as raised:
        JournalFolder(tmp_path / "in-the-way", FixedClock(AT), 1 << 30)
    assert getattr(raised.value, "errno", None) != errno.ENOSPC
