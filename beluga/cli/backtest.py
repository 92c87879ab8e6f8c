"""`beluga backtest`: past days projected again, against how they ended."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from beluga.proof.backtest import Backtest


def backtest(
    folder: Annotated[
        Path,
        typer.Argument(
            help="The election folder, or a folder of such folders.", exists=True, file_okay=False
        ),
    ],
    reports: Annotated[
        Path | None,
        typer.Option(
            help="Reports, CSV: precinct_id, observed_at, votes, received_at …; else FOLDER/reports.csv.",
            exists=True,
        ),
    ] = None,
    final: Annotated[
        Path | None,
        typer.Option(
            help="How it ended, CSV: precinct_id, votes (in-person); else FOLDER/final.csv.",
            exists=True,
        ),
    ] = None,
    out: Annotated[Path, typer.Option(help="Where to write the page.")] = Path("backtest.html"),
    every: Annotated[int, typer.Option(help="Minutes between projections.", min=1, max=240)] = 30,
) -> None:
    """Project past days again from their reports and compare with their end.

    One day: a self-contained page. A folder of days, each with its reports.csv and final.csv: calibration by
    hour and kind of election, as lines of text.
    """
    import gc

    from beluga.proof.backtest_page import page
    from beluga.proof.calibration import calibration, table

    gc.disable()  # the process ends with its answer
    if not (folder / "election.toml").exists() and not reports and not final:
        days = sorted(each.parent for each in folder.glob("*/election.toml"))
        if not days:
            typer.echo(f"{folder}: neither it nor a folder in it has an election.toml", err=True)
            raise typer.Exit(1)
        found = [_again(day, day / "reports.csv", day / "final.csv", every) for day in days]
        typer.echo(f"{len(found)} days, as known at each hour against how they ended:\n")
        typer.echo(table(calibration(found)))
        return
    one = _again(folder, reports or folder / "reports.csv", final or folder / "final.csv", every)
    out.write_text(page(one), encoding="utf-8")
    last = next((m for m in reversed(one.moments) if m.reporting), one.moments[-1])
    typer.echo(
        f"{len(one.moments)} times, {one.precincts:,} precincts, {one.reports:,} reports; in the end "
        f"{one.final:,.0f} votes, last projected {last.projected:,.0f}. Written to {out}"
    )


def _again(folder: Path, reports: Path, final: Path, every: int) -> "Backtest":
    """One day; says what is wrong with its files and ends."""
    from beluga.proof.backtest import backtest as projected_again
    from election.folder import FolderError, read_election, read_reports
    from election.folder.finals import read_finals

    for path in (reports, final):
        if not path.exists():
            typer.echo(f"{path} is missing: name it with --reports or --final, or put it there", err=True)
            raise typer.Exit(1)
    try:
        loaded = read_election(folder)
        rows = read_reports(reports, loaded, sites=True)
        finals = read_finals(final, loaded)
    except FolderError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(1) from None
    if not finals:
        typer.echo(f"{final.name}: it names no precinct of this election", err=True)
        raise typer.Exit(1)
    said = f"projecting {folder.name}"
    with typer.progressbar(length=100, label=said, file=typer.get_text_stream("stderr")) as bar:
        return projected_again(
            loaded, rows, finals, 60.0 * every, lambda part: bar.update(int(100 * part) - bar.pos)
        )
