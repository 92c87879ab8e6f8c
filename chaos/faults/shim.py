"""Faults that sit inside the stack's processes, and the control files by which a rehearsal switches them.

A rehearsal's stack is started with `sync_fault.c` preloaded and with the folder `deployed` on its path. Both
do nothing until a control file appears in the state folder.
"""

import hashlib
import os
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

SOURCE = Path(__file__).with_name("sync_fault.c")


@dataclass(frozen=True, slots=True)
class Control:
    """A control file: its name in the state folder, and the variable that tells the processes where it is."""

    name: str
    variable: str

    def file(self, state: Path) -> Path:
        return state / self.name

    def heeded_by(self, pid: int | None) -> bool:
        """Whether that process was started so that it looks at the file."""
        return bool(pid) and self.variable.encode() in Path(f"/proc/{pid}/environ").read_bytes()


SYNC = Control("sync-fault", "CHAOS_SYNC_FAULT")
NAMES = Control("names-fault", "CHAOS_NAMES_FAULT")
DEPLOY = Control("chaos-bad-deploy", "CHAOS_BAD_DEPLOY")
SPIN = Control("chaos-spin", "CHAOS_SPIN")


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
