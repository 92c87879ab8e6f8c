"""Folders and files for our own account alone: texts, phones and secrets lie in them.

Every service sees to it itself, whatever shell or container started it: what it makes is private from the
first byte (`keep_private`), and what an earlier version left open is tightened when it is opened again.
"""

import os
import stat
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import structlog

OTHERS = 0o077
FOLDER = 0o700
PASSABLE = 0o711  # as root: PostgreSQL's own account passes through, and sees no name

log = structlog.get_logger()


def keep_private() -> None:
    """Whatever this process makes from here on is for its account alone."""
    os.umask(OTHERS)


def private_folder(folder: Path) -> None:
    """Makes the folder, or tightens the one there is and everything in it.

    Raises `OSError` where it cannot be made. What cannot be tightened is logged, and is no error.
    """
    folder.mkdir(parents=True, exist_ok=True, mode=FOLDER)
    tighten(folder)
    for path in _below(folder):
        tighten(path)


def private_state(state: Path) -> None:
    """Tightens the folder of all services itself, not what is in it; as root others may pass through."""
    tighten(state, PASSABLE if os.geteuid() == 0 else FOLDER)


def tighten(path: Path, allowed: int = FOLDER) -> None:
    """Takes away what others may do. A folder that everybody shares (as /tmp is) is left as it is."""
    try:
        mode = path.stat().st_mode
        if not mode & OTHERS & ~allowed or (stat.S_ISDIR(mode) and mode & stat.S_ISVTX):
            return
        path.chmod(stat.S_IMODE(mode) & ~(OTHERS & ~allowed))
    except FileNotFoundError:
        pass  # gone meanwhile
    except OSError as error:
        log.warning("not_private", path=str(path), error=str(error), remedy="chmod go= it by hand")


def _below(folder: Path) -> Iterator[Path]:
    """Folders and files in `folder`, links not followed."""
    for base, folders, files in os.walk(folder):
        for name in (*folders, *files):
            path = Path(base) / name
            with suppress(FileNotFoundError):
                mode = path.lstat().st_mode
                if stat.S_ISDIR(mode) or stat.S_ISREG(mode):
                    yield path
