"""The state folder: one stack at a time, secrets made once and private."""

import os
from pathlib import Path

import pytest

from beluga.stack.stack import (
    NoStackError,
    Ports,
    RunFile,
    StackBusyError,
    database_url,
    lock,
    read_run_file,
    secrets_of,
    urls_of,
    write_run_file,
)


def _run(pid: int) -> RunFile:
    return RunFile(pid, "2026-11-03T12:00:00+00:00", {}, urls_of(Ports.from_base(8400)), "postgresql://x/y")


def test_secrets_are_made_once_private_and_the_environment_wins(tmp_path: Path, monkeypatch) -> None:
    first = secrets_of(tmp_path)
    assert first == secrets_of(tmp_path)
    assert len(first["secret"]) >= 32
    assert (tmp_path / "secrets.toml").stat().st_mode & 0o777 == 0o600
    monkeypatch.setenv("BELUGA_GENERIC_SECRET", "from outside")
    assert secrets_of(tmp_path)["generic_secret"] == "from outside"
    monkeypatch.delenv("BELUGA_GENERIC_SECRET")
    assert secrets_of(tmp_path) == first


def test_one_stack_a_folder(tmp_path: Path) -> None:
    held = lock(tmp_path)
    with pytest.raises(StackBusyError):
        lock(tmp_path)
    held.close()
    lock(tmp_path).close()


def test_the_run_file_counts_only_while_its_supervisor_lives(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.delenv("BELUGA_DATABASE_URL", raising=False)
    with pytest.raises(NoStackError):
        read_run_file(tmp_path)
    write_run_file(tmp_path, _run(os.getpid()))
    assert read_run_file(tmp_path) == _run(os.getpid())
    assert database_url(tmp_path) == "postgresql://x/y"
    assert (tmp_path / "run.json").stat().st_mode & 0o777 == 0o600
    write_run_file(tmp_path, _run(2**22 + 1))
    with pytest.raises(NoStackError):
        database_url(tmp_path)
    (tmp_path / "run.json").write_text("{torn")
    with pytest.raises(NoStackError):
        read_run_file(tmp_path)
    monkeypatch.setenv("BELUGA_DATABASE_URL", "postgresql://mine/beluga")
    assert database_url(tmp_path) == "postgresql://mine/beluga"
