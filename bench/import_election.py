#!/usr/bin/env python3
"""Times `beluga import` of a large election against the least that any importer must do, in the same run.

    python bench/import_election.py [--precincts 20000] [--voters 1000000]

Prints seconds and peak memory of the import (a process of its own, start included), and seconds of the
baseline: a bare `csv.reader` pass over the same voters and a COPY of the same rows into a table with the
same indexes. Runs its own embedded PostgreSQL in a temporary folder.
"""

import argparse
import asyncio
import csv
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from beluga.stack.ports import free_port
from beluga.stack.postgres import EmbeddedPostgres
from election.postgres.database import connect
from election.postgres.migrate import migrate

TARGET_SECONDS, TARGET_MB = 60, 1000

DAY = 'name = "Bench"\ndate = 2026-11-03\ntimezone = "America/New_York"\nopens = "07:00"\ncloses = "20:00"\n'


def write_folder(folder: Path, precincts: int, voters: int) -> None:
    """Rows as a registrar writes them: phones with dashes, some without, a few columns that nobody needs."""
    folder.mkdir()
    (folder / "election.toml").write_text(DAY)
    with (folder / "precincts.csv").open("w") as file:
        file.write("Precinct,PrecinctName,CountyName,Registered_Voters,Lat,Long\n")
        file.writelines(
            f"{n // 100:03d}-{n % 100:02d},School {n},County {n // 200},{900 + n % 700},40.1,-75.2\n"
            for n in range(precincts)
        )
    with (folder / "voters.csv").open("w") as file:
        file.write("VoterFileID,Precinct,Roll,FullName,CellPhone,Lang,SupportScore,Voted,DNC,Address,Party\n")
        for n in range(voters):
            p, roll = n % precincts, n // precincts
            phone = "" if n % 5 == 0 else f"({215 + n % 3}) {200 + n // 10000 % 700}-{n % 10000:04d}"
            file.write(
                f"V{n:08d},{p // 100:03d}-{p % 100:02d},{roll},Voter Number {n},{phone},"
                f"{'es' if n % 9 == 0 else 'en'},{n % 101},{'Y' if n % 8 == 0 else ''},,{n} Main Street,X\n"
            )


async def prepare(url: str) -> None:
    connection = await connect(url)
    await migrate(connection)
    await connection.execute("create table plain (like voters including indexes)")
    await connection.close()


async def baseline(url: str, folder: Path) -> float:
    """Seconds for reading the rows and copying them, unchecked."""
    connection = await connect(url, patient=True)
    began = time.perf_counter()
    with (folder / "voters.csv").open(newline="") as file:
        reader = csv.reader(file)
        next(reader)
        rows = ((r[0], r[1], r[2], r[3], r[4], r[5], int(r[6]), r[7] == "Y", False, r[9]) for r in reader)
        columns = ["voter_id", "precinct_id", "roll_number", "name", "phone", "language", "support", "voted",
                   "do_not_call", "address"]  # fmt: skip
        await connection.copy_records_to_table("plain", columns=columns, records=rows, timeout=600)
    took = time.perf_counter() - began
    await connection.close()
    return took


def timed(command: list[str], url: str) -> tuple[float, float, str]:
    """Seconds, peak MB and the last line of a command."""
    began = time.perf_counter()
    done = subprocess.run(
        command, capture_output=True, text=True, check=True, env=os.environ | {"BELUGA_DATABASE_URL": url}
    )
    took = time.perf_counter() - began
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    return took, peak, done.stdout.strip().splitlines()[-1]


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--precincts", type=int, default=20_000)
    parser.add_argument("--voters", type=int, default=1_000_000)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch) / "election"
        write_folder(folder, args.precincts, args.voters)
        server = EmbeddedPostgres(Path(scratch) / "postgres", free_port(), "bench")
        server.start()
        try:
            url = server.url_of("postgres")
            asyncio.run(prepare(url))
            least = asyncio.run(baseline(url, folder))
            beluga = [sys.executable, "-m", "beluga"]
            took, peak, said = timed([*beluga, "import", str(folder)], url)
            print(said)
            print(f"import        {took:6.1f} s   peak {peak:5.0f} MB   {took / least:.1f} x the baseline")
            print(f"bare read+COPY {least:5.1f} s   (voters only, unchecked)")
            again, _, _ = timed([*beluga, "import", str(folder)], url)
            print(f"import again  {again:6.1f} s   (nothing changed)")
        finally:
            server.stop()
    full = args.precincts >= 20_000 and args.voters >= 1_000_000
    return int(full and (took > TARGET_SECONDS or peak > TARGET_MB))


if __name__ == "__main__":
    sys.exit(main())
