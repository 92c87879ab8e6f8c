"""A torn journal file is put away whole, and nothing else is touched."""

import shutil
from pathlib import Path

from typer.testing import CliRunner

from beluga.commands import app
from election.runtime.clock import FixedClock
from intake.journal.folder import JournalFolder
from tests.intake.drain.test_drain import AT, a_draft


def aside(state: Path, to: Path):
    return CliRunner().invoke(app, ["journal", "aside", str(to), "--state", str(state)])


def test_what_cannot_be_opened_is_moved_with_its_log_and_intake_starts_without_it(tmp_path: Path) -> None:
    journal = tmp_path / "intake" / "journal"
    journal.mkdir(parents=True)
    JournalFolder(journal, FixedClock(AT), 1 << 20).close()
    (whole,) = journal.glob("*.journal")
    torn = journal / "00000000T000000-torn[1].journal"
    torn.write_bytes(b"\xff" * 8_192)
    Path(f"{torn}-wal").write_bytes(b"the newest texts")
    assert len(JournalFolder(journal, FixedClock(AT), 1 << 20).files.torn) == 1

    done = aside(tmp_path, tmp_path / "torn")
    assert done.exit_code == 0, done.output
    assert "1 moved" in done.output
    assert (tmp_path / "torn" / torn.name).read_bytes() == b"\xff" * 8_192
    assert (tmp_path / "torn" / f"{torn.name}-wal").read_bytes() == b"the newest texts"
    assert [p.name for p in journal.glob("*.journal")] == [whole.name]
    assert JournalFolder(journal, FixedClock(AT), 1 << 20).files.torn == []
    assert "no file is torn" in aside(tmp_path, tmp_path / "torn").output


def test_a_torn_file_keeps_its_log_however_often_it_is_opened(tmp_path: Path) -> None:
    """SQLite would write the log into the damaged file and delete it: the newest texts are there alone."""
    live, copy = tmp_path / "live", tmp_path / "copy"
    live.mkdir()
    journal = JournalFolder(live, FixedClock(AT), 1 << 20)
    journal.store([a_draft(f"{n}", "412", "r") for n in range(50)])
    shutil.copytree(live, copy)
    journal.close()
    (torn,) = copy.glob("*.journal")
    torn.write_bytes(b"\xff" * 4_096 + torn.read_bytes()[4_096:])
    before = torn.read_bytes(), Path(f"{torn}-wal").read_bytes()
    assert len(before[1]) > 4_096
    for _ in range(2):
        again = JournalFolder(copy, FixedClock(AT), 1 << 20)
        assert [found.path for found in again.files.torn] == [torn]
        again.close()
    assert (torn.read_bytes(), Path(f"{torn}-wal").read_bytes()) == before


def test_nothing_put_away_before_is_overwritten(tmp_path: Path) -> None:
    journal = tmp_path / "intake" / "journal"
    journal.mkdir(parents=True)
    (journal / "a.journal").write_bytes(b"\xff" * 8_192)
    (tmp_path / "torn").mkdir()
    (tmp_path / "torn" / "a.journal").write_bytes(b"of yesterday")
    done = aside(tmp_path, tmp_path / "torn")
    assert done.exit_code == 1
    assert (journal / "a.journal").exists()
    assert (tmp_path / "torn" / "a.journal").read_bytes() == b"of yesterday"
