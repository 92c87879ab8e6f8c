"""A fourth lot, written blind: watchers, callers, places, maps,"
" and whole folders whose ids are spelt apart."""

import io
import json
import zipfile

from tests.beluga.adopt.brought import Brought
from tests.beluga.adopt.brought_people import collection, ring
from tests.beluga.adopt.brought_third import packed

BARE = "precinct_id,registered\n0101,1200\n0102,800\n"
BOTH = {"0101": 1200, "0102": 800}
PAST = {"0101": 700, "0102": 410}


def inside(**files: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, content in files.items():
            archive.writestr(name.replace("__", "."), content)
    return out.getvalue()


LISTS = [
    Brought(
        kind="a survey's answers, with a second line of headings",
        watchers={"Ana Example": "0101", "Bo Sample": "0102"},
        files={
            "Poll Watcher Signup.csv": "Respondent ID,Collector ID,Start Date,End Date,IP Address,"
            "Email Address,Custom Data 1,What is your name?,What is your cell phone number?,"
            "Which precinct will you watch?\n,,,,,,,Open-Ended Response,Open-Ended Response,Response\n"
            "1180,44,10/01/2026 09:00:00 AM,10/01/2026 09:02:00 AM,,ana@example.org,,Ana Example,"
            "717-555-0101,0101\n1181,44,10/02/2026 09:00:00 AM,10/02/2026 09:02:00 AM,,,,Bo Sample,"
            "(717) 555 0102,0102\n"
        },
    ),
    Brought(
        kind="a form's answers in questions",
        watchers={"Ana Example": "0101", "Bo Sample": "0102"},
        files={
            "Poll watching 2026 (Responses).xlsx": {
                "Form Responses 1": [
                    [
                        "Timestamp",
                        "First and last name",
                        "Cell phone (so we can text you on Election Day)",
                        "Email",
                        "Which polling place do you want to cover?",
                        "Have you done this before?",
                    ],
                    [
                        "10/1/2026 9:00:00",
                        "Ana Example",
                        "717-555-0101",
                        "a@example.org",
                        "Fire House",
                        "Yes",
                    ],
                    ["10/2/2026 9:00:00", "Bo Sample", 7175550102, "b@example.org", "Grange Hall", "No"],
                ]
            }
        },
    ),
    Brought(
        kind="watchers by place with the number after it in brackets",
        watchers={"Ana Example": "0101", "Bo Sample": "0102"},
        files={
            "schedule.csv": "Election Day Poll Watchers,,,\nLocation,Shift,Watcher,Phone\n"
            "Fire House (0101),AM,Ana Example,717-555-0101\nGrange Hall (0102),PM,Bo Sample,717-555-0102\n"
        },
    ),
    Brought(
        kind="two watchers in one line, morning and afternoon",
        watchers={"Ana Example": "0101", "Bo Sample": "0101", "Cy Specimen": "0102"},
        files={
            "shifts.csv": "Precinct,AM Watcher,AM Phone,PM Watcher,PM Phone\n"
            "0101,Ana Example,717-555-0101,Bo Sample,717-555-0102\n0102,Cy Specimen,717-555-0103,,\n"
        },
    ),
    Brought(
        kind="callers of a volunteers' tool",
        callers=2,
        files={
            "Phone bank shifts.csv": "VANID,First Name,Last Name,Preferred Email,Preferred Phone,Event,Role,"
            "Shift,Status\n1,Ana,Example,ana@example.org,717-555-0101,GOTV Phone Bank,Phone Banker,9-12,"
            "Confirmed\n2,Bo,Sample,bo@example.org,717-555-0102,GOTV Phone Bank,Phone Banker,12-3,Confirmed\n"
        },
    ),
    Brought(
        kind="places whose point is one cell",
        beside=BARE,
        places={"0101": ("Old School", "41.4", "-75.6"), "0102": ("Annex", "41.5", "-75.7")},
        files={
            "Polling_Places.csv": "PRECINCT,POLLING PLACE,ADDRESS,ACCESSIBLE,Location\n"
            '0101,Old School,1 Main St,Y,"(41.4, -75.6)"\n0102,Annex,2 Main St,N,"(41.5, -75.7)"\n'
        },
    ),
    Brought(
        kind="places whose point is written as a shape",
        beside=BARE,
        places={"0101": ("Old School", "41.4", "-75.6"), "0102": ("Annex", "41.5", "-75.7")},
        files={
            "places.csv": "the_geom,Precinct,Polling Place\nPOINT (-75.6 41.4),0101,Old School\n"
            "POINT (-75.7 41.5),0102,Annex\n"
        },
    ),
    Brought(
        kind="places by X and Y",
        beside=BARE,
        places={"0101": ("Old School", "41.4", "-75.6"), "0102": ("Annex", "41.5", "-75.7")},
        files={
            "places.csv": "X,Y,OBJECTID,PCT_NUM,POLL_NAME,POLL_ADDR\n-75.6,41.4,1,0101,Old School,1 Main St\n"
            "-75.7,41.5,2,0102,Annex,2 Main St\n"
        },
    ),
    Brought(
        kind="map: of a whole state, ours among others",
        shapes=2,
        files={
            "vtd20.geojson": collection(
                *(
                    (
                        {
                            "STATEFP20": "42",
                            "COUNTYFP20": c,
                            "VTDST20": v,
                            "NAMELSAD20": f"Voting District {v}",
                        },
                        ring(-75.6 + i / 50, 41.4),
                    )
                    for i, (c, v) in enumerate(
                        (("001", "0101"), ("001", "0102"), ("003", "0203"), ("003", "0204"))
                    )
                )
            )
        },
    ),
    Brought(
        kind="map: by a long name of the census",
        shapes=2,
        files={
            "vtd.geojson": collection(
                ({"NAMELSAD20": "Voting District 0101", "ALAND20": 1234567}, ring(-75.6, 41.4)),
                ({"NAMELSAD20": "Voting District 0102", "ALAND20": 2345678}, ring(-75.5, 41.4)),
            )
        },
    ),
    Brought(
        kind="map: heights in its points and a geometry of several kinds",
        shapes=2,
        files={
            "g.geojson": collection(
                ({"Precinct": "0101"}, [[*p, 12.5] for p in ring(-75.6, 41.4)]),
                ({"Precinct": "0102"}, [[*p, 0.0] for p in ring(-75.5, 41.4)]),
            )
        },
    ),
    Brought(
        kind="map: a server's own form, with rings and attributes",
        shapes=2,
        files={
            "query.json": json.dumps(
                {
                    "geometryType": "esriGeometryPolygon",
                    "spatialReference": {"wkid": 4326, "latestWkid": 4326},
                    "features": [
                        {"attributes": {"OBJECTID": n, "PRECINCT": p}, "geometry": {"rings": [ring(w, 41.4)]}}
                        for n, p, w in ((1, "0101", -75.6), (2, "0102", -75.5))
                    ],
                }
            )
        },
    ),
    Brought(
        kind="map: one feature a line",
        shapes=2,
        files={
            "precincts.geojson": "".join(
                json.dumps(f) + "\n"
                for f in json.loads(
                    collection(({"pct": "0101"}, ring(-75.6, 41.4)), ({"pct": "0102"}, ring(-75.5, 41.4)))
                )["features"]
            )
        },
    ),
    Brought(
        kind="a zip in a zip, with what a Mac leaves behind",
        beside=None,
        registered=BOTH,
        files={
            "outer.zip": inside(
                inner__zip=packed(reg__csv="Precinct,Registered\n0101,1200\n0102,800\n"),
                **{"__MACOSX/._reg__csv": b"\x00\x05\x16\x07", "__DS_Store": b"\x00\x00\x00\x01Bud1"},
            )
        },
    ),
    Brought(
        kind="a workbook under a password",
        files={
            "locked.xlsx": bytes.fromhex("d0cf11e0a1b11ae1")
            + bytes(504)
            + "EncryptedPackage".encode("utf-16-le")
        },
        nothing=True,
        says=("password",),
    ),
    Brought(
        kind="four files whose ids are spelt apart",
        beside="precinct_id,name,registered\n0103,Fire House,1200\n0104,Grange Hall,800\n",
        past={"0103": 700, "0104": 410},
        voters=2,
        shapes=2,
        roll_of={"1": "0103", "2": "0104"},
        watchers={"Ana Watcher": "0103", "Bo Watcher": "0104"},
        files={
            "2022-11-08 results.csv": "Precinct,Registered Voters,Ballots Cast\n103,1150,700\n104,790,410\n",
            "voters.csv": "Voter ID,Name,Precinct\n1,Ana Example,Precinct 103\n2,Bo Sample,Precinct 104\n",
            "map.geojson": collection(
                ({"PCT_LABEL": "01-03"}, ring(-75.6, 41.4)), ({"PCT_LABEL": "01-04"}, ring(-75.5, 41.4))
            ),
            "watchers.csv": "Watcher,Cell,Pct\nAna Watcher,717-555-0111,#103\nBo Watcher,717-555-0112,"
            "Pct. 104\n",
        },
        open=False,
    ),
    Brought(
        kind="registration, results, voters and places at once, none of ours",
        beside=None,
        registered=BOTH,
        past=PAST,
        voters=2,
        places={"0101": ("Old School",)},
        files={
            "a.csv": "Precinct,Registered Voters\n0101,1200\n0102,800\nTotal,2000\n",
            "b 2022-11-08.csv": "Precinct,Registered Voters,Ballots Cast\n101,1150,700\n102,790,410\n",
            "c.txt": "VUID\tLast Name\tFirst Name\tPct\n1\tExample\tAna\t101\n2\tSample\tBo\t102\n",
            "d.csv": "Precinct(s),Polling Location,Address\n101,Old School,1 Main St\n102,Annex,2 Main St\n",
        },
    ),
    Brought(
        kind="the same table as a workbook and as text",
        beside=None,
        registered=BOTH,
        open=False,
        files={
            "reg.csv": "Precinct,Registered\n0101,1200\n0102,800\n",
            "reg.xlsx": {"Sheet1": [["Precinct", "Registered"], ["0101", 1200], ["0102", 800]]},
        },
    ),
    Brought(
        kind="a district of letters with strokes and one without",
        beside="precinct_id,name,registered\nE-1A,North,600\nE-2B,South,500\n",
        past={"E-1A": 300, "E-2B": 200},
        files={"2022-11-08.csv": "PCT,Ballots Cast\nE1A,300\nE 2B,200\n"},
    ),
    Brought(
        kind="numbers that fit two precincts are not guessed",
        beside="precinct_id,name,registered\n0101,North,600\n101,South,500\n",
        past={},
        files={"2022-11-08.csv": "PCT,Ballots Cast\n00101,300\n"},
    ),
]
