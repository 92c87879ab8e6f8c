"""From a county's files to an election: look, answer, look again, import. A wrong file changes nothing.

Each look begins from the election that is in the database, written out afresh, and adopts all files given
into that draft; the database changes at the import alone, in one transaction. What adoption remembers beside
the election (how files are read, which ballots were told) is kept from one import to the next.
"""

import shutil
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import orjson

from dashboard.errors import DashboardError
from dashboard.languages import tr
from dashboard.office.command_runs import CommandResult, CommandRuns, words_of
from dashboard.office.files.early_review import REVIEW, EarlyReview
from dashboard.office.files.uploads import Uploads
from election.runtime.atomic_file import replace_file
from election.runtime.private_files import private_folder

DAY_FIELDS = ("name", "date", "timezone", "opens", "closes")
SAID = 200  # lines of a plan or an import that are shown
_KEPT = ("mapping.toml", "early.csv", REVIEW)
_CONFIRM = "would ask for --confirm "
_REPORTING = "would be refused without --remove-reporting"


class SetUpRefusedError(DashboardError):
    """A step that cannot be taken now; the message says why, and what to do."""


@dataclass
class AdoptionReport:
    """What the last look at the files found."""

    report: dict[str, Any] = field(default_factory=dict)
    said: list[str] = field(default_factory=list)  # where there is no report: why
    plan: list[str] = field(default_factory=list)  # what the import would change
    good: bool = False  # the folder stands, and the import would be taken
    files: list[str] = field(default_factory=list)
    mark: str = ""  # of the election that was there then

    @property
    def open_questions(self) -> int:
        return sum(len(each["questions"]) for each in self.report.get("files", ()))

    @property
    def must_confirm(self) -> list[str]:
        """Why somebody must type the election's name."""
        return [line.partition(": ")[2] for line in self.plan if line.startswith(_CONFIRM)]

    @property
    def refused(self) -> str:
        """Why the page does not import this at all."""
        return next((line.partition(": ")[2] for line in self.plan if line.startswith(_REPORTING)), "")


class SetUp:
    """Files, answers and the last look, in the war room's folder."""

    def __init__(self, folder: Path, runs: CommandRuns) -> None:
        self._folder, self._runs = folder, runs
        self.uploads = Uploads(folder / "files")
        self.review = EarlyReview(self.draft, folder / "kept")

    @property
    def draft(self) -> Path:
        return self._folder / "draft"

    def day(self) -> dict[str, str]:
        """What was last said of the day."""
        return dict(self._read("day.json", {}))

    def answers(self) -> list[dict[str, str]]:
        return list(self._read("answers.json", []))

    def last_look(self) -> AdoptionReport | None:
        """None where nobody has looked since the files changed."""
        kept = self._read("look.json", None)
        look = AdoptionReport(**kept) if isinstance(kept, dict) else None
        return look if look is not None and look.files == [f.name for f in self.uploads.files()] else None

    def say_day(self, given: Mapping[str, str]) -> None:
        """Keeps what was said of the day; an empty field is not said."""
        said = {k: given[k].strip()[:200] for k in DAY_FIELDS if given.get(k, "").strip()}
        self._write("day.json", said)

    def answer(self, given: Iterable[dict[str, str]]) -> None:
        """Keeps answers; a later one about the same question takes the earlier one's place."""
        known = {(a["file"], a["key"]): a for a in [*self.answers(), *given]}
        self._write("answers.json", list(known.values()))

    async def look(self, mark: str) -> None:
        """Adopts the files into a fresh draft, and asks what the import would change.

        `mark`: of the election that is in the database, "" where there is none.
        """
        files = self.uploads.paths()
        if not files:
            raise SetUpRefusedError(tr("give the county's files first"))
        shutil.rmtree(self.draft, ignore_errors=True)
        private_folder(self._folder)
        if mark:
            exported = await self._runs.command("export", self.draft)
            if exported.code:
                raise SetUpRefusedError(_last(exported))
        self.draft.mkdir(exist_ok=True)
        for name in _KEPT:
            with suppress(FileNotFoundError):
                shutil.copyfile(self._folder / "kept" / name, self.draft / name)
        look = AdoptionReport(files=[f.name for f in files], mark=mark)
        report = self._folder / "report.json"
        report.unlink(missing_ok=True)
        adopted = await self._runs.command("adopt", *files, "--yes", *self._options(report))
        try:
            look.report = orjson.loads(report.read_bytes())
        except (OSError, orjson.JSONDecodeError):
            look.said = list(words_of(adopted))
        if look.report.get("valid"):
            planned = await self._runs.command("import", self.draft, "--dry-run")
            look.plan = [line for line in self._plain(planned) if not line.startswith("notice: ")]
            look.good = planned.code == 0
        self._write("look.json", asdict(look))

    def _options(self, report: Path) -> list[str | Path]:
        answers = self._folder / "answers.json"
        options: list[str | Path] = ["--into", self.draft, "--report", report]
        options += ["--progress", self._runs.progress_file]
        if answers.exists():
            options += ["--answers", answers]
        for name, value in self.day().items():
            options.append(f"--{name}={value}")
        return options

    def last_import(self) -> dict[str, Any] | None:
        """What the last import said, and by whom it was done."""
        kept = self._read("imported.json", None)
        return kept if isinstance(kept, dict) else None

    async def import_draft(self, confirm: str, login: str, mark: str) -> list[str]:
        """Imports what was looked at, where the election is still the one of then. Returns what the command
        said; raises `SetUpRefusedError`.
        """
        look = self.last_look()
        if look is None or not look.good or look.refused:
            raise SetUpRefusedError(tr("look through the files again: they are not ready to be imported"))
        if look.mark != mark:
            raise SetUpRefusedError(tr("the election was changed meanwhile: look through the files again"))
        done = await self._runs.command("import", self.draft, f"--confirm={confirm}")
        if done.code:
            raise SetUpRefusedError(_last(done))
        kept = self._folder / "kept"
        private_folder(kept)
        for name in _KEPT:
            if (self.draft / name).exists():
                (self.draft / name).replace(kept / name)
        self.uploads.clear()
        shutil.rmtree(self.draft, ignore_errors=True)
        for name in ("look.json", "answers.json", "day.json", "report.json"):
            (self._folder / name).unlink(missing_ok=True)
        said = [line.removeprefix("notice: ") for line in self._plain(done)]
        self._write("imported.json", {"said": said, "by": login})
        return said

    def _plain(self, said: CommandResult) -> list[str]:
        """A command's lines, in which the draft is no name but "the folder"."""
        named = said.text.replace(str(self.draft), "The folder")
        lines = [
            line.replace(f"{self.draft.name} has no ", "The folder has no ", 1) for line in named.splitlines()
        ]
        return [line for line in lines if line.strip()][-SAID:]

    def _read(self, name: str, otherwise: Any) -> Any:
        try:
            return orjson.loads((self._folder / name).read_bytes())
        except (OSError, orjson.JSONDecodeError):
            return otherwise

    def _write(self, name: str, value: Any) -> None:
        private_folder(self._folder)
        replace_file(self._folder / name, orjson.dumps(value))


def _last(said: CommandResult) -> str:
    """Why a command would not, a line each."""
    lines = words_of(said, 6)
    why = [line.removeprefix("beluga: ") for line in lines if line.startswith("beluga: ")] or list(lines)
    return "\n".join(why) or tr("it ended with {code}", code=said.code)
