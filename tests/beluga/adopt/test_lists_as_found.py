"""Lists of voters and of ballots by their headings, as states, vendors and counties write them."""

from pathlib import Path

import pytest

from tests.beluga.adopt.brought import ROLL
from tests.beluga.adopt.test_adopting import Desk, words

# I an id, P a precinct, W its name, F L first and last name, A a whole name, T a phone, B a year of birth,
# D a date of birth, S a status of a ballot, C the date it came back, K its kind, Q asked for, `.` anything.
VOTERS = [
    ("VoterID|FirstName|LastName|Precinct|Phone", "IFLPT"),
    ("Voter File VANID|Last|First|Sex|PrecinctName|Home Phone|Age", "ILF.WT."),
    ("STATE_ID|NAME_LAST|NAME_FIRST|PRECINCT_CD|PHONE_NBR|BIRTH_YR", "ILFPTB"),
    ("Reg Num|Voter Name|Precinct Code|Telephone|Date of Birth", "IAPTD"),
    ("ID|Surname|Given Names|Polling District|Mobile", "ILFPT"),
    ("voter_identification_number|last_name|first_name|year_of_birth|precinct", "ILFBP"),
    ("SOS VoterID|Last Name|First Name|DOB|Precinct Name", "ILFDW"),
    ("County Voter Registration ID|Full Name|Assigned Precinct|Primary Phone", "IAPT"),
    ("LALVOTERID|Voters_FirstName|Voters_LastName|Precinct|VoterTelephones_CellPhoneFormatted", "IFLPT"),
    ("Registration No.|Name|Ward|Pct.|Cell", "IA.PT"),
    ("VUID|Last Name|First Name|Gender|PCT_NAME|Contact Phone", "ILF.WT"),
    ("Voter Reg Number|LAST|FIRST|PRECINCT|SPLIT|PHONE 1|PHONE 2", "ILFP.T."),
    ("Elector ID|Elector Forename|Elector Surname|PD|Tel No", "IFLPT"),
    ("dwid|first|last|precinctcode|best_cell", "IFLPT"),
    ("Id Number|Last Nm|First Nm|Precinct Num|Res Phone", "ILFPT"),
    ("MyCampaign ID|Contact Name|Voting Precinct|Preferred Phone", "IAPT"),
    ("person_id|firstname|lastname|van_precinct_name|primary_phone_number", "IFLWT"),
    ("Voter #|Voter|Precinct #|Phone #", "IAPT"),
    ("VTR_ID|VTR_LAST_NM|VTR_FIRST_NM|PCT_ID|VTR_PHONE", "ILFPT"),
    ("Unique ID|Name of Elector|Polling District Code|Mobile No.", "IAPT"),
]
BALLOTS = [
    ("Voter ID|Precinct|Ballot Status|Return Date", "IPSC"),
    ("Registration Number|Name|Precinct Code|Date Ballot Received|Ballot Status", "IAPCS"),
    ("VUID|Voter Name|PCT|Check-In Time", "IAPC"),
    ("STATE_VOTER_ID|PRECINCT|APP_RCVD|BALLOT_MAILED|BALLOT_RECEIVED", "IPQQC"),
    ("voter_reg_num|precinct|voted_method|voted_date", "IPKC"),
    ("ID|Pct|AV Received Date|AV Status", "IPCS"),
    ("Voter Id|Precinct Name|Mail Ballot Returned|Return Status", "IWCS"),
    ("VoterID|PrecinctCode|VoteMethod|ReturnedDate|Disposition", "IPKCS"),
    ("Cert Number|Name|Precinct|Site|Vote Date", "IAP.C"),
    ("Voter ID|Prec|Early Voting Location|Date of Vote", "IP.C"),
    ("IDNUMBER|PRECINCT|DATESENT|DATERETURNED|RETURNSTATUS", "IPQCS"),
    ("StateVoterID|Precinct Number|Received Date|Ballot Disposition", "IPCS"),
]
CELLS = {
    "I": ("1001", "1002", "1003"), "P": ("0101", "0102", "0102"),
    "W": ("Fire House", "Grange Hall", "Grange Hall"), "F": ("Ana", "Bo", "Cy"),
    "L": ("Example", "Sample", "Specimen"), "A": ("Ana Example", "Bo Sample", "Cy Specimen"),
    "T": ("717-555-0101", "717-555-0102", ""), "B": ("1980", "1975", "1991"),
    "D": ("02/03/1980", "02/03/1975", "02/03/1991"), "S": ("Accepted", "Rejected", "Accepted"),
    "C": ("10/20/2026", "10/21/2026", "10/22/2026"), "K": ("Mail", "Early", "Mail"),
    "Q": ("10/01/2026", "10/01/2026", "10/02/2026"), ".": ("x", "y", "z"),
}  # fmt: skip


def table(headings: str, meant: str) -> str:
    rows = [headings.split("|"), *([CELLS[letter][row] for letter in meant] for row in range(3))]
    return "".join(",".join(row) + "\n" for row in rows)


@pytest.mark.parametrize(("headings", "meant"), VOTERS, ids=[h[:60] for h, _ in VOTERS])
def test_voters_by_their_headings(tmp_path: Path, headings: str, meant: str) -> None:
    desk = Desk(tmp_path)
    outcome = desk.take("list.csv", table(headings, meant), beside=ROLL)
    found = [(v["voter_id"], v["precinct_id"], v["name"], v["phone"]) for v in desk.rows("voters.csv")]
    phones = ("+17175550101", "+17175550102", "") if "T" in meant else ("", "", "")
    assert found == list(zip(CELLS["I"], CELLS["P"], CELLS["A"], phones, strict=True)), words(outcome)


@pytest.mark.parametrize(("headings", "meant"), BALLOTS, ids=[h[:60] for h, _ in BALLOTS])
def test_ballots_by_their_headings(tmp_path: Path, headings: str, meant: str) -> None:
    desk = Desk(tmp_path)
    outcome = desk.take("ballots.csv", table(headings, meant), beside=ROLL)
    assert desk.voted() == {"0101": "1", "0102": "1" if "S" in meant else "2"}, words(outcome)
