"""`beluga card`: the printed card for watchers, what they can text, a page for each language."""

import re
from pathlib import Path
from typing import Annotated

import typer


def card(
    folder: Annotated[Path, typer.Argument(help="The election's folder.", exists=True, file_okay=False)],
    out: Annotated[Path, typer.Option(help="The page to write, HTML.", dir_okay=False)] = Path("card.html"),
    number: Annotated[str, typer.Option(help="Our number, as watchers see it.")] = "",
) -> None:
    """Write a card for watchers, to be printed: what to text, in each of the election's languages."""
    from election.folder import FolderError, read_election
    from intake.form.text_card import text_card
    from intake.languages.catalogues import load_catalogues

    if number and not re.fullmatch(r"[+0-9().\s-]{3,30}", number):
        typer.echo(f"{number!r} is no number that one can text; write it like +1 215 555 0100", err=True)
        raise typer.Exit(1)
    try:
        day = read_election(folder).day
    except FolderError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(1) from None
    known = load_catalogues()
    spoken = [known[language] for language in day.languages if language in known]
    out.write_text(text_card(day.name, number, spoken or [known["en"]]), encoding="utf-8")
    typer.echo(str(out))
