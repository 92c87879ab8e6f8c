"""`beluga totals`: the standings as a sheet to print, or as words that fit into one text message.

For the hour in which headquarters cannot see its board: who reaches the stack prints, reads out or texts.
"""

import asyncio
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import aiohttp
import orjson
import typer

from beluga.stack.stack import DEFAULT_STATE, NoStackError
from beluga.stack.tally_answer import tally_answer

SEGMENT = 160  # characters of one GSM-7 text


def totals(
    state: Annotated[Path, typer.Option(help="Folder of the stack.", envvar="BELUGA_STATE")] = DEFAULT_STATE,
    text: Annotated[bool, typer.Option("--text", help="One text message's worth.")] = False,
) -> None:
    """Print what the board's headline says, for the whole election and each county."""
    try:
        standings = orjson.loads(asyncio.run(tally_answer(state, "/standings")))
    except (NoStackError, aiohttp.ClientError, TimeoutError, OSError) as error:
        typer.echo(f"beluga totals: {error or type(error).__name__}", err=True)
        raise typer.Exit(1) from None
    at = datetime.now(UTC)
    print(as_text(standings["aggregates"], at) if text else as_sheet(standings["aggregates"], at))


def as_text(aggregates: list[dict[str, Any]], at: datetime) -> str:
    """The whole election in at most 160 plain characters."""
    total = next(a for a in aggregates if a["scope"] == "all")
    words = (
        f"{at:%H:%M} UTC: {total['counted']:.0f} counted, final {total['projected_final']:.0f} "
        f"({total['lo80']:.0f}-{total['hi80']:.0f}), expected {total['expected_final']:.0f}. "
        f"{total['reporting']}/{total['precincts']} report, {total['lagging']} lag, {total['silent']} silent"
    )
    return words[:SEGMENT]


def as_sheet(aggregates: list[dict[str, Any]], at: datetime) -> str:
    """A table for paper; counties in order of their names."""
    heads = ("", "counted", "projected", "80 % from", "to", "expected", "coverage", "lag", "silent")
    rows: list[tuple[str, ...]] = [heads]
    for a in sorted(aggregates, key=lambda a: (a["scope"] != "all", a["scope"])):
        name = "everywhere" if a["scope"] == "all" else a["scope"].removeprefix("county:")
        numbers = (a[n] for n in ("counted", "projected_final", "lo80", "hi80", "expected_final"))
        rows.append(
            (
                name, *(f"{n:.0f}" for n in numbers), f"{a['coverage']:.0%}", str(a["lagging"]),
                str(a["silent"]),
            )
        )  # fmt: skip
    widths = [max(len(row[n]) for row in rows) for n in range(len(heads))]
    lines = [
        "  ".join(
            cell.ljust(w) if not n else cell.rjust(w)
            for n, (cell, w) in enumerate(zip(row, widths, strict=True))
        )
        for row in rows
    ]
    return "\n".join([f"Totals, printed {at:%Y-%m-%d %H:%M} UTC", *lines])
