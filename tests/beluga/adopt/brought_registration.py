"""Registration and precincts as offices hand them out, and files that are none of ours."""

from tests.beluga.adopt.brought import Brought

BOTH = {"0101": 1200, "0102": 800}

REGISTRATION = [
    Brought(
        kind="suspense and a footer of pages",
        beside=None,
        registered={"101": 1200, "102": 800},
        files={
            "VRSTATS.csv": "Voter Registration Statistics,,,\nRun: 10/05/2026 8:15 AM,,,\n,,,\n"
            "Pct,Active,Suspense,Total\n101,1000,200,1200\n102,700,100,800\nTotals:,1700,300,2000\n"
            "Page 1 of 1,,,\n"
        },
        drops=("Totals:",),
    ),
    Brought(
        kind="a row a group of voters",
        beside=None,
        registered=BOTH,
        files={
            "voter_stats_20261103.txt": "county_desc\telection_date\tstats_type\tprecinct_abbrv\tvtd_abbrv"
            "\tparty_cd\trace_code\tethnic_code\tsex_code\tage\ttotal_voters\tupdate_date\n"
            + "".join(
                f"ADAMS\t11/03/2026\tvoter\t{p}\t{p}\t{party}\tW\tNL\t{sex}\tAge 41 - 65\t{n}\t10/01/2026\n"
                for p, party, sex, n in (
                    ("0101", "DEM", "F", 500),
                    ("0101", "REP", "M", 400),
                    ("0101", "UNA", "F", 300),
                    ("0102", "DEM", "F", 500),
                    ("0102", "DEM", "M", 300),
                )
            )
        },
    ),
    Brought(
        kind="German, points in thousands",
        beside=None,
        registered={"001": 1204, "002": 987},
        names={"001": "Grundschule Süd"},
        files={
            "wahlbezirke.csv": "Wahlbezirk;Bezeichnung;Wahlberechtigte insgesamt\n001;Grundschule Süd;1.204\n"
            "002;Rathaus;987\nSumme;;2.191\n".encode("cp1252")
        },
    ),
    Brought(
        kind="French, spaces in thousands",
        beside=None,
        registered={"0001": 1204, "0002": 987},
        files={
            "bureaux.csv": "Libellé de la commune;Code du b.vote;Inscrits\nExempleville;0001;1\u00a0204\n"
            "Exempleville;0002;987\n".encode("latin-1")
        },
    ),
    Brought(
        kind="Romanian",
        beside=None,
        registered={"1": 1204, "2": 987},
        files={
            "sectii.csv": "\ufeffJudeț,UAT,Nr. secție de votare,Denumire secție,Număr alegători înscriși\n"
            "Exemplu,Satu Nou,1,Școala Generală,1204\nExemplu,Satu Nou,2,Căminul Cultural,987\n"
        },
    ),
    Brought(
        kind="Italian, men and women",
        beside=None,
        registered={"1": 850, "2": 910},
        files={
            "sezioni.csv": "Sezione;Ubicazione;Elettori maschi;Elettori femmine;Elettori totali\n"
            "1;Scuola Esempio;400;450;850\n2;Palestra Prova;450;460;910\nTOTALE;;850;910;1760\n"
        },
    ),
    Brought(
        kind="Spanish",
        beside=None,
        registered={"001": 1204, "002": 987},
        files={
            "censo.csv": "Sección;Colegio electoral;Electores\n001;Escuela Ejemplo;1.204\n"
            "002;Ayuntamiento;987\nTotal general;;2.191\n".encode("cp1252")
        },
    ),
    Brought(
        kind="polling districts",
        beside=None,
        registered={"AA1": 1204, "AA2": 987},
        files={
            "Electorate by PD.csv": "Borough of Example,,,\nElectorate as at 1 September 2026,,,\n"
            'Ward,Polling District,Polling Place,Electorate\nAbbey,AA1,St Example Hall,"1,204"\n'
            'Abbey,AA2,Library,987\n,,Total,"2,191"\n'
        },
    ),
    Brought(
        kind="splits of precincts",
        beside=None,
        registered=BOTH,
        files={
            "splits.csv": "Precinct,Split,Registered Voters\n0101,0101.1,700\n0101,0101.2,500\n0102,"
            "0102.1,800\n"
        },
    ),
    Brought(
        kind="headings again on each page",
        beside=None,
        registered=BOTH,
        files={
            "pages.csv": "Precinct,,Registered,,\n0101,,1200,,\n,,,,\nAdams County Board of Elections,,,,\n"
            "Precinct,,Registered,,\n0102,,800,,\n"
        },
    ),
    Brought(
        kind="misspelt headings",
        beside=None,
        registered=BOTH,
        names={"0101": "Fire House"},
        files={
            "reg.csv": "Precint,Precinct Nmae,Registerd Voters\n0101,Fire House,1200\n0102,Grange Hall,800\n"
        },
    ),
    Brought(
        kind="ids that a spreadsheet has damaged",
        beside=None,
        registered={"0104": 12},
        refuses=("5-Jan", "Mar-03", "2.05E+03", "#NAME?", "########"),
        says=("spreadsheet",),
        files={
            "dmg.csv": "Precinct ID,Total Registered\n5-Jan,5\nMar-03,6\n2.05E+03,7\n#NAME?,8\n########,9\n"
            "0104,12\n"
        },
    ),
    Brought(
        kind="the same number in two counties",
        beside=None,
        says=("county",),
        registered={"Adams-1": 50, "Berks-1": 60, "Berks-2": 9},
        files={
            "two.csv": "CountyName,PrecinctNumber,ActiveVoters,InactiveVoters,TotalVoters\nAdams,1,45,5,50\n"
            "Berks,1,55,5,60\nBerks,2,9,0,9\nStatewide,,109,10,119\n"
        },
    ),
    Brought(
        kind="precincts without voters",
        beside=None,
        registered=BOTH,
        drops=("Central Count",),
        files={
            "reg.csv": "Precinct,Precinct Name,Registered\n0101,Fire House,1200\n0102,Grange Hall,800\n"
            "9999,Central Count,0\n"
        },
    ),
    Brought(
        kind="a workbook with merged headings and ids as numbers",
        beside=None,
        registered={"101": 1200, "102": 800},
        names={"101": "Fire House"},
        files={
            "Registration.xlsx": {
                "Summary": [["Adams County"], ["As of", "10/1/2026"]],
                "By Precinct": [
                    ["Registration by precinct"],
                    [None],
                    ["Precinct", None, "Voters", None],
                    ["Number", "Name", "Active", "Total"],
                    [101, "Fire House", 1100, 1200],
                    [102, "Grange Hall", 700, 800],
                    [None, "TOTAL", 1800, 2000],
                ],
            }
        },
    ),
    Brought(
        kind="multi-line cells in quotes",
        beside=None,
        registered=BOTH,
        files={
            "r.csv": '"Precinct\nNumber","Polling\nPlace","Registered\nVoters"\n'
            '0101,"Fire House\n1 Main St","1,200"\n0102,"Grange Hall\n2 Main St",800\n'
        },
    ),
    Brought(
        kind="notes below the table",
        beside=None,
        registered=BOTH,
        files={
            "r.csv": "Precinct,Registered\n0101,1200\n0102,800\n,\nSource: County Clerk,\n"
            '"Note: figures do not include pending applications",\nReport generated 10/05/2026 by jdoe,\n'
        },
    ),
    Brought(
        kind="zeros that one of two files has lost",
        registered={"0101": 1200, "0102": 800},
        past={"0101": 600, "0102": 400},
        files={"2022-11-08.csv": "Pct,Ballots Cast\n101,600\n102,400\n"},
    ),
]

NONE_OF_OURS = [
    Brought(
        kind="an invoice",
        files={
            "invoice.csv": "Invoice No,Date,Description,Qty,Unit Price,Total\n"
            "1007,10/01/2026,Yard signs,500,3.25,1625.00\n1007,10/01/2026,Stakes,500,0.60,300.00\n,,,,"
            "Total,1925.00\n"
        },
        nothing=True,
    ),
    Brought(
        kind="a photo under another name",
        files={"IMG_2041.csv": b"\xff\xd8\xff\xe0\x00\x10JFIF\x00\x01\x01" + bytes(range(256)) * 8},
        nothing=True,
    ),
    Brought(kind="an empty file", files={"empty.csv": b""}, nothing=True, says=("empty",)),
    Brought(kind="headings alone", files={"h.csv": "Precinct,Registered\n"}, nothing=True),
    Brought(
        kind="a PDF under another name",
        files={"r.csv": b"%PDF-1.7\n1 0 obj\n<< /Type /Catalog >>\nendobj\n"},
        nothing=True,
        says=("pdf",),
    ),
    Brought(
        kind="a page that asks to sign in",
        files={
            "results.csv": "<!DOCTYPE html><html><head><title>Sign in"
            "</title></head><body><form><input name='user'></form></body></html>"
        },
        nothing=True,
    ),
    Brought(
        kind="a list of donors",
        files={
            "donors.csv": "Donor,Amount,Date,Employer\nAna Example,250,2026-09-01,"
            "Self\nBo Sample,100,2026-09-02,None\n"
        },
        nothing=True,
    ),
]
