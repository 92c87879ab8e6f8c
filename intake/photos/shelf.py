"""The photo shelf: photos beside the journal, each once, by the SHA-256 of its bytes, with its thumbnail.

`index/MESSAGE-NUMBER.json` says which photo of which message a file is, or why there is none. Removing a
photo removes the bytes and leaves the record, so that nobody fetches it again. Every method blocks for the
disk: call them in a thread.
"""

import errno
import hashlib
import shutil
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path

import orjson

from election.runtime.atomic_file import replace_file
from intake.photos.thumbnail import thumbnail

KEPT, REFUSED, PURGED, COMING = "kept", "refused", "purged", "coming"
_PURGED = "purged.json"
SPARE_BYTES = 512 << 20  # of the disk that photos never take: it is the journal's


@dataclass(frozen=True, slots=True)
class PhotoRecord:
    """What became of one photo. `why`: of a refused one, in words."""

    state: str
    sha256: str = ""
    size: int = 0
    why: str = ""


class PhotoShelf:
    """The photos of one host. `folder` is made when the first photo comes."""

    def __init__(self, folder: Path, spare: int = SPARE_BYTES) -> None:
        self.folder, self.spare = folder, spare

    def record(self, message_id: str, number: int) -> PhotoRecord | None:
        """What is known of a photo; None where nothing is, or its record is torn: it is fetched again."""
        try:
            return PhotoRecord(**orjson.loads(self._index(message_id, number).read_bytes()))
        except (OSError, ValueError, TypeError):
            return None

    def keep(self, message_id: str, number: int, content: bytes) -> PhotoRecord:
        """Puts a photo on the shelf; on disk when it returns. Raises `NoPictureError`, `OSError`."""
        small = thumbnail(content)
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        if shutil.disk_usage(self.folder).free < self.spare:
            raise OSError(errno.ENOSPC, "the disk's last room is kept for the journal")
        name = hashlib.sha256(content).hexdigest()
        replace_file(self._file(name, small=True), small)
        replace_file(self._file(name), content)
        return self._note(message_id, number, PhotoRecord(KEPT, name, len(content)))

    def refuse(self, message_id: str, number: int, why: str) -> PhotoRecord:
        """Notes that a photo will not come."""
        return self._note(message_id, number, PhotoRecord(REFUSED, why=why))

    def content(self, message_id: str, number: int, *, small: bool = False) -> bytes | None:
        """The bytes of a photo, or of its thumbnail; None where they are not here."""
        found = self.record(message_id, number)
        if found is None or found.state != KEPT:
            return None
        try:
            return self._file(found.sha256, small=small).read_bytes()
        except OSError:
            return None

    def purge(self, now: datetime) -> int:
        """Removes every photo for good; how many there were. What came before `now` is not fetched again."""
        if not self.folder.parent.exists():
            return 0  # no intake has ever kept anything here
        replace_file(self.folder / _PURGED, orjson.dumps({"at": now.isoformat()}))
        removed = 0
        for record in self._folder("index").glob("*.json"):
            removed += b'"kept"' in record.read_bytes()
            replace_file(record, orjson.dumps(asdict(PhotoRecord(PURGED))))
        shutil.rmtree(self._folder("files"), ignore_errors=False) if self._folder("files").exists() else None
        return removed

    def purged_at(self) -> datetime | None:
        """When photos were last purged here."""
        try:
            return datetime.fromisoformat(orjson.loads((self.folder / _PURGED).read_bytes())["at"])
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def _note(self, message_id: str, number: int, record: PhotoRecord) -> PhotoRecord:
        replace_file(self._index(message_id, number), orjson.dumps(asdict(record)))
        return record

    def _folder(self, name: str) -> Path:
        return self.folder / name

    def _index(self, message_id: str, number: int) -> Path:
        return self._folder("index") / f"{Path(message_id).name}-{number}.json"

    def _file(self, sha256: str, *, small: bool = False) -> Path:
        return self._folder("files") / sha256[:2] / (f"{sha256}.small" if small else sha256)
