"""The journal's disk: full, or failing and slow at fsync.

Full: the journal's folder must lie on a small file system of its own (a tmpfs made for the rehearsal), which
a filler file then fills; no real disk is ever filled. Failing: `sync_fault.c`, preloaded into the stack when
it started, makes fsync fail or wait as long as a control file says so.
"""

import contextlib
import errno
import hashlib
import os
import shutil
import subprocess
import tempfile
from pathlib import Path

from chaos.faults.protocol import Fault, UnavailableError

LARGEST_DISK = 1 << 30  # bytes; a larger one is somebody's real disk
CONTROL = "sync-fault"  # the control file's name, in the state folder
CONTROL_VARIABLE = "CHAOS_SYNC_FAULT"
SOURCE = Path(__file__).with_name("sync_fault.c")


class DiskFull(Fault):
    """No byte is left where the journal lives."""

    name = "disk_full"
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

    def heal(self) -> None:
        self.filler.unlink(missing_ok=True)


class SyncFault(Fault):
    """fsync of the journal fails with EIO (`mode: eio`, of `percent` of calls) or takes `mode: slow` ms."""

    name = "sync_fault"
    needs = ("a C compiler",)

    @property
    def control(self) -> Path:
        return self.target.state / CONTROL

    def setup(self) -> None:
        pid = self.target.pid("intake")
        environment = Path(f"/proc/{pid}/environ").read_bytes() if pid else b""
        if CONTROL_VARIABLE.encode() not in environment:
            raise UnavailableError("intake was started without the fsync shim (it needs a C compiler)")

    def inject(self) -> None:
        mode, amount = self.arguments["mode"], int(self.arguments.get("amount", 100))
        if mode not in ("eio", "slow"):
            raise ValueError(f"{mode!r} is no mode: write eio or slow")
        half = self.control.with_suffix(".new")
        half.write_text(f"{mode} {amount}\n")
        half.replace(self.control)

    def heal(self) -> None:
        self.control.unlink(missing_ok=True)


def build_shim(folder: Path | None = None) -> Path | None:
    """Compiles the shim, once; None where there is no compiler."""
    compiler = shutil.which("cc") or shutil.which("gcc")
    if compiler is None:
        return None
    digest = hashlib.sha256(SOURCE.read_bytes()).hexdigest()[:12]
    folder = folder or Path(tempfile.gettempdir()) / f"beluga-chaos-{os.getuid()}"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    if folder.stat().st_uid != os.getuid():
        return None
    library = folder / f"sync-fault-{digest}.so"
    if not library.exists():
        half = library.with_suffix(f".{os.getpid()}")
        command = [compiler, "-shared", "-fPIC", "-O1", "-o", str(half), str(SOURCE), "-ldl"]
        if subprocess.run(command, capture_output=True, check=False).returncode:
            return None
        half.replace(library)
    return library


def small_disk(folder: Path, mebibytes: int = 96) -> bool:
    """Mounts a small disk at `folder`, where we may; take it away with `no_small_disk`."""
    if os.geteuid() != 0 or shutil.which("mount") is None:
        return False
    folder.mkdir(parents=True, exist_ok=True)
    command = ["mount", "-t", "tmpfs", "-o", f"size={mebibytes}m,mode=0755", "tmpfs", str(folder)]
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


def no_small_disk(folder: Path) -> None:
    """Takes away what `small_disk` made, if it did. Raises `OSError` where it is still in use."""
    if os.path.ismount(folder) and subprocess.run(["umount", str(folder)], check=False).returncode:
        raise OSError(errno.EBUSY, f"{folder} is still in use")
