"""Paper, when nothing else is left: a tally sheet with a box an hour, and a grid to key one in fast.

`GET /paper/sheet?precinct=…` (or `county=…`) prints; `GET`/`POST /hotline/grid` takes what is on a sheet,
each box at its hour, the last one as the final count. A keyed sheet goes the way of a file:
`hotline/bulk.py`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from html import escape
from urllib.parse import parse_qsl
from uuid import UUID, uuid4

from aiohttp import web

from election.access.identity import Identity
from election.domain.checkin import Kind
from election.domain.day import ElectionDay, Precinct
from election.domain.roster import Roster
from election.folder.reports import ReportRow
from intake.door.door import WriteDoor
from intake.door.permission import owns
from intake.hotline.bulk import Line, Result, take_lines
from intake.hotline.endpoint import by_likelihood, html, only_staff
from intake.hotline.operators import Operators
from intake.hotline.page import frame, results_table, sign_in_page
from intake.pages.files import address
from intake.receive.http_answers import body_of
from intake.receive.pipeline import IngestPipeline

PROVIDER = "paper"
MOST_SHEETS = 2_000  # precincts in one printout
MOST_VOTES = 1_000_000
MOST_FIELDS = 100  # of a keyed sheet: a box an hour, and a few more


@dataclass(frozen=True, slots=True)
class Box:
    """A box of the sheet: `at` is UTC, `label` the precinct's local time."""

    at: datetime
    label: str
    final: bool = False


def boxes_of(precinct: Precinct, day: ElectionDay) -> list[Box]:
    """One box an hour from an hour after opening, and the last one at close."""
    zone, opens, closes = precinct.zone(day), precinct.opens_at(day), precinct.closes_at(day)
    found: list[Box] = []
    at = opens + timedelta(hours=1)
    while at < closes:
        found.append(Box(at, f"{at.astimezone(zone):%H:%M}"))
        at += timedelta(hours=1)
    return [*found, Box(closes, f"{closes.astimezone(zone):%H:%M}", final=True)]


def add_paper(  # noqa: PLR0917
    app: web.Application,
    operators: Operators,
    pipeline: IngestPipeline,
    door: WriteDoor,
    number: str,
    rehearsal: bool,
) -> None:
    """The routes of sheets and of their grid. `number` is what watchers text, "" where none is known."""
    paper = _Paper(operators, pipeline, door, number, rehearsal)
    staff = only_staff(operators)
    app.router.add_get("/paper/sheet", staff(paper.sheet))
    app.router.add_get("/hotline/grid", staff(paper.grid))
    app.router.add_post("/hotline/grid", staff(paper.keyed))


class _Paper:
    def __init__(
        self, operators: Operators, pipeline: IngestPipeline, door: WriteDoor, number: str, rehearsal: bool
    ) -> None:
        self._operators = operators
        self._pipeline = pipeline
        self._door = door
        self._number = number
        self._rehearsal = rehearsal

    async def sheet(self, request: web.Request, operator: Identity) -> web.StreamResponse:
        roster = self._pipeline.rosters.current
        wanted = set(request.query.getall("precinct", []))
        county = request.query.get("county", "")
        found = [
            p
            for p in (roster.precincts.values() if roster else ())
            if operator.may_see(p.county) and (p.precinct_id in wanted or (county and p.county == county))
        ][:MOST_SHEETS]
        if not found or roster is None:
            tried = "No such precinct or county." if wanted or county else ""
            return html(_choose_page(roster, operator, tried, self._rehearsal), 404 if tried else 200)
        return html(sheets_page(found, roster.day, self._number, self._rehearsal))

    async def grid(self, request: web.Request, operator: Identity) -> web.StreamResponse:
        return html(self._grid(operator, request.query.get("precinct", "").strip()))

    def _grid(self, operator: Identity, wanted: str, results: Sequence[Result] | None = None) -> str:
        roster = self._pipeline.rosters.current
        precinct = _precinct(roster, wanted, operator)
        watchers: list[tuple[str, str]] = []
        if roster is not None and precinct is not None:
            all_of_them = by_likelihood(roster.watchers.values())
            watchers = [(w.watcher_id, w.name) for w in all_of_them if precinct.precinct_id in w.precinct_ids]
        return grid_page(
            precinct,
            boxes_of(precinct, roster.day) if roster and precinct else [],
            watchers,
            self._operators.form_token(operator),
            wanted=wanted,
            results=results,
            rehearsal=self._rehearsal,
        )

    async def keyed(self, request: web.Request, operator: Identity) -> web.StreamResponse:
        raw = await body_of(request, self._pipeline, PROVIDER)
        if isinstance(raw, web.Response):
            return raw
        try:
            fields = dict(parse_qsl(raw.decode(), errors="strict", max_num_fields=MOST_FIELDS))
        except ValueError:
            fields = {}
        if not self._operators.brought_back(operator, fields.get("form", "")):
            return html(sign_in_page(), 403)
        roster = self._pipeline.rosters.current
        precinct = _precinct(roster, fields.get("precinct", ""), operator)
        try:
            page = UUID(fields.get("id", ""))
        except ValueError:
            page = uuid4()
        if roster is None or precinct is None:
            return html(self._grid(operator, fields.get("precinct", "")), 404)
        lines: list[Line] = []
        watcher_id = fields.get("watcher", "")[:100]
        for index, box in enumerate(boxes_of(precinct, roster.day), 1):
            written = fields.get(f"box-{index}", "").replace(",", "").strip()
            if not written:
                continue
            kind = Kind.FINAL if box.final else Kind.COUNT
            if written.isdecimal() and len(written) < 8 and int(written) <= MOST_VOTES:
                report = ReportRow(
                    precinct.precinct_id, box.at, box.at, int(written), kind, watcher_id, "", index
                )
                lines.append(Line(index, report))
            else:
                lines.append(Line(index, problem=f"{box.label}: {written[:20]} is no number; digits only"))

        def key_of(line: Line) -> str:
            """The same page sent twice is one sheet; sent again with a mended box, that box is new."""
            return f"{page}:{line.number}={line.report.votes if line.report else ''}"

        results = await take_lines(lines, key_of, operator, self._pipeline, self._door, PROVIDER)
        return html(self._grid(operator, "", results))


def _precinct(roster: Roster | None, wanted: str, operator: Identity) -> Precinct | None:
    """The precinct of this id, dashes and case aside."""
    if roster is None or not wanted:
        return None
    found = roster.place(wanted)
    if found is None:
        plain = _plain(wanted)
        alike = [p for p in roster.precincts.values() if _plain(p.precinct_id) == plain]
        found = alike[0] if len(alike) == 1 else None
    return found if found is not None and owns(operator, found.precinct_id, roster) else None


def _plain(precinct_id: str) -> str:
    return "".join(c for c in precinct_id.casefold() if c.isalnum())


def sheets_page(precincts: Sequence[Precinct], day: ElectionDay, number: str, rehearsal: bool) -> str:
    """One sheet a page, for the printer."""
    label = '<p class="rehearsal">REHEARSAL</p>' if rehearsal else ""
    sheets = "".join(_sheet(p, day, number, label) for p in precincts)
    return f"""<!doctype html><html lang="en"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1"><title>Tally sheets</title>
<link rel="stylesheet" href="{address("paper.css")}"><link rel="icon" href="{address("icon.svg")}"></head>
<body><main>{sheets}</main></body></html>"""


def _sheet(precinct: Precinct, day: ElectionDay, number: str, label: str) -> str:
    boxes = "".join(
        f'<tr><th scope="row">{"Close " if box.final else ""}{box.label}</th><td></td><td></td><td></td></tr>'
        for box in boxes_of(precinct, day)
    )
    how = f"Text the number to <strong>{escape(number)}</strong>" if number else "Text the number as always"
    return f"""<section class="sheet">{label}<header><h1>{escape(precinct.name or precinct.precinct_id)}</h1>
<p><strong>{escape(precinct.precinct_id)}</strong> {escape(precinct.county)} ·
{precinct.registered:,} registered · {escape(day.name)}, {day.date:%A %d %B %Y}</p></header>
<p>Each hour write <strong>how many people have voted here since opening, all together</strong>, even if it
has not changed. {how}; without a phone signal keep writing and hand this sheet to the runner.</p>
<table><thead><tr><th scope="col">At</th><th scope="col">Voted so far</th><th scope="col">Line, minutes</th>
<th scope="col">Problems (! and what is wrong)</th></tr></thead><tbody>{boxes}</tbody></table>
<p class="by">Name <span></span> Phone <span></span></p></section>"""


def _choose_page(roster: Roster | None, operator: Identity, problem: str, rehearsal: bool) -> str:
    counties = (
        sorted({p.county for p in roster.precincts.values() if operator.may_see(p.county)}) if roster else []
    )
    links = "".join(
        f'<li><a href="/paper/sheet?county={escape(county)}">{escape(county)}</a></li>'
        for county in counties
        if county
    )
    alert = f'<p role="alert" class="alert">{escape(problem)}</p>' if problem else ""
    return frame(
        "Print sheets",
        f"""<h1>Print tally sheets</h1>{alert}<form method="get"><div class="field">
<label for="precinct">Precinct</label><input id="precinct" name="precinct" required></div>
<button type="submit">Show</button></form>{f"<h2>A whole county</h2><ul>{links}</ul>" if links else ""}""",
        rehearsal=rehearsal,
    )


def grid_page(
    precinct: Precinct | None,
    boxes: Sequence[Box],
    watchers: Sequence[tuple[str, str]],
    form_token: str,
    *,
    wanted: str = "",
    results: Sequence[Result] | None = None,
    rehearsal: bool = False,
) -> str:
    """The boxes of a sheet to be keyed; before them which precinct, above them what became of the last."""
    if precinct is None:
        problem = f'<p role="alert" class="alert">No precinct {escape(wanted)}.</p>' if wanted else ""
        content = f"""{problem}<form method="get"><div class="field">
<label for="precinct">Precinct on the sheet</label>
<input id="precinct" name="precinct" value="{escape(wanted)}" required autofocus autocomplete="off"></div>
<button type="submit">Open</button></form>"""
    else:
        rows = "".join(
            f'<div class="box"><label for="box-{n}">{"Close " if box.final else ""}{box.label}</label>'
            f'<input id="box-{n}" name="box-{n}" inputmode="numeric" autocomplete="off" maxlength="9"'
            f"{' autofocus' if n == 1 else ''}></div>"
            for n, box in enumerate(boxes, 1)
        )
        people = "".join(f'<option value="{escape(w)}">{escape(name)}</option>' for w, name in watchers)
        content = f"""<h2>{escape(precinct.name or precinct.precinct_id)} <span class="quiet">{
            escape(precinct.precinct_id)
        }</span></h2>
<form method="post" id="grid" data-registered="{precinct.registered}">
<input type="hidden" name="form" value="{escape(form_token)}"><input type="hidden" name="id" value="{
            uuid4()
        }">
<input type="hidden" name="precinct" value="{escape(precinct.precinct_id)}">
<div class="boxes">{rows}</div>
<div class="field"><label for="watcher">Sheet of</label><select id="watcher" name="watcher">{people}
<option value="">nobody known</option></select></div>
<p id="notice" role="status"></p><button type="submit">Save the sheet</button></form>"""
    above = results_table(results) if results is not None else ""
    return frame(
        "Paper sheet",
        f"""<h1>Key a paper sheet</h1>
<p class="quiet">Enter goes to the next box; leave empty what is empty.</p>
{above}{content}""",
        rehearsal=rehearsal,
        script=True,
    )
