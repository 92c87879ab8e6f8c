"""What a file that somebody brings must come to: said first, then looked at in the folder."""

import json
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from xml.sax.saxutils import escape

from beluga.adopt.writing import AdoptResult
from tests.beluga.adopt.test_adopting import Desk, ods, words

ROLL = "precinct_id,name,registered,county\n0101,Fire House,1200,Adams\n0102,Grange Hall,800,Adams\n"
Sheets = Mapping[str, list[list[object]]]


@dataclass(frozen=True, kw_only=True)
class Brought:
    """Files given at once, and what must stand in the folder and in the report afterwards."""

    kind: str
    files: Mapping[str, str | bytes | Sheets]
    beside: str | None = ROLL
    registered: Mapping[str, int] | None = None
    names: Mapping[str, str] = field(default_factory=dict)
    county: Mapping[str, str] = field(default_factory=dict)
    past: Mapping[str, int] | None = None
    in_person: Mapping[str, int] | None = None
    mail: Mapping[str, int] | None = None
    early: Mapping[str, int] | None = None
    years: tuple[str, ...] = ()
    voted: Mapping[str, int] | None = None
    voters: int | None = None
    phones: int | None = None
    rolls: tuple[str, ...] | None = None
    roll_of: Mapping[str, str] = field(default_factory=dict)
    struck: int | None = None
    watchers: Mapping[str, str] | None = None
    callers: int | None = None
    places: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    shapes: int | None = None
    refuses: tuple[str, ...] = ()
    drops: tuple[str, ...] = ()
    says: tuple[str, ...] = ()
    open: bool | None = None
    nothing: bool = False


def bring(desk: Desk, case: Brought) -> AdoptResult:
    given: list[Path] = [] if case.beside is None else [desk.file("beside.csv", case.beside)]
    for name, content in case.files.items():
        if isinstance(content, str | bytes):
            given.append(desk.file(name, content))
        elif name.endswith(".ods"):
            given.append(ods(desk.base / name, **content))
        else:
            given.append(xlsx(desk.base / name, content))
    return desk.adopt(*given)


def misses(desk: Desk, case: Brought, outcome: AdoptResult) -> list[str]:
    """What is not as it was said it must be; empty: all is."""
    said, bad = words(outcome), []
    places = {r["precinct_id"]: r for r in desk.rows("precincts.csv")}

    def same(what: str, found: object, wanted: object) -> None:
        if wanted is not None and found != wanted:
            bad.append(f"{what}: {found}, wanted {wanted}")

    same("registered", desk.registered(), case.registered)
    for column, wanted in (("name", case.names), ("county", case.county)):
        same(column, {p: places.get(p, {}).get(column) for p in wanted}, dict(wanted))
    for method in ("total", "in_person", "mail", "early"):
        wanted_votes = case.past if method == "total" else getattr(case, method)
        if wanted_votes is not None:
            same(method, {p: v for (p, _), v in desk.past(method).items()}, dict(wanted_votes))
    if case.years:
        found = {r["election"] for r in desk.rows("history.csv")}
        same("years", tuple(sorted(found)), case.years)
    if case.voted is not None:
        same("voted", {p: int(float(v or 0)) for p, v in desk.voted().items()}, dict(case.voted))
    roll = desk.rows("voters.csv")
    if case.voters is not None:
        same("voters", len(roll), case.voters)
    if case.phones is not None:
        same("phones", sum(bool(v["phone"]) for v in roll), case.phones)
    if case.rolls is not None:
        same("rolls", tuple(sorted(v["roll_number"] for v in roll)), tuple(sorted(case.rolls)))
    same("precinct of", {v["voter_id"]: v["precinct_id"] for v in roll if v["voter_id"] in case.roll_of},
         dict(case.roll_of))  # fmt: skip
    if case.struck is not None:
        same("struck", sum(v.get("voted", "") not in ("", "no") for v in roll), case.struck)
    if case.watchers is not None:
        same(
            "watchers", {w["name"]: w["precinct_ids"] for w in desk.rows("watchers.csv")}, dict(case.watchers)
        )
    if case.callers is not None:
        same("callers", len(desk.rows("callers.csv")), case.callers)
    for precinct, cells in case.places.items():
        row = places.get(precinct, {})
        bad += [f"{c} not of {precinct}: {row}" for c in cells if c not in row.values()]
    if case.shapes is not None:
        path = desk.into / "precincts.geojson"
        same("shapes", len(json.loads(path.read_text())["features"]) if path.exists() else 0, case.shapes)
    refused = json.dumps([r.refused for r in outcome.reports]).lower()
    dropped = json.dumps([r.dropped for r in outcome.reports], default=str).lower()
    bad += [f"not refused: {v}" for v in case.refuses if v in places or v.lower() not in refused]
    bad += [f"not dropped: {v}" for v in case.drops if v in places or v.lower() not in dropped + refused]
    bad += [f"not said: {w}" for w in case.says if w.lower() not in said]
    if case.nothing:
        bad += [f"taken: {t}" for r in outcome.reports[case.beside is not None :] if (t := r.took)]
    if case.open is not None:
        same("open", bool(outcome.open_questions), case.open)
    return bad


def xlsx(path: Path, sheets: Sheets) -> Path:
    """A workbook as spreadsheets write it, with the cells in the rows themselves."""

    def cell(column: int, row: int, value: object) -> str:
        place = f'r="{chr(65 + column)}{row}"'
        if value is None:
            return ""
        if isinstance(value, int | float):
            return f"<c {place}><v>{value}</v></c>"
        return f'<c {place} t="inlineStr"><is><t>{escape(str(value))}</t></is></c>'

    main, office = (
        "http://schemas.openxmlformats.org/spreadsheetml/2006/main",
        "http://schemas.openxmlformats.org/officeDocument/2006/relationships",
    )
    package = "http://schemas.openxmlformats.org/package/2006"
    kind = "application/vnd.openxmlformats-officedocument.spreadsheetml"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(
            "[Content_Types].xml",
            f'<Types xmlns="{package}/content-types"><Default Extension="rels" '
            'ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
            f'<Override PartName="/xl/workbook.xml" ContentType="{kind}.sheet.main+xml"/>'
            + "".join(
                f'<Override PartName="/xl/worksheets/sheet{n}.xml" ContentType="{kind}.worksheet+xml"/>'
                for n, _ in enumerate(sheets)
            )
            + "</Types>",
        )
        archive.writestr(
            "_rels/.rels",
            f'<Relationships xmlns="{package}/relationships"><Relationship Id="r" '
            f'Type="{office}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
        )
        archive.writestr(
            "xl/workbook.xml",
            f'<workbook xmlns="{main}" xmlns:r="{office}"><sheets>'
            + "".join(
                f'<sheet name="{escape(s)}" sheetId="{n + 1}" r:id="r{n}"/>' for n, s in enumerate(sheets)
            )
            + "</sheets></workbook>",
        )
        archive.writestr(
            "xl/_rels/workbook.xml.rels",
            f'<Relationships xmlns="{package}/relationships">'
            + "".join(
                f'<Relationship Id="r{n}" Type="{office}/worksheet" Target="worksheets/sheet{n}.xml"/>'
                for n, _ in enumerate(sheets)
            )
            + "</Relationships>",
        )
        for number, rows in enumerate(sheets.values()):
            lines = "".join(
                f'<row r="{r}">{"".join(cell(c, r, v) for c, v in enumerate(row))}</row>'
                for r, row in enumerate(rows, 1)
            )
            archive.writestr(
                f"xl/worksheets/sheet{number}.xml",
                f'<worksheet xmlns="{main}"><sheetData>{lines}</sheetData></worksheet>',
            )
    return path
