"""Files given in the browser: kept in one folder until they are imported, under names that lead nowhere else.

A file comes in pieces, so that no request is larger than any other page's; it counts once the last is there.
"""

import shutil
import unicodedata
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from threading import Lock

from dashboard.errors import DashboardError
from dashboard.languages import tr
from election.runtime.private_files import private_folder

MOST_BYTES = 8 << 30  # of all files together: a large state's voter file
LEAST_FREE = 2 << 30  # bytes of the disk that stay free: the journal's
MOST_FILES = 200
LONGEST_NAME = 120  # bytes
_PART = ".part"


class UploadRefusedError(DashboardError):
    """A file, or a piece of one, is not taken. `kept`: how much of it is there."""

    def __init__(self, words: str, kept: int = 0) -> None:
        super().__init__(words)
        self.words, self.kept = words, kept


@dataclass(frozen=True, slots=True)
class UploadedFile:
    """A file that is there whole."""

    name: str
    size: int


class Uploads:
    """The folder of files. Used by several threads."""

    def __init__(self, folder: Path, *, most: int = MOST_BYTES, least_free: int = LEAST_FREE) -> None:
        self.folder, self._most, self._least_free = folder, most, least_free
        self._turn = Lock()

    def files(self) -> list[UploadedFile]:
        """Files that are whole, by name."""
        return [UploadedFile(p.name, p.stat().st_size) for p in self._paths() if not p.name.endswith(_PART)]

    def paths(self) -> list[Path]:
        """Where they lie."""
        return [self.folder / file.name for file in self.files()]

    def take(self, name: str, piece: bytes, at: int, size: int) -> bool:
        """Adds a piece that begins at byte `at` of `size`; whether the file is whole now.

        A piece at 0 begins anew. Raises `UploadRefusedError`; what was there before stays then.
        """
        name = plain_name(name)
        with self._turn:
            private_folder(self.folder)
            part = self.folder / (name + _PART)
            kept = part.stat().st_size if part.exists() else 0
            if at and at != kept:
                raise UploadRefusedError(
                    tr("the pieces do not follow each other; it goes on where it stood"), kept
                )
            if not 0 < size <= self._most or at + len(piece) > size:
                raise UploadRefusedError(tr("is empty, or too large for a page: use beluga adopt"))
            self._check_room(name, len(piece))
            with part.open("ab" if at else "wb") as file:
                file.write(piece)
            if at + len(piece) < size:
                return False
            part.replace(self.folder / name)
            return True

    def remove(self, name: str) -> bool:
        """Takes a file away; whether there was one."""
        with self._turn:
            path = self.folder / plain_name(name)
            path.with_name(path.name + _PART).unlink(missing_ok=True)
            with suppress(FileNotFoundError):
                path.unlink()
                return True
            return False

    def clear(self) -> None:
        """Takes all of them away."""
        with self._turn:
            shutil.rmtree(self.folder, ignore_errors=True)

    def _paths(self) -> list[Path]:
        return sorted(self.folder.iterdir()) if self.folder.exists() else []

    def _check_room(self, name: str, more: int) -> None:
        paths = self._paths()
        if len(paths) >= MOST_FILES and not any(p.name.removesuffix(_PART) == name for p in paths):
            raise UploadRefusedError(tr("there are {n} files already; import or remove some", n=MOST_FILES))
        if sum(p.stat().st_size for p in paths) + more > self._most:
            raise UploadRefusedError(tr("the files are too large for a page together: use beluga adopt"))
        if shutil.disk_usage(self.folder).free - more < self._least_free:
            raise UploadRefusedError(tr("the disk is too full: what counts come in needs the rest of it"))


def plain_name(name: str) -> str:
    """A file's own name, with nothing in it that a path, an option or a shell could take for another.

    Raises `UploadRefusedError` where nothing is left.
    """
    last = unicodedata.normalize("NFC", name).replace("\\", "/").rpartition("/")[2]
    kept = "".join(c if c.isalnum() or c in "-_. ()," else "_" for c in last).strip(" .")
    kept = kept.lstrip("-.") or ""
    stem, suffix = Path(kept).stem, Path(kept).suffix
    while len((stem + suffix).encode()) > LONGEST_NAME and stem:
        stem = stem[:-1]
    if not stem or len(suffix.encode()) > LONGEST_NAME or suffix == _PART:
        raise UploadRefusedError(tr("has no name that can be kept: rename it"))
    return stem + suffix
