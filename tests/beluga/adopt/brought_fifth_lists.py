"""A fifth lot, written blind after the fourth was read right: people, ballots, places, maps,"
" whole folders."""

from tests.beluga.adopt.brought import Brought
from tests.beluga.adopt.brought_people import collection, ring
from tests.beluga.adopt.brought_third import packed

ROWS = (
    "voter_id,last name,first name,birth year,precinct\n1,Example,Ana,1980,0101\n2,Sample,Bo,1975,0102\n"
    "3,Specimen,Cy,1991,0102\n"
)
BARE = "precinct_id,registered\n0101,1200\n0102,800\n"
BOTH = {"0101": 1200, "0102": 800}
PAST = {"0101": 700, "0102": 410}
TOWNS = "precinct_id,name,registered\nEaston-1,,600\nEaston-2,,500\nWeston-1,,400\n"

LISTS = [
    Brought(
        kind="Connecticut: names abridged, a town's district",
        beside=TOWNS,
        voters=2,
        roll_of={"900001": "Easton-1", "900002": "Weston-1"},
        files={
            "SSP active.csv": "TOWN NAME,VOTER ID,LAST NM,FIRST NM,MIDDLE NM,STATUS CD,DISTRICT,ADDRESS NU,"
            "STREET NM,DT BIRTH,PHONE NU\nEaston,900001,EXAMPLE,ANA,,A,1,1,MAIN ST,01/02/1980,2035550101\n"
            "Weston,900002,SAMPLE,BO,,A,1,2,MAIN ST,03/04/1975,\n"
        },
        phones=1,
    ),
    Brought(
        kind="Arkansas: precincts by name, a county of residence",
        voters=2,
        roll_of={"7": "0101", "8": "0102"},
        files={
            "VR.csv": "registrant_id,county_of_residence,name_last,name_first,date_of_birth,precinct_name,"
            "primary_phone,voter_status\n7,ADAMS,EXAMPLE,ANA,1980-01-02,0101 - FIRE HOUSE,5015550101,Active\n"
            "8,ADAMS,SAMPLE,BO,1975-03-04,0102 - GRANGE HALL,,Active\n"
        },
    ),
    Brought(
        kind="Iowa: a number of registration and a phone called otherwise",
        voters=2,
        phones=1,
        files={
            "CD1.csv": "REGN_NUM,COUNTY,LAST_NAME,FIRST_NAME,BIRTHDATE,VOTERSTATUS,PRECINCT,PHONENO,CITY,"
            "ZIP_CODE\n"
            "1001,Adams,EXAMPLE,ANA,01/02/1980,Active,0101,5155550101,TOWN,50001\n"
            "1002,Adams,SAMPLE,BO,03/04/1975,Active,0102,,TOWN,50001\n"
        },
    ),
    Brought(
        kind="voters in two files by letter",
        voters=4,
        roll_of={"1": "0101", "2": "0102", "3": "0101", "4": "0102"},
        files={
            "voters A-M.csv": "Voter ID,Name,Precinct\n1,Ana Example,0101\n2,Bo Good,0102\n",
            "voters N-Z.csv": "Voter ID,Name,Precinct\n3,Cy Specimen,0101\n4,Di Tester,0102\n",
        },
    ),
    Brought(
        kind="a walk list: a sheet a precinct, no column that names it",
        voters=3,
        roll_of={"1": "0101", "2": "0101", "3": "0102"},
        files={
            "walk lists.xlsx": {
                "0101": [
                    ["VoterID", "Last", "First", "Phone"],
                    [1, "Example", "Ana", "717-555-0101"],
                    [2, "Sample", "Bo", None],
                ],
                "0102": [["VoterID", "Last", "First", "Phone"], [3, "Specimen", "Cy", "717-555-0103"]],
            }
        },
    ),
    Brought(
        kind="a voter without a precinct and one twice",
        voters=2,
        files={
            "v.csv": "Voter ID,Name,Precinct\n1,Ana Example,0101\n2,Bo Sample,\n3,Cy Specimen,0102\n"
            "1,Ana Example,0101\n"
        },
    ),
    Brought(
        kind="ballots: good, to be verified, undeliverable",
        beside=ROWS,
        voted={"0101": 1, "0102": 0},
        struck=1,
        files={
            "VBM Returns.csv": "VoterID,Precinct,VBM Status,Date Received\n1,0101,Good,10/20/2026\n"
            "2,0102,Signature Mismatch,10/20/2026\n3,0102,Undeliverable,10/21/2026\n"
        },
    ),
    Brought(
        kind="ballots: a way of voting and the day it came back",
        voted={"0101": 2, "0102": 1},
        files={
            "ballots.csv": "Voter ID,Name,Precinct,Ballot Method,Requested,Returned Date\n"
            "1,Ana Example,0101,Vote By Mail,09/20/2026,10/15/2026\n2,Bo Sample,0101,Early Voting,,"
            "10/20/2026\n"
            "3,Cy Specimen,0102,Vote By Mail,09/21/2026,\n4,Di Tester,0102,Grace Period,,10/21/2026\n"
        },
    ),
    Brought(
        kind="totals by county alone are no precinct's",
        voted={"0101": 0, "0102": 0},
        nothing=True,
        files={"statewide.csv": "County,Mail Ballots Returned,Early Voted\nAdams,110,90\nBerks,400,210\n"},
    ),
    Brought(
        kind="running totals of two days in two files",
        voted={"0101": 60, "0102": 45},
        files={
            "early through 2026-10-20.csv": "Precinct,Cumulative Ballots\n0101,40\n0102,30\n",
            "early through 2026-10-21.csv": "Precinct,Cumulative Ballots\n0101,60\n0102,45\n",
        },
    ),
    Brought(
        kind="British: postal packs sent out and come back",
        voted={"0101": 150, "0102": 80},
        files={
            "pv return.csv": "Polling District,Postal Votes Issued,Postal Votes Returned\n0101,210,"
            "150\n0102,120,80\n"
        },
    ),
    Brought(
        kind="places with both coordinates in one cell, bare",
        beside=BARE,
        places={"0101": ("Old School", "41.4", "-75.6")},
        files={
            "places.csv": 'Precinct,Polling Place,Lat/Long\n0101,Old School,"41.4, -75.6"\n0102,Annex,'
            '"41.5, -75.7"\n'
        },
    ),
    Brought(
        kind="watchers: a cross under each precinct",
        watchers={"Ana Example": "0101", "Bo Sample": "0102"},
        files={
            "grid.csv": "Poll Watcher,Cell Phone,0101,0102\nAna Example,717-555-0101,X,\nBo Sample,"
            "717-555-0102,,X\n"
        },
    ),
    Brought(
        kind="watchers without any phone are refused, not invented",
        watchers={},
        open=True,
        files={
            "captains.csv": "Precinct,Poll Watcher,Email\n0101,Ana Example,ana@example.org\n0102,"
            "Bo Sample,bo@example.org\n"
        },
    ),
    Brought(
        kind="callers in Spanish",
        callers=2,
        files={
            "llamadores.csv": "Nombre y apellido,Correo electrónico,Idiomas,Banco de llamadas\n"
            "Ana Example,ana@example.org,español,Centro\nBo Sample,bo@example.org,inglés,Centro\n"
        },
    ),
    Brought(
        kind="map: of another program's form, said in words",
        files={
            "precincts.kml": '<?xml version="1.0" encoding="UTF-8"?>\n'
            '<kml xmlns="http://www.opengis.net/kml/2.2">'
            "<Document><Placemark><name>0101</name></Placemark></Document></kml>\n"
        },
        nothing=True,
        says=("geojson",),
    ),
    Brought(
        kind="map: ids as numbers with a point",
        shapes=2,
        files={
            "g.geojson": collection(
                ({"PREC_NO": 101.0}, ring(-75.6, 41.4)), ({"PREC_NO": 102.0}, ring(-75.5, 41.4))
            )
        },
    ),
    Brought(
        kind="map: a town and a number apart",
        beside=TOWNS,
        shapes=3,
        files={
            "g.geojson": collection(
                ({"MUNI": "Easton", "PCT": "1"}, ring(-75.6, 41.4)),
                ({"MUNI": "Easton", "PCT": "2"}, ring(-75.5, 41.4)),
                ({"MUNI": "Weston", "PCT": "1"}, ring(-75.4, 41.4)),
            )
        },
    ),
    Brought(
        kind="map: metres of the web without a word of it",
        shapes=0,
        says=("projection",),
        files={
            "g.geojson": collection(
                ({"PCT": "0101"}, ring(-8415000.0, 5070000.0, 900.0)),
                ({"PCT": "0102"}, ring(-8414000.0, 5070000.0, 900.0)),
            )
        },
    ),
    Brought(
        kind="a zip of ours and another county's",
        past=PAST,
        registered=BOTH,
        files={
            "counties.zip": packed(
                adams__csv="County,Precinct,Registered Voters,Ballots Cast\nAdams,0101,1150,700\nAdams,"
                "0102,790,410\n",
                berks__csv="County,Precinct,Registered Voters,Ballots Cast\nBerks,0101,900,300\nBerks,"
                "0102,700,200\n",
            )
        },
        says=("berks",),
    ),
    Brought(
        kind="a county's folder: roll by name, results by number, places by both, ballots by Precinct n",
        beside="precinct_id,name,registered\n12-01,North School,1200\n12-02,South School,800\n",
        past={"12-01": 700, "12-02": 410},
        voters=2,
        voted={"12-01": 1, "12-02": 0},
        struck=1,
        roll_of={"1": "12-01", "2": "12-02"},
        files={
            "2022-11-08 sov.csv": "Precinct,Registered,Ballots Cast\n1201,1150,700\n1202,790,410\n",
            "voters.csv": "Voter ID,Last Name,First Name,Precinct\n1,Example,Ana,North School\n2,Sample,"
            "Bo,South School\n",
            "ballots.csv": "Voter ID,Precinct,Ballot Status,Return Date\n1,Precinct 12-01,Accepted,"
            "10/20/2026\n",
        },
    ),
    Brought(
        kind="donors by precinct and an agenda of a meeting",
        files={
            "donors.csv": "Name,Precinct,Amount,Date\nAna Example,0101,50,10/01/2026\nBo Sample,0102,25,"
            "10/02/2026\n",
            "agenda.csv": "Time,Item,Speaker\n18:00,Opening,Ana Example\n18:10,Precinct reports,Bo Sample\n",
        },
        voters=0,
        voted={"0101": 0, "0102": 0},
        nothing=True,
    ),
]
