"""What is wrong with a folder, and what was left out: lines for people, with the place and the remedy."""

from collections import Counter
from dataclasses import dataclass

from election.errors import ElectionError

SHOWN_PER_FILE = 100  # more of the same helps nobody to mend a file


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing about one place. Lines count as a text editor counts them; the headings are line 1."""

    file: str
    line: int | None
    column: str
    what: str
    remedy: str = ""

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}" if self.line else self.file
        words = f"{self.what}, {self.remedy}" if self.remedy else self.what
        return f"{place}: {self.column}: {words}" if self.column else f"{place}: {words}"


class Problem(Finding):
    """Keeps the folder from being used."""

    __slots__ = ()


class Notice(Finding):
    """Worth knowing; the folder can be used."""

    __slots__ = ()


class FolderError(ElectionError):
    """The folder cannot be used. `str()` is one line a problem; `more` counts, by file, those not kept."""

    def __init__(self, problems: tuple[Problem, ...], more: dict[str, int] | None = None) -> None:
        super().__init__(problems)
        self.problems = problems
        self.more = more or {}

    @property
    def total(self) -> int:
        return len(self.problems) + sum(self.more.values())

    def __str__(self) -> str:
        lines: list[str] = []
        for file in dict.fromkeys(p.file for p in self.problems):
            lines += [str(p) for p in self.problems if p.file == file]
            if self.more.get(file):
                lines.append(f"{file}: and {self.more[file]:,} more")
        return "\n".join(lines)


class Findings:
    """Collects problems (at most `limit` a file, the rest counted) and notices while files are read."""

    def __init__(self, limit: int = SHOWN_PER_FILE) -> None:
        self.limit = limit
        self.total = 0
        self._kept: dict[str, list[Problem]] = {}
        self._counts: Counter[str] = Counter()
        self.notices: list[Notice] = []

    def problem(self, file: str, line: int | None, column: str, what: str, remedy: str = "") -> None:
        self.total += 1
        self._counts[file] += 1
        kept = self._kept.setdefault(file, [])
        if len(kept) < self.limit:
            kept.append(Problem(file, line, column, what, remedy))

    def notice(self, file: str, line: int | None, column: str, what: str, remedy: str = "") -> None:
        self.notices.append(Notice(file, line, column, what, remedy))

    @property
    def problems(self) -> tuple[Problem, ...]:
        """By file in the order of reading, by line within a file."""
        return tuple(p for kept in self._kept.values() for p in sorted(kept, key=lambda p: p.line or 0))

    def error(self) -> FolderError:
        more = {f: n - len(self._kept[f]) for f, n in self._counts.items() if n > len(self._kept[f])}
        return FolderError(self.problems, more)

    def raise_if_any(self) -> None:
        if self.total:
            raise self.error()


def shown(value: str) -> str:
    """A cell's words for a message: quoted, printable, short."""
    return repr(value if len(value) <= 40 else value[:39] + "…")
