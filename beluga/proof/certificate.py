"""The certificate of a purge: begun before anything is deleted and signed after, at the place where it stays.

PATH        first a draft that names the purge, in the end the signed certificate
PATH.new    made with the draft, as long as the certificate can become: a disk that fills up meanwhile cannot
            keep it from being written. It takes the draft's place when it is whole.

A process that dies in between leaves the draft, which proves nothing; the same purge, run again, goes on from
it.
"""

import json
import os
from contextlib import suppress
from pathlib import Path
from typing import Any

from beluga.stack.failures import CommandRefusedError

DRAFT = "unfinished"
_SAYS = "begun, and proves nothing: run the same beluga purge again, it goes on from here"
_ROOM = 16_384  # bytes beside three times the draft: counts by table, and the signature, which repeats it all


class PurgeCertificate:
    """One certificate at its path, from `begin` or `found` to `finish`."""

    def __init__(self, path: Path, words: dict[str, Any]) -> None:
        self.path = path
        self.words = words
        self._fresh = path.with_name(path.name + ".new")

    @classmethod
    def found(cls, path: Path) -> "PurgeCertificate | None":
        """An unfinished one at this path, or None. Raises `CommandRefusedError`, `OSError`."""
        if not os.path.lexists(path):
            return None
        words: dict[str, Any] = {}
        with suppress(CommandRefusedError):
            words = read(path) if path.is_file() else {}
        if DRAFT not in words:
            raise CommandRefusedError(
                f"{path} is there already, nothing was removed; name another with --certificate"
            )
        return cls(path, words)

    @classmethod
    def begin(cls, path: Path, words: dict[str, Any]) -> "PurgeCertificate":
        """Writes the draft, and takes the room for the rest. Raises `OSError`; nothing is left then."""
        made = cls(path, {DRAFT: _SAYS} | words)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            _write(descriptor, made._text(made.words), path)
            made.reserve()
        except BaseException:
            made.give_up()
            raise
        return made

    def reserve(self) -> None:
        """Takes the room for the signed certificate. Raises `OSError`."""
        descriptor = os.open(self._fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        _write(descriptor, b" " * (3 * len(self._text(self.words)) + _ROOM), self._fresh)
        _keep_name(self.path)

    def finish(self, words: dict[str, Any]) -> None:
        """Puts the signed certificate in the draft's place."""
        content = self._text(words)
        descriptor = os.open(self._fresh, os.O_WRONLY | os.O_CREAT, 0o600)
        _write(descriptor, content, self._fresh, cut=True)
        self._fresh.replace(self.path)
        _keep_name(self.path)

    def give_up(self) -> None:
        """Takes the draft away: nothing has come of it."""
        self._fresh.unlink(missing_ok=True)
        self.path.unlink(missing_ok=True)

    @staticmethod
    def _text(words: dict[str, Any]) -> bytes:
        return json.dumps(words, indent=1).encode() + b"\n"


def read(path: Path) -> dict[str, Any]:
    """The words of a certificate or draft. Raises `CommandRefusedError` for any other file, `OSError`."""
    try:
        words = json.loads(path.read_text(encoding="utf-8"))
    except (ValueError, RecursionError):
        words = None
    if not isinstance(words, dict):
        raise CommandRefusedError(f"{path} is no certificate of a purge; name another file")
    return words


def _write(descriptor: int, content: bytes, path: Path, *, cut: bool = False) -> None:
    try:
        rest = memoryview(content)
        while rest:
            rest = rest[os.write(descriptor, rest) :]
        if cut:
            os.ftruncate(descriptor, len(content))
        os.fsync(descriptor)
    except OSError as error:
        error.filename = str(path)
        raise
    finally:
        os.close(descriptor)


def _keep_name(path: Path) -> None:
    """The folder's own entry must survive a power cut, too."""
    descriptor = os.open(path.absolute().parent, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
