"""How a day ended: in-person votes by precinct, for a backtest."""

from pathlib import Path

from election.domain.day import Election
from election.folder.cells import Cells
from election.folder.findings import Findings
from election.folder.headings import HISTORY, Column
from election.folder.places import unknown_precinct
from election.folder.reports import MOST_VOTES
from election.folder.table import TableReader

_COLUMNS = tuple(
    Column("votes", (*c.synonyms, "Final", "Final Votes", "In Person"), required=True)
    if c.name == "votes"
    else c
    for c in HISTORY
    if c.name in ("precinct_id", "votes")
)


def read_finals(path: Path, election: Election) -> dict[str, int]:
    """Votes by precinct id. Raises `FolderError` where any row is wrong, or a precinct comes twice."""
    findings = Findings()
    table = TableReader(path, _COLUMNS, findings)
    cells = Cells(table.file, findings)
    precincts = {str(p.precinct_id): p for p in election.precincts}
    finals: dict[str, int] = {}
    for line, (identity, votes) in table:
        cells.line = line
        if identity not in precincts:
            cells.problem("precinct_id", *unknown_precinct(identity, precincts))
        elif identity in finals:
            cells.problem("precinct_id", f"{identity} comes twice", "keep one row for each precinct")
        count = cells.integer("votes", votes, 0, MOST_VOTES)
        if count is not None:
            finals.setdefault(identity, count)
    findings.raise_if_any()
    return finals
