"""Texts at a fixed rate through the proxy while something is done to the cluster, and what that did."""

import asyncio
import contextlib
import re
import time
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import aiohttp
import asyncpg

from beluga.load.sender import TextSender
from beluga.load.surge import SurgeResult, ready_texts, surge
from beluga.proof.laws import tallied_ids
from election.domain.ids import MessageId, check_in_id
from election.folder import read_election
from election.postgres.database import UNREACHABLE, connect
from tests.cluster.containers import Cluster

RATE = 40.0  # texts a second while things break: enough to see a gap of 0.1 s, and leave the machine room
LOOK_SECONDS = 0.1
MOST_GAP = 1.0  # seconds without an acknowledgement
MOST_DRAIN = 5.0  # seconds from the database's return to the drain's
MOST_AWAY = 30.0  # seconds without a database when its machine dies or freezes: Patroni's ttl, and a probe
MOST_LOAD_SECONDS = 400.0
T = TypeVar("T")
AWAY: tuple[type[BaseException], ...] = (*UNREACHABLE, asyncpg.PostgresError)


@dataclass
class Row:
    """One line of the table; seconds."""

    what: str
    took: float | None = None
    load: SurgeResult | None = None
    database_away: float = 0.0
    drain_after: float | None = None  # from the database's return to the drain's first row
    behind: float = 0.0  # the most that a tally, of those that answered, was behind the log

    def cells(self) -> list[str]:
        load = self.load
        return [
            self.what,
            f"{self.took:.0f}" if self.took is not None else "",
            f"{len(load.acknowledged)}/{load.due}" if load else "",
            f"{load.gap[0]:.2f}" if load else "",
            f"{load.latencies.within(0.99) * 1000:.0f}" if load else "",
            f"{sum(load.refusals.values())}" if load else "",
            f"{self.database_away:.1f}" if load else "",
            f"{self.drain_after:.1f}" if self.drain_after is not None else "",
            f"{self.behind:.0f}" if load else "",
        ]


HEADINGS = [
    "", "took s", "acked", "ack gap s", "p99 ms", "failed", "database away s", "drain after s",
    "tally behind s",
]  # fmt: skip


def judge(row: Row) -> None:
    """Nobody waited, everything was acknowledged, and the database came back in time."""
    load = row.load
    assert load is not None
    assert load.given_up == 0 and len(load.acknowledged) == load.due
    # A busy machine also holds up who sends: that is not the cluster's.
    assert load.gap[0] <= MOST_GAP + load.latest_start, load.report()
    assert row.database_away <= MOST_AWAY
    assert row.drain_after is None or row.drain_after <= MOST_DRAIN


class UnknownError(Exception):
    """A harm left no trace: what was kept meanwhile proves nothing. The message says which trace."""


def happened(trace: str, seen: bool) -> None:
    """Ends a test whose harm did not happen: its verdict is unknown, which is no pass."""
    if not seen:
        raise UnknownError(f"unknown: {trace} was not seen")


def was_away(row: Row) -> None:
    """The trace of whatever hurts the primary: for a moment nobody could write."""
    happened("a time without a database that takes writes", row.database_away > 0)


@dataclass
class _Looks:
    """What a watch of the database saw: (when, messages stored or None while it took no writes)."""

    seen: list[tuple[float, int | None]] = field(default_factory=list)

    @property
    def calm(self) -> bool:
        """Whether the database has taken writes for the last two seconds."""
        recent = [stored for at, stored in self.seen if at > time.monotonic() - 2]
        return bool(recent) and None not in recent

    def outage(self) -> tuple[float, float | None]:
        """(longest time without writes, from its end until more messages were stored)."""
        longest, end_index = 0.0, None
        began: float | None = None
        for index, (at, stored) in enumerate(self.seen):
            if stored is None:
                began = at if began is None else began
            elif began is not None:
                if at - began > longest:
                    longest, end_index = at - began, index
                began = None
        if began is not None:  # and it has not come back
            return self.seen[-1][0] - began, None
        if end_index is None:
            return longest, None
        back, first = self.seen[end_index]
        for at, stored in self.seen[end_index:]:
            if stored is not None and first is not None and stored > first:
                return longest, at - back
        return longest, float("inf")


@dataclass
class Measured:
    """A running cluster and the record of everything it acknowledged."""

    cluster: Cluster
    election: Path
    rows: list[Row]
    acknowledged: set[MessageId] = field(default_factory=set)

    def sender(self) -> TextSender:
        cluster = self.cluster
        secrets = {name: cluster.secret(f"beluga_{name}") for name in ("generic_secret", "twilio_auth_token")}
        return TextSender(cluster.url, cluster.url, secrets, patience=60, tls=cluster.tls)

    def phones(self) -> list[str]:
        return [w.phone for w in read_election(self.election).watchers]

    async def until_answering(self) -> None:
        """Until both intakes know the roster, so that what follows is read and not quarantined."""
        async with self.sender() as sender, asyncio.timeout(60):
            while True:
                texts = ready_texts(self.phones())
                replies = [await sender.send(next(texts)) for _ in range(4)]
                self.acknowledged |= sender.record.acknowledged
                if all(replies):
                    return
                await asyncio.sleep(0.5)

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        return asyncio.run(work)

    def while_(
        self, what: str, harm: Callable[[], None], seconds: float, rate: float = RATE,
        longest: float = MOST_LOAD_SECONDS,
    ) -> Row:  # fmt: skip
        """Sends for `seconds`; does `harm` after three of them, and sends on until it is done.

        Where that takes longer than `longest` nothing is known of the rest: raises `UnknownError`.
        """
        return asyncio.run(self._while(what, harm, seconds, rate, longest))

    async def _while(
        self, what: str, harm: Callable[[], None], seconds: float, rate: float, longest: float
    ) -> Row:
        row = Row(what)
        looks = _Looks()
        watching = [
            asyncio.create_task(self._watch(looks, self.cluster.database_url)),
            *(asyncio.create_task(self._behind(tally, row)) for tally in ("tally1", "tally2")),
        ]

        async def hurt() -> None:
            await asyncio.sleep(3)
            began = time.monotonic()
            await asyncio.to_thread(harm)
            row.took = time.monotonic() - began

        hurting = asyncio.create_task(hurt())
        until = time.monotonic() + seconds
        try:
            async with self.sender() as sender:
                row.load = await surge(
                    sender,
                    ready_texts(self.phones()),
                    rate,
                    longest,
                    stopped=lambda: (
                        hurting.done()
                        and (hurting.exception() is not None or (time.monotonic() > until and looks.calm))
                    ),
                )
                self.acknowledged |= row.load.acknowledged
            outlasted = hurting.done()
            await hurting
        finally:
            for task in watching:
                task.cancel()
            await asyncio.gather(*watching, return_exceptions=True)
        row.database_away, row.drain_after = looks.outage()
        self.rows.append(row)
        print(" | ".join(row.cells()), flush=True)
        happened(f"load for longer than {longest:g} s, which it took", outlasted)
        return row

    async def _watch(self, looks: _Looks, url: str) -> None:
        """Writes and looks as often as it can, as a service would: its own connection, probed hosts."""
        connection: asyncpg.Connection | None = None
        while True:
            began = time.monotonic()
            try:
                if connection is None:
                    connection = await connect(url)
                async with asyncio.timeout(1.5):
                    await connection.execute("select pg_notify('a_watch', '')")
                    await connection.execute(
                        "insert into leadership (name) values ('a watch') on conflict (name) "
                        "do update set renewed_at = clock_timestamp()"
                    )
                    stored = await connection.fetchval("select max(seq) from messages")
                looks.seen.append((time.monotonic(), stored or 0))
            except AWAY:
                looks.seen.append((began, None))
                if connection is not None:
                    connection.terminate()
                connection = None
            await asyncio.sleep(LOOK_SECONDS)

    async def _behind(self, service: str, row: Row) -> None:
        """Notes the longest time that this tally knew itself behind; nothing where it does not answer."""
        url = f"http://{self.cluster.address(service)}:8402/metrics"
        timeout = aiohttp.ClientTimeout(total=1)
        async with aiohttp.ClientSession(timeout=timeout) as session:
            while True:
                with contextlib.suppress(aiohttp.ClientError, TimeoutError, OSError):
                    async with session.get(url) as answer:
                        said = re.findall(
                            r"^beluga_tally_stored_behind_seconds (\S+)", await answer.text(), re.MULTILINE
                        )
                        row.behind = max([row.behind, *map(float, said)])
                await asyncio.sleep(1)

    async def stored_once(self, patience: float = 60) -> tuple[int, int, int]:
        """(acknowledged, of them stored, rows too many) once everything has arrived, or patience ends."""
        deadline = time.monotonic() + patience
        while True:
            with contextlib.suppress(*AWAY):
                connection = await connect(self.cluster.database_url)
                try:
                    rows = [r[0] for r in await connection.fetch("select message_id from messages")]
                finally:
                    await connection.close()
                stored = self.acknowledged & set(rows)
                if stored == self.acknowledged or time.monotonic() > deadline:
                    return len(self.acknowledged), len(stored), len(rows) - len(set(rows))
            await asyncio.sleep(0.5)

    async def tallied(self, service: str, patience: float = 60) -> int:
        """How many acknowledged messages this tally counts from."""
        url = f"http://{self.cluster.address(service)}:8402"
        deadline = time.monotonic() + patience
        while True:
            counted = set(await tallied_ids(url, self.cluster.secret("beluga_secret")))
            found = sum(check_in_id(m, 0) in counted for m in self.acknowledged)
            if found == len(self.acknowledged) or time.monotonic() > deadline:
                return found
            await asyncio.sleep(0.5)

    def table(self) -> str:
        lines = [HEADINGS, *(row.cells() for row in self.rows)]
        widths = [max(len(line[i]) for line in lines) for i in range(len(HEADINGS))]
        return "\n" + "\n".join(
            "  ".join(
                c.ljust(w) if i == 0 else c.rjust(w)
                for i, (c, w) in enumerate(zip(line, widths, strict=True))
            )
            for line in lines
        )
