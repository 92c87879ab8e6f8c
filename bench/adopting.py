"""A state's own files through `beluga adopt`: registration, past results, early ballots and the roll.

    python -m bench.adopting [--precincts 20000] [--voters 1000000]

Writes made-up files below a temporary folder, adopts them once as a process of its own, and prints seconds
and the most memory that the process held.
"""

import argparse
import os
import random
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

PER_COUNTY = 200  # precincts
BALLOTS = 0.1  # of the voters have voted early


def _write(folder: Path, precincts: int, voters: int, seed: int) -> list[Path]:
    chance = random.Random(seed)
    names = [f"C{n // PER_COUNTY:03d}" for n in range(precincts)]
    each = max(1, voters // precincts)
    files = [folder / name for name in ("registration.csv", "2022-11-08.csv", "absentee.csv", "roll.txt")]
    with files[0].open("w") as out:
        out.write("County,Precinct,Precinct Name,Registered Voters\n")
        out.writelines(f"{names[n]},P{n:05d},Place {n},{each + 50}\n" for n in range(precincts))
    with files[1].open("w") as out:
        out.write("county,precinct,office,candidate,votes\n")
        for n in range(precincts):
            row = f"{names[n]},P{n:05d}"
            out.write(f"{row},Registered Voters,,{each}\n{row},Ballots Cast,,{each // 2}\n")
            out.write(f"{row},Governor,JANE DOE,{each // 4}\n{row},Governor,JOHN ROE,{each // 5}\n")
    with files[2].open("w") as out:
        out.write("county,voter_reg_num,precinct,ballot_req_type,ballot_rtn_dt,ballot_rtn_status\n")
        for n in range(0, voters, round(1 / BALLOTS)):
            out.write(f"{names[n % precincts]},{n:09d},P{n % precincts:05d},MAIL,10/20/2026,ACCEPTED\n")
    with files[3].open("w") as out:
        out.write(
            "Voter File VANID\tLastName\tFirstName\tPrecinct\tStreetAddress\tCity\tZip5\tCell Phone\tAge\n"
        )
        for n in range(voters):
            phone = f"(215) 555-01{chance.randrange(100):02d}"
            out.write(
                f"{n:09d}\tLast{n % 9973}\tFirst{n % 997}\tP{n % precincts:05d}\t{n % 999} Main St\tTown\t"
                f"12345\t{phone}\t{18 + n % 70}\n"
            )
    return files


def main() -> None:
    """Measures it once."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--precincts", type=int, default=20_000)
    parser.add_argument("--voters", type=int, default=1_000_000)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="beluga-bench-") as scratch:
        files = _write(Path(scratch), asked.precincts, asked.voters, 1)
        size = sum(f.stat().st_size for f in files)
        day = [
            "--name=Bench",
            "--date=2026-11-03",
            "--timezone=America/New_York",
            "--opens=07:00",
            "--closes=20:00",
        ]
        command = [
            sys.executable,
            "-m",
            "beluga",
            "adopt",
            *map(str, files),
            "--into",
            f"{scratch}/into",
            "--yes",
        ]
        began = time.monotonic()
        done = subprocess.run([*command, *day], capture_output=True, text=True, check=False)
        seconds = time.monotonic() - began
        most = resource.getrusage(resource.RUSAGE_CHILDREN)
        with (Path(scratch) / "into" / "voters.csv").open() as roll:
            voters = sum(1 for _ in roll) - 1
    print(
        f"{asked.precincts:,} precincts, {voters:,} voters of {size / 1e6:,.0f} MB: {seconds:.1f} s "
        f"({most.ru_utime + most.ru_stime:.1f} s of processor time), "
        f"{most.ru_maxrss / 1024:,.0f} MB at most, status {done.returncode}; "
        f"load average {os.getloadavg()[0]:.1f}"
    )


if __name__ == "__main__":
    main()
