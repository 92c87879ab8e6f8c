"""`beluga effect`: the votes that calls bring, against the households that are never called."""

import asyncio
import json
import tempfile
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Annotated, Any

import typer

from beluga.adopt.taking.voted import voted_ids
from beluga.stack.mode import mode_of
from beluga.stack.stack import DEFAULT_STATE, database_url
from callers.effect.control_group import EffectReport, read_effect
from callers.effect.effect import Effect, Prior, shrunk
from callers.queue.leases import calling_url
from election.postgres.database import connect

NO_GROUP = (
    "no control group: nobody is kept from being called, so nothing can be compared. Set "
    "BELUGA_CONTROL_SHARE (0.05 measures enough) before the first call"
)
_HEAD = ("", "called", "control", "contacts", "votes for each 100 contacts")


def effect(
    state: Annotated[Path, typer.Option(help="Folder of the stack.", envvar="BELUGA_STATE")] = DEFAULT_STATE,
    voted: Annotated[
        list[Path] | None,
        typer.Option(help="The county's file of who voted, instead of strike-offs; repeat for several."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="The same as JSON, for a machine.")] = False,
) -> None:
    """Say how many votes calls bring: called households against a control group that is never called.

    By hour of the household's turn, script and caller's language. The intervals (95 %) are valid however
    often one looks; with few data it says so instead of a figure.
    """
    ids = None
    if voted:
        with tempfile.TemporaryDirectory(prefix="beluga-effect-") as scratch:
            ids = voted_ids(voted, Path(scratch))
    url = calling_url(database_url(state), rehearsal=mode_of(state).rehearsal)
    found = asyncio.run(_read(url, ids))
    if as_json:
        print(json.dumps(as_dict(found, by_file=ids is not None), indent=1))
    else:
        print("\n".join(as_table(found, by_file=ids is not None)))


async def _read(url: str, voted: Collection[str] | None) -> EffectReport:
    connection = await connect(url)
    try:
        return await read_effect(connection, voted)
    finally:
        await connection.close()


def as_dict(found: EffectReport, *, by_file: bool) -> dict[str, Any]:
    """What a machine reads. Figures are null where `lacking` says why."""
    prior = Prior()
    return {
        "control_share": found.share,
        "votes_by": "file" if by_file else "strike-offs",
        "all": _figures(found.effect),
        "by": {name: {v: _figures(e) for v, e in group.items()} for name, group in found.groups.items()},
        "dispatch": {
            "votes_a_contact": round(shrunk(found.effect), 4),
            "prior": prior.votes,
            "prior_spread": prior.spread,
        },
    }


def _figures(one: Effect) -> dict[str, Any]:
    return {
        "per_hundred": _hundred(one.votes), "low": _hundred(one.low), "high": _hundred(one.high),
        "lacking": one.lacking, "contacts": one.called.x,
        "called": {"households": one.called.households, "votes": one.called.y},
        "control": {"households": one.control.households, "votes": one.control.y},
    }  # fmt: skip


def _hundred(votes: float | None) -> float | None:
    return None if votes is None else round(100 * votes, 1)


def as_table(found: EffectReport, *, by_file: bool) -> Iterator[str]:
    """Lines for people."""
    if not found.share:
        yield NO_GROUP
        return
    yield f"{found.share:.1%} of households are never called; votes by {'file' if by_file else 'strike-offs'}"
    rows = [_HEAD, _row("all", found.effect)]
    for name, group in found.groups.items():
        if len(group) > 1 or name == "hour":
            rows += [_row(f"{name} {value or '-'}", one) for value, one in group.items()]
    widths = [max(len(row[n]) for row in rows) for n in range(len(_HEAD) - 1)]
    for row in rows:
        cells = [cell.rjust(w) if n else cell.ljust(w) for n, (cell, w) in enumerate(zip(row, widths))]  # noqa: B905
        yield "  ".join([*cells, row[-1]])
    yield (
        f"dispatch reckons with {100 * shrunk(found.effect):.1f} "
        f"(before any call: {100 * Prior().votes:.0f}, give or take {100 * Prior().spread:.0f})"
    )


def _row(name: str, one: Effect) -> tuple[str, ...]:
    counts = (f"{one.called.households:,}", f"{one.control.households:,}", f"{one.called.x:,}")
    if one.votes is None or one.low is None or one.high is None:
        return name, *counts, f"too few: {one.lacking}"
    return name, *counts, f"{100 * one.votes:.1f} ({100 * one.low:.1f} to {100 * one.high:.1f})"
