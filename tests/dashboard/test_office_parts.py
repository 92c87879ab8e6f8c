"""What the office's set-up keeps of what it is given: files in pieces, answers that were changed."""

import json
from dataclasses import asdict
from pathlib import Path

import pytest

from dashboard.bridge.async_bridge import AsyncBridge
from dashboard.office.checklist import election_lines, findings_in, preflight_lines, roll_call_line
from dashboard.office.command_runs import CommandResult, CommandRuns
from dashboard.office.files.set_up import AdoptionReport, SetUp, SetUpRefusedError
from dashboard.office.files.set_up_pages import given_answers
from dashboard.office.files.uploads import UploadedFile, UploadRefusedError, Uploads, plain_name


def test_pieces_make_a_file_that_counts_once_it_is_whole(tmp_path: Path) -> None:
    uploads = Uploads(tmp_path / "files", least_free=0)
    assert not uploads.take("a.csv", b"one,", 0, 7)
    assert uploads.files() == []
    with pytest.raises(UploadRefusedError) as refused:
        uploads.take("a.csv", b"x", 6, 7)
    assert refused.value.kept == 4
    assert uploads.take("a.csv", b"two", 4, 7)
    assert uploads.files() == [UploadedFile("a.csv", 7)]
    assert uploads.paths()[0].read_bytes() == b"one,two"
    assert uploads.take("a.csv", b"new", 0, 3), "given again it takes the old one's place"
    assert uploads.remove("a.csv") and not uploads.remove("a.csv")


def test_a_piece_that_is_refused_leaves_what_was_there(tmp_path: Path) -> None:
    uploads = Uploads(tmp_path / "files", most=10, least_free=0)
    uploads.take("a.csv", b"12345678", 0, 8)
    for piece, at, size in ((b"", 0, 0), (b"123", 0, 2), (b"1", 0, 11), (b"12345", 0, 5)):
        with pytest.raises(UploadRefusedError):
            uploads.take("b.csv", piece, at, size)
    assert uploads.files() == [UploadedFile("a.csv", 8)]


@pytest.mark.parametrize(
    ("given", "kept"),
    [("../../etc/passwd", "passwd"), ("C:\\x\\voters.csv", "voters.csv"), ("--into.csv", "into.csv"),
     (".hidden.csv", "hidden.csv"), ("Señora (2).csv", "Señora (2).csv"), ("a;b$c`.csv", "a_b_c_.csv"),
     ("x" * 300 + ".csv", "x" * 116 + ".csv")],
)  # fmt: skip
def test_a_name_leads_nowhere_else(given: str, kept: str) -> None:
    assert plain_name(given) == kept


@pytest.mark.parametrize("given", ["", "..", "/", "---", "x.part"])
def test_what_is_no_name_is_refused(given: str) -> None:
    with pytest.raises(UploadRefusedError):
        plain_name(given)


def test_what_was_left_as_it_was_shown_is_no_answer() -> None:
    file = {"file": "a.xlsx", "sheet": "One", "kind": "voters", "mapping": {"phone": "Cell", "name": "Who"}}
    form = {
        "answer:0:kind": "voters", "answer:0:column:phone": "Home", "answer:0:column:name": "Who",
        "answer:0:counts": "daily", "answer:1:kind": "turnout", "csrf": "x", "answer:0:other_county": "",
    }  # fmt: skip
    assert given_answers(form, AdoptionReport(report={"files": [file]})) == [
        {"file": "a.xlsx: One", "key": "column:phone", "value": "Home"},
        {"file": "a.xlsx: One", "key": "counts", "value": "daily"},
    ]
    assert given_answers(form, None) == []


def test_a_plan_says_what_must_be_typed_and_what_no_page_does() -> None:
    look = AdoptionReport(plan=[
        "precincts  1 added", "would ask for --confirm Old: another election would take its place",
        "would be refused without --remove-reporting: 2 precincts that would go have check-ins today (a, b)",
    ])  # fmt: skip
    assert look.must_confirm == ["another election would take its place"]
    assert look.refused.startswith("2 precincts that would go")


def test_an_import_is_told_without_the_folder_it_was_made_in(tmp_path: Path) -> None:
    set_up = SetUp(tmp_path, CommandRuns(AsyncBridge(""), "", tmp_path / "progress"))
    said = f"{set_up.draft} is good: 1 precincts\n\nnotice: x\ndraft has no voters.csv: the voters stay\n"
    assert set_up._plain(CommandResult(0, said)) == [
        "The folder is good: 1 precincts", "notice: x", "The folder has no voters.csv: the voters stay",
    ]  # fmt: skip


def test_a_decision_about_a_doubtful_ballot_is_kept_for_this_look_and_the_next(tmp_path: Path) -> None:
    set_up = SetUp(tmp_path, CommandRuns(AsyncBridge(""), "", tmp_path / "progress"))
    assert set_up.review.doubtful() == [] and set_up.review.decide({("~a", "1"): "yes"}) == 0
    head = "ballot,file,line,precinct_id,birth_year,voter_id,why,strike\n"
    rows = "~a,b.csv,2,0101,1990,1,near,\n~a,b.csv,2,0101,1990,2,near,\n~c,b.csv,3,0101,1980,3,near,no\n"
    set_up.draft.mkdir()
    (set_up.draft / "early-review.csv").write_text(head + rows)
    assert [(r["ballot"], r["voter_id"]) for r in set_up.review.doubtful()] == [("~a", "1"), ("~a", "2")]
    said = {("~a", "1"): "yes", ("~a", "2"): "perhaps", ("~c", "3"): "yes", ("~x", "9"): "yes"}
    assert set_up.review.decide(said) == 1
    for folder in ("draft", "kept"):
        kept = (tmp_path / folder / "early-review.csv").read_text()
        assert kept == head + rows.replace("1,near,\n", "1,near,yes\n", 1)
    assert [r["voter_id"] for r in set_up.review.doubtful()] == ["2"]


def test_the_checklist_reads_the_preflight_among_other_lines() -> None:
    said = (
        'a warning [first]\n[\n {"check": "watchers", "passed": false, "said": "2", "remedy": "find"}\n]\nbye'
    )
    (line,) = preflight_lines(findings_in(said))
    assert (line.done, line.where, line.remedy) == (False, "/office/watchers?only=unwatched", "find")
    assert findings_in("Traceback") == findings_in("[\nnothing]") == []


def test_nothing_is_done_before_there_is_an_election() -> None:
    assert [line.done for line in election_lines(None)] == [False]
    assert not roll_call_line({"proven": 0, "watchers": 0}).done
    assert roll_call_line({"proven": 2, "watchers": 2, "wrong_number": []}).done


async def test_an_election_that_was_changed_after_the_look_is_not_overwritten(tmp_path: Path) -> None:
    bridge = AsyncBridge("")  # never started: nothing may be run
    set_up = SetUp(tmp_path, CommandRuns(bridge, "false", tmp_path / "progress.json"))
    kept = asdict(AdoptionReport(good=True, plan=["1 added"], mark="of then"))
    (tmp_path / "look.json").write_text(json.dumps(kept))
    with pytest.raises(SetUpRefusedError, match="changed meanwhile"):
        await set_up.import_draft("", "ada", "of now")
    with pytest.raises(SetUpRefusedError, match="ended with 1"):
        await set_up.import_draft("", "ada", "of then")
