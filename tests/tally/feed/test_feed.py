"""The feed: numbered, resumable, scoped, and indifferent to viewers who stall."""

import asyncio
import itertools
import json
import socket
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from prometheus_client import CollectorRegistry
from pydantic import SecretStr
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from beluga.stack.ports import free_port
from election.access.identity import Admission, machine
from election.access.tokens import Tokens
from election.feed_client.connection import follow_feed
from election.wire.feed import Aggregate, Beat, Delta, Hello, PrecinctState, Snapshot, Standing
from intake.receive.plausibility import intake_view
from tally.board.edition import WHOLE, Edition, PendingUpdate, aggregate_row
from tally.feed.schema import schemas
from tally.feed.server import BEAT_SECONDS, Feed
from tally.ledger.desk_queue import DeskEntry, Group
from tally.packed.columns import Texts
from tally.settings import TallySettings
from tally.standing.rounding import FIELDS, Row, columns_of_standings

SECRET = "x" * 40
TOKENS = Tokens(SECRET)
REPOSITORY = Path(__file__).resolve().parents[3]


def an_edition(precincts: int = 6, padding: int = 0) -> Edition:
    """Precincts p0, p1 … in counties north (even) and south (odd)."""
    infos = {
        "precinct_id": [f"p{i}" for i in range(precincts)],
        "name": ["n" * padding] * precincts,
        "county": Texts("south" if i % 2 else "north" for i in range(precincts)),
        "registered": [900] * precincts,
        "opens_at": np.zeros(precincts, dtype=np.int64),
        "closes_at": np.ones(precincts, dtype=np.int64),
    }
    silent = [Standing(precinct_id=p, state=PrecinctState.SILENT) for p in infos["precinct_id"]]
    return Edition(infos, columns_of_standings(silent))


def told(*standings: tuple[int, Standing], at: float = 100.0, **more: Any) -> PendingUpdate:
    """News of some precincts."""
    positions = np.array([p for p, _ in standings], dtype=np.intp)
    return PendingUpdate(at, positions, columns_of_standings([s for _, s in standings]), **more)


class Board:
    """A source that a test moves by hand."""

    def __init__(self, edition: Edition) -> None:
        self.engine_id = "e1"
        self.edition: Edition | None = edition
        self.stored_behind = 0.0
        self.feed: Feed | None = None

    def clock_row(self) -> Row:
        return {"now": 100.0, "speed": 1.0}

    def hello(self) -> Row:
        return {"type": "hello", "v": 1, "engine": self.engine_id, "election": "E", "date": "2026-11-03",
                "timezone": "UTC", "rehearsal": False, "clock": self.clock_row()}  # fmt: skip

    def count(self, position: int, votes: int, reason: str = "") -> None:
        edition = self.edition
        assert edition is not None and self.feed is not None
        standing = Standing(
            precinct_id=f"p{position}", state=PrecinctState.ON_PACE, last_votes=votes, reason=reason
        )
        change = edition.advance(told((position, standing)))
        assert change is not None
        self.feed.publish(change)


@asynccontextmanager
async def serving(board: Board, admission: Admission | None = None, **settings: Any) -> AsyncIterator[str]:
    options = TallySettings(secret=SecretStr(SECRET), feed_port=free_port(), **settings)
    board.feed = Feed(board, admission or Admission(TOKENS), options, CollectorRegistry())
    async with board.feed.serving() as port:
        yield f"ws://127.0.0.1:{port}/feed"


def token(counties: list[str] | None = None) -> str:
    return TOKENS.sign("feed", {"role": "staff", "counties": counties, "account": "a"})


async def message(viewer: ClientConnection, kind: str) -> dict[str, Any]:
    """The next message of a kind; others are read past."""
    async with asyncio.timeout(10):
        while True:
            found: dict[str, Any] = json.loads(await viewer.recv())
            if found["type"] == kind:
                return found


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(15):
        while not condition():
            await asyncio.sleep(0.01)


async def test_hello_then_snapshot_then_numbered_deltas_and_beats() -> None:
    board = Board(an_edition())
    async with serving(board) as address, connect(f"{address}?token={token()}") as viewer:
        Hello.model_validate(json.loads(await viewer.recv()))
        snapshot = Snapshot.model_validate(json.loads(await viewer.recv()))
        assert snapshot.standings["precinct_id"] == [f"p{i}" for i in range(6)]
        for n in range(1, 4):
            board.count(n, 10 * n)
        deltas = [Delta.model_validate(json.loads(await viewer.recv())) for _ in range(3)]
        assert [d.seq for d in deltas] == [snapshot.seq + 1, snapshot.seq + 2, snapshot.seq + 3]
        assert deltas[1].standings[0].last_votes == 20
        board.stored_behind = 7.0
        beat = Beat.model_validate(await message(viewer, "beat"))
        assert (beat.seq, beat.stored_behind) == (3, 7.0)


async def test_whose_access_is_taken_away_is_shown_out_and_nobody_else() -> None:
    board, closed = Board(an_edition()), set[str]()
    admission = Admission(TOKENS, lambda who: who.account not in closed)

    def address_of(address: str, account: str, **more: object) -> str:
        claims = {"role": "staff", "counties": None, "account": account} | more
        return f"{address}?token={TOKENS.sign('feed', claims)}"

    async with (
        serving(board, admission) as address,
        connect(address_of(address, "a")) as viewer,
        connect(address_of(address, "b")) as other,
        connect(address_of(address, "a", machine=True)) as ours,
    ):
        assert board.feed is not None
        for one in (viewer, other, ours):
            await message(one, "snapshot")
        board.feed.recheck()
        closed.add("a")
        board.feed.recheck()
        board.count(1, 10)
        for one in (other, ours):
            assert (await message(one, "delta"))["seq"] == 1
        with pytest.raises(ConnectionClosed) as out:
            await message(viewer, "delta")
        assert out.value.rcvd is not None
        assert out.value.rcvd.code == 4401
        with pytest.raises(InvalidStatus) as refused:
            await connect(address_of(address, "a"))
        assert refused.value.response.status_code == 401


async def test_a_viewer_admitted_while_its_access_ends_is_shown_out() -> None:
    board, looks = Board(an_edition()), itertools.count()
    admission = Admission(TOKENS, lambda _: next(looks) == 0)  # good when hands are shaken, and not after
    async with serving(board, admission) as address, connect(f"{address}?token={token()}") as viewer:
        with pytest.raises(ConnectionClosed) as out:
            await viewer.recv()  # not even hello
        assert out.value.rcvd is not None
        assert out.value.rcvd.code == 4401


async def test_the_age_is_told_while_deltas_flow() -> None:
    """A board that never hears of a quiet second must still hear that the database is away, and back."""
    board = Board(an_edition())

    async def busy() -> None:
        for votes in itertools.count(1):
            board.count(1, votes)
            await asyncio.sleep(BEAT_SECONDS / 20)

    async with serving(board) as address, connect(f"{address}?token={token()}") as viewer:
        flowing = asyncio.create_task(busy())
        for behind in (20.0, 0.3):
            board.stored_behind = behind
            assert (await message(viewer, "beat"))["stored_behind"] == behind
        flowing.cancel()


@pytest.mark.parametrize(
    "bad",
    ["", "?token=forged", "?token=" + TOKENS.sign("service", {"counties": None})],
    ids=["none", "forged", "for another purpose"],
)
async def test_a_wrong_token_is_refused(bad: str) -> None:
    async with serving(Board(an_edition())) as address:
        with pytest.raises(InvalidStatus) as refused:
            await connect(address + bad)
        assert refused.value.response.status_code == 401


async def test_a_lead_sees_only_their_own_counties() -> None:
    edition = an_edition()
    totals = [
        Aggregate(scope=scope, precincts=3, reporting=0, coverage=0, counted=0, expected_final=1,
                  projected_final=1, lo80=1, hi80=1, lo95=1, hi95=1)
        for scope in ("all", "county:north", "county:south")
    ]  # fmt: skip
    incidents = [
        {"number": n, "check_in_id": "c", "precinct_id": p, "text": "t", "at": 1, "status": "open"}
        for n, p in enumerate(["p0", "p1", None])
    ]
    edition.advance(told(at=1.0, aggregates=[aggregate_row(t) for t in totals], incidents=incidents))
    board = Board(edition)
    async with serving(board) as address, connect(f"{address}?token={token(['south'])}") as lead:
        snapshot = await message(lead, "snapshot")
        assert snapshot["precincts"]["precinct_id"] == ["p1", "p3", "p5"]
        assert [a["scope"] for a in snapshot["aggregates"]] == ["county:south"]
        assert [i["precinct_id"] for i in snapshot["incidents"]] == ["p1"]
        board.count(0, 5)
        board.count(1, 6)
        first, second = await message(lead, "delta"), await message(lead, "delta")
        assert first["standings"] == []
        assert second["seq"] == first["seq"] + 1
        assert [r["precinct_id"] for r in second["standings"]] == ["p1"]


async def test_a_service_is_sent_the_fields_it_asks_for_alone() -> None:
    board = Board(an_edition())
    service = TOKENS.sign("feed", machine("intake", "service").claims())
    asked = "fields=reason,last_votes,no_such_field"
    async with serving(board) as url, connect(f"{url}?token={service}&{asked}") as viewer:
        snapshot = await message(viewer, "snapshot")
        assert (set(snapshot["standings"]), snapshot["precincts"]) == (
            {"precinct_id", "last_votes", "reason"},
            {},
        )
        board.count(2, 7, "on its way")
        delta = await message(viewer, "delta")
        assert delta["standings"] == [{"precinct_id": "p2", "last_votes": 7, "reason": "on its way"}]
        async with connect(f"{url}?token={token()}&{asked}") as page:  # a person's page: all, as ever
            snapshot = await message(page, "snapshot")
            assert set(snapshot["standings"]) == set(FIELDS)
            assert len(snapshot["precincts"]["precinct_id"]) == 6


async def test_intake_follows_with_its_few_fields() -> None:
    board = Board(an_edition())
    view = intake_view()
    async with serving(board) as url:
        following = asyncio.create_task(follow_feed(view, url, TOKENS, "intake"))
        await until(lambda: view.seq is not None)
        board.count(3, 412)
        await until(lambda: view.standings["p3"].last_votes == 412)
        following.cancel()
    assert view.standings["p3"].state == PrecinctState.ON_PACE


async def test_what_waits_at_the_desks_goes_to_the_war_room_alone_and_by_county() -> None:
    def item(number: int, county: str) -> DeskEntry:
        row = {"id": str(number), "at": number, "precinct_id": None, "watcher_id": "w", "channel": "sms",
               "text": f"text {number}"}  # fmt: skip
        return DeskEntry(bytes([number]), float(number), 0.0, -1, "s", frozenset({county}), row)

    groups = {
        frozenset({"north"}): Group(unread=2, held=1, oldest=[item(1, "north"), item(3, "north")]),
        frozenset({"south"}): Group(unread=1, oldest=[item(2, "south")]),
        frozenset[str](): Group(unknown=4),
    }
    dispatches = [{"precinct_id": p, "started_at": 1} for p in ("p0", "p1")]
    calls: Row = {"dispatches": dispatches, "proposals": [], "silent_since": None}
    edition = an_edition()
    board = Board(edition)
    service = TOKENS.sign("feed", {"role": "service", "counties": None, "account": "callers"})
    async with (
        serving(board) as address,
        connect(f"{address}?token={token()}") as staff,
        connect(f"{address}?token={token(['south'])}") as lead,
        connect(f"{address}?token={service}") as callers,
    ):
        for viewer in (staff, lead, callers):
            first = Snapshot.model_validate(await message(viewer, "snapshot"))
            assert (first.desks is None) == (viewer is callers) and first.calls is None
        assert board.feed is not None
        for change in (edition.advance(told(at=1.0, desks=groups)), edition.update_calls(2.0, calls)):
            assert change is not None
            board.feed.publish(change)
        assert edition.update_calls(3.0, dict(calls)) is None  # nothing new
        mine, theirs, none = [
            [Delta.model_validate(await message(viewer, "delta")) for _ in range(2)]
            for viewer in (staff, lead, callers)
        ]
        whole, part = mine[0].desks, theirs[0].desks
        assert whole is not None and part is not None
        assert (whole.unread, whole.unknown, whole.held) == (3, 4, 1)
        assert [m.text for m in whole.messages] == ["text 1", "text 2", "text 3"]
        assert (part.unread, part.unknown, part.held) == (1, 0, 0)
        assert mine[1].desks is None and mine[1].calls is not None and len(mine[1].calls.dispatches) == 2
        assert theirs[1].calls is not None
        assert [d.precinct_id for d in theirs[1].calls.dispatches] == ["p1"]
        assert all(d.desks is None and d.calls is None for d in none)
        assert [d.seq for d in none] == [1, 2]  # the numbering is whole for them, too
    async with serving(board) as address, connect(f"{address}?token={token()}") as late:
        again = Snapshot.model_validate(await message(late, "snapshot"))
        assert again.desks == whole and again.calls == mine[1].calls


async def test_a_viewer_who_comes_back_gets_what_it_missed_and_no_snapshot() -> None:
    board = Board(an_edition())
    async with serving(board) as address:
        async with connect(f"{address}?token={token()}") as viewer:
            await message(viewer, "snapshot")
        board.count(1, 10)
        board.count(2, 20)
        async with connect(f"{address}?token={token()}&engine=e1&since=1") as viewer:
            kinds = [json.loads(await viewer.recv()) for _ in range(2)]
            assert [(m["type"], m.get("seq")) for m in kinds] == [("hello", None), ("delta", 2)]


@pytest.mark.parametrize("since", ["engine=another&since=1", "engine=e1&since=1", "engine=e1&since=99"])
async def test_what_cannot_be_resumed_starts_with_a_snapshot(since: str) -> None:
    board = Board(an_edition())
    async with serving(board, feed_ring=2) as address:
        for n in range(5):
            board.count(1, n)
        async with connect(f"{address}?token={token()}&{since}") as viewer:
            assert json.loads(await viewer.recv())["type"] == "hello"
            snapshot = json.loads(await viewer.recv())
            assert (snapshot["type"], snapshot["seq"]) == ("snapshot", 5)


async def test_a_change_of_most_rows_goes_out_as_a_snapshot() -> None:
    board = Board(an_edition(2_000))
    async with serving(board) as address, connect(f"{address}?token={token()}", max_size=None) as viewer:
        await message(viewer, "snapshot")
        rows = [
            (i, Standing(precinct_id=f"p{i}", state=PrecinctState.ON_PACE, last_votes=i))
            for i in range(2_000)
        ]
        assert board.edition is not None and board.feed is not None
        change = board.edition.advance(told(*rows, at=5.0))
        assert change is not None and change.whole
        board.feed.publish(change)
        snapshot = await message(viewer, "snapshot")
        assert snapshot["seq"] == 1
        assert snapshot["standings"]["last_votes"] == list(range(2_000))
        board.count(3, 7)
        assert (await message(viewer, "delta"))["seq"] == 2


async def test_a_viewer_without_compression_reads_the_same_snapshot() -> None:
    board = Board(an_edition(500, padding=300))
    async with serving(board) as address:
        texts = []
        for compression in ("deflate", None):
            async with connect(
                f"{address}?token={token()}", compression=compression, max_size=None
            ) as viewer:  # type: ignore[arg-type]
                await viewer.recv()
                texts.append(await viewer.recv())
        assert texts[0] == texts[1]
        assert len(texts[0]) > 2 * 65_536  # more than one fragment


async def test_deltas_are_the_same_with_and_without_compression() -> None:
    board = Board(an_edition())
    async with (
        serving(board) as address,
        connect(f"{address}?token={token()}") as packs,
        connect(f"{address}?token={token()}", compression=None) as plain,
    ):
        for viewer in (packs, plain):
            await message(viewer, "snapshot")
        for votes, reason in ((5, "short"), (6, "long " * 2_000), (7, "short again")):
            board.count(1, votes, reason)
        for votes in (5, 6, 7):
            one, other = await message(packs, "delta"), await message(plain, "delta")
            assert one == other
            assert one["standings"][0]["last_votes"] == votes
        board.count(2, 8, "again " * 2_000)
        async with connect(f"{address}?token={token()}&engine=e1&since=3") as back:
            assert (await message(back, "delta"))["standings"][0]["last_votes"] == 8


def handshake(address: str) -> socket.socket:
    """A viewer that shakes hands and then never reads."""
    host, port = address.removeprefix("ws://").split("/")[0].split(":")
    raw = socket.socket()
    raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
    raw.connect((host, int(port)))
    raw.sendall(
        f"GET /feed?token={token()} HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n".encode()
    )
    return raw


def messages_in(data: bytes) -> list[dict[str, Any]]:
    """The text messages in a server's stream of frames."""
    found, text, at = [], b"", data.index(b"\r\n\r\n") + 4
    while at < len(data):
        final, opcode, length = data[at] >> 7, data[at] & 15, data[at + 1]
        at += 2
        if length >= 126:
            width = 2 if length == 126 else 8
            length = int.from_bytes(data[at : at + width], "big")
            at += width
        if opcode in (0, 1):
            text += data[at : at + length]
            if final:
                found.append(json.loads(text))
                text = b""
        at += length
    return found


async def test_a_stalled_viewer_costs_a_bounded_buffer_and_wakes_to_a_fresh_snapshot() -> None:
    board = Board(an_edition())
    limit = 100_000
    async with serving(board, feed_buffer=limit, feed_ring=20) as address:
        raw = await asyncio.to_thread(handshake, address)
        assert board.feed is not None
        scope = board.feed._scopes[WHOLE]
        await until(lambda: bool(scope.viewers) and next(iter(scope.viewers)).current)
        viewer = next(iter(scope.viewers))
        most = 0
        for n in range(2_000):  # 20 MB in all
            board.count(n % 6, n, reason="r" * 10_000)
            most = max(most, viewer.connection.transport.get_write_buffer_size())
            if n % 50 == 0:
                await asyncio.sleep(0)
        assert not viewer.current
        assert most <= limit + 65_536 + 12_000  # the limit, one fragment, one message
        assert len(scope.ring) <= 20

        raw.setblocking(False)
        data, loop = b"", asyncio.get_running_loop()
        async with asyncio.timeout(20):
            while not viewer.current:
                data += await loop.sock_recv(raw, 1_000_000)
            board.count(0, 99_999)
            while b"99999" not in data:
                data += await loop.sock_recv(raw, 1_000_000)
        raw.close()
        messages = messages_in(data)
        seqs = [(m["type"], m["seq"]) for m in messages if m["type"] in ("snapshot", "delta")]
        resync = [i for i, (kind, _) in enumerate(seqs) if kind == "snapshot"]
        assert len(resync) >= 2  # the first, and the one it woke to
        for (_, before), (kind, after) in pairwise(seqs):
            assert kind == "snapshot" or after == before + 1
        assert seqs[-1] == ("delta", 2_001)


async def test_one_stalled_viewer_does_not_slow_the_others() -> None:
    board = Board(an_edition())
    async with serving(board, feed_buffer=50_000) as address:
        raw = await asyncio.to_thread(handshake, address)
        async with connect(f"{address}?token={token()}", max_size=None) as viewer:
            await message(viewer, "snapshot")
            for n in range(400):
                board.count(n % 6, n, reason="r" * 10_000)
                delta = await message(viewer, "delta")
                assert delta["seq"] == n + 1
        raw.close()


async def test_another_election_closes_every_connection() -> None:
    board = Board(an_edition())
    async with serving(board) as address, connect(f"{address}?token={token()}") as viewer:
        await message(viewer, "snapshot")
        assert board.feed is not None
        board.feed.restart()
        await asyncio.wait_for(viewer.wait_closed(), 5)
        assert viewer.close_code == 1012


def test_the_schema_files_are_current() -> None:
    for name, content in schemas().items():
        assert (REPOSITORY / "docs" / "schema" / name).read_text() == content, (
            "python -m tally.feed.schema docs/schema"
        )


async def test_the_example_client_runs() -> None:
    board = Board(an_edition())
    async with serving(board) as address:
        client = await asyncio.create_subprocess_exec(
            sys.executable, str(REPOSITORY / "docs/examples/feed_client.py"), address, token(),
            stdout=asyncio.subprocess.PIPE,
        )  # fmt: skip
        assert client.stdout is not None
        try:
            async with asyncio.timeout(20):
                assert await client.stdout.readline() == b"snapshot 0: 6 precincts\n"
                board.count(2, 41, "well")
                assert await client.stdout.readline() == b"p2 on_pace 41 well\n"
        finally:
            client.kill()
            await client.wait()
