"""Lists of voters and of ballots by their headings, as states, vendors and counties write them."""

from pathlib import Path

import pytest

from tests.beluga.adopt.brought import ROLL
from tests.beluga.adopt.test_adopting import Desk, words

# I an id, P a precinct, W its name, F L first and last name, A a whole name, T a phone, B a year of birth,
# R its voters, X where it votes, + a number, 4 and 1 coordinates, D a date of birth, S a status of a ballot,
# C the date it came back, K its kind, Q asked for, `.` anything.
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
REGISTRATION = [
    ("Precinct|Dem|Rep|NPA|Total", "P+++R"),
    ("Precinct Name|Total # of Voters", "WR"),
    ("PRECINCT NUM|TOTAL REGISTERED|LAST UPDATED", "PR+"),
    ("Voting District Name|Registered", "WR"),
    ("Pct Code|Pct Description|Count of Registered Voters", "PWR"),
    ("PollingDistrict|Electorate2026", "PR"),
    ("Precinct|Male|Female|Unknown|Grand Total", "P+++R"),
    ("County|Precinct|Reg Total (Active + Inactive)", "+PR"),
    ("precinct_name|precinct_number|num_registered_voters", "WPR"),
    ("Prec.|Regd Voters", "PR"),
    ("Area|Precinct|Voters Enrolled", "+PR"),
    ("PRECINCT|VOTERS ON ROLLS", "PR"),
    ("Station|Polling District Ref|No. of Electors", "+PR"),
    ("Precinct ID|Precinct|Registrations", "PWR"),
    ("Precinct|18-24|25-34|35+|All Ages", "P+++R"),
]
WATCHERS = [
    ("Poll Watcher Name|Cell Number|Precinct Assigned", "ATP"),
    ("First Name|Last Name|Mobile Phone|Polling Location", "FLTW"),
    ("Observer|Telephone Number|Precinct(s)", "ATP"),
    ("Volunteer|Contact #|Site Assignment", "ATW"),
    ("Name of Watcher|Phone (cell)|Pct", "ATP"),
    ("Watcher First|Watcher Last|Text Number|Precinct Code", "FLTP"),
    ("full_name|phone_number|assigned_precinct_id|role", "ATP."),
    ("Inspector|Email|Cell|Location", "A.TW"),
]
PLACES = [
    ("Precinct|Poll Site|Address|City", "PX.."),
    ("PRECINCT_NO|LOCATION_NAME|LOCATION_ADDR", "PX."),
    ("Pct #|Voting Location Name|Street", "PX."),
    ("Polling District|Polling Station Venue|Postcode", "PX."),
    ("Precinct Code|Facility Name|Facility Address|Latitude|Longitude", "PX.41"),
]
CELLS = {
    "I": ("1001", "1002", "1003"), "P": ("0101", "0102", "0102"),
    "W": ("Fire House", "Grange Hall", "Grange Hall"), "F": ("Ana", "Bo", "Cy"),
    "L": ("Example", "Sample", "Specimen"), "A": ("Ana Example", "Bo Sample", "Cy Specimen"),
    "T": ("717-555-0101", "717-555-0102", ""), "B": ("1980", "1975", "1991"),
    "D": ("02/03/1980", "02/03/1975", "02/03/1991"), "S": ("Accepted", "Rejected", "Accepted"),
    "C": ("10/20/2026", "10/21/2026", "10/22/2026"), "K": ("Mail", "Early", "Mail"),
    "Q": ("10/01/2026", "10/01/2026", "10/02/2026"), ".": ("x", "y", "z"), "R": ("1200", "800"),
    "X": ("Old School", "Annex"), "+": ("400", "300"), "4": ("41.4", "41.5"), "1": ("-75.6", "-75.7"),
}  # fmt: skip


def table(headings: str, meant: str, lines: int = 3) -> str:
    rows = [headings.split("|"), *([CELLS[letter][row] for letter in meant] for row in range(lines))]
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


@pytest.mark.parametrize(("headings", "meant"), REGISTRATION, ids=[h[:60] for h, _ in REGISTRATION])
def test_registration_by_its_headings(tmp_path: Path, headings: str, meant: str) -> None:
    desk = Desk(tmp_path)
    outcome = desk.take("registration 2026.csv", table(headings, meant, 2), beside=None)
    ids = CELLS["P" if "P" in meant else "W"][:2]
    assert desk.registered() == dict(zip(ids, (1200, 800), strict=True)), words(outcome)


@pytest.mark.parametrize(("headings", "meant"), WATCHERS, ids=[h[:60] for h, _ in WATCHERS])
def test_watchers_by_their_headings(tmp_path: Path, headings: str, meant: str) -> None:
    desk = Desk(tmp_path)
    outcome = desk.take("watchers.csv", table(headings, meant, 2), beside=ROLL)
    found = [(w["name"], w["phone"], w["precinct_ids"]) for w in desk.rows("watchers.csv")]
    assert found == [
        ("Ana Example", "+17175550101", "0101"),
        ("Bo Sample", "+17175550102", "0102"),
    ], words(outcome)


@pytest.mark.parametrize(("headings", "meant"), PLACES, ids=[h[:60] for h, _ in PLACES])
def test_polling_places_by_their_headings(tmp_path: Path, headings: str, meant: str) -> None:
    desk = Desk(tmp_path)
    beside = "precinct_id,registered\n0101,1200\n0102,800\n"
    outcome = desk.take("places.csv", table(headings, meant, 2), beside=beside)
    assert [r["name"] for r in desk.rows("precincts.csv")] == ["Old School", "Annex"], words(outcome)
