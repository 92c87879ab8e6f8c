"""A fourth lot, written blind: registration, turnout and results as states,"
" vendors and councils put them out."""

from tests.beluga.adopt.brought import Brought

BOTH = {"0101": 1200, "0102": 800}
PAST = {"0101": 700, "0102": 410}
DAY = {"0101": 500, "0102": 300}
MAIL = {"0101": 150, "0102": 80}

COUNTS = [
    Brought(
        kind="Hart: an export with a format's line first, quoted, one row a candidate",
        past=PAST,
        registered=BOTH,
        files={
            "2022-11-08 media.txt": "#FormatVersion 1\n"
            '#"Precinct_Name","Split_Name","precinct_splitId","Reg_voters","Ballots","Reporting",'
            '"Contest_id","Contest_title","Contest_party","Choice_id","Candidate_name","Choice_party",'
            '"Candidate_Type","Absentee_votes","Early_votes","Election_Votes"\n'
            + "".join(
                f'"{p}","","{i}","{r}","{b}","1","7","GOVERNOR","","{c}","{n}","{q}","C","{a}","{e}","{d}"\n'
                for p, i, r, b, c, n, q, a, e, d in (
                    ("0101", 11, 1150, 700, 1, "DOE, JANE", "D", 80, 30, 250),
                    ("0101", 11, 1150, 700, 2, "ROE, JOHN", "R", 65, 20, 245),
                    ("0102", 12, 790, 410, 1, "DOE, JANE", "D", 40, 20, 150),
                    ("0102", 12, 790, 410, 2, "ROE, JOHN", "R", 35, 10, 148),
                )
            )
        },
    ),
    Brought(
        kind="King County: counters among the rows of a contest",
        past=PAST,
        registered=BOTH,
        files={
            "2022-11-08-precinct-results.csv": "Precinct,Race,LEG,CC,CG,CounterGroup,Party,CounterType,"
            "SumOfCount\n"
            + "".join(
                f"{p},U.S. Senator,5,3,7,Total,{q},{t},{n}\n"
                for p, q, t, n in (
                    ("0101", "NP", "Registered Voters", 1150),
                    ("0101", "NP", "Times Counted", 700),
                    ("0101", "NP", "Times Over Voted", 1),
                    ("0101", "NP", "Times Under Voted", 9),
                    ("0101", "Dem", "Jane Doe", 400),
                    ("0101", "Rep", "John Roe", 290),
                    ("0102", "NP", "Registered Voters", 790),
                    ("0102", "NP", "Times Counted", 410),
                    ("0102", "NP", "Times Over Voted", 0),
                    ("0102", "NP", "Times Under Voted", 10),
                    ("0102", "Dem", "Jane Doe", 200),
                    ("0102", "Rep", "John Roe", 200),
                )
            )
        },
    ),
    Brought(
        kind="Virginia: a locality, precincts with number and name, provisional apart",
        past={"0101": 690, "0102": 400},
        beside="precinct_id,name,registered,county\n0101,Fire House,1200,Adams County\n"
        "0102,Grange Hall,800,Adams County\n",
        files={
            "Election Results.csv": "CandidateUid,CandidateName,PoliticalParty,OfficeTitle,ElectionType,"
            "ElectionDate,LocalityCode,LocalityName,PrecinctName,TOTAL_VOTES\n"
            + "".join(
                f'{u},{n},{q},Governor,General,11/8/2022,001,"ADAMS COUNTY",{p},{v}\n'
                for u, n, q, p, v in (
                    ("a1", "Jane Doe", "Democratic", "0101 - FIRE HOUSE", 400),
                    ("a2", "John Roe", "Republican", "0101 - FIRE HOUSE", 290),
                    ("a1", "Jane Doe", "Democratic", "0102 - GRANGE HALL", 200),
                    ("a2", "John Roe", "Republican", "0102 - GRANGE HALL", 200),
                    ("a1", "Jane Doe", "Democratic", "## Provisional", 3),
                    ("a2", "John Roe", "Republican", "## Provisional", 2),
                )
            )
        },
        drops=("## Provisional",),
    ),
    Brought(
        kind="Arizona: contests and candidates by order, early and at the polls",
        past=PAST,
        in_person=DAY,
        files={
            "20221108 results.txt": "CONTEST_ID\tCONTEST_FULL_NAME\tCANDIDATE_FULL_NAME\tISWRITEIN\t"
            "PRECINCT_ID\tPRECINCT_NAME\tREGISTERED\tTURNOUT\tVOTES_EARLY\tVOTES_ELECTION_DAY\t"
            "VOTES_PROVISIONAL\tVOTES_TOTAL\n"
            + "".join(
                f"9\tGOVERNOR\t{c}\tN\t{i}\t{p}\t{r}\t{t}\t{e}\t{d}\t{x}\t{e + d + x}\n"
                for c, i, p, r, t, e, d, x in (
                    ("DOE, JANE", 1, "0101", 1150, 700, 100, 300, 0),
                    ("ROE, JOHN", 1, "0101", 1150, 700, 100, 200, 0),
                    ("DOE, JANE", 2, "0102", 790, 410, 60, 200, 0),
                    ("ROE, JOHN", 2, "0102", 790, 410, 50, 100, 0),
                )
            )
        },
    ),
    Brought(
        kind="California: a statement of vote with registration by party",
        past=PAST,
        registered=BOTH,
        files={
            "c001_2022_sov_data_by_srprec.csv": "county,srprec,addist,cddist,sddist,TOTREG,DEMREG,REPREG,"
            "DCLREG,TOTVOTE,DEMVOTE,REPVOTE,DCLVOTE,PRCVOTE,ABSVOTE,GOVDEM01,GOVREP01\n"
            "1,0101,5,4,1,1150,500,400,250,700,300,250,150,550,150,400,290\n"
            "1,0102,5,4,1,790,300,300,190,410,150,160,100,330,80,200,200\n"
            "1,SOVTOT,,,,1940,800,700,440,1110,450,410,250,880,230,600,490\n"
        },
        drops=("SOVTOT",),
    ),
    Brought(
        kind="Nevada: small numbers hidden behind an asterisk",
        past={"0101": 690},
        says=("*",),
        files={
            "2022-11-08 precinct-level results.csv": "Jurisdiction,Precinct,Contest,Selection,Votes\n"
            + "".join(
                f"Adams,{p},GOVERNOR,{s},{v}\n"
                for p, s, v in (
                    ("0101", '"DOE, JANE"', 400),
                    ("0101", '"ROE, JOHN"', 290),
                    ("0102", '"DOE, JANE"', 200),
                    ("0102", '"ROE, JOHN"', "*"),
                )
            )
        },
    ),
    Brought(
        kind="German open data: letters of the form for headings",
        past=PAST,
        registered=BOTH,
        files={
            "Open-Data-Landtagswahl.csv": "datum;wahl;ags;gebiet-nr;gebiet-name;max-schnellmeldungen;"
            "anz-schnellmeldungen;A1;A2;A3;A;B;B1;C;D;D1;D2\n"
            "15.10.2022;Landtagswahl;03151000;0101;Feuerwehr;1;1;1000;150;0;1150;700;150;10;690;400;290\n"
            "15.10.2022;Landtagswahl;03151000;0102;Schule;1;1;700;90;0;790;410;80;10;400;200;200\n"
        },
        years=("2022-10-15",),
    ),
    Brought(
        kind="German: entitled with and without note, voters of them by letter",
        beside=None,
        registered=BOTH,
        past=PAST,
        files={
            "Wahl 2022-10-09.csv": "Stimmbezirk;Bezeichnung;Wahlberechtigte ohne Sperrvermerk;"
            "Wahlberechtigte mit Sperrvermerk;Wahlberechtigte insgesamt;Wähler/innen insgesamt;"
            "darunter Wähler/innen mit Wahlschein;Ungültige Stimmen;Gültige Stimmen\n"
            "0101;Feuerwehr;1.000;200;1.200;700;150;10;690\n0102;Schule;700;100;800;410;80;10;400\n"
            "Gesamt;;1.700;300;2.000;1.110;230;20;1.090\n".encode("cp1252")
        },
    ),
    Brought(
        kind="French: polling stations of the ministry, candidates after one another",
        past=PAST,
        registered=BOTH,
        files={
            "2022-04-10 bureaux.txt": "Code du département;Libellé du département;Code de la commune;"
            "Libellé de la commune;Code du b.vote;Inscrits;Abstentions;% Abs/Ins;Votants;% Vot/Ins;Blancs;"
            "Nuls;Exprimés;N°Panneau;Sexe;Nom;Prénom;Voix;% Voix/Ins;% Voix/Exp;;;;;;;\n"
            "01;Ain;004;Exemple;0101;1150;450;39,13;700;60,87;5;5;690;1;F;DOE;Jane;400;34,78;57,97;2;M;ROE;"
            "John;290;25,22;42,03\n"
            "01;Ain;004;Exemple;0102;790;380;48,10;410;51,90;5;5;400;1;F;DOE;Jane;200;25,32;50,00;2;M;ROE;"
            "John;200;25,32;50,00\n".encode("latin-1")
        },
    ),
    Brought(
        kind="Italian: turnout at three hours of the day, running",
        past=PAST,
        files={
            "affluenza 2022-09-25.csv": "Sezione;Ubicazione;Iscritti;Votanti ore 12;Votanti ore 19;"
            "Votanti ore 23\n0101;Scuola;1.150;200;500;700\n0102;Municipio;790;100;300;410\n"
            "Totale;;1.940;300;800;1.110\n"
        },
    ),
    Brought(
        kind="Spanish: district, section and table make the place",
        beside=None,
        registered={"01-001-A": 600, "01-001-B": 500, "02-001-A": 400},
        files={
            "mesas.csv": "Distrito;Sección;Mesa;Censo electoral\n01;001;A;600\n01;001;B;500\n02;001;A;400\n"
        },
    ),
    Brought(
        kind="Polish: those entitled and those given ballots",
        past=PAST,
        registered=BOTH,
        files={
            "protokoly 2022-10-15.csv": "Gmina;Nr obwodu głosowania;Typ obwodu;Siedziba;"
            "Liczba wyborców uprawnionych do głosowania;Liczba wyborców, którym wydano karty do głosowania;"
            "Liczba głosów ważnych\nPrzykład;0101;stały;Szkoła;1150;700;690\n"
            "Przykład;0102;stały;Remiza;790;410;400\n"
        },
    ),
    Brought(
        kind="British: place, stations and electorates of a notice",
        beside=None,
        registered=BOTH,
        names={"0101": "Fire House"},
        files={
            "Polling districts review.xlsx": {
                "Schedule": [
                    ["Example Borough Council"],
                    ["Polling districts and places as at 1 December 2026"],
                    [None],
                    ["Ward", "Polling District", "Polling Place", "Total Electorate", "Postal Voters"],
                    ["Abbey", "0101", "Fire House", 1200, 210],
                    ["Abbey", "0102", "Grange Hall", 800, 120],
                    ["Ward total", None, None, 2000, 330],
                ]
            }
        },
    ),
    Brought(
        kind="New York: a row of active, inactive and total a district",
        beside=None,
        registered=BOTH,
        files={
            "enrollment by ED.csv": "COUNTY,ELECTION DIST,STATUS,DEM,REP,CON,OTH,BLANK,TOTAL\n"
            "Adams,0101,Active,500,400,50,50,100,1100\nAdams,0101,Inactive,50,20,5,5,20,100\n"
            "Adams,0101,Total,550,420,55,55,120,1200\nAdams,0102,Active,300,300,20,30,70,720\n"
            "Adams,0102,Inactive,30,20,5,5,20,80\nAdams,0102,Total,330,320,25,35,90,800\n"
        },
    ),
    Brought(
        kind="damage: a formula's error instead of a count",
        beside=None,
        registered={"0101": 1200},
        refuses=("#N/A",),
        files={"reg.csv": "Precinct,Name,Registered Voters\n0101,Fire House,1200\n0102,Grange Hall,#N/A\n"},
    ),
    Brought(
        kind="damage: no-break spaces in headings, ids and counts",
        beside=None,
        registered=BOTH,
        files={"reg.csv": "Precinct\u00a0ID,Registered\u00a0Voters\n0101\u00a0,1\u00a0200\n\u00a00102,800\n"},
    ),
    Brought(
        kind="damage: ends of lines of three systems",
        beside=None,
        registered={**BOTH, "0103": 300},
        files={
            "reg.csv": b'Precinct,Name,Registered\r\n0101,"Fire\nHouse",1200\n0102,Grange,800\r0103,Mill,'
            b"300\r\n"
        },
    ),
    Brought(
        kind="damage: a byte order mark before Windows' letters",
        beside=None,
        names={"0101": "Peñasco", "0102": "Café"},
        files={
            "reg.csv": b"\xef\xbb\xbf"
            + "Precinct,Name,Registered\n0101,Peñasco,1200\n0102,Café,800\n".encode("cp1252")
        },
    ),
    Brought(
        kind="damage: zeros lost in a workbook's numbers beside a roll that has them",
        past=PAST,
        files={
            "2022-11-08 turnout.xlsx": {
                "Sheet1": [["Precinct", "Ballots Cast"], [101, 700], [102, 410], ["Total", 1110]]
            }
        },
    ),
    Brought(
        kind="title rows, headings on the sixth line, towns above their precincts, footers",
        beside=None,
        registered=BOTH,
        files={
            "stats.csv": "ADAMS COUNTY BOARD OF ELECTIONS,,,,\nVoter Registration Statistics,,,,\n"
            "As of October 5 2026,,,,\nPrepared by: Data Services,,,,\n,,,,\n"
            "Precinct,DEM,REP,OTHER,TOTAL\nEASTON TOWNSHIP,,,,\n0101,500,500,200,1200\n"
            "Subtotal,500,500,200,1200\nWESTON BOROUGH,,,,\n0102,300,400,100,800\nSubtotal,300,400,100,800\n"
            "GRAND TOTAL,800,900,300,2000\nPage 1 of 1,,,,\nSource: statewide registry,,,,\n"
        },
    ),
    Brought(
        kind="a printed report whose columns are parted by spaces",
        beside=None,
        registered=BOTH,
        files={
            "report.txt": "Precinct   Location          Registered\n"
            "--------   ---------------   ----------\n"
            "0101       Fire House              1200\n0102       Grange Hall              800\n"
        },
    ),
    Brought(
        kind="two files of two counties with the same numbers",
        beside=None,
        registered={"Adams-001": 50, "Adams-002": 40, "Berks-001": 60},
        says=("county",),
        files={
            "adams.csv": "County,Precinct,Registered\nAdams,001,50\nAdams,002,40\n",
            "berks.csv": "County,Precinct,Registered\nBerks,001,60\n",
        },
    ),
    Brought(
        kind="a sheet a ward, headings alike, a cover before",
        beside=None,
        registered={**BOTH, "0201": 300},
        files={
            "wards.xlsx": {
                "Cover": [["Registration by ward"], ["Contact: elections office"]],
                "Ward 1": [["Ward 1"], ["Precinct", "Registered"], ["0101", 1200], ["0102", 800]],
                "Ward 2": [["Ward 2"], ["Precinct", "Registered"], ["0201", 300], ["Total", 300]],
            }
        },
    ),
    Brought(
        kind="registered and turnout as a share only",
        registered=BOTH,
        past={},
        files={"2022-11-08.csv": "Precinct,Turnout %\n0101,60.9%\n0102,51.9%\n"},
    ),
    Brought(
        kind="none: police precincts",
        files={"crime.csv": "Precinct,Officers,Arrests,Complaints\n0101,120,300,41\n0102,80,200,22\n"},
        nothing=True,
    ),
    Brought(
        kind="none: people by voting district from the census",
        beside=None,
        files={"pl94.csv": "VTD,Total Population,Voting Age Population\n0101,2100,1600\n0102,1500,1100\n"},
        nothing=True,
    ),
    Brought(
        kind="none: signatures on a petition and signs in yards",
        files={
            "field.csv": "Precinct,Signatures Collected,Yard Signs,Doors Knocked\n0101,40,12,300\n0102,"
            "31,8,150\n"
        },
        nothing=True,
    ),
]
