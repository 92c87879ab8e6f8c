"""Early ballots that may be a voter's: asked of somebody once, and remembered from one import to the next."""

import csv
import io
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from election.runtime.atomic_file import replace_file
from election.runtime.private_files import private_folder

REVIEW = "early-review.csv"


class EarlyReview:
    """The doubtful ballots of a draft, else those that the last import left."""

    def __init__(self, draft: Path, kept: Path) -> None:
        self._draft, self._kept = draft, kept

    def doubtful(self) -> list[dict[str, str]]:
        """Early ballots that may be a voter's and that nobody has decided yet: by ids, without a name."""
        return [row for row in self._rows() if not (row.get("strike") or "").strip()]

    def decide(self, said: Mapping[tuple[str, str], str]) -> int:
        """Keeps a yes or a no for ballot and voter; the next look goes by it. Returns how many were new."""
        rows = self._rows()
        new = 0
        for row in rows:
            word = said.get((row["ballot"], row["voter_id"]), "")
            if word in ("yes", "no") and not (row.get("strike") or "").strip():
                row["strike"] = word
                new += 1
        if new:
            text = io.StringIO()
            writer = csv.DictWriter(text, list(rows[0]), lineterminator="\n")
            writer.writeheader()
            writer.writerows(rows)
            private_folder(self._kept)
            for folder in (self._kept, self._draft):
                if folder.exists():
                    replace_file(folder / REVIEW, text.getvalue().encode())
        return new

    def _rows(self) -> list[dict[str, str]]:
        """The last look's list, else the one that the last import left."""
        for folder in (self._draft, self._kept):
            with suppress(OSError), (folder / REVIEW).open(encoding="utf-8-sig", newline="") as file:
                return [r for r in csv.DictReader(file) if r.get("ballot") and r.get("voter_id")]
        return []
