"""What was made of one file: kind, mapping, took, refused, dropped, notes, questions; as JSON, too."""

from collections import Counter
from dataclasses import asdict, dataclass, field
from typing import Any

PERSONAL = frozenset({"voters", "watchers", "callers", "early ballots"})  # whose rows no report repeats
SHOWN = 100  # refusals and drops named one by one; the rest is counted


@dataclass(frozen=True, slots=True)
class AdoptQuestion:
    """What must be answered first. `key` is its name in mapping.toml; without `choices` any text answers."""

    key: str
    words: str
    choices: tuple[str, ...] = ()


@dataclass
class FileReport:
    """Filled while a file is read. Messages never repeat a phone number or a voter's name."""

    file: str
    part: str = ""
    kind: str = ""
    reason: str = ""
    mapping: dict[str, str] = field(default_factory=dict)
    reasons: dict[str, str] = field(default_factory=dict)
    preview: list[list[str]] = field(default_factory=list)
    took: dict[str, int] = field(default_factory=dict)
    refused: list[dict[str, Any]] = field(default_factory=list)
    dropped: list[dict[str, Any]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    questions: list[AdoptQuestion] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)
    spoiled: bool = False  # the whole file was refused: nothing of it counts

    @property
    def name(self) -> str:
        return f"{self.file}: {self.part}" if self.part else self.file

    def take(self, what: str, count: int = 1) -> None:
        self.took[what] = self.took.get(what, 0) + count

    def refuse(self, line: int | None, column: str, value: str, why: str, remedy: str = "") -> None:
        self.counts["refused"] += 1
        if len(self.refused) < SHOWN:
            self.refused.append(
                {"line": line, "column": column, "value": value, "why": why, "remedy": remedy}
            )

    def refuse_file(self, why: str, remedy: str) -> None:
        self.spoiled = True
        self.took.clear()
        self.refuse(None, "", "", why, remedy)

    def drop(self, line: int | None, value: str, why: str) -> None:
        self.counts["dropped"] += 1
        if len(self.dropped) < SHOWN:
            self.dropped.append({"line": line, "value": value, "why": why})

    def note(self, words: str) -> None:
        if words not in self.notes:
            self.notes.append(words)

    def ask(self, key: str, words: str, *choices: str) -> None:
        if all(q.key != key for q in self.questions):
            self.questions.append(AdoptQuestion(key, words, choices))

    def json(self) -> dict[str, Any]:
        return {
            "file": self.file, "sheet": self.part, "kind": self.kind, "reason": self.reason,
            "mapping": self.mapping, "reasons": self.reasons,
            "preview": [] if self.kind in PERSONAL or not self.kind else self.preview, "took": self.took,
            "refused": self.refused, "refused_count": self.counts["refused"],
            "dropped": self.dropped, "dropped_count": self.counts["dropped"], "notes": self.notes,
            "questions": [asdict(q) for q in self.questions],
        }  # fmt: skip
