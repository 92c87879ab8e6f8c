"""Whoever asks whether the war room lives is answered while all of its threads wait for something."""

import threading
import urllib.error
import urllib.request
from collections.abc import Iterator

import flask
import pytest
import waitress
from prometheus_client import CollectorRegistry

from beluga.stack.ports import free_port
from dashboard.board.routes import add_health
from dashboard.bridge import lanes as lanes_module
from dashboard.bridge.lanes import Lanes

THREADS = 2


class Room:
    """A war room whose pages wait until they are let go."""

    def __init__(self) -> None:
        self.lanes = Lanes(THREADS)
        self.go = threading.Event()
        self.waiting = threading.Semaphore(0)
        app = flask.Flask("waiting")
        add_health(app, CollectorRegistry(), lambda: {"election": True}, lambda: self.lanes.well)

        @app.get("/slow")
        def slow() -> str:
            self.waiting.release()
            self.go.wait(60)
            return "at last"

        self.port = free_port()
        self.server = waitress.create_server(
            app, host="127.0.0.1", port=self.port, _dispatcher=self.lanes, asyncore_use_poll=True
        )
        self._thread = threading.Thread(target=self.server.run, daemon=True)
        self._thread.start()

    def get(self, path: str) -> int:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=30) as answer:
                return answer.status
        except urllib.error.HTTPError as error:
            return error.code

    def wait_everywhere(self, more: int = 1) -> list[threading.Thread]:
        """All threads wait, and `more` requests wait for a thread."""
        asking = [threading.Thread(target=self.get, args=("/slow",)) for _ in range(THREADS + more)]
        for each in asking:
            each.start()
        for _ in range(THREADS):
            assert self.waiting.acquire(timeout=30)
        while len(self.lanes.queue) < more:
            pass
        return asking

    def close(self) -> None:
        self.go.set()
        self.server.close()


@pytest.fixture
def room() -> Iterator[Room]:
    made = Room()
    yield made
    made.close()


def test_health_is_answered_while_every_thread_waits(room: Room) -> None:
    asking = room.wait_everywhere()
    assert room.get("/healthz") == 200
    room.go.set()
    for each in asking:
        each.join(30)
    assert room.get("/slow") == 200


def test_threads_that_wait_for_ever_are_said(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    assert room.get("/healthz") == 200
    asking = room.wait_everywhere()
    monkeypatch.setattr(lanes_module, "STUCK_SECONDS", 0.0)
    assert room.get("/healthz") == 503
    room.go.set()
    for each in asking:
        each.join(30)
    assert room.get("/healthz") == 200
