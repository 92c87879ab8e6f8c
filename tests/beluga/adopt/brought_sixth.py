"""A sixth lot, written blind after the fifth was read right: the plain kinds again, each with a fault."""

from tests.beluga.adopt.brought import Brought
from tests.beluga.adopt.brought_people import collection, ring

BOTH = {"0101": 1200, "0102": 800}
PAST = {"0101": 700, "0102": 410}
LONG = "county,precinct,office,district,party,candidate,votes\n"
EARLY_HEAD = "county,voter_reg_num,ballot_req_type,ballot_rtn_dt,ballot_rtn_status,precinct\n"


def long(*rows: tuple[object, ...]) -> str:
    return LONG + "".join("Adams," + ",".join(map(str, row)) + "\n" for row in rows)


SIXTH = [
    Brought(
        kind="results: rows of turnout with dashes, a share among them",
        past=PAST,
        registered=BOTH,
        files={
            "20221108__nj__general__adams__precinct.csv": long(
                ("0101", "Registered Voters - Total", "", "", "", 1150),
                ("0101", "Ballots Cast - Total", "", "", "", 700),
                ("0101", "Ballots Cast - Blank", "", "", "", 3),
                ("0101", "Voter Turnout - Total", "", "", "", "60.87%"),
                ("0101", "Governor", "", "DEM", "JANE DOE", 400),
                ("0102", "Registered Voters - Total", "", "", "", 790),
                ("0102", "Ballots Cast - Total", "", "", "", 410),
                ("0102", "Ballots Cast - Blank", "", "", "", 0),
                ("0102", "Voter Turnout - Total", "", "", "", "51.90%"),
                ("0102", "Governor", "", "DEM", "JANE DOE", 200),
            )
        },
    ),
    Brought(
        kind="results: votes that each have as many as places on a council",
        past={"0101": 695, "0102": 405},
        files={
            "20221108__vt__general__adams__precinct.csv": long(
                ("0101", "Governor", "", "D", "Jane Doe", 400),
                ("0101", "Governor", "", "R", "John Roe", 295),
                ("0101", "State Senate", "1", "D", "Al Poe", 390),
                ("0101", "State Senate", "1", "D", "Bo Moe", 380),
                ("0101", "State Senate", "1", "R", "Cy Loe", 280),
                ("0102", "Governor", "", "D", "Jane Doe", 205),
                ("0102", "Governor", "", "R", "John Roe", 200),
                ("0102", "State Senate", "1", "D", "Al Poe", 190),
                ("0102", "State Senate", "1", "D", "Bo Moe", 180),
            )
        },
    ),
    Brought(
        kind="results: totals of a county among the precincts",
        past={"0101": 695, "0102": 405},
        drops=("Total",),
        files={
            "20221108__ky__general__adams__precinct.csv": long(
                ("0101", "Governor", "", "D", "Jane Doe", 400),
                ("0101", "Governor", "", "R", "John Roe", 295),
                ("0102", "Governor", "", "D", "Jane Doe", 205),
                ("0102", "Governor", "", "R", "John Roe", 200),
                ("Total", "Governor", "", "D", "Jane Doe", 605),
                ("Total", "Governor", "", "R", "John Roe", 495),
            )
        },
    ),
    Brought(
        kind="results: absentee precincts of their own",
        past={"0101": 600, "0102": 350},
        drops=("Absentee",),
        files={
            "20221108__nc__general__adams__precinct.csv": long(
                ("0101", "Governor", "", "D", "Jane Doe", 350),
                ("0101", "Governor", "", "R", "John Roe", 250),
                ("0102", "Governor", "", "D", "Jane Doe", 200),
                ("0102", "Governor", "", "R", "John Roe", 150),
                ("Absentee", "Governor", "", "D", "Jane Doe", 90),
                ("Absentee", "Governor", "", "R", "John Roe", 70),
            )
        },
    ),
    Brought(
        kind="turnout: totals above, names before the counts, ballots by way",
        beside=None,
        registered={"1": 1200, "2": 800},
        past={"1": 700, "2": 410},
        in_person={"1": 420, "2": 300},
        drops=("COUNTYWIDE",),
        files={
            "Turnout 2022-11-08.csv": "PRECINCT NO,NAME,REGISTERED,POLLS,EARLY,MAIL,BALLOTS CAST,PERCENT\n"
            "COUNTYWIDE,,2000,720,240,150,1110,55.5\n1,Fire House,1200,420,180,100,700,58.3\n"
            "2,Grange Hall,800,300,60,50,410,51.3\n"
        },
    ),
    Brought(
        kind="registration: headings on the fourth line of a workbook, numbers for ids",
        beside=None,
        registered={"101": 1200, "102": 800},
        names={"101": "Fire House"},
        files={
            "reg.xlsx": {
                "Oct": [
                    ["EXAMPLE COUNTY"],
                    ["Voter registration by precinct"],
                    [None],
                    ["Pct", "Location", "Total Voters"],
                    [101, "Fire House", 1200],
                    [102, "Grange Hall", 800],
                    ["TOTAL", None, 2000],
                ]
            }
        },
    ),
    Brought(
        kind="registration: three counties, two numbers shared, codes for counties",
        beside=None,
        registered={"01-001": 50, "02-001": 60, "02-002": 70, "03-002": 80, "03-003": 90},
        says=("county",),
        files={
            "state.csv": "CountyCode,Precinct,Registered\n01,001,50\n02,001,60\n02,002,70\n03,002,80\n03,"
            "003,90\n"
        },
    ),
    Brought(
        kind="damage: the same months and powers, in small letters and other forms",
        beside=None,
        registered={"0103": 11, "0104": 12, "12": 13},
        refuses=("3-Feb", "Mar-04", "2.02E+05", "#NAME?", "2026-01-02"),
        says=("spreadsheet",),
        files={
            "damage.csv": "precinct,registered\n3-Feb,5\nMar-04,6\n2.02E+05,7\n#NAME?,8\n2026-01-02,9\n"
            '"=""0103""",11\n'
            "'0104,12\n12.0,13\n"
        },
    ),
    Brought(
        kind="letters of Windows in names, parted by tabs",
        beside=None,
        registered=BOTH,
        names={"0101": "École Élémentaire", "0102": "Mañana “Old” Hall"},
        files={
            "reg.txt": "Precinct\tName\tRegistered\n0101\tÉcole Élémentaire\t1200\n"
            "0102\tMañana “Old” Hall\t800\n".encode("cp1252")
        },
    ),
    Brought(
        kind="VAN: a precinct that is not here, phones of every junk",
        voters=3,
        phones=1,
        files={
            "vanexport.txt": "Voter File VANID\tLastName\tFirstName\tPrecinctName\tPreferred Phone\t"
            "Cell Phone\n"
            "1\tExample\tAna\tFire House\tN/A\t\n2\tSample\tBo\tGrange Hall\t999-999-9999\t2155550102\n"
            "3\tSpecimen\tCy\tGrange Hall\t555-0103\t\n4\tTester\tDi\tNowhere\t2155550104\t\n"
        },
        refuses=("Nowhere",),
    ),
    Brought(
        kind="VAN: quoted, with commas, phones with a point and nought",
        voters=2,
        phones=2,
        files={
            "voters.csv": '"VANID","Last","First","PrecinctName","HomePhone","CellPhone"\n'
            '"1","Example","Ana","Fire House","2155550101.0",""\n"2","Sample","Bo","Grange Hall","",'
            '"+1 215 555 0102"\n'
        },
    ),
    Brought(
        kind="a British register: letters, two districts, titles, a suffix of nought",
        beside=None,
        voters=4,
        registered={"BA": 3, "BB": 1},
        rolls=("1", "1/1", "2", "1"),
        files={
            "Register of Electors.csv": "Elector Number Prefix,Elector Number,Elector Number Suffix,"
            "Elector Markers,"
            "Elector Title,Elector Surname,Elector Forename,Address1,Postcode\n"
            "BA,1,0,,Ms,Example,Ana,1 High St,AB1 2CD\nBA,1,1,,Mr,Sample,Bo,1 High St,AB1 2CD\n"
            "BA,2,,G,Mr,Specimen,Cy,2 High St,AB1 2CD\nBB,1,0,K,Dr,Tester,Di,3 High St,AB1 2CE\n"
        },
    ),
    Brought(
        kind="absentee: a second line of one ballot, another county's, spoiled ones",
        voted={"0101": 1, "0102": 1},
        files={
            "absentee_20261022.csv": EARLY_HEAD
            + "ADAMS,1,MAIL,10/20/2026,SPOILED,0101\nADAMS,1,MAIL,10/21/2026,ACCEPTED,0101\n"
            "ADAMS,2,EARLY VOTING,10/21/2026,ACCEPTED,0102\nBERKS,3,MAIL,10/21/2026,ACCEPTED,0101\n"
            "ADAMS,4,MAIL,,RETURNED UNDELIVERABLE,0102\nADAMS,5,MAIL,10/21/2026,ACCEPTED - CURED LATE,0109\n"
        },
    ),
    Brought(
        kind="history: more than the roll in one precinct, an empty one, a total",
        past={"0102": 410},
        says=("registered",),
        files={
            "history.csv": "precinct_id,election,votes,registered\n0101,2022,1300,1150\n0102,2022,410,"
            "790\nTotal,2022,1710,1940\n"
        },
    ),
    Brought(
        kind="map: swapped, a point at nought, one of another county",
        shapes=2,
        says=("latitude", "longitude"),
        files={
            "precincts.geojson": collection(
                ({"PRECINCT": "0101"}, [[b, a] for a, b in ring(-75.6, 41.4)]),
                ({"PRECINCT": "0102"}, [[b, a] for a, b in ring(-75.5, 41.4)]),
                ({"PRECINCT": "0909"}, [[b, a] for a, b in ring(-75.4, 41.4)]),
            )
        },
    ),
    Brought(
        kind="map: VTDs by number with the county's before it, names too",
        shapes=2,
        files={
            "vtds.geojson": collection(
                ({"VTDID": "420010101", "NAME": "Fire House", "COUNTY": "001"}, ring(-75.6, 41.4)),
                ({"VTDID": "420010102", "NAME": "Grange Hall", "COUNTY": "001"}, ring(-75.5, 41.4)),
            )
        },
    ),
    Brought(
        kind="registration: the roll of two dates, the newer meant",
        beside=None,
        registered={"0101": 1210, "0102": 805},
        files={
            "reg.csv": "Precinct,Registered 10/01/2025,Registered 10/01/2026\n0101,1200,1210\n0102,800,805\n"
        },
    ),
    Brought(
        kind="registration: active and all, and last year's beside",
        beside=None,
        registered=BOTH,
        files={
            "reg.csv": "Precinct,Active,Inactive,Total,Last Year\n0101,1100,100,1200,1150\n0102,720,80,"
            "800,780\n"
        },
    ),
    Brought(
        kind="registration: half of the counts are words",
        beside=None,
        registered={"0101": 1200},
        refuses=("see 0101",),
        files={"reg.csv": "Precinct,Registered\n0101,1200\n0102,see 0101\n"},
    ),
    Brought(
        kind="registration: negative and broken numbers",
        beside=None,
        registered={"0101": 1200},
        refuses=("-5", "12.5"),
        files={"reg.csv": "Precinct,Registered\n0101,1200\n0102,-5\n0103,12.5\n"},
    ),
    Brought(
        kind="registration: a precinct's name holds the delimiter, unquoted",
        beside=None,
        registered={"0101": 1200},
        open=True,
        files={"reg.csv": "Precinct,Name,Registered\n0101,Fire House,1200\n0102,Grange Hall, Annex,800\n"},
    ),
    Brought(
        kind="voters: a line too long is not read askew",
        voters=1,
        open=True,
        files={
            "v.csv": "Voter ID,Name,Precinct,Phone\n1,Ana Example,0101,7175550101\n2,Sample, Bo,0102,"
            "7175550102\n"
        },
    ),
    Brought(
        kind="early: totals that fall are each day's",
        voted={"0101": 70, "0102": 50},
        files={
            "early.csv": "Date,Precinct,Early Votes\n10/20/2026,0101,40\n10/20/2026,0102,30\n"
            "10/21/2026,0101,30\n10/21/2026,0102,20\n"
        },
    ),
    Brought(
        kind="early: totals that grow are asked about",
        voted={"0101": 0, "0102": 0},
        open=True,
        files={
            "early.csv": "Date,Precinct,Early Votes\n10/20/2026,0101,40\n10/20/2026,0102,30\n"
            "10/21/2026,0101,60\n10/21/2026,0102,45\n"
        },
    ),
]
