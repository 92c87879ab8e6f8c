"""A small election and a day of check-ins, made by seed; and how to put them into a database."""

import random
from datetime import UTC, date, datetime, time, timedelta

import asyncpg

from election.domain.checkin import Channel, CheckIn, Kind, Message
from election.domain.day import Election, ElectionDay, Precinct, Watcher
from election.domain.ids import PrecinctId, WatcherId, check_in_id, message_id
from election.log import check_in_log as log
from election.postgres.election_store import save_election

OPENS = datetime(2026, 11, 3, 12, 0, tzinfo=UTC)  # 7:00 in New York
NOON = datetime(2026, 11, 3, 17, 0, tzinfo=UTC)


def an_election(precincts: int = 12, name: str = "Trial") -> Election:
    """Precincts 1-00, 1-01 … in counties North and South, one watcher each."""
    ids = [PrecinctId(f"1-{i:02}") for i in range(precincts)]
    return Election(
        day=ElectionDay(name, date(2026, 11, 3), "America/New_York", time(7), time(20)),
        precincts=tuple(
            Precinct(
                p, f"Precinct {p}", 900 + 10 * i, county="South" if i % 2 else "North", expected_votes=500.0
            )
            for i, p in enumerate(ids)
        ),
        watchers=tuple(
            Watcher(WatcherId(f"w{i}"), f"Watcher {i}", f"+1215555{i:04}", "en", (p,))
            for i, p in enumerate(ids)
        ),
    )


def an_entry(
    name: str,
    precinct: int,
    votes: int | None = None,
    after: float = 60.0,
    kind: Kind = Kind.COUNT,
    late: float = 0.0,
    **detail: object,
) -> tuple[Message, CheckIn]:
    """A check-in sent `after` minutes after opening and received `late` minutes later."""
    sent = OPENS + timedelta(minutes=after)
    received = sent + timedelta(minutes=late)
    mid = message_id("generic", name)
    phone, words = f"+1215555{precinct:04}", f"{kind.value} {votes}"
    message = Message(mid, "generic", name, Channel.SMS, phone, words, b"{}", received, sent, "r", "a", 1)
    check_in = CheckIn(
        check_in_id(mid, 0), mid, 0, kind, Channel.SMS, PrecinctId(f"1-{precinct:02}"),
        WatcherId(f"w{precinct}"), phone, sent, sent, received, votes, dict(detail),
    )  # fmt: skip
    return message, check_in


def a_day(
    seed: int, precincts: int = 12, reports: int = 8, until: float = 290.0
) -> list[tuple[Message, CheckIn]]:
    """Counts that grow, with slips, corrections, lines, incidents and names struck off among them."""
    random_ = random.Random(seed)
    entries = []
    for p in range(precincts):
        pace = random_.uniform(0.6, 1.3)
        moments = sorted(random_.uniform(20, until) for _ in range(reports))
        for n, minutes in enumerate(moments):
            votes = int(pace * 500 * minutes / 780)
            chance = random_.random()
            name = f"{seed}-{p}-{n}"
            late = random_.choice([0.0, 0.0, 0.01, 3.0])
            if chance < 0.06:
                entries.append(an_entry(name, p, votes * 10, minutes, late=late))
            elif chance < 0.12:
                entries.append(an_entry(name, p, votes, minutes, Kind.FIX, late=late))
            elif chance < 0.16:
                entries.append(an_entry(name, p, None, minutes, Kind.UNDO, late=late))
            elif chance < 0.20:
                entries.append(an_entry(name, p, None, minutes, Kind.LINE, late=late, minutes=30))
            elif chance < 0.24:
                entries.append(
                    an_entry(
                        name, p, None, minutes, Kind.INCIDENT, late=late, text="jam", incident=p * 100 + n
                    )
                )
            elif chance < 0.28:
                entries.append(
                    an_entry(name, p, None, minutes, Kind.VOTERS, late=late, roll_numbers=[n, n + 1])
                )
            else:
                entries.append(an_entry(name, p, votes, minutes, late=late))
    return entries


async def store(connection: asyncpg.Connection, entries: list[tuple[Message, CheckIn]]) -> None:
    await log.append(connection, [m for m, _ in entries], [c for _, c in entries])


async def import_election(connection: asyncpg.Connection, election: Election) -> None:
    async with connection.transaction():
        await save_election(connection, election)
