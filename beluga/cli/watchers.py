"""`beluga watchers`: where the next watchers should stand."""

from datetime import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from election.folder import FolderError, read_election

if TYPE_CHECKING:
    from tally.projection.watcher_plan import WatcherPlan

app = typer.Typer(no_args_is_help=True, add_completion=False, help="Where the next watchers should stand.")
MOST = 10_000


@app.callback()
def watchers() -> None:
    """Where the next watchers should stand."""


@app.command()
def plan(
    folder: Annotated[
        Path, typer.Argument(help="The election's folder; those of its watchers.csv are placed.")
    ],
    watchers: Annotated[int, typer.Option(min=1, max=MOST, help="How many more there are to place.")],
    by: Annotated[
        str,
        typer.Option(help="Local time by which everybody has counted once, as 15:00; else mid-afternoon."),
    ] = "",
    json: Annotated[bool, typer.Option("--json", help="Everything as JSON.")] = False,
) -> None:
    """Print the precincts where one more watcher would tell most, in order, and what they add.

    Counts narrow the band of the election's total, and show votes missing where nobody would have seen that
    a precinct lags. Needs no database.
    """
    from tally.projection.watcher_plan import plan_watchers

    try:
        moment = time.fromisoformat(by) if by else None
    except ValueError:
        raise typer.BadParameter(f"{by!r} is no time; write it as 15:00", param_hint="--by") from None
    if moment is not None and moment.tzinfo is not None:
        raise typer.BadParameter(f"{by!r}: leave the offset away, it is local time", param_hint="--by")
    try:
        election = read_election(folder)
    except FolderError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(1) from None
    if moment is not None and moment <= election.day.opens:
        words = f"{by!r}: nothing is counted by then; write a time after {election.day.opens:%H:%M}"
        raise typer.BadParameter(words, param_hint="--by")
    found = plan_watchers(election, watchers, moment)
    typer.echo(_as_json(found) if json else _as_text(found), nl=not json)


def _as_text(found: "WatcherPlan") -> str:
    before, after = found.half_bands[0], found.half_bands[-1]
    lines = [f"{found.placed:,} precincts have a watcher. Counted once by {found.by:%H:%M}, the total of"
             f" {found.expected:,.0f} expected votes is known to ± {before:,.0f} (80 %)."]  # fmt: skip
    if not found.visits:
        return f"{lines[0]}\nNobody more is needed: every precinct has a watcher."
    for number, visit in enumerate(found.visits, 1):
        ids = ", ".join(visit.precinct_ids)
        site = f" (site {visit.site_id})" if visit.site_id else ""
        lines.append(f"{number:4}. {ids}{site}  {visit.name}: {visit.why}")
    most = 1.0 / max(found.bound, 1e-9)
    lines.append(
        f"With these {len(found.visits):,}: ± {after:,.0f}, {_fall(before, after):.0%} less, by the model's "
        f"own covariance. No other choice of as many is worth more than {most:.2f} times this one."
    )
    return "\n".join(lines)


def _fall(before: float, after: float) -> float:
    return 1.0 - after / before if before > 0.0 else 0.0


def _as_json(found: "WatcherPlan") -> str:
    import orjson

    before, after = found.half_bands[0], found.half_bands[-1]
    plan = {
        "by": f"{found.by:%H:%M}",
        "placed": found.placed,
        "expected": round(found.expected, 1),
        "half_band_80": round(before, 1),
        "half_band_80_after": round(after, 1),
        "fall": round(_fall(before, after), 4),
        "bound": round(found.bound, 4),
        "visits": [
            {
                "precinct_ids": list(visit.precinct_ids),
                "site_id": visit.site_id,
                "name": visit.name,
                "county": visit.county,
                "expected": round(visit.expected, 1),
                "narrowing": round(visit.narrowing, 1),
                "lag": round(visit.lag, 1),
                "half_band_80": round(half, 1),
                "why": visit.why,
            }
            for visit, half in zip(found.visits, found.half_bands[1:], strict=True)
        ],
    }
    return orjson.dumps(plan, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE).decode()
