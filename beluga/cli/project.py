"""`beluga project`: standings from a report file, without a database or a running service."""

import csv
import gc
import io
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import orjson
import typer

from beluga.proof.report_entries import check_in_of

if TYPE_CHECKING:
    pass

COLUMNS = (
    "precinct_id", "state", "reports", "held", "last_votes", "last_observed_at", "expected_final",
    "projected_final", "lo80", "hi80", "lo95", "hi95", "p_lagging", "shortfall",
)  # fmt: skip


def project(
    election: Annotated[Path, typer.Option(help="The election folder.", exists=True, file_okay=False)],
    reports: Annotated[
        Path, typer.Option(help="Reports, CSV: precinct_id, observed_at, votes …", exists=True)
    ],
    as_of: Annotated[
        str, typer.Option(help="Time, ISO 8601; without an offset it is the election's local time.")
    ],
    out: Annotated[Path, typer.Option(help="Where to write one row for every precinct, CSV.")],
    summary: Annotated[Path | None, typer.Option(help="Where to write the totals, JSON.")] = None,
) -> None:
    """Project every precinct's final from the reports received by a time."""
    from election.folder import FolderError, read_election, read_reports
    from tally.projection.projection import Tally

    gc.disable()  # the process ends with its answer: nothing is worth looking for among a million objects
    try:
        loaded = read_election(election)
        rows = read_reports(reports, loaded, sites=True)
        at = datetime.fromisoformat(as_of)
    except FolderError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(1) from None
    except ValueError:
        raise typer.BadParameter(f"{as_of!r} is no time; write it as 2026-11-03T15:00-05:00") from None
    if at.tzinfo is None:
        from zoneinfo import ZoneInfo

        at = at.replace(tzinfo=ZoneInfo(loaded.day.timezone))
    at = at.astimezone(UTC)
    tally = Tally(loaded)
    places = loaded.places()
    tally.add(check_in_of(r, places[r.precinct_id]) for r in rows if r.received_at <= at)
    projection, total = tally.project_with_total(at.timestamp())
    columns = projection.wire_columns()
    columns["precinct_id"] = list(tally.inputs.ids)
    columns["last_observed_at"] = [_iso(v) for v in columns["last_observed_at"]]
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    writer.writerows(zip(*(columns[name] for name in COLUMNS), strict=True))
    out.write_text(text.getvalue(), encoding="utf-8")
    if summary is not None:
        figures = {
            "projected_final": total.projected_final,
            "lo80": total.lo80,
            "hi80": total.hi80,
            "lo95": total.lo95,
            "hi95": total.hi95,
            "expected_final": total.expected_final,
            "coverage": total.coverage,
            "reports": int(projection.columns["reports"].sum()),
            "as_of": at.isoformat(timespec="seconds").replace("+00:00", "Z"),
            "counted": total.counted,
            "held": int(projection.columns["held"].sum()),
            "caveat": total.caveat,
        }
        summary.write_bytes(orjson.dumps(figures, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE))


def _iso(value: object) -> str:
    """Epoch seconds as ISO 8601; empty for none."""
    if not isinstance(value, int):
        return ""
    return datetime.fromtimestamp(value, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
