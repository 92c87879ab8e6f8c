"""`beluga backtest`: a past day projected again, against how it ended, as one page."""

from pathlib import Path
from typing import Annotated

import typer


def backtest(
    folder: Annotated[Path, typer.Argument(help="The election folder.", exists=True, file_okay=False)],
    reports: Annotated[
        Path, typer.Option(help="Reports, CSV: precinct_id, observed_at, votes, received_at …", exists=True)
    ],
    final: Annotated[
        Path, typer.Option(help="How it ended, CSV: precinct_id, votes (in-person).", exists=True)
    ],
    out: Annotated[Path, typer.Option(help="Where to write the page.")] = Path("backtest.html"),
    every: Annotated[int, typer.Option(help="Minutes between projections.", min=1, max=240)] = 30,
) -> None:
    """Project a past day again from its reports and compare with its end, as one self-contained page."""
    import gc

    from beluga.proof.backtest import backtest as projected_again
    from beluga.proof.backtest_page import page
    from election.folder import FolderError, read_election, read_reports
    from election.folder.finals import read_finals

    gc.disable()  # the process ends with its answer
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
    with typer.progressbar(length=100, label="projecting", file=typer.get_text_stream("stderr")) as bar:
        found = projected_again(
            loaded, rows, finals, 60.0 * every, lambda part: bar.update(int(100 * part) - bar.pos)
        )
    out.write_text(page(found), encoding="utf-8")
    last = next((m for m in reversed(found.moments) if m.reporting), found.moments[-1])
    typer.echo(
        f"{len(found.moments)} times, {found.precincts:,} precincts, {found.reports:,} reports; in the end "
        f"{found.final:,.0f} votes, last projected {last.projected:,.0f}. Written to {out}"
    )
