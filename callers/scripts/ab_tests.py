"""The live trial of scripts: starts as staff state it, ends as `ab_test.judge` says."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import cast
from uuid import UUID, uuid4

import asyncpg

from callers.errors import CallersError
from callers.queries.statements import statements
from callers.scripts import ab_test as trial
from callers.scripts import wording as scripts
from election.access.audit import record
from election.postgres.leadership import DeposedError, Term
from election.wire.callers import Outcome

_SQL = statements("trials")
_LOOK_SECONDS = 5.0  # real
_MOST_LINES = 8
_COUNT_SECONDS = 20.0  # real; counting a live trial's calls looks at all of them


class TrialRunsError(CallersError):
    """One trial runs already; end it first."""


@dataclass(frozen=True, slots=True)
class TrialStatus:
    """A trial as people see it."""

    trial_id: UUID
    rule: trial.Rule
    tallies: list[trial.VariantCalls]
    over: bool
    winner: str | None
    sentence: str
    started_at: datetime


class Trials:
    """The trials' tables. `tick` keeps variants and lines in memory."""

    def __init__(self, pool: asyncpg.Pool) -> None:
        self._pool = pool
        self._lines: dict[tuple[str, str], Sequence[str]] = {}
        self._variants: tuple[str, ...] = ()
        self._looked_at = -1e9
        self._counted_at = -1e9

    def lines(self, variant: str, language: str) -> Sequence[str]:
        """A variant's lines; empty where it has none in this language: then our own are read."""
        return self._lines.get((variant, language), ())

    async def tick(self, now: datetime, term: Term | None) -> tuple[str, ...]:
        """The variants to read: all while a trial runs, its winner afterwards. The leader ends a trial."""
        clock = time.monotonic()
        if clock - self._looked_at <= _LOOK_SECONDS:
            return self._variants
        self._looked_at = clock
        rows = await self._pool.fetch(_SQL["lines"])
        self._lines = {(r["variant"], r["language"]): tuple(r["lines"]) for r in rows}
        row = await self._pool.fetchrow(_SQL["latest"])
        if row is None:
            self._variants = ()
        elif row["ended_at"]:
            self._variants = (row["winner"],) if row["winner"] else ()
        else:
            self._variants = tuple(row["variants"])
            if term and clock - self._counted_at > _COUNT_SECONDS:
                self._counted_at = clock
                shown = await self.latest()
                if shown and shown.over:
                    await self._end(shown, now, term)
        return self._variants

    async def _end(self, shown: TrialStatus, now: datetime, term: Term) -> None:
        async with self._pool.acquire() as proxy:
            connection = cast(asyncpg.Connection, proxy)
            try:
                async with connection.transaction():
                    await term.fence(connection)
                    sentence = shown.sentence
                    if await connection.fetchval(_SQL["end"], shown.trial_id, now, shown.winner, sentence):
                        await record(connection, now, "callers", "trial ended", "scripts", {"why": sentence})
            except DeposedError:
                return  # the other leads now, and ends it

    async def latest(self) -> TrialStatus | None:
        """The live trial, else the last one; None where there never was one."""
        row = await self._pool.fetchrow(_SQL["latest"])
        if row is None:
            return None
        counted = await self._pool.fetch(_SQL["calls"], row["started_at"], row["ended_at"])
        calls = {(r["variant"], Outcome(r["outcome"])): int(r["n"]) for r in counted}
        rule = trial.Rule(row["alpha"], row["spread"], row["most_answers"])
        found = trial.tallies(row["variants"], calls)
        verdict = (
            trial.TrialVerdict(True, row["winner"], row["ended_reason"])
            if row["ended_at"]
            else trial.judge(found, rule)
        )
        return TrialStatus(
            row["trial_id"], rule, found, verdict.over, verdict.winner, verdict.sentence, row["started_at"]
        )

    async def start(
        self,
        variants: Mapping[str, Mapping[str, Sequence[str]]],
        rule: trial.Rule,
        account: str,
        now: datetime,
    ) -> UUID:
        """`variants[name][language]` are lines. Raises `TrialRunsError`; `ValueError` for bad lines."""
        for languages in variants.values():
            for lines in languages.values():
                scripts.check_lines(lines)
        trial_id = uuid4()
        async with self._pool.acquire() as proxy, proxy.transaction():
            connection = cast(asyncpg.Connection, proxy)
            done = await connection.fetchval(
                _SQL["start"], trial_id, sorted(variants), rule.alpha, rule.spread, rule.most_answers,
                now, account,
            )  # fmt: skip
            if done is None:
                raise TrialRunsError
            for name, languages in variants.items():
                for language, lines in languages.items():
                    await connection.execute(_SQL["save_lines"], name, language, list(lines))
            detail = {"variants": sorted(variants), "alpha": rule.alpha, "most_answers": rule.most_answers}
            await record(connection, now, account, "trial started", "scripts", detail)
        self._looked_at = -1e9
        return trial_id

    async def change(self, lines: Mapping[str, Sequence[str]], account: str, now: datetime) -> None:
        """Staff choose what is said from now on, by language: a trial of one, over at once.

        A language that is not named keeps what it had. Raises `TrialRunsError`; `ValueError` for bad lines.
        """
        for given in lines.values():
            if not 1 <= len(given) <= _MOST_LINES or not all(line.strip() for line in given):
                raise ValueError(f"between 1 and {_MOST_LINES} lines, none of them empty")
            scripts.check_lines(given)
        name, said = f"{account} {now:%Y-%m-%d %H:%M:%S}", f"changed by {account}"
        kept = {language: list(words) for language, words in self.read_now().items()}
        async with self._pool.acquire() as proxy, proxy.transaction():
            connection = cast(asyncpg.Connection, proxy)
            trial_id, rule = uuid4(), trial.Rule()
            if await connection.fetchrow(_SQL["live"]):
                raise TrialRunsError
            started = await connection.fetchval(
                _SQL["start"], trial_id, [name], rule.alpha, rule.spread, rule.most_answers, now, account
            )
            if started is None:
                raise TrialRunsError
            for language, words in (kept | dict(lines)).items():
                await connection.execute(_SQL["save_lines"], name, language, list(words))
            await connection.fetchval(_SQL["end"], trial_id, now, name, said)
            detail = {"lines": {language: list(words) for language, words in lines.items()}}
            await record(connection, now, account, "script changed", "scripts", detail)
        self._looked_at = -1e9
        await self.tick(now, None)

    @property
    def trying(self) -> bool:
        """Whether more than one script is read now."""
        return len(self._variants) > 1

    def read_now(self) -> dict[str, list[str]]:
        """What is read now in each language we have words in; of a trial, its first script."""
        variant = self._variants[0] if self._variants else ""
        languages = sorted(
            {*scripts.LANGUAGES, *(language for name, language in self._lines if name == variant)}
        )
        return {
            language: list(self.lines(variant, language) or scripts.own_lines(language))
            for language in languages
        }

    async def said(self) -> str:
        """How the script came to be the one that is read; empty where it is our own."""
        row = await self._pool.fetchrow(_SQL["latest"])
        return str(row["ended_reason"] or "several are tried") if row else ""

    async def end(self, account: str, now: datetime) -> bool:
        """Staff end the trial undecided; whether one ran."""
        async with self._pool.acquire() as proxy, proxy.transaction():
            connection = cast(asyncpg.Connection, proxy)
            row = await connection.fetchrow(_SQL["live"])
            if row is None:
                return False
            await connection.fetchval(_SQL["end"], row["trial_id"], now, None, f"{account} ended it")
            await record(connection, now, account, "trial ended", "scripts", {"why": f"{account} ended it"})
        self._looked_at = -1e9
        return True
