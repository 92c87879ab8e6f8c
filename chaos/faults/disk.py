"""The journal's disk: full, failing and slow at fsync, or with a file that it has torn.

Full: the journal's folder must lie on a small file system of its own (a tmpfs made for the rehearsal), which
a filler file then fills; no real disk is ever filled. Failing: `sync_fault.c`, preloaded into the stack when
it started, makes fsync fail or wait as long as a control file says so.
"""

import contextlib
import errno
import os
import secrets
import shutil
import subprocess
from pathlib import Path
from typing import Any

from chaos.faults.processes import Killed
from chaos.faults.protocol import Fault, UnavailableError
from chaos.faults.shim import SYNC

TORN_BYTES = 4_096  # a page of SQLite's
LARGEST_DISK = 1 << 30  # bytes; a larger one is somebody's real disk


class DiskFull(Fault):
    """No byte is left where the journal lives."""

    name = "disk_full"
    trace = "the file system has no byte left"
    needs = ("root, for a small disk of the journal's own",)

    @property
    def filler(self) -> Path:
        return self.target.state / "intake" / "filler"

    def setup(self) -> None:
        if not os.path.ismount(self.filler.parent):
            raise UnavailableError("the journal has no small disk of its own here (run as root)")
        disk = os.statvfs(self.filler.parent)
        if disk.f_blocks * disk.f_frsize > LARGEST_DISK:
            raise UnavailableError("the journal's disk is a real one, and is not filled")

    def inject(self) -> None:
        descriptor = os.open(self.filler, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        try:
            for size in (1 << 20, 1 << 12, 1):
                with contextlib.suppress(OSError):
                    while True:
                        os.write(descriptor, b"\0" * size)
        finally:
            os.close(descriptor)
        self.found["left"] = os.statvfs(self.filler.parent).f_bavail

    def happened(self) -> bool:
        return self.found.get("left") == 0  # looked at when it was filled: intake soon gives up its ballast

    def heal(self) -> None:
        self.filler.unlink(missing_ok=True)


class SyncFault(Fault):
    """fsync of the journal fails with EIO (`mode: eio`, of `percent` of calls) or takes `mode: slow` ms."""

    name = "sync_fault"
    trace = "the shim says that it failed or delayed a call"
    needs = ("a C compiler",)

    def setup(self) -> None:
        if not SYNC.heeded_by(self.target.pid("intake")):
            raise UnavailableError("intake was started without the fsync shim (it needs a C compiler)")

    def inject(self) -> None:
        mode, amount = self.arguments["mode"], int(self.arguments.get("amount", 100))
        if mode not in ("eio", "slow"):
            raise ValueError(f"{mode!r} is no mode: write eio or slow")
        control = SYNC.file(self.target.state)
        self._hurt.unlink(missing_ok=True)
        half = control.with_suffix(".new")
        half.write_text(f"{mode} {amount}\n")
        half.replace(control)

    @property
    def _hurt(self) -> Path:
        return Path(f"{SYNC.file(self.target.state)}.hurt")

    def happened(self) -> bool:
        return self._hurt.exists()

    def heal(self) -> None:
        SYNC.file(self.target.state).unlink(missing_ok=True)


class JournalTorn(Killed):
    """An older journal file whose first page is no longer what it was; intake is killed, so that it looks.

    It is a copy of the newest one, torn: no text is truly lost. Healing takes it away and kills intake again,
    unless somebody has put it away already.
    """

    name = "journal_torn"
    trace = "the file's first page is torn, and the intake that ran before is gone"

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self.arguments["service"] = "intake"

    @property
    def file(self) -> Path:
        return self.target.journal / str(self.found["file"])

    def setup(self) -> None:
        super().setup()
        self.found["file"] = f"00000000T000000-{secrets.token_hex(3)}.journal"  # sorts before every other
        if not list(self.target.journal.glob("*.journal")):
            raise UnavailableError(f"{self.target.journal} holds no journal file of this machine")

    def inject(self) -> None:
        content = max(self.target.journal.glob("*.journal")).read_bytes()
        half = self.file.with_suffix(".half")
        half.write_bytes(TORN_BYTES * b"\xff" + content[TORN_BYTES:])
        half.replace(self.file)
        super().inject()

    def happened(self) -> bool:
        try:
            with self.file.open("rb") as file:
                torn = file.read(TORN_BYTES) == TORN_BYTES * b"\xff"
        except (OSError, KeyError):
            return False
        return torn and self.gone()

    def heal(self) -> None:
        if "file" in self.found and self.file.exists():
            for part in self.file.parent.glob(f"{self.file.name}*"):
                part.unlink(missing_ok=True)
            self._kill()


def small_disk(folder: Path, mebibytes: int = 96) -> bool:
    """Mounts a small disk at `folder`, where we may; take it away with `no_small_disk`."""
    if os.geteuid() != 0 or shutil.which("mount") is None:
        return False
    folder.mkdir(parents=True, exist_ok=True)
    command = ["mount", "-t", "tmpfs", "-o", f"size={mebibytes}m,mode=0700", "tmpfs", str(folder)]
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


def no_small_disk(folder: Path) -> None:
    """Takes away what `small_disk` made, if it did. Raises `OSError` where it is still in use."""
    if os.path.ismount(folder) and subprocess.run(["umount", str(folder)], check=False).returncode:
        raise OSError(errno.EBUSY, f"{folder} is still in use")
