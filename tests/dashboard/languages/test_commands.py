"""What commands and the audit log say in English short words is told to whoever reads another language."""

import ast
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import flask
import pytest

from beluga.readiness.people import phones, watched
from beluga.readiness.preflight import DatabaseState, backup, database
from callers.rides.urgency import Unclaimed, why
from dashboard.languages import (
    add_languages,
    adopting_words,
    code_words,
    deed_words,
    detail_words,
    finding_words,
    languages,
    refusal_words,
    retold,
    subject_words,
)
from dashboard.languages.command_words import ADOPTING
from dashboard.languages.folder_words import FINDINGS
from dashboard.languages.other_services import by_template
from election.access.passwords import weakness
from election.wire.rides import RideAct
from tests.dashboard.languages.pseudo import CODE, write_pseudo
from tests.dashboard.languages.test_other_services import outside
from tests.dashboard.running import make_election

ROOT = Path(__file__).parents[3]
CHECKS = ("preflight", "people", "public_path")  # the modules of a preflight


@pytest.fixture(autouse=True)
def in_brackets(tmp_path: Path) -> Iterator[None]:
    """Who asks reads the language of brackets."""
    write_pseudo(tmp_path)
    server = flask.Flask("words")
    server.secret_key = "k"
    add_languages(server, languages(tmp_path))
    with server.test_request_context(headers={"Accept-Language": CODE}):
        yield


def calls(folder: str, names: set[str]) -> Iterator[ast.Call]:
    """Calls of what is so named, in the code of a folder or a file."""
    for file in sorted(ROOT.glob(f"{folder}/**/*.py")) or [ROOT / folder]:
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            if isinstance(node, ast.Call):
                name = (
                    node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
                )
                if name in names:
                    yield node


def sentence(node: ast.AST) -> str:
    """A sentence as the code makes it, each value a 7; empty where it is put together elsewhere."""
    if isinstance(node, ast.Constant):
        return node.value if isinstance(node.value, str) else ""
    if isinstance(node, ast.JoinedStr):
        return "".join(sentence(part) or "7" for part in node.values)
    return ""


def untold(sentence: str) -> str:
    """The letters that stand outside of brackets."""
    return "".join(c for c in outside(sentence) if c.isalpha())


def test_whatever_a_preflight_finds_is_told() -> None:
    found = [call for file in CHECKS for call in calls(f"beluga/readiness/{file}.py", {"bad", "fine"})]
    made = [sentence(part) for call in found for part in call.args[1:]]
    known = [each for each in made if " " in each and not each.startswith(("beluga ", "alter system "))]
    assert len(known) > 60
    assert [each for each in known if untold(finding_words(each))] == []
    checks = {sentence(call.args[0]) for call in found}
    assert {check for check in checks if not code_words(check).startswith("⟦")} == set()


def test_findings_put_together_from_parts_are_told() -> None:
    lost = DatabaseState(2, [], True, "on", 1)
    found = [database(lost), backup(30.2), backup(3.0, proven=True), watched(make_election(41)), phones([])]
    said = [finding_words(text) for each in found for text in (each.said, each.remedy) if text]
    assert all(text.startswith("⟦") for text in said), said


def test_questions_of_adopting_are_told_and_nearly_all_that_is_noted() -> None:
    asked = [sentence(call.args[1]) for call in calls("beluga/adopt", {"ask"}) if len(call.args) > 1]
    questions = [each for each in asked if each]
    assert len(questions) > 5
    rules = ast.walk(ast.parse((ROOT / "beluga/adopt/mapping/kind_rules.py").read_text("utf-8")))
    why = [sentence(part) for n in rules if isinstance(n, ast.Return | ast.IfExp) for part in ast.walk(n)]
    questions += [each for each in why if each.endswith("?")]
    assert len(questions) > 10
    assert [each for each in questions if untold(adopting_words(each))] == []
    made = [
        sentence(part)
        for call in calls("beluga/adopt", {"note", "refuse", "refuse_file", "drop"})
        for part in call.args
    ]
    made += [each for each in why if each.count(" ") > 1 and each == each.strip()]
    known = [each for each in made if " " in each]
    left = [each for each in known if untold(adopting_words(each))]
    assert len(known) > 100
    assert len(left) <= len(known) // 10, left


def test_whatever_is_wrong_with_a_folder_is_told() -> None:
    """Each finding of `beluga check` and of an import, with its place and its remedy."""
    found = [
        call
        for folder in ("election/folder", "beluga/adopt/early_sites.py")
        for call in calls(folder, {"problem", "notice", "_problem", "_say", "ShapeError"})
    ]
    said = {sentence(part).strip() for call in found for part in call.args}
    known = sorted(each for each in said if " " in each and each != "7 (7)")
    assert len(known) > 120
    left = [each for each in known if untold(by_template(each, (*FINDINGS, *ADOPTING), "n") or each)]
    assert left == []


@pytest.mark.parametrize(
    ("line", "told"),
    [
        (
            "precincts.csv:4: registered: 'x' is not a whole number, write digits alone, such as 1204",
            "⟦precincts.csv, line 4⟧: registered: ⟦'x' is not a whole number⟧; "
            "⟦write digits alone, such as 1204⟧",
        ),
        (
            "election.toml: cannot be read: Permission denied, check its permissions",
            "election.toml: ⟦cannot be read: Permission denied⟧; ⟦check its permissions⟧",
        ),
        ("precincts.csv:9: is empty, fill it in", "⟦precincts.csv, line 9⟧: ⟦is empty⟧; ⟦fill it in⟧"),
        ("watchers.csv: and 1,204 more", "watchers.csv: ⟦and 1,204 more⟧"),
        (
            "precincts.csv:3: precinct_id: '1-May': a spreadsheet has made a date of this id, look in the "
            "original",
            "⟦precincts.csv, line 3⟧: precinct_id: '1-May': ⟦a spreadsheet has made a date of this id⟧; "
            "⟦look in the original⟧",
        ),
        ("precincts.csv:4: the moon", "⟦precincts.csv, line 4⟧: the moon"),
        ("0101: the moon", "0101: the moon"),
        ("name          'Old' -> 'New'", "⟦name 'Old' -> 'New'⟧"),
    ],
)
def test_a_finding_is_told_beside_its_place(line: str, told: str) -> None:
    assert adopting_words(line) == told


def test_why_an_import_was_not_done_is_told() -> None:
    refused = (
        "the day would be 2026-11-04 instead of 2026-11-03; and the election that is there is not 'X'. "
        "Nothing was changed; if you mean it: --confirm Y"
    )
    for each in (refused, "it ended with 1", "draft: 7 problems, nothing was loaded"):
        assert untold(adopting_words(each)) == ""


def test_whatever_is_refused_is_told() -> None:
    """Refusals of accounts, keys and webhooks, and those of the call desk that a page of the office asks."""
    raised = [
        call
        for file, names in (
            ("election/access/accounts.py", {"AccountRefusedError", "__init__"}),
            ("election/access/api_keys.py", {"ApiKeyError"}),
            ("election/access/webhooks.py", {"WebhookError"}),
            ("callers/api/staff.py", {"problem"}),
            ("callers/api/dispatches.py", {"problem"}),
            ("callers/lists/dialer_lists.py", {"__init__"}),
        )
        for call in calls(file, names)
    ]
    said = [sentence(part) for call in raised for part in call.args]
    said += [f"a password {wrong}" for wrong in (weakness("x", ""), weakness("x" * 20, ""))]
    known = [each for each in said if each.count(" ") > 1 and "7; without" not in each]
    assert len(known) > 20
    assert [each for each in known if untold(refusal_words(each))] == []
    assert refusal_words("a password needs at least 15 characters; without --password-stdin one is made") == (
        "⟦a password needs at least 15 characters⟧"
    )


def test_each_deed_is_told() -> None:
    written = [call.args[1] for call in calls("dashboard", {"note", "_seen"}) if len(call.args) > 3]
    written += [call.args[1] for call in calls("dashboard/office", {"noted"}) if len(call.args) > 3]
    written += [call.args[3] for call in calls("callers", {"record"}) if len(call.args) > 3]
    deeds = {sentence(node) for node in written if isinstance(node, ast.Constant)}
    assert len(deeds) > 35
    deeds |= {f"ride {act.value}" for act in (RideAct.ASSIGN, RideAct.PICK_UP, RideAct.CANCEL)}
    deeds |= {"dispatch.go_on", "hours refused", "accept unanswered"}
    assert {deed for deed in deeds if untold(deed_words(deed))} == set()
    assert subject_words("precinct:12-03") == "⟦precinct##done to⟧: 12-03"
    assert detail_words({"rides": ["1", "2"], "moon": 3}) == "⟦rides##beside a deed⟧: 1, 2 · moon: 3"


def test_why_a_ride_cannot_wait_is_told() -> None:
    now = datetime(2026, 11, 3, 12, tzinfo=UTC)
    waiting = [
        Unclaimed(now - timedelta(hours=2), now + timedelta(minutes=left), home=home)
        for left, home in ((5, False), (-5, False), (5, True))
    ]
    assert [untold(retold(why(each, now))) for each in waiting] == [""] * 3


def test_what_no_template_makes_stays_as_it_came() -> None:
    assert adopting_words("the moon voters") == "the moon voters", "a number is wanted there"
    assert code_words("moon_phase") == "moon phase"
    assert finding_words("the moon") == "the moon"
