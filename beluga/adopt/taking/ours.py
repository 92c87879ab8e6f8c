"""Files in the form of an election folder's own: taken as they are: an export adopted equals itself."""

from beluga.adopt.taking.draft import Draft, Table
from beluga.adopt.taking.early_record import read_early
from beluga.adopt.taking.matching import known_share
from beluga.adopt.taking.settling import ENOUGH
from election.domain.day import Precinct
from election.folder import Findings
from election.folder.headings import FILES, folded
from election.folder.people import read_callers, read_watchers, stream_voters
from election.folder.places import read_curve, read_history, read_precincts

_FILE_OF = {
    "registration": "precincts.csv",
    "history": "history.csv",
    "curve": "curve.csv",
    "watchers": "watchers.csv",
    "voters": "voters.csv",
    "callers": "callers.csv",
}


def is_ours(table: Table) -> bool:
    """Whether the headings are a folder file's own, in the first line of a UTF-8 file."""
    file = _FILE_OF.get(table.kind)
    if file is None or table.sheet.form != "text" or table.headings.line != 1:
        return False
    if not table.sheet.encoding.startswith("utf-8"):
        return False
    keys = {folded(h) for h in table.headings.names}
    own = {folded(c.name) for c in FILES[file]}
    needed = {folded(c.name) for c in FILES[file] if c.required}
    return needed <= keys <= own and (file != "precincts.csv" or "name" in keys)


def take_ours(draft: Draft, table: Table) -> bool:
    """Takes the file where nothing is wrong with it; false (and nothing taken) where anything is."""
    findings, path = Findings(), table.sheet.path
    known = draft.precincts
    if table.kind == "registration":
        found = read_precincts(path, draft.day, findings)
        if findings.total or not found or (known and not _at_home(found, draft)):
            return False
        said = draft.registered_by
        if any(said.get(k) and draft.precincts[k].registered != p.registered for k, p in found.items()):
            return False  # row by row, so that each that differs is named
        draft.precincts |= found
        draft.registered_by |= dict.fromkeys(found, table.report.name)
        draft.registered_from = {k: v for k, v in draft.registered_from.items() if k not in found}
        return _took(draft, table, "precincts", len(found), "precincts.csv")
    if not known:
        return False
    if table.kind == "history":
        past = read_history(path, known, findings)
        if findings.total or any(v.registered and v.votes > v.registered for v in past):
            return False
        for votes in past:
            draft.remember(votes)
        return _took(draft, table, "past results", len(past), "history.csv")
    if table.kind == "curve":
        curve = read_curve(path, known, findings)
        if findings.total:
            return False
        draft.curve = curve
        return _took(draft, table, "curve points", len(curve), "curve.csv")
    if table.kind == "watchers":
        watchers = read_watchers(path, draft.day, draft.region, known, findings)
        if findings.total:
            return False
        draft.watchers |= {w.watcher_id: w for w in watchers}
        return _took(draft, table, "watchers", len(watchers), "watchers.csv")
    if table.kind == "callers":
        callers = read_callers(path, findings, {p.county for p in known.values()})
        if findings.total:
            return False
        draft.callers |= {c.caller_id: c for c in callers}
        return _took(draft, table, "callers", len(callers), "callers.csv")
    for _ in stream_voters(path, draft.region, known, findings):
        if findings.total:
            return False
    if findings.total:
        return False
    table.as_is = True
    draft.voters.append(table)
    draft.touched.add("voters.csv")
    return True


def take_early(draft: Draft, table: Table) -> None:
    """An `early.csv` of ours: what it has told is added to what is known; twice is once."""
    record = read_early(table.sheet.path)
    before = draft.early.totals()
    for known, told in (
        (draft.early.ballots, record.ballots),
        (draft.early.daily, record.daily),
        (draft.early.running, record.running),
        (draft.early.sites, record.sites),
    ):
        known.update(told)  # type: ignore[arg-type]
    count = len(record.ballots) + len(record.daily) + len(record.running) + len(record.sites)
    _took(draft, table, "ballots and totals", count, "early.csv")
    if draft.early.totals() != before:
        draft.touched.add("precincts.csv")


def _at_home(found: dict[str, Precinct], draft: Draft) -> bool:
    """Whether they are precincts of the county that is here: numbers alone are like those of others."""
    known, total = known_share(found, draft.matcher())
    theirs, own = ({p.county for p in each.values()} for each in (found, draft.precincts))
    strange = "" not in theirs | own and theirs.isdisjoint(own)
    return known >= ENOUGH * total and not strange


def _took(draft: Draft, table: Table, what: str, count: int, file: str) -> bool:
    table.report.take(what, count)
    table.report.note(f"is {'an' if file.startswith('e') else 'a'} {file} of ours, and taken as it is")
    draft.touched.add(file)
    return True
