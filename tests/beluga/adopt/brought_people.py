"""Watchers, callers, polling places and maps as people keep them."""

import json

from tests.beluga.adopt.brought import Brought


def collection(*features: tuple[dict[str, object], list[list[float]]], **more: object) -> str:
    listed = [
        {
            "type": "Feature",
            "properties": p,
            "geometry": {"type": "Polygon", "coordinates": [ring]} if ring else None,
        }
        for p, ring in features
    ]
    return json.dumps({"type": "FeatureCollection", **more, "features": listed})


def ring(west: float, south: float, size: float = 0.01) -> list[list[float]]:
    east, north = west + size, south + size
    return [[west, south], [east, south], [east, north], [west, north], [west, south]]


PEOPLE = [
    Brought(
        kind="watchers with first and last names",
        watchers={"Ana Example": "0101", "Bo Sample": "0101;0102"},
        files={
            "Poll watchers.csv": "First,Last,Mobile #,Assigned Precinct(s),Captain\nAna,Example,(717) "
            "555-0101,0101,Di\n"
            "Bo,Sample,717.555.0102,0101 & 0102,Di\n"
        },
    ),
    Brought(
        kind="watchers with several columns of precincts",
        watchers={"Ana Example": "0101;0102", "Bo Sample": "0102"},
        files={
            "watchers.xlsx": {
                "Sheet1": [
                    ["Watcher", "Cell", "Precinct 1", "Precinct 2"],
                    ["Ana Example", "717-555-0101", "0101", "0102"],
                    ["Bo Sample", 7175550102, "0102", None],
                ]
            }
        },
    ),
    Brought(
        kind="watchers in Spanish",
        watchers={"Ana Example": "0101", "Bo Sample": "0102"},
        files={
            "observadores.csv": "Nombre,Teléfono,Idioma,Precinto\nAna Example,717-555-0101,es,0101\n"
            "Bo Sample,717-555-0102,en,0102\n"
        },
    ),
    Brought(
        kind="callers",
        callers=2,
        files={
            "Phone bank volunteers.csv": "Volunteer Name,Email Address,Phone Number,Languages Spoken\n"
            'Ana Example,ana@example.org,717-555-0101,"English, Spanish"\nBo Sample,bo@example.org,,English\n'
        },
    ),
    Brought(
        kind="polling places with coordinates, one of them nought",
        places={"0101": ("41.4", "-75.6"), "0102": ("",)},
        says=("0, 0",),
        files={
            "polling.csv": "Precinct,Polling Place Name,Address,City,Zip,Latitude,Longitude\n"
            "0101,Fire House Station 1,1 Main St,Town,17325,41.4,-75.6\n0102,Grange,2 Main St,Town,"
            "17325,0,0\n"
        },
    ),
    Brought(
        kind="a state's polling places in UTF-16",
        places={"0101": ("Old School",), "0102": ("Annex",)},
        files={
            "polling_place_20261103.csv": "election_dt\tcounty_name\tpolling_place_id\t"
            "polling_place_name\tprecinct_name\t"
            "house_num\tstreet_name\tcity\tstate\tzip\n11/03/2026\tADAMS\t7\tOld School\t0101\t1\tMAIN "
            "ST\tTOWN\tNC\t27000\n"
            "11/03/2026\tADAMS\t8\tAnnex\t0102\t2\tMAIN ST\tTOWN\tNC\t27000\n".encode("utf-16")
        },
    ),
    Brought(
        kind="stations with several districts",
        places={"0101": ("St Example Hall",), "0102": ("St Example Hall",)},
        files={
            "stations.csv": "Polling Station,Address,Postcode,Polling Districts\nSt Example Hall,1 "
            "High St,AB1 2CD,"
            '"0101, 0102"\n'
        },
    ),
    Brought(
        kind="places whose latitude and longitude are swapped",
        says=("latitude", "longitude"),
        places={"0101": ("41.4", "-75.6")},
        files={
            "places.csv": "Precinct,Polling Place,Lat,Lon\n0101,Fire House,-75.6,41.4\n0102,Grange "
            "Hall,-75.7,41.5\n"
        },
    ),
]

MAPS = [
    Brought(
        kind="a map without zeros and with a strange one",
        shapes=2,
        says=("199",),
        files={
            "precincts.geojson": collection(
                ({"OBJECTID": 1, "PRECINCTID": 101}, ring(-75.6, 41.4)),
                ({"OBJECTID": 2, "PRECINCTID": 102}, ring(-75.5, 41.4)),
                ({"OBJECTID": 3, "PRECINCTID": 199}, ring(-75.4, 41.4)),
            )
        },
    ),
    Brought(
        kind="a map in metres that says so",
        shapes=2,
        files={
            "p.geojson": collection(
                ({"PCT": "0101"}, ring(-8415000, 5070000, 900)),
                ({"PCT": "0102"}, ring(-8414000, 5070000, 900)),
                crs={"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::3857"}},
            )
        },
    ),
    Brought(
        kind="a map by names of precincts",
        shapes=2,
        files={
            "p.geojson": collection(
                ({"id": 1, "NAME10": "Fire House Precinct"}, ring(-75.6, 41.4)),
                ({"id": 2, "NAME10": "Grange Hall Precinct"}, ring(-75.5, 41.4)),
            )
        },
    ),
    Brought(
        kind="a shape without coordinates",
        shapes=1,
        says=("0102",),
        files={"p.geojson": collection(({"VTD": "0101"}, ring(-75.6, 41.4)), ({"VTD": "0102"}, []))},
    ),
    Brought(
        kind="a map of nowhere",
        shapes=0,
        files={
            "zip codes.geojson": collection(
                ({"ZCTA5CE10": "17325"}, ring(-75.6, 41.4)), ({"ZCTA5CE10": "17326"}, ring(-75.5, 41.4))
            )
        },
    ),
]
