"""A small machine within this one: a group of processes held to one core and a share of memory."""

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

ROOT = Path("/sys/fs/cgroup")
MIB = 2**20


@dataclass(frozen=True)
class Cell:
    """Where the group is, and how it is held. Without a `folder` nothing holds its memory."""

    words: str
    folder: Path | None = None
    peak_file: str = ""

    def enter(self) -> None:
        """This process, and all it starts from now on."""
        if self.folder:
            (self.folder / "cgroup.procs").write_text(str(os.getpid()))

    def leave(self) -> None:
        """This process alone."""
        if self.folder:
            (self.folder.parent / "cgroup.procs").write_text(str(os.getpid()))

    def peak_mib(self) -> float | None:
        """What the kernel counted at most, files it keeps in memory for the group included."""
        with suppress(OSError, ValueError):
            if self.folder:
                return int((self.folder / self.peak_file).read_text()) / MIB
        return None


@contextmanager
def cell(memory_mib: int) -> Iterator[Cell]:
    """A group of control groups, version 2 or 1, whichever can be written; else none."""
    name = f"beluga-bench-{os.getpid()}"
    made = None
    for version, folder, limit, peak in (
        (2, ROOT / name, "memory.max", "memory.peak"),
        (1, ROOT / "memory" / name, "memory.limit_in_bytes", "memory.max_usage_in_bytes"),
    ):
        with suppress(OSError):
            folder.mkdir()
            if not (folder / "cgroup.procs").exists():  # a folder like any other
                folder.rmdir()
                continue
            (folder / limit).write_text(str(memory_mib * MIB))
            words = f"memory held to {memory_mib} MiB by a control group (version {version})"
            made = Cell(words, folder, peak)
            break
    try:
        yield made or Cell("memory NOT held, only measured: no control group can be made here")
    finally:
        if made and made.folder:
            with suppress(OSError):  # somebody is in it still
                made.folder.rmdir()


def pss_mib(pid: int) -> dict[str, float]:
    """Proportional memory of a process and all below it, by what they are; shared pages count once."""
    found: dict[str, float] = {}
    for each in _below(pid):
        with suppress(OSError):
            roll = Path(f"/proc/{each}/smaps_rollup").read_text()
            words = Path(f"/proc/{each}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
            what = re.search(r"postgres|-m (intake|tally|callers|dashboard)|beluga up", words)
            name = what[0].removeprefix("-m ") if what else "other"
            kib = re.search(r"^Pss:\s+(\d+)", roll, re.MULTILINE)
            found[name] = found.get(name, 0.0) + (int(kib[1]) / 1024 if kib else 0.0)
    return found


def _below(pid: int) -> Iterator[int]:
    yield pid
    with suppress(OSError):
        for task in Path(f"/proc/{pid}/task").iterdir():
            for child in (task / "children").read_text().split():
                yield from _below(int(child))
