"""What the feed said last makes a count doubtful; without the feed nothing is doubted, and nobody waits."""

import asyncio
from datetime import timedelta
from typing import Any

import orjson
from websockets.asyncio.server import ServerConnection, serve

from election.access.tokens import Tokens
from election.domain.checkin import Message
from election.feed_client.connection import follow_feed
from intake.reading.reader import readings_of
from intake.receive.plausibility import HINT_SECONDS, IntakeView, Plausibility, intake_view
from intake.replies.wording import reply_to
from tests.intake.sample import SENT, sample_roster, sms

ROSTER = sample_roster()
AT = int(SENT.timestamp())


def snapshot(seq: int = 1, **fields: Any) -> bytes:
    row = {
        "precinct_id": "31-07", "state": "on_pace", "last_votes": 400, "last_observed_at": AT - 600,
        "last_received_at": AT - 590, "expected_now": 420.0, "held": 0, "reason": "", "something_new": 1,
    } | fields  # fmt: skip
    return orjson.dumps(
        {"type": "snapshot", "seq": seq, "standings": {k: [v] for k, v in row.items()}, "precincts": {}}
    )


class Watch:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def answer(plausibility: Plausibility, message: Message) -> str:
    readings = readings_of(message, ROSTER)
    return reply_to(readings, message, ROSTER, plausibility.hints_for(message, readings))


def heard_with(**fields: Any) -> tuple[IntakeView, Watch]:
    watch = Watch()
    heard = intake_view(watch)
    assert heard.apply(snapshot(**fields))
    return heard, watch


def test_a_lower_count_is_questioned_and_the_same_again_is_believed() -> None:
    heard, _ = heard_with()
    plausibility = Plausibility(heard)
    first = sms("300")
    assert "below the last 400" in answer(plausibility, first)
    assert "below the last 400" in answer(plausibility, first), "a redelivery gets the same answer"
    assert answer(plausibility, sms("300 now", sent_at=SENT + timedelta(minutes=5))).startswith("Got it")
    assert "below" in answer(plausibility, sms("310")), "another number is another question"
    assert answer(plausibility, sms("FIX 310")).startswith("Corrected")


def test_ten_times_the_pace_is_questioned() -> None:
    heard, _ = heard_with(last_votes=10, expected_now=40.0)
    assert "far more than we expect" in answer(Plausibility(heard), sms("900"))
    assert answer(Plausibility(heard), sms("90")).startswith("Got it")


def test_an_earlier_look_may_be_lower() -> None:
    heard, _ = heard_with()
    assert answer(Plausibility(heard), sms("300 at 9:00")).startswith("Got it")


def test_an_old_feed_doubts_nobody() -> None:
    heard, watch = heard_with()
    watch.now = HINT_SECONDS + 1
    assert answer(Plausibility(heard), sms("300")).startswith("Got it")
    assert answer(Plausibility(intake_view()), sms("300")).startswith("Got it"), "nor one never heard"


def test_a_tally_far_behind_its_database_doubts_nobody() -> None:
    heard, _ = heard_with()
    heard.apply(orjson.dumps({"type": "beat", "seq": 1, "stored_behind": 600.0}))
    assert answer(Plausibility(heard), sms("300")).startswith("Got it")
    heard.apply(orjson.dumps({"type": "beat", "seq": 1, "stored_behind": 0.3}))
    assert "below the last 400" in answer(Plausibility(heard), sms("300"))


def test_a_rehearsals_feed_says_nothing_of_election_day() -> None:
    heard, _ = heard_with()
    heard.apply(orjson.dumps({"type": "hello", "rehearsal": True}))
    assert answer(Plausibility(heard), sms("300")).startswith("Got it")


def test_a_missing_number_asks_for_a_new_snapshot() -> None:
    heard, _ = heard_with()
    row = {"precinct_id": "31-07", "state": "silent", "last_votes": 450}
    delta = {"type": "delta", "seq": 2, "standings": [row]}
    assert heard.apply(orjson.dumps(delta))
    assert heard.standings["31-07"].last_votes == 450
    assert heard.standings["31-07"].silent
    assert not heard.apply(orjson.dumps(delta | {"seq": 4}))
    assert not heard.apply(orjson.dumps({"type": "beat", "seq": 9}))


async def test_the_feed_may_come_go_and_come_again() -> None:
    connections: list[ServerConnection] = []

    async def feed(socket: ServerConnection) -> None:
        connections.append(socket)
        await socket.send(orjson.dumps({"type": "hello", "rehearsal": False}).decode())
        await socket.send(snapshot(last_votes=100 * len(connections)).decode())
        await socket.wait_closed()

    heard = intake_view()
    async with serve(feed, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        task = asyncio.create_task(follow_feed(heard, f"ws://127.0.0.1:{port}", Tokens("x" * 40), "intake"))
        async with asyncio.timeout(20):
            while not heard.standings:
                await asyncio.sleep(0.01)
            await connections[0].close()
            while heard.standings["31-07"].last_votes != 200:
                await asyncio.sleep(0.01)
        assert heard.fresh(HINT_SECONDS)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
