"""Files as strangers to Beluga have them, each odd in its own way, with what must come of it."""

from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from beluga.adopt.proposing import DayGiven
from beluga.county.county import make_county
from election.folder import VoterFile, read_election, write_callers, write_election
from tests.beluga.adopt.test_adopting import Desk, ods, words

TWO = "precinct_id,name,registered,county\n0101,Fire House,1204,Adams\n0102,Grange Hall,90,Adams\n"


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


def test_semicolons_with_points_in_thousands_and_commas_in_decimals(desk: Desk) -> None:
    content = (
        "Precinct;Registered Voters;Ballots Cast;Turnout %\n0101;1.204;618;51,33\n0102;90;4,0;4,44\n"
        "Summe;1.294;622;48,07\n"
    )
    outcome = desk.take("2022-11-08_turnout.csv", content, beside=None)
    assert desk.registered() == {"0101": 1204, "0102": 90}, words(outcome)
    assert desk.past() == {("0101", "2022-11-08"): 618, ("0102", "2022-11-08"): 4}


def test_unicode_text_as_excel_saves_it(desk: Desk) -> None:
    rows = '"Precinct Id"\tPrecinct Name\tRegistered Voters\r\n0101\tPeñasco\t"1,204"\r\n0102\tÉlan\t90\r\n'
    outcome = desk.take("Book1.txt", rows.encode("utf-16"), beside=None)
    assert desk.registered() == {"0101": 1204, "0102": 90}, words(outcome)
    assert [r["name"] for r in desk.rows("precincts.csv")] == ["Peñasco", "Élan"]


def test_a_title_and_headings_over_two_rows(desk: Desk) -> None:
    content = (
        "Adams County - General Election - November 8 2022,,,,\n,Registered,Ballots Cast,,\n"
        "Precinct,Voters,In Person,Mail,Total\n0101,100,30,11,41\n0102,90,20,5,25\nTotals,190,50,16,66\n"
    )
    outcome = desk.take("canvass.csv", content)
    assert desk.past() == {("0101", "2022-11-08"): 41, ("0102", "2022-11-08"): 25}, words(outcome)
    assert desk.past("in_person") == {("0101", "2022-11-08"): 30, ("0102", "2022-11-08"): 20}


def test_ways_of_voting_above_the_candidates(desk: Desk) -> None:
    content = (
        "2022-11-08 Governor,,,,,\n,,Election Day,,Mail,\nPrecinct,Registered Voters,Doe,Roe,Doe,Roe\n"
        "0101,100,20,10,5,6\n0102,90,9,8,2,1\n"
    )
    outcome = desk.take("results.csv", content)
    assert desk.past() == {("0101", "2022-11-08"): 41, ("0102", "2022-11-08"): 20}, words(outcome)
    assert desk.past("in_person") == {("0101", "2022-11-08"): 30, ("0102", "2022-11-08"): 17}


def test_wide_results_by_way_of_voting_in_each_heading(desk: Desk) -> None:
    heads = [
        f"{c} ({w})" for c in ("Jane Doe", "John Roe") for w in ("Election Day", "Absentee", "Provisional")
    ]
    content = (
        f"Precinct,{','.join(heads)}\n0101,20,5,1,10,6,0\n0102,9,2,0,8,1,0\nCOUNTY TOTAL,29,7,1,18,7,0\n"
    )
    outcome = desk.take("20221108_governor.csv", content)
    assert desk.past() == {("0101", "2022-11-08"): 42, ("0102", "2022-11-08"): 20}, words(outcome)


@pytest.mark.parametrize("form", ["Adams {}", "ADAMS-{}", "Adams County {}", "Precinct {}", "Adams: {}"])
def test_names_of_precincts_with_their_county_before_them(desk: Desk, form: str) -> None:
    lines = "".join(f"{form.format(p)},{n}\n" for p, n in (("0101", 600), ("0102", 40)))
    outcome = desk.take("2022-11-08.csv", f"Precinct,Ballots Cast\n{lines}", beside=TWO)
    assert desk.past() == {("0101", "2022-11-08"): 600, ("0102", "2022-11-08"): 40}, words(outcome)


def test_totals_by_county_in_the_middle(desk: Desk) -> None:
    content = (
        "County,Precinct,Registered Voters\nAdams,001,50\nAdams,002,51\nAdams Total,,101\nBerks,003,60\n"
        "Berks County Totals:,,60\nGrand Total,,161\n"
    )
    outcome = desk.take("by_county.csv", content, beside=None)
    assert desk.registered() == {"001": 50, "002": 51, "003": 60}, words(outcome)
    assert {r["county"] for r in desk.rows("precincts.csv")} == {"Adams", "Berks"}
    assert len(outcome.reports[0].dropped) == 3


def test_totals_by_county_as_a_precinct(desk: Desk) -> None:
    content = (
        "County,Precinct,Registered Voters\nAdams,001,50\nAdams,002,51\nAdams,Subtotal,101\nBerks,003,60\n"
        "Berks,Sub-total,60\nCountywide,Total,161\n"
    )
    outcome = desk.take("by_county.csv", content, beside=None)
    assert desk.registered() == {"001": 50, "002": 51, "003": 60}, words(outcome)


def test_a_workbook_with_a_legend_that_looks_like_a_table(desk: Desk) -> None:
    book = ods(
        desk.base / "stats.ods",
        ReadMe=[["Column", "Meaning"], ["PCT", "Precinct"], ["TOT_REG", "Total registered"]],
        Sheet1=[["PCT", "TOT_REG"], ["0101", 1204], ["0102", 90]],
        Notes=[["Questions? Call the Board of Elections."], ["Revised", "9/1/2026"]],
    )
    outcome = desk.adopt(book)
    assert desk.registered() == {"0101": 1204, "0102": 90}, words(outcome)
    assert not outcome.open_questions


def test_dates_that_a_workbook_has_made_of_ids_are_refused(desk: Desk) -> None:
    book = ods(
        desk.base / "damaged.ods",
        Sheet1=[["Precinct", "Registered Voters"], [date(2026, 5, 1), 5], ["0102", 6], ["5-2", 7]],
    )
    outcome = desk.adopt(book)
    assert desk.registered() == {"0102": 6, "5-2": 7}, words(outcome)
    assert "spreadsheet" in words(outcome)


HISTORY = (
    "county_id\tcounty_desc\tvoter_reg_num\telection_lbl\telection_desc\tvoting_method\tvoted_party_cd\t"
    "pct_label\tpct_description\tncid\n"
    "1\tADAMS\t000001\t11/08/2022\t11/08/2022 GENERAL\tIN-PERSON\tDEM\t0101\tFIRE HOUSE\tA1\n"
    "1\tADAMS\t000002\t11/08/2022\t11/08/2022 GENERAL\tABSENTEE BY MAIL\tREP\t0101\tFIRE HOUSE\tA2\n"
    "1\tADAMS\t000003\t11/08/2022\t11/08/2022 GENERAL\tABSENTEE ONESTOP\tREP\t0102\tGRANGE HALL\tA3\n"
)


def test_who_voted_in_a_past_election_has_not_voted_in_this(desk: Desk) -> None:
    outcome = desk.take("ncvhis1.txt", HISTORY, beside=TWO)
    assert set(desk.voted().values()) == {""}, words(outcome)
    assert "2022" in words(outcome)


VAN = (
    "Voter File VANID\tLastName\tFirstName\tMiddleName\tSuffix\tmAddress\tmCity\t"
    "mState\tmZip5\tPreferred Phone\tCell Phone\tHome Phone\tPrecinctName\t"
    "Polling Location\tAge\tSex\tParty\n"
    "10001\tExample\tAna\t\t\t1 Main St\tTown\t"
    "PA\t17325\tN/A\t(717) 555-0101\t\tFire House\tFire House\t41\tF\tD\n"
    "10002\tSample\tBo\tQ\tJr\t2 Main St\tTown\t"
    "PA\t17325\t717-555-0102.0\t\tnone\tGrange Hall\tGrange\t52\tM\tR\n"
    "10003\tSpecimen\tCy\t\t\t3 Main St\tTown\t"
    "PA\t17325\t(000) 000-0000\tunlisted\t-\tGrange Hall\tGrange\t33\tF\tD\n"
)


def test_a_van_export_by_names_of_precincts_with_the_first_phone_that_is_one(desk: Desk) -> None:
    outcome = desk.take("export-4711.txt", VAN, beside=TWO)
    found = [(v["voter_id"], v["precinct_id"], v["phone"]) for v in desk.rows("voters.csv")]
    assert found == [
        ("10001", "0101", "+17175550101"), ("10002", "0102", "+17175550102"), ("10003", "0102", ""),
    ], words(outcome)  # fmt: skip


def test_a_register_with_its_polling_district_in_the_electors_number(desk: Desk) -> None:
    content = (
        "Elector Number Prefix,Elector Number,Elector Number Suffix,Elector Markers,Elector DOB,"
        "Elector Surname,Elector Forename,Address1,PostCode\n"
        "AA1,17,0,,,Example,Ana,1 High St,AB1 2CD\nAA1,18,0,G,,Example,Bo,1 High St,AB1 2CD\n"
        "AA1,18,1,,12/11/2008,Sample,Di,2 High St,AB1 2CD\nBB2,1,0,L,,Specimen,Ed,3 High St,AB1 2CE\n"
    )
    outcome = desk.take("register_sept.csv", content, beside=None)
    assert desk.registered() == {"AA1": 3, "BB2": 1}, words(outcome)
    assert sorted(v["roll_number"] for v in desk.rows("voters.csv")) == ["1", "17", "18", "18/1"]


def test_of_a_days_ballots_those_refused_are_not_counted(desk: Desk) -> None:
    statuses = (
        "ACCEPTED", "ACCEPTED - CURED", "REJECTED", "SPOILED", "WITNESS INFO INCOMPLETE", "PENDING CURE", "",
        "RETURNED UNDELIVERABLE", "DUPLICATE", "CANCELLED",
    )  # fmt: skip
    lines = "".join(f"ADAMS,{i:06d},0101,MAIL,{s},10/20/2026\n" for i, s in enumerate(statuses))
    head = "county_desc,voter_reg_num,precinct_abbrv,ballot_req_type,ballot_rtn_status,ballot_rtn_dt\n"
    outcome = desk.take("absentee_20261021.csv", head + lines, beside=TWO)
    assert desk.voted() == {"0101": "2", "0102": ""}, words(outcome)
    again = desk.adopt(desk.base / "absentee_20261021.csv")
    assert desk.voted() == {"0101": "2", "0102": ""}, words(again)


@pytest.mark.parametrize(
    "values", [(101, 102), ("101", "102"), ("000101", "000102"), ("42001101", "42001102")]
)
def test_ids_of_a_map_that_want_or_have_too_many_zeros(desk: Desk, values: tuple[object, ...]) -> None:
    square = "[[[-77,39],[-76,39],[-76,40],[-77,40],[-77,39]]]"
    features = ",".join(
        f'{{"type":"Feature","properties":{{"STATEFP":"42","VTDST":{v!r}}},'.replace("'", '"')
        + f'"geometry":{{"type":"Polygon","coordinates":{square}}}}}'
        for v in values
    )
    outcome = desk.take("vtd.geojson", f'{{"type":"FeatureCollection","features":[{features}]}}', beside=TWO)
    assert "2 of 2" in words(outcome), words(outcome)
    assert (desk.into / "precincts.geojson").exists()


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("N/A", ""), ("None", ""), ("unlisted", ""), ("x", ""), ("0", ""), ("(000) 000-0000", ""), ("-", ""),
        ("9999999999", ""), ("1111111111", ""), ("do not call", ""), ("717-555-0101 x12", ""),
        ("7175550101.0", "+17175550101"), ("+1 (717) 555-0101", "+17175550101"),
        ("1-717-555-0101", "+17175550101"),
        ("7.175550101E9", "+17175550101"), ("tel:717.555.0101", "+17175550101"),
    ],
)  # fmt: skip
def test_phones_as_people_type_them(desk: Desk, written: str, read: str) -> None:
    content = f"voter_id,name,precinct,phone\n1,Ana Example,0101,{written}\n2,Bo Sample,0101,7175550102\n"
    outcome = desk.take("voters.csv", content, beside=TWO)
    assert [v["phone"] for v in desk.rows("voters.csv")] == [read, "+17175550102"], words(outcome)


def test_the_same_file_twice_at_once_and_a_copy_of_it_is_one(desk: Desk) -> None:
    one, copy = desk.file("r.csv", TWO), desk.file("r (1).csv", TWO)
    outcome = desk.adopt(one, copy, one)
    assert outcome.valid and not outcome.open_questions, words(outcome)
    assert desk.registered() == {"0101": 1204, "0102": 90}
    assert not desk.adopt(copy, one).written


def test_results_of_another_county_change_nothing_and_say_so(desk: Desk) -> None:
    desk.adopt(desk.file("r.csv", TWO))
    before = {p.name: p.read_bytes() for p in desk.into.glob("*.csv")}
    other = "County,Precinct,Registered Voters,Ballots Cast\nBerks,0101,500,300\nBerks,0102,400,200\n"
    outcome = desk.adopt(desk.file("2022-11-08.csv", other))
    assert {p.name: p.read_bytes() for p in desk.into.glob("*.csv")} == before, words(outcome)
    assert "berks" in words(outcome)


def test_an_export_of_another_countys_with_the_same_numbers_changes_nothing(desk: Desk) -> None:
    desk.adopt(desk.file("precincts.csv", TWO))
    before = (desk.into / "precincts.csv").read_bytes()
    outcome = desk.adopt(desk.file("theirs.csv", TWO.replace("Adams", "Berks").replace("1204", "7")))
    assert (desk.into / "precincts.csv").read_bytes() == before
    assert [q.key for r in outcome.reports for q in r.questions] == ["other_county"]


def test_of_a_states_file_the_own_countys_rows_are_taken(desk: Desk) -> None:
    lines = "".join(
        f"{c},{p},{n}\n" for c, n in (("Adams", 40), ("Berks", 30), ("York", 20)) for p in ("0101", "0102")
    )
    outcome = desk.take("20221108__pa.csv", f"county,precinct,ballots cast\n{lines}", beside=TWO)
    assert desk.past() == {("0101", "2022-11-08"): 40, ("0102", "2022-11-08"): 40}, words(outcome)
    assert "is of another county: berks" in words(outcome)


def test_an_export_of_ours_adopted_again_equals_itself(desk: Desk) -> None:
    exported, county = desk.base / "exported", make_county(7, 12)
    election = replace(  # in the order in which the database hands them out
        county.election,
        history=tuple(
            sorted(county.election.history, key=lambda v: (v.precinct_id, v.election, v.method.value))
        ),
        curve=tuple(sorted(county.election.curve, key=lambda c: (c.scope, c.election, c.time))),
    )
    write_election(exported, election)
    write_callers(exported, county.callers)
    with VoterFile(exported) as file:
        for voter in county.voters[:200]:
            file.add(voter)
    first = {p.name: p.read_bytes() for p in exported.iterdir()}
    desk.day = DayGiven()
    outcome = desk.adopt(*sorted(exported.iterdir()))
    assert outcome.valid and not outcome.open_questions, words(outcome)
    assert read_election(desk.into) == read_election(exported)
    assert {name: (desk.into / name).read_bytes() for name in first} == first
