"""`beluga rehearse` and `beluga gameday`: break things on purpose, and read one page about it.

The stack is made for the occasion (a made-up county, a clock of its own, the journal on a small disk where we
may mount one, fsync through a shim where there is a compiler) unless --state names a rehearsal that runs.
"""

import shlex
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from beluga.rehearsal.own_stack import own_stack
from beluga.rehearsal.running import line, run_all, shifts, versions
from beluga.stack.process import StackFailedError
from chaos.run.gameday import ScriptError, read_script
from chaos.run.report import headline, listing, times, write_report
from chaos.run.run import ExperimentError, ExperimentResult, catalogue, write_run
from chaos.target.cluster import find_cluster
from chaos.target.hosts import find_hosts
from chaos.target.target import NoTargetError, Target

# Clusters that run already, by what --target calls them.
FOUND: dict[str, Callable[[Path], Target]] = {"cluster": find_cluster, "ansible": find_hosts}


def rehearse(
    names: Annotated[list[str] | None, typer.Argument(help="Which experiments; all by default.")] = None,
    *,
    target: Annotated[str, typer.Option(help="one-machine, cluster or ansible.")] = "one-machine",
    seed: Annotated[int, typer.Option(help="Of the county and of the load.")] = 1,
    seeds: Annotated[int, typer.Option(min=1, max=50, help="So many seeds, from --seed on.")] = 1,
    list_: Annotated[
        bool, typer.Option("--list", help="What there is, what it breaks, what it needs.")
    ] = False,
    short: Annotated[bool, typer.Option("--short", help="A few seconds each, without the runbooks.")] = False,
    state: Annotated[
        Path | None, typer.Option(help="A running rehearsal's folder; by default one is made.")
    ] = None,
    election: Annotated[Path | None, typer.Option(help="Its election folder: whose watchers text.")] = None,
    out: Annotated[Path, typer.Option(help="Where reports are kept, one dated folder a run.")] = Path(
        "rehearsals"
    ),
) -> None:
    """Break a rehearsal on purpose under load, and judge what became of every text.

    Exit status 1 if an invariant was broken, 2 if nothing was proven.
    """
    try:
        kind = "cluster" if target in FOUND else target
        experiments = [e for e in catalogue() if kind in e.targets]
    except ExperimentError as error:
        raise _refused(str(error)) from None
    if names:
        known = {e.name: e for e in experiments} | {str(e.number): e for e in experiments}
        unknown = [name for name in names if name not in known]
        if unknown:
            raise _refused(
                f"there is no experiment {unknown[0]!r} for {target}; look with: beluga rehearse --list"
            )
        experiments = [known[name] for name in names]
    if list_:
        print(listing(experiments))
        return
    if not experiments:
        raise _refused(
            f"no experiment of the catalogue runs on {target!r}; "
            "name one-machine, cluster or ansible with --target"
        )
    say = Console(stderr=True, highlight=False).print
    folder = _dated(out)
    results: list[ExperimentResult] = []
    try:
        for n in range(seed, seed + seeds):
            for some in [experiments] if state or target in FOUND else shifts(experiments):
                with _stage(target, state, election, n) as (at, where):
                    results += run_all(some, at, where, n, folder=folder, short=short, say=say)
    except (NoTargetError, StackFailedError, OSError) as error:
        raise _refused(str(error)) from None
    for result in results:
        print(line(result))
    _end(folder, results, _about(names or [], target, seed, seeds, short=short))


def gameday(
    script: Annotated[Path, typer.Argument(help="The day's script (YAML), e.g. chaos/gamedays/short.yaml.")],
    *,
    seed: Annotated[int, typer.Option(help="Draws the surprises, the county and the load.")] = 1,
    pauses: Annotated[bool, typer.Option("--pauses/--no-pauses", help="Leave people their time.")] = True,
    short: Annotated[bool, typer.Option("--short", help="Experiments of a few seconds.")] = False,
    out: Annotated[Path, typer.Option(help="Where reports are kept.")] = Path("rehearsals"),
) -> None:
    """Play an election day with people: roles, a clock, faults and surprises on a stack of its own.

    Exit status as of `beluga rehearse`.
    """
    known = {e.name: e for e in catalogue()}
    try:
        day = read_script(script, seed, set(known))
    except ScriptError as error:
        raise _refused(f"{error}; name a script like chaos/gamedays/short.yaml") from None
    folder = _dated(out)
    results: list[ExperimentResult] = []
    told: list[str] = []

    def tell(words: str) -> None:
        told.append(f"{datetime.now(UTC):%H:%M:%S}  {words}")
        print(words, flush=True)

    tell(f"{day.title}. Roles: " + "; ".join(f"{role} {does}" for role, does in day.roles.items()))
    try:
        with own_stack(seed) as (at, election):
            tell(f"the war room: {at.url('dashboard')}  (beluga status --state {at.state})")
            for step in day.steps:
                tell(f"{step.at}  {step.role.upper()}: {step.say}")
                if step.surprise:
                    tell(f"        SURPRISE: {step.surprise}")
                if step.experiment:
                    chosen = [known[step.experiment]]
                    results += run_all(
                        chosen, at, election, seed, folder=folder, short=short, say=lambda _: None
                    )
                    tell(f"        {line(results[-1])}")
                if pauses:
                    time.sleep(step.pause)
    except (NoTargetError, StackFailedError, OSError) as error:
        raise _refused(str(error)) from None
    (folder / "gameday.txt").write_text("\n".join(told) + "\n", encoding="utf-8")
    _end(folder, results, _about([f"({script.name})"], "one-machine", seed, 1, short=short))


def _end(folder: Path, results: list[ExperimentResult], about: dict[str, Any]) -> None:
    write_run(folder, results, about)
    page = write_report(folder, results, about)
    print(headline(results))
    print(times(results))
    print(page)
    words = {result.word for result in results}
    raise typer.Exit(1 if "FAIL" in words else 2 if "unknown" in words or words == {"skipped"} else 0)


@contextmanager
def _stage(
    target: str, state: Path | None, election: Path | None, seed: int
) -> Iterator[tuple[Target, Path]]:
    """A rehearsal that runs: the one named, or one of our own that is gone afterwards."""
    if state is not None:
        found = Target.of_state(state)
        if election is None:
            raise NoTargetError("name the --election folder too: its watchers send the texts")
        yield found, election
        return
    if find := FOUND.get(target):
        if election is None:
            raise NoTargetError("name the --election folder that this cluster has imported")
        with tempfile.TemporaryDirectory(prefix="beluga-cluster-") as folder:
            yield find(Path(folder)), election
        return
    with own_stack(seed) as made:
        yield made


def _dated(out: Path) -> Path:
    folder = out / datetime.now(UTC).strftime("%Y-%m-%dT%H%M%S")
    folder.mkdir(parents=True, exist_ok=False)
    return folder


def _about(names: list[str], target: str, seed: int, seeds: int, *, short: bool) -> dict[str, Any]:
    words = ["beluga", "rehearse", *names, "--target", target, "--seed", str(seed)]
    words += ["--seeds", str(seeds)] if seeds > 1 else []
    return {
        "wall": datetime.now(UTC).isoformat(timespec="seconds"),
        "command": shlex.join(words + (["--short"] if short else [])),
        "versions": versions(),
        "seed": seed,
    }


def _refused(why: str) -> typer.Exit:
    typer.echo(f"beluga: {why}", err=True)
    return typer.Exit(2)
