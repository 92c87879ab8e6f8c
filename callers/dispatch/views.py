"""Dispatches and proposals as the war room is shown them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import asyncpg

from callers.dispatch.decisions import Offer, Open
from election.wire.callers import DispatchView, Proposal


@dataclass(frozen=True, slots=True)
class Live:
    """A live dispatch as the database has it."""

    row: asyncpg.Record

    @property
    def open(self) -> Open:
        r = self.row
        return Open(
            r["precinct_id"],
            r["automatic"],
            r["closes_at"],
            r["hold"],
            r["seen_behind"],
            r["callers_wanted"],
            r["paused_by"],
        )


def view_of(
    live: Live, name: str, *, callers: int, allocated: int, missing: int | None, reachable: int | None,
    calls: int = 0, promises: int = 0, calling: int = 0, why_idle: str = "", remaining: int | None = None,
) -> DispatchView:  # fmt: skip
    """One live dispatch; `missing` and `reachable` None where nobody can say."""
    row = live.row
    return DispatchView(
        dispatch_id=row["dispatch_id"],
        precinct_id=row["precinct_id"],
        precinct=name,
        automatic=row["automatic"],
        callers_wanted=row["callers_wanted"],
        callers_now=callers,
        callers_allocated=allocated,
        started_at=row["started_at"],
        started_by=row["started_by"],
        reason=row["reason"],
        hold=row["hold"],
        missing_at_start=round(row["missing_at_start"]),
        missing_now=missing,
        reachable=reachable,
        calls=calls,
        calling=calling,
        promises=promises,
        why_idle=why_idle,
        remaining=remaining,
        paused_by=row["paused_by"],
    )


def proposals_of(found: Sequence[Offer], name_of: Callable[[str], str]) -> list[Proposal]:
    """Each with the sentence that staff say yes or no to."""
    return [
        Proposal(
            precinct_id=offer.need.precinct_id,
            precinct=name_of(offer.need.precinct_id),
            callers=offer.callers,
            missing=round(offer.need.missing),
            reachable=offer.need.reachable,
            votes=round(offer.votes, 1),
            urgent=offer.urgent,
            sentence=f"Send {offer.callers} caller{'s' * (offer.callers > 1)} to "
            f"{name_of(offer.need.precinct_id)}: about {_votes(offer.votes)} by close of "
            f"{offer.need.missing:.0f} missing, {offer.need.reachable} reachable",
        )
        for offer in found
    ]


def _votes(votes: float) -> str:
    whole = max(1, round(votes))
    return f"{whole} vote{'s' * (whole > 1)}"
