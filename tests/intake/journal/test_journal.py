"""The journal keeps what it acknowledged, once, through restarts, full disks and failing ones."""

import asyncio
import random
import shutil
import subprocess
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import apsw
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from election.domain.checkin import Channel, Message
from election.runtime.clock import Clock, FixedClock
from intake.journal.draft import MessageDraft
from intake.journal.file import JournalFile, TornJournalError
from intake.journal.writer import Journal, JournalUnavailableError

AT = datetime(2026, 11, 3, 15, 5, 0, 123456, tzinfo=UTC)


def a_draft(key: str, body: str = "412", raw: bytes = b"{}", provider: str = "generic") -> MessageDraft:
    return MessageDraft(
        provider, key, Channel.SMS, "+12155550101", body, raw, AT, AT - timedelta(minutes=1), "r1"
    )


@asynccontextmanager
async def opened(
    folder: Path, rotate_bytes: int = 1 << 30, ballast: int = 0, clock: Clock | None = None
) -> AsyncIterator[Journal]:
    journal = await Journal.open(folder, clock, rotate_bytes=rotate_bytes, ballast_bytes=ballast)
    try:
        yield journal
    finally:
        await journal.close()


async def everything(journal: Journal, limit: int = 1000, mark: bool = True) -> list[Message]:
    seen = []
    while found := await journal.undrained(limit):
        seen += found.messages
        if not mark:
            break
        await journal.mark(found.label, found.messages[-1].journal_seq)
    return seen


async def until(condition: Callable[[], bool], seconds: float = 10.0) -> None:
    async with asyncio.timeout(seconds):
        while not condition():
            await asyncio.sleep(0.01)


async def test_what_was_appended_comes_back_as_it_was(tmp_path: Path) -> None:
    draft = a_draft("1", 'a\0b \u2028 ñ 😀 \\ "', bytes(range(256)))
    async with opened(tmp_path) as journal:
        message, duplicate = await journal.append(draft)
        assert not duplicate
        assert await everything(journal) == [message]
        assert await journal.append(draft) == (message, True)
    assert (message.body, message.raw, message.sent_at) == (draft.body, draft.raw, draft.sent_at)
    assert message.received_at == AT


@given(st.lists(st.tuples(st.sampled_from("ab"), st.text("xyz", max_size=1)), max_size=40))
@settings(max_examples=25, deadline=None)
async def test_a_key_is_stored_once_and_answers_alike(
    tmp_path_factory: pytest.TempPathFactory, keys: list[tuple[str, str]]
) -> None:
    async with opened(tmp_path_factory.mktemp("journal")) as journal:
        taken = await asyncio.gather(
            *(
                journal.append(a_draft(key, f"{i}", provider=provider))
                for i, (provider, key) in enumerate(keys)
            )
        )
        first: dict[tuple[str, str], Message] = {}
        for key, (message, duplicate) in zip(keys, taken, strict=True):
            assert duplicate == (key in first)
            assert first.setdefault(key, message) == message
        stored = await everything(journal, 7)
        assert stored == sorted(first.values(), key=lambda m: m.journal_seq)
        assert journal.depth == 0


@pytest.mark.parametrize("count", [1, 2, 255, 256, 257, 1500])
async def test_batches_of_any_size(tmp_path: Path, count: int) -> None:
    async with opened(tmp_path) as journal:
        taken = await asyncio.gather(*(journal.append(a_draft(f"{i}", f"{i}")) for i in range(count)))
        assert [m.body for m, _ in taken] == [f"{i}" for i in range(count)]
        assert journal.depth == count
        assert await everything(journal, 100) == [m for m, _ in taken]


async def test_a_restart_goes_on_in_the_same_file(tmp_path: Path) -> None:
    async with opened(tmp_path) as journal:
        one, _ = await journal.append(a_draft("1"))
        two, _ = await journal.append(a_draft("2"))
        await journal.mark(one.journal, one.journal_seq)
    async with opened(tmp_path) as journal:
        assert journal.depth == 1
        assert journal.arrived.is_set()
        again, duplicate = await journal.append(a_draft("1"))
        assert duplicate
        assert again == one
        three, _ = await journal.append(a_draft("3"))
        assert three.journal == one.journal
        assert three.journal_seq > two.journal_seq
        assert await everything(journal) == [two, three]
    async with opened(tmp_path) as journal:
        assert await everything(journal) == []


async def test_files_rotate_by_size_and_are_all_drained_and_remembered(tmp_path: Path) -> None:
    clock = FixedClock(AT)  # all of one second: names say nothing about the order
    async with opened(tmp_path, clock=clock, rotate_bytes=100_000) as journal:
        taken = []
        for batch in range(5):
            taken += await asyncio.gather(
                *(journal.append(a_draft(f"{batch}-{i}", raw=b"x" * 100)) for i in range(4100))
            )
        messages = [m for m, _ in taken]
        assert len({m.journal for m in messages}) > 1
        assert len({m.journal_seq for m in messages}) == len(messages)
        again, duplicate = await journal.append(a_draft("0-0"))
        assert duplicate
        assert again == messages[0]
        first = await journal.undrained(1000)
        assert first
        await journal.mark(first.label, first.messages[-1].journal_seq)
    async with opened(tmp_path, clock=clock, rotate_bytes=100_000) as journal:
        assert journal.depth == len(messages) - 1000
        assert await everything(journal) == messages[1000:]
        assert journal.depth == 0
    async with opened(tmp_path, clock=clock, rotate_bytes=100_000) as journal:
        assert journal.depth == 0


async def test_two_processes_never_share_a_journal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("intake.journal.writer.LOCK_SECONDS", 0.2)
    async with opened(tmp_path):
        with pytest.raises(JournalUnavailableError):
            await Journal.open(tmp_path)
    async with opened(tmp_path) as journal:
        assert journal.healthy


@pytest.mark.parametrize("damage", ["garbage", "emptied", "middle", "newer", "other"])
async def test_a_torn_file_is_refused_by_name_and_keeps_nobody_out(tmp_path: Path, damage: str) -> None:
    async with opened(tmp_path) as journal:
        await asyncio.gather(*(journal.append(a_draft(f"{i}", raw=b"x" * 500)) for i in range(500)))
    (path,) = tmp_path.glob("*.journal")
    if damage == "garbage":
        path.write_bytes(random.Random(1).randbytes(10_000))
    elif damage == "emptied":
        path.write_bytes(b"")
    elif damage == "middle":
        content = bytearray(path.read_bytes())
        content[4096:40_000] = random.Random(1).randbytes(40_000 - 4096)
        path.write_bytes(content)
    else:
        db = apsw.Connection(str(path))
        db.execute("pragma user_version = 99" if damage == "newer" else "pragma application_id = 7")
        db.close()
    before = path.read_bytes()
    async with opened(tmp_path) as journal:
        message, duplicate = await journal.append(a_draft("fresh"))
        assert not duplicate
        assert (await everything(journal))[-1:] == [message]
        assert path in [torn.path for torn in journal.torn]
        assert str(path) in str(journal.torn[0])
    if damage != "middle":
        assert path.read_bytes() == before


def test_verify_tells_a_sound_file_from_a_damaged_one(tmp_path: Path) -> None:
    file = JournalFile.create(tmp_path, AT)
    file.append([a_draft(f"{i}", raw=b"x" * 900) for i in range(400)], {})
    file.verify()
    file.close()
    content = bytearray(file.path.read_bytes())
    content[60_000:64_000] = bytes(4_000)
    file.path.write_bytes(content)
    with pytest.raises(TornJournalError):
        JournalFile(file.path).verify()


class FailingDisk(apsw.VFS):
    """The machine's own file system, whose syncs fail while `failing` (EIO) or take `slow_seconds` longer.
    Counts syncs of each file.
    """

    def __init__(self) -> None:
        self.failing = False
        self.slow_seconds = 0.0
        self.slow = 0  # syncs that took longer
        self.failed: list[str] = []
        self.synced_after_failure: list[str] = []
        super().__init__("failing", base="", makedefault=True)

    def xOpen(self, name: object, flags: list[int]) -> "FailingFile":
        return FailingFile(self, name, flags)


class FailingFile(apsw.VFSFile):
    def __init__(self, disk: FailingDisk, name: object, flags: list[int]) -> None:
        self.disk = disk
        self.name = name.filename() if hasattr(name, "filename") else str(name)
        super().__init__("unix", name, flags)

    def xSync(self, flags: int) -> None:
        time.sleep(self.disk.slow_seconds)
        self.disk.slow += self.disk.slow_seconds > 0
        if self.disk.failing:
            self.disk.failed.append(self.name)
            raise apsw.IOError("injected")
        if self.name in self.disk.failed:
            self.disk.synced_after_failure.append(self.name)
        super().xSync(flags)


@pytest.fixture
def failing_disk() -> Iterator[FailingDisk]:
    disk = FailingDisk()
    yield disk
    disk.unregister()


async def test_a_failed_sync_is_never_acknowledged_nor_tried_again(
    tmp_path: Path, failing_disk: FailingDisk
) -> None:
    async with opened(tmp_path) as journal:
        kept = [(await journal.append(a_draft(f"before-{i}")))[0] for i in range(20)]
        failing_disk.failing = True
        refused = await asyncio.gather(
            *(journal.append(a_draft(f"during-{i}")) for i in range(20)), return_exceptions=True
        )
        assert all(isinstance(r, JournalUnavailableError) for r in refused)
        assert not journal.healthy
        failing_disk.failing = False
        await until(lambda: journal.healthy)
        kept += [(await journal.append(a_draft(f"after-{i}")))[0] for i in range(20)]
        again = [(await journal.append(a_draft(f"during-{i}")))[0] for i in range(20)]
        assert {m.journal for m in kept[:20]} != {m.journal for m in kept[20:]}
        stored = await everything(journal)
        assert {m.message_id for m in stored} == {m.message_id for m in kept + again}
    assert failing_disk.failed
    assert not failing_disk.synced_after_failure
    async with opened(tmp_path) as journal:
        assert await everything(journal) == []
        for message in kept + again:
            assert await journal.append(a_draft(message.provider_message_id)) == (message, True)


async def test_a_slow_disk_costs_time_and_no_text(tmp_path: Path, failing_disk: FailingDisk) -> None:
    """What arrives during a slow sync shares the next one, and the event loop goes on."""
    async with opened(tmp_path) as journal:
        failing_disk.slow_seconds = 0.3
        turns = 0
        waiting = [asyncio.create_task(journal.append(a_draft(f"{i}"))) for i in range(200)]
        while not all(task.done() for task in waiting):
            turns += 1
            await asyncio.sleep(0.01)
        assert 0 < failing_disk.slow < 200 / 4
        assert turns > 10
        assert journal.slowest_commit() >= 0.3
        failing_disk.slow_seconds = 0.0
        assert {m.provider_message_id for m in await everything(journal)} == {f"{i}" for i in range(200)}


class JumpingClock:
    """A clock that somebody sets back or forth by hours between any two looks."""

    speed = 1.0

    def __init__(self) -> None:
        self._chance = random.Random(3)

    def now(self) -> datetime:
        return AT + timedelta(hours=self._chance.randrange(-48, 48))


async def test_a_clock_that_jumps_mixes_nothing_up(tmp_path: Path) -> None:
    """Files are named by the clock, but rows are numbered and marked by themselves."""
    taken: list[Message] = []
    for run in range(4):
        journal = await Journal.open(tmp_path, JumpingClock(), rotate_bytes=50_000)
        drafts = [a_draft(f"{run}-{i}", raw=b"x" * 60) for i in range(4100)]  # its size is looked at by then
        taken += [m for m, _ in await asyncio.gather(*map(journal.append, drafts))]
        first = await journal.undrained(3_000)
        assert first
        await journal.mark(first.label, first.messages[-1].journal_seq)
        drained = {m.message_id for m in first.messages}
        taken = [m for m in taken if m.message_id not in drained]
        _, duplicate = await journal.append(a_draft("0-0"))
        assert duplicate
        await journal.close()
    assert (
        len({(m.journal, m.journal_seq) for m in taken}) == len({m.journal_seq for m in taken}) == len(taken)
    )
    async with opened(tmp_path) as journal:
        assert journal.depth == len(taken)
        found = await everything(journal)
        assert {m.message_id for m in found} == {m.message_id for m in taken}
        assert len(found) == len(taken)


async def test_a_full_disk_refuses_and_recovers(tmp_path: Path) -> None:
    small = tmp_path / "small"
    small.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=3m", "tmpfs", str(small)], check=False)
    if mounted.returncode:
        pytest.skip("only root may mount a small disk")
    try:
        async with opened(small / "journal", ballast=1 << 20) as journal:
            kept: list[Message] = []
            with pytest.raises(JournalUnavailableError):
                for i in range(1000):
                    kept.append((await journal.append(a_draft(f"{i}", raw=b"x" * 8000)))[0])
            assert not journal.healthy
            (small / "journal" / "ballast").unlink()
            await until(lambda: journal.healthy)
            kept.append((await journal.append(a_draft("after")))[0])
            assert await everything(journal) == kept
    finally:
        subprocess.run(["umount", str(small)], check=True)


async def test_a_mark_that_was_lost_repeats_and_loses_nothing(tmp_path: Path) -> None:
    async with opened(tmp_path) as journal:
        taken = [(await journal.append(a_draft(f"{i}")))[0] for i in range(5)]
        copied = tmp_path / "copy"
        copied.mkdir()
        for path in tmp_path.glob("*.journal*"):
            shutil.copy(path, copied)
        await journal.mark(taken[-1].journal, taken[-1].journal_seq)
    async with opened(copied) as journal:
        assert await everything(journal) == taken


async def test_the_first_roster_is_settled_for_good(tmp_path: Path) -> None:
    async with opened(tmp_path) as journal:
        assert await journal.settle("first_roster", "a") == "a"
        assert await journal.settle("first_roster", "b") == "a"
    async with opened(tmp_path) as journal:
        assert await journal.settle("first_roster", "c") == "a"
