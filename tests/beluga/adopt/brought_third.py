"""A third lot of files, written blind after two had been read right."""

import io
import zipfile

from tests.beluga.adopt.brought import Brought
from tests.beluga.adopt.brought_people import collection, ring

BOTH = {"0101": 1200, "0102": 800}
PAST = {"0101": 700, "0102": 410}
LETTERED = "precinct_id,name,registered\nW1P1,Ward 1 Precinct 1,500\nW1P2,Ward 1 Precinct 2,400\n"


def packed(**files: str) -> bytes:
    into = io.BytesIO()
    with zipfile.ZipFile(into, "w") as archive:
        for name, text in files.items():
            archive.writestr(name.replace("_DOT_", "."), text)
    return into.getvalue()


THIRD = [
    Brought(
        kind="registration: tabs under the name of a CSV, unequal rows",
        beside=None,
        registered=BOTH,
        files={
            "reg.csv": "Precinct\tName\tRegistered\t\n0101\tFire House\t1200\n0102\tGrange Hall\t800\t\t\n"
        },
    ),
    Brought(
        kind="registration: a workbook under the name of a CSV... in a zip with a PDF",
        beside=None,
        registered=BOTH,
        files={
            "download.zip": packed(
                read_DOT_pdf="%PDF-1.4", counts_DOT_csv="Precinct,Total Voters\n0101,1200\n0102,800\n"
            )
        },
    ),
    Brought(
        kind="registration: codes and names in one cell",
        beside=None,
        registered={"101": 1200, "102": 800},
        names={"101": "Fire House"},
        files={
            "Registrant_Count_By_Locality.csv": "Locality,Precinct,Active,Inactive,Total\n"
            "ADAMS COUNTY,101 - Fire House,1100,100,1200\nADAMS COUNTY,102 - Grange Hall,700,100,800\n"
            "ADAMS COUNTY,Locality Totals:,1800,200,2000\n"
        },
    ),
    Brought(
        kind="registration: a line of units below the headings",
        beside=None,
        registered=BOTH,
        files={
            "r.csv": "Precinct,Name,Registered\n(code),(text),(count)\n0101,Fire House,1200\n0102,"
            "Grange Hall,800\n"
        },
    ),
    Brought(
        kind="registration: identical rows and a blank one",
        beside=None,
        registered=BOTH,
        files={"r.csv": "PRECINCT ,REGISTERED VOTERS\n0101 ,1200\n0101 ,1200\n,\n\u00a00102,800\n"},
    ),
    Brought(
        kind="registration: byte order mark and headings over lines",
        beside=None,
        registered=BOTH,
        files={
            "r.csv": '\ufeff"Precinct\r\n#","Total\r\nRegistered\r\nVoters"\r\n0101,"1,200"\r\n0102,800\r\n'
        },
    ),
    Brought(
        kind="registration: the same number thrice in three counties of a workbook",
        beside=None,
        says=("county",),
        registered={"Adams-1": 10, "Berks-1": 20, "York-1": 30},
        files={
            "state.xlsx": {
                "Reg": [
                    ["County", "Precinct", "Registered"],
                    ["Adams", 1, 10],
                    ["Berks", 1, 20],
                    ["York", 1, 30],
                ]
            }
        },
    ),
    Brought(
        kind="registration: damaged in a workbook's text",
        beside=None,
        registered={"0103": 11},
        says=("spreadsheet",),
        refuses=("3-Apr", "1.20E+04"),
        files={"d.xlsx": {"S": [["Precinct", "Registered"], ["3-Apr", 5], ["1.20E+04", 6], ["0103", 11]]}},
    ),
    Brought(
        kind="turnout: Florida's recapitulation",
        past=PAST,
        in_person={"0101": 300, "0102": 200},
        early={"0101": 250, "0102": 150},
        mail={"0101": 148, "0102": 60},
        files={
            "2022-11-08 recap.csv": "Precinct,Eligible Voters,Election Day,Vote-By-Mail,Early Voting,"
            "Provisional,"
            "Total Voted,% Turnout\n0101,1150,300,148,250,2,700,60.9%\n0102,790,200,60,150,0,410,51.9%\n"
            "Grand Total,1940,500,208,400,2,1110,57.2%\n"
        },
        drops=("Grand Total",),
    ),
    Brought(
        kind="turnout: headings that are dates of elections",
        years=("2020-11-03", "2022-11-08"),
        files={"turnout.csv": "Precinct,11/03/2020,11/08/2022\n0101,900,700\n0102,500,410\n"},
    ),
    Brought(
        kind="turnout: registered and voted by party",
        past=PAST,
        files={
            "20221108 party turnout.csv": "Precinct,Party,Registered,Voted\n0101,DEM,600,400\n0101,REP,"
            "550,300\n"
            "0102,DEM,400,200\n0102,REP,390,210\n"
        },
    ),
    Brought(
        kind="turnout: precincts under words of their own",
        beside=LETTERED,
        past={"W1P1": 300, "W1P2": 200},
        files={
            "2022-11-08.csv": "Precinct,Ballots Cast\nWard 1 Precinct 1,300\nWard 1 Precinct 2,200\n"
            "Total,500\n"
        },
    ),
    Brought(
        kind="results: one row a candidate, precinct numbers bare",
        past=PAST,
        files={
            "2022 General.csv": "ELECTION_DATE,COUNTY,PCT_NBR,OFFICE_NAME,CANDIDATE_NAME,PARTY,VOTE_COUNT\n"
            + "".join(
                f"08-NOV-2022,ADAMS,{p},GOVERNOR,{c},{q},{v}\n"
                for p, c, q, v in (
                    (101, "Jane Doe", "D", 400),
                    (101, "John Roe", "R", 300),
                    (102, "Jane Doe", "D", 210),
                    (102, "John Roe", "R", 200),
                )
            )
        },
        years=("2022-11-08",),
    ),
    Brought(
        kind="results: long with a row of registered and cast as candidates",
        past=PAST,
        files={
            "20221108.csv": "Precinct,Contest,Choice,Votes\n0101,Statistics,Registered Voters,1150\n"
            "0101,Statistics,Ballots Cast,700\n0101,Governor,Jane Doe,690\n0102,Statistics,Registered "
            "Voters,790\n"
            "0102,Statistics,Ballots Cast,410\n0102,Governor,Jane Doe,400\n"
        },
    ),
    Brought(
        kind="results: a contest's page with its name above and percentages between",
        past={"0101": 690, "0102": 400},
        files={
            "Sheriff 2022-11-08.xlsx": {
                "Page1": [
                    ["SHERIFF"],
                    ["(Vote for One)"],
                    [None],
                    ["Precinct", "Jane Doe", "%", "John Roe", "%", "Total Votes"],
                    ["0101", 350, "50.7%", 340, "49.3%", 690],
                    ["0102", 200, "50.0%", 200, "50.0%", 400],
                    ["TOTAL", 550, "50.5%", 540, "49.5%", 1090],
                ]
            }
        },
    ),
    Brought(
        kind="voters: Colorado",
        voters=2,
        phones=1,
        roll_of={"600001": "0101", "600002": "0102"},
        files={
            "Registered_Voters_List.txt": '"VOTER_ID","COUNTY_CODE","COUNTY","LAST_NAME","FIRST_NAME",'
            '"MIDDLE_NAME",'
            '"NAME_SUFFIX","VOTER_NAME","STATUS_CODE","PRECINCT_NAME","ADDRESS_LIBRARY_ID","HOUSE_NUM","STREET_NAME",'
            '"STREET_TYPE","RESIDENTIAL_CITY","RESIDENTIAL_ZIP_CODE","EFFECTIVE_DATE","REGISTRATION_DATE","STATUS","BIRTH_YEAR",'
            '"GENDER","PRECINCT","SPLIT","VOTER_STATUS_ID","PARTY","PHONE_NUM"\n'
            '"600001","01","Adams","EXAMPLE","ANA","","","EXAMPLE, ANA","A","0101","9","1","MAIN","ST",'
            '"TOWN","80601",'
            '"01/01/2020","01/01/2010","Active","1980","Female","0101","0101.1","1","DEM","7205550101"\n'
            '"600002","01","Adams","SAMPLE","BO","","","SAMPLE, BO","A","0102","9","2","MAIN","ST",'
            '"TOWN","80601",'
            '"01/01/2020","01/01/2010","Active","1975","Male","0102","0102.1","1","REP",""\n'
        },
    ),
    Brought(
        kind="voters: California",
        voters=2,
        phones=1,
        roll_of={"10": "0101", "11": "0102"},
        files={
            "vrd.txt": "CountyCode\tRegistrantID\tLastName\tFirstName\tMiddleName\tNameSuffix\t"
            "AddressNumber\tStreetName\t"
            "City\tState\tZip\tPhone1Area\tPhone1Exchange\tPhone1NumberPart\tEmail\tPlaceOfBirth\tDOB\tGender\tPrecinct\t"
            "PrecinctPart\tRegistrationDate\tVoterStatusReasonCodeDesc\tStatus\n"
            "01\t10\tExample\tAna\t\t\t1\tMain St\tTown\tCA\t94501\t510\t555\t0101\t\tCA\t02/03/1980\t"
            "F\t0101\t1\t01/01/2010\t\tA\n"
            "01\t11\tSample\tBo\t\t\t2\tMain St\tTown\tCA\t94501\t\t\t\t\tCA\t02/03/1975\tM\t0102\t1\t"
            "01/01/2010\t\tA\n"
        },
    ),
    Brought(
        kind="voters: names in one column and precinct names with codes",
        voters=2,
        roll_of={"77": "0101"},
        files={
            "list.csv": "Voter Reg #;Voter;Precinct Name;Best Phone\n77;Example, Ana;0101 - Fire House;"
            "717-555-0101\n"
            "78;Sample, Bo;0102 - Grange Hall;\n"
        },
        phones=1,
    ),
    Brought(
        kind="voters: nothing but numbers for phones",
        voters=3,
        phones=2,
        files={
            "p.xlsx": {
                "Voters": [
                    ["ID", "First Name", "Last Name", "Pct", "Phone"],
                    [1, "Ana", "Example", 101, 7175550101],
                    [2, "Bo", "Sample", 102, 17175550102],
                    [3, "Cy", "Specimen", 102, 0],
                ]
            }
        },
    ),
    Brought(
        kind="register: numbers with their district, one cell a name",
        beside=None,
        registered={"CA": 2, "CB": 1},
        voters=3,
        rolls=("12", "12/1", "3"),
        files={
            "electors.csv": "Elector Number,Name,Address\nCA-12,Ana Example,1 High St\nCA-12/1,Bo "
            "Sample,1 High St\n"
            "CB-3,Cy Specimen,2 High St\n"
        },
    ),
    Brought(
        kind="early: Nevada's by activity",
        voted={"0101": 2, "0102": 1},
        files={
            "mail and ev.csv": 'VOTERID,NAME,PRECINCT,PARTY,ACTIVITY,ACTIVITY DATE\n1,"EXAMPLE, ANA",'
            "0101,DEM,EV,10/20/2026\n"
            '2,"SAMPLE, BO",0101,REP,MB,10/21/2026\n3,"SPECIMEN, CY",0102,NP,EV,10/22/2026\n'
        },
    ),
    Brought(
        kind="early: requested, sent, received by precinct",
        voted={"0101": 80, "0102": 30},
        files={
            "absentee stats.csv": "Precinct,Requested,Sent,Received\n0101,120,118,80\n0102,60,60,30\n"
            "Totals,180,178,110\n"
        },
    ),
    Brought(
        kind="early: returned yes or no",
        voted={"0101": 1, "0102": 1},
        files={
            "abs.csv": "Voter ID,Precinct,Ballot Sent,Ballot Returned\n1,0101,Y,Y\n2,0101,Y,N\n3,0102,Y,Y\n"
        },
    ),
    Brought(
        kind="early: dates of many forms",
        voted={"0101": 2, "0102": 1},
        files={
            "roster.csv": "Voter ID,Pct,Date Voted\n1,0101,2026-10-20 09:15:00\n2,0101,10/21/26\n3,"
            "0102,Oct 22 2026\n"
        },
    ),
    Brought(
        kind="early: more than there are voters",
        voted={"0101": 50, "0102": 0},
        says=("registered",),
        files={"early.csv": "Precinct,Early Votes\n0101,50\n0102,8000\n"},
    ),
    Brought(
        kind="watchers: a phone tree with junk",
        watchers={"Ana Example": "0101"},
        files={
            "tree.csv": "Watcher Name,Phone,Precinct\nAna Example,(717) 555-0101,0101\nBo Sample,n/a,0102\n"
        },
    ),
    Brought(
        kind="watchers: precincts named with a word",
        watchers={"Ana Example": "0101", "Bo Sample": "0102"},
        files={
            "pw.csv": "Volunteer;Mobile;Assigned To\nAna Example;7175550101;Precinct 0101\nBo Sample;"
            "7175550102;Pct. 102\n"
        },
    ),
    Brought(
        kind="places: addresses over columns and a note",
        places={"0101": ("Old School",)},
        beside="precinct_id,registered\n0101,1200\n0102,800\n",
        files={
            "pp.csv": "Polling places subject to change,,,,\nPCT,POLL NAME,POLL ADDRESS,POLL CITY,ZIP\n"
            "0101,Old School,1 Main St,Town,17325\n0102,Annex,2 Main St,Town,17325\n"
        },
    ),
    Brought(
        kind="map: ids with a state's and a county's number before them",
        shapes=2,
        files={
            "g.geojson": collection(
                ({"GEOID20": "420010101", "NAME20": "x"}, ring(-75.6, 41.4)),
                ({"GEOID20": "420010102", "NAME20": "y"}, ring(-75.5, 41.4)),
            )
        },
    ),
    Brought(
        kind="map: points in the sea",
        shapes=1,
        says=("latitude",),
        files={
            "g.geojson": collection(
                ({"PCT": "0101"}, ring(-75.6, 41.4)), ({"PCT": "0102"}, [[0, 0], [0, 0], [0, 0], [0, 0]])
            )
        },
    ),
    Brought(kind="none: a list in JSON", files={"x.json": '[{"a": 1}, {"a": 2}]'}, nothing=True),
    Brought(
        kind="none: a timetable of buses",
        files={"bus.csv": "Stop,Line,Departure\nMain St,7,07:15\nHigh St,7,07:25\n"},
        nothing=True,
    ),
]
