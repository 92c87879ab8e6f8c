"""Every log call of the product is in the catalogue, with its level and fields, and nothing else is in it."""

import ast
import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

from beluga.readiness.log_events_page import page
from election.runtime.log_events import COMMON, EVENTS, FIELDS

ROOT = Path(__file__).parents[3]
ROOMS = ("election", "intake", "tally", "callers", "dashboard", "beluga", "chaos", "runbooks", "deploy")
LEVELS = {
    "debug": "debug", "info": "info", "warning": "warning", "warn": "warning", "error": "error",
    "exception": "error", "critical": "critical", "fatal": "critical", "msg": "info", "log": "",
}  # fmt: skip
LIBRARIES = "election/runtime/telemetry.py"  # the only module that speaks to the standard library's logging
NOT_LOGGERS = {"math", "np"}  # theirs is a logarithm

# What must not be read for a field's value, whatever the field is called. `bool(...)` of it tells nothing.
PRIVATE = re.compile(
    r"phone|sender\b|body|words|secret|token|password|passphrase|\bcode\b|voter|roll_number|address\b|\bname\b|"
    r"\bkey\b|link\b|detail|text\b|query|cookie|headers"
)
REASONS = {"bad_token"}  # that runbooks look for, of `request_refused`
PRIVATE_MEANT = {  # in which event, read how, and why it is none
    ("child_started", "program.name"), ("child_died", "self.program.name"),
    ("child_cannot_start", "self.program.name"), ("child_hung_killed", "program.name"),
    ("child_killed_at_stop", "self.program.name"),  # of ours
    ("journal_torn", "path.name"),  # a file's
    ("sender_not_configured", "name"),  # a provider's
    ("task_failed", "name"), ("task_failed", "task.get_name()"),  # a task's
    ("leadership_changed", "self._name"), ("leadership_lost", "self._name"),  # a leadership's
    ("sign_in_refused", "network_of(address)"), ("signed_in", "network_of(address)"),  # said on purpose
}  # fmt: skip


@dataclass(frozen=True)
class Call:
    at: str
    room: str
    event: str
    level: str
    fields: dict[str, ast.expr]


@cache
def modules() -> list[tuple[str, list[ast.AST]]]:
    """Every module and the nodes of its tree: read when a test asks, and not while tests are found."""
    return [
        (path.relative_to(ROOT).as_posix(), list(ast.walk(ast.parse(path.read_text(encoding="utf-8")))))
        for room in ROOMS
        for path in sorted((ROOT / room).rglob("*.py"))
    ]


@pytest.fixture(scope="module", autouse=True)
def _forget() -> Iterator[None]:
    yield
    modules.cache_clear()
    calls.cache_clear()


@cache
def calls() -> list[Call]:
    return [call for at, nodes in modules() for call in calls_of(at, nodes)]


def calls_of(at: str, nodes: list[ast.AST]) -> Iterator[Call]:
    for node in nodes:
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
            continue
        how, of = node.func.attr, node.func.value
        if how not in LEVELS or not (node.args or node.keywords):
            continue  # `task.exception()` and `findings.error()` say nothing
        if how == "log" and isinstance(of, ast.Name) and of.id in NOT_LOGGERS:
            continue
        where = f"{at}:{node.lineno}"
        assert how != "log", f"{where}: name the level"
        assert len(node.args) == 1 and isinstance(node.args[0], ast.Constant), f"{where}: one literal event"
        fields = {}
        for keyword in node.keywords:
            assert keyword.arg is not None, f"{where}: fields by name, not **"
            fields["exception" if keyword.arg == "exc_info" else keyword.arg] = keyword.value
        if how == "exception":
            fields["exception"] = ast.Constant(True)
        yield Call(where, at.split("/", maxsplit=1)[0], str(node.args[0].value), LEVELS[how], fields)


def test_every_log_call_is_in_the_catalogue_and_everything_in_it_is_logged() -> None:
    found = defaultdict(list)
    for call in calls():
        found[call.event].append(call)
    names = [event.name for event in EVENTS]
    assert len(names) == len(set(names))
    assert {call.event: call.at for call in calls() if call.event not in names} == {}, "not in the catalogue"
    assert set(names) - set(found) == set(), "in the catalogue, and never logged"


@pytest.mark.parametrize("event", EVENTS, ids=lambda event: event.name)
def test_an_event_has_one_level_and_the_fields_of_the_catalogue(event) -> None:
    its = [call for call in calls() if call.event == event.name]
    assert {call.level for call in its} == {event.level}
    assert {call.room for call in its} == set(event.rooms)
    every = set.intersection(*(set(call.fields) for call in its))
    some = set().union(*(call.fields for call in its)) - every
    assert every == set(event.fields)
    assert some == set(event.sometimes)


def test_names_are_words_in_lower_snake_case() -> None:
    for event in EVENTS:
        assert re.fullmatch(r"[a-z]+(_[a-z]+)+", event.name), event.name
        assert event.when.endswith((".", ")")) and event.do.endswith((".", ")")), event.name


def test_a_field_is_explained_and_each_explained_one_is_used() -> None:
    used = {field for event in EVENTS for field in (*event.fields, *event.sometimes)}
    assert used == set(FIELDS)
    assert not used & set(COMMON)


def test_what_is_bound_to_a_logger_is_a_common_field() -> None:
    for at, nodes in modules():
        for node in nodes:
            if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)):
                continue
            of = ast.unparse(node.func.value)
            if node.func.attr in ("bind", "new") and "log" in of.lower():
                assert {keyword.arg for keyword in node.keywords} <= {"service", "part"}, at
            assert "contextvars" not in node.func.attr, at


def test_loggers_of_the_standard_library_are_left_to_libraries() -> None:
    for at, nodes in modules():
        if at == LIBRARIES:
            continue
        for node in nodes:
            if (
                isinstance(node, ast.Attribute)
                and node.attr == "getLogger"
                and ast.unparse(node) == "logging.getLogger"
            ):
                raise AssertionError(f"{at}: structlog.get_logger(), or its lines are not ours")


def test_no_field_is_read_from_what_is_private() -> None:
    """By the words of the expression: a phone, a name, a text, a secret."""
    met = set()
    for call in calls():
        for value in call.fields.values():
            read = ast.unparse(value)
            if isinstance(value, ast.Call) and ast.unparse(value.func) in ("bool", "len"):
                continue
            if (call.event, read) in PRIVATE_MEANT:
                met.add((call.event, read))
                continue
            if not isinstance(value, ast.Constant | ast.JoinedStr) and not _of_an_error(value):
                assert not PRIVATE.search(read), f"{call.at}: {read}"
    assert met == PRIVATE_MEANT
    assert not {name for name in FIELDS if PRIVATE.search(name)}


def _of_an_error(value: ast.expr) -> bool:
    """`type(error).__name__`: a class's name."""
    return isinstance(value, ast.Attribute) and value.attr == "__name__"


def test_runbooks_that_are_named_exist() -> None:
    for event in EVENTS:
        for named in re.findall(r"(?:runbooks|docs)/[a-z-]+\.md", event.do):
            assert (ROOT / named).exists(), f"{event.name}: {named}"


def test_the_page_is_current() -> None:
    assert (ROOT / "docs/log-events.md").read_text(encoding="utf-8") == page(), "make log-events"


def test_runbooks_look_for_events_that_there_are() -> None:
    """`grep NAME … logs/*.log` in a runbook finds nothing where the event has another name now."""
    names = {event.name for event in EVENTS} | REASONS
    looked = 0
    for file in sorted((ROOT / "runbooks").glob("*.md")):
        for sought in re.findall(r"grep [^|\n]*?([a-z]+(?:_[a-z]+)+)[^|\n]*logs/", file.read_text()):
            looked += 1
            assert sought in names, f"{file.name}: {sought}"
    assert looked
