"""`make security`: everything that attacks Beluga, run on this machine and printed as a table with counts.

Each line is a program or some tests of its own, so that a line that ends badly leaves the others standing.
What a count counts is said beside it; a test tells its own by `record_property("counts", words)`.
"""

import argparse
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

LONGEST = 1_500.0  # seconds of one line
_PYTEST = (sys.executable, "-m", "pytest", "-q", "-n", "0", "-p", "no:cacheprovider")


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the table. `words` are tests' (`tests`) or a program's; its last line tells the count."""

    what: str
    words: tuple[str, ...]
    tests: bool = True


LINES = (
    Line("who may do what: every cell of docs/access.md", ("tests/security/test_access.py",)),
    Line("what a request would do, not what it says", ("tests/intake/door/test_door.py",)),
    Line("access that was taken away", ("tests/end_to_end/test_access_ends.py",)),
    Line("voters collected through a phone bank", ("tests/security/test_harvest.py",)),
    Line("captured signatures", ("tests/intake/providers/test_captured_signatures.py",)),
    Line(
        "malformed requests to every route",
        ("tests/dashboard/bridge/test_malformed.py", "tests/deploy/test_malformed.py"),
    ),
    Line("the proxy's paths, in every spelling", ("tests/deploy/test_public_paths.py",)),
    Line("file modes of a running stack", ("tests/end_to_end/test_private_files.py",)),
    Line("floods and the published probe", ("-m", "bench.flood"), tests=False),
    Line(
        "requests, judged as aiohttp judges them",
        ("tests/fuzz/requests.py", "--requests", "20000"),
        tests=False,
    ),
    Line("regular expressions, up to 64 KB", ("tests/fuzz/expressions.py",), tests=False),
)


@dataclass(frozen=True, slots=True)
class Found:
    """How a line ended. `counts` in words."""

    what: str
    well: bool
    counts: str
    seconds: float


def run(line: Line) -> Found:
    """Runs one line. What it printed is printed again where it ended badly."""
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        told = Path(folder) / "told.xml"
        words = (*_PYTEST, f"--junitxml={told}", *line.words) if line.tests else (sys.executable, *line.words)
        try:
            done = subprocess.run(
                words, capture_output=True, text=True, timeout=LONGEST, check=False, stdin=subprocess.DEVNULL
            )
            well, printed, said = done.returncode == 0, done.stderr + done.stdout, done.stdout
        except subprocess.TimeoutExpired:
            said = printed = f"did not end within {LONGEST:.0f} s"
            well = False
        counts = counted(told) if line.tests else said.strip().rpartition("\n")[2][:110]
    if not well:
        print(printed[-4_000:], file=sys.stderr)
    return Found(line.what, well, counts, time.monotonic() - began)


def counted(told: Path) -> str:
    """What tests counted, from pytest's XML; a run that left none has counted nothing."""
    if not told.exists():
        return "nothing was run"
    cases = list(ElementTree.parse(told).iter("testcase"))
    own = [
        str(each.get("value"))
        for case in cases
        for each in case.iter("property")
        if each.get("name") == "counts"
    ]
    bad = sum(case.find("failure") is not None or case.find("error") is not None for case in cases)
    skipped = sum(case.find("skipped") is not None for case in cases)
    tests = f"{len(cases) - bad - skipped} of {len(cases)} tests" + (
        f", {skipped} skipped" if skipped else ""
    )
    return "; ".join([*own, tests])


def main() -> None:
    """Exit status 1 where any line ended badly."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("words", nargs="*", help="only lines that hold one of these words")
    wanted = options.parse_args().words
    lines = [line for line in LINES if not wanted or any(word in line.what for word in wanted)]
    found = []
    for line in lines:
        found.append(run(line))
        one = found[-1]
        print(
            f"{'held' if one.well else 'BROKEN':6}  {one.what:48} {one.seconds:6.0f} s  {one.counts}",
            flush=True,
        )
    held = sum(one.well for one in found)
    print(f"{held} of {len(found)} held")
    raise SystemExit(held != len(found) or not found)


if __name__ == "__main__":
    main()
