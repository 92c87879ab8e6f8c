"""Headings as counties, states and vendors write them, one line of numbers below: how each is read."""

from pathlib import Path

import pytest

from tests.beluga.adopt.brought import ROLL
from tests.beluga.adopt.test_adopting import Desk, words

# Headings with `|` between; P a precinct's id, N its name, R its voters, V its ballots, D in person,
# E early, M by mail, X provisional, `.` anything that is none of these.
TURNOUT = [
    ("Precinct|Registered Voters|Ballots Cast|Turnout", "PRV."),
    ("PRECINCT_CODE|PRECINCT_NAME|REG_VOTERS|BALLOTS_CAST|PCT_TURNOUT", "PNRV."),
    ("Pct|Reg Voters|Total Ballots|% Turnout", "PRV."),
    ("Precinct Name|Registered|Voted|Turnout Pct", "PRV."),
    ("Prec #|Total Reg|Cards Cast|Pct", "PRV."),
    ("Precinct|Total Registration|Election Day|Absentee|Early|Provisional|Total", "PRDMEXV"),
    ("Precinct|Registered Voters|Polls|Mail|Total Votes", "PRDMV"),
    ("Precinct|# Registered|# Voted|% Voted", "PRV."),
    ("Voting Precinct|Eligible Voters|Voters Voting|Percent Voting", "PRV."),
    ("Precinct|Active Registered|Ballots Counted|Turnout %", "PRV."),
    ("Ward/Precinct|Number of Registered Voters|Number of Ballots Cast", "PRV"),
    ("PrecinctID|RegVoters|VotesCast|ElectionDay|MailIn", "PRVDM"),
    (
        "Precinct|Registered Voters|Early Voting Ballots|Election Day Ballots|Mail Ballots|"
        "Total Ballots Cast",
        "PREDMV",
    ),
    ("District|Electorate|Total Votes Polled|Turnout", "PRV."),
    ("Polling District|Registered Electors|Votes Cast|Postal Votes", "PRVM"),
    ("PRECINCT|REGISTERED VOTERS TOTAL|BALLOTS CAST TOTAL|VOTER TURNOUT TOTAL", "PRV."),
    ("Precinct|Reg. Voters|Times Cast|Blank Votes|Total Votes", "PRV.."),
    ("Precinct|Registration Count|Absentee Voters|Polling Place Voters|Total Voters Voting", "PRMDV"),
    ("Precinct Portion|Registration|Vote By Mail|Polling Place|Ballots Cast", "PRMDV"),
    ("Precinct|Election Day Voting|Absentee Voting|Early Voting|Total Voting", "PDMEV"),
    ("Precinct|In-Person|By Mail|Total Turnout|Total Registered Voters", "PDMVR"),
    ("Reporting Unit|Total Votes Cast|Registered Voters at Close of Polls", "PVR"),
    ("Precinct|Total Voters|Total Ballots Cast|Election Day Turnout|Early Turnout", "PRVDE"),
    ("PCT|REGISTERED|TURNOUT|PERCENT", "PRV."),
    ("Election District|Active Enrollment|Public Counter|Affidavit|Absentee", "PRV.M"),
    ("Precinct No.|Precinct Name|Registered Voters (as of 10/11)|Ballots Cast (unofficial)|Rate", "PNRV."),
    ("Division|Registered Voters|Machine|Mail|Provisional|Total Ballots", "PRDMXV"),
    ("Precinct|Registered|ED|EV|BBM|Total", "PRDEMV"),
    ("Box|Reg Voters|Early Votes|ED Votes|Mail Ballots|Total Votes", "PREDMV"),
    ("VTD|TotReg|TotVote", "PRV"),
    ("Precinct|Persons Registered|Persons Voting", "PRV"),
    ("precinct|voters_registered|voters_cast|early_votes|election_day_votes|mail_votes", "PRVEDM"),
    ("Precinct|Total Eligible|Walk-in|Advance|Absentee by Mail|Total Cast", "PRDEMV"),
    (
        "Precinct|Registered Voters|Ballots Cast - Election Day|Ballots Cast - Early|Ballots Cast - Mail|"
        "Ballots Cast - Total",
        "PRDEMV",
    ),
    ("Precinct|Registered|Vote Center|Vote by Mail|Early In Person|Ballots Cast", "PRDMEV"),
    ("Precinct|Electors on Roll|Ballots Issued at Polls|Postal Ballots Returned|Total Ballots", "PRDMV"),
    ("Precinct|Checked In|Registered", "PVR"),
    ("Precinct|Voters on List|Voters Who Voted", "PRV"),
    ("Precinct|Registered Voters|Total Turnout|Turnout as %", "PRV."),
    ("PrecinctNumber|CountOfVoters|CountOfBallots", "PRV"),
]  # fmt: skip
NUMBERS = {"R": (1150, 790), "V": (700, 410), "D": (300, 200), "E": (250, 150), "M": (148, 60), "X": (2, 0)}
IDS, NAMES = ("0101", "0102"), ("Fire House", "Grange Hall")


@pytest.mark.parametrize(("headings", "meant"), TURNOUT, ids=[h[:60] for h, _ in TURNOUT])
def test_turnout_by_its_headings(tmp_path: Path, headings: str, meant: str) -> None:
    desk = Desk(tmp_path)

    def cell(letter: str, row: int) -> str:
        if letter == "P":
            return IDS[row]
        if letter == "N":
            return NAMES[row]
        return str(NUMBERS[letter][row]) if letter in NUMBERS else ("60.9", "51.9")[row]

    rows = [headings.split("|"), *([cell(letter, row) for letter in meant] for row in (0, 1))]
    outcome = desk.take("2022-11-08.csv", "".join(",".join(r) + "\n" for r in rows), beside=ROLL)
    for method, letter in (("total", "V"), ("in_person", "D"), ("early", "E"), ("mail", "M")):
        wanted = dict(zip(IDS, NUMBERS[letter], strict=True)) if letter in meant else {}
        assert {p: v for (p, _), v in desk.past(method).items()} == wanted, (method, words(outcome))
    assert {r.get("registered", "") for r in desk.rows("history.csv")} == (
        {"1150", "790"} if "R" in meant else {""}
    ), words(outcome)
