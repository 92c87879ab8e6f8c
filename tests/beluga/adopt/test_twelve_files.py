"""Twelve files of all kinds at once, as a county's folder looks: each is known, and twice is once."""

import json
import zipfile
from pathlib import Path

import pytest

from tests.beluga.adopt.test_adopting import Desk, ods, words

LINES = {
    "registration.csv": "Adams County as of 10/05/2026,,\n\nPrecinct,Polling place,Total Registered\n"
    "0101,Fire House,1204\n0102,Grange Hall,900\n0103,Old Mill,300\nTOTAL,,2404\n",
    "20221108__pa__general__adams__precinct.csv": "county,precinct,office,party,candidate,votes\n"
    + "".join(
        f"Adams,{p},Registered Voters,,,{r}\nAdams,{p},Ballots Cast,,,{b}\n"
        f"Adams,{p},Governor,DEM,JO DOE,{b - 60}\n"
        for p, r, b in (("0101", 1190, 650), ("0102", 880, 410), ("0103", 290, 150))
    ),
    "turnout 2024-11-05.tsv": "Precinct\tRegistered Voters\tBallots Cast\n0101\t1200\t800\n0102\t890\t500\n",
    "van_like.txt": "Voter File VANID\tLastName\tFirstName\tPrecinctName\tPreferred Phone\tAge\n"
    "9000001\tExample\tAna\tFire House\t(215) 555-0101\t40\n9000002\tSample\tBo\tGrange Hall\tN/A\t51\n",
    "absentee_daily.csv": "county,voter_reg_num,ballot_req_type,ballot_rtn_dt,ballot_rtn_status,precinct\n"
    "Adams,9000001,MAIL,10/20/2026,ACCEPTED,0101\n",
    "poll watchers.csv": "Volunteer,Cell,Precinct,Language\nAna Watcher,(215) 555-0111,0101,EN\n",
    "phone bank.csv": "Name,E-mail address,Languages\nCal Caller,cal@example.org,en\n",
    "minutes.txt": "We met on Monday.\nNobody counted.\n",
}


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


def twelve(desk: Desk) -> list[Path]:
    square = [[[-75.6, 41.4], [-75.59, 41.4], [-75.59, 41.41], [-75.6, 41.4]]]
    shapes = [
        {"type": "Feature", "properties": {"VTD": p}, "geometry": {"type": "Polygon", "coordinates": square}}
        for p in ("0101", "0102", "0103")
    ]
    zipped = desk.base / "packed.zip"
    with zipfile.ZipFile(zipped, "w") as archive:
        archive.writestr(
            "2020/turnout 2020-11-03.csv", "Precinct,Ballots Cast\n0101,700\n0102,450\n0103,170\n"
        )
    return [
        *(desk.file(name, content) for name, content in LINES.items()),
        desk.file("vtds.geojson", json.dumps({"type": "FeatureCollection", "features": shapes})),
        desk.file("photo.jpg", b"\xff\xd8\xff\xe0" + bytes(range(256))),
        ods(desk.base / "places.ods", Sheet1=[["Precinct", "Latitude", "Longitude"], ["0101", 41.4, -75.6]]),
        zipped,
    ]


def test_twelve_mixed_files_at_once_are_each_known_and_twice_is_once(desk: Desk) -> None:
    files = twelve(desk)
    assert len(files) == 12
    outcome = desk.adopt(*files)
    assert outcome.valid, words(outcome)
    assert [r.file for r in outcome.reports if r.questions] == ["minutes.txt"], words(outcome)
    kinds = {report.file: report.kind for report in outcome.reports}
    assert kinds == {
        "registration.csv": "registration", "20221108__pa__general__adams__precinct.csv": "results, long",
        "turnout 2024-11-05.tsv": "turnout", "van_like.txt": "voters", "absentee_daily.csv": "early ballots",
        "poll watchers.csv": "watchers", "phone bank.csv": "callers", "minutes.txt": "",
        "vtds.geojson": "shapes", "photo.jpg": "", "places.ods": "polling places", "packed.zip": "turnout",
    }  # fmt: skip
    assert desk.registered() == {"0101": 1204, "0102": 900, "0103": 300}
    assert {election for _, election in desk.past()} == {"2020-11-03", "2022-11-08", "2024-11-05"}
    assert [v["voted"] for v in desk.rows("voters.csv")] == ["yes", ""]
    assert [w["name"] for w in desk.rows("watchers.csv")] == ["Ana Watcher"]
    before = {path.name: path.read_bytes() for path in desk.into.iterdir() if path.is_file()}
    again = desk.adopt(*files)
    assert again.valid, words(again)
    assert {path.name: path.read_bytes() for path in desk.into.iterdir() if path.is_file()} == before
