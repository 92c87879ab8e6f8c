"""`beluga rehearse` and `beluga gameday`: break things on purpose, and read one page about it.

The stack is made for the occasion (a made-up county, a clock of its own, the journal on a small disk where we
may mount one, fsync through a shim where there is a compiler) unless --state names a rehearsal that runs.
"""

import asyncio
import importlib.metadata
import os
import platform
import shlex
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from beluga.county.county import write_county
from beluga.county.ground_truth import ground_truth
from beluga.stack.process import StackFailedError, StackProcess, free_port_base
from beluga.stack.stack import NoStackError, alive, read_run_file
from chaos.faults import deploy
from chaos.faults.disk import no_small_disk, small_disk
from chaos.faults.shim import DEPLOY, NAMES, SPIN, SYNC, build_shim
from chaos.judge.history import History
from chaos.load.surge import LoadWatcher, read_watchers
from chaos.run.gameday import ScriptError, read_script
from chaos.run.report import headline, listing, times, write_report
from chaos.run.run import Experiment, ExperimentError, ExperimentResult, Runner, catalogue, write_run
from chaos.session.session import Session
from chaos.target.cluster import ClusterTarget
from chaos.target.target import NoTargetError, Target

PRECINCTS = 400  # as a county has: at a few dozen, their thousands of counts would keep the gate busy
A_STACK = 10  # experiments: each leaves its surge behind, and after thirty a precinct has ten days' counts
SPEED = 60.0  # stack seconds a second: a run spans a morning
SHORT_PATIENCE, PATIENCE = 60.0, 120.0  # s until everything acknowledged must be tallied
STOP_SECONDS = 90.0  # s that a stack may take to end
PREFIX, OWNER = "beluga-rehearse-", "owner"  # of folders; a file in each holds our process id
MEBIBYTES = 96  # of the journal's small disk


def rehearse(
    names: Annotated[list[str] | None, typer.Argument(help="Which experiments; all by default.")] = None,
    *,
    target: Annotated[str, typer.Option(help="one-machine or cluster.")] = "one-machine",
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
        experiments = [e for e in catalogue() if target in e.targets]
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
            f"no experiment of the catalogue runs on {target!r}; name one-machine or cluster with --target"
        )
    say = Console(stderr=True, highlight=False).print
    folder = _dated(out)
    results: list[ExperimentResult] = []
    try:
        for n in range(seed, seed + seeds):
            for some in [experiments] if state or target == "cluster" else _shifts(experiments):
                with _stage(target, state, election, n) as (at, where):
                    results += _run_all(some, at, where, n, folder=folder, short=short, say=say)
    except (NoTargetError, StackFailedError, OSError) as error:
        raise _refused(str(error)) from None
    for result in results:
        print(_line(result))
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
                    results += _run_all(
                        chosen, at, election, seed, folder=folder, short=short, say=lambda _: None
                    )
                    tell(f"        {_line(results[-1])}")
                if pauses:
                    time.sleep(step.pause)
    except (NoTargetError, StackFailedError, OSError) as error:
        raise _refused(str(error)) from None
    (folder / "gameday.txt").write_text("\n".join(told) + "\n", encoding="utf-8")
    _end(folder, results, _about([f"({script.name})"], "one-machine", seed, 1, short=short))


def _shifts(experiments: list[Experiment]) -> list[list[Experiment]]:
    """The experiments that share a stack of our own."""
    return [experiments[at : at + A_STACK] for at in range(0, len(experiments), A_STACK)]


def _end(folder: Path, results: list[ExperimentResult], about: dict[str, Any]) -> None:
    write_run(folder, results, about)
    page = write_report(folder, results, about)
    print(headline(results))
    print(times(results))
    print(page)
    words = {result.word for result in results}
    raise typer.Exit(1 if "FAIL" in words else 2 if "unknown" in words or words == {"skipped"} else 0)


def _run_all(
    experiments: list[Experiment], at: Target, election: Path, seed: int, *,
    folder: Path, short: bool, say: Any,
) -> list[ExperimentResult]:  # fmt: skip
    results: list[ExperimentResult] = []
    watchers = _watchers(election)
    for experiment in experiments:
        say(f"{experiment.number:>2} {experiment.title}")
        history = History(
            folder / f"{experiment.name}-{seed}.jsonl", name=experiment.name, seed=seed, versions=versions()
        )
        scale = float(experiment.about.get("short", 0.4)) if short else 1.0
        session = Session(at, history, watchers, seed, experiment.name, scale, election=election)
        runner = Runner(experiment, session, lambda words: say(f"   {words}"))
        results.append(runner.run(SHORT_PATIENCE if short else PATIENCE))
        say(f"   {_line(results[-1])}")
    return results


def _line(result: ExperimentResult) -> str:
    broken = [v for v in result.verdicts if v.valid is not True]
    why = result.skipped or "; ".join(f"{v.name}: {v.why}" for v in broken)
    first = result.verdicts[0].why if result.verdicts and not broken else why
    recovery = "" if result.recovery is None else f", recovered in {result.recovery:.1f} s"
    return f"{result.word:8} {result.experiment.number:>2} {result.experiment.name}: {first}{recovery}"


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
    if target == "cluster":
        if election is None:
            raise NoTargetError("name the --election folder that this cluster has imported")
        with tempfile.TemporaryDirectory(prefix="beluga-cluster-") as folder:
            yield ClusterTarget.found(Path(folder)), election
        return
    with own_stack(seed) as made:
        yield made


@contextmanager
def own_stack(seed: int, precincts: int = PRECINCTS) -> Iterator[tuple[Target, Path]]:
    """A stack of our own on a made-up county, ready for every fault that this machine allows."""
    _sweep()
    with ExitStack() as cleanup:
        # outside of private folders: PostgreSQL may have to run under another account
        base = Path(tempfile.mkdtemp(prefix=PREFIX))
        cleanup.callback(shutil.rmtree, base, True)
        (base / OWNER).write_text(str(os.getpid()))
        base.chmod(0o711)
        state, folder = base / "state", base / "election"
        county = write_county(folder, seed, precincts)
        opens = ground_truth(county, seed).opens
        state.mkdir(mode=0o711)
        environment = {
            "BELUGA_JOURNAL_BALLAST_MIB": "4",
            **{control.variable: str(control.file(state)) for control in (SYNC, NAMES, DEPLOY, SPIN)},
            "PYTHONPATH": os.pathsep.join(filter(None, (str(deploy.DEPLOYED), os.environ.get("PYTHONPATH")))),
        }
        if small_disk(state / "intake", MEBIBYTES):
            cleanup.callback(no_small_disk, state / "intake")
        library = build_shim()
        if library is not None:
            environment["LD_PRELOAD"] = str(library)
        stack = StackProcess(
            state, free_port_base(), "--election", str(folder), "--clock", opens.isoformat(),
            "--speed", str(SPEED), env=environment,
        )  # fmt: skip
        loop = asyncio.new_event_loop()
        cleanup.callback(_end_successor, state)  # a runbook may have started the stack anew
        cleanup.callback(loop.close)
        cleanup.callback(lambda: loop.run_until_complete(stack.stop()))
        loop.run_until_complete(stack.start())
        target = Target.of_state(state)
        yield target, folder


def _sweep() -> None:
    """Takes away what rehearsals that were killed have left: their folder, and the small disk in it."""
    for owner in Path(tempfile.gettempdir()).glob(f"{PREFIX}*/{OWNER}"):
        try:
            dead = not alive(int(owner.read_text()))
        except (OSError, ValueError):
            continue  # another account's, or just being made
        state = owner.parent / "state"
        if dead and any(alive(pid) for pid in _pids(state)):
            with suppress(subprocess.TimeoutExpired):
                _end_successor(state)  # a runbook had started the stack anew, and nobody was left to end it
        if dead and not any(alive(pid) for pid in _pids(state)):
            with suppress(OSError):
                no_small_disk(state / "intake")
                shutil.rmtree(owner.parent, ignore_errors=True)


def _pids(state: Path) -> list[int]:
    with suppress(NoStackError):
        run = read_run_file(state)
        return [run.pid, *run.pids.values()]
    return []


def _end_successor(state: Path) -> None:
    if (state / "run.json").exists():
        command = [sys.executable, "-m", "beluga", "down", "--state", str(state)]
        subprocess.run(command, check=False, capture_output=True, timeout=STOP_SECONDS)


def _watchers(folder: Path) -> list[LoadWatcher]:
    with (folder / "watchers.csv").open(encoding="utf-8-sig", newline="") as file:
        return read_watchers(iter(file))


def _dated(out: Path) -> Path:
    folder = out / datetime.now(UTC).strftime("%Y-%m-%dT%H%M%S")
    folder.mkdir(parents=True, exist_ok=False)
    return folder


def versions() -> dict[str, str]:
    """What was rehearsed with."""
    found = {"python": platform.python_version(), "system": platform.platform(), "cores": str(os.cpu_count())}
    for name in ("beluga-turnout", "aiohttp", "apsw", "asyncpg", "websockets"):
        try:
            found[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            found[name] = "not installed"
    return found


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
