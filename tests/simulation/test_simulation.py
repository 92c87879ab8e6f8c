"""Hundreds of schedules of crashes, outages and lost answers, each repeatable from its seed; and planted bugs
that some of them must find.
"""

import logging
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import structlog

import intake.drain.drain
import intake.journal.file
import tally.engine.follower
from election.domain.day import Election
from tally.ledger.entry_store import EntryStore
from tally.ledger.id_table import IdTable
from tally.ledger.ledger import Ledger
from tests.simulation.services import ELECTION
from tests.simulation.world import Current, Plants, run_schedule

SCHEDULES = int(os.environ.get("BELUGA_SIMULATIONS", "200"))
FEW = 150  # schedules within which a planted bug must be found
PARTS = 8


class _NoCollector:
    """The follower freezes the heap after its first reading: once a process, not once a schedule."""

    def __getattr__(self, _: str) -> Any:
        return lambda: None


@pytest.fixture
def folder(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A memory disk where there is one; clocks, names and connections of the simulated world."""

    async def connect(*_: Any, **__: Any) -> Any:
        return await Current.world.database.connect()

    async def load(*_: Any, **__: Any) -> Any:
        return ELECTION

    def now() -> float:
        return Current.loop.time()

    monkeypatch.setattr(intake.drain.drain, "connect", connect)
    monkeypatch.setattr(intake.drain.drain, "perf_counter", now)
    monkeypatch.setattr(
        intake.journal.file.secrets, "token_hex", lambda n: f"{Current.labels.getrandbits(8 * n):0{2 * n}x}"
    )
    monkeypatch.setattr(tally.engine.follower, "connect", connect)
    monkeypatch.setattr(tally.engine.follower, "load_election", load)
    monkeypatch.setattr(tally.engine.follower, "gc", _NoCollector())
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    disk = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
    with tempfile.TemporaryDirectory(prefix="beluga-simulation-", dir=disk) as name:
        yield Path(name)
    structlog.reset_defaults()


def failure(seed: int, problems: list[str]) -> str:
    return (
        f"seed {seed}: {'; '.join(problems)}\nrepeat it with: "
        f"BELUGA_SIMULATION_SEED={seed} python -m pytest tests/simulation -k repeated"
    )


DEPENDS = "depends on what happened on the way"


def found(folder: Path, plants: Plants, harm: str) -> bool:
    """Whether one of the schedules shows the harm that the planted bug does."""
    return any(harm in " ".join(run_schedule(seed, folder, plants)) for seed in range(FEW))


@pytest.mark.parametrize("part", range(PARTS))
def test_no_schedule_loses_or_repeats_anything(folder: Path, part: int) -> None:
    for seed in range(part, SCHEDULES, PARTS):
        problems = run_schedule(seed, folder)
        assert not problems, failure(seed, problems)


@pytest.mark.skipif("BELUGA_SIMULATION_SEED" not in os.environ, reason="repeats one seed")
def test_a_seed_repeated(folder: Path) -> None:
    seed = int(os.environ["BELUGA_SIMULATION_SEED"])
    assert not (problems := run_schedule(seed, folder)), failure(seed, problems)


def test_a_seed_repeats_its_schedule(folder: Path) -> None:
    ends = []
    for _ in range(2):
        run_schedule(11, folder)
        world = Current.world
        ends.append((Current.loop.time(), world.crashes, world.acknowledged, world.database.check_ins))
    assert ends[0] == ends[1]


def test_it_finds_a_mark_written_too_early(folder: Path) -> None:
    assert found(folder, Plants(mark_first=True), "acknowledged and not stored")


def test_it_finds_a_gap_in_following(folder: Path) -> None:
    assert found(folder, Plants(follow_by_seq=True), "tallied")


class ForgetfulIds(IdTable):
    def find(self, high: int, low: int) -> tuple[int, int]:
        return -1, super().find(high, low)[1]


class Forgets(EntryStore):
    """A planted bug: what has been seen is filed again."""

    def __init__(self, places: int) -> None:
        super().__init__(places)
        self.ids = ForgetfulIds()


class AppliesTwice(Ledger):
    def __init__(self, election: Election) -> None:
        super().__init__(election, Forgets)


class SentAsArrived(EntryStore):
    """A planted bug: a FIX acts on what happened to arrive before it."""

    def add(self, key: int, *rest: Any) -> int:
        kind, place, sender, (observed, _, received), *others = rest
        return super().add(key, kind, place, sender, (observed, float(len(self)), received), *others)


class CorrectsByArrival(Ledger):
    def __init__(self, election: Election) -> None:
        super().__init__(election, SentAsArrived)


def test_it_finds_a_double_application(folder: Path) -> None:
    assert found(folder, Plants(ledger=AppliesTwice), DEPENDS)


def test_it_finds_a_correction_that_depends_on_arrival(folder: Path) -> None:
    assert found(folder, Plants(ledger=CorrectsByArrival), DEPENDS)
