"""Early and absentee files: totals or a row a ballot, daily or running."""

from tests.beluga.adopt.brought import Brought

NONE = {"0101": 0, "0102": 0}
ROWS = (
    "voter_id,last name,first name,birth year,precinct\n1,Example,Ana,1980,0101\n2,Sample,Bo,1975,0102\n"
    "3,Specimen,Cy,1991,0102\n"
)

EARLY = [
    Brought(
        kind="Georgia's ballots by status",
        voted={"0101": 2, "0102": 1},
        files={
            "001.csv": "County,Voter Registration #,Last Name,First Name,Application Status,Ballot "
            "Status,Status Reason,"
            "Application Date,Ballot Issued Date,Ballot Return Date,Ballot Style,County Precinct,"
            "Municipal Precinct\n"
            + "".join(
                f"ADAMS,{n:08d},EXAMPLE,ANA,A,{s},{w},09/20/2026,10/01/2026,{d},{b},{p},\n"
                for n, s, w, d, b, p in (
                    (1, "A", "", "10/12/2026", "ABSENTEE BY MAIL", "0101"),
                    (2, "A", "", "10/13/2026", "EARLY IN-PERSON", "0101"),
                    (3, "R", "Missing signature", "10/13/2026", "ABSENTEE BY MAIL", "0101"),
                    (4, "C", "Voided", "", "ABSENTEE BY MAIL", "0102"),
                    (5, "", "", "", "ABSENTEE BY MAIL", "0102"),
                    (6, "A", "", "10/14/2026", "ELECTRONIC BALLOT DELIVERY", "0102"),
                )
            )
        },
    ),
    Brought(
        kind="Texas' roster of a day",
        voted={"0101": 2, "0102": 1},
        files={
            "EV roster 10-20-2026.csv": 'Daily Early Voting Roster,,,,\n"November 3, 2026 General '
            'Election",,,,\n'
            'VUID,Name,Precinct,Location,Date Voted\n1000000001,"EXAMPLE, ANA",0101,Library,10/20/2026\n'
            '1000000002,"SAMPLE, BO",0101,Library,10/20/2026\n1000000003,"SPECIMEN, CY",0102,Annex,'
            "10/20/2026\n"
        },
    ),
    Brought(
        kind="Florida's by precinct",
        voted={"0101": 150, "0102": 60},
        files={
            "vbm.csv": "Precinct,Registered Voters,VBM Requested,VBM Returned,Early Voted\n0101,1200,"
            "200,100,50\n"
            "0102,800,90,40,20\nTotals,2000,290,140,70\n"
        },
    ),
    Brought(
        kind="a column a day and a total",
        voted={"0101": 60, "0102": 33},
        files={
            "early by day.csv": "Precinct,10/20/2026,10/21/2026,10/22/2026,Total\n0101,10,20,30,60\n"
            "0102,10,11,12,33\n"
        },
    ),
    Brought(
        kind="a ballot spoilt and another accepted",
        voted={"0101": 1, "0102": 1},
        files={
            "absentee.csv": "county_desc,voter_reg_num,ncid,precinct_abbrv,ballot_req_type,"
            "ballot_send_dt,ballot_rtn_dt,"
            "ballot_rtn_status\nADAMS,000001,AA1,0101,MAIL,10/01/2026,10/10/2026,SPOILED\n"
            "ADAMS,000001,AA1,0101,MAIL,10/11/2026,10/20/2026,ACCEPTED\n"
            "ADAMS,000002,AA2,0102,EARLY VOTING,,10/21/2026,ACCEPTED\n"
        },
    ),
    Brought(
        kind="Pennsylvania's by last action",
        voted={"0101": 1, "0102": 1},
        files={
            "mail.csv": "County Name,ID Number,Ballot Sent,Ballot Returned Date,Ballot Status,Precinct\n"
            "ADAMS,000000001-01,10/01/2026,10/12/2026,VOTE RECORDED,0101\n"
            "ADAMS,000000002-01,10/01/2026,10/12/2026,PEND - INCORRECT DATE,0101\n"
            "ADAMS,000000003-01,10/01/2026,,CANC - REPLACED,0102\n"
            "ADAMS,000000004-01,10/01/2026,10/14/2026,VOTE RECORDED,0102\n"
        },
    ),
    Brought(
        kind="running totals with a title that says so",
        voted={"0101": 150, "0102": 60},
        files={
            "Early voting through 2026-10-25.csv": "Cumulative through October 25 2026,\nPrecinct,"
            "Ballots Returned\n"
            "0101,150\n0102,60\nCounty Total,210\n"
        },
    ),
    Brought(
        kind="German mail votes",
        voted={"0101": 150, "0102": 60},
        files={
            "briefwahl.csv": "Wahlbezirk;Ausgestellte Wahlscheine;Eingegangene Wahlbriefe\n0101;200;"
            "150\n0102;90;60\n"
        },
    ),
    Brought(
        kind="Washington's by status",
        voted={"0101": 1, "0102": 0},
        files={
            "Ballot Status.csv": "County,Voter ID,Name,Precinct,Ballot Status,Challenge Reason,Sent "
            "Date,Received Date\n"
            "Adams,1,Ana Example,0101,Accepted,,10/15/2026,10/20/2026\n"
            "Adams,2,Bo Sample,0102,Rejected,Signature,10/15/2026,10/20/2026\n"
            "Adams,3,Cy Specimen,0102,Challenged,Unsigned,10/15/2026,10/21/2026\n"
        },
    ),
    Brought(
        kind="ballots that name voters alone, who are on the roll",
        voted={"0101": 1, "0102": 1},
        voters=3,
        struck=2,
        files={
            "roll.csv": ROWS,
            "returned.csv": "Voter ID,Ballot Type,Date Returned\n1,Mail,10/20/2026\n3,Mail,10/21/2026\n",
        },
    ),
    Brought(
        kind="names and years of birth",
        voted={"0101": 1, "0102": 0},
        struck=1,
        files={
            "roll.csv": ROWS,
            "absentee returned.csv": "LAST NAME,FIRST NAME,YEAR OF BIRTH,PRECINCT,DATE RETURNED\n"
            "EXAMPLE,ANA,1980,0101,10/20/2026\n",
        },
    ),
    Brought(
        kind="ballots of another election",
        voted=NONE,
        files={
            "absentee_20221108.csv": "voter_reg_num,precinct,ballot_rtn_status,ballot_rtn_dt\n1,0101,"
            "ACCEPTED,10/20/2022\n"
            "2,0102,ACCEPTED,10/21/2022\n"
        },
        says=("2022",),
    ),
]
