"""A second lot of files, written blind after the first had been read right: of all kinds, by kind."""

from tests.beluga.adopt.brought import Brought
from tests.beluga.adopt.brought_people import collection, ring

BOTH = {"0101": 1200, "0102": 800}
PAST = {"0101": 700, "0102": 410}
TWO_COUNTIES = (
    "county,precinct_id,name,registered\nAdams,Adams-001,North,500\nBerks,Berks-001,South,400\n"
    "Berks,Berks-002,East,300\n"
)

AGAIN = [
    Brought(
        kind="registration: totals with dashes in headings",
        beside=None,
        registered=BOTH,
        past=PAST,
        files={
            "StatementOfVotesCast 2022-11-08.csv": "Precinct,Registered Voters - Total,Ballots Cast - Total,"
            'Ballots Cast - Blank,Voter Turnout - Total\n0101,"1,200",700,3,58.33%\n0102,800,410,0,51.25%\n'
            'Totals,"2,000","1,110",3,55.50%\n'
        },
    ),
    Brought(
        kind="registration: party sheets and a summary in a workbook",
        beside=None,
        registered=BOTH,
        files={
            "Voter Counts.xlsx": {
                "Precinct Totals": [
                    ["Voter Counts by Precinct"],
                    ["Printed 10/05/2026"],
                    [None],
                    ["Precinct", "DEM", "REP", "NPA", "Other", "Total"],
                    ["0101", 500, 400, 250, 50, 1200],
                    ["0102", 300, 300, 150, 50, 800],
                    ["Grand Total", 800, 700, 400, 100, 2000],
                ]
            }
        },
    ),
    Brought(
        kind="registration: town and ward make the precinct",
        beside=None,
        registered={"Easton-1": 600, "Weston-1": 500},
        files={"wards.csv": "Municipality,Ward,Registered Voters\nEaston,1,600\nWeston,1,500\n"},
    ),
    Brought(
        kind="registration: an OpenDocument sheet with empty columns",
        beside=None,
        registered=BOTH,
        files={
            "reg.ods": {
                "Data": [["", "Precinct #", "", "Total Reg."], ["", "0101", "", 1200], ["", "0102", "", 800]]
            }
        },
    ),
    Brought(
        kind="registration: counts as text with spaces and a unit",
        beside=None,
        registered=BOTH,
        files={"reg.csv": "Voting District;Registered Voters\n0101; 1,200 \n0102;800 \n"},
    ),
    Brought(
        kind="registration: active and inactive that add up",
        beside=None,
        registered={"0101": 1100, "0102": 700},
        files={"reg.csv": "PRECINCT,ACTIVE VOTERS,INACTIVE VOTERS\n0101,1100,100\n0102,700,100\n"},
    ),
    Brought(
        kind="registration: damaged and whole ids side by side",
        beside=None,
        registered={"0101": 12, "12-1": 7},
        refuses=("1-Dec", "4.40E+09", "#VALUE!"),
        says=("spreadsheet",),
        files={
            "x.tsv": 'PrecinctID\tRegistered\n"=""0101"""\t12\n1-Dec\t3\n12-1\t7\n4.40E+09\t5\n#VALUE!\t6\n'
        },
    ),
    Brought(
        kind="registration: Latin-1 with semicolons",
        beside=None,
        names={"0101": "Café Señor", "0102": "Straße 4"},
        files={
            "r.csv": "Precinct;Location;Registered\n0101;Café Señor;1200\n0102;Straße 4;800\n".encode(
                "latin-1"
            )
        },
        registered=BOTH,
    ),
    Brought(
        kind="registration: numbers repeat in two counties, with names",
        beside=None,
        says=("county",),
        names={"Adams-001": "North", "Berks-001": "South"},
        files={
            "r.csv": "Precinct Code,Precinct Name,County Name,Registered Voters\n001,North,Adams,500\n"
            "001,South,Berks,400\n"
        },
    ),
    Brought(
        kind="history of two counties by number",
        beside=TWO_COUNTIES,
        past={"Adams-001": 300, "Berks-001": 200, "Berks-002": 100},
        files={
            "20221108.csv": "County,Precinct,Ballots Cast\nAdams,001,300\nBerks,001,200\nBerks,002,"
            "100\nTotal,,600\n"
        },
    ),
    Brought(
        kind="voters of two counties by number",
        beside=TWO_COUNTIES,
        voters=2,
        roll_of={"1": "Adams-001", "2": "Berks-001"},
        files={"v.csv": "Voter ID,Name,County,Precinct\n1,Ana Example,Adams,001\n2,Bo Sample,Berks,001\n"},
    ),
    Brought(
        kind="results: long without registration, write-ins and undervotes",
        past={"0101": 695, "0102": 400},
        files={
            "20201103__va__general__adams__precinct.csv": "county,precinct,office,district,party,"
            "candidate,votes\n"
            + "".join(
                f"Adams,{p},{o},,{q},{c},{v}\n"
                for p, o, q, c, v in (
                    ("0101", "President", "DEM", "Jane Doe", 350),
                    ("0101", "President", "REP", "John Roe", 340),
                    ("0101", "President", "", "Write-ins", 5),
                    ("0101", "U.S. Senate", "DEM", "Al Poe", 330),
                    ("0102", "President", "DEM", "Jane Doe", 200),
                    ("0102", "President", "REP", "John Roe", 200),
                    ("0102", "U.S. Senate", "DEM", "Al Poe", 190),
                )
            )
        },
        says=("2020",),
    ),
    Brought(
        kind="results: long, a row a way of voting",
        past=PAST,
        in_person={"0101": 500, "0102": 300},
        mail={"0101": 200, "0102": 110},
        files={
            "2020-precinct-general.csv": "precinct,office,party_detailed,mode,votes,county_name,"
            "candidate,date\n"
            + "".join(
                f"{p},US PRESIDENT,{q},{m},{v},ADAMS,{c},2020-11-03\n"
                for p, q, m, v, c in (
                    ("0101", "DEMOCRAT", "ELECTION DAY", 250, "JANE DOE"),
                    ("0101", "REPUBLICAN", "ELECTION DAY", 250, "JOHN ROE"),
                    ("0101", "DEMOCRAT", "ABSENTEE", 150, "JANE DOE"),
                    ("0101", "REPUBLICAN", "ABSENTEE", 50, "JOHN ROE"),
                    ("0102", "DEMOCRAT", "ELECTION DAY", 150, "JANE DOE"),
                    ("0102", "REPUBLICAN", "ELECTION DAY", 150, "JOHN ROE"),
                    ("0102", "DEMOCRAT", "ABSENTEE", 60, "JANE DOE"),
                    ("0102", "REPUBLICAN", "ABSENTEE", 50, "JOHN ROE"),
                )
            )
        },
        years=("2020-11-03",),
    ),
    Brought(
        kind="results: a sheet a precinct code and name, candidates across",
        past={"0101": 690, "0102": 400},
        files={
            "2022 general governor.csv": "Code,Precinct,Doe (DEM),Roe (REP),Write-In\n0101,Fire House,"
            "350,335,5\n"
            "0102,Grange Hall,200,200,0\nTOTALS,,550,535,5\n"
        },
    ),
    Brought(
        kind="results: a British ward count by polling district",
        past=PAST,
        files={
            "May 2023 verification.csv": "Polling District,Electorate,Ballot Papers Issued,Postal "
            "Votes Returned,"
            "Total Ballot Papers Verified,Turnout %\n0101,1150,500,200,700,60.9\n0102,790,300,110,410,51.9\n"
        },
    ),
    Brought(
        kind="results: voters and percentages in one column each, with a footnote",
        past=PAST,
        files={
            "Turnout by Precinct 2022-11-08.csv": "Precinct,Name,Reg,Voted,Pct\n0101,Fire House,1150,"
            "700,60.9\n"
            "0102,Grange Hall,790,410,51.9\n* unofficial,,,,\n"
        },
    ),
    Brought(
        kind="results: several years below each other",
        past=None,
        years=("2018-11-06", "2022-11-08"),
        files={
            "history by precinct.csv": "Election,Precinct,Registered,Ballots Cast\n11/06/2018 General,"
            "0101,1100,600\n"
            "11/06/2018 General,0102,750,350\n11/08/2022 General,0101,1150,700\n11/08/2022 General,"
            "0102,790,410\n"
        },
    ),
    Brought(
        kind="results: history that has more than the roll in all",
        past={},
        says=("registered",),
        files={"2018-11-06.csv": "Precinct,Votes\n0101,12000\n0102,9000\n"},
    ),
    Brought(
        kind="voters: North Carolina",
        voters=2,
        phones=1,
        roll_of={"000000000001": "0101"},
        files={
            "ncvoter1.txt": "county_id\tcounty_desc\tvoter_reg_num\tncid\tlast_name\tfirst_name\t"
            "middle_name\t"
            "name_suffix_lbl\tstatus_cd\tvoter_status_desc\treason_cd\tres_street_address\tres_city_desc\tstate_cd\tzip_code\t"
            "full_phone_number\tbirth_year\tprecinct_abbrv\tprecinct_desc\n"
            "1\tADAMS\t000000000001\tAA1\tEXAMPLE\tANA\t\t\tA\tACTIVE\tAV\t1 MAIN ST   \tTOWN\tNC\t"
            "27000\t3365550101\t1980\t0101\tFIRE HOUSE\n"
            "1\tADAMS\t000000000002\tAA2\tSAMPLE\tBO\t\t\tI\tINACTIVE\tIN\t2 MAIN ST\tTOWN\tNC\t27000\t"
            "\t1975\t0102\tGRANGE HALL\n"
            "1\tADAMS\t000000000003\tAA3\tSPECIMEN\tCY\t\t\tR\tREMOVED\tRD\tREMOVED\tTOWN\tNC\t27000\t"
            "\t1931\t0102\tGRANGE HALL\n".encode("latin-1")
        },
    ),
    Brought(
        kind="voters: New York with districts in a town",
        beside="precinct_id,registered\n1-001,500\n1-002,400\n",
        voters=2,
        roll_of={"NY01": "1-001", "NY02": "1-002"},
        files={
            "adams.txt": "SBOEID,LASTNAME,FIRSTNAME,RSTREETNAME,RCITY,RZIP5,DOB,ED,WARD,STATUS\n"
            "NY01,EXAMPLE,ANA,MAIN ST,TOWN,12345,19800203,001,1,A\nNY02,SAMPLE,BO,MAIN ST,TOWN,12345,"
            "19750203,002,1,A\n"
        },
    ),
    Brought(
        kind="voters: phones of many forms",
        voters=6,
        phones=4,
        files={
            "v.csv": "voter_id,name,precinct_id,home phone,mobile\n1,Ana Example,0101,+1 (215) 555-0101,\n"
            "2,Bo Sample,0101,,215.555.0102\n3,Cy Specimen,0101,215-555-0103; 215-555-0104,\n"
            "4,Di Example,0102,(215)5550105,\n5,Ed Example,0102,000-0000,111-111-1111\n6,Fay Sample,"
            "0102,DISCONNECTED,tbd\n"
        },
    ),
    Brought(
        kind="voters: damaged precinct ids among whole ones",
        voters=1,
        files={
            "v.csv": "voter_id,name,precinct\n1,Ana Example,0101\n2,Bo Sample,1-May\n3,Cy Specimen,#REF!\n"
        },
        refuses=("1-May", "#REF!"),
        says=("spreadsheet",),
    ),
    Brought(
        kind="voters: a marked register with ward and full name",
        beside=None,
        registered={"AB": 2, "AC": 1},
        voters=3,
        rolls=("1", "2", "2/1"),
        files={
            "Register.txt": "Ward\tPD Code\tElector No\tElector No Suffix\tTitle\tFirst name\tSurname\t"
            "Address 1\tPost code\n"
            "Abbey\tAB\t1\t\tMs\tAna\tExample\t1 High St\tAB1 2CD\nAbbey\tAB\t2\t\tMr\tBo\tSample\t2 "
            "High St\tAB1 2CD\n"
            "Abbey\tAC\t2\t1\tMx\tCy\tSpecimen\t3 High St\tAB1 2CE\n".encode("utf-16")
        },
    ),
    Brought(
        kind="voters: a canvasser's list with scores and opt-outs",
        voters=2,
        phones=2,
        files={
            "universe.csv": "Voter File VANID,Name,PrecinctName,Cell Phone,Support Score,Turnout Score,"
            "Do Not Call\n"
            "1,Ana Example,Fire House,2155550101,88,75.5,\n2,Bo Sample,Grange Hall,2155550102,12,30,Y\n"
        },
    ),
    Brought(
        kind="early: running file of a day after",
        voted={"0101": 2, "0102": 1},
        files={
            "absentee_20261021.csv": "county,voter_reg_num,ballot_req_type,ballot_rtn_dt,"
            "ballot_rtn_status,precinct\n"
            "ADAMS,1,MAIL,10/20/2026,ACCEPTED,0101\nADAMS,2,ONE-STOP,10/21/2026,ACCEPTED,0102\n",
            "absentee_20261022.csv": "county,voter_reg_num,ballot_req_type,ballot_rtn_dt,"
            "ballot_rtn_status,precinct\n"
            "ADAMS,1,MAIL,10/20/2026,ACCEPTED,0101\nADAMS,2,ONE-STOP,10/21/2026,ACCEPTED,0102\n"
            "ADAMS,3,MAIL,10/22/2026,ACCEPTED,0101\n",
        },
    ),
    Brought(
        kind="early: totals by method with dates and a grand total",
        voted={"0101": 70, "0102": 33},
        files={
            "Cumulative EV and mail as of 10-25-2026.csv": "As of,Pct,In Person Early,Mail Returned,"
            "Mail Sent\n"
            "10/25/2026,0101,50,20,90\n10/25/2026,0102,30,3,40\n10/25/2026,Total,80,23,130\n"
        },
    ),
    Brought(
        kind="early: a workbook with a sheet a day",
        voted={"0101": 30, "0102": 12},
        files={
            "Daily early voting.xlsx": {
                "10-20-2026": [["Precinct", "Voters"], ["0101", 10], ["0102", 5]],
                "10-21-2026": [["Precinct", "Voters"], ["0101", 20], ["0102", 7]],
            }
        },
    ),
    Brought(
        kind="early: who asked alone has not voted",
        voted={"0101": 0, "0102": 0},
        files={
            "requests.csv": "Voter ID,Last Name,First Name,Precinct,Application Date,Application Status\n"
            "1,Example,Ana,0101,09/20/2026,Accepted\n2,Sample,Bo,0102,09/21/2026,Accepted\n"
        },
    ),
    Brought(
        kind="early: a ballot whose date is day first and dotted",
        voted={"0101": 1, "0102": 1},
        files={
            "ballots.csv": "Voter ID;Precinct;Status;Returned\n1;0101;Accepted;20.10.2026\n2;0102;"
            "Accepted;21.10.2026\n"
            "3;0102;Rejected;21.10.2026\n"
        },
    ),
    Brought(
        kind="people: watchers by place, one without a phone",
        watchers={"Ana Example": "0101"},
        files={
            "watchers.csv": "Name,Cell Phone,Assigned Polling Place\nAna Example,215-555-0101,Fire House\n"
            "Bo Sample,,Grange Hall\n"
        },
    ),
    Brought(
        kind="people: one line a watcher and precinct",
        watchers={"Ana Example": "0101;0102"},
        files={
            "assignments.csv": "Precinct,Poll Watcher,Phone,Start,End\n0101,Ana Example,215-555-0101,"
            "7:00 AM,1:00 PM\n"
            "0102,Ana Example,215-555-0101,7:00 AM,1:00 PM\n"
        },
    ),
    Brought(
        kind="people: callers with their counties",
        callers=2,
        files={
            "callers.tsv": "Caller Name\tE-mail\tCounty\tLanguage\nAna Example\tana@example.org\t"
            "Adams\tSpanish\n"
            "Bo Sample\tbo@example.org\t\tEnglish\n"
        },
    ),
    Brought(
        kind="people: polling places with hours and a shared site",
        places={"0101": ("Town Hall", "06:00", "20:00")},
        files={
            "Polling locations.csv": "Precinct Number,Polling Location,Street Address,Open,Close\n"
            "0101,Town Hall,1 Main St,6:00 AM,8:00 PM\n0102,Town Hall,1 Main St,6:00 AM,8:00 PM\n"
        },
    ),
    Brought(
        kind="maps: several areas of one precinct",
        shapes=2,
        files={
            "m.geojson": collection(
                ({"PREC": "0101"}, ring(-75.6, 41.4)),
                ({"PREC": "0101"}, ring(-75.5, 41.4)),
                ({"PREC": "0102"}, ring(-75.4, 41.4)),
            )
        },
    ),
    Brought(
        kind="maps: swapped, and by a name in a property nobody knows",
        shapes=2,
        says=("latitude", "longitude"),
        files={
            "m.json": collection(
                ({"Label": "Fire House"}, ring(41.4, -75.6)), ({"Label": "Grange Hall"}, ring(41.4, -75.5))
            )
        },
    ),
    Brought(
        kind="maps: of two counties with the same numbers",
        beside=TWO_COUNTIES,
        shapes=3,
        files={
            "vtd.geojson": collection(
                ({"COUNTY": "Adams", "PCT": "001"}, ring(-75.6, 41.4)),
                ({"COUNTY": "Berks", "PCT": "001"}, ring(-75.5, 41.4)),
                ({"COUNTY": "Berks", "PCT": "002"}, ring(-75.4, 41.4)),
            )
        },
    ),
    Brought(
        kind="none: a contact list of a club",
        files={
            "members.csv": "Name,Email,Dues\nAna Example,ana@example.org,20\nBo Sample,bo@example.org,20\n"
        },
        nothing=True,
    ),
    Brought(
        kind="none: a log with numbers",
        files={"log.txt": "2026-10-01 12:00:01 INFO started 4711\n2026-10-01 12:00:02 INFO stopped 4712\n"},
        nothing=True,
    ),
    Brought(
        kind="none: census by tract",
        files={
            "acs.csv": "GEOID,NAME,B01001_001E,B01001_002E\n"
            "42001030101,Census Tract 301.01,4500,2200\n42001030102,Census Tract 301.02,5100,2500\n"
        },
        nothing=True,
    ),
]
