"""What the log says of people: who asks for what is not theirs, in lines that nothing sent can forge."""

import json
import subprocess
import sys
from collections.abc import Iterator

import flask
import pytest
import structlog
from aiohttp import web

from callers.api.permission import for_all
from dashboard.accounts.sign_in import WarRoomUser, needs_role
from election.access import telemetry
from election.access.accounts import Role
from election.access.identity import Identity

# What a library logs of what it was sent, and what we log beside it.
_LINES = """
import logging, structlog
from election.runtime.settings import SharedSettings
from election.runtime.telemetry import configure_logs

configure_logs("tried", SharedSettings())
sent = 'GET /x' + chr(10) + '{"event": "signed in", "login": "eve"}'
logging.getLogger("aiohttp.server").error("odd: %s", sent)
structlog.get_logger().warning("odd", sent=sent)
try:
    raise ValueError(sent)
except ValueError:
    logging.getLogger("waitress").exception("failed")
"""


@pytest.fixture(autouse=True)
def _nothing_said_yet(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(telemetry, "_say_again", {})
    # A logger keeps what it was first configured with; a test beside this one may have used ours.
    monkeypatch.setattr(telemetry, "log", structlog.get_logger())
    configured = structlog.get_config()
    structlog.reset_defaults()
    yield
    structlog.configure(**configured)


def test_a_refused_account_is_named_once_a_second(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 100.0
    monkeypatch.setattr(telemetry, "monotonic", lambda: now)
    with structlog.testing.capture_logs() as logs:
        for _ in range(50):
            telemetry.say_refused("lee", "desks", "county")
        telemetry.say_refused("sam", "audit", "role")
        now += telemetry.LOG_SECONDS
        telemetry.say_refused("lee", "desks", "county")
    assert [(line["event"], line["account"]) for line in logs] == [
        ("not_allowed", "lee"), ("not_allowed", "sam"), ("not_allowed", "lee")
    ]  # fmt: skip


def test_the_callers_service_says_whom_it_refused() -> None:
    lead = Identity("ken", "lead", frozenset({"Kent"}))
    with structlog.testing.capture_logs() as logs, pytest.raises(web.HTTPForbidden):
        for_all(lead)
    assert [(line["account"], line["what"], line["reason"]) for line in logs] == [("ken", "callers", "role")]


def test_the_war_room_says_whom_it_refused() -> None:
    server = flask.Flask("tried")

    @server.get("/audit")
    @needs_role(Role.ADMIN)
    def audit_trail() -> str:
        return "everything"

    @server.before_request
    def who() -> None:
        flask.g.person = WarRoomUser("sam", Role.STAFF, None)

    with structlog.testing.capture_logs() as logs:
        assert server.test_client().get("/audit").status_code == 403
    assert [(line["account"], line["what"]) for line in logs] == [("sam", "audit_trail")]


def test_nothing_that_is_sent_makes_a_line_of_its_own() -> None:
    done = subprocess.run([sys.executable, "-c", _LINES], capture_output=True, text=True, check=True)
    lines = [json.loads(line) for line in done.stderr.splitlines()]
    assert [line["event"].split("\n")[0] for line in lines] == ["odd: GET /x", "odd", "failed"]
    assert {line["timestamp"][-1] for line in lines} == {"Z"}
    assert "ValueError" in lines[2]["exception"]
