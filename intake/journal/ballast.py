"""Room set aside on the journal's disk, to be thrown overboard when the disk is full."""

import errno
import os
from pathlib import Path

import apsw
import structlog

from intake.journal.file import TornJournalError

NAME = "ballast"
LEAST_ROOM = 1 << 20  # bytes; with less, a file that cannot be opened lacks room

log = structlog.get_logger()


class Ballast:
    """A file of `size` bytes in the journal's folder; 0: none is wanted."""

    def __init__(self, folder: Path, size: int) -> None:
        self._folder = folder
        self._size = size
        self.path = folder / NAME

    @property
    def there(self) -> Path | None:
        """The file, where there is one."""
        return self.path if self.path.exists() else None

    def set_aside(self) -> None:
        """Makes it; where the disk has no room, says so and goes on: it must not be what fills the disk."""
        if not self._size or self.path.exists():
            return
        try:
            if free(self._folder) < 2 * self._size:
                raise OSError(errno.ENOSPC, "no room for a ballast", str(self._folder))
            with self.path.open("wb") as file:
                os.posix_fallocate(file.fileno(), 0, self._size)
        except OSError as error:
            self.path.unlink(missing_ok=True)
            log.warning("journal_ballast_missing", error=str(error), remedy="free disk space, then restart")

    def release(self) -> bool:
        """Makes room by it; False where there is none."""
        try:
            self.path.unlink()
        except OSError:
            return False
        log.error(
            "journal_ballast_released", folder=str(self._folder), remedy="free disk space, then restart"
        )
        return True


def free(folder: Path) -> int:
    """Bytes that may still be written there."""
    disk = os.statvfs(folder)
    return disk.f_bavail * disk.f_frsize


def lacks_room(folder: Path, error: Exception) -> bool:
    """Whether a file could not be opened for want of room: its `-shm` is made anew, and does not fit."""
    cause = error.__cause__ if isinstance(error, TornJournalError) else error
    if isinstance(cause, apsw.FullError) or getattr(cause, "errno", None) == errno.ENOSPC:
        return True
    return isinstance(cause, apsw.IOError | apsw.CantOpenError) and free(folder) < LEAST_ROOM
