"""`official.toml`: an official second source of counts."""

import re
import tomllib
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import orjson

from election.domain.official import FORMATS, OfficialSource
from election.folder.findings import Findings, shown

FILE = "official.toml"
COLUMNS = ("precinct", "votes", "time", "rows")
KEYS = ("address", "format", "every_minutes", "delay_minutes", "columns")
EVERY = (2.0, 240.0)  # minutes: more often is impolite
DELAY = (0.0, 240.0)
LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


def read_official(folder: Path, findings: Findings) -> OfficialSource | None:
    """The source that `official.toml` names; None where there is none, or `findings` says what is wrong."""
    try:
        text = (folder / FILE).read_bytes().decode("utf-8-sig")
        data = tomllib.loads(text)
    except FileNotFoundError:
        return None
    except OSError as error:
        findings.problem(
            FILE, None, "", f"cannot be read: {error.strerror or error}", "look at its permissions"
        )
        return None
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        findings.problem(FILE, line, "", "holds bytes that are not UTF-8", "save it as UTF-8")
        return None
    except (ValueError, RecursionError) as error:
        at_line = re.search(r"\(at line (\d+)", str(error))
        words = str(error).split(" (at ")[0][:120] or "nested too deeply"
        findings.problem(
            FILE, int(at_line[1]) if at_line else None, "", f"is not TOML: {words}", "mend the line"
        )
        return None
    before = findings.total
    found = _Official(data, text, findings).source()
    return found if findings.total == before else None


class _Official:
    def __init__(self, data: dict[str, Any], text: str, findings: Findings) -> None:
        self._data, self._lines, self._findings = data, text.splitlines(), findings
        columns = data.get("columns")
        self._columns: dict[str, Any] = columns if isinstance(columns, dict) else {}

    def _problem(self, key: str, what: str, remedy: str) -> None:
        self._findings.problem(FILE, self._line(key), key, what, remedy)

    def _line(self, key: str) -> int | None:
        """Line of a key, or of its table."""
        for number, line in enumerate(self._lines, 1):
            name = line.split("=")[0].strip().strip("[]\"' ")
            if name == key:
                return number
        return None

    def source(self) -> OfficialSource:
        for key in (*self._data, *self._columns):
            if key not in KEYS + COLUMNS:
                self._findings.notice(FILE, self._line(key), key[:40], "this key is not used")
        kind = self._data.get("format", "csv")
        if kind not in FORMATS:
            self._problem("format", f"{shown(str(kind))} is not read", 'write format = "csv" or "json"')
            kind = "csv"
        if not self._columns:
            self._problem("columns", "is missing", 'add [columns] with precinct = "…" and votes = "…"')
        rows = self._column("rows", required=False)
        if rows and kind == "csv":
            self._problem("rows", "a table has no such place", 'leave it out, or write format = "json"')
        wanted = bool(self._columns)
        return OfficialSource(
            self._address(), str(kind), self._column("precinct", required=wanted),
            self._column("votes", required=wanted), self._column("time", required=False), rows,
            self._minutes("every_minutes", 10.0, EVERY), self._minutes("delay_minutes", 0.0, DELAY),
        )  # fmt: skip

    def _column(self, name: str, *, required: bool) -> str:
        value = self._columns.get(name, "")
        if isinstance(value, str) and "\0" not in value and (value.strip() or not required):
            return value.strip()
        self._problem(name, "is missing or no text", f'write {name} = "the heading there"')
        return ""

    def _minutes(self, key: str, usual: float, limits: tuple[float, float]) -> timedelta:
        value = self._data.get(key, usual)
        if isinstance(value, int | float) and not isinstance(value, bool) and limits[0] <= value <= limits[1]:
            return timedelta(minutes=float(value))
        self._problem(
            key, f"{shown(str(value))} is out of bounds", "write minutes from {:g} to {:g}".format(*limits)
        )
        return timedelta(minutes=usual)

    def _address(self) -> str:
        value = self._data.get("address")
        if not isinstance(value, str) or not value.strip():
            self._problem("address", "is missing or no text", 'write address = "https://…"')
            return ""
        if why := unfit(value.strip()):
            self._problem("address", why, "write the https address of the published file, without a password")
        return value.strip()


def unfit(address: str) -> str:
    """Why an address is none to ask; empty where it may be one. Plain http is for loopback alone."""
    try:
        parts = urlsplit(address)
        port, host = parts.port, parts.hostname
    except ValueError:
        return "is no address"
    if not address.isascii() or any(c in address for c in "\\\t\r\n ") or len(address) > 2_000 or not host:
        return "is no plain address"
    if parts.username is not None or parts.password is not None or port == 0:
        return "holds a name or password"
    if parts.scheme != "https" and not (parts.scheme == "http" and host in LOOPBACK):
        return "is not https"
    return ""


def official_toml(source: OfficialSource) -> str:
    """The file that reads back as this source."""
    row = source.as_row()
    text = {name: orjson.dumps(row[name]).decode().replace("\x7f", "\\u007f") for name in row}
    lines = [f"{name} = {text[name]}" for name in KEYS if name != "columns"]
    lines += ["", "[columns]", *(f"{name} = {text[name]}" for name in COLUMNS if row[name])]
    return "\n".join(lines) + "\n"
