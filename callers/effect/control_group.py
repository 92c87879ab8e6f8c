"""The control group: households that are never called, chosen by a key before the first call.

The database keeps them from every caller and list (`pass_over_control` in migration 0160) and writes down
whose turn it was; this module states the group and reads what came of both kinds.
"""

import hashlib
import hmac
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import cast

import asyncpg

from callers.effect.effect import Effect, Stratum, effect_of, shrunk, sums_of
from callers.queries.statements import statements
from callers.scripts.ab_test import ANSWERS
from election.access.audit import record

_SQL = statements("effect")
MEASURE_SECONDS = 60.0  # real; counting looks at all of the day's calls
COUNT_SECONDS = 120.0  # real
CONTACTS = sorted(outcome.value for outcome in ANSWERS)
GROUPED = ("hour", "script", "language")


@dataclass(frozen=True, slots=True)
class EffectReport:
    """What calls brought: in all, and by hour, script and caller's language. `share`: never called."""

    share: float
    effect: Effect
    groups: Mapping[str, Mapping[str, Effect]] = field(default_factory=dict)


def key_of(secret: str) -> bytes:
    """The group's key, from the stack's secret: nobody picks who is in it, or draws until a lot suits."""
    return hmac.digest(secret.encode(), b"beluga control group", "sha256")


class ControlGroup:
    """The group's row, and what it is for."""

    def __init__(self, pool: asyncpg.Pool, share: float, secret: str) -> None:
        self._pool = pool
        self._share = share
        self._key = key_of(secret)

    async def state(self, now: datetime) -> float:
        """States the setting's share unless somebody's turn has come; the share that stands. Audited."""
        async with self._pool.acquire() as proxy, proxy.transaction():
            connection = cast(asyncpg.Connection, proxy)
            if self._share:
                changed = await connection.fetchval(_SQL["state"], self._share, self._key, now)
                detail = {"share": self._share, "key": hashlib.sha256(self._key).hexdigest()[:16]}
                action = "control group stated"
            else:
                changed = await connection.fetchval(_SQL["withdraw"])
                detail, action = {}, "control group withdrawn"
            if changed is not None:
                await record(connection, now, "callers", action, "", detail)
            row = await connection.fetchrow(_SQL["stated"])
            return float(row["share"]) if row else 0.0

    async def measure(self, now: datetime) -> float | None:
        """Writes down what a contact brings, for dispatch; None where there is no control group."""
        found = await read_effect(self._pool)
        if not found.share:
            return None
        votes = shrunk(found.effect)
        await self._pool.execute(_SQL["estimated"], votes, now)
        return votes


async def read_effect(
    connection: asyncpg.Connection | asyncpg.Pool, voted: Collection[str] | None = None
) -> EffectReport:
    """What calls brought by strike-offs; by `voted`, ids of who voted by the county, once it tells."""
    stated = await connection.fetchrow(_SQL["stated"])
    if stated is None:
        return EffectReport(0.0, effect_of(()))
    ids = None if voted is None else list(voted)
    rows = await connection.fetch(_SQL["households"], CONTACTS, ids, timeout=COUNT_SECONDS)
    groups: dict[str, dict[str, Effect]] = {}
    for name in GROUPED:
        values = sorted({row[name] for row in rows})
        groups[name] = {str(v): _effect([row for row in rows if row[name] == v]) for v in values}
    return EffectReport(stated["share"], _effect(rows), groups)


def _effect(rows: list[asyncpg.Record]) -> Effect:
    strata = []
    for expected in sorted({row["expected"] for row in rows}):
        called, control = (
            sums_of(
                (r["votes"], r["contacts"], r["households"])
                for r in rows
                if r["control"] is kind and r["expected"] == expected
            )
            for kind in (False, True)
        )
        strata.append(Stratum(called, control))
    return effect_of(strata)
