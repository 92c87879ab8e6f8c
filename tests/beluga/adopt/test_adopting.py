"""A county's own files, small and made up, of every kind and with the faults that such files have."""

import csv
import json
import zipfile
from datetime import date
from pathlib import Path

import pytest

from beluga.adopt.drafting import draft_of, size_of
from beluga.adopt.looking import look_around
from beluga.adopt.proposing import DayGiven, answer, propose
from beluga.adopt.writing import AdoptResult, write
from election.folder import Findings

DAY = DayGiven("A county", date(2026, 11, 3), "America/New_York", "07:00", "20:00")
REGISTRATION = "precinct_id,name,registered,county\n0101,Fire House,100,Adams\n0102,Grange Hall,90,Adams\n"


class Desk:
    """Adopts files into one folder, again and again."""

    def __init__(self, base: Path) -> None:
        self.base, self.into, self.runs, self.day = base, base / "into", 0, DAY

    def file(self, name: str, content: str | bytes) -> Path:
        path = self.base / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    def adopt(self, *paths: Path, answers: dict[tuple[str, str], str] | None = None) -> AdoptResult:
        self.runs += 1
        scratch = self.base / f"scratch{self.runs}"
        scratch.mkdir()
        proposal = propose(paths, self.into, scratch, self.day)
        for (file, key), value in (answers or {}).items():
            answer(proposal, file, key, value)
        draft, reports = draft_of(proposal)
        return write(proposal, draft, reports)

    def take(
        self, name: str, content: str | bytes, beside: str | None = REGISTRATION, **answers: str
    ) -> AdoptResult:
        files = [self.file(name, content)]
        if beside is not None:
            files.insert(0, self.file("beside.csv", beside))
        return self.adopt(*files, answers={(name, k): v for k, v in answers.items()})

    def rows(self, name: str) -> list[dict[str, str]]:
        path = self.into / name
        return list(csv.DictReader(path.open(encoding="utf-8"))) if path.exists() else []

    def registered(self) -> dict[str, int]:
        return {r["precinct_id"]: int(r["registered"]) for r in self.rows("precincts.csv")}

    def past(self, method: str = "total") -> dict[tuple[str, str], int]:
        return {
            (r["precinct_id"], r["election"]): int(r["votes"])
            for r in self.rows("history.csv")
            if (r.get("method") or "total") == method
        }

    def voted(self) -> dict[str, str]:
        return {r["precinct_id"]: r.get("already_voted", "") for r in self.rows("precincts.csv")}


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


def words(outcome: AdoptResult) -> str:
    return json.dumps(outcome.json(), ensure_ascii=False).lower()


@pytest.mark.parametrize(
    ("name", "content", "expected"),
    [
        ("a.csv", "Precinct;Registered Voters\n0101;1.204,0\n".replace("1.204,0", "1204"), {"0101": 1204}),
        ("a.txt", "PCT\tTotal Registered\n0101\t1,204\n", {"0101": 1204}),
        ("a.txt", "Precinct Code|Precinct Name|Active|Inactive|Total Voters\n7|Hall|90|10|100\n", {"7": 100}),
        ("a.csv", "Registration\nPrecinct,REP,DEM,Total\n1,4,5,9\nGrand Total,4,5,9\n", {"1": 9}),
        ("a.csv", "Precinct,Party,Voters\n1,DEM,4\n1,REP,5\n2,DEM,7\n", {"1": 9, "2": 7}),
        ("a.csv", "Precinct,Registered\n001 - Town Hall,12\n002 - Annex East,13\n", {"001": 12, "002": 13}),
        ("a.csv", "Precinct,Registered\n1,5\nAbsentee,0\n2,6\n,11\n", {"1": 5, "2": 6}),
        ("a.csv", "Precinct,Registered\n1,5\n1,5\n2,6\n", {"1": 5, "2": 6}),
        ("a.csv", "Precinct,Registered\r\n101.0,5\r\n102.0,6\r\n", {"101": 5, "102": 6}),
        ("a.csv", "sep=,\nPrecinct,Registered\n1,5\n", {"1": 5}),
        ("a.csv", "Town,Ward,Precinct,Registered\nA,1,1,5\nB,1,1,6\n", None),
        ("a.csv", "County,Precinct,Registered\nAdams,001,50\nBerks,001,60\nBerks,002,9\n",
         {"Adams-001": 50, "Berks-001": 60, "Berks-002": 9}),
    ],
)  # fmt: skip
def test_registration_of_many_forms(
    desk: Desk, name: str, content: str, expected: dict[str, int] | None
) -> None:
    outcome = desk.take(name, content, beside=None)
    if expected is None:
        assert len(desk.registered()) == 2
    else:
        assert desk.registered() == expected
    assert outcome.valid, outcome.problems


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-le", "cp1252", "mac_roman"])
def test_encodings(desk: Desk, encoding: str) -> None:
    text = "precinct,name,registered\n0101,Peñasco Señora Hall,100\n0102,Café Élan,90\n"
    desk.take("a.csv", text.encode(encoding), beside=None)
    assert [r["name"] for r in desk.rows("precincts.csv")] == ["Peñasco Señora Hall", "Café Élan"]


@pytest.mark.parametrize(
    "damaged", ["1-May", "May-01", "2026-05-01", "#REF!", "#N/A", "1.01E+05", "1E+05", "5/1/2026"]
)
def test_damaged_ids_are_refused_with_the_remedy(desk: Desk, damaged: str) -> None:
    outcome = desk.take("a.csv", f"precinct,registered\n{damaged},5\n0102,6\n", beside=None)
    assert desk.registered() == {"0102": 6}
    assert outcome.reports[0].refused[0]["value"] == damaged
    assert outcome.reports[0].refused[0]["remedy"]
    assert "spreadsheet" in words(outcome)


def test_ids_are_restored_where_that_is_certain(desk: Desk) -> None:
    desk.take("a.csv", 'precinct,registered\n"=""0103""",5\n\'0104,6\n', beside=None)
    assert desk.registered() == {"0103": 5, "0104": 6}


def test_an_id_twice_with_other_numbers_loses_no_precinct_in_silence(desk: Desk) -> None:
    outcome = desk.take("a.csv", "precinct,registered\n1,5\n1,6\n2,7\n", beside=None)
    assert desk.registered() == {"2": 7}
    assert len(outcome.reports[0].refused) == 2
    assert "keep one" not in words(outcome)


LONG = """county,precinct,office,district,party,candidate,votes,early_voting,election_day,mail
Adams,0101,President,,DEM,Jane Doe,30,10,15,5
Adams,0101,President,,REP,John Roe,20,5,10,5
Adams,0101,President,,,Write-ins,2,0,2,0
Adams,0101,State House,5,DEM,Ann Poe,40,12,20,8
Adams,0102,President,,DEM,Jane Doe,9,3,3,3
Adams,Total,President,,DEM,Jane Doe,39,13,18,8
"""


def test_results_long_without_ballots_cast_are_the_largest_office_by_method(desk: Desk) -> None:
    outcome = desk.take("20241105__xx__general__adams__precinct.csv", LONG)
    assert desk.past() == {("0101", "2024-11-05"): 52, ("0102", "2024-11-05"): 9}
    assert desk.past("in_person")[("0101", "2024-11-05")] == 27
    assert desk.past("early")[("0101", "2024-11-05")] == 15
    assert "Total" in [d["value"] for d in outcome.reports[1].dropped]


def test_results_long_with_a_row_a_method(desk: Desk) -> None:
    desk.take(
        "2020 results.csv",
        "precinct,office,candidate,mode,votes\n0101,PRESIDENT,A,ELECTION DAY,5\n0101,PRESIDENT,A,ABSENTEE,7\n"
        "0101,PRESIDENT,B,ELECTION DAY,1\n0101,PRESIDENT,B,ABSENTEE,2\n",
    )
    assert desk.past() == {("0101", "2020"): 15}
    assert desk.past("in_person") == {("0101", "2020"): 6}
    assert desk.past("mail") == {("0101", "2020"): 9}


@pytest.mark.parametrize(
    ("name", "content", "expected"),
    [
        (
            "2022.csv",
            "Precinct,Registered Voters,Ballots Cast,Turnout %,Polls,Absentee\n101,100,50,50.0%,30,20\n",
            50,
        ),
        ("g.csv", "General Election November 8 2022\nPrecinct,Reg,Voted\n0101,100,50\nTOTALS,100,50\n", 50),
        ("a.csv", "Precinct,2022 Ballots Cast,2020 Ballots Cast\n0101,50,80\n", 50),
        (
            "2022-11-08.csv",
            "Precinct,Registered Voters,Jane Doe (DEM),John Roe (REP),Write-in\n0101,100,30,19,1\n",
            50,
        ),
        ("x.csv", "precinct_id,election,votes,method\n0101,2022,50,total\n0101,2022,30,in_person\n", 50),
        ("x.csv", "Precinct,Election Date,Ballots Cast\n0101,11/08/2022,50\n", 50),
    ],
)
def test_turnout_and_wide_results(desk: Desk, name: str, content: str, expected: int) -> None:
    desk.take(name, content)
    found = {e[:4]: v for (p, e), v in desk.past().items() if p == "0101"}
    assert found["2022"] == expected
    assert desk.registered() == {"0101": 100, "0102": 90}


def test_a_contest_with_candidates_over_ways_of_voting(desk: Desk) -> None:
    desk.take(
        "2022-11-08 detail.csv",
        "Governor,,,,,,\n,,Jane Doe,,John Roe,,\n"
        "Precinct,Registered Voters,Election Day,Absentee,Election Day,Absentee,Total\n"
        "0101,100,10,5,20,6,41\n,,,,,,\nTotal:,100,10,5,20,6,41\n",
    )
    assert desk.past() == {("0101", "2022-11-08"): 41}
    assert desk.past("in_person") == {("0101", "2022-11-08"): 30}


def test_coordinates_that_are_swapped_within_the_globe_are_turned_and_said(desk: Desk) -> None:
    outcome = desk.take("places.csv", "Precinct,Polling Place,Lat,Long\n101,School,-75.6,41.4\n")
    assert desk.rows("precincts.csv")[0]["lat"] == "41.4"
    assert "latitude and longitude are swapped" in words(outcome)


def test_a_totals_row_is_named_wherever_its_word_stands(desk: Desk) -> None:
    outcome = desk.take("a.csv", "County,Precinct,Registered\nAdams,1,5\nTotals,,5\n", beside=None)
    assert [d["value"] for d in outcome.reports[0].dropped] == ["Totals"]


def test_more_votes_than_voters_are_refused_and_said(desk: Desk) -> None:
    outcome = desk.take("2022.csv", "Precinct,Registered,Ballots Cast\n0101,100,150\n0102,90,40\n")
    assert set(desk.past()) == {("0102", "2022")}
    assert "registered" in words(outcome)


NCVOTER = (
    "county_desc\tvoter_reg_num\tvoter_status_desc\tlast_name\tfirst_name\tmiddle_name\tres_street_address\t"
    "res_city_desc\tfull_phone_number\tbirth_year\tprecinct_abbrv\tprecinct_desc\tncid\n"
    "ADAMS\t000001\tACTIVE\tEXAMPLE\tANA\tB\t1 MAIN ST\tTOWN\t2155550101\t1980\t0101\tFIRE HOUSE\tA1\n"
    "ADAMS\t000002\tREMOVED\tSAMPLE\tBO\t\t2 MAIN ST\tTOWN\t\t1970\t0101\tFIRE HOUSE\tA2\n"
    "ADAMS\t000003\tINACTIVE\tSPECIMEN\tCY\t\t3 MAIN ST\tTOWN\t5555555555\t1990\t0102\tGRANGE HALL\tA3\n"
)


def test_a_states_voter_file(desk: Desk) -> None:
    outcome = desk.take("ncvoter1.txt", NCVOTER)
    voters = desk.rows("voters.csv")
    assert [(v["voter_id"], v["name"], v["phone"]) for v in voters] == [
        ("000001", "ANA B EXAMPLE", "+12155550101"), ("000003", "CY SPECIMEN", ""),
    ]  # fmt: skip
    assert voters[0]["birth_year"] == "1980"
    assert outcome.valid
    assert "1 phones are none" in words(outcome)


def test_a_register_makes_its_own_precincts(desk: Desk) -> None:
    desk.take(
        "register.csv",
        "Polling District,Elector Number,Elector Number Suffix,Elector Surname,Elector Forename,PostCode\n"
        "AA1,1,0,Example,Ana,AB1 2CD\nAA1,1,1,Example,Bo,AB1 2CD\nBB2,1,0,Sample,Di,AB1\n",
        beside=None,
    )
    assert desk.registered() == {"AA1": 2, "BB2": 1}
    assert [v["roll_number"] for v in desk.rows("voters.csv")] == ["1", "1/1", "1"]


def test_ballots_are_counted_once_and_their_voters_struck_off_by_id_or_name_and_birth_year(
    desk: Desk,
) -> None:
    desk.take("ncvoter1.txt", NCVOTER)
    ballots = (
        "Last Name,First Name,Year of Birth,Precinct,Ballot Status,Ballot Return Date\n"
        "EXAMPLE,ANA,1980,0101,ACCEPTED,10/20/2026\nSPECIMEN,CY,1991,0102,ACCEPTED,10/20/2026\n"
        "NOBODY,NED,1950,0102,REJECTED,10/20/2026\n"
    )
    for _ in range(2):
        outcome = desk.adopt(desk.file("ballots.csv", ballots))
        assert desk.voted() == {"0101": "1", "0102": "1"}
    assert [v["voted"] for v in desk.rows("voters.csv")] == ["yes", ""]
    review = desk.rows("early-review.csv")
    assert [(r["voter_id"], r["why"]) for r in review] == [
        ("000003", "the name agrees, the birth year by one")
    ]
    assert "1 voters have voted" in words(outcome)
    review[0]["strike"] = "yes"
    with (desk.into / "early-review.csv").open("w", newline="") as file:
        writer = csv.DictWriter(file, list(review[0]))
        writer.writeheader()
        writer.writerows(review)
    desk.adopt(desk.file("ballots.csv", ballots))
    assert [v["voted"] for v in desk.rows("voters.csv")] == ["yes", "yes"]
    assert desk.voted() == {"0101": "1", "0102": "1"}, "a ballot that was decided about is one"
    desk.adopt(desk.file("tomorrow.csv", ballots + "SPECIMEN,CY,1989,0102,ACCEPTED,10/21/2026\n"))
    assert desk.voted() == {"0101": "1", "0102": "2"}
    decided, asked = desk.rows("early-review.csv")
    assert (decided["strike"], asked["strike"]) == ("yes", "")
    text = (desk.into / "early-review.csv").read_text()
    (desk.into / "early-review.csv").write_text(text.removesuffix("\n") + "no\n")
    assert "look at early-review.csv" not in words(desk.adopt(desk.base / "tomorrow.csv")), "a no is kept"


def test_daily_ballots_add_up_and_running_ones_do_not_count_twice(desk: Desk) -> None:
    heading = "voter_id,precinct,voting method,date voted\n"
    desk.take("day1.csv", heading + "1,0101,EARLY,10/20/2026\n2,0102,MAIL,10/20/2026\n")
    desk.adopt(desk.file("day2.csv", heading + "3,0101,EARLY,10/21/2026\n1,0101,EARLY,10/20/2026\n"))
    assert desk.voted() == {"0101": "2", "0102": "1"}


@pytest.mark.parametrize(
    ("name", "content", "expected"),
    [
        (
            "a.csv",
            "Precinct,Early Votes,Mail Ballots Returned\n0101,10,5\n0102,1,\nTotal,11,5\n",
            {"0101": "15", "0102": "1"},
        ),
        (
            "cumulative.csv",
            "Date,Precinct,Early Voting Total\n10/20/2026,0101,4\n10/21/2026,0101,9\n",
            {"0101": "9", "0102": ""},
        ),
        (
            "a.csv",
            "Date,Precinct,Daily Early Votes\n10/20/2026,0101,4\n10/21/2026,0101,9\n",
            {"0101": "13", "0102": ""},
        ),
        (
            "a.csv",
            "Date,Precinct,Early Votes\n10/20/2026,0101,9\n10/21/2026,0101,4\n",
            {"0101": "13", "0102": ""},
        ),
    ],
)
def test_early_totals(desk: Desk, name: str, content: str, expected: dict[str, str]) -> None:
    desk.take(name, content)
    assert desk.voted() == expected


def test_totals_that_may_be_daily_or_running_are_asked_about_and_the_answer_is_remembered(desk: Desk) -> None:
    content = "Date,Precinct,Early Votes\n10/20/2026,0101,4\n10/21/2026,0101,9\n"
    outcome = desk.take("a.csv", content)
    assert [q.key for q in outcome.reports[1].questions] == ["counts"]
    assert set(desk.voted().values()) == {""}
    desk.take("a.csv", content, counts="running")
    assert desk.voted()["0101"] == "9"
    outcome = desk.adopt(desk.file("b.csv", content.replace("10/21", "10/22").replace(",9", ",12")))
    assert not outcome.open_questions
    assert desk.voted()["0101"] == "12"


def test_polling_places_hours_and_coordinates(desk: Desk) -> None:
    outcome = desk.take(
        "places.csv",
        "Precinct,Polling Place,Address,Latitude,Longitude,Open,Close\n"
        "0101,School,1 St,41.4,-75.6,6:00 AM,9:00 PM\n"
        "0102,School,1 St,0,0,,\n",
    )
    first, second = desk.rows("precincts.csv")
    assert (first["lat"], first["lon"], first["opens"], first["closes"]) == (
        "41.4",
        "-75.6",
        "06:00",
        "21:00",
    )
    assert first["site_id"] == second["site_id"] == "School"
    assert second["lat"] == ""
    assert "0, 0" in words(outcome)


def test_watchers_and_callers(desk: Desk) -> None:
    watchers = desk.file("watchers.csv", "First Name,Last Name,Cell Phone,Assigned Precinct,Shift Start\n"
                         "Ann,Example,(215) 555-0101,Fire House,7:00 AM\n"
                         "Bo,Sample,215-555-0102,\"101, 102\",\n")  # fmt: skip
    callers = desk.file(
        "callers.csv", "Name,Email,Languages,County\nCy,cy@example.org,English;Spanish,Adams\n"
    )
    files = (desk.file("r.csv", REGISTRATION), watchers, callers)
    for _ in range(2):
        outcome = desk.adopt(*files)
        assert [(w["phone"], w["precinct_ids"]) for w in desk.rows("watchers.csv")] == [
            ("+12155550101", "0101"), ("+12155550102", "0101;0102"),
        ]  # fmt: skip
        assert [(c["languages"], c["counties"]) for c in desk.rows("callers.csv")] == [("en;es", "Adams")]
        assert outcome.valid


def feature(
    identity: dict[str, object], west: float, south: float, *, swap: bool = False
) -> dict[str, object]:
    ring = [
        [west, south],
        [west + 0.01, south],
        [west + 0.01, south + 0.01],
        [west, south + 0.01],
        [west, south],
    ]
    ring = [[b, a] for a, b in ring] if swap else ring
    return {"type": "Feature", "properties": identity, "geometry": {"type": "Polygon", "coordinates": [ring]}}


@pytest.mark.parametrize(
    ("key", "values"),
    [("VTD2016", ("0101", "0102")), ("PCT", (101, 102)), ("NAME", ("fire house", "GRANGE HALL")),
     ("GEOID20", ("420690101", "420690102")), ("PRECINCT", ("Precinct 101", "Precinct 102"))],
)  # fmt: skip
@pytest.mark.parametrize("swap", [False, True])
def test_shapes_by_any_property(desk: Desk, key: str, values: tuple[object, ...], swap: bool) -> None:
    features = [
        feature({"OBJECTID": n, "POP": 10, key: v}, -75.6, 41.4, swap=swap) for n, v in enumerate(values)
    ]
    outcome = desk.take("x.json", json.dumps({"type": "FeatureCollection", "features": features}))
    found = json.loads((desk.into / "precincts.geojson").read_text())["features"]
    assert len(found) == 2
    assert found[0]["geometry"]["coordinates"][0][0] == [-75.6, 41.4]
    assert ("latitude and longitude are swapped" in words(outcome)) == swap


def test_a_zipped_shapefile_in_its_own_projection(desk: Desk) -> None:
    pyproj = pytest.importorskip("pyproj")
    import shapefile

    turn = pyproj.Transformer.from_crs("EPSG:4326", "EPSG:32129", always_xy=True)
    with shapefile.Writer(str(desk.base / "vtd")) as writer:
        writer.field("VTD", "C")
        for number, identity in enumerate(("0101", "0102")):
            corners = [
                (-75.6 + number, 41.4),
                (-75.6 + number, 41.5),
                (-75.5 + number, 41.5),
                (-75.6 + number, 41.4),
            ]
            writer.poly([[turn.transform(*c) for c in corners]])
            writer.record(identity)
    (desk.base / "vtd.prj").write_text(pyproj.CRS("EPSG:32129").to_wkt("WKT1_ESRI"))
    packed = desk.base / "vtd.zip"
    with zipfile.ZipFile(packed, "w") as archive:
        for suffix in ("shp", "shx", "dbf", "prj"):
            archive.write(desk.base / f"vtd.{suffix}", f"maps/vtd.{suffix}")
    outcome = desk.adopt(desk.file("r.csv", REGISTRATION), packed)
    found = json.loads((desk.into / "precincts.geojson").read_text())["features"]
    assert found[0]["geometry"]["coordinates"][0][0] == pytest.approx([-75.6, 41.4], abs=0.0001)
    assert outcome.valid


def test_a_file_of_another_county_changes_nothing(desk: Desk) -> None:
    desk.adopt(desk.file("r.csv", REGISTRATION))
    before = (desk.into / "precincts.csv").read_bytes()
    outcome = desk.adopt(desk.file("other.csv", "precinct,registered,county\nB1,5,Berks\nB2,6,Berks\n"))
    assert (desk.into / "precincts.csv").read_bytes() == before
    assert outcome.open_questions
    assert "another county" in words(outcome)


def test_a_new_day_brings_a_registration_up_to_date_and_the_same_file_twice_is_one(desk: Desk) -> None:
    first = desk.file("r.csv", "Precinct,Hall,Total Registered\n0101,A,100\n0102,B,90\n0103,C,80\n")
    desk.adopt(first, first)
    assert not desk.adopt(first).written
    changed = desk.file("r2.csv", "Precinct,Hall,Total Registered,Notes\n0101,A,101\n0102,B,91\n0104,D,70\n")
    outcome = desk.adopt(changed)
    assert desk.registered() == {"0101": 101, "0102": 91, "0103": 80, "0104": 70}
    assert "its shape has changed since r.csv: notes new" in words(outcome)


def test_what_is_adopted_again_equals_itself(desk: Desk) -> None:
    full = (
        "precinct_id,name,registered,county,group,site_id,aliases,expected_votes,already_voted,opens,lat,lon\n"
        '0101,"Hall, East",100,Adams,W1,S,East;E,40.5,3,06:00,41.4,-75.6\n0102,Grange,90,Adams,,S,,,,,,\n'
    )
    files = {
        "precincts.csv": full,
        "history.csv": "precinct_id,election,votes,registered,method\n0101,General 2022,50,95,total\n",
        "curve.csv": "scope,time,share\nall,07:00,0\nall,20:00,1\n",
        "watchers.csv": "watcher_id,name,phone,language,precinct_ids\nw1,Ann,+12155550101,en,0101\n",
        "voters.csv": 'voter_id,precinct_id,roll_number,name,phone\nv1,0101,18/1,"Doe, Jane",+12155550102\n',
        "callers.csv": "caller_id,name,email_or_phone,languages\nc1,Cy,cy@example.org,en\n",
    }
    desk.adopt(*[desk.file(name, content) for name, content in files.items()])
    first = {p.name: p.read_bytes() for p in desk.into.iterdir()}
    again = Desk(desk.base / "again")
    again.base.mkdir()
    exported = [p for p in desk.into.iterdir() if p.name not in ("mapping.toml",)]
    outcome = again.adopt(*exported)
    assert outcome.valid
    for name in (*files, "election.toml"):
        assert (again.into / name).read_bytes() == first[name], name
    assert desk.rows("voters.csv")[0]["name"] == "Doe, Jane"


def test_several_sheets_and_zips_and_rubbish_at_once(desk: Desk) -> None:
    packed = desk.base / "all.zip"
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("x/registration.csv", REGISTRATION)
        archive.writestr("../../evil.csv", "Precinct,Ballots Cast\n0101,50\n")
        archive.writestr("__MACOSX/._x", "rubbish")
    outcome = desk.adopt(packed, desk.file("photo.jpg", b"\xff\xd8\xff\xe0" + bytes(range(256))),
                         desk.file("empty.csv", ""), desk.file("notes.txt", "call Bob\n"))  # fmt: skip
    assert desk.registered() == {"0101": 100, "0102": 90}
    assert not (desk.base.parent / "evil.csv").exists()
    assert outcome.valid
    assert [bool(r.refused) for r in outcome.reports][-3:] == [True, True, True]


def test_nothing_personal_is_repeated(desk: Desk) -> None:
    outcome = desk.take(
        "van.txt",
        "VANID\tLastName\tFirstName\tPrecinct\tPhone\n1\tExample\tAna\t0199\t12\n2\tSample\tBo\t0101\t2155550101\n",
    )
    assert not any(word in words(outcome) for word in ("example", "sample", "2155550101"))


def test_check_sees_names_misspelt_headings_further_down_and_damaged_ids(tmp_path: Path) -> None:
    (tmp_path / "precinct.csv").write_text(REGISTRATION)
    (tmp_path / "history.csv").write_text("Past results\n\nprecinct_id,election,votes\n0101,2022,5\n")
    (tmp_path / "watchers.csv").write_text("watcher_id,name,phone,precinct_ids\nw1,A,2155550101,1-May\n")
    findings = Findings()
    look_around(tmp_path, findings)
    assert [n.file for n in findings.notices] == ["history.csv", "precinct.csv"]
    assert findings.notices[0].line == 3
    assert "precincts.csv" in findings.notices[1].remedy
    assert [(p.file, p.line) for p in findings.problems] == [("watchers.csv", 2)]


def ods(path: Path, **sheets: list[list[object]]) -> Path:
    """An OpenDocument spreadsheet, as LibreOffice writes it."""

    def cell(value: object) -> str:
        if isinstance(value, date):
            return f'<table:table-cell office:value-type="date" office:date-value="{value}"/>'
        number = f'office:value-type="float" office:value="{value}"'
        kind = number if isinstance(value, int) else 'office:value-type="string"'
        return f"<table:table-cell {kind}><text:p>{value}</text:p></table:table-cell>"

    body = "".join(
        f'<table:table table:name="{name}">'
        + "".join(f"<table:table-row>{''.join(map(cell, row))}</table:table-row>" for row in rows)
        + "</table:table>"
        for name, rows in sheets.items()
    )
    names = " ".join(
        f'xmlns:{n}="urn:oasis:names:tc:opendocument:xmlns:{n}:1.0"' for n in ("office", "table", "text")
    )
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        archive.writestr(
            "content.xml",
            f'<office:document-content {names} office:version="1.2"><office:body><office:spreadsheet>{body}'
            "</office:spreadsheet></office:body></office:document-content>",
        )
        archive.writestr(
            "META-INF/manifest.xml",
            '<manifest:manifest xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0"/>',
        )
    return path


def test_a_workbook_with_a_cover_and_notes_is_asked_nothing(desk: Desk) -> None:
    book = ods(
        desk.base / "registration.ods",
        Cover=[["Adams County Board of Elections"], ["Prepared", "10/01/2026"]],
        Precincts=[["Adams County"], ["As of 10/01/2026"], ["Precinct", "Hall", "Total Registered"],
                   ["0101", "Fire House", 100], ["0102", "Grange", 90], ["TOTAL", "", 190]],
        Notes=[["Precinct 0102 moved in 2024."]],
    )  # fmt: skip
    outcome = desk.adopt(book)
    assert desk.registered() == {"0101": 100, "0102": 90}
    assert outcome.valid and not outcome.open_questions
    assert "holds no table" in words(outcome)


def test_a_sheet_a_county_is_one_table_and_no_number_takes_anothers_place(desk: Desk) -> None:
    sheets = {
        c: [["Precinct", "Registered Voters"], ["001", n], ["002", n + 1]]
        for c, n in (("Adams", 50), ("Berks", 60))
    }
    outcome = desk.adopt(ods(desk.base / "by_county.ods", **sheets))  # type: ignore[arg-type]
    assert desk.registered() == {"Adams-001": 50, "Adams-002": 51, "Berks-001": 60, "Berks-002": 61}
    assert {r["county"] for r in desk.rows("precincts.csv")} == {"Adams", "Berks"}
    assert outcome.valid
    assert not desk.adopt(desk.base / "by_county.ods").written


def test_two_files_that_say_different_numbers_of_one_id_are_refused_not_overwritten(desk: Desk) -> None:
    one = desk.file("one.csv", "Precinct,Registered\n001,50\n002,51\n003,52\n")
    outcome = desk.adopt(one, desk.file("two.csv", "Precinct,Registered\n001,60\n002,51\n003,52\n"))
    assert desk.registered()["001"] == 50
    assert [r["value"] for r in outcome.reports[1].refused] == ["001: 60"]
    assert "one.csv, given with it, says 50" in words(outcome)


def test_contests_above_the_candidates_are_not_added_up(desk: Desk) -> None:
    desk.take(
        "20221108_results.csv",
        ",,PRESIDENT,,,US SENATE,\nPrecinct,Registered Voters,Jo (D),Al (R),Write-in,Ann (D),Bob (R)\n"
        "0101,100,30,20,1,25,20\n0102,90,20,20,0,21,21\n",
    )
    assert desk.past() == {("0101", "2022-11-08"): 51, ("0102", "2022-11-08"): 42}


def test_a_folder_with_ballots_and_two_maps_adopted_again_equals_itself(desk: Desk) -> None:
    maps = [
        desk.file(name, json.dumps({"type": "FeatureCollection", "features": [
            feature({key: v}, -75.6, north) for v in ("0101", "0102")]}))
        for name, key, north in (("a.geojson", "VTD", 41.4), ("b.geojson", "PCT", 41.5))
    ]  # fmt: skip
    ballots = "Voter ID,Precinct,Ballot Status,Return Date\n7,0101,ACCEPTED,10/20/2026\n"
    given = [desk.file("r.csv", REGISTRATION), desk.file("early_ballots.csv", ballots), *maps]
    desk.adopt(*given)
    first = {p.name: p.read_bytes() for p in desk.into.iterdir()}
    assert b"ballot,7,0101" in first["early.csv"]
    assert not desk.adopt(*given).written
    again = Desk(desk.base / "again")
    again.base.mkdir()
    outcome = again.adopt(desk.into)
    assert outcome.valid and not outcome.open_questions
    for name in ("precincts.csv", "precincts.geojson", "early.csv", "election.toml"):
        assert (again.into / name).read_bytes() == first[name], name


def test_the_index_of_a_zipped_shapefile_is_no_map_of_its_own(desk: Desk) -> None:
    import shapefile

    with shapefile.Writer(str(desk.base / "vtd")) as writer:
        writer.field("VTD", "C")
        for identity in ("0101", "0102"):
            writer.poly([[(-75.6, 41.4), (-75.6, 41.5), (-75.5, 41.5), (-75.6, 41.4)]])
            writer.record(identity)
    with zipfile.ZipFile(desk.base / "vtd.zip", "w") as archive:
        for suffix in ("shp", "shx", "dbf"):
            archive.write(desk.base / f"vtd.{suffix}", f"vtd.{suffix}")
    outcome = desk.adopt(desk.file("r.csv", REGISTRATION), desk.base / "vtd.zip")
    assert [r.part for r in outcome.reports] == ["", "vtd.shp"]


def test_progress_is_a_share_that_grows_to_all(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("beluga.adopt.sources.sheets.PROGRESS_ROWS", 10)
    rows = "".join(f"{n},0101,A{n},B,1960\n" for n in range(100))
    paths = [
        desk.file("r.csv", REGISTRATION),
        desk.file("v.csv", "VoterID,Precinct,LastName,FirstName,BirthYear\n" + rows),
    ]
    (desk.base / "scratch").mkdir()
    proposal = propose(paths, desk.into, desk.base / "scratch", DAY)
    told: list[int] = []
    draft_of(proposal, told.append)
    assert told == sorted(told) and len(told) > 0
    assert told[-1] <= size_of(proposal) == sum(p.stat().st_size for p in paths)


@pytest.mark.parametrize("heading", ["Volunteer", "Poll Watcher", "Observer"])
def test_a_list_of_watchers_by_any_word_for_them(desk: Desk, heading: str) -> None:
    outcome = desk.take("list.csv", f"{heading},Cell,Precinct,Language\nAna,(212) 555-0111,0101,EN\n")
    assert outcome.valid and not outcome.open_questions
    assert [(r["name"], r["precinct_ids"]) for r in desk.rows("watchers.csv")] == [("Ana", "0101")]
