"""Which encoding and delimiter a text file has. Streams the file once; keeps none of it."""

import codecs
import re
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from charset_normalizer import from_bytes

CHUNK = 1 << 20
SAMPLE = 1 << 16
DELIMITERS = "\t|;,"

# A dash or a quotation mark within a word is a letter of another encoding.
_DASH_IN_WORD = re.compile(r"[^\W\d_][–—‘“”•…°§©®][^\W\d_]")
# Of one byte a character. Anything may be decoded in each; which one reads as words decides.
_SINGLE_BYTE = ("cp1252", "latin_1", "cp1250", "mac_roman", "cp850", "cp437")
_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


@dataclass(frozen=True, slots=True)
class Encoding:
    """`name` as Python calls it; `words` for people, empty where it is UTF-8 and needs no word."""

    name: str
    words: str = ""


def encoding_of(path: Path) -> Encoding:
    """Reads the file once: a byte that is not UTF-8 may stand in the last line."""
    with path.open("rb") as file:
        start = file.read(SAMPLE)
        for mark, name in _MARKS:
            if start.startswith(mark) and not (name == "utf-8-sig" and not _is_utf8(file)):
                return Encoding(name, "UTF-16" if name == "utf-16" else "")
        if name := _wide(start):
            return Encoding(name, "UTF-16 without a byte order mark")
        decoder = codecs.getincrementaldecoder("utf-8")()
        chunk, before = start, b""
        try:
            while chunk:
                decoder.decode(chunk)
                before, chunk = chunk[-SAMPLE:], file.read(CHUNK)
            decoder.decode(b"", final=True)
        except UnicodeDecodeError as error:
            at = max(0, error.start - 200)
            around = (before[-200:] + chunk)[at : at + SAMPLE] if chunk else before
            return _single_byte(start if _has_high(start.removeprefix(codecs.BOM_UTF8)) else around)
    return Encoding("utf-8")


def _is_utf8(file: BinaryIO) -> bool:
    """Whether what follows is UTF-8 to the end: some programs put the mark before anything."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    file.seek(0)
    try:
        while chunk := file.read(CHUNK):
            decoder.decode(chunk)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        file.seek(SAMPLE)
        return False
    return True


def _wide(start: bytes) -> str:
    """UTF-16 shows as a NUL in nearly every second byte."""
    if len(start) < 4:
        return ""
    half = len(start) // 2
    if start[1::2].count(0) > half * 0.7 and start[::2].count(0) < half * 0.1:
        return "utf-16-le"
    if start[::2].count(0) > half * 0.7 and start[1::2].count(0) < half * 0.1:
        return "utf-16-be"
    return ""


def _has_high(sample: bytes) -> bool:
    return not sample.isascii()


def _single_byte(sample: bytes) -> Encoding:
    """Windows-1252 where that reads as words, as nearly every old export does; else the likeliest other."""
    sample = sample.removeprefix(codecs.BOM_UTF8)
    try:
        text = sample.decode("cp1252")
    except UnicodeDecodeError:
        text = ""
    if (
        text
        and not _DASH_IN_WORD.search(text)
        and all(c.isalpha() or c in "–—‘’“”•…°§©®½¼ª\u00a0" for c in text if ord(c) > 127)
    ):
        return Encoding("cp1252", "Windows-1252 (Latin-1)")
    best = from_bytes(sample, cp_isolation=list(_SINGLE_BYTE[2:] if text else _SINGLE_BYTE)).best()
    name = best.encoding if best is not None else "latin_1"
    return Encoding(name, f"an old encoding, most likely {name}")


def delimiter_of(lines: list[str]) -> str:
    """The delimiter that parts most lines into the same number of cells, more cells the better."""

    def worth(delimiter: str) -> tuple[float, int]:
        counts = [line.count(delimiter) for line in lines if line.strip()]
        some = [count for count in counts if count]
        if not some:
            return (0.0, 0)
        usual = max(set(some), key=some.count)
        return (some.count(usual) / len(counts) * (1 + min(usual, 3)), usual)

    return max(DELIMITERS, key=worth)
