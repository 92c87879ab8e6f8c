"""A fifth lot, written blind after the fourth was read right: registration, turnout and results."""

from tests.beluga.adopt.brought import Brought

BOTH = {"0101": 1200, "0102": 800}
PAST = {"0101": 700, "0102": 410}
TOWNS = "precinct_id,name,registered\nEaston-1,,600\nEaston-2,,500\nWeston-1,,400\n"

COUNTS = [
    Brought(
        kind="Illinois: a contest's votes with that day's registration in each row",
        past={"0101": 690, "0102": 400},
        registered=BOTH,
        files={
            "2022-11-08 Adams.csv": "JurisdictionID,JurisContainerID,JurisName,EISCandidateID,CandidateName,"
            "EISContestID,ContestName,PrecinctName,Registration,EISPartyID,PartyName,VoteCount\n"
            + "".join(
                f"1,1,ADAMS,{i},{n},77,GOVERNOR,{p},{r},{q},{w},{v}\n"
                for i, n, p, r, q, w, v in (
                    (11, "JANE DOE", "0101", 1150, 1, "DEMOCRATIC", 400),
                    (12, "JOHN ROE", "0101", 1150, 2, "REPUBLICAN", 290),
                    (11, "JANE DOE", "0102", 790, 1, "DEMOCRATIC", 200),
                    (12, "JOHN ROE", "0102", 790, 2, "REPUBLICAN", 200),
                )
            )
        },
    ),
    Brought(
        kind="Iowa: each candidate at the polls, absentee and in total",
        past={"0101": 690, "0102": 400},
        in_person={"0101": 500, "0102": 300},
        mail={"0101": 190, "0102": 100},
        files={
            "2022-11-08 governor.csv": "Precinct,Jane Doe Polling,Jane Doe Absentee,Jane Doe Total,"
            "John Roe Polling,John Roe Absentee,John Roe Total\n0101,300,100,400,200,90,290\n"
            "0102,150,50,200,150,50,200\nTotals,450,150,600,350,140,490\n"
        },
    ),
    Brought(
        kind="Kansas: a number of the census beside the precinct's name",
        past={"0101": 690, "0102": 400},
        files={
            "2022 General Governor.xlsx": {
                "Governor": [
                    ["Jurisdiction", "Race", "Candidate", "Precinct", "VTD", "Votes"],
                    ["Adams", "Governor", "Jane Doe", "Fire House", "000101", 400],
                    ["Adams", "Governor", "John Roe", "Fire House", "000101", 290],
                    ["Adams", "Governor", "Jane Doe", "Grange Hall", "000102", 200],
                    ["Adams", "Governor", "John Roe", "Grange Hall", "000102", 200],
                ]
            }
        },
    ),
    Brought(
        kind="Michigan: a city and a number in one name",
        beside=TOWNS,
        past={"Easton-1": 300, "Easton-2": 250, "Weston-1": 200},
        files={
            "2022-11-08.csv": "Precinct,Registered Voters,Ballots Cast\n"
            '"City of Easton, Precinct 1",590,300\n"City of Easton, Precinct 2",490,250\n'
            '"Weston Township, Precinct 1",390,200\n'
        },
    ),
    Brought(
        kind="a contest's sheet whose candidates each have a total, and the row one",
        past={"0101": 690, "0102": 400},
        in_person={"0101": 500, "0102": 300},
        files={
            "detail 2022-11-08.xlsx": {
                "2": [
                    ["Governor (Vote For 1)"],
                    [None, None, "Jane Doe (DEM)", None, None, "John Roe (REP)", None, None, None],
                    [
                        "Precinct",
                        "Registered Voters",
                        "Election Day",
                        "Absentee",
                        "Total Votes",
                        "Election Day",
                        "Absentee",
                        "Total Votes",
                        "Total",
                    ],
                    ["0101", 1150, 300, 100, 400, 200, 90, 290, 690],
                    ["0102", 790, 150, 50, 200, 150, 50, 200, 400],
                    ["Total:", 1940, 450, 150, 600, 350, 140, 490, 1090],
                ]
            }
        },
    ),
    Brought(
        kind="Canadian: each heading in two tongues, a row a candidate",
        past={"0101": 690, "0102": 400},
        registered=BOTH,
        files={
            "pollresults_2021-09-20.csv": '"Electoral District Number/Numéro de circonscription",'
            '"Polling Station Number/Numéro du bureau de scrutin","Polling Station Name/Nom du bureau",'
            '"Candidate’s Family Name/Nom de famille du candidat",'
            '"Candidate’s First Name/Prénom du candidat",'
            '"Electors for Polling Station/Électeurs du bureau",'
            '"Candidate Poll Votes Count/Votes du candidat pour le bureau"\n'
            "1001,0101,Fire House,Doe,Jane,1150,400\n1001,0101,Fire House,Roe,John,1150,290\n"
            "1001,0102,Grange Hall,Doe,Jane,790,200\n1001,0102,Grange Hall,Roe,John,790,200\n"
        },
    ),
    Brought(
        kind="Australian: candidates by surname are no voters",
        past={"0101": 690, "0102": 400},
        voters=0,
        files={
            "HouseStateFirstPrefsByPollingPlace 2022-05-21.csv": "StateAb,DivisionID,DivisionNm,"
            "PollingPlaceID,"
            "PollingPlace,CandidateID,Surname,GivenNm,BallotPosition,PartyAb,OrdinaryVotes\n"
            "NSW,101,Adams,0101,Fire House,1,DOE,Jane,1,ALP,400\nNSW,101,Adams,0101,Fire House,2,ROE,"
            "John,2,LP,290\n"
            "NSW,101,Adams,0102,Grange Hall,1,DOE,Jane,1,ALP,200\n"
            "NSW,101,Adams,0102,Grange Hall,2,ROE,John,2,LP,200\n"
        },
    ),
    Brought(
        kind="Mexican: several booths a section, parted by bars, a preamble of words",
        beside="precinct_id,name,registered\n0101-B,,600\n0101-C1,,590\n0102-B,,500\n",
        past={"0101-B": 300, "0101-C1": 290, "0102-B": 200},
        files={
            "2021-06-06 computos.csv": "ELECCIÓN DE DIPUTACIONES\nCÓMPUTOS DISTRITALES\n\n"
            "ESTADO|SECCION|CASILLA|PAN|PRI|MORENA|VOTOS_NULOS|TOTAL_VOTOS|LISTA_NOMINAL\n"
            "1|0101|B|100|90|100|10|300|595\n1|0101|C1|90|100|90|10|290|585\n1|0102|B|60|60|70|10|200|495\n"
        },
    ),
    Brought(
        kind="Dutch: stations with those who may vote and who came",
        past=PAST,
        registered=BOTH,
        files={
            "2023-11-22 opkomst.csv": "Nummer stembureau;Naam stembureau;Adres;Kiesgerechtigden;"
            "Opgekomen kiezers;Opkomst\n0101;Brandweer;Straat 1;1150;700;60,9%\n"
            "0102;School;Straat 2;790;410;51,9%\n"
        },
    ),
    Brought(
        kind="a rank and a share beside the count",
        beside=None,
        registered=BOTH,
        files={
            "registration.csv": "Rank,Precinct,Voters,% of County\n1,0101,1200,60.0%\n2,0102,800,40.0%\n,"
            "All,2000,100%\n"
        },
    ),
    Brought(
        kind="a table lying on its side is not guessed at",
        beside=None,
        registered={},
        open=True,
        files={
            "reg.csv": "Precinct,0101,0102,0103\nRegistered Voters,1200,800,300\nBallots Cast,700,410,150\n"
        },
    ),
    Brought(
        kind="ids with a comma between their thousands",
        beside="precinct_id,name,registered\n1101,North,600\n1102,South,500\n",
        past={"1101": 300, "1102": 200},
        files={"2022-11-08.csv": 'Precinct,Ballots Cast\n"1,101",300\n"1,102",200\n'},
    ),
    Brought(
        kind="two elections in one long table",
        past=None,
        years=("2018-11-06", "2022-11-08"),
        files={
            "history.csv": "Election Date,Precinct,Contest,Candidate,Votes\n"
            + "".join(
                f"{d},{p},Governor,{c},{v}\n"
                for d in ("11/06/2018", "11/08/2022")
                for p, c, v in (
                    ("0101", "Doe", 300),
                    ("0101", "Roe", 290),
                    ("0102", "Doe", 200),
                    ("0102", "Roe", 150),
                )
            )
        },
    ),
    Brought(
        kind="the county's own line among its precincts",
        beside=None,
        registered={"N-1": 600, "N-2": 500, "S-1": 400},
        files={
            "Adams registration.csv": "Precinct,Registered\nN-1,600\nN-2,500\nS-1,400\nAdams County,1500\n"
        },
    ),
    Brought(
        kind="a count of the hour before the polls closed, with an empty later one",
        past=PAST,
        files={
            "Wahlbeteiligung 2022-10-09.csv": "Stimmbezirk;Wahlberechtigte;Wähler 12:00 Uhr;Wähler 16:00 Uhr;"
            "Wähler 18:00 Uhr\n0101;1150;200;500;700\n0102;790;100;300;410\n"
        },
    ),
]
