"""Who has voted by a county's own file, as ids: each row that has one is a vote."""

from collections.abc import Iterable
from itertools import islice
from pathlib import Path

from beluga.adopt.mapping.headings_row import LOOKED_AT, find_headings
from beluga.adopt.mapping.vocabulary import VOTER_ID
from beluga.adopt.sources.sheets import Sheet, open_all
from beluga.stack.failures import CommandRefusedError
from election.folder.headings import folded


def voted_ids(paths: Iterable[Path], scratch: Path) -> set[str]:
    """The ids in all tables of these files. Raises `CommandRefusedError` where one has no column of them."""
    found: set[str] = set()
    for sheet in open_all(paths, scratch):
        if sheet.refusal:
            raise CommandRefusedError(f"{sheet.name} {sheet.refusal}: {sheet.remedy}")
        found |= _ids(sheet)
    return found


def _ids(sheet: Sheet) -> set[str]:
    headings = find_headings(list(islice(sheet.rows(), LOOKED_AT)))
    names = [folded(name) for name in headings.names] if headings else []
    columns = [names.index(word) for word in VOTER_ID if word in names]
    if headings is None or not columns:
        raise CommandRefusedError(f"{sheet.name} has no column of voters' ids: name that column voter_id")
    column = columns[0]
    cells = (row[column] for line, row in sheet.rows() if line > headings.line and len(row) > column)
    return {cell.removesuffix(".0") for cell in cells if cell}
