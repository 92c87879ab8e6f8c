"""Early days in person: sites with hours and watchers of their own, whose counts come home as votes cast."""

import csv
from datetime import UTC, date, datetime, time
from pathlib import Path

import pytest

from beluga.adopt.early_sites import EarlySite, day_election, day_record, parted, read_sites
from beluga.adopt.opted_out import OptOuts, keep_opt_outs, phones_stopped
from beluga.adopt.taking.early_record import EarlyRecord, read_early, write_early
from beluga.cli.adopt import take_early
from election.domain.checkin import Channel, CheckIn, Kind, Message
from election.domain.day import Election, ElectionDay, Precinct, Watcher
from election.domain.ids import PrecinctId, WatcherId, check_in_id, message_id
from election.folder import Findings, check_all, examine, read_election, write_election
from election.log.check_in_log import append
from election.postgres.database import connect
from tests.beluga.running import in_process

DAY = ElectionDay("General", date(2026, 11, 3), "America/New_York", time(7), time(20))
PRECINCTS = tuple(
    Precinct(PrecinctId(p), f"Place {p}", roll, "Adams")
    for p, roll in (("0101", 1000), ("0102", 500), ("0103", 3))
)
ANA = Watcher(WatcherId("w1"), "Ana", "+12155550101", "en", (PrecinctId("0101"),), shift_start=time(7))
ELECTION = Election(DAY, PRECINCTS, watchers=(ANA,))
HEAD = "date,site_id,name,opens,closes,precinct_ids,expected_votes,watcher_ids\n"
SITES = HEAD + "2026-10-24,LIB,Library,9:00,17:00,0101;0102,300,w1\n2026-10-24,GYM,Gym,10am,6 PM,,,\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write_election(tmp_path / "home", ELECTION)
    (tmp_path / "home" / "early_sites.csv").write_text(SITES)
    return tmp_path / "home"


def test_a_day_has_its_own_sites_hours_and_watchers(folder: Path, tmp_path: Path) -> None:
    code, said = in_process("early-day", "begin", folder, "2026-10-24", "--into", tmp_path / "day")
    assert code == 0, said
    findings = Findings()
    check_all(tmp_path / "day", findings)
    assert not findings.total, findings.error()
    made = read_election(tmp_path / "day")
    assert (made.day.name, made.day.date) == ("General, early voting 2026-10-24", date(2026, 10, 24))
    assert (made.day.opens, made.day.closes) == (time(9), time(18))
    found = {str(p.precinct_id): (p.registered, p.expected_votes, p.opens) for p in made.precincts}
    assert found == {"LIB": (1500, 300.0, time(9)), "GYM": (1503, None, time(10))}
    assert [(str(w.watcher_id), w.precinct_ids, w.shift_start) for w in made.watchers] == [
        ("w1", ("LIB",), None)
    ]
    assert (made.curve[0].share, made.curve[-1].share) == (0.0, 1.0)
    assert "nobody watches at GYM" in said and "how many are expected at GYM" in said
    assert in_process("check", folder)[0] == 0


@pytest.mark.parametrize(
    ("line", "what"),
    [
        ("2026-11-03,LIB,,,,,,", "is not before 2026-11-03"),
        ("24/10/2026,LIB,,,,,,", "is no date"),
        ("2026-10-25,0101,,,,,,", "is a precinct, too"),
        ("2026-10-24,LIB,,,,,,", "twice on 2026-10-24"),
        ("2026-10-25,LIB,,17:00,9:00,,,", "is not after it opens"),
        ("2026-10-25,LIB,,9-ish,,,,", "is no time of day"),
        ("2026-10-25,LIB,,,,0109,,", "is not in precincts.csv"),
        ("2026-10-25,LIB,,,,,,w9", "is not in watchers.csv"),
        ("2026-10-24,HALL,,,,,,w1", "is at two sites"),
        ("2026-10-25,LIB,,,,,many,", "is no number of votes"),
    ],
)
def test_what_is_wrong_with_a_site_is_said_by_check(folder: Path, line: str, what: str) -> None:
    (folder / "early_sites.csv").write_text(f"{SITES}{line}\n")
    code, said = in_process("check", folder)
    assert code == 1 and what in said and "early_sites.csv:4" in said, said


@pytest.mark.parametrize("votes", [0, 1, 2, 151, 1503])
def test_a_sites_votes_are_parted_without_losing_one(votes: int) -> None:
    found = parted(votes, PRECINCTS)
    assert sum(found.values()) == votes
    assert found["0101"] >= found["0102"] >= found["0103"]


def _site(day: int, site: str = "LIB") -> EarlySite:
    return EarlySite(date(2026, 10, day), site, site, precinct_ids=("0101", "0102"))


def test_counts_of_a_day_hold_until_the_countys_file_has_reached_it() -> None:
    record = EarlyRecord()
    for day, votes in ((24, 30), (25, 60)):
        record.sites |= day_record([_site(day)], {"LIB": votes}, ELECTION).sites
    assert record.totals() == {"0101": 60, "0102": 30}
    record.running["Early", "0101", "2026-10-24"] = 25
    assert record.totals() == {"0101": 25 + 40, "0102": 20}, (
        "of the 24th the file's numbers, of the 25th ours"
    )
    record.ballots["v1"] = ("0102", "2026-10-25")
    assert record.totals() == {"0101": 25, "0102": 1}


def test_what_came_to_a_site_before_is_expected_there_again() -> None:
    record = EarlyRecord()
    for day, votes in ((22, 30), (23, 60)):
        record.sites |= day_record([_site(day)], {"LIB": votes}, ELECTION).sites
    (place,) = day_election(ELECTION, [_site(24)], record).precincts
    assert place.expected_votes == 45.0


def test_counts_come_home_into_the_folder_and_twice_is_once(folder: Path, tmp_path: Path) -> None:
    record = day_record(read_sites(folder, ELECTION, Findings())[1:], {"LIB": 90}, ELECTION)
    write_early(tmp_path / "early.csv", record)
    for _ in range(2):
        take_early([tmp_path / "early.csv"], folder)
        voted = {str(p.precinct_id): p.already_voted for p in read_election(folder).precincts}
        assert voted == {"0101": 60, "0102": 30, "0103": 0}
    assert read_early(folder / "early.csv") == record


def a_word(name: str, phone: str, kind: Kind, minute: int) -> tuple[list[Message], list[CheckIn]]:
    """STOP or START by text, as the log keeps it."""
    mid, at = message_id("generic", name), datetime(2026, 10, 24, 15, minute, tzinfo=UTC)
    message = Message(
        message_id=mid, provider="generic", provider_message_id=name, channel=Channel.SMS, sender=phone,
        body=kind.value, raw=b"{}", received_at=at, sent_at=at, roster_version="r", journal="a",
        journal_seq=1,
    )  # fmt: skip
    said = CheckIn(
        check_in_id=check_in_id(mid, 0), message_id=mid, part=0, kind=kind, channel=Channel.SMS,
        precinct_id=None, watcher_id=None, sender=phone, observed_at=at, sent_at=at, received_at=at,
        votes=None, detail={},
    )  # fmt: skip
    return [message], [said]


async def test_who_texted_stop_on_an_early_day_is_left_alone_on_the_day(
    folder: Path, database_url: str
) -> None:
    """Of each phone the last word counts; the roll keeps all else; twice is once."""
    roll = "voter_id,precinct_id,roll_number,name,phone,do_not_call,birth_year\n" + "".join(
        f"v{n},0101,{n},Voter {n},+1215555010{n},{'yes' if n == 3 else ''},1970\n" for n in (2, 3, 4)
    )
    (folder / "voters.csv").write_text(roll)
    said = [("+12155550102", Kind.STOP, 0), ("+12155550103", Kind.STOP, 0), ("+12155550101", Kind.STOP, 0)]
    said += [("+12155550104", Kind.STOP, 0), ("+12155550104", Kind.START, 1)]
    connection = await connect(database_url)
    try:
        for number, (phone, kind, minute) in enumerate(said):
            await append(connection, *a_word(f"m{number}", phone, kind, minute))
        phones = await phones_stopped(connection)
    finally:
        await connection.close()
    assert phones == {"+12155550101", "+12155550102", "+12155550103"}
    for marked in (1, 0):
        assert keep_opt_outs(folder, examine(folder, Findings()), phones) == OptOuts(marked, ("w1",))
    rows = list(csv.DictReader((folder / "voters.csv").open()))
    assert [(r["voter_id"], r["do_not_call"], r["birth_year"]) for r in rows] == [
        ("v2", "yes", "1970"), ("v3", "yes", "1970"), ("v4", "", "1970"),
    ]  # fmt: skip
    assert [path.name for path in folder.iterdir() if path.name.startswith(".")] == []
