#!/usr/bin/env python3
"""Maryland's precincts as an election folder: the rolls of November 2014, and that day's votes as history.

    python docs/examples/maryland_2014.py turnout_by_precinct.csv FOLDER [--keep-empty]

Reads `county,county_code,precinct,polls,early_voting,absentee,provisional,eligible_voters` and writes
`election.toml`, `precincts.csv` and `history.csv`. Rows without eligible voters are central counts and not
places where people vote: they are named on standard error and left out, unless `--keep-empty` leaves them for
`beluga check` to refuse. docs/maryland.md explains each choice.
"""

import argparse
import csv
import sys
from collections.abc import Iterable
from pathlib import Path

DAY = """\
name = "Maryland general election 2018, on the rolls of 2014"
date = 2018-11-06
timezone = "America/New_York"
opens = "07:00"
closes = "20:00"
languages = ["en", "es"]
"""
PAST = "2014-11-04"


def main() -> int:
    """Converts; says what it left out."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("source", type=Path)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--keep-empty", action="store_true", help="keep rows without eligible voters")
    args = parser.parse_args()
    with args.source.open(encoding="utf-8-sig", newline="") as file:
        rows = [(n, row) for n, row in enumerate(csv.DictReader(file), 2)]
    kept = []
    for line, row in rows:
        if int(row["eligible_voters"]) or args.keep_empty:
            kept.append(row)
        else:
            print(
                f"{args.source.name}:{line}: eligible_voters: "
                f"{row['county']} {row['precinct']} has none, left out",
                file=sys.stderr,
            )
    args.folder.mkdir(parents=True, exist_ok=True)
    (args.folder / "election.toml").write_text(DAY, encoding="utf-8")
    write(args.folder / "precincts.csv", "precinct_id,name,county,registered", map(precinct, kept))
    write(
        args.folder / "history.csv",
        "precinct_id,election,method,votes,registered",
        (past for row in kept for past in history(row)),
    )
    print(f"{len(kept):,} precincts written to {args.folder}, {len(rows) - len(kept)} rows left out")
    return 0


def identity(row: dict[str, str]) -> str:
    """Precinct numbers repeat from county to county: the county's code makes them unique."""
    return f"{int(row['county_code']):02d}-{row['precinct']}"


def precinct(row: dict[str, str]) -> list[object]:
    """A line of precincts.csv."""
    name = f"{row['county']} {row['precinct']}"
    return [identity(row), name, row["county"], row["eligible_voters"]]


def history(row: dict[str, str]) -> list[list[object]]:
    """Provisional ballots are cast in person and counted later: watchers see these voters, too."""
    in_person = int(row["polls"]) + int(row["provisional"])
    by_method = [("in_person", in_person), ("early", row["early_voting"]), ("mail", row["absentee"])]
    return [[identity(row), PAST, method, votes, row["eligible_voters"]] for method, votes in by_method]


def write(path: Path, headings: str, rows: Iterable[list[object]]) -> None:
    """Writes one CSV file."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(headings.split(","))
        writer.writerows(rows)


if __name__ == "__main__":
    sys.exit(main())
