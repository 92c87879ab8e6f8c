"""Files whose rows, headings or ends are not what they seem: read as they are meant, or refused in words."""

import json
from pathlib import Path

import pytest

from tests.beluga.adopt.test_adopting import Desk, ods, words

THREE = "precinct_id,name,registered,county\n" + "".join(
    f"{p},{n},{r},Adams\n"
    for p, n, r in (("0101", "Fire House", 1204), ("0102", "Grange Hall", 900), ("0103", "Town Hall", 700))
)
BOTH = {"0101": 1204, "0102": 900}


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.csv", "Pct #,Pct. Name,# of Reg. Voters\n0101,Fire House,1204\n0102,Grange Hall,900\n"),
        ("a.csv", "Precinct No.,Voters (as of 10/1)\n0101,1204\n0102,900\n"),
        ("a.csv", "Precinct,Registered\n0101,1204\n0102*,900\n,\n* New polling place,\n"),
        ("a.csv", '"Precinct,Registered"\n"0101,1204"\n"0102,900"\n'),
        ("REG_BY_PCT.TXT", "CNTY|PCT|DEM_A|REP_A|TOTAL\nADAMS|0101|800|404|1204\nADAMS|0102|500|400|900\n"),
        ("Registered by Precinct.csv", "Precinct,Democratic,Republican,Total People\n0101 Fire House,500,704,"
         '"1,204"\n0102 Grange Hall,400,500,900\nTotal People,900,1204,"2,104"\n'),
        ("export.xls", "<html><body><table><tr><th>Precinct<th>Registered Voters</tr><tr><td>0101</td>"
         "<td>1,204</td></tr><tr><td>0102<td>900</table></body></html>"),
        ("stacked.csv", "Precinct,Registered Voters\n0101,1204\n0102,900\n\nPolling places\nPrecinct,Polling "
         "Place,Address\n0101,Fire House,1 Main St\n0102,Grange Hall,2 Main St\n"),
        ("turnout.csv", "Polling District,Electorate (excl. postal),Total electorate,Ballot papers issued at "
         "station\n0101,900,1204,400\n0102,650,900,300\n"),
    ],
)  # fmt: skip
def test_registration_however_it_is_headed_marked_or_wrapped(desk: Desk, name: str, content: str) -> None:
    outcome = desk.take(name, content, beside=None)
    assert desk.registered() == BOTH, words(outcome)


def test_a_county_written_once_a_group_holds_for_the_lines_below(desk: Desk) -> None:
    content = "County,Precinct,Registered\nAdams,001,50\n,002,51\nBerks,001,60\n,002,61\n,,222\n"
    outcome = desk.take("state.csv", content, beside=None)
    assert desk.registered() == {"Adams-001": 50, "Adams-002": 51, "Berks-001": 60, "Berks-002": 61}
    assert "written once a group" in words(outcome)


def test_a_precinct_written_once_over_its_ways_of_voting(desk: Desk) -> None:
    content = (
        "Precinct,Vote Type,Jane Doe,John Roe,Total Votes\n0101,Election Day,200,150,350\n"
        ",Absentee,140,110,250\n,Total,340,260,600\n0102,Election Day,150,140,290\n"
        ",Absentee,70,50,120\n,Total,220,190,410\n"
    )
    outcome = desk.take("2022-11-08.csv", content, beside=THREE)
    assert desk.past() == {("0101", "2022-11-08"): 600, ("0102", "2022-11-08"): 410}, words(outcome)
    assert desk.past("in_person")["0101", "2022-11-08"] == 350


def test_wards_under_no_heading_with_their_county_once(desk: Desk) -> None:
    wards = {"CITY OF ADAMS Ward 1": 600, "CITY OF ADAMS Ward 2": 500, "TOWN OF EASTON Wards 1-2": 800}
    beside = "precinct,registered\n" + "".join(f"{w},{n}\n" for w, n in wards.items())
    content = (
        "2022-11-08 GOVERNOR,,,,\n,,Total Votes Cast,DEM,REP\n,,,Jane Doe,John Roe\n"
        "ADAMS,CITY OF ADAMS Ward 1,340,180,158\n,CITY OF ADAMS Ward 2,281,120,160\n"
        ",TOWN OF EASTON Wards 1-2,402,150,250\nCounty Totals:,,1023,450,568\n"
    )
    outcome = desk.take("report.csv", content, beside=beside)
    assert sorted(desk.past().values()) == [281, 340, 402], words(outcome)


@pytest.mark.parametrize(
    "row",
    ["ADA\tAdams\t11/08/2022\t{}\tFire House\t1204\tGovernor\tDoe\tDEM\t250\n",
     '"01000000{}-01"\t""\t"EXAMPLE"\t"ANA"\t"F"\t"02/03/1980"\t"A"\t"D"\t"1"\t"MAIN ST"\t"7175550101"\n'],
)  # fmt: skip
def test_a_file_without_headings_is_refused_with_the_remedy(desk: Desk, row: str) -> None:
    outcome = desk.take("export.txt", row.format("0101") + row.format("0102"), beside=THREE)
    assert not desk.past() and not desk.rows("voters.csv")
    assert "columns' names in a line above" in words(outcome)


def test_numbers_that_are_no_candidates_never_become_votes(desk: Desk) -> None:
    content = "Precinct,Easting,Northing\n0101,530000,180000\n0102,531000,181000\n"
    outcome = desk.take("stations.csv", content, beside=THREE)
    assert not desk.past(), words(outcome)
    content = "Precinct,Households,Population\n0101,900,2200\n0102,700,1800\n"
    outcome = desk.take("2022-11-08 profile.csv", content, beside=THREE)
    assert not desk.past(), words(outcome)
    assert "'households' is no candidate" in words(outcome)
    content = "Precinct,Parcels,Lots\n0101,900,2200\n0102,700,1800\n"
    outcome = desk.take("2022-11-08 lots.csv", content, beside=THREE)
    assert not desk.past(), words(outcome)
    assert "more votes than there are voters" in words(outcome)


def test_a_contests_votes_do_not_take_the_place_of_ballots_cast(desk: Desk) -> None:
    contest: list[list[object]] = [
        ["Precinct", "Jane Doe", "John Roe", "Total Votes"],
        ["0101", 400, 245, 645],
        ["0102", 200, 205, 405],
    ]
    book = ods(
        desk.base / "detail 2022-11-08.ods",
        Turnout=[["Precinct", "Registered Voters", "Ballots Cast"], ["0101", 1204, 650], ["0102", 900, 410]],
        Governor=contest,
    )
    outcome = desk.adopt(desk.file("reg.csv", THREE), book)
    assert desk.past() == {("0101", "2022-11-08"): 650, ("0102", "2022-11-08"): 410}, words(outcome)
    assert "keep what detail 2022-11-08.ods: turnout says" in words(outcome)


def test_two_files_that_say_other_ballots_of_one_election_are_refused(desk: Desk) -> None:
    one = desk.file("night 2022-11-08.csv", "Precinct,Ballots Cast\n0101,600\n0102,410\n")
    other = desk.file("official 2022-11-08.csv", "Precinct,Ballots Cast\n0101,650\n0102,410\n")
    outcome = desk.adopt(desk.file("reg.csv", THREE), one, other)
    assert desk.past() == {("0101", "2022-11-08"): 600, ("0102", "2022-11-08"): 410}
    assert "given with it, says 600 ballots" in words(outcome)


@pytest.mark.parametrize("form", ["{}-{}", "{} {}", "{}/{}"])
def test_a_registers_numbers_that_begin_with_their_district(desk: Desk, form: str) -> None:
    numbers = [form.format("AA1", n) for n in ("17", "18", "18/1")] + [form.format("BB2", "1")]
    lines = "".join(f"{n},Ana,Example,{i} High St\n" for i, n in enumerate(numbers))
    outcome = desk.take(
        "register.csv", f"ElectorNumber,ElectorFirstName,ElectorSurname,Address1\n{lines}", beside=None
    )
    assert desk.registered() == {"AA1": 3, "BB2": 1}, words(outcome)
    assert sorted(v["roll_number"] for v in desk.rows("voters.csv")) == ["1", "17", "18", "18/1"]


def test_a_ballot_that_was_sent_and_not_come_back_is_no_vote(desk: Desk) -> None:
    content = (
        "VOTER_ID|PRECINCT|VOTE_METHOD|MAIL_BALLOT_SENT_DATE|RECEIVED_DATE|IN_PERSON_VOTE_DATE\n"
        "1|0101|Mail Ballot|10/10/2026|10/20/2026|\n2|0101|Mail Ballot|10/10/2026||\n"
        "3|0102|In Person|10/10/2026||10/21/2026\n"
    )
    outcome = desk.take("ballots.txt", content, beside=THREE)
    assert desk.voted() == {"0101": "1", "0102": "1", "0103": ""}, words(outcome)


def test_watchers_of_a_form_with_their_shifts(desk: Desk) -> None:
    content = (
        "Timestamp,Your full name,What is your cell phone number?,"
        "Which precincts will you watch?,Shift,Home Pct\n"
        '9/1/2026 10:00:00,Ana Example,(717) 555-0101,"0101, 0102",7am - 1:00 PM,0103\n'
        "9/1/2026 11:00:00,Bo Sample,717.555.0102,0102 Grange Hall,1 PM to 8 PM,0103\n"
        "9/1/2026 12:00:00,Cy Specimen,717.555.0103,,7-1,0103\n"
    )
    outcome = desk.take("Poll watcher sign-up.csv", content, beside=THREE)
    found = {
        w["name"]: (w["precinct_ids"], w["shift_start"], w["shift_end"]) for w in desk.rows("watchers.csv")
    }
    assert found == {
        "Ana Example": ("0101;0102", "07:00", "13:00"),
        "Bo Sample": ("0102", "13:00", "20:00"),
        "Cy Specimen": ("", "", ""),
    }, words(outcome)
    assert "'7-1' is no time of a shift" in words(outcome)


def test_polling_places_that_serve_several_precincts(desk: Desk) -> None:
    content = (
        "Polling Location,Precincts Served,Opening hours\n"
        'Old School,"0101, 0102",7am - 8pm\nTown Hall,0103,6:30 AM to 8 PM\n'
    )
    outcome = desk.take("places.csv", content, beside=THREE.replace("name,", "label,"))
    found = [(r["site_id"], r["opens"], r["closes"]) for r in desk.rows("precincts.csv")]
    assert found == [("Old School", "07:00", "20:00")] * 2 + [("", "06:30", "20:00")], words(outcome)


def test_a_map_whose_names_say_what_they_are(desk: Desk) -> None:
    square = [[[-77, 39], [-76, 39], [-76, 40], [-77, 40], [-77, 39]]]
    features = [
        {"type": "Feature", "properties": {"NAMELSAD20": f"{n} Voting District"},
         "geometry": {"type": "Polygon", "coordinates": square}}
        for n in ("Fire House", "Grange Hall", "Town Hall")
    ]  # fmt: skip
    outcome = desk.take("v.geojson", json.dumps({"type": "FeatureCollection", "features": features}), THREE)
    assert "3 of 3" in words(outcome)


def test_the_xml_of_an_old_spreadsheet(desk: Desk) -> None:
    def row(*cells: str) -> str:
        return "<Row>" + "".join(f"<Cell{c}</Data></Cell>" for c in cells) + "</Row>"

    data = '><Data ss:Type="String">'
    content = (
        '<?xml version="1.0"?><Workbook xmlns:ss="urn:schemas-microsoft-com:office:spreadsheet">'
        '<Worksheet ss:Name="Turnout 2022-11-08"><Table>'
        + row(data + "Precinct", data + "Registered Voters", data + "Ballots Cast")
        + row(data + "0101", data + "1204", data + "650")
        + row(data + "0102", f' ss:Index="3"{data}410')
        + "</Table></Worksheet></Workbook>"
    )
    outcome = desk.take("detail.xls", content, beside=THREE)
    assert sorted(desk.past().values()) == [410, 650], words(outcome)


def test_a_phone_whose_area_code_stands_apart(desk: Desk) -> None:
    content = (
        'VUID,Voter Name,Pct,Area Code,Phone\n1,"EXAMPLE, ANA",0101,717,5550101\n2,"SAMPLE, BO",0102,,\n'
    )
    outcome = desk.take("list.csv", content, beside=THREE)
    assert [v["phone"] for v in desk.rows("voters.csv")] == ["+17175550101", ""], words(outcome)


def test_what_brings_nothing_says_so(desk: Desk) -> None:
    outcome = desk.take(
        "2022-11-08 turnout.csv", "Precinct,Turnout,Method\n0101,54.0%,Total\n0102,45.6%,Total\n"
    )
    assert not desk.past()
    assert outcome.reports[1].refused or outcome.reports[1].questions
