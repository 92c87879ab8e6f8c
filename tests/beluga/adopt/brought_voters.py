"""Voter lists in the layouts of states, vendors and registers."""

from tests.beluga.adopt.brought import Brought

OHIO = ("SOS_VOTERID,COUNTY_NUMBER,COUNTY_ID,LAST_NAME,FIRST_NAME,MIDDLE_NAME,SUFFIX,DATE_OF_BIRTH,"
"REGISTRATION_DATE,"
        "VOTER_STATUS,PARTY_AFFILIATION,RESIDENTIAL_ADDRESS1,RESIDENTIAL_SECONDARY_ADDR,RESIDENTIAL_CITY,"
        "RESIDENTIAL_STATE,RESIDENTIAL_ZIP,MAILING_ADDRESS1,CITY,CONGRESSIONAL_DISTRICT,PRECINCT_NAME,PRECINCT_CODE,"
        "STATE_SENATE_DISTRICT,TOWNSHIP,WARD,PRIMARY-03/17/2020,GENERAL-11/03/2020,"
        "GENERAL-11/08/2022\n")  # fmt: skip
FLORIDA = ("County Code\tVoter ID\tName Last\tName Suffix\tName First\tName Middle\tRequested public "
"records exemption\t"
           "Residence Address Line 1\tResidence City (USPS)\tResidence Zipcode\tMailing Address Line "
           "1\tGender\tRace\t"
           "Birth Date\tRegistration Date\tParty Affiliation\tPrecinct\tPrecinct Group\tPrecinct Split\t"
           "Precinct Suffix\tVoter Status\tCongressional District\tDaytime Area Code\tDaytime Phone Number\t"
           "Daytime Phone Extension\tEmail address\n")  # fmt: skip
GEORGIA = ("County,Voter Registration Number,Status,Status Reason,Last Name,First Name,Middle Name,"
"Suffix,Birth Year,"
           "Residence Street Number,Residence Street Name,Residence City,Residence Zipcode,County Precinct,"
           "County Precinct Description,Municipal Precinct,Congressional District,Race,Gender,"
           "Registration Date,"
           "Last Vote Date\n")  # fmt: skip

VOTERS = [
    Brought(
        kind="Ohio",
        voters=3,
        phones=0,
        struck=0,
        roll_of={"OH0012345678": "0101", "OH0012345680": "0102"},
        files={
            "ADAMS.txt": OHIO
            + "".join(
                f'"{i}","01","{n}","{last}","ANA","","","1980-02-03","2004-05-06","{s}","D","{n} MAIN '
                f'ST","","TOWN","OH",'
                f'"45101","","","02","{name}","{code}","14","TOWN TWP","","D","X","X"\n'
                for n, (i, last, s, name, code) in enumerate(
                    (
                        ("OH0012345678", "EXAMPLE", "ACTIVE", "FIRE HOUSE", "0101"),
                        ("OH0012345679", "SAMPLE", "CONFIRMATION", "GRANGE HALL", "0102"),
                        ("OH0012345680", "SPECIMEN", "ACTIVE", "GRANGE HALL", "0102"),
                    ),
                    1,
                )
            )
        },
    ),
    Brought(
        kind="Florida",
        voters=3,
        phones=2,
        roll_of={"100000001": "0101", "100000003": "0102"},
        files={
            "ADA_20261006.txt": FLORIDA
            + "".join(
                f"ADA\t10000000{n}\tExample\t\tAna\t\tN\t{n} Main St\tTown\t32601\t\tF\t5\t02/03/1980\t"
                f"05/06/2004\tDEM\t{p}\t0\t{p}.1"
                f"\t\tACT\t3\t{a}\t{t}\t\t\n"
                for n, p, a, t in (
                    (1, "0101", "352", "5550101"),
                    (2, "0102", "", ""),
                    (3, "0102", "352", "5550102"),
                )
            )
        },
    ),
    Brought(
        kind="Michigan",
        voters=2,
        phones=0,
        roll_of={"000000001": "0101", "000000002": "0102"},
        files={
            "EntireStateVoters.csv": '"LAST_NAME","FIRST_NAME","MIDDLE_NAME","NAME_SUFFIX",'
            '"YEAR_OF_BIRTH","GENDER",'
            '"REGISTRATION_DATE","STREET_NUMBER","STREET_NAME","STREET_TYPE","CITY","STATE","ZIP_CODE",'
            '"VOTER_IDENTIFICATION_NUMBER","COUNTY_CODE","COUNTY_NAME","JURISDICTION_CODE","JURISDICTION_NAME","PRECINCT",'
            '"WARD","VOTER_STATUS_TYPE_CODE","IS_PERM_AV_BALLOT_VOTER"\n'
            '"EXAMPLE","ANA","","","1980","F","05/06/2004","1","MAIN","ST","TOWN","MI","49201","000000001","01","ADAMS",'
            '"00120","TOWN TOWNSHIP","0101","","A","Y"\n'
            '"SAMPLE","BO","Q","JR","1975","M","05/06/2004","2","MAIN","ST","TOWN","MI","49201","000000002","01","ADAMS",'
            '"00120","TOWN TOWNSHIP","0102","","A","N"\n'
        },
    ),
    Brought(
        kind="Pennsylvania, with headings",
        voters=2,
        phones=1,
        roll_of={"000000001-01": "0101"},
        files={
            "ADAMS FVE 20261005.txt": "ID Number\tTitle\tLast Name\tFirst Name\tMiddle Name\tSuffix\t"
            "Gender\tDOB\t"
            "Registration Date\tVoter Status\tStatus Change Date\tParty Code\tHouse Number\tStreet "
            "Name\tCity\tState\tZip\t"
            "Polling Place Description\tPrecinct Code\tPrecinct Split ID\tLast Vote Date\tHome Phone\t"
            "County\n"
            "000000001-01\t\tEXAMPLE\tANA\t\t\tF\t02/03/1980\t05/06/2004\tA\t\tD\t1\tMAIN ST\tTOWN\t"
            "PA\t17325\tFIRE HOUSE\t"
            "0101\t0101-1\t11/08/2022\t7175550101\tADAMS\n"
            "000000002-01\t\tSAMPLE\tBO\t\t\tM\t02/03/1981\t05/06/2004\tA\t\tR\t2\tMAIN ST\tTOWN\tPA\t"
            "17325\tGRANGE HALL\t"
            "0102\t0102-1\t\t\tADAMS\n"
        },
    ),
    Brought(
        kind="Washington",
        voters=2,
        phones=0,
        roll_of={"WA001": "0101", "WA002": "0102"},
        files={
            "20261001_VRDB_Extract.txt": "StateVoterID|FName|MName|LName|NameSuffix|Birthyear|Gender|"
            "RegStNum|RegStFrac|"
            "RegStName|RegStType|RegUnitType|RegCity|RegState|RegZipCode|CountyCode|PrecinctCode|PrecinctPart|"
            "LegislativeDistrict|CongressionalDistrict|Registrationdate|LastVoted|StatusCode\n"
            "WA001|ANA||EXAMPLE||1980|F|1||MAIN|ST||TOWN|WA|99169|AD|0101|0101.1|9|5|2004-05-06|2022-11-08|Active\n"
            "WA002|BO||SAMPLE||1975|M|2||MAIN|ST||TOWN|WA|99169|AD|0102|0102.1|9|5|2004-05-06|2022-11-08|Active\n"
        },
    ),
    Brought(
        kind="Georgia, who has been cancelled left out",
        voters=2,
        phones=0,
        roll_of={"00000001": "0101"},
        files={
            "ADAMS.csv": (
                GEORGIA
                + "".join(
                    f"ADAMS,0000000{n},{s},,EXAMPLE,ANÁ,,,1980,{n},MAIN ST,TOWN,30301,{p},{d},,9,WH,F,"
                    f"05/06/2004,11/08/2022\n"
                    for n, s, p, d in (
                        (1, "ACTIVE", "0101", "FIRE HOUSE"),
                        (2, "INACTIVE", "0102", "GRANGE HALL"),
                        (3, "CANCELLED", "0102", "GRANGE HALL"),
                    )
                )
            ).encode("cp1252")
        },
    ),
    Brought(
        kind="Texas",
        voters=2,
        phones=1,
        roll_of={"1000000001": "0101", "1000000002": "0102"},
        files={
            "REG.txt": "VUID,EDR,STATUS,LNAME,FNAME,MNAME,SFX,DOB,GENDER,PCT,BLKNUM,STRNAM,STRTYP,"
            "RCITY,RZIP,PHONE\n"
            "1000000001,20040506,V,EXAMPLE,ANA,,,19800203,F,0101,1,MAIN,ST,TOWN,75001,2145550101\n"
            "1000000002,20040506,S,SAMPLE,BO,,,19750203,M,0102,2,MAIN,ST,TOWN,75001,\n"
        },
    ),
    Brought(
        kind="a vendor's list in UTF-16",
        voters=3,
        phones=2,
        roll_of={"7001": "0101", "7003": "0102"},
        files={
            "Walk list.txt": "VANID\tLast\tFirst\tmAddress\tPreferredPhone\tCellPhone\tPrecinctName\tAge\t"
            "2026GOTV Score\tLikelyParty\n7001\tExample\tAna\t1 Main St\t(717) 555-0101\t\tFire House\t"
            "41\t88\tD\n"
            "7002\tSample\tBo\t2 Main St\t\t717-555-0102\tGrange Hall\t52\t71\tR\n"
            "7003\tSpecimen\tCy\t3 Main St\t\t\tGrange Hall\t33\t12\tU\n".encode("utf-16")
        },
    ),
    Brought(
        kind="a register with one name and franchise markers",
        beside=None,
        registered={"BC1": 2, "BC2": 1},
        voters=3,
        rolls=("17", "18", "18/1"),
        files={
            "Full register.csv": (
                "Polling District Code,Elector Number,Franchise Marker,Name,Address Line 1,"
                'Address Line 2,Postcode\nBC1,17,,"Example, Ana",1 High St,Town,AB1 2CD\n'
                'BC1,18,G,"Sample, Zoë",2 High St,Town,AB1 2CD\nBC2,18/1,,"Specimen, Di",3 High St,'
                "Town,AB1 2CE\n"
            ).encode("cp1252")
        },
    ),
    Brought(
        kind="another vendor's, with phones in two columns",
        voters=2,
        phones=2,
        roll_of={"LALPA1": "0101"},
        files={
            "export.tab.csv": "LALVOTERID,Voters_FirstName,Voters_LastName,Residence_Addresses_AddressLine,"
            "Voters_Age,Parties_Description,Precinct,VoterTelephones_CellPhoneFormatted,"
            "VoterTelephones_LandlineFormatted\nLALPA1,Ana,Example,1 Main St,41,Democratic,0101,(717) "
            "555-0101,\n"
            "LALPA2,Bo,Sample,2 Main St,52,Republican,0102,,(717) 555-0102\n"
        },
    ),
    Brought(
        kind="junk phones",
        voters=7,
        phones=1,
        files={
            "list.csv": "Voter ID,Name,Precinct,Phone\n1,Ana Example,0101,see notes\n2,Bo Sample,0101,"
            "555-0101\n"
            "3,Cy Specimen,0101,0\n4,Di Example,0102,717 555 0104\n5,Ed Example,0102,999-999-9999\n"
            "6,Fay Sample,0102,NULL\n7,Gus Sample,0102,71755501\n"
        },
    ),
    Brought(
        kind="voters of precincts that are not here, and one twice",
        voters=2,
        files={
            "list.csv": "Voter ID,Last Name,First Name,Pct\n1,Example,Ana,0101\n2,Sample,Bo,0102\n"
            "2,Sample,Bo,0102\n3,Specimen,Cy,0199\n"
        },
        says=("0199",),
    ),
]
