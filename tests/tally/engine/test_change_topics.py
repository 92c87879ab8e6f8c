"""What changes at the desks is named on the feed: by the log's entries, and by the tables beside the log."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from itertools import chain
from typing import Any

import pytest

from election.domain.checkin import Kind
from election.postgres.database import connect
from election.runtime.clock import FixedClock
from election.wire.desks import Desk
from election.wire.feed import Delta
from intake.desks import store as desk_store
from tally.board.edition import Change, ViewScope
from tally.engine.change_topics import ALL, news_of
from tally.engine.follower import Follower
from tally.engine.service import Engine
from tests.tally.days import NOON, an_election, an_entry, import_election, store

_ALERT = """
insert into alerts (rehearsal, kind, subject, reason, raised_at) values (false, 'line', '1', 'long', now())
"""
_TEXT = """
insert into outbox (key, purpose, priority, phone, body, segments, rehearsal, made_at, not_before, expires_at)
values ($1, $1, 1, '+12155550001', 'Hello', 1, false, now(), now(), now() + interval '1 hour')
"""


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(15):
        while not condition():
            await asyncio.sleep(0.01)


@pytest.mark.parametrize(
    ("kind", "detail", "desks"),
    [
        (Kind.COUNT, {}, set()),
        (Kind.COUNT, {"held": "ten times the pace"}, {"held"}),
        (Kind.COUNT, {"unknown_sender": True}, {"unknown"}),
        (Kind.UNREAD, {}, {"unread"}),
        (Kind.ASKED, {"question": "handed_over", "of": "x"}, {"unread"}),
        (Kind.ASKED, {"question": "what", "of": "x"}, set()),
        (Kind.TIE, {"phone": "+1"}, {"unknown", "rollcall"}),
        (Kind.RESOLVE, {"item": "x"}, {"unread", "unknown", "held", "incidents"}),
    ],
)
def test_entries_name_the_desks_they_may_change(kind: Kind, detail: dict[str, Any], desks: set[str]) -> None:
    entry = replace(an_entry("a", 0, 10)[1], kind=kind, detail=detail)
    assert news_of([entry]) == desks
    assert desks <= ALL


async def test_tables_and_log_are_told_to_those_who_may_work_at_the_desks(database_url: str) -> None:
    writer = await connect(database_url)
    await import_election(writer, an_election())
    engine = Engine(FixedClock(NOON), conflate_seconds=0.05)
    changes: list[Change] = []
    engine.publisher.on_change = changes.append
    follower = Follower(database_url, engine, poll_seconds=0.05, on_topic=engine.publisher.add_topic)
    tasks = [asyncio.create_task(engine.run()), asyncio.create_task(follower.run())]

    def told() -> set[str]:
        return set(chain.from_iterable(change.news for change in changes))

    async def brings(*names: str) -> None:
        await until(lambda: set(names) <= told())
        await asyncio.sleep(0.15)
        assert told() == set(names)
        changes.clear()

    try:
        await until(lambda: follower.live and engine.publisher.edition is not None)
        await asyncio.sleep(0.2)
        changes.clear()
        await desk_store.take(writer, Desk.HELD, "x", "sam", 60)
        await brings("held")
        await desk_store.release(writer, Desk.HELD, "x", "sam")
        await brings("held")
        await writer.execute(_ALERT)
        await brings("alerts")
        await writer.execute("update alerts set told_at = now()")  # nobody sees that
        await writer.execute("update alerts set acknowledged_by = 'sam', acknowledged_at = now()")
        await brings("alerts")
        await writer.execute(_TEXT, "reminder")
        await writer.execute(_TEXT, "roll_call")
        await writer.execute(_TEXT, "thanks")
        await brings("silent", "rollcall")
        await writer.execute("update outbox set state = 'failed' where key = 'thanks'")
        await brings("outbox")
        await writer.execute("update election set roster_version = 'another'")
        await brings("roster")
        message, entry = an_entry("lost", 0, 10)
        await store(writer, [(message, replace(entry, kind=Kind.UNREAD, votes=None))])
        await until(lambda: "unread" in told())
        assert engine.publisher.edition is not None
        change = next(c for c in changes if c.news)
        for view_scope, names in ((ViewScope(), ["unread"]), (ViewScope(desks=False), [])):
            delta = Delta.model_validate_json(engine.publisher.edition.delta_bytes(change, view_scope))
            assert delta.news == names
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await writer.close()
