"""Whether a running tally says of a file of reports what `beluga project` says of the same file."""

import asyncio
import csv
import os
import sys
import tempfile
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import aiohttp

from election.access.identity import machine
from election.access.tokens import Tokens

SAME = ("state", "reports", "held", "last_votes")
# The live sheet is rounded as published (docs/feed.md): votes to 1, probabilities to .01. Half a unit either
# way, and a tenth for the rounding of `project`'s own columns.
WITHIN = {"projected_final": 0.55, "lo80": 0.55, "hi80": 0.55, "p_lagging": 0.0055}
SECONDS = 300  # for either side's answer


@dataclass(frozen=True, slots=True)
class TallyComparison:
    """How many precincts were compared, and what differs: `precinct: column live/projected`."""

    precincts: int
    differences: tuple[str, ...]

    def line(self) -> str:
        """One line for the terminal."""
        if not self.differences:
            return f"standings of {self.precincts:,} precincts equal to beluga project"
        shown = "; ".join(self.differences[:5])
        return f"{len(self.differences)} standings differ from beluga project (live/projected): {shown}"


async def compare(tally_url: str, secret: str, folder: Path, reports: Path, at: datetime) -> TallyComparison:
    """The live standings as of `at` beside a projection of `reports` made in a process of its own.

    Raises `RuntimeError` where either side does not answer.
    """
    with tempfile.TemporaryDirectory() as scratch:
        out = Path(scratch) / "standings.csv"
        live, projected = await asyncio.gather(
            _live(tally_url, secret, at), _projected(folder, reports, at, out)
        )
    different = []
    for row in projected:
        its = live.get(row["precinct_id"])
        if its is None:
            different.append(f"{row['precinct_id']}: not in the live standings")
            continue
        names = [name for name in SAME if its[name] != row[name]]
        names += [name for name, most in WITHIN.items() if abs(float(its[name]) - float(row[name])) > most]
        different += [f"{row['precinct_id']}: {name} {its[name]}/{row[name]}" for name in names]
    return TallyComparison(len(projected), tuple(different))


async def _live(url: str, secret: str, at: datetime) -> dict[str, dict[str, str]]:
    token = Tokens(secret).sign("service", machine("replay", "staff").claims())
    async with (
        aiohttp.ClientSession(
            headers={"Authorization": f"Bearer {token}"}, timeout=aiohttp.ClientTimeout(total=SECONDS)
        ) as session,
        session.get(f"{url}/standings.csv", params={"as_of": at.isoformat()}) as answer,
    ):
        text = await answer.text()
        if answer.status != 200:
            raise RuntimeError(f"the tally answered {answer.status}: {text}")
    return {row["precinct_id"]: row for row in csv.DictReader(text.splitlines())}


async def _projected(folder: Path, reports: Path, at: datetime, out: Path) -> list[dict[str, str]]:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "beluga", "project", "--election", str(folder), "--reports", str(reports),
        "--as-of", at.isoformat(), "--out", str(out),
        env=os.environ, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    async with asyncio.timeout(SECONDS):
        _, errors = await process.communicate()
    if process.returncode:
        raise RuntimeError(f"beluga project failed: {errors.decode(errors='replace')}")
    with out.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))
