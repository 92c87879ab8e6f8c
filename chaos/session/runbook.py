"""Reads a runbook's page: its parts and the commands in its fences, as the rehearsal runs them.

A fence marked ```sh holds commands that the rehearsal runs, one a line, exactly as printed; one marked
```sh by-hand holds those that need a person's judgement (or another machine), which are only checked to be
real commands; on a cluster those marked ```sh cluster are run instead of a part's others, on hosts of its own
(deploy/ansible) those marked ```sh hosts alone. Parts are the
page's second-level headings: Symptom, Check, Act, Verify, Escalate.
"""

import os
import re
from dataclasses import dataclass
from pathlib import Path

from chaos.errors import ChaosError

TARGETS = ("cluster", "hosts")
PARTS = ("Symptom", "Check", "Act", "Verify", "Escalate")
_FENCE = re.compile(r"^```(\w*)([^\n]*)\n(.*?)^```", re.MULTILINE | re.DOTALL)
_HEADING = re.compile(r"^## (.+)$", re.MULTILINE)


class NoRunbookError(ChaosError):
    """There is no such page."""


@dataclass(frozen=True, slots=True)
class Command:
    """One line of a fence."""

    part: str
    text: str
    rehearsed: bool  # False: by hand
    target: str = ""  # of a cluster, or of hosts, alone


@dataclass(frozen=True, slots=True)
class Page:
    """A runbook. `name` is its file's, without the suffix."""

    name: str
    title: str
    text: str
    parts: tuple[str, ...]
    commands: tuple[Command, ...]

    def rehearsed(self, part: str, *, target: str = "") -> list[Command]:
        """The commands of this part that a rehearsal runs: of a cluster, those for it where there are any."""
        its = [c for c in self.commands if c.part == part and c.rehearsed]
        chosen = [c for c in its if c.target == target]
        return chosen or ([c for c in its if not c.target] if target == "cluster" else [])


def runbooks() -> Path:
    """The folder of the pages."""
    return Path(os.environ.get("BELUGA_RUNBOOKS") or Path(__file__).resolve().parents[2] / "runbooks")


def read_page(name: str) -> Page:
    """Raises `NoRunbookError`."""
    path = runbooks() / f"{name.removesuffix('.md')}.md"
    try:
        return page_of(path.stem, path.read_text(encoding="utf-8"))
    except OSError:
        raise NoRunbookError(f"there is no runbook {path}") from None


def page_of(name: str, text: str) -> Page:
    """A page from its Markdown."""
    headings = [(m.start(), m.group(1).strip()) for m in _HEADING.finditer(text)]
    commands = []
    for fence in _FENCE.finditer(text):
        language, mark, body = fence.groups()
        if language != "sh":
            continue
        part = next((title for at, title in reversed(headings) if at < fence.start()), "")
        lines = body.replace("\\\n", " ").splitlines()
        commands += [
            Command(part, line.strip(), "by-hand" not in mark, _target(mark))
            for line in lines
            if line.strip() and not line.lstrip().startswith("#")
        ]
    title = text.split("\n", 1)[0].lstrip("# ").strip()
    return Page(name, title, text, tuple(title for _, title in headings), tuple(commands))


def _target(mark: str) -> str:
    return next((word for word in mark.split() if word in TARGETS), "")


def pages() -> list[Page]:
    """All of them, by name."""
    return [
        page_of(p.stem, p.read_text(encoding="utf-8"))
        for p in sorted(runbooks().glob("*.md"))
        if p.stem != "README"
    ]
