"""A write-ahead log that was damaged or deleted is said; a crash or a power cut is no damage."""

import random
import shutil
import signal
from collections.abc import Callable
from pathlib import Path

import aiohttp
import pytest
from typer.testing import CliRunner

from beluga.commands import app
from election.runtime.clock import FixedClock
from intake.journal.file import JournalFile
from intake.journal.folder import JournalFolder, JournalUnavailableError
from intake.journal.high_water import SUFFIX, HighWater
from tests.intake.drain.test_drain import AT, a_draft
from tests.intake.running import IntakeProcess, a_text, metric

FRAME = 4_096 + 24
Make = Callable[..., IntakeProcess]


def opened(folder: Path) -> JournalFolder:
    return JournalFolder(folder, FixedClock(AT), 1 << 30)


def crashed(folder: Path, to: Path, texts: int = 40) -> list[str]:
    """Leaves in `to` what kill -9 leaves of a journal with so many texts, each in a commit of its own."""
    folder.mkdir()
    journal = opened(folder)
    for n in range(texts):
        assert not isinstance(journal.store([a_draft(f"{n}", "412", "r")])[0], JournalUnavailableError)
    shutil.copytree(folder, to)
    journal.close()
    return [f"{n}" for n in range(texts)]


def log_of(folder: Path) -> Path:
    (found,) = folder.glob("*-wal")
    return found


def keys(journal: JournalFolder) -> list[str]:
    found = []
    while some := journal.backlog.undrained(1_000):
        found += [m.provider_message_id for m in some.messages]
        journal.backlog.mark(some.label, some.messages[-1].journal_seq)
    return found


def deleted(log: Path) -> None:
    log.unlink()


def damaged_in_the_middle(log: Path) -> None:
    content = bytearray(log.read_bytes())
    content[len(content) // 2] ^= 0xFF
    log.write_bytes(content)


def damaged_head(log: Path) -> None:
    log.write_bytes(b"\0" * 32 + log.read_bytes()[32:])


def cut_short(log: Path) -> None:
    log.write_bytes(log.read_bytes()[:-FRAME])


@pytest.mark.parametrize("how", [deleted, damaged_in_the_middle, damaged_head, cut_short])
def test_texts_that_a_lost_log_held_are_missed(tmp_path: Path, how: Callable[[Path], None]) -> None:
    sent = crashed(tmp_path / "live", tmp_path / "it")
    how(log_of(tmp_path / "it"))
    for run in range(2):  # it is said until somebody has looked after it
        journal = opened(tmp_path / "it")
        (torn,) = journal.files.torn
        assert "40 were acknowledged and are not there" in torn.why
        there = keys(journal)
        if run == 0:
            assert there == sent[: len(there)], "what is there is drained all the same"
            assert len(there) < len(sent)
        (taken,) = journal.store([a_draft(f"new-{run}", "412", "r")])
        assert not isinstance(taken, JournalUnavailableError)
        assert taken[0].journal_seq == 41 + run, "no number is given twice"
        assert taken[0].journal != JournalFile(torn.path, read_only=True).label, "it is not written any more"
        shutil.rmtree(tmp_path / "again", ignore_errors=True)
        shutil.copytree(tmp_path / "it", tmp_path / "again")
        journal.close()
    done = CliRunner().invoke(app, ["journal", "ls", str(tmp_path / "again")])
    assert done.exit_code == 1
    assert "TORN" in done.output
    done = CliRunner().invoke(app, ["journal", "verify", str(torn.path)])
    assert done.exit_code == 1
    assert "DAMAGED" in done.output


def test_what_may_be_recovered_from_a_damaged_log_is_left_in_it(tmp_path: Path) -> None:
    crashed(tmp_path / "live", tmp_path / "it")
    log = log_of(tmp_path / "it")
    damaged_in_the_middle(log)
    before = log.read_bytes()
    journal = opened(tmp_path / "it")
    keys(journal)
    journal.store([a_draft("new", "412", "r")])
    journal.close()
    assert log.read_bytes() == before


def test_no_crash_and_no_clean_end_is_taken_for_damage(tmp_path: Path) -> None:
    """Commits of any size, with duplicates; ended, or copied as kill -9 leaves it, and opened again."""
    chance = random.Random(4)
    folder = tmp_path / "0"
    folder.mkdir()
    sent: set[str] = set()
    for run in range(1, 12):
        journal = opened(folder)
        assert journal.files.torn == []
        for _ in range(chance.randrange(0, 8)):
            names = [f"{chance.randrange(400)}" for _ in range(chance.choice([1, 1, 3, 200]))]
            assert not any(
                isinstance(r, JournalUnavailableError)
                for r in journal.store([a_draft(n, "412", "r") for n in names])
            )
            sent |= set(names)
        if chance.random() < 0.6:
            shutil.copytree(folder, tmp_path / f"{run}")
            folder = tmp_path / f"{run}"
        journal.close()
    journal = opened(folder)
    assert journal.files.torn == []
    assert sorted(keys(journal)) == sorted(sent)
    journal.close()


def test_a_power_cut_that_takes_an_unacknowledged_end_is_no_damage(tmp_path: Path) -> None:
    """A commit was being written when the power went: some of it is there, and nobody was answered."""
    folder = tmp_path / "live"
    folder.mkdir()
    journal = opened(folder)
    journal.store([a_draft(f"{n}", "412", "r") for n in range(20)])
    (note,) = folder.glob(f"*{SUFFIX}")
    noted = note.read_bytes()
    journal.store([a_draft(f"late-{n}", "412", "r") for n in range(20)])
    shutil.copytree(folder, tmp_path / "cut")
    journal.close()
    (tmp_path / "cut" / note.name).write_bytes(noted)
    cut_short(log_of(tmp_path / "cut"))
    again = opened(tmp_path / "cut")
    assert again.files.torn == []
    assert keys(again) == [f"{n}" for n in range(20)]
    again.close()


def test_a_journal_of_before_has_no_note_and_gets_one(tmp_path: Path) -> None:
    sent = crashed(tmp_path / "live", tmp_path / "it")
    (note,) = (tmp_path / "it").glob(f"*{SUFFIX}")
    note.unlink()
    journal = opened(tmp_path / "it")
    assert journal.files.torn == []
    journal.store([a_draft("new", "412", "r")])
    assert keys(journal) == [*sent, "new"]
    assert HighWater(note.with_name(note.name.removesuffix(SUFFIX))).read() == 41
    journal.close()


@pytest.mark.parametrize("torn", [b"", b"\xff" * 40, b"\0" * 28])
def test_a_torn_note_is_no_note(tmp_path: Path, torn: bytes) -> None:
    note = HighWater(tmp_path / "a.journal")
    note.note(7)
    note.note(9)
    note.close()
    assert note.read() == 9
    path = tmp_path / f"a.journal{SUFFIX}"
    content = path.read_bytes()
    path.write_bytes(b"\xff\xff" + content[2:])  # the newer or the older of two was being written
    assert note.read() in (7, 9)
    path.write_bytes(torn)
    assert note.read() == 0


def test_a_log_deleted_while_in_use_is_saved_and_said(tmp_path: Path) -> None:
    folder = tmp_path / "it"
    folder.mkdir()
    journal = opened(folder)
    acknowledged = [f"{n}" for n in range(30)]
    for key in acknowledged:
        journal.store([a_draft(key, "412", "r")])
    log_of(folder).unlink()
    (refused,) = journal.store([a_draft("during", "412", "r")])
    assert isinstance(refused, JournalUnavailableError), "it is on no disk, and its sender sends it again"
    assert "deleted while in use" in journal.files.torn[0].why
    (taken,) = journal.store([a_draft("after", "412", "r")])
    assert not isinstance(taken, JournalUnavailableError)
    shutil.copytree(folder, tmp_path / "as kill -9 leaves it")
    journal.close()
    again = opened(tmp_path / "as kill -9 leaves it")
    assert set(keys(again)) >= {*acknowledged, "after"}
    assert again.files.torn == []
    again.close()


async def test_intake_says_it_where_people_and_machines_look(intake_at: Make) -> None:
    intake = await intake_at("").running()
    async with aiohttp.ClientSession() as session:

        async def send(key: str) -> int:
            body, headers = a_text(key, "412")
            async with session.post(f"{intake.url}/sms/generic", data=body, headers=headers) as response:
                return response.status

        for n in range(30):
            assert await send(f"{n}") == 200
        intake.end(signal.SIGKILL)
        log_of(intake.state / "intake" / "journal").unlink()
        before = intake.log.count('"service_ready"')
        intake.start()
        while intake.log.count('"service_ready"') == before:
            pass
        async with session.get(f"{intake.url}/readyz") as response:
            assert response.status == 503
            assert await response.json() == {"journal": True, "journal_whole": False}
        assert await metric(session, intake.url, "beluga_intake_journal_torn") == 1
        assert "journal_torn" in intake.log
        assert await send("new") == 200, "it takes texts all the same"
        state = str(intake.state)
        aside = ["journal", "aside", str(intake.state / "torn"), "--state", state]
        assert "1 moved" in CliRunner().invoke(app, aside).output
        intake.end()
        await intake.running()
        assert await metric(session, intake.url, "beluga_intake_journal_torn") == 0
