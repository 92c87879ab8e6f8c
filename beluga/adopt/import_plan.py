"""What an import would do to the election that is in the database, and what somebody must mean. Pure.

The plan holds both elections whole, so that two plans are equal only where they would do the same: what was
shown is what is done.
"""

from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import NamedTuple, TypeVar

from callers.voters.voter_file import RollChange
from election.domain.day import Caller, Election

K = TypeVar("K", bound=Hashable)

MUCH = 0.1  # a larger part of the precincts, watchers or voters gone: nobody types that by mistake
NAMED = 10  # ids printed of those that would go


class ImportChange(NamedTuple):
    """Entries of one kind: how many there were, and which would come, differ or go."""

    before: int
    added: Sequence[str]
    changed: Sequence[str]
    removed: Sequence[str]


@dataclass(frozen=True, slots=True)
class ImportPlan:
    """An import over an election. None: the folder has no such file, and what is there stays."""

    before: Election
    after: Election
    callers_before: Sequence[Caller] = ()
    callers_after: Sequence[Caller] | None = None
    voters: RollChange | None = None
    reporting: tuple[str, ...] = ()  # precincts that would go, and have check-ins today

    @property
    def name(self) -> str:
        """Of the election that is there, which is what `--confirm` must name."""
        return self.before.day.name

    @property
    def precincts(self) -> ImportChange:
        shapes, new_shapes = self.before.geometry, self.after.geometry
        return change(
            {p.precinct_id: (p, shapes.get(p.precinct_id)) for p in self.before.precincts},
            {p.precinct_id: (p, new_shapes.get(p.precinct_id)) for p in self.after.precincts},
        )

    @property
    def watchers(self) -> ImportChange:
        return change(
            {w.watcher_id: w for w in self.before.watchers}, {w.watcher_id: w for w in self.after.watchers}
        )

    def why_ask(self) -> list[str]:
        """Why somebody must mean it; empty where this is an update like any other."""
        old, new = self.before.day, self.after.day
        found = []
        if old.name != new.name:
            found.append(f"another election would take the place of {old.name!r}")
        if old.date != new.date:
            found.append(f"the day would be {new.date} instead of {old.date}")
        counts = [("precincts", self.precincts), ("watchers", self.watchers)]
        for kind, one in counts:
            if len(one.removed) > MUCH * one.before:
                found.append(f"{len(one.removed):,} of {one.before:,} {kind} would go")
        if self.voters is not None and self.voters.removed > MUCH * self.voters.before:
            found.append(f"{self.voters.removed:,} of {self.voters.before:,} voters would go")
        return found

    def lines(self) -> Iterator[str]:
        """What would be added, changed and removed; nothing where nothing would."""
        old, new = asdict(self.before.day), asdict(self.after.day)
        for name, was in old.items():
            if was != new[name]:
                yield f"{name:<14}{_plain(was)} -> {_plain(new[name])}"
        kinds = [
            ("precincts", self.precincts),
            ("watchers", self.watchers),
            ("past results", change(_by_place(self.before), _by_place(self.after))),
            ("curve points", change(_by_time(self.before), _by_time(self.after))),
        ]
        if self.callers_after is not None:
            callers = change(_by_id(self.callers_before), _by_id(self.callers_after))
            kinds.append(("callers", callers))
        for kind, one in kinds:
            if one.added or one.changed or one.removed:
                added, changed, removed = (len(each) for each in one[1:])
                counts = f"{added:,} added, {changed:,} changed, {removed:,} removed"
                named = kind in ("precincts", "watchers", "callers")
                yield f"{kind:<14}{counts} of {one.before:,}{_named(one.removed) if named else ''}"
        roll = self.voters
        if roll is not None and (roll.added or roll.changed or roll.removed):
            yield (
                f"{'voters':<14}{roll.added:,} added, {roll.changed:,} changed, {roll.removed:,} removed "
                f"of {roll.before:,}"
            )


def change(before: Mapping[K, object], after: Mapping[K, object]) -> ImportChange:
    """Entries by id, compared."""
    return ImportChange(
        len(before),
        _sorted(after.keys() - before.keys()),
        _sorted(key for key in before.keys() & after.keys() if before[key] != after[key]),
        _sorted(before.keys() - after.keys()),
    )


def _sorted(keys: Iterable[object]) -> tuple[str, ...]:
    return tuple(sorted(map(str, keys)))


def _by_place(election: Election) -> dict[tuple[str, str, str], object]:
    return {(v.precinct_id, v.election, v.method.value): v for v in election.history}


def _by_time(election: Election) -> dict[tuple[str, str, str], object]:
    return {(c.scope, c.election, str(c.time)): c for c in election.curve}


def _by_id(callers: Sequence[Caller]) -> dict[str, object]:
    return {c.caller_id: c for c in callers}


def _named(ids: Sequence[str]) -> str:
    if not ids:
        return ""
    return f": {', '.join(ids[:NAMED])}" + (f" and {len(ids) - NAMED:,} more" if len(ids) > NAMED else "")


def _plain(value: object) -> str:
    return ", ".join(map(str, value)) if isinstance(value, tuple) else str(value)
