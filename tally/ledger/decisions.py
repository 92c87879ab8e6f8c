"""Staff decisions about entries: counts accepted or rejected, messages read again."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from election.domain.checkin import Kind
from tally.entries.entries import Entry, id_bytes
from tally.entries.resolving import by_sort_key


def latest(entries: Mapping[Any, Sequence[Entry]], as_of: float, key: Any) -> Entry | None:
    """The last entry about `key` received by `as_of`, in the entries' own order; None without any."""
    if not entries:
        return None
    known = [e for e in entries.get(key, ()) if e.received <= as_of]
    return max(known, key=by_sort_key) if known else None


def received_between(entries: Sequence[Entry], after: float, until: float) -> bool:
    """Whether any entry was received in (after, until]."""
    return any(after < e.received <= until for e in entries)


class Decisions:
    """Decisions by the id of the entry they are about."""

    def __init__(self) -> None:
        self._verdicts: dict[bytes, list[Entry]] = defaultdict(list)  # accept / reject
        self._rereads: dict[bytes, list[Entry]] = defaultdict(list)

    def add(self, decision: Entry) -> list[bytes]:
        """File a decision; returns the ids that it is about."""
        if decision.kind is Kind.REREAD:
            targets = [id_bytes(item) for item in decision.detail.get("supersedes", ())]
            for target in targets:
                self._rereads[target].append(decision)
            return targets
        target = id_bytes(decision.detail.get("target"))
        self._verdicts[target].append(decision)
        return [target]

    def __contains__(self, key: bytes) -> bool:
        return key in self._verdicts or key in self._rereads

    def targets(self) -> Iterator[bytes]:
        """Ids that decisions are about."""
        yield from self._verdicts
        yield from self._rereads

    def about(self, key: bytes) -> Sequence[Entry]:
        """Decisions about an entry."""
        return (*self._verdicts.get(key, ()), *self._rereads.get(key, ()))

    def verdict(self, as_of: float, key: bytes) -> Entry | None:
        """The last accept or reject of a count by `as_of`, or None."""
        return latest(self._verdicts, as_of, key)

    def reread(self, as_of: float, key: bytes) -> Entry | None:
        """The last decision by `as_of` that read an entry's message otherwise, or None."""
        return latest(self._rereads, as_of, key)

    def changed(self, after: float, until: float) -> Iterator[bytes]:
        """Ids with a decision received in (after, until]."""
        for decided in (self._verdicts, self._rereads):
            for target, decisions in decided.items():
                if received_between(decisions, after, until):
                    yield target
