"""What the stack holds and says, read from outside: the database's messages, the tally's ids, its feed."""

import asyncio
import contextlib
import json
import os
import ssl
import subprocess
import sys
import threading
import time
import urllib.request
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from uuid import UUID

import asyncpg
from websockets.exceptions import WebSocketException
from websockets.sync.client import connect

from chaos.judge.history import EventHistory, Op
from chaos.target.target import Target, check_in_id

_MESSAGES = "select provider_message_id, message_id from messages where channel in ('sms', 'form')"
_ENTRIES = "select check_in_id, message_id from check_ins"
# What a token says of a viewer who is no person: no account stands behind it.
VIEWER = {"role": "staff", "counties": None, "machine": True}
LOOK_SECONDS = 0.5
RECOUNT_SECONDS = 300.0
PREFLIGHT = ("preflight-", "SM" + "0" * 16)  # as beluga/readiness/preflight.py begins its ids
FRAME_SECONDS = 0.25
FRESH_SECONDS = 3.0
UNASKED = (
    OSError,
    asyncpg.PostgresError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
)  # of a stack that does not answer


@dataclass(frozen=True, slots=True)
class ObservedKeys:
    """Keys as often as they were found; `foreign`: ids in the tally that no stored entry explains."""

    stored: list[str]
    tallied: list[str]
    foreign: int


def read(target: Target) -> ObservedKeys:
    """Raises one of `UNASKED` while something is away."""
    messages, entries = asyncio.run(_database(target.database_url))
    content = get(f"{target.url('tally')}/check-ins/ids", target.tokens.bearer, 30)
    counted = Counter(UUID(bytes=content[at : at + 16]) for at in range(0, len(content), 16))
    key_of = {identity: key for key, identity in messages}
    parts: dict[UUID, list[UUID]] = {}
    for entry, message in entries:
        parts.setdefault(message, []).append(entry)
    tallied = []
    for message, its in parts.items():
        if message in key_of and check_in_id(message, 0) in counted and all(e in counted for e in its):
            tallied += [key_of[message]] * max(counted[e] for e in its)
    return ObservedKeys([key for key, _ in messages], tallied, len(counted.keys() - {e for e, _ in entries}))


async def _database(url: str) -> tuple[list[tuple[str, UUID]], list[tuple[UUID, UUID]]]:
    connection = await asyncpg.connect(url, timeout=5)
    try:
        messages = [(row[0], row[1]) for row in await connection.fetch(_MESSAGES)]
        return messages, [(row[0], row[1]) for row in await connection.fetch(_ENTRIES)]
    finally:
        await connection.close()


def settle(target: Target, history: EventHistory, wanted: set[str], patience: float) -> float:
    """Waits until everything acknowledged is tallied, then makes the final read; says how long it took, s.

    Without it after `patience` seconds, the final read is made all the same, for the checker to judge.
    """
    began = time.monotonic()
    found: ObservedKeys | None = None
    while True:
        with contextlib.suppress(*UNASKED):
            found = read(target)
            if wanted <= set(found.tallied) and wanted <= set(found.stored):
                break
        if time.monotonic() - began > patience:
            break
        time.sleep(LOOK_SECONDS)
    if found is not None:
        ours = sorted(key for key in set(found.stored) if key.startswith(PREFLIGHT))
        if ours:  # `beluga preflight`, which the experiment ran, leaves texts of its own
            history.record(Op.BEFORE, keys=ours)
        history.record(Op.READ, what="stored", keys=found.stored, final=True)
        history.record(Op.READ, what="tallied", keys=found.tallied, final=True, foreign=found.foreign)
    return time.monotonic() - began


def before(target: Target, history: EventHistory) -> None:
    """Notes what was there already."""
    history.record(Op.BEFORE, keys=sorted(set(read(target).stored)))


def recount(target: Target, history: EventHistory) -> None:
    """Runs `beluga recount`: reads every raw message again and compares byte for byte (law L4)."""
    try:
        done = subprocess.run(
            target.commands.beluga("recount"), capture_output=True, text=True, check=False,
            env=target.commands.variables(), timeout=RECOUNT_SECONDS,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        history.record(Op.RECOUNT, proven=None, said=f"no answer within {RECOUNT_SECONDS:g} s")
        return
    recounted(history, done.returncode, done.stdout or done.stderr)


def recounted(history: EventHistory, status: int, said: str) -> None:
    """Notes what a `beluga recount` found, by its exit status and what it printed."""
    history.record(Op.RECOUNT, proven={0: True, 1: False}.get(status), said=said.strip()[-300:])


def get(
    url: str,
    headers: dict[str, str] | None = None,
    seconds: float = 2.0,
    tls: ssl.SSLContext | None = None,
) -> bytes:
    """The body of a GET. Raises `OSError` (also for statuses of 400 and above)."""
    request = urllib.request.Request(url, headers=headers or {})  # noqa: S310 (http, as given by the stack)
    with urllib.request.urlopen(request, timeout=seconds, context=tls) as answer:  # noqa: S310
        content: bytes = answer.read()
        return content


def board_is_fresh(target: Target, seconds: float) -> bool:
    """Whether a viewer who connects now hears, within `seconds`, that the tally is up to date."""
    token = target.tokens.sign("feed", VIEWER | {"account": "elsewhere"})
    deadline = time.monotonic() + seconds
    with (
        contextlib.suppress(OSError, WebSocketException, ValueError, KeyError, TimeoutError),
        connect(
            f"{target.url('feed')}/?token={token}", open_timeout=seconds, max_size=None, ssl=target.tls
        ) as feed,
    ):
        while time.monotonic() < deadline:
            message = json.loads(feed.recv(timeout=max(0.1, deadline - time.monotonic())))
            if message.get("type") == "beat":
                return float(message.get("stored_behind", 0.0)) <= FRESH_SECONDS
    return False


@dataclass
class BoardWatch:
    """A viewer of the feed who notes how old the board says to be, and how old it truly is.

    It claims what a board shows: the tally's word on how long it has been without its database, plus the time
    since that word was heard. The truth is how long a fault has kept the database or the tally away.
    """

    target: Target
    history: EventHistory
    looks: int = 0
    _stop: threading.Event = field(default_factory=threading.Event)
    _cut_at: dict[str, float] = field(default_factory=dict)  # fault number -> when
    _behind: float = 0.0
    _heard: float = field(default_factory=time.monotonic)
    _last: float = 0.0
    _thread: threading.Thread | None = None
    _from: str = ""  # the feed's address as seen from where the board hangs; "": directly
    _moved: bool = False

    def look_from(self, url: str) -> None:
        """The board hangs elsewhere now: it connects anew, to this address of the feed."""
        self._from, self._moved = url, True

    def start(self) -> "BoardWatch":
        self._thread = threading.Thread(target=self._run, daemon=True, name="board")
        self._thread.start()
        return self

    def stop(self) -> None:
        self._stop.set()
        if self._thread is not None:
            self._thread.join(5)

    @property
    def _tls(self) -> ssl.SSLContext | None:
        return None if self._from else self.target.tls

    def cut(self, number: str) -> None:
        """A fault has begun that keeps the database or the tally away."""
        self._cut_at[number] = time.monotonic()

    def healed(self, number: str) -> None:
        self._cut_at.pop(number, None)

    def _run(self) -> None:
        while not self._stop.is_set():
            try:
                token = self.target.tokens.sign("feed", VIEWER | {"account": "rehearsal"})
                url = f"{self._from or self.target.url('feed')}/?token={token}"
                self._moved = False
                with connect(url, open_timeout=3, close_timeout=1, max_size=None, ssl=self._tls) as feed:
                    self._listen(feed)
            except (OSError, WebSocketException, ValueError, KeyError):
                self._look()
                self._stop.wait(FRAME_SECONDS)

    def _listen(self, feed: object) -> None:
        while not self._stop.is_set() and not self._moved:
            try:
                message = json.loads(feed.recv(timeout=FRAME_SECONDS))  # type: ignore[attr-defined]
            except TimeoutError:
                pass
            else:
                if message.get("type") == "beat":
                    self._behind = float(message.get("stored_behind", 0.0))
                self._heard = time.monotonic()
            self._look()

    def _look(self) -> None:
        now = time.monotonic()
        if self.looks and now - self._last < LOOK_SECONDS:
            return
        self._last = now
        self.looks += 1
        since = min(self._cut_at.values(), default=now)
        self.history.record(
            Op.BOARD,
            claimed=round(self._behind + now - self._heard, 2),
            true=round(max(0.0, now - since), 2),
        )


def own_command(environment: Mapping[str, str]) -> dict[str, str]:
    """An environment in which `beluga` is this installation's, the one that runs the stack."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{environment.get('PATH', os.defpath)}"
    kept = environment.get("PYTHONPATH") or os.environ.get("PYTHONPATH")
    return {"PATH": path} | ({"PYTHONPATH": kept} if kept else {})
