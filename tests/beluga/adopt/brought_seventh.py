"""A seventh lot, written blind after the sixth was read right: a bit of everything,"
" as a county's folder has it."""

from tests.beluga.adopt.brought import Brought
from tests.beluga.adopt.brought_people import collection, ring
from tests.beluga.adopt.brought_third import packed

BOTH = {"0101": 1200, "0102": 800}
PAST = {"0101": 700, "0102": 410}
ROWS = (
    "voter_id,last name,first name,birth year,precinct\n1,Example,Ana,1980,0101\n2,Sample,Bo,1975,0102\n"
    "3,Specimen,Cy,1991,0102\n"
)

SEVENTH = [
    Brought(
        kind="results: ES&S, a block a precinct in columns of ways",  # with those who left it blank
        past={"0101": 700, "0102": 400},
        in_person={"0101": 510, "0102": 300},
        files={
            "2022-11-08 precinct summary.csv": "Precinct,Contest,Vote For,Candidate,Party,Total Votes,Vote %,"
            "Election Day,Mail Votes,Provisional Votes\n"
            + "".join(
                f"{p},GOVERNOR,1,{c},{q},{t},{s},{d},{m},{x}\n"
                for p, c, q, t, s, d, m, x in (
                    ("0101", "JANE DOE", "DEM", 400, "57.97%", 300, 100, 0),
                    ("0101", "JOHN ROE", "REP", 290, "42.03%", 200, 90, 0),
                    ("0101", "Total Votes Cast", "", 690, "100.00%", 500, 190, 0),
                    ("0101", "Overvotes", "", 1, "", 1, 0, 0),
                    ("0101", "Undervotes", "", 9, "", 9, 0, 0),
                    ("0101", "Contest Totals", "", 700, "", 510, 190, 0),
                    ("0102", "JANE DOE", "DEM", 200, "50.00%", 150, 50, 0),
                    ("0102", "JOHN ROE", "REP", 200, "50.00%", 150, 50, 0),
                    ("0102", "Total Votes Cast", "", 400, "100.00%", 300, 100, 0),
                    ("0102", "Contest Totals", "", 400, "", 300, 100, 0),
                )
            )
        },
    ),
    Brought(
        kind="turnout: blanks for none, dashes for none, words in the foot",
        past={"0101": 700, "0102": 410},
        mail={"0101": 100},
        files={
            "2022-11-08 turnout.csv": "Precinct,Registered,Ballots Cast,Mail Ballots\n0101,1150,700,100\n"
            "0102,790,410,-\n\n* Unofficial results\nPrinted 11/09/2022 08:14:00 AM\n"
        },
    ),
    Brought(
        kind="registration: precincts of letters and numbers with splits, added up by their split",
        beside=None,
        registered={"E-1": 1200, "E-2": 800},
        files={"splits.csv": "Precinct,Split,Registered Voters\nE-1,A,700\nE-1,B,500\nE-2,A,800\n"},
    ),
    Brought(
        kind="registration: by age, with a total row a precinct",
        beside=None,
        registered=BOTH,
        files={
            "ages.csv": "Precinct,Age Group,Voters\n0101,18-29,300\n0101,30+,900\n0101,Total,1200\n"
            "0102,18-29,200\n0102,30+,600\n0102,Total,800\n"
        },
    ),
    Brought(
        kind="registration: UTF-16 without a mark, semicolons, a title",
        beside=None,
        registered=BOTH,
        files={
            "reg.csv": "Registered voters by precinct;\n;\nPrecinct;Registered\n0101;1200\n0102;800\n".encode(
                "utf-16-le"
            )
        },
    ),
    Brought(
        kind="registration: text twice encoded is said or read, the ids are right",
        beside=None,
        registered=BOTH,
        files={
            "reg.csv": "Precinct,Name,Registered\n0101,Peñasco,1200\n0102,Café,800\n".encode()
            .decode("cp1252")
            .encode()
        },
    ),
    Brought(
        kind="registration: merged county cells in a workbook, subtotals",
        beside=None,
        registered={"Adams-001": 50, "Adams-002": 51, "Berks-001": 60},
        files={
            "state.xlsx": {
                "All": [
                    ["County", "Precinct", "Registered"],
                    ["Adams", "001", 50],
                    [None, "002", 51],
                    ["Adams Total", None, 101],
                    ["Berks", "001", 60],
                    ["Berks Total", None, 60],
                    ["Grand Total", None, 161],
                ]
            }
        },
    ),
    Brought(
        kind="registration: prior and current columns and a change",
        beside=None,
        registered=BOTH,
        files={
            "reg.csv": "Precinct,Previous Month Total,Current Total,Change\n0101,1190,1200,10\n0102,"
            "805,800,-5\n"
        },
    ),
    Brought(
        kind="voters: Wisconsin, a ward's name for a precinct",
        beside="precinct_id,name,registered\nTOWN OF EASTON - 3,,600\nCITY OF WESTON - 1,,500\n",
        voters=2,
        roll_of={"0700000001": "TOWN OF EASTON - 3", "0700000002": "CITY OF WESTON - 1"},
        files={
            "badger.csv": "Voter Reg Number,LastName,FirstName,Jurisdiction,DistrictCombo,Ward,"
            "Voter Status,Phone\n"
            "0700000001,EXAMPLE,ANA,TOWN OF EASTON,1,TOWN OF EASTON Ward 3,Active,6085550101\n"
            "0700000002,SAMPLE,BO,CITY OF WESTON,2,CITY OF WESTON Ward 1,Active,\n"
        },
    ),
    Brought(
        kind="voters: Massachusetts, town, ward and precinct apart",
        beside="precinct_id,name,registered\nEaston-1-2,,600\nEaston-2-2,,500\n",
        voters=2,
        roll_of={"01EXA0180001": "Easton-1-2", "01SAM0375002": "Easton-2-2"},
        files={
            "residents.txt": "Record Sequence Number|Voter ID Number|Last Name|First Name|City/ Town Name|"
            "Ward Number|"
            "Precinct Number|Voter Status|Date of Birth\n1|01EXA0180001|EXAMPLE|ANA|Easton|1|2|A|01/01/1980\n"
            "2|01SAM0375002|SAMPLE|BO|Easton|2|2|A|03/03/1975\n"
        },
    ),
    Brought(
        kind="voters: two phone columns with one of them a fax, names in one with a comma and middle",
        voters=2,
        phones=2,
        files={
            "list.csv": 'Voter ID,Voter Name,Pct,Fax,Telephone\n1,"EXAMPLE, ANA MARIA",0101,7175550199,'
            "7175550101\n"
            '2,"SAMPLE, BO",0102,,7175550102\n'
        },
    ),
    Brought(
        kind="voters: an id column of the household comes first",
        voters=3,
        roll_of={"11": "0101", "12": "0101", "13": "0102"},
        files={
            "walk.csv": "Household ID,Voter ID,Name,Precinct\nH1,11,Ana Example,0101\nH1,12,Bo Example,0101\n"
            "H2,13,Cy Specimen,0102\n"
        },
    ),
    Brought(
        kind="ballots: mail and in person in two files at once, one voter in both",
        beside=ROWS,
        voted={"0101": 1, "0102": 1},
        struck=2,
        files={
            "vbm.csv": "Voter ID,Precinct,Ballot Status,Return Date\n1,0101,Accepted,10/19/2026\n2,0102,"
            "Void - voted in person,\n",
            "ev.csv": "Voter ID,Precinct,EV Location,Check-In Date\n2,0102,Library,10/21/2026\n",
        },
    ),
    Brought(
        kind="ballots: yes and no in a column of each",
        voted={"0101": 1, "0102": 1},
        files={
            "absentee.csv": "Voter ID,Precinct,Requested,Returned,Rejected\n1,0101,Y,Y,N\n2,0102,Y,Y,Y\n"
            "3,0102,Y,N,N\n4,0102,Y,Y,N\n"
        },
    ),
    Brought(
        kind="ballots: a code that needs its key is asked about or left",
        voted={"0101": 0, "0102": 0},
        open=True,
        files={"codes.csv": "Voter ID,Precinct,Ballot Status\n1,0101,07\n2,0102,12\n"},
    ),
    Brought(
        kind="early: a daily table with a column a site is a precinct's sum",
        voted={"0101": 50, "0102": 35},
        files={
            "early votes by precinct and site.csv": "Precinct,Library,Annex,Total Early Votes\n0101,"
            "30,20,50\n0102,20,15,35\n"
        },
    ),
    Brought(
        kind="watchers: phones of other lands and without an area are refused",
        watchers={"Ana Example": "0101"},
        open=True,
        files={"w.csv": "Watcher,Phone,Precinct\nAna Example,717-555-0101,0101\nBo Sample,555-0102,0102\n"},
    ),
    Brought(
        kind="watchers: one person two shifts at two places",
        watchers={"Ana Example": "0101;0102"},
        files={
            "w.csv": "Name,Cell,Polling place,Shift\nAna Example,717-555-0101,Fire House,7am-1pm\n"
            "Ana Example,717-555-0101,Grange Hall,1pm-8pm\n"
        },
    ),
    Brought(
        kind="watchers: a roster of a tool, event and role",
        watchers={"Ana Example": "0101", "Bo Sample": "0102"},
        files={
            "roster.csv": "VANID,First Name,Last Name,Cell Phone,Event Name,Role,Location Name,Status\n"
            "1,Ana,Example,7175550101,Election Day Poll Watching,Poll Watcher,Fire House,Confirmed\n"
            "2,Bo,Sample,7175550102,Election Day Poll Watching,Poll Watcher,Grange Hall,Confirmed\n"
        },
    ),
    Brought(
        kind="places: hours as words and a place of two precincts",
        beside="precinct_id,registered\n0101,1200\n0102,800\n",
        places={"0101": ("Old School", "07:00", "20:00"), "0102": ("Old School",)},
        files={
            "places.csv": 'Polling Location,Address,Precincts,Hours\nOld School,1 Main St,"0101, 0102",'
            "7:00 AM to 8:00 PM\n"
        },
    ),
    Brought(
        kind="map: a collection in a zip beside its licence",
        shapes=2,
        files={
            "map.zip": packed(
                precincts__geojson=collection(
                    ({"Precinct": "0101"}, ring(-75.6, 41.4)), ({"Precinct": "0102"}, ring(-75.5, 41.4))
                ),
                license__txt="Open data licence of the county. Use as you like.\n",
            )
        },
    ),
    Brought(
        kind="map: of parcels, far more than precincts",
        files={
            "parcels.geojson": collection(
                *(({"PARCEL": f"P-{n:04d}", "ACRES": n}, ring(-75.6 + n / 100, 41.4)) for n in range(12))
            )
        },
        shapes=0,
        open=True,
    ),
    Brought(
        kind="none: a schedule of trainings, with dates and places",
        files={
            "trainings.csv": "Date,Location,Trainer,Seats\n10/01/2026,Fire House,Ana,30\n10/08/2026,"
            "Grange Hall,Bo,25\n"
        },
        nothing=True,
    ),
    Brought(
        kind="none: prices of leaflets by precinct",
        files={"print.csv": "Precinct,Leaflets,Cost\n0101,500,120\n0102,300,80\n"},
        nothing=True,
    ),
    Brought(
        kind="none: targets of a campaign by precinct",
        files={
            "targets.csv": "Precinct,Win Number,Vote Deficit,Persuasion Universe\n0101,310,42,250\n"
            "0102,190,20,140\n"
        },
        nothing=True,
    ),
]
