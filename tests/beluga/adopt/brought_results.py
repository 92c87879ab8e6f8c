"""Past results and turnout as offices hand them out."""

from tests.beluga.adopt.brought import Brought

PAST = {"0101": 700, "0102": 410}

RESULTS = [
    Brought(
        kind="long, by method, with registration",
        files={
            "20221108__tx__general__adams__precinct.csv": "county,precinct,office,district,candidate,"
            "party,votes,early_voting,election_day,mail,provisional\n"
            "Adams,0101,Registered Voters,,,,1150,,,,\nAdams,0101,Ballots Cast,,,,700,400,250,48,2\n"
            "Adams,0101,Governor,,Jane Doe,DEM,400,250,120,29,1\nAdams,0101,Governor,,Write-ins,,5,5,0,0,0\n"
            "Adams,0102,Registered Voters,,,,790,,,,\nAdams,0102,Ballots Cast,,,,410,200,190,20,0\n"
            "Adams,0102,Governor,,Jane Doe,DEM,210,100,100,10,0\nAdams,0102,Governor,,John Roe,REP,190,"
            "95,85,10,0\n"
        },
        past=PAST,
        in_person={"0101": 250, "0102": 190},
        mail={"0101": 48, "0102": 20},
        early={"0101": 400, "0102": 200},
        registered={"0101": 1200, "0102": 800},
    ),
    Brought(
        kind="wide, times counted",
        files={
            "2022-11-08 Governor.csv": "Precinct,Registered Voters,Times Counted,% Turnout,Jane Doe,"
            "John Roe,Write-in Totals\n"
            "0101,1150,700,60.87%,350,330,4\n0102,790,410,51.90%,200,190,1\nTotal,1940,1110,57.22%,550,520,5\n"
        },
        past=PAST,
        drops=("Total",),
    ),
    Brought(
        kind="a state's results sorted by choice, real precincts marked",
        files={
            "results_pct_20221108.txt": "County\tElection Date\tPrecinct\tContest Group ID\tContest "
            "Type\tContest Name\tChoice\tChoice Party\t"
            "Vote For\tElection Day\tEarly Voting\tAbsentee by Mail\tProvisional\tTotal Votes\tReal "
            "Precinct\t\n"
            + "".join(
                f"ADAMS\t11/08/2022\t{p}\t1\tS\tUS SENATE\t{c}\t{q}\t1\t{a}\t{b}\t{m}\t{v}\t"
                f"{a + b + m + v}\t{r}\t\n"
                for p, c, q, a, b, m, v, r in (
                    ("0101", "Jane Doe", "DEM", 100, 200, 40, 1, "Y"),
                    ("0101", "John Roe", "REP", 200, 150, 9, 0, "Y"),
                    ("0102", "Jane Doe", "DEM", 100, 90, 10, 0, "Y"),
                    ("0102", "John Roe", "REP", 120, 80, 10, 0, "Y"),
                    ("PROVISIONAL", "Jane Doe", "DEM", 0, 0, 0, 7, "N"),
                )
            )
        },
        past=PAST,
        in_person={"0101": 300, "0102": 220},
        years=("2022-11-08",),
    ),
    Brought(
        kind="a state's turnout with registration at seven",
        files={
            "2022-11-08 precinct results.csv": "VTDID,PCTNAME,PCTCODE,COUNTYNAME,REG7AM,EDR,SIGNATURES,"
            "AB_MB,TOTVOTING,USREPR,USREPDFL\n"
            "0010101,Fire House,0101,Adams,1100,50,500,200,700,350,340\n"
            "0010102,Grange Hall,0102,Adams,780,10,310,100,410,200,200\n"
        },
        past=PAST,
    ),
    Brought(
        kind="German",
        files={
            "2021-09-26 Ergebnis.csv": "Stimmbezirk;Wahlberechtigte;Wähler;davon mit Wahlschein;"
            "Ungültige;Gültige;Wahlbeteiligung\n"
            "0101;1.150;700;12;4;696;60,9\n0102;790;410;3;2;408;51,9\nGesamt;1.940;1.110;15;6;1.104;57,2\n"
        },
        past=PAST,
        years=("2021-09-26",),
        drops=("Gesamt",),
    ),
    Brought(
        kind="French",
        files={
            "2022-04-10 presidentielle.csv": "Code du b.vote;Inscrits;Abstentions;% Abs/Ins;Votants;% "
            "Vot/Ins;Blancs;Nuls;Exprimés\n"
            "0101;1150;450;39,13;700;60,87;10;5;685\n0102;790;380;48,10;410;51,90;4;2;404\n".encode("cp1252")
        },
        past=PAST,
        years=("2022-04-10",),
    ),
    Brought(
        kind="Italian",
        files={
            "2022-09-25 sezioni.csv": "SEZIONE;ELETTORI;VOTANTI;SCHEDE BIANCHE;SCHEDE NULLE;ESEMPIO "
            "ANA;PROVA BO\n0101;1150;700;8;7;400;285\n"
            "0102;790;410;4;3;200;203\n"
        },
        past=PAST,
    ),
    Brought(
        kind="Romanian",
        files={
            "prezenta 24.11.2024.csv": "Județ,Nr. secție de votare,Înscriși pe liste permanente,LP,LS,"
            "UM,Total votanți\n"
            "Adams,0101,1150,680,15,5,700\nAdams,0102,790,400,8,2,410\n"
        },
        past=PAST,
        years=("2024-11-24",),
    ),
    Brought(
        kind="Spanish, with accents",
        files={
            "elecciones 23-07-2023.csv": "Mesa;Censo;Votantes;Votos nulos;Votos en blanco;Abstención\n"
            "0101;1.150;700;5;4;450\n0102;790;410;2;3;380\n".encode("cp1252")
        },
        past=PAST,
        years=("2023-07-23",),
    ),
    Brought(
        kind="more votes than voters in one precinct",
        files={
            "past.csv": "Precinct,Election Date,Registered,Votes Cast\n0101,11/08/2022,120,700\n0102,"
            "11/08/2022,790,410\n"
        },
        past={"0102": 410},
        says=("registered",),
        refuses=("700",),
    ),
    Brought(
        kind="several elections side by side",
        files={
            "turnout history.csv": "Precinct,2018 Ballots Cast,2020 Ballots Cast,2022 Ballots Cast\n"
            "0101,500,900,700\n0102,300,500,410\n"
        },
        years=("2018", "2020", "2022"),
    ),
    Brought(
        kind="a turnout sheet in a workbook of contests",
        files={
            "detail.xlsx": {
                "Table of Contents": [
                    ["Page", "Contest"],
                    [1, "Registered Voters"],
                    [2, "Governor (Vote For 1)"],
                ],
                "Registered Voters": [
                    ["General Election", None, None],
                    ["November 8, 2022"],
                    [None],
                    ["County", "Registered Voters", "Ballots Cast", "Voter Turnout"],
                    ["0101", 1150, 700, "60.87 %"],
                    ["0102", 790, 410, "51.90 %"],
                    ["Total:", 1940, 1110, "57.22 %"],
                ],
                "2": [
                    ["Governor (Vote For 1)"],
                    [None, None, "Jane Doe", None, None, "John Roe"],
                    [
                        "County",
                        "Registered Voters",
                        "Election Day",
                        "Mail",
                        "Total Votes",
                        "Election Day",
                        "Mail",
                        "Total Votes",
                        "Total",
                    ],
                    ["0101", 1150, 200, 150, 350, 230, 100, 330, 680],
                    ["0102", 790, 100, 100, 200, 150, 40, 190, 390],
                    ["Total:", 1940, 300, 250, 550, 380, 140, 520, 1070],
                ],
            }
        },
        past=PAST,
        years=("2022-11-08",),
    ),
    Brought(
        kind="ballots cast by way of voting",
        files={
            "2022-11-08 canvass.csv": "Precinct,Registered Voters,Ballots Cast Mail,Ballots Cast Early,"
            "Ballots Cast Election Day,Total Ballots Cast,"
            "Turnout Percentage\n0101,1150,50,400,250,700,60.87\n0102,790,20,200,190,410,51.90\n"
        },
        past=PAST,
        in_person={"0101": 250, "0102": 190},
        mail={"0101": 50, "0102": 20},
        early={"0101": 400, "0102": 200},
    ),
    Brought(
        kind="the date in a title",
        files={
            "SOVC.csv": "Official Results,,,\nGeneral Election - Tuesday; November 5; 2024,,,\n,,,\n"
            "Precinct,Registration,Ballots Cast,Turnout (%)\n0101 Fire House,1150,700,60.87\n"
            "0102 Grange Hall,790,410,51.90\n".replace(";", "")
        },
        past=PAST,
        years=("2024-11-05",),
    ),
    Brought(
        kind="a county's choices with election day and mail-in",
        files={
            "2022-11-08 results.csv": "Precinct Name,Precinct Code,Contest Name,Candidate Name,"
            "Election Day Votes,Mail-in Votes,Provisional Votes,"
            "Total Votes\n"
            + "".join(
                f"{n},{p},{o},{c},{a},{b},{v},{a + b + v}\n"
                for n, p, o, c, a, b, v in (
                    ("Fire House", "0101", "Governor", "Jane Doe", 300, 100, 0),
                    ("Fire House", "0101", "Governor", "John Roe", 250, 50, 0),
                    ("Fire House", "0101", "Sheriff", "Al Poe", 300, 100, 0),
                    ("Grange Hall", "0102", "Governor", "Jane Doe", 200, 5, 0),
                    ("Grange Hall", "0102", "Governor", "John Roe", 200, 5, 0),
                )
            )
        },
        past=PAST,
        in_person={"0101": 550, "0102": 400},
    ),
    Brought(
        kind="results of the primary, one row a party",
        files={
            "20220517__pa__primary__adams__precinct.csv": "county,precinct,office,district,party,"
            "candidate,votes\n"
            + "".join(
                f"Adams,{p},Ballots Cast,,{q},,{n}\n"
                for p, q, n in (
                    ("0101", "DEM", 300),
                    ("0101", "REP", 400),
                    ("0102", "DEM", 210),
                    ("0102", "REP", 200),
                )
            )
        },
        past=PAST,
        years=("2022-05-17",),
    ),
    Brought(
        kind="a date in day, month, year a row",
        files={
            "affluenza.csv": "Data elezione;Sezione;Elettori;Votanti\n25/09/2022;0101;1150;700\n"
            "25/09/2022;0102;790;410\n"
        },
        past=PAST,
        years=("2022-09-25",),
    ),
]
