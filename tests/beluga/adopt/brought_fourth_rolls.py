"""A fourth lot, written blind: voters and ballots as states, councils and vendors hand them out."""

from tests.beluga.adopt.brought import Brought

ROWS = (
    "voter_id,last name,first name,birth year,precinct\n1,Example,Ana,1980,0101\n2,Sample,Bo,1975,0102\n"
    "3,Specimen,Cy,1991,0102\n"
)

ROLLS = [
    Brought(
        kind="Oregon: a precinct's name and number, unlisted phones",
        voters=2,
        phones=1,
        roll_of={"100000001": "0101", "100000002": "0102"},
        files={
            "CD1_VoterList.txt": "VOTER_ID\tFIRST_NAME\tMIDDLE_NAME\tLAST_NAME\tNAME_SUFFIX\tBIRTH_DATE\t"
            "CONFIDENTIAL\tEFF_REGN_DATE\tSTATUS\tPARTY_CODE\tPHONE_NUM\tUNLISTED\tCOUNTY\tRES_ADDRESS_1\t"
            "CITY\tSTATE\tZIP_CODE\tPRECINCT_NAME\tPRECINCT\tSPLIT\n"
            "100000001\tANA\t\tEXAMPLE\t\t01-02-1980\t\t05-06-2010\tA\tDEM\t5035550101\t\tADAMS\t1 MAIN ST\t"
            "TOWN\tOR\t97001\tFIRE HOUSE\t0101\t\n"
            "100000002\tBO\tQ\tSAMPLE\tJR\t03-04-1975\t\t05-06-2012\tA\tREP\t\t\tADAMS\t2 MAIN ST\t"
            "TOWN\tOR\t97001\tGRANGE HALL\t0102\t\n"
        },
    ),
    Brought(
        kind="New Jersey: municipality, ward and district stand apart",
        beside="precinct_id,name,registered\nEaston-1-1,,600\nEaston-1-2,,500\n",
        voters=2,
        roll_of={"A0000000001": "Easton-1-1", "A0000000002": "Easton-1-2"},
        files={
            "Alpha List.csv": "displayId,leg_id,party,status,last,first,middle,suffix,street_num,street_name,"
            "city,zip,county,municipality,ward,district,dob\n"
            "A0000000001,1,DEM,Active,EXAMPLE,ANA,,,1,MAIN ST,EASTON,07001,Adams,Easton,1,1,01/02/1980\n"
            "A0000000002,2,REP,Active,SAMPLE,BO,,,2,MAIN ST,EASTON,07001,Adams,Easton,1,2,03/04/1975\n"
        },
    ),
    Brought(
        kind="Nevada: by registered precinct, the inactive among them",
        voters=2,
        roll_of={"500001": "0101", "500002": "0102"},
        files={
            "VoterList.ElgbVtr.csv": "VoterID,County_Voter_ID,First_Name,Last_Name,Birth_Date,Phone,"
            "Residential_Address,City,Zip,County,Voter_Status,Party,Registered_Precinct\n"
            "500001,1,ANA,EXAMPLE,01/02/1980,7025550101,1 MAIN ST,TOWN,89001,Adams,Active,Dem,0101\n"
            "500002,2,BO,SAMPLE,03/04/1975,,2 MAIN ST,TOWN,89001,Adams,Inactive,Rep,0102\n"
        },
    ),
    Brought(
        kind="Oklahoma: precinct first, a county's number before it",
        beside="precinct_id,name,registered\n010101,Fire House,600\n010102,Grange Hall,500\n",
        voters=2,
        roll_of={"801": "010101", "802": "010102"},
        files={
            "CTY01_vr.csv": "Precinct,LastName,FirstName,MiddleName,Suffix,VoterID,PolitalAff,Status,"
            "StreetNum,"
            "StreetName,City,Zip,DateOfBirth,OriginalRegistration\n"
            "010101,EXAMPLE,ANA,,,801,DEM,A,1,MAIN,TOWN,74001,01/02/1980,05/06/2010\n"
            "010102,SAMPLE,BO,,,802,REP,A,2,MAIN,TOWN,74001,03/04/1975,05/06/2012\n"
        },
    ),
    Brought(
        kind="Virginia: names of precincts with numbers before them",
        voters=2,
        roll_of={"900000001": "0101", "900000002": "0102"},
        files={
            "Registrant_List.csv": "IDENTIFICATION_NUMBER,LAST_NAME,FIRST_NAME,MIDDLE_NAME,DOB,"
            "REGISTRATION_DATE,STATUS,LOCALITYNAME,PRECINCT_CODE_VALUE,PRECINCTNAME,HOUSE_NUMBER,STREET,CITY,"
            "ZIP\n900000001,EXAMPLE,ANA,,01/02/1980,05/06/2010,Active,ADAMS,0101,Fire House,1,MAIN ST,TOWN,"
            "22001\n900000002,SAMPLE,BO,,03/04/1975,05/06/2012,Active,ADAMS,0102,Grange Hall,2,MAIN ST,TOWN,"
            "22001\n"
        },
    ),
    Brought(
        kind="NationBuilder: people with tags, one has died",
        voters=2,
        phones=2,
        files={
            "nationbuilder-people-export.csv": "nationbuilder_id,prefix,first_name,middle_name,last_name,"
            "suffix,"
            "email,phone_number,mobile_number,do_not_call,is_deceased,precinct_code,precinct_name,tag_list,"
            "support_level,state_file_id\n"
            "11,,Ana,,Example,,ana@example.org,,(717) 555-0101,false,false,0101,Fire House,vol,1,\n"
            "12,,Bo,,Sample,,,(717) 555-0102,,false,false,0102,Grange Hall,,3,\n"
            "13,,Cy,,Specimen,,,(717) 555-0103,,false,true,0102,Grange Hall,,,\n"
        },
        drops=("13",),
    ),
    Brought(
        kind="PDI: households with cell and landline",
        voters=2,
        phones=2,
        roll_of={"7001": "0101", "7002": "0102"},
        files={
            "pdi_export.csv": "Voter_ID,Voter_Name,Party,Age,Gender,House_Number,Street,City,Zip,"
            "Precinct_Number,Household_ID,Landline_Phone,Cell_Phone,VBM_Flag\n"
            '7001,"EXAMPLE, ANA",DEM,40,F,1,MAIN ST,TOWN,90001,0101,H1,,(717)555-0101,Y\n'
            '7002,"SAMPLE, BO",REP,51,M,2,MAIN ST,TOWN,90001,0102,H2,717.555.0102,,N\n'
        },
    ),
    Brought(
        kind="a party's file: ids of letters, calculated fields",
        voters=2,
        phones=1,
        roll_of={"AB-1": "0101", "AB-2": "0102"},
        files={
            "datatrust.csv": "PersonKey,RNCID,StateVoterID,FirstName,LastName,NameSuffix,Sex,BirthYear,"
            "OfficialParty,RegistrationAddr1,RegistrationCity,PrecinctNumber,PrecinctName,CellNeustar,"
            "LandlineNeustar\n1,r-1,AB-1,Ana,Example,,F,1980,DEM,1 Main St,Town,0101,Fire House,7175550101,\n"
            "2,r-2,AB-2,Bo,Sample,,M,1975,REP,2 Main St,Town,0102,Grange Hall,,\n"
        },
    ),
    Brought(
        kind="Aristotle: upper case, a precinct as words and a number",
        voters=2,
        roll_of={"1": "0101", "2": "0102"},
        files={
            "list.csv": "RECORD_ID,FNAME,MNAME,LNAME,ADDR1,CITY,ST,ZIP,AREACODE,TELEPHONE,PRECINCT\n"
            "1,ANA,,EXAMPLE,1 MAIN ST,TOWN,PA,17325,717,5550101,PRECINCT 101\n"
            "2,BO,,SAMPLE,2 MAIN ST,TOWN,PA,17325,,,PRECINCT 102\n"
        },
        phones=1,
    ),
    Brought(
        kind="British: a monthly update with who was taken off",
        beside=None,
        voters=2,
        registered={"AA1": 2},
        rolls=("17", "19"),
        files={
            "register update.csv": "Change Type,PD,Elector Number,Elector Number Suffix,Elector Surname,"
            "Elector Forename,Property Address 1,PostCode\nA,AA1,17,0,Example,Ana,1 High St,AB1 2CD\n"
            "D,AA1,18,0,Sample,Bo,2 High St,AB1 2CD\nM,AA1,19,0,Specimen,Cy,3 High St,AB1 2CD\n"
        },
    ),
    Brought(
        kind="British: one number with district, stroke and suffix, opted out and attainers marked",
        beside=None,
        voters=3,
        registered={"KA": 2, "KB": 1},
        rolls=("1", "2", "1/1"),
        files={
            "electoral-register.csv": "Ward,Register,Poll No,Suffix,Markers,Title,Surname,First Name,"
            "Initials,"
            "Address Line 1,Post Code\nAbbey,KA,1,,,Ms,Example,Ana,A,1 High St,AB1 2CD\n"
            "Abbey,KA,2,,A,Mr,Sample,Bo,B,2 High St,AB1 2CD\nAbbey,KB,1,1,G,Mx,Specimen,Cy,C,3 High St,"
            "AB1 2CE\n"
        },
    ),
    Brought(
        kind="damage: voters' ids in powers of ten",
        voters=1,
        refuses=("1.00E+09",),
        files={
            "voters.csv": "Voter ID,Name,Precinct,Phone\n1.00E+09,Ana Example,0101,7175550101\n"
            "1000000002,Bo Sample,0102,7.18E+09\n"
        },
        phones=0,
    ),
    Brought(
        kind="damage: a workbook's numbers for ids, phones and precincts",
        voters=2,
        phones=2,
        roll_of={"1001": "0101", "1002": "0102"},
        files={
            "voters.xlsx": {
                "Export": [
                    ["VoterID", "First", "Last", "Pct", "Cell"],
                    [1001, "Ana", "Example", 101, 7175550101],
                    [1002, "Bo", "Sample", 102, 7175550102],
                ]
            }
        },
    ),
    Brought(
        kind="Virginia's daily list: machine and marked, issued and deleted",
        voted={"0101": 2, "0102": 1},
        files={
            "Daily_Absentee_List.csv": "LOCALITYNAME,IDENTIFICATION_NUMBER,FIRST_NAME,LAST_NAME,"
            "PRECINCT_CODE_VALUE,PRECINCTNAME,APP_RECIEPT_DATE,APP_STATUS,BALLOT_STATUS,BALLOT_RECEIPT_DATE\n"
            + "".join(
                f"ADAMS,{i},ANA,EXAMPLE,{p},x,09/20/2026,Approved,{s},{d}\n"
                for i, p, s, d in (
                    (1, "0101", "On Machine", "10/20/2026"),
                    (2, "0101", "Marked", "10/19/2026"),
                    (3, "0101", "Issued", ""),
                    (4, "0102", "Pre-Processed", "10/20/2026"),
                    (5, "0102", "Unmarked", ""),
                    (6, "0102", "Deleted", "10/18/2026"),
                )
            )
        },
    ),
    Brought(
        kind="Florida's early voters of a day, parted by bars",
        voted={"0101": 1, "0102": 2},
        files={
            "EarlyVoted_20261020.txt": "CountyId|ElectionDate|FvrsVoterIdNumber|VoterName|ResidencePrecinct|"
            "EarlyVotingSite|EvDate|Party\nADA|11/03/2026|100000001|ANA EXAMPLE|0101|Library|10/20/2026|DEM\n"
            "ADA|11/03/2026|100000002|BO SAMPLE|0102|Library|10/20/2026|REP\n"
            "ADA|11/03/2026|100000003|CY SPECIMEN|0102|Annex|10/20/2026|NPA\n"
        },
    ),
    Brought(
        kind="Minnesota's totals: sent, come back, accepted, rejected",
        voted={"0101": 90, "0102": 40},
        files={
            "absentee counts.xlsx": {
                "By precinct": [
                    ["Absentee ballots as of 10/20/2026"],
                    ["Precinct", "Applications", "Transmitted", "Received", "Accepted", "Rejected"],
                    ["0101", 220, 200, 95, 90, 5],
                    ["0102", 110, 100, 41, 40, 1],
                    ["Total", 330, 300, 136, 130, 6],
                ]
            }
        },
    ),
    Brought(
        kind="a list of ballots with faults to be cured is no list of who has voted",
        beside=ROWS,
        voted={"0101": 0, "0102": 0},
        struck=0,
        files={
            "ballots to cure.csv": "ID Number,Name,Ward,Division,Birth Year,Zip,Ballot Status Reason\n"
            "1,ANA EXAMPLE,01,01,1980,17325,NO SECRECY ENVELOPE\n2,BO SAMPLE,01,02,1975,17325,NO SIGNATURE\n"
        },
    ),
    Brought(
        kind="papers for mail voting given out are no votes, in German",
        voted={"0101": 0, "0102": 0},
        files={"wahlscheine.csv": "Wahlbezirk;Ausgestellte Wahlscheine\n0101;210\n0102;120\n"},
    ),
    Brought(
        kind="dates as a spreadsheet counts them",
        voted={"0101": 1, "0102": 2},
        files={
            "returned.xlsx": {
                "Sheet1": [
                    ["Voter ID", "Precinct", "Date Returned"],
                    [1, "0101", 46315],
                    [2, "0102", 46316],
                    [3, "0102", 46316],
                ]
            }
        },
    ),
    Brought(
        kind="one voter's ballot in two rows",
        beside=ROWS,
        voted={"0101": 1, "0102": 1},
        struck=2,
        files={
            "absentee.csv": "voter_reg_num,precinct,ballot_req_type,ballot_rtn_dt,ballot_rtn_status\n"
            "1,0101,MAIL,10/19/2026,ACCEPTED\n1,0101,MAIL,10/19/2026,ACCEPTED\n2,0102,MAIL,10/20/2026,"
            "ACCEPTED\n"
        },
    ),
    Brought(
        kind="names with a full birth date where no id is shared",
        beside=ROWS,
        voted={"0101": 1, "0102": 0},
        struck=1,
        files={
            "ballots.csv": "Last Name,First Name,Date of Birth,Precinct,Ballot Returned\n"
            "EXAMPLE,ANA,01/02/1980,0101,10/20/2026\n"
        },
    ),
    Brought(
        kind="New Jersey's mail ballots: received, accepted, rejected and counted",
        voted={"0101": 2, "0102": 0},
        files={
            "VBM status.csv": "Voter ID,Municipality,Precinct,Ballot Type,Ballot Status,Received Date,"
            "Reject Reason\nN1,Easton,0101,MAIL-IN,Accepted,10/19/2026,\nN2,Easton,0101,MAIL-IN,Counted,"
            "10/19/2026,\nN3,Easton,0102,MAIL-IN,Rejected,10/20/2026,No certificate\nN4,Easton,0102,MAIL-IN,"
            "Mailed,,\n"
        },
    ),
    Brought(
        kind="in-person early votes by site are no precincts'",
        voted={"0101": 0, "0102": 0},
        nothing=True,
        files={"sites.csv": "Early Voting Site,10/20/2026,10/21/2026\nLibrary,210,180\nAnnex,99,120\n"},
    ),
]
