"""`election.toml`: the day itself."""

import re
import tomllib
from dataclasses import dataclass
from datetime import date, datetime, time
from pathlib import Path
from typing import Any

from election.domain.day import ElectionDay
from election.domain.kinds import ElectionKind, kind_of
from election.domain.phones import known_region
from election.folder.cells import TIME_REMEDY, known_zone, language_of, near_zone, time_of
from election.folder.findings import Findings, shown

FILE = "election.toml"
KEYS = ("name", "date", "timezone", "opens", "closes", "languages", "region", "kind")
DEFAULT_REGION = "US"

# Stands in for a day that cannot be read, so that the other files are checked all the same.
_ANY_DAY = ElectionDay("", date(2000, 1, 1), "UTC", time(0), time(23, 59, 59))


@dataclass(frozen=True, slots=True)
class DayFile:
    """The day, and the country whose way of writing phone numbers the folder uses (ISO 3166)."""

    day: ElectionDay
    region: str = DEFAULT_REGION


def read_day(folder: Path, findings: Findings) -> DayFile:
    """Reads `election.toml`; where it is wrong says so and gives a stand-in."""
    try:
        text = (folder / FILE).read_bytes().decode("utf-8-sig")
        data = tomllib.loads(text)
    except FileNotFoundError:
        findings.problem(FILE, None, "", "is missing", "write it with: " + ", ".join(KEYS[:6]))
        return DayFile(_ANY_DAY)
    except OSError as error:
        findings.problem(
            FILE, None, "", f"cannot be read: {error.strerror or error}", "check its permissions"
        )
        return DayFile(_ANY_DAY)
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        findings.problem(FILE, line, "", "holds bytes that are not UTF-8", "save it as UTF-8")
        return DayFile(_ANY_DAY)
    except (ValueError, RecursionError) as error:
        found = re.search(r"\(at line (\d+)", str(error))
        words = str(error).split(" (at ")[0][:120] or "nested too deeply"
        findings.problem(FILE, int(found[1]) if found else None, "", f"is not TOML: {words}", "mend the line")
        return DayFile(_ANY_DAY)
    return _Keys(data, text, findings).day()


class _Keys:
    def __init__(self, data: dict[str, Any], text: str, findings: Findings) -> None:
        self.data = data
        self.lines = text.splitlines()
        self.findings = findings

    def line(self, key: str) -> int | None:
        pattern = re.compile(rf"\s*[\"']?{re.escape(key)}[\"']?\s*(=|\])")
        return next((n for n, line in enumerate(self.lines, 1) if pattern.match(line)), None)

    def problem(self, key: str, what: str, remedy: str) -> None:
        self.findings.problem(FILE, self.line(key), key, what, remedy)

    def day(self) -> DayFile:
        for key in self.data:
            if key not in KEYS:
                self.findings.notice(FILE, self.line(key), key[:40], "this key is not used")
        opens, closes = self.time("opens"), self.time("closes")
        if opens and closes and closes <= opens:
            self.problem("closes", f"{closes:%H:%M} is not after opens", "polls close later on the same day")
        day = ElectionDay(
            name=self.name(),
            date=self.date() or _ANY_DAY.date,
            timezone=self.zone(),
            opens=opens or _ANY_DAY.opens,
            closes=closes or _ANY_DAY.closes,
            languages=self.languages(),
            kind=self.kind(),
        )
        return DayFile(day, self.region())

    def name(self) -> str:
        value = self.data.get("name")
        if isinstance(value, str) and value.strip() and "\0" not in value:
            return " ".join(value.split())
        self.problem("name", "is missing or no text", 'write name = "…"')
        return ""

    def date(self) -> date | None:
        value = self.data.get("date")
        if isinstance(value, str):
            try:
                value = date.fromisoformat(value.strip())
            except ValueError:
                value = None
        # zones shift the day's hours by up to a day either way
        if isinstance(value, date) and not isinstance(value, datetime) and 1900 <= value.year <= 9000:
            return value
        self.problem("date", "is missing or no date", "write date = YYYY-MM-DD")
        return None

    def zone(self) -> str:
        value = self.data.get("timezone")
        if isinstance(value, str) and known_zone(value.strip()):
            return value.strip()
        words = f"there is no time zone {shown(value)}" if isinstance(value, str) else "is missing or no text"
        self.problem("timezone", words, near_zone(value[:60] if isinstance(value, str) else ""))
        return "UTC"

    def time(self, key: str) -> time | None:
        value = self.data.get(key)
        if isinstance(value, time):
            return value.replace(microsecond=0)
        found = time_of(value.strip()) if isinstance(value, str) else None
        if found is None:
            self.problem(
                key, "is missing or no time of day", TIME_REMEDY.replace("07:00", f'{key} = "07:00"')
            )
        return found

    def languages(self) -> tuple[str, ...]:
        value = self.data.get("languages", ["en"])
        if isinstance(value, list) and value and all(isinstance(v, str) for v in value):
            found = [language_of(v.strip()) for v in value]
            if all(found):
                return tuple(dict.fromkeys(f for f in found if f))
        self.problem("languages", "is no list of languages", 'write languages = ["en", "es"]')
        return ("en",)

    def kind(self) -> str:
        value = self.data.get("kind", "")
        if isinstance(value, str) and (not value.strip() or kind_of("", value)):
            return value.strip()
        kinds = ", ".join(k.value for k in ElectionKind if k.value)
        self.problem(
            "kind", f"{shown(value)} is no kind of election", f"write one of {kinds}, or leave it out"
        )
        return ""

    def region(self) -> str:
        value = self.data.get("region", DEFAULT_REGION)
        if isinstance(value, str) and known_region(value.strip().upper()):
            return value.strip().upper()
        self.problem("region", "is no country", 'write two letters, such as region = "US"')
        return DEFAULT_REGION
